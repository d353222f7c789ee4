import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from harness.evidence import PSEUDO, Evidence, PathEvidence
from harness.figures import Share
from harness.model import Class, Free, FreeRun, Outcome
from tests.harness.cell_builder import (
    ARCS,
    OTHER,
    PATH,
    UNITS,
    Run,
    cell,
    difference,
    observation,
    open_cells,
    pinned,
)


def evidence(*cells, **changes) -> Evidence:  # type: ignore[no-untyped-def]  # builder's parameters
    return replace(Run(), cells=cells, **changes).evidence()


def path(*cells, **changes) -> PathEvidence:  # type: ignore[no-untyped-def]  # builder's parameters
    return evidence(*cells, **changes).paths[PATH]


def test_the_order_of_cells_and_free_runs_does_not_matter() -> None:
    run = Run().adding(cell("other#1", outcome=Outcome.DIVERGE), cell("other#2", (PATH, OTHER)))
    run = replace(run, free=(*run.free, FreeRun(scenario="other", outcome=Free.MOOT)))
    shuffled = random.Random(7).sample(run.cells, len(run.cells))  # noqa: S311  # an order, no secret

    again = replace(run, cells=tuple(shuffled), free=run.free[::-1], pinned=pinned(run.cells))

    assert again.evidence() == replace(run, pinned=pinned(run.cells)).evidence()


def test_a_path_answers_with_its_own_outcome() -> None:
    both = cell("a#1", (PATH, OTHER), Outcome.DIVERGE,
                own={PATH: Outcome.AGREE, OTHER: Outcome.DIVERGE})  # fmt: skip

    found = evidence(both)

    assert found.paths[PATH].tally == {Outcome.AGREE: 1}
    assert found.paths[OTHER].bad == {Outcome.DIVERGE: ("a#1",)}
    assert found.totals["DIVERGE"] == 1


@pytest.mark.parametrize("outcome", ["NOT_RUN", "ERROR", "TIMEOUT", "UNSTABLE", "DRIFT"])
def test_an_outcome_that_says_nothing_of_one_path_belongs_to_all(outcome: str) -> None:
    spoiled = cell("a#1", (PATH,), Outcome(outcome), own={PATH: Outcome.AGREE})

    found = path(spoiled)

    assert found.tally == {Outcome(outcome): 1}
    assert found.branches.own == Share(0, 2)


def test_a_path_that_nobody_judged_has_the_outcome_of_the_cell() -> None:
    assert path(cell("a#1", outcome=Outcome.DIVERGE, own={})).tally == {Outcome.DIVERGE: 1}


def test_a_cell_without_paths_belongs_to_a_pseudo_path() -> None:
    found = evidence(cell("a#0", ()), cell("a#1", ()))

    assert set(found.paths) == {PATH, *PSEUDO}
    assert found.paths[PATH].compared == 0


def test_a_pinned_cell_without_a_result_is_not_run_for_its_paths() -> None:
    cells = (cell("a#1"), cell("a#2"))

    found = evidence(cells[0], pinned=pinned(cells))

    assert found.missing == ("a#2",)
    assert found.totals["NOT_RUN"] == 1
    assert found.paths[PATH].bad == {Outcome.NOT_RUN: ("a#2",)}


def test_copies_of_a_cell_add_nothing_to_the_distinct_ones() -> None:
    found = path(*(cell(f"a#{n}", state="same") for n in range(1, 9)), cell("a#9", state="other"))

    assert found.compared == 9
    assert found.distinct == {"curated": 2}
    assert found.sound_agree == {"curated": 2}


def test_a_cell_whose_state_is_unknown_counts_as_no_distinct_one() -> None:
    assert path(cell("a#1", state="")).distinct == {}


def test_kinds_of_evidence_are_never_added() -> None:
    found = path(
        cell("a#1"), cell("b#1", provenance="recorded"), cell("b#2", provenance="recorded")
    )

    assert found.kinds == {"curated": 1, "recorded": 2}
    assert found.distinct == {"curated": 1, "recorded": 2}


def test_assumed_evidence_is_compared_and_gives_no_credit() -> None:
    found = path(cell("a#1", provenance="assumed"))

    assert found.kinds == {"assumed": 1}
    assert found.distinct == {}
    assert found.branches.own == Share(0, 2)


def test_assumed_cells_speak_in_no_figure_for_a_path_and_may_speak_against_it() -> None:
    """Cells that are good for no clearance must not thin out those that speak against it."""
    change = difference(ruling="R-new", owners=(PATH,))
    own = [cell(f"a#{n}") for n in (1, 2)]
    own.append(cell("a#3", outcome=Outcome.RULED, differences=(change,), rulings=("R-new",)))
    repair: dict[str, Any] = {"klass": Class.REPAIR, "unmet": ()}
    assumed = [cell(f"b#{n}", provenance="assumed") for n in range(1, 60)]
    proven = [cell(f"c#{n}", provenance="assumed", **repair) for n in range(1, 4)]
    worse = cell("d#1", outcome=Outcome.DIVERGE, provenance="assumed", wrongs=("asks too much",))
    unproven = cell("d#2", provenance="assumed", klass=Class.REPAIR, unmet=("owes nothing",))
    classes = {"R-new": "intended-change"}

    apart = evidence(*own, ruling_classes=classes)
    found = evidence(*own, *assumed, *proven, ruling_classes=classes)
    against = evidence(*own, *assumed, worse, unproven, ruling_classes=classes)

    for figures, alone in (
        (found.figures, apart.figures),
        (found.paths[PATH].figures, apart.paths[PATH].figures),
    ):
        assert figures == alone
        assert (figures.intended, figures.repairs_proven) == (Share(1, 3), Share(0, 0))
    assert against.figures.agreement_where_sound == Share(2, 4)
    assert (against.figures.worse, against.figures.unproven) == (("d#1",), ("d#2",))


def test_only_a_sound_cell_that_agrees_counts_for_the_sound_floor() -> None:
    found = path(
        cell("a#1"),
        cell("a#2", klass=Class.REPAIR),
        cell("a#3", klass=Class.UNDECIDABLE),
        cell("a#4", outcome=Outcome.RULED),
    )

    assert found.sound_agree == {"curated": 1}
    assert found.classes == {Class.SOUND: 2, Class.REPAIR: 1, Class.UNDECIDABLE: 1}


def test_agreement_counts_sound_cells_only() -> None:
    found = path(cell("a#1"), cell("a#2", outcome=Outcome.RULED), cell("a#3", klass=Class.TWIST))

    assert found.figures.agreement_where_sound == Share(1, 2)
    assert found.figures.disagreeing == ("a#2",)


def test_a_sound_cell_changed_on_purpose_is_no_disagreement() -> None:
    changed = cell("a#1", outcome=Outcome.RULED, differences=[
        difference(ruling="R-1"), difference(at="x", ruling="follows"),
        difference(at="y", ruling="R-2", origin="a#0"), difference(at="z", owners=(OTHER,)),
    ])  # fmt: skip

    intended = path(changed, ruling_classes={"R-1": "intended-change", "R-2": "control-bug"})
    bug = path(changed, ruling_classes={"R-1": "control-bug"})
    unknown = path(changed)

    assert intended.figures.intended == Share(1, 1)
    assert intended.figures.disagreeing == ()
    assert bug.figures.intended == unknown.figures.intended == Share(0, 1)


def test_a_repair_is_proven_by_invariants_and_truth_not_by_agreement() -> None:
    faulty: dict[str, Any] = {"klass": Class.REPAIR, "control_broken": ("I5: x",)}
    found = path(
        cell("a#1", outcome=Outcome.RULED, **faulty),
        cell("a#2", candidate_broken=("I5: x",), **faulty),
        cell("a#3", klass=Class.TWIST, unmet=("pages",)),
        cell("a#4", klass=Class.TWIST, unmet=None),
        cell("a#5", klass=Class.TWIST, candidate=None),
        cell("a#6"),
    )

    assert found.figures.repairs_proven == Share(1, 5)
    assert found.figures.unproven == ("a#2", "a#3", "a#4", "a#5")


def test_made_worse_is_a_wrong_a_new_breach_or_a_harm_nobody_acknowledged() -> None:
    found = path(
        cell("a#1", wrongs=("asks more than is owed",)),
        cell("a#2", candidate_broken=("H1: charged twice",)),
        cell("a#3", outcome=Outcome.DIVERGE, harm=("blocked",)),
        cell("a#4", outcome=Outcome.DIVERGE, loss={"usd": 100}),
        cell("a#5", outcome=Outcome.RULED, harm=("blocked",), loss={"usd": 100}),
        cell("a#6", klass=Class.REPAIR, control_broken=("I5: x",), candidate_broken=("I5: x",)),
        cell("a#7", outcome=Outcome.RULED, wrongs=("charged twice",)),
    )

    assert found.figures.made_worse == Share(5, 7)
    assert found.figures.worse == ("a#1", "a#2", "a#3", "a#4", "a#7")


def test_harm_against_a_control_that_only_stood_by_means_nothing() -> None:
    look = cell("a#0", ("(given)",), Outcome.AGREE, harm=("asks more",))

    found = evidence(look)

    assert found.paths["(given)"].figures.made_worse == Share(0, 1)
    assert found.figures.made_worse == Share(0, 1)


def test_a_case_is_left_to_a_person_only_where_truth_can_be_decided() -> None:
    found = path(
        cell("a#1", deferrals=("service-unknown:in_1",)),
        cell("a#2", deferrals=("service-unknown:in_1",), klass=Class.UNDECIDABLE),
    )

    assert found.figures.left_to_a_person == Share(1, 2)


def test_a_branch_is_credited_only_inside_a_cell_that_agrees_or_is_ruled() -> None:
    taken = observation(arcs={"own": frozenset({1})})
    other = observation(arcs={"own": frozenset({2})})

    found = path(cell("a#1", control=taken), cell("a#2", outcome=Outcome.DIVERGE, control=other))

    assert found.branches.own == Share(1, 2)
    assert found.branches.missing == ("voided.py:6 some open",)


def test_another_paths_code_is_no_branch_of_this_path() -> None:
    found = evidence(cell("a#1", (PATH, OTHER)), units=UNITS, paths=(PATH, OTHER))

    assert found.paths[PATH].branches.own == Share(2, 2)
    assert found.paths[OTHER].branches.own == Share(1, 1)


def test_shared_code_is_united_over_all_paths_and_asked_of_those_that_reach_it() -> None:
    cells = (
        cell("a#1", (PATH,), control=observation(arcs={"gate": frozenset({1})})),
        cell("a#2", (OTHER,), control=observation(arcs={"gate": frozenset({2})})),
        cell("a#3", ("third",), control=observation()),
    )

    found = evidence(*cells, units=UNITS)

    assert found.paths[PATH].branches.shared == {"gate": Share(2, 2)}
    assert found.paths["third"].branches.shared == {}


def test_shared_code_of_a_cell_in_which_one_path_diverges_gives_no_credit() -> None:
    mixed = cell("a#1", (PATH, OTHER), Outcome.DIVERGE,
                 own={PATH: Outcome.AGREE, OTHER: Outcome.DIVERGE})  # fmt: skip

    found = evidence(mixed, units=UNITS)

    assert found.paths[PATH].branches.own == Share(2, 2)
    assert found.paths[PATH].branches.shared == {"gate": Share(0, 2)}


def test_shared_code_that_nobody_reaches_and_branches_nobody_counts_are_named() -> None:
    stray = observation(arcs={"own": frozenset({1, 99}), "gone": frozenset({1})})

    found = evidence(cell("a#1", control=stray))

    assert found.unowned == ("gate",)
    assert found.strays == ("gone arc 1", "own arc 99")


def test_a_branch_that_importing_takes_reaches_nothing() -> None:
    units = {**UNITS, "gate": replace(UNITS["gate"], at_import=frozenset({1}))}
    imported = observation(arcs={"gate": frozenset({1})})
    called = observation(arcs={"gate": frozenset({1, 2})})

    found = evidence(cell("a#1", control=imported), cell("a#2", (OTHER,), control=called),
                     units=units)  # fmt: skip

    assert found.paths[PATH].branches.shared == {}
    assert found.paths[OTHER].branches.shared == {"gate": Share(2, 2)}


def test_free_runs_add_up_and_a_missing_one_is_not_run() -> None:
    cells = (cell("a#1"), cell("b#1"))

    found = evidence(*cells, free=(FreeRun(scenario="a", outcome=Free.KEPT),))

    assert found.free["expected"] == 2
    assert (found.free["KEPT"], found.free["NOT_RUN"]) == (1, 1)
    assert found.paths[PATH].not_kept == ("b NOT_RUN",)


def test_totals_are_complete_and_in_the_order_in_which_they_are_printed() -> None:
    found = Run().evidence()

    assert list(found.totals) == ["expected", "AGREE", "RULED", "DIVERGE", "DRIFT", "UNSTABLE",
                                  "TIMEOUT", "ERROR", "NOT_RUN"]  # fmt: skip
    assert list(found.free) == ["expected", "KEPT", "THEN_FAILED", "BROKEN", "MOOT", "UNSTABLE",
                                "TIMEOUT", "ERROR", "NOT_RUN"]  # fmt: skip
    assert sum(found.totals.values()) == 2 * found.totals["expected"] == 2 * len(open_cells())


def test_other_paths_than_pinned_are_named_and_pseudo_paths_stand_for_none() -> None:
    cells = (cell("a#0", ("(given)",)), cell("a#1", (PATH,)))
    other = pinned((cell("a#0", ()), cell("a#1", (OTHER,))))

    assert evidence(*cells, pinned=other).paths_changed == ("a#1",)


def test_a_cell_of_two_paths_counts_once_in_the_figures_of_all() -> None:
    both = cell("a#1", (PATH, OTHER), Outcome.DIVERGE,
                own={PATH: Outcome.AGREE, OTHER: Outcome.DIVERGE})  # fmt: skip

    assert evidence(both, cell("a#2")).figures.agreement_where_sound == Share(1, 2)


def test_a_share_is_compared_exactly() -> None:
    assert Share(49, 50).at_least(Fraction(49, 50))
    assert not Share(48, 49).at_least(Fraction(49, 50))
    assert Share(1, 50).at_most(Fraction(1, 50))
    assert not Share(1, 49).at_most(Fraction(1, 50))
    assert str(Share(0, 0)) == "0/0"
    assert Share(0, 0).at_least(Fraction(1))


def test_an_observation_without_a_result_credits_nothing() -> None:
    found = evidence(cell("a#1", control=None, outcome=Outcome.NOT_RUN))

    assert found.without_control == ("a#1",)
    assert found.paths[PATH].branches.own == Share(0, 2)


def test_the_builders_arcs_are_the_units_own() -> None:
    assert {name: frozenset(unit.arcs) for name, unit in UNITS.items()} == ARCS
