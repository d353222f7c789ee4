import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness.gate
import harness.gate_rules
from harness.condition import CONDITIONS, Condition
from harness.errors import ExitCode
from harness.evidence import Pinned
from harness.gate import Gate, decide, gate_exit_code, run_exit_code, worst
from harness.guarding.retired import census
from harness.model import Cell, Class, Free, FreeRun, Outcome
from harness.policy import Policy
from harness.reason import PATH as PATH_SLUGS
from harness.reason import SLUGS, WHOLE, Reason, some
from tests.harness.cell_builder import (
    ARCS,
    OTHER,
    PATH,
    POLICY,
    TODAY,
    UNITS,
    Run,
    cell,
    difference,
    observation,
    open_cells,
    pinned,
    policy,
    slugs,
)

SIGNED = (
    POLICY
    + """\
no_sound_case:
  webhook.voided: {reason: r, decision: d, approver: ledger, expires: 2026-06-01}
"""
)


def without(*numbers: int) -> tuple[Cell, ...]:
    return tuple(c for c in open_cells() if int(c.episode.id.partition("#")[2]) not in numbers)


def replaced(number: int, **changes) -> Run:  # type: ignore[no-untyped-def]  # builder's parameters
    """The open run with one of its cells told otherwise."""
    outcome = changes.pop("outcome", Outcome.AGREE)
    return Run(cells=(*without(number), cell(f"voids#{number}", outcome=outcome, **changes)))


def kept(*scenarios: str) -> tuple[FreeRun, ...]:
    return tuple(FreeRun(scenario=name, outcome=Free.KEPT) for name in scenarios)


def faulty_only(text: str) -> Run:
    """A path on which the control is never right."""
    cells = tuple(
        cell(f"voids#{n}", outcome=Outcome.RULED, klass=Class.REPAIR,
             control=observation(arcs={"own": ARCS["own"], "gate": ARCS["gate"]}))
        for n in range(1, 9)
    )  # fmt: skip
    return Run(cells=cells, policy=policy(text))


def with_arcs(dead: tuple[str, ...]) -> Run:
    """The open run over code that has three branches more."""
    own = replace(UNITS["own"], arcs={**UNITS["own"].arcs, 7: "a", 8: "b", 9: "c"})
    return Run(units={**Run().units, "own": own}, dead=dead)


def test_the_gate_opens_when_everything_is_proven() -> None:
    verdict = Run().verdict()

    assert verdict.reasons == ()
    assert verdict.gate is Gate.OPEN
    assert {path: v.gate for path, v in verdict.paths.items()} == {
        PATH: Gate.OPEN, "(given)": Gate.OPEN,
    }  # fmt: skip
    assert gate_exit_code(verdict) == ExitCode.OPEN


@pytest.mark.parametrize("paths", [(), (PATH,)])
def test_a_path_that_only_assumed_cells_know_stays_closed(paths: tuple[str, ...]) -> None:
    run = Run().adding(cell("voids#9", paths, provenance="assumed"))
    name = paths[0] if paths else "(unhandled)"

    found = {one.slug: one.found for one in run.verdict().paths[name].reasons}

    assert ("no-cells" in found) == (not paths)
    if not paths:
        assert found["no-cells"] == "1 cells compared, none of a kind that gives credit"


WHOLE_FAULTS: dict[str, Callable[[], Run]] = {
    "partial-set": lambda: Run(partial="1 of 3 scenarios"),
    "nothing-compared": lambda: Run(cells=()),
    "no-paths": lambda: Run(paths=()),
    "manifest-empty": lambda: Run(pinned=Pinned(cells={}, scenarios=("voids",))),
    "cells-missing": lambda: Run(pinned=pinned((*open_cells(), cell("voids#9")))),
    "cells-unexpected": lambda: Run(pinned=pinned(without(3))),
    "cells-doubled": lambda: Run().adding(cell("voids#3")),
    "paths-changed": lambda: Run(pinned=pinned((*without(3), cell("voids#3", (OTHER,))))),
    "totals-unequal": lambda: replace(Run(pinned=pinned(open_cells()))).adding(cell("voids#3")),
    "cells-not-run": lambda: Run().adding(cell("voids#9", (), Outcome.NOT_RUN)),
    "cell-without-control": lambda: replaced(3, control=None),
    "free-empty": lambda: Run(pinned=replace(pinned(open_cells()), scenarios=())),
    "free-missing": lambda: Run(free=kept("voids", "nobody-pinned")),
    "free-doubled": lambda: Run(free=kept("voids", "voids")),
    "branch-unknown": lambda: replaced(3, control=observation(arcs={"own": frozenset({77})})),
    "dead-branch-unknown": lambda: Run(dead=("voided.py:99 if true",)),
    "leak-unmeasured": lambda: Run(leak=None),
    "ruling-leaks": lambda: Run(leak=1),
    "no-sound-case-unused": lambda: Run(policy=policy(SIGNED)),
    "evidence-required": lambda: Run(policy=policy(POLICY.replace("rehearsal", "production"))),
    "path-removed": lambda: Run(manifest=tuple(census((), ("x.gone",), ()).missing.values())),
    "path-closed": lambda: replaced(3, outcome=Outcome.DIVERGE),
    "cell-unanswered": lambda: replaced(3, outcome=Outcome.DIVERGE, own={PATH: Outcome.AGREE}),
}

PATH_FAULTS: dict[str, Callable[[], Run]] = {
    "no-cells": lambda: Run(cells=(cell("voids#1", (OTHER,)),)),
    "path-unknown": lambda: Run(paths=(OTHER,)),
    "cell-diverges": lambda: replaced(3, outcome=Outcome.DIVERGE),
    "cell-drifts": lambda: replaced(3, outcome=Outcome.DRIFT),
    "cell-unstable": lambda: replaced(3, outcome=Outcome.UNSTABLE),
    "cell-timeout": lambda: replaced(3, outcome=Outcome.TIMEOUT),
    "cell-error": lambda: replaced(3, outcome=Outcome.ERROR),
    "cell-not-run": lambda: replaced(3, outcome=Outcome.NOT_RUN),
    "too-few-cells": lambda: Run(cells=without(8)),
    "no-sound-case": lambda: Run(cells=without(1, 2, 3, 4)),
    "no-sound-case-expired": lambda: faulty_only(SIGNED.replace("2026-06-01", "2026-03-01")),
    "no-sound-case-lifetime": lambda: faulty_only(SIGNED.replace("2026-06-01", "2026-08-30")),
    "agreement-where-sound": lambda: replaced(3, outcome=Outcome.RULED),
    "intended-change-share": lambda: replace(
        replaced(3, outcome=Outcome.RULED, differences=[difference(ruling="R-new")]),
        ruling_classes={"R-new": "intended-change"},
    ),
    "repairs-unproven": lambda: replaced(
        7, outcome=Outcome.RULED, klass=Class.REPAIR,
        control_broken=("I5: x",), candidate_broken=("I5: x",),
    ),
    "made-worse": lambda: replaced(3, wrongs=("charged twice",)),
    "left-to-a-person": lambda: replaced(3, deferrals=("case",)),
    "no-branches": lambda: Run(units={"gate": UNITS["gate"]}),
    "branch-not-taken": lambda: Run(
        units={**Run().units, "own": replace(UNITS["own"], arcs={**UNITS["own"].arcs, 3: "new"})}
    ),
    "shared-branch-not-taken": lambda: Run(
        units={**Run().units, "gate": replace(UNITS["gate"], arcs={**UNITS["gate"].arcs, 3: "n"})}
    ),
    "dead-branch-revived": lambda: Run(dead=("voided.py:4 none open",)),
    "dead-branch-limit": lambda: with_arcs(dead=("a", "b", "c")),
    "free-not-kept": lambda: Run(free=(FreeRun(scenario="voids", outcome=Free.BROKEN),)),
    "whole-gate": lambda: Run(leak=1),
}  # fmt: skip


@pytest.mark.parametrize("slug", WHOLE_FAULTS)
def test_a_planted_fault_closes_the_whole_gate_and_names_itself(slug: str) -> None:
    run = WHOLE_FAULTS[slug]()

    assert slug in slugs(run)
    assert run.verdict().gate is Gate.CLOSED
    assert gate_exit_code(run.verdict()) != ExitCode.OPEN


@pytest.mark.parametrize(
    "slug", sorted(set(WHOLE_FAULTS) - {"path-closed", "no-paths", "cell-unanswered"})
)
def test_what_closes_the_whole_gate_closes_every_path(slug: str) -> None:
    verdict = WHOLE_FAULTS[slug]().verdict()

    assert {path.gate for path in verdict.paths.values()} <= {Gate.CLOSED}


@pytest.mark.parametrize("slug", PATH_FAULTS)
def test_a_planted_fault_closes_its_path_and_names_itself(slug: str) -> None:
    run = PATH_FAULTS[slug]()

    verdict = run.verdict()

    assert slug in slugs(run, PATH)
    assert verdict.paths[PATH].gate is Gate.CLOSED
    assert verdict.gate is Gate.CLOSED
    assert "path-closed" in slugs(run)


def test_every_slug_of_the_table_has_a_planted_fault_and_the_reverse() -> None:
    assert set(WHOLE_FAULTS) == set(WHOLE)
    assert set(PATH_FAULTS) == set(PATH_SLUGS)


def test_every_slug_in_the_source_is_in_the_table() -> None:
    for module in (harness.gate, harness.gate_rules, harness.policy):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        found = set(re.findall(r'"((?:[a-z]+-)+[a-z]+)"', source)) - {"intended-change"}
        assert found <= set(SLUGS), f"{module.__name__}: {sorted(found - set(SLUGS))}"


def test_a_fault_of_one_path_leaves_another_open() -> None:
    pay = tuple(cell(f"voids#{n}", (OTHER,), control=observation(arcs={"pay": ARCS["pay"]}))
                for n in range(11, 19))  # fmt: skip
    run = Run(cells=(*without(3), cell("voids#3", outcome=Outcome.DIVERGE), *pay),
              paths=(PATH, OTHER), units=UNITS)  # fmt: skip

    verdict = run.verdict()

    assert verdict.paths[OTHER].gate is Gate.OPEN
    assert verdict.paths[PATH].gate is Gate.CLOSED
    assert verdict.gate is Gate.CLOSED


@pytest.mark.parametrize("paths", [("(unhandled)",), ("(given)",)])
def test_a_pseudo_path_that_diverges_closes_the_gate(paths: tuple[str, ...]) -> None:
    run = Run().adding(cell("voids#9", paths, Outcome.DIVERGE, control=observation()))

    assert "cell-diverges" in slugs(run, paths[0])
    assert slugs(run) == {"path-closed"}
    assert run.verdict().gate is Gate.CLOSED


def test_a_pseudo_path_needs_neither_branches_nor_a_quota_of_sound_cells() -> None:
    run = Run().adding(cell("voids#9", ("(unhandled)",), control=observation()))

    assert run.verdict().gate is Gate.OPEN


def test_a_signed_statement_stands_in_for_sound_cells() -> None:
    run = faulty_only(SIGNED)

    assert run.verdict().gate is Gate.OPEN
    assert slugs(faulty_only(POLICY), PATH) == {"no-sound-case"}


def test_a_statement_for_a_path_that_does_not_exist_is_unused() -> None:
    run = Run(policy=policy(SIGNED.replace(PATH, "webhook.gone")))

    assert "no-sound-case-unused" in slugs(run)


def test_a_cell_that_only_repeats_an_unruled_difference_keeps_the_gate_closed_and_no_path() -> (
    None
):
    arcs = {"own": ARCS["own"], "gate": ARCS["gate"]}
    run = replaced(3, outcome=Outcome.DIVERGE, own={PATH: Outcome.AGREE},
                   control=observation(arcs=arcs))  # fmt: skip

    assert slugs(run) == {"cell-unanswered"}
    assert run.verdict().paths[PATH].gate is Gate.OPEN
    assert run.verdict().gate is Gate.CLOSED


def test_an_intended_change_within_its_share_leaves_the_gate_open() -> None:
    changed = cell("voids#99", outcome=Outcome.RULED, differences=[difference(ruling="R-new")],
                   control=observation(arcs={"own": ARCS["own"]}))  # fmt: skip
    many = tuple(cell(f"voids#{n}", control=observation()) for n in range(10, 59))
    run = replace(Run(ruling_classes={"R-new": "intended-change"}).adding(*many), leak=0)

    assert run.adding(changed).verdict().gate is Gate.OPEN
    assert replace(run, ruling_classes={}).adding(changed).verdict().gate is Gate.CLOSED


def test_the_floor_is_met_by_one_kind_of_evidence_and_not_by_two_together() -> None:
    recorded = tuple(cell(f"voids#{n}", provenance="recorded") for n in (7, 8))

    assert "too-few-cells" in slugs(Run(cells=(*without(7, 8), *recorded)), PATH)


@pytest.mark.parametrize("given_as", ["manifest", "rulings"])
def test_a_fault_found_elsewhere_closes_the_gate_under_its_own_name(given_as: str) -> None:
    reason = Reason(slug="ruling-expired", found="R-1 until 2026-01-01", needed="a date to come")

    run = Run(manifest=(reason,)) if given_as == "manifest" else Run(rulings=(reason,))

    assert reason in run.verdict().reasons
    assert run.verdict().gate is Gate.CLOSED


def test_conditions_without_a_rule_are_printed_and_never_left_out() -> None:
    explored = Condition(
        key="races", what=CONDITIONS["races"], asked=False, evidence="2 blocks explored"
    )
    verdict = decide(Run().evidence(), policy(), today=TODAY, manifest=(), rulings=(), leak=0,
                     conditions=(explored,))  # fmt: skip

    assert len(verdict.not_required) == len(CONDITIONS)
    assert "races explored: 2 blocks explored" in verdict.not_required
    assert "freshness of the recordings: no evidence yet" in verdict.not_required


UNMET = Reason(slug="evidence-required", found="1 of 2", needed="2 of 2")


@pytest.mark.parametrize(
    ("asked", "given", "closed"),
    [
        (True, {"evidence": "2 of 2"}, False),
        (True, {}, True),
        (True, {"evidence": "1 of 2", "whole": (UNMET,)}, True),
        (True, {"evidence": "1 of 2", "paths": {PATH: (UNMET,)}}, True),
        (False, {"evidence": "1 of 2", "whole": (UNMET,), "paths": {PATH: (UNMET,)}}, False),
        (False, {}, False),
    ],
)
def test_a_condition_closes_only_where_it_is_asked_and_what_has_no_evidence_closes(
    asked: bool, given: dict[str, Any], closed: bool
) -> None:
    one = Condition(key="mutants", what="mutants", asked=asked, **given)

    verdict = decide(Run().evidence(), policy(), today=TODAY, manifest=(), rulings=(), leak=0,
                     conditions=(one,))  # fmt: skip

    assert (verdict.gate is Gate.CLOSED) == closed
    if closed:
        said = {*verdict.reasons, *verdict.paths[PATH].reasons}
        assert "evidence-required" in {reason.slug for reason in said}


def test_a_section_of_the_policy_asks_for_its_condition_and_production_for_all() -> None:
    asking = replace(policy(), sections={"mutants": {}})
    production = replace(policy(), level="production")

    def unmet(one: Policy) -> list[str]:
        verdict = decide(Run().evidence(), one, today=TODAY, manifest=(), rulings=(), leak=0)
        return [r.found for r in verdict.reasons if r.slug == "evidence-required"]

    assert unmet(asking) == [f"{CONDITIONS['mutants']}: no evidence yet"]
    assert unmet(production) == [f"{what}: no evidence yet" for what in CONDITIONS.values()]


def test_a_branch_called_dead_need_not_be_taken() -> None:
    own = replace(UNITS["own"], arcs={**UNITS["own"].arcs, 7: "a"})

    run = Run(units={**Run().units, "own": own}, dead=("a",))

    assert run.verdict().gate is Gate.OPEN


def test_a_reason_prints_the_inequality_with_its_figures() -> None:
    verdict = Run(cells=without(7, 8)).verdict()

    (reason,) = verdict.paths[PATH].reasons

    assert reason == Reason(slug="too-few-cells", found="6 distinct cells of one kind",
                            needed="6 >= 8")  # fmt: skip


def test_many_names_are_counted_rather_than_listed() -> None:
    assert some("abcdefg") == "a, b, c, d, e and 2 more"
    assert some("abc") == "a, b, c"


def test_exit_codes_are_ranked() -> None:
    verdict = Run().verdict()

    assert gate_exit_code(Run(cells=()).verdict()) == ExitCode.NOTHING
    assert gate_exit_code(verdict, (ExitCode.INPUT,)) == ExitCode.INPUT
    assert gate_exit_code(verdict, (ExitCode.INPUT, ExitCode.VOID)) == ExitCode.VOID
    assert worst(()) == ExitCode.INTERNAL


def test_a_run_is_clean_only_if_every_cell_agrees_and_every_free_run_is_kept() -> None:
    cells, free = open_cells(), kept("voids")
    broken = (FreeRun(scenario="voids", outcome=Free.THEN_FAILED),)

    assert run_exit_code(cells, free) == ExitCode.OPEN
    assert run_exit_code(cells, broken) == ExitCode.CLOSED
    assert run_exit_code(cells, ()) == ExitCode.CLOSED
    assert run_exit_code(replaced(3, outcome=Outcome.DIVERGE).cells, free) == ExitCode.CLOSED
    assert run_exit_code((), free) == ExitCode.NOTHING
    not_run = (cell("voids#1", outcome=Outcome.NOT_RUN),)
    assert run_exit_code(not_run, free) == ExitCode.NOTHING


BAD_CELLS = st.builds(
    cell,
    id=st.integers(1, 60).map(lambda n: f"voids#{n}"),
    paths=st.sampled_from([(PATH,), (PATH, OTHER), (), ("(unhandled)",), ("elsewhere",)]),
    outcome=st.sampled_from([o for o in Outcome if o not in (Outcome.AGREE, Outcome.RULED)]),
    klass=st.sampled_from(Class),
    state=st.text(max_size=2),
    provenance=st.sampled_from(["curated", "recorded", "assumed", "?"]),
)
ANY_CELLS = st.builds(
    cell,
    id=st.integers(1, 12).map(lambda n: f"voids#{n}"),
    paths=st.sampled_from([(PATH,), (PATH, OTHER), ()]),
    outcome=st.sampled_from(Outcome),
    klass=st.sampled_from(Class),
    wrongs=st.sampled_from([(), (), ("charged twice",)]),
    candidate_broken=st.sampled_from([(), ("I5: x",)]),
)


@given(st.lists(ANY_CELLS, max_size=6), BAD_CELLS, st.booleans())
def test_adding_a_bad_cell_never_opens_the_gate(
    cells: list[Cell], bad: Cell, was_pinned: bool
) -> None:
    base = Run(cells=(*open_cells(), *cells)) if was_pinned else Run(cells=tuple(cells))
    after = base.adding(bad)
    before = replace(base, pinned=pinned(after.cells)) if was_pinned else base

    assert after.verdict().gate is Gate.CLOSED
    assert replace(after, pinned=pinned(before.cells)).verdict().gate is Gate.CLOSED


@given(st.lists(ANY_CELLS, max_size=12))
def test_an_open_path_has_nothing_that_speaks_against_it(cells: list[Cell]) -> None:
    verdict = Run(cells=(*open_cells(), *cells)).verdict()

    assert (verdict.gate is Gate.OPEN) == (not verdict.reasons)
    if verdict.gate is Gate.OPEN:
        assert verdict.totals["AGREE"] + verdict.totals["RULED"] == verdict.totals["expected"]
    for path in verdict.paths.values():
        assert (path.gate is Gate.OPEN) == (not path.reasons)
        if path.gate is Gate.OPEN:
            assert not path.evidence.bad
            assert not path.evidence.figures.worse


@given(st.sets(st.integers(0, 8)))
def test_taking_evidence_away_never_opens_a_gate_that_pins_it(gone: set[int]) -> None:
    run = Run(cells=without(*gone), pinned=pinned(open_cells()))

    assert (run.verdict().gate is Gate.OPEN) == (not gone)
