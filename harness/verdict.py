"""From a run to the gate: what the manifest, the rulings' health and the branches add to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from harness import manifest as manifests
from harness.audit.gate_condition import condition as surface
from harness.compose import Composition
from harness.condition import CONDITIONS, Condition
from harness.evidence import Pinned, fold
from harness.fidelity import fidelity
from harness.fields import Fields
from harness.freshness import freshness, recorded, to_come
from harness.gate import Verdict, decide
from harness.guarding.pinning import pinned_paths
from harness.guarding.retired import Census, census
from harness.manifest import Manifest, Present, Problem
from harness.model import Cell
from harness.moment import Now
from harness.mutate.gate_condition import condition as mutants
from harness.origin import Counted, Source, sources
from harness.reason import Reason
from harness.ruling import RulingClass, subjects_of
from harness.ruling_health import unhealthy
from harness.run import RunResult, paths_that_ran
from harness.sampling.gate_condition import condition as bounds


def verdict(
    composition: Composition, result: RunResult, *, today: date, now: Now | None = None
) -> Verdict:
    """Decide the gate from a run's result, on a day; `now` also knows how the clock stands."""
    manifest = composition.manifest or Manifest()
    problems = manifests.compare(composition.manifest, present(composition, result))
    whole = not composition.paths
    evidence = fold(
        result.cells,
        result.free,
        paths=composition.control.engine.paths,
        units=composition.units(),
        pinned=Pinned(
            cells={cell.id: cell.paths for cell in manifest.cells()},
            scenarios=tuple(pin.id for pin in manifest.scenarios),
        ),
        ruling_classes={ruling.id: str(ruling.klass) for ruling in composition.rulings.good},
        dead=subjects_of(result.rulings, RulingClass.DEAD_BRANCH),
    )
    health = unhealthy(
        composition.rulings.good,
        result.cells,
        today=today,
        approvers=composition.policy.approvers,
        refused=composition.rulings.refused,
        leaks=result.leaks.leaks,
        whole=whole,
    )
    faults = (*_unowned(composition), *to_come(result.scenarios, today))
    counted = counts(composition)
    decided = decide(
        evidence,
        composition.policy,
        today=today,
        manifest=[
            *map(_reason, problems),
            *_unusable(result),
            *faults,
            *counted.missing.values(),
        ],
        rulings=health,
        leak=len(result.leaks.leaks),
        partial="" if whole else f"{len(result.scenarios)} scenarios named on the command line",
        retired=left_out(result.cells, composition.fields),
        conditions=conditions(composition, result, now or Now.of(today)),
    )
    return replace(
        decided,
        recorded=getattr(composition.control.engine, "recorded", ""),
        sources=origins(composition, result, decided, today),
        census=counted,
    )


def counts(composition: Composition) -> Census:
    """Every path that there ever was: registered, pinned, or buried."""
    return census(
        composition.control.engine.paths,
        pinned_paths(composition.manifest or Manifest()),
        composition.retired,
        recorded=composition.config.recording is not None,
    )


def origins(
    composition: Composition, result: RunResult, decided: Verdict, today: date
) -> Mapping[str, Source]:
    """Where every figure comes from: what this run measured, what a file asserts."""
    counted = Counted(
        scenarios=len(result.scenarios),
        cells=len(result.cells),
        wrong_values=result.leaks.tried,
        branches=sum(len(unit.arcs) for unit in composition.units().values()),
        races=len(explored(result)),
        recordings=len(recorded(result.scenarios)),
    )
    asserted = {one.key: one.source for one in decided.conditions if one.source is not None}
    found = sources(counted, today, asserted)
    return {name: source for name, source in found.items() if source is not None}


def conditions(composition: Composition, result: RunResult, now: Now) -> tuple[Condition, ...]:
    """What evidence says beside the cells, each sort weighed for itself."""
    recordings = (
        weigh(
            result.cells,
            result.scenarios,
            composition.policy,
            paths=composition.control.engine.paths,
            now=now,
        )
        for weigh in (fidelity, freshness)
    )
    return (
        races(composition, result),
        mutants(composition),
        surface(composition, now.today),
        bounds(composition, result),
        *recordings,
    )


def present(composition: Composition, result: RunResult) -> Present:
    """What there is, for the manifest to be compared with or written from."""
    return Present(
        scenarios=result.scenarios,
        unusable=result.unusable,
        paths=paths_that_ran(result.cells),
        branches={unit: len(arcs) for unit, arcs in composition.control.coverage.arcs.items()},
        whole=not composition.paths,
    )


def _reason(problem: Problem) -> Reason:
    found = f"{problem.about}: {problem.detail}"
    return Reason(slug=problem.slug, found=found, needed="what is pinned is what there is")


def _unusable(result: RunResult) -> Iterable[Reason]:
    for failure in result.failures:
        found = str(failure).splitlines()[0]
        yield Reason(slug="scenario-unusable", found=found, needed="every file can be read")


def _unowned(composition: Composition) -> Iterable[Reason]:
    for module in composition.control.unowned:
        yield Reason(
            slug="unowned-code",
            found=f"{module} has branches and no path reaches it",
            needed="every branch is some path's",
        )


def left_out(cells: Iterable[Cell], fields: Fields) -> dict[str, int]:
    """Field that is not compared → compared cells it was left out of."""
    compared = sum(cell.episode.control is not None for cell in cells)
    return {f"{field.path} ({field.status})": compared for field in fields.fields}


def explored(result: RunResult) -> tuple[Mapping[str, Any], ...]:
    """What the control says of each race that it was taken through."""
    return tuple(
        reason
        for cell in result.cells
        if cell.episode.control is not None
        for reason in cell.episode.control.reasons
        if isinstance(reason, dict) and reason.get("rule") == "race"
    )


def races(composition: Composition, result: RunResult) -> Condition:
    """What races were explored; no rule weighs yet whether those are enough."""
    found = explored(result)
    schedules = sum(int(race["schedules"]) for race in found)
    evidence = f"{len(found)} races, {schedules} schedules of the control, exhausted"
    what = CONDITIONS["races"]
    unweighed = Reason(
        slug="evidence-required", found=f"{what}: {evidence}", needed="a rule that weighs it"
    )
    return Condition(
        key="races",
        what=what,
        asked=composition.policy.asks("races"),
        evidence=evidence,
        whole=(unweighed,),
    )
