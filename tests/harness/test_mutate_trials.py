"""Mutants on trial at the loan desk: each comes out as what it is, and never better."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.compose import compose
from harness.errors import InputError
from harness.mutate.measure import CANDIDATE, Measuring
from harness.mutate.mutant import Change, Mutant, Step
from harness.mutate.pool import Trials, batches, run_all
from harness.mutate.remembered import NOTHING, Depends, Known, Remembered, Written, both
from harness.mutate.trial import Fate, Result, try_one
from harness.mutate.waiver import Held
from harness.run import unseen_progress
from tests.harness.toy_project import LATE, ON_TIME, project

TODAY = datetime.now(UTC).date()
RULING = f"""\
id: R-paid-stays-blocked
class: control-bug
quirk: Q01
title: Who has paid stays blocked
reason: The control forgets to unblock.
ticket: desk-1
owner: desk
approver: ledger
created: "{TODAY}"
expires: "{TODAY + timedelta(days=90)}"
scope: {{paths: [api.pay_fine], segments: [reader]}}
expect:
  - {{at: books.member.blocked, control: true, candidate: false}}
cells: [late#2]
"""

DESK = "desk_control.returned"
PAY = "desk_control.pay"


@pytest.fixture(scope="module")
def measuring(tmp_path_factory: pytest.TempPathFactory) -> Measuring:
    folder = tmp_path_factory.mktemp("desk")
    config = project(folder, late=LATE, **{"on-time": ON_TIME})
    (folder / "scenarios" / "rulings").mkdir()
    (folder / "scenarios" / "rulings" / "paid.yaml").write_text(RULING)
    return Measuring(compose(config, ()))


def made(measuring: Measuring, before: str, after: str, module: str = DESK) -> Mutant:
    """A mutant of the control: an expression or statement of a function, and what it becomes."""
    tree = measuring.subjects["control"].trees[module]
    old = ast.parse(before).body[0]
    new = ast.parse(after).body[0]
    if isinstance(old, ast.Expr) and isinstance(new, ast.Expr):
        old, new = old.value, new.value  # type: ignore[assignment]  # an expression in one
    steps = next(way for way, node in walked(tree, ()) if ast.dump(node) == ast.dump(old))
    found = next(node for way, node in walked(tree, ()) if way == steps)
    node = ast.fix_missing_locations(ast.copy_location(new, found))
    top = tree.body[steps[0].at or 0]
    inside = isinstance(top, ast.FunctionDef)
    return Mutant(
        id=f"{module}:{before}:{after}",
        operator="planted",
        module=module,
        qualname=top.name if isinstance(top, ast.FunctionDef) else "",
        line=1,
        before=before,
        after=after,
        runs=inside,
        arcs=frozenset(range(20)) if inside else frozenset(),
        change=Change(steps, (found,), (node,)),
    )


def walked(node: ast.AST, way: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], ast.AST]]:
    for name, value in ast.iter_fields(node):
        for index, inner in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(inner, ast.AST):
                here = (*way, Step(name, index if isinstance(value, list) else None))
                yield here, inner
                yield from walked(inner, here)


def tried(measuring: Measuring, mutant: Mutant, role: str = "control") -> Result:
    return try_one(measuring.ground, measuring.subjects[role], mutant, measuring.classes)


@pytest.mark.parametrize(
    ("before", "after", "fate", "why"),
    [
        ("days * 25", "days * 26", Fate.TOLD_APART, "no-ruling"),
        ("days > 0", "days >= 0", Fate.SURVIVED, ""),
        ("blocked=True", "blocked=False", Fate.TOLD_APART, "no-ruling"),
        ("loan.fined", "loan.nothing", Fate.CRASH, ""),
        ("DAY", "0", Fate.CRASH, ""),
    ],
)
def test_a_mutant_of_the_control_comes_out_as_what_it_is(
    measuring: Measuring, before: str, after: str, fate: Fate, why: str
) -> None:
    if "=" in before and before.startswith("blocked"):
        before = f"ports.member.update(fine=member.fine + days * 25, {before})"
        after = f"ports.member.update(fine=member.fine + days * 25, {after})"
    elif before == "DAY":
        before, after = "(returned['returned_at'] - loan.due) // DAY", "1 // 0"

    result = tried(measuring, made(measuring, before, after))

    assert (result.fate, result.why) == (fate, why)
    assert bool(result.took) == (fate is Fate.TOLD_APART)


def test_a_control_that_loses_its_listed_fault_is_told_apart(measuring: Measuring) -> None:
    mutant = made(
        measuring,
        "ports.member.update(fine=0)",
        "ports.member.update(fine=0, blocked=False)",
        PAY,
    )

    assert tried(measuring, mutant).why in ("ruling-undershoot", "fault-missing")


def test_an_endless_loop_is_left_and_is_no_answer(measuring: Measuring) -> None:
    quick = replace(
        measuring.ground,
        setup=replace(
            measuring.ground.setup, budget=replace(measuring.ground.setup.budget, seconds=0.2)
        ),
    )
    mutant = made(measuring, "ports.loans.mark_fined(loan.id)", "while True: pass")

    result = try_one(quick, measuring.subjects["control"], mutant, measuring.classes)

    assert result.fate is Fate.TIMEOUT


def test_a_module_that_cannot_be_executed_is_no_answer(measuring: Measuring) -> None:
    result = tried(measuring, made(measuring, "DAY = 86400", "DAY = 1 // 0"))

    assert result.fate is Fate.IMPORT
    assert result.why == "InputError"


def test_a_changed_constant_is_told_apart_by_the_engine_loaded_anew(measuring: Measuring) -> None:
    assert tried(measuring, made(measuring, "DAY = 86400", "DAY = 43200")).fate is Fate.TOLD_APART


def test_the_engine_is_what_it_was_when_a_mutant_has_left_it(measuring: Measuring) -> None:
    mutant = made(measuring, "days * 25", "days * 26")
    same = made(measuring, "days * 25", "days * 25")

    assert tried(measuring, mutant).fate is Fate.TOLD_APART
    assert tried(measuring, same).fate is Fate.SURVIVED
    assert tried(measuring, mutant).fate is Fate.TOLD_APART


def test_what_nothing_reaches_is_not_told_apart(measuring: Measuring) -> None:
    refusal = 'raise Refused("conflict", "nothing_to_pay")'
    mutant = replace(made(measuring, refusal, "return None", PAY), arcs=frozenset({99}))

    assert tried(measuring, mutant).fate is Fate.UNREACHED


def test_what_ran_only_while_the_engine_was_loaded_is_tried_in_one_loaded_anew(
    measuring: Measuring,
) -> None:
    mutant = replace(made(measuring, "days * 25", "days * 26"), arcs=frozenset({99}))

    assert tried(measuring, mutant).fate is Fate.TOLD_APART


def test_a_function_that_nobody_holds_is_lost_and_never_told_apart(measuring: Measuring) -> None:
    mutant = replace(made(measuring, "days * 25", "days * 26"), qualname="nobody")

    assert tried(measuring, mutant).fate is Fate.LOST


def test_a_mutant_of_the_candidate_is_told_apart_by_its_free_run_alone(
    measuring: Measuring,
) -> None:
    results = {
        mutant.id: tried(measuring, mutant, CANDIDATE) for mutant in measuring.mutants[CANDIDATE]
    }

    assert {result.fate for result in results.values()} >= {Fate.TOLD_APART, Fate.SURVIVED}


def test_one_process_or_two_come_to_the_same(measuring: Measuring) -> None:
    trials = Trials(
        ground=measuring.ground, subjects=measuring.subjects, classes=measuring.classes
    )
    asked = [("control", batch) for batch in batches(measuring.mutants["control"])]

    def results(workers: int) -> dict[str, Result]:
        found = run_all(trials, asked, workers=workers, opened=unseen_progress)
        return {one.mutant: one for _, many in found for one in many}

    assert results(1) == results(2)
    assert len(results(1)) == len(measuring.mutants["control"]) > 20


class Losing(Trials):
    """Trials whose worker gives back less, or more, than was asked."""

    def of(self, role: str, batch: Any) -> list[Result]:
        _, *rest = super().of(role, batch)
        return [*rest, *rest[:1]]


def test_a_result_that_is_lost_or_doubled_is_never_told_apart(measuring: Measuring) -> None:
    trials = Losing(
        ground=measuring.ground, subjects=measuring.subjects, classes=measuring.classes
    )
    batch = next(one for one in batches(measuring.mutants["control"]) if len(one) > 2)

    [(_, results)] = run_all(trials, [("control", batch)], workers=1, opened=unseen_progress)

    assert [one.fate for one in results[:2]] == [Fate.LOST, Fate.LOST]
    assert [one.mutant for one in results] == [mutant.id for mutant in batch]


def remembering(
    measuring: Measuring, role: str = "control", code: str = "ff"
) -> tuple[Any, Depends, tuple[Result, ...]]:
    """A batch, what it depends on, and results of it that nobody would come to."""
    batch = next(one for one in batches(measuring.mutants[role]) if len(one) > 2)
    depends = Depends(code, dict(measuring.depends(role, batch).scenarios))
    fates = (Fate.TOLD_APART, Fate.CRASH, *[Fate.SURVIVED] * (len(batch) - 2))
    results = tuple(
        Result(mutant=one.id, fate=fate, where="" if fate is Fate.SURVIVED else "late#1")
        for one, fate in zip(batch, fates, strict=True)
    )
    return batch, depends, results


def test_what_is_remembered_is_not_tried_again_but_of_exactly_the_same(
    measuring: Measuring, tmp_path: Path
) -> None:
    file = tmp_path / "mutants.json"
    first = Remembered.read(file)
    results = measuring.results(unseen_progress, first)
    first.write()
    assert measuring.results(unseen_progress, Remembered.read(file)) == results

    batch, depends, kept = remembering(measuring)
    memory = Remembered(None)
    memory.keep(batch, depends, kept)
    memory.known.update(memory.now)

    assert list(memory.of(batch, depends, exact=True).done.values()) == list(kept)
    assert memory.of(batch[:-1], depends, exact=True) == NOTHING
    assert memory.of(batch, depends._replace(code="fe"), exact=True) == NOTHING
    more = depends._replace(scenarios=depends.scenarios | {"new": "00"})
    assert memory.of(batch, more, exact=True) == NOTHING


def test_one_batch_in_a_hundred_is_tried_again_all_the_same(measuring: Measuring) -> None:
    again = 0
    for number in range(1000):
        batch, depends, kept = remembering(measuring, code=f"{number:x}")
        memory = Remembered(None, known={batch[0].id: Known(depends, kept)})
        again += memory.of(batch, depends, exact=True) == NOTHING

    assert 1 <= again <= 30


def test_a_new_scenario_is_the_only_one_in_which_the_rest_is_tried(measuring: Measuring) -> None:
    batch, depends, kept = remembering(measuring)
    depends = depends._replace(scenarios={**depends.scenarios, "early": "00"})
    memory = Remembered(None, known={batch[0].id: Known(depends, kept)})
    names = [one.id for one in batch]

    def of(scenarios: dict[str, str]) -> tuple[set[str], set[str], frozenset[str]]:
        found = memory.of(batch, Depends(depends.code, scenarios), exact=False)
        return set(found.done), set(found.rest), found.new

    same = depends.scenarios
    assert of(same | {"new": "00"}) == ({names[0]}, set(names[1:]), frozenset({"new"}))
    # Where it was told apart, or crashed, is not what it was: everything is tried of those two.
    assert of(same | {"late": "00"}) == (set(), set(names[2:]), frozenset({"late"}))
    # What survived may be reached no more.
    assert of({name: value for name, value in same.items() if name != "early"}) == (
        set(names[:2]),
        set(),
        frozenset(),
    )


def test_the_committed_file_spares_whoever_adds_a_scenario_to_measure_all(
    measuring: Measuring,
) -> None:
    batch, depends, kept = remembering(measuring)
    fates = {one.mutant: one.fate for one in kept if one.fate is not Fate.TOLD_APART}
    everywhere = {**depends.scenarios, "of no say here": "00"}
    memory = Remembered(None, Written(depends.code, everywhere, fates))
    more = depends._replace(scenarios=depends.scenarios | {"new": "00"})
    names = [one.id for one in batch]

    found = memory.of(batch, more, exact=False)

    assert (set(found.done), set(found.rest)) == ({names[0]}, set(names[1:]))
    assert found.new == {"new"}
    assert memory.of(batch, more, exact=True) == NOTHING
    assert memory.of(batch, more._replace(code="fe"), exact=False) == NOTHING


def test_what_was_told_apart_nobody_knows_where_is_tried_anew_once_a_scenario_changes(
    measuring: Measuring,
) -> None:
    batch, depends, kept = remembering(measuring)
    unplaced = (replace(kept[0], where=""), *kept[1:])
    memory = Remembered(None, known={batch[0].id: Known(depends, unplaced)})
    changed = depends._replace(scenarios=dict.fromkeys(depends.scenarios, "00"))

    assert batch[0].id not in memory.of(batch, changed, exact=False).done


def test_the_committed_file_says_nothing_once_a_scenario_of_it_changed_or_went(
    measuring: Measuring,
) -> None:
    results = measuring.results(unseen_progress, Remembered(None))
    scores = measuring.scores(results, ())
    held = Held(mutants=frozenset(), faults=())
    known = measuring.measurement(results, scores, held, None)
    fewer = {name: one for name, one in known.scenarios.items() if name != "late"}

    assert measuring.written(None) is None
    assert measuring.written(known) is not None
    assert measuring.written(msgspec.structs.replace(known, scenarios=fewer)) is not None
    for other in (known.scenarios | {"late": "00"}, known.scenarios | {"gone": "00"}):
        assert measuring.written(msgspec.structs.replace(known, scenarios=other)) is None


def test_of_two_fates_the_one_that_is_told_apart_counts_and_what_was_lost_before_it() -> None:
    def fate(*fates: Fate) -> Fate:
        one, other = (Result(mutant="m", fate=each) for each in fates)
        return both(one, other).fate

    assert fate(Fate.SURVIVED, Fate.TOLD_APART) is Fate.TOLD_APART
    assert fate(Fate.CRASH, Fate.TOLD_APART) is Fate.TOLD_APART
    assert fate(Fate.UNREACHED, Fate.SURVIVED) is Fate.SURVIVED
    assert fate(Fate.CRASH, Fate.HIDDEN) is Fate.CRASH
    assert fate(Fate.TOLD_APART, Fate.LOST) is Fate.LOST


def test_a_mutant_is_tried_in_no_other_scenario_than_it_is_to_be(measuring: Measuring) -> None:
    told = made(measuring, "days * 25", "days * 26")
    trials = Trials(
        ground=measuring.ground, subjects=measuring.subjects, classes=measuring.classes
    )

    [late] = replace(trials, only={told.id: frozenset({"late"})}).of("control", (told,))
    [elsewhere] = replace(trials, only={told.id: frozenset({"nowhere"})}).of("control", (told,))

    assert late.fate is Fate.TOLD_APART
    assert elsewhere.fate is Fate.UNREACHED


def test_what_comes_out_otherwise_than_it_is_remembered_is_no_measurement(
    measuring: Measuring, tmp_path: Path
) -> None:
    batch, depends, kept = remembering(measuring)
    memory = Remembered(tmp_path / "mutants.json", known={batch[0].id: Known(depends, kept)})

    with pytest.raises(InputError) as caught:
        memory.keep(batch, depends, (replace(kept[0], fate=Fate.SURVIVED), *kept[1:]))

    assert caught.value.slug == "remembered-differs"


def test_a_measurement_that_is_killed_goes_on_where_it_was(
    measuring: Measuring, tmp_path: Path
) -> None:
    file = tmp_path / "mutants.json"
    batch, depends, kept = remembering(measuring)
    memory = Remembered(file, saved=-1e9)

    memory.keep(batch, depends, kept)

    assert Remembered.read(file).known == {batch[0].id: Known(depends, kept)}


def test_what_another_measurement_wrote_of_the_same_code_stays(
    measuring: Measuring, tmp_path: Path
) -> None:
    file = tmp_path / "mutants.json"
    batch, depends, kept = remembering(measuring)
    old = Known(Depends("old", {}), ())
    other = Known(Depends(depends.code, {}), ())
    Remembered(file, now={"other": other}).write()
    there = Remembered.read(file).known
    Remembered(file, now={"old": old}).write()
    assert Remembered.read(file).known == {"old": old}  # of another code nothing is kept

    file.write_bytes(msgspec.json.encode(there))
    Remembered(file, now={batch[0].id: Known(depends, kept)}).write()
    assert set(Remembered.read(file).known) == {"other", batch[0].id}


def test_damaged_memory_is_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "mutants.json"
    file.write_text("{")

    assert Remembered.read(file).known == {}
