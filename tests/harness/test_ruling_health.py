from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from harness.errors import InputError
from harness.leak import Leak
from harness.model import ABSENT, Cell, Outcome
from harness.ruling import Ruling
from harness.ruling_health import FAULTS, unhealthy
from tests.harness.episode_builder import episode, flag, flagged, judged, ruling

TODAY = date(2026, 4, 1)
BULK = {"max_share": "1/2", "max_accounts": 2}


def faults(rulings: Sequence[Ruling], cells: Sequence[Cell], **keys: Any) -> list[tuple[str, str]]:
    options: dict[str, Any] = {"today": TODAY, "approvers": ("team-b",), **keys}
    return [(one.slug, one.found) for one in unhealthy(rulings, cells, **options)]


def slugs(*args: Any, **keys: Any) -> list[str]:
    return [slug for slug, _ in faults(*args, **keys)]


def used(**keys: Any) -> tuple[list[Ruling], list[Cell]]:
    one = ruling(**keys)
    return [one], [judged(flagged(), one)]


def test_a_healthy_ruling_has_no_fault() -> None:
    assert faults(*used()) == []


@pytest.mark.parametrize(
    ("keys", "options", "slug"),
    [
        ({"expires": "2026-03-31"}, {}, "ruling-expired"),
        ({}, {"today": date(2026, 8, 2)}, "ruling-expired"),
        ({"created": "2026-04-02"}, {}, "ruling-not-yet-created"),
        ({"created": "2026-02-01"}, {}, "ruling-lifetime"),
        ({"owner": "Team-B "}, {}, "ruling-self-approved"),
        ({}, {"approvers": ("team-c",)}, "ruling-unknown-approver"),
        ({}, {"approvers": ()}, "ruling-unknown-approver"),
    ],
)
def test_each_fault_of_the_signature_has_its_name(keys: Any, options: Any, slug: str) -> None:
    assert slugs(*used(**keys), **options) == [slug]


def test_the_last_day_and_the_longest_life_are_allowed() -> None:
    assert slugs(*used(), today=date(2026, 8, 1)) == []
    assert slugs(*used(created="2026-02-02", expires="2026-08-01")) == []  # 180 days


def test_a_ruling_that_covers_nothing_is_unused() -> None:
    one = ruling(cells=["a#1"])
    assert slugs([one], [judged(flagged(), one)]) == ["ruling-unused", "ruling-undershoot"]


def test_a_listed_cell_that_does_not_match_is_named() -> None:
    one = ruling(cells=["s#1", "s#2", "s#3"])
    cells = [judged(flagged(), one), judged(episode(flag(True), flag(True), id="s#2"), one)]
    assert faults([one], cells) == [("ruling-undershoot", "R-flag: s#2, s#3")]
    assert faults([one], cells, whole=False) == [("ruling-undershoot", "R-flag: s#2")]


def test_in_a_part_of_the_scenarios_others_may_stay_unused() -> None:
    assert slugs([ruling(cells=["a#1"])], [], whole=False) == []


def test_a_repeat_does_not_count_as_use() -> None:
    one = ruling(cells=["s#1", "s#2"])
    first = judged(flagged(), one)
    later = judged(flagged(id="s#2", repeats={"books.db.flag": "s#1"}), one, earlier=[first])
    assert faults([one], [first, later]) == [("ruling-undershoot", "R-flag: s#2")]


def test_an_overlap_names_the_cell_and_both_rulings() -> None:
    two = [ruling(), ruling(id="R-other")]
    found = faults(two, [judged(flagged(), *two)])
    assert found[0] == ("ruling-overlap", "s#1: books.db.flag (R-flag and R-other)")


def bulk_cells(one: Ruling, hit: int, of: int, kind: str = "recorded") -> list[Cell]:
    """Accounts whose cells ran the ruling's path; in the first ones the flag is lifted."""
    cells = []
    for number in range(of):
        lifted = number < hit
        sides = flag(value=True), flag(value=not lifted)
        segment = {"segment": "pro" if lifted else "free"}
        replayed = episode(*sides, id=f"r{number}#1", provenance=kind, stratum=segment)
        cells.append(judged(replayed, one))
    return cells


def test_a_ruling_that_covers_too_many_accounts_is_over_its_share() -> None:
    one = ruling(cells=None, bulk=BULK, scope={"when": ["true"]})
    assert slugs([one], bulk_cells(one, 2, 4)) == []
    assert faults([one], bulk_cells(one, 2, 3)) == [
        ("ruling-over-share", "R-flag: 2/3 recorded accounts")
    ]
    assert slugs([one], bulk_cells(one, 3, 9)) == ["ruling-over-share"]  # 3 accounts, 2 allowed


def test_kinds_of_evidence_are_counted_apart() -> None:
    one = ruling(cells=None, bulk=BULK, scope={"when": ["true"]})
    cells = [*bulk_cells(one, 2, 2), *bulk_cells(one, 0, 9, "simulated")]
    assert faults([one], cells) == [("ruling-over-share", "R-flag: 2/2 recorded accounts")]


def test_a_copied_fault_in_bulk_is_named() -> None:
    one = ruling(cells=None, bulk=BULK, scope={"when": ["true"]})
    cells = bulk_cells(one, 1, 3)
    copy = judged(episode(flag(True), flag(True), id="c#1", provenance="recorded"), one)
    assert faults([one], [*cells, copy]) == [("ruling-undershoot", "R-flag: c#1")]


def test_a_leak_is_named_under_its_ruling() -> None:
    leak = Leak(
        cell="s#1", path="books.x", value=ABSENT, outcome=Outcome.RULED, rulings=("R-flag",)
    )
    assert faults(*used(), leaks=[leak]) == [
        ("ruling-leaking", "R-flag: 1 wrong values, s#1 books.x")
    ]


def test_a_ruling_that_cannot_be_read_is_named_by_its_error() -> None:
    error = InputError("ruling-malformed-date", "created: 'soon' is no date", "r.yaml:9", "fix it")
    assert faults([], [], refused=[error]) == [
        ("ruling-malformed-date", "r.yaml:9: created: 'soon' is no date [ruling-malformed-date]")
    ]


def test_every_slug_has_its_sentence() -> None:
    assert all(text.endswith(".") for text in FAULTS.values())
