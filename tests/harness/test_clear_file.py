"""The clearance file: strict to read, found out when edited, void by the name of the part."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clearance.clearance import (
    LIFETIME_DAYS,
    REMARKS,
    SCHEMA,
    Clearance,
    Cleared,
    Weighed,
    digest_of,
    file_name,
    parse,
    render,
    sealed,
    still_valid,
)
from harness.clearance.fingerprint import PARTS, Fingerprints
from harness.errors import InputError
from tests.golden_files import golden

DAY = date(2026, 3, 2)
FOUND = Fingerprints(
    paths={"api.pay": "a" * 64, "api.refund": "b" * 64},
    parts={name: f"{number:064x}" for number, name in enumerate(PARTS)},
)


def clearance(level: str = "production", **changed: object) -> Clearance:
    """A clearance of two paths that holds on DAY, but for what is changed."""
    made = Clearance(
        schema=SCHEMA,
        remark=REMARKS[level],
        level=level,
        created=DAY,
        valid_until=DAY + timedelta(days=LIFETIME_DAYS),
        commit="c" * 40,
        asked_by="Ada <ada@house.example>",
        config="pyproject.toml",
        paths={
            "api.pay": Cleared(module="old.pay", fingerprint="a" * 64, symbols=("old.pay:pay",)),
            "api.refund": Cleared(
                module="old.refund", fingerprint="b" * 64, symbols=("old.refund:refund",)
            ),
        },
        shared={"old.money": ("old.money:RATE", "old.money:cents")},
        fingerprints=dict(FOUND.parts),
        gate=Weighed(
            level=level,
            totals={"expected": 2, "AGREE": 2},
            free={"expected": 1, "KEPT": 1},
            figures={"agreement_where_sound": "2/2", "leak": 0},
            evidence={"recorded": 2},
            conditions={"fidelity": "9 of 10 fields, measured 2026-03-01"},
            not_required=(),
            relaxations=(),
            planted=161,
        ),
    )
    return sealed(msgspec.structs.replace(made, **changed))


def plain(one: Clearance) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(one))
    return found


def reread(document: Mapping[str, Any]) -> Clearance:
    return parse(json.dumps(document).encode(), "c.json")


def slugs(one: Clearance, *, found: Fingerprints = FOUND, day: date = DAY) -> list[str]:
    return [reason.slug for reason in still_valid(one, found, day)]


# --- the file


def test_it_reads_back_as_it_was_written() -> None:
    one = clearance()

    assert parse(render(one), "c.json") == one
    assert render(parse(render(one), "c.json")) == render(one)
    assert slugs(parse(render(one), "c.json")) == []


def test_a_diff_of_it_can_be_reviewed() -> None:
    golden("clearance.json", render(clearance("rehearsal")).decode().removesuffix("\n"))


def test_it_names_what_may_be_deleted() -> None:
    assert clearance().symbols() == {
        "old.pay:pay", "old.refund:refund", "old.money:RATE", "old.money:cents",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name"),
    [("api.pay", "api.pay"), ("../../etc/x y", ".._.._etc_x_y"), ("a\nb", "a_b"), ("ü", "_")],
)
def test_its_name_says_what_and_when_and_leaves_no_folder(path: str, name: str) -> None:
    cleared = next(iter(clearance().paths.values()))
    one = clearance(paths={path: cleared})

    assert file_name(one, every=False) == f"{name}-2026-03-02-{one.sha256[:8]}.json"
    assert file_name(one, every=True) == f"all-2026-03-02-{one.sha256[:8]}.json"


# --- edited by hand


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of all that is no mapping and no list in a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in inside:
        if isinstance(inner, dict | list) and inner:
            yield from leaves(inner, (*at, key))
        else:
            yield (*at, key)


def other(value: Any) -> Any:
    """Another value of the same kind and form."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str() if len(value) == 64:
            return "f" * 64 if value != "f" * 64 else "e" * 64
        case str() if value in REMARKS:
            return next(level for level in REMARKS if level != value)
        case "2026-03-02":
            return "2026-03-03"
        case "2026-04-01":
            return "2026-03-31"
        case []:
            return ["x"]
    return f"{value}x"


PLACES = list(leaves(plain(clearance())))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_every_field_that_is_edited_by_hand_is_found(place: tuple[Any, ...]) -> None:
    document = plain(clearance())
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = other(holder[place[-1]])

    if place[0] in {"schema", "remark", "level"}:
        with pytest.raises(InputError):  # what no clearance ever says
            reread(document)
    else:
        assert "clearance-edited" in slugs(reread(document))


@pytest.mark.parametrize("what", ["paths", "shared", "fingerprints", "gate"])
def test_an_entry_added_by_hand_is_found(what: str) -> None:
    document = plain(clearance())
    first = next(iter(document[what].values()))
    document[what]["another"] = first

    if what in {"fingerprints", "gate"}:
        with pytest.raises(InputError):  # there are no others
            reread(document)
    else:
        assert slugs(reread(document))[0] == "clearance-edited"


def test_a_path_renamed_by_hand_is_found() -> None:
    document = plain(clearance())
    document["paths"]["api.cancel"] = document["paths"].pop("api.pay")

    assert slugs(reread(document))[0] == "clearance-edited"


def test_the_digest_covers_all_but_itself() -> None:
    one = clearance()

    assert digest_of(msgspec.structs.replace(one, sha256="0" * 64)) == one.sha256
    assert "clearance-edited" in slugs(msgspec.structs.replace(one, sha256="0" * 64))


# --- void


@pytest.mark.parametrize("part", PARTS)
def test_each_part_that_changed_is_named(part: str) -> None:
    found = replace(FOUND, parts={**FOUND.parts, part: "f" * 64})

    (reason,) = still_valid(clearance(), found, DAY)

    assert reason.slug == "clearance-void"
    assert reason.found == f"{part} is {'f' * 16} now"


def test_a_path_that_changed_or_is_gone_is_named() -> None:
    for paths in ({"api.pay": "f" * 64, "api.refund": "b" * 64}, {"api.refund": "b" * 64}):
        (reason,) = still_valid(clearance(), replace(FOUND, paths=paths), DAY)
        assert (reason.slug, reason.found.split(" is ")[0]) == ("clearance-void", "path api.pay")


def test_a_part_that_nobody_fingerprinted_is_no_part_that_holds() -> None:
    assert slugs(clearance(), found=Fingerprints(paths={}, parts={})) == ["clearance-void"] * 15


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, ["clearance-from-the-future"]), (0, []), (30, []), (31, ["clearance-expired"])],
)
def test_it_holds_from_its_first_to_its_last_day(days: int, expected: list[str]) -> None:
    assert slugs(clearance(), day=DAY + timedelta(days=days)) == expected


def test_a_rehearsal_permits_nothing_at_production() -> None:
    one = clearance("rehearsal")

    (reason,) = still_valid(one, FOUND, DAY)

    assert (reason.slug, reason.found) == ("clearance-level", "level = rehearsal")
    assert still_valid(one, FOUND, DAY, level="rehearsal") == ()


def test_production_on_the_word_of_a_gate_at_rehearsal_is_none() -> None:
    gate = msgspec.structs.replace(clearance().gate, level="rehearsal")

    assert slugs(clearance(gate=gate)) == ["clearance-level"]


def test_all_reasons_are_told_at_once() -> None:
    one = msgspec.structs.replace(clearance("rehearsal"), sha256="0" * 64)
    found = replace(FOUND, parts={**FOUND.parts, "world": "f" * 64})

    assert slugs(one, found=found, day=DAY + timedelta(days=99)) == [
        "clearance-edited", "clearance-expired", "clearance-level", "clearance-void",
    ]  # fmt: skip


# --- strict


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.pop(key)


BROKEN: Mapping[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "an unknown key": (lambda d: d.update(note="x"), "note"),
    "an unknown key of a path": (lambda d: d["paths"]["api.pay"].update(note="x"), "note"),
    "an unknown key of the gate": (lambda d: d["gate"].update(note="x"), "note"),
    "no level": (without("level"), "level"),
    "no digest": (lambda d: d.update(sha256=""), "sha256"),
    "a short digest": (lambda d: d["fingerprints"].update(world="abc"), "fingerprints.world"),
    "a digest in capitals": (lambda d: d.update(sha256="A" * 64), "sha256"),
    "a part less": (lambda d: d["fingerprints"].pop("rulings"), "rulings"),
    "a part more": (lambda d: d["fingerprints"].update(luck="a" * 64), "luck"),
    "another level": (lambda d: d.update(level="almost"), "'almost' is no level"),
    "another level of the gate": (lambda d: d["gate"].update(level=""), "'' is no level"),
    "a remark of another level": (lambda d: d.update(remark="All is well."), "remark"),
    "no path": (lambda d: d.update(paths={}), "no path"),
    "a date that no calendar has": (lambda d: d.update(created="2026-02-30"), "created"),
    "a date in words": (lambda d: d.update(created="today"), "created"),
    "too long a life": (lambda d: d.update(valid_until="2026-04-02"), "31 days"),
    "an end before its beginning": (lambda d: d.update(valid_until="2026-03-01"), "-1 days"),
    "a number for text": (lambda d: d.update(commit=1), "commit"),
    "a share for a count": (lambda d: d["gate"]["totals"].update(AGREE=0.5), "totals"),
    "null": (lambda d: d.update(shared=None), "shared"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_no_clearance_says_is_refused(what: str) -> None:
    document = plain(clearance())
    change, said = BROKEN[what]
    change(document)

    with pytest.raises(InputError) as refused:
        reread(document)

    assert refused.value.slug == "clearance-malformed"
    assert refused.value.where == "c.json"
    assert said in refused.value.message


def test_a_key_that_stands_twice_is_refused() -> None:
    text = render(clearance()).decode()
    world = FOUND.parts["world"]
    doubled = text.replace(f'"world": "{world}"', f'"world": "{"f" * 64}",\n "world": "{world}"')
    assert doubled != text

    with pytest.raises(InputError) as refused:
        parse(doubled.encode(), "c.json")

    assert refused.value.slug == "clearance-malformed"
    assert "'world' stands twice" in refused.value.message


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "clearance-malformed"),
        (b"\xff", "clearance-malformed"),
        (b"[]", "clearance-malformed"),
        (b"{}", "clearance-malformed"),
        (b"[" * 100_000, "clearance-malformed"),
        (b'{"schema": "shadow.clearance/2"}', "clearance-schema"),
        (b'{"schema": "\\u001b[2J"}', "clearance-schema"),
        (b" " * (5 << 20), "file-too-large"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_clearance_is_said_so(content: bytes, slug: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(content, "c.json")

    assert refused.value.slug == slug
    assert "\x1b" not in str(refused.value)


@given(st.binary(max_size=40))
def test_no_bytes_make_the_reader_fail_otherwise(content: bytes) -> None:
    with pytest.raises(InputError):
        parse(content, "c.json")


@given(st.data())
def test_no_byte_of_the_file_can_be_another_unseen(data: st.DataObject) -> None:
    content = render(clearance())
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != content[at]))
    changed = content[:at] + bytes([byte]) + content[at + 1 :]

    try:
        read = parse(changed, "c.json")
    except InputError:
        return
    assert "clearance-edited" in slugs(read) or read == clearance()  # a blank became another
