"""A world that lacks stores: nobody judges what is true in it, and cells are counted apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.free import free_run
from harness.judge import Judgement
from harness.lockstep import lockstep
from harness.model import Class, Finding, Free, Outcome
from harness.objection import of_unknown_state
from harness.report.figures_text import cell_counts
from tests.harness.cell_builder import cell
from tests.harness.register_world import START, Kit, World, act, scenario, setup, together


class LackingWorld(World):
    unknown = frozenset({"rest"})


class LackingKit(Kit):
    world = LackingWorld


class LosingWorld(World):
    """A world that comes to lack a store when the clock first moves."""

    unknown: frozenset[str] = frozenset()

    def advance(self, to: int) -> None:
        self.unknown = frozenset({"rest"} if to > START else ())
        super().advance(to)


class RaceLackingKit(Kit):
    world = LosingWorld


def breaks(ports: Any, trigger: Any) -> None:
    ports.put("never", 1)
    ports.put("not_even_once", 1)
    ports.put("wrong", 1)


def test_a_world_that_lacks_a_store_is_not_judged() -> None:
    lacking, whole = setup(kit=LackingKit()), setup()
    world, other = LackingWorld(0, {"never": 1, "wrong": 1}), World(0, {"never": 1, "wrong": 1})

    assert Judgement(whole, other).broken
    assert Judgement(whole, other).wrongs
    none = Judgement(lacking, world)
    assert (none.broken, none.unmet, none.wrongs) == ((), None, ())


def test_its_cells_are_compared_and_undecidable() -> None:
    _, told = lockstep(setup({"api.do": breaks}, kit=LackingKit()), scenario(act("api.do")))

    assert told.klass is Class.UNDECIDABLE
    assert (told.control_broken, told.candidate_broken, told.unmet, told.wrongs) == (
        (),
        (),
        None,
        (),
    )
    assert told.differences == ()


def test_its_free_run_asks_no_invariant_and_so_is_not_kept() -> None:
    """What nobody could judge is no run that ended well, whatever the engine did not ask for."""
    doing = {"api.do": breaks}
    lacking = free_run(setup(doing, kit=LackingKit()), scenario(act("api.do"), act("api.do")))

    assert free_run(setup(doing), scenario(act("api.do"))).outcome is Free.BROKEN
    assert (lacking.outcome, lacking.broken) == (Free.NOT_RUN, ())
    assert lacking.findings == (
        "#0 unknown-state: nobody recorded every store, so nobody can judge what comes of this",
    )


def test_its_free_race_is_not_judged_either() -> None:
    doing = {"api.do": breaks, "api.undo": breaks}
    race = scenario(together(act("api.do"), act("api.undo")))
    made = setup(doing, kit=RaceLackingKit())

    assert free_run(setup(doing), race).outcome is Free.BROKEN
    assert free_run(made, race).outcome is Free.NOT_RUN


@pytest.mark.parametrize(
    ("outcome", "slug", "counted"),
    [
        (Outcome.NOT_RUN, "unknown-state", 1),
        (Outcome.NOT_RUN, "act-impossible", 0),
        (Outcome.AGREE, "unknown-state", 0),
    ],
)
def test_only_a_cell_without_a_result_for_want_of_a_store_is_counted(
    outcome: Outcome, slug: str, counted: int
) -> None:
    finding = Finding(outcome=Outcome.NOT_RUN, slug=slug, detail="")
    found = replace(cell("a#1", outcome=outcome), findings=(finding,))

    assert of_unknown_state([found]) == counted


def test_the_counts_say_it_where_there_are_any() -> None:
    totals = {"expected": 3, "NOT_RUN": 2, "AGREE": 1}

    assert cell_counts(totals, 0) == "expected 3 = NOT_RUN 2 + AGREE 1"
    assert cell_counts(totals, 1) == (
        "expected 3 = NOT_RUN 2 + AGREE 1; NOT_RUN 2, of these 1 for state that nobody recorded"
    )
