"""Faults that a scenario lists: shown by a ruling in their name or by their crash, else DRIFT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.faults import ANY, with_missing_faults
from harness.model import Cell, Finding, Observation, Outcome
from tests.harness.episode_builder import episode, facets, flagged, judged, ruling, slugs
from tests.harness.register_world import scenario

PATHS = {"Q14": "api.pay", "Q01": "webhook.paid"}
QUIRKS = {("R-flag", ANY): "Q14"}


def weighed(
    *cells: Cell,
    faults: tuple[str, ...] = ("Q14",),
    crashes: Mapping[tuple[str, str], str] | None = None,
) -> tuple[Cell, ...]:
    listed = replace(scenario(), faults=faults)
    return with_missing_faults(listed, cells, QUIRKS, PATHS, crashes or {})


def crashing(path: str, kind: str) -> Cell:
    seen = Observation(facets=facets(), crash=(path, kind, "x"))
    return judged(replace(episode(), control=seen))


AGREES = judged(episode(id="s#2"))


def test_a_fault_is_shown_by_a_difference_that_a_ruling_covers_in_its_name() -> None:
    cell = judged(flagged(), ruling())

    assert cell.outcome is Outcome.RULED
    assert weighed(cell, AGREES) == (cell, AGREES)


def test_a_ruling_in_another_quirks_name_does_not_show_it() -> None:
    listed = replace(scenario(), faults=("Q14",))
    cell = judged(flagged(), ruling())

    (found,) = with_missing_faults(listed, (cell,), {("R-flag", ANY): "Q01"}, PATHS, {})

    assert found.outcome is Outcome.DRIFT


def test_a_ruling_of_several_quirks_shows_in_a_cell_the_one_that_lists_it() -> None:
    listed = replace(scenario(), faults=("Q01", "Q14"))
    by_cell = {("R-flag", "s#1"): "Q14", ("R-flag", "s#2"): "Q01", ("R-flag", ANY): ""}
    one = judged(flagged(id="s#1"), ruling(cells=["s#1"]))
    other = judged(flagged(id="s#2"), ruling(cells=["s#2"]))

    assert with_missing_faults(listed, (one, other), by_cell, PATHS, {}) == (one, other)
    (found,) = with_missing_faults(listed, (one,), by_cell, PATHS, {})
    assert [each.detail[:3] for each in found.findings] == ["Q01"]


def test_a_fault_is_shown_by_its_crash_on_its_path() -> None:
    cell = crashing("api.pay", "KeyError")

    assert weighed(cell, crashes={("api.pay", "KeyError"): "Q14"}) == (cell,)


@pytest.mark.parametrize(
    ("path", "kind"), [("webhook.paid", "KeyError"), ("api.pay", "TypeError")]
)
def test_another_crash_does_not_show_it(path: str, kind: str) -> None:
    (found,) = weighed(crashing(path, kind), crashes={("api.pay", "KeyError"): "Q14"})

    assert found.outcome is Outcome.DRIFT


def test_a_fault_that_is_missing_is_drift_in_every_cell_of_its_path() -> None:
    first, second = judged(episode(id="s#1")), judged(episode(id="s#2", paths=("cron.ban",)))
    third = judged(episode(id="s#3", paths=("api.pay", "cron.ban")))

    found = weighed(first, second, third)

    assert [cell.outcome for cell in found] == [Outcome.DRIFT, Outcome.AGREE, Outcome.DRIFT]
    assert slugs(found[0]) == ["fault-missing"]
    assert found[0].findings[0].detail == (
        "Q14 is listed under faults and api.pay did not show it"
    )
    assert found[2].own["api.pay"] is Outcome.DRIFT


def test_a_fault_whose_path_never_ran_is_drift_in_the_last_cell() -> None:
    found = weighed(judged(episode(id="s#0")), AGREES, faults=("Q01",))

    assert [cell.outcome for cell in found] == [Outcome.AGREE, Outcome.DRIFT]


def test_where_its_path_leaves_a_difference_unruled_diverge_says_more() -> None:
    cell = judged(flagged())

    assert cell.outcome is Outcome.DIVERGE
    assert weighed(cell, AGREES) == (cell, AGREES)


def test_a_ruling_that_finds_its_cell_without_the_fault_does_not_hide_the_drift() -> None:
    cell = judged(episode(), ruling())

    (found,) = weighed(cell)

    assert cell.outcome is Outcome.DIVERGE
    assert slugs(found) == ["fault-missing", "ruling-undershoot"]
    assert found.outcome is Outcome.DRIFT


def test_an_unruled_difference_of_another_path_says_nothing_of_it() -> None:
    other = judged(flagged(id="s#3", paths=("cron.ban",)))

    found = weighed(other, AGREES)

    assert [cell.outcome for cell in found] == [Outcome.DIVERGE, Outcome.DRIFT]


def test_the_worse_outcome_stays_and_the_finding_is_kept() -> None:
    lost = Finding(outcome=Outcome.ERROR, slug="candidate-crashed", detail="x")
    cell = judged(episode(findings=(lost,)))

    (found,) = weighed(cell, faults=("Q01",))

    assert found.outcome is Outcome.ERROR
    assert slugs(found) == ["candidate-crashed", "fault-missing"]


def test_each_missing_fault_is_named_and_nothing_is_asked_where_none_is_listed() -> None:
    (found,) = weighed(AGREES, faults=("Q14", "Q01"))

    assert [one.detail[:3] for one in found.findings] == ["Q01", "Q14"]
    assert weighed(AGREES, faults=()) == (AGREES,)


def test_a_repeat_shows_the_fault_of_its_origin() -> None:
    origin = judged(flagged(id="s#1"), ruling(cells=["s#1"]))
    repeat = judged(
        flagged(id="s#2", repeats={"books.db.flag": "s#1"}),
        ruling(cells=["s#1"]),
        earlier=(origin,),
    )

    assert (repeat.outcome, repeat.rulings) == (Outcome.RULED, ("R-flag",))
    assert weighed(repeat) == (repeat,)
