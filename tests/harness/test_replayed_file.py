"""The file of a recorded control: read back as it was written, refused once anybody touched it."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.replayed.answer import NotPlain, named, text_of, text_of_error
from harness.replayed.question import handed, kept
from harness.replayed.recording_file import (
    parsed,
    read_recording,
    rendered,
    sealed,
    write_recording,
)
from tests.harness.register_world import Refused, act, scenario, setup
from tests.harness.replayed_registers import recording_of


def adds(ports: Any, trigger: Any) -> dict[str, Any]:
    with ports.lock():
        ports.put("n", ports.get("n") + 1)
    if ports.get("n") > 2:
        raise Refused("full", "n")
    return {"n": ports.get("n"), "at": (1, "x")}


MADE = recording_of(setup({"api.do": adds}), scenario(act("api.do"), act("api.do"), n=1))
WHOLE = rendered(MADE)
LINES = WHOLE.splitlines(keepends=True)


def resealed(*lines: bytes) -> bytes:
    """Lines as somebody would write them who knows how digests are made."""
    above = b"".join(sealed(line) for line in lines)
    foot = {"line": "end", "lines": len(lines), "above": hashlib.sha256(above).hexdigest()}
    return above + sealed(json.dumps(foot, separators=(",", ":")).encode())


BODIES = tuple(b"{" + line.rstrip(b"\n").split(b",", 1)[1] for line in LINES[:-1])


def refused(content: bytes) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        parsed(content, "control.jsonl")
    return caught.value.slug, caught.value.where


def changed(kind: str, change: Callable[[dict[str, Any]], None], number: int = 0) -> bytes:
    """The file with one line of a kind changed, and every digest made anew."""
    bodies = list(BODIES)
    places = [n for n, body in enumerate(bodies) if json.loads(body)["line"] == kind]
    data = json.loads(bodies[places[number]])
    change(data)
    bodies[places[number]] = json.dumps(data, separators=(",", ":")).encode()
    return resealed(*bodies)


def test_a_recording_is_read_back_as_it_was_written() -> None:
    assert rendered(parsed(WHOLE, "control.jsonl")) == WHOLE
    assert resealed(*BODIES) == WHOLE


@pytest.mark.parametrize("name", ["control.jsonl", "control.jsonl.gz"])
def test_packed_or_not_a_file_holds_the_same(tmp_path: Path, name: str) -> None:
    written = write_recording(tmp_path / name, MADE)

    assert (tmp_path / name).read_bytes() == written
    assert rendered(read_recording(tmp_path / name)) == WHOLE


def test_the_same_recording_is_packed_into_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    write_recording(one, MADE)
    write_recording(two, MADE)

    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("number", range(len(LINES)))
def test_every_line_that_was_edited_is_named(number: int) -> None:
    body = LINES[number]
    middle = len(body) - 4
    other = b"0" if body[middle : middle + 1] != b"0" else b"1"
    edited = body[:middle] + other + body[middle + 1 :]
    content = b"".join((*LINES[:number], edited, *LINES[number + 1 :]))

    assert refused(content) == ("recording-edited", f"control.jsonl:{number + 1}")


@pytest.mark.parametrize("number", range(len(LINES)))
def test_every_line_that_was_dropped_is_missed(number: int) -> None:
    content = b"".join((*LINES[:number], *LINES[number + 1 :]))

    assert refused(content)[0] == "recording-truncated"


@pytest.mark.parametrize("cut", [1, 5, 40, 400])
def test_a_file_that_was_cut_off_is_refused(cut: int) -> None:
    assert refused(WHOLE[:-cut])[0] == "recording-truncated"
    assert refused(b"")[0] == "recording-truncated"


def test_lines_in_another_order_are_not_what_was_written() -> None:
    swapped = b"".join((LINES[0], LINES[2], LINES[1], *LINES[3:]))

    assert refused(swapped)[0] == "recording-edited"


@pytest.mark.parametrize("kind", ["path", "trigger", "scenario", "answer", "course"])
def test_a_line_that_stands_twice_is_refused(kind: str) -> None:
    number = next(n for n, body in enumerate(BODIES) if json.loads(body)["line"] == kind)

    slug, where = refused(resealed(*BODIES[: number + 1], *BODIES[number:]))

    assert (slug, where) == ("recording-doubled", f"control.jsonl:{number + 2}")


def test_a_recording_of_another_schema_is_refused() -> None:
    assert refused(changed("recording", lambda head: head.update(schema="shadow.control/2"))) == (
        "recording-schema",
        "control.jsonl:1",
    )


class Forged(NamedTuple):
    name: str
    kind: str
    change: Callable[[dict[str, Any]], Any]


def asks(port: str) -> Callable[[dict[str, Any]], Any]:
    return lambda course: course["nodes"][0]["asks"].update(port=port)


FORGED = (
    Forged("an answer under another's name", "answer", lambda one: one.update({"is": "other"})),
    Forged("a course of nobody", "course", lambda one: one.update(path="nobody")),
    Forged("a course of another place", "course", lambda one: one.update(place=3)),
    Forged("a course without a beginning", "course", lambda one: one.update(nodes=[])),
    Forged("called with what is not there", "course", lambda one: one.update(given="0" * 32)),
    Forged("asks behind the ports", "course", asks("_world.put")),
    Forged("asks what is no name", "course", asks("get.__globals__")),
    Forged("asks nothing", "course", asks("")),
    Forged(
        "leads back",
        "course",
        lambda one: one["nodes"][1].update(then=dict.fromkeys(one["nodes"][1]["then"], 1)),
    ),
    Forged(
        "leads nowhere",
        "course",
        lambda one: one["nodes"][1].update(then=dict.fromkeys(one["nodes"][1]["then"], 99)),
    ),
    Forged("leads on by nothing", "course", lambda one: one["nodes"][0].update(then={"x": 1})),
    Forged("takes branches of nothing", "course", lambda o: o["nodes"][0].update(arcs={"a": [1]})),
    Forged(
        "ends and goes on",
        "course",
        lambda one: one["nodes"][0].update(end={"how": "answered"}),
    ),
    Forged(
        "ends in no type",
        "course",
        lambda one: one["nodes"][-1].update(end={"how": "raised", "kind": "a b"}),
    ),
    Forged("an unknown key", "course", lambda one: one.update(more=1)),
    Forged("an unknown line", "path", lambda one: one.update(line="road")),
    Forged("a handler of nobody", "trigger", lambda one: one.update(paths=["nobody"])),
)


@pytest.mark.parametrize("forged", FORGED, ids=lambda forged: forged.name)
def test_whoever_makes_digests_anew_still_needs_a_whole_recording(forged: Forged) -> None:
    assert refused(changed(forged.kind, forged.change))[0] == "recording-malformed"


def test_a_file_that_is_no_recording_is_refused() -> None:
    assert refused(b'{"line":"end"}\n')[0] == "recording-malformed"
    assert refused(b"control: none\n")[0] == "recording-truncated"


def test_a_missing_file_a_broken_package_and_a_bomb_are_refused(tmp_path: Path) -> None:
    for name, content, slug in (
        ("none.jsonl", None, "recorded-control-missing"),
        ("cut.jsonl.gz", gzip.compress(WHOLE)[:-30], "recording-truncated"),
        ("no.jsonl.gz", WHOLE, "recording-truncated"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_recording(tmp_path / name)
        assert caught.value.slug == slug


# --- what an answer and a question are written as ------------------------------------------

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False))
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
    max_leaves=8,
)


def shape(value: Any) -> Any:
    """A value with its types; a list and a tuple are one."""
    if isinstance(value, (list, tuple)):
        return ["list", *map(shape, value)]
    if isinstance(value, dict):
        return ["dict", *((key, shape(item)) for key, item in value.items())]
    return [type(value).__name__, repr(value)]


@given(PLAIN, PLAIN)
def test_two_answers_have_one_text_only_where_they_are_the_same(one: Any, other: Any) -> None:
    try:
        texts = text_of(one), text_of(other)
    except NotPlain:  # a float that no file holds
        return
    assert (texts[0] == texts[1]) == (shape(one) == shape(other))
    assert msgspec.json.decode(texts[0].encode()) is not ...


@given(PLAIN)
def test_what_is_handed_over_is_handed_over_again_as_it_was(value: Any) -> None:
    try:
        held = msgspec.json.decode(msgspec.json.encode(kept(value, ())))
    except NotPlain:  # what no file holds exactly: it is refused and never bent
        return
    again = handed(held, ())

    assert repr(again) == repr(value)


class Row(msgspec.Struct, frozen=True):
    n: int
    parts: tuple[str, ...] = ()

    @property
    def doubled(self) -> int:
        return 2 * self.n


@dataclass(frozen=True)
class Plain:
    n: int


def test_a_row_is_its_fields_and_what_its_class_works_out_of_them() -> None:
    assert text_of(Row(3, ("a",))) == '{"n":3,"parts":["a"],"doubled":6}'
    assert text_of(Plain(3)) == '{"n":3}'
    assert text_of((Decimal("1.0"), Decimal("1"))) == (
        """[{"$Decimal":"Decimal('1.0')"},{"$Decimal":"Decimal('1')"}]"""
    )


def test_a_part_of_an_answer_is_handed_over_as_the_very_same() -> None:
    row = Row(3)
    answers = ({"rows": (Row(3), row)},)

    held = kept({"expect": row}, answers)

    assert held == {"expect": {"$answered": [0, "rows", 1]}}
    assert handed(held, answers)["expect"] is row


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), Row(1), {1: 2}, {"$tuple": 1}, 1 << 63, "\ud800", float("nan")]
)
def test_what_a_file_cannot_hold_exactly_is_not_handed_over(value: Any) -> None:
    with pytest.raises(NotPlain):
        kept(value, ())


@pytest.mark.parametrize("value", [{1, 2}, object(), {1: 2}, iter(()), float("inf"), b"".join])
def test_what_no_text_tells_is_no_answer(value: Any) -> None:
    with pytest.raises(NotPlain):
        text_of(value)


def test_a_value_inside_itself_is_no_answer() -> None:
    inside: list[Any] = []
    inside.append(inside)

    with pytest.raises(NotPlain):
        text_of(inside)


class Declined(Exception):
    type = "card_error"

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(message)
        self.code = code


def test_an_exception_is_its_type_its_text_and_what_it_says_of_itself() -> None:
    one, other = Declined("no", "lost"), Declined("no", "stolen")

    assert json.loads(text_of_error(one)) == {
        "$raised": "Declined",
        "text": "no",
        "has": {"code": "lost", "type": "card_error"},
    }
    assert named(text_of_error(one)) != named(text_of_error(other))


def test_a_mapping_in_another_order_is_another_answer() -> None:
    one: Mapping[str, int] = {"a": 1, "b": 2}

    assert text_of(one) != text_of(dict(reversed(one.items())))
