"""The files in which people describe a surface and sign for it: each fault with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.audit.acknowledged import Acknowledgement, weighed
from harness.audit.audit import surface_reasons
from harness.audit.items import Item
from harness.audit.surface import NAME, read_acknowledged, read_foreign
from harness.errors import ExitCode, InputError
from harness.loading import OTHER_FILES
from tests.harness.audited import TODAY, audited, opened

STRAY = {"shop.night": "def close(ports, _):\n    ports.till.update(open=False)\n"}
ENTRY = {
    "where": "shop.night:close",
    "what": "writes till, and no path reaches it",
    "reason": "dead since March, nobody imports it",
    "approver": "ledger",
    "expires": "2027-03-01",
}


def file(folder: Path, *entries: dict[str, str]) -> Path:
    rows = "".join(
        "  - " + "\n    ".join(f"{key}: {value!r}" for key, value in entry.items()) + "\n"
        for entry in entries
    )
    path = folder / NAME
    path.write_text(f"acknowledged:\n{rows}")
    return path


def signed(folder: Path, *entries: dict[str, str]) -> tuple[Acknowledgement, ...]:
    return read_acknowledged(file(folder, *entries), ("ledger",))


def test_what_a_person_signed_for_is_no_finding(tmp_path: Path) -> None:
    audit = audited(STRAY, signed=signed(tmp_path, ENTRY))

    assert opened(audit) == set()
    assert audit.exit_code is ExitCode.OPEN
    assert surface_reasons(audit) == ()
    assert [one.reason for one in audit.acknowledged.values()] == [ENTRY["reason"]]


@pytest.mark.parametrize("key", ["where", "what"])
def test_a_statement_about_something_else_holds_for_nothing(key: str, tmp_path: Path) -> None:
    audit = audited(STRAY, signed=signed(tmp_path, {**ENTRY, key: "something else"}))

    assert len(opened(audit)) == 1
    assert [fault.kind for fault in audit.faults] == ["acknowledgement-unused"]
    assert [reason.slug for reason in surface_reasons(audit)] == [
        "surface-unowned",
        "surface-acknowledgement",
    ]
    assert audit.faults[0].at.endswith(f"{NAME}:2")


def test_a_statement_that_nobody_needs_any_more_closes(tmp_path: Path) -> None:
    audit = audited(signed=signed(tmp_path, ENTRY))

    assert [fault.kind for fault in audit.faults] == ["acknowledgement-unused"]
    assert audit.exit_code is ExitCode.CLOSED


@pytest.mark.parametrize(
    ("expires", "kind"),
    [("2026-11-21", "acknowledgement-expired"), ("2027-11-22", "acknowledgement-lifetime")],
)
def test_a_statement_has_its_time(expires: str, kind: str, tmp_path: Path) -> None:
    audit = audited(STRAY, signed=signed(tmp_path, {**ENTRY, "expires": expires}))

    assert [fault.kind for fault in audit.faults] == [kind]
    assert len(opened(audit)) == 1


@given(st.dates(date(2026, 1, 1), date(2028, 1, 1)))
def test_a_statement_holds_on_a_day_from_today_to_180_days_on_and_on_no_other(day: date) -> None:
    item = Item(kind="trigger", where="a", what="b")
    one = Acknowledgement(where=("a",), what="b", reason="r", approver="x", expires=day, at="f:1")

    good, faults = weighed([item], [one], TODAY)

    holds = 0 <= (day - TODAY).days <= 180
    assert (item in good) is holds
    assert bool(faults) is not holds


def test_one_statement_may_name_several_places(tmp_path: Path) -> None:
    text = STRAY["shop.night"]
    path = tmp_path / NAME
    path.write_text(
        "acknowledged:\n  - where: [shop.night:close, shop.noon:close]\n"
        "    what: writes till, and no path reaches it\n    reason: r\n    approver: ledger\n"
        "    expires: 2027-03-01\n"
    )

    audit = audited({**STRAY, "shop.noon": text}, signed=read_acknowledged(path, ("ledger",)))

    assert opened(audit) == set()
    half = audited(STRAY, signed=read_acknowledged(path, ("ledger",)))
    assert [fault.about for fault in half.faults] == ["shop.noon:close"]


WRONG: dict[str, tuple[dict[str, str], str, int]] = {
    "nobody who may sign": ({"approver": "me"}, "surface-approver", 5),
    "blank reason": ({"reason": " "}, "surface-blank", 4),
    "blank place": ({"where": ""}, "surface-blank", 2),
    "no date": ({"expires": "soon"}, "surface-date", 6),
    "a short date": ({"expires": "20270301"}, "surface-date", 6),
    "an unknown key": ({"until": "2027"}, "unknown-key", 7),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_statement_that_is_wrong_names_its_line(wrong: str, tmp_path: Path) -> None:
    changed, slug, line = WRONG[wrong]

    with pytest.raises(InputError) as caught:
        signed(tmp_path, {**ENTRY, **changed})

    assert caught.value.slug == slug
    assert caught.value.where.endswith(f"{NAME}:{line}")


def test_the_same_thing_is_signed_for_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is acknowledged in"):
        signed(tmp_path, ENTRY, ENTRY)


def test_a_mistyped_approver_is_corrected(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        signed(tmp_path, {**ENTRY, "approver": "ledgr"})

    assert caught.value.corrected == "5 |     approver: ledger"


def test_no_file_is_no_statement(tmp_path: Path) -> None:
    assert read_acknowledged(tmp_path / NAME, ("ledger",)) == ()


def test_the_file_beside_the_scenarios_is_no_scenario() -> None:
    assert NAME in OTHER_FILES


FOREIGN = """\
calls:
  - {call: db.add, writes: [rows]}
paths:
  a: {functions: [shop:pay]}
"""
WRONG_FOREIGN = {
    "no call at all": ("  - {call: db.add, writes: [rows]}", "  []", "surface-calls", 1),
    "no dotted name": ("db.add", "db.*", "surface-call", 2),
    "a call twice": (
        "  - {call: db.add, writes: [rows]}",
        "  - {call: db.add}\n  - {call: db.add}",
        "surface-doubled",
        3,
    ),
    "a path that owns nothing": ("{functions: [shop:pay]}", "{}", "surface-path", 4),
    "no function": ("[shop:pay]", "[shop.pay]", "surface-path", 4),
    "a mistyped key": ("calls:", "cals:", "unknown-key", 1),
    "a wrong type": ("[rows]", "rows", "wrong-type", 2),
}


@pytest.mark.parametrize("wrong", WRONG_FOREIGN)
def test_a_description_that_is_wrong_names_its_line(wrong: str, tmp_path: Path) -> None:
    old, new, slug, line = WRONG_FOREIGN[wrong]
    assert FOREIGN.count(old) == 1
    path = tmp_path / "described.yaml"
    path.write_text(FOREIGN.replace(old, new))

    with pytest.raises(InputError) as caught:
        read_foreign(path)

    assert caught.value.slug == slug
    assert caught.value.where.endswith(f"described.yaml:{line}")


def test_a_folder_is_not_left_out_without_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "described.yaml"
    path.write_text(FOREIGN + 'left_out: {web: ""}\n')

    with pytest.raises(InputError, match="nothing says why"):
        read_foreign(path)


def blocks() -> list[str]:
    """The YAML that the page shows."""
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    return [part.partition("```")[0] for part in page.split("```yaml\n")[1:]]


def test_what_the_page_shows_can_be_read(tmp_path: Path) -> None:
    own, foreign = blocks()
    (tmp_path / "own.yaml").write_text(own)
    (tmp_path / "foreign.yaml").write_text(foreign)

    (statement,) = read_acknowledged(tmp_path / "own.yaml", ("billing-ledger",))
    described = read_foreign(tmp_path / "foreign.yaml")

    assert statement.where == ("invoice.paid",)
    assert described.handlers == {
        "api.pay": ("shop.views:pay",),
        "cron.ban": ("shop.bans:*",),
    }
