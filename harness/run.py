"""A run: every scenario replayed, held against the second process, and judged cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from harness.adjudicate import adjudicate
from harness.compose import Composition
from harness.errors import InputError
from harness.faults import with_missing_faults
from harness.free import free_run
from harness.leak import Leak, Measured, measure
from harness.lockstep import lockstep
from harness.model import (
    Cell,
    Class,
    Episode,
    Finding,
    Free,
    FreeRun,
    Outcome,
)
from harness.names import hint
from harness.ruling import Ruling, in_force
from harness.scenario import Scenario, episodes
from harness.setup import Setup
from harness.stability import Second, SecondProcess, fingerprint

SECONDS_FOR_SECOND = 300.0
"""How long the second process may take beyond the first."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run found.

    Attributes:
        scenarios: those that were replayed.
        cells: judged, in the order of scenarios and episodes.
        free: one for each scenario.
        leaks: wrong values tried on RULED cells, and those that passed.
        failures: files that could not be used.
        unusable: scenario ids those files' names promise.
    """

    scenarios: tuple[Scenario, ...]
    cells: tuple[Cell, ...]
    free: tuple[FreeRun, ...]
    leaks: Measured
    rulings: tuple[Ruling, ...]
    failures: tuple[InputError, ...] = ()
    unusable: tuple[str, ...] = ()


def run(
    composition: Composition,
    *,
    today: date,
    only: str | None = None,
    progress: Progress = lambda _: None,
) -> RunResult:
    """Replay and judge.

    Args:
        composition: what the run is made of.
        today: the day that rulings' dates are compared with.
        only: one scenario's id in place of all; then the second process is left out.
        progress: told each scenario's id when it is done.

    Raises:
        InputError: the configuration, or the scenario asked for, does not exist.
    """
    second = None if only else SecondProcess(composition.config.file, composition.paths)
    try:
        scenarios = chosen(composition, only)
        setup = composition.setup()
        replayed = []
        for scenario in scenarios:
            replayed.append((scenario, *replay(setup, scenario)))
            progress(scenario.id)
        seen = second.result(seconds=SECONDS_FOR_SECOND) if second is not None else None
    finally:
        if second is not None:
            second.stop()
    rulings = in_force(composition.rulings.good, today)
    return judged(composition, replayed, rulings, seen)


def chosen(composition: Composition, only: str | None) -> tuple[Scenario, ...]:
    """The scenarios to replay.

    Raises:
        InputError: there is none with that id.
    """
    if only is None:
        return composition.loaded.scenarios
    found = tuple(one for one in composition.loaded.scenarios if one.id == only)
    if not found:
        for failure in composition.loaded.failures:
            raise failure
        known = [one.id for one in composition.loaded.scenarios]
        message = f"there is no scenario {only!r}"
        raise InputError("unknown-scenario", message, hint=hint(only, known))
    return found


def replay(setup: Setup, scenario: Scenario) -> tuple[tuple[Episode, ...], FreeRun]:
    """Both replays of one scenario; whatever fails in harness or world is an ERROR, counted."""
    done: list[Episode] = []
    try:
        for episode in lockstep(setup, scenario):
            done.append(episode)  # one at a time: what was done before a failure stays
    except Exception as error:  # noqa: BLE001  # a failure of harness or world ends the scenario, not the run
        done.extend(_lost(scenario, len(done), error))
    try:
        free = free_run(setup, scenario)
    except Exception as error:  # noqa: BLE001  # likewise
        text = f"{type(error).__name__}: {error}"
        free = FreeRun(scenario=scenario.id, outcome=Free.ERROR, findings=(text,))
    return tuple(done), free


def _lost(scenario: Scenario, done: int, error: Exception) -> Iterator[Episode]:
    """The cells that a failure of harness or world left without a result."""
    detail = f"{type(error).__name__}: {error}"
    for spec in episodes(scenario)[done:]:
        first = Finding(outcome=Outcome.ERROR, slug="world-failed", detail=detail)
        yield Episode(
            id=f"{scenario.id}#{spec.index}",
            scenario=scenario.id,
            act=spec.label,
            at=spec.at,
            paths=(),
            control=None,
            candidate=None,
            before={},
            scope={},
            stratum={},
            differences=(),
            klass=Class.UNDECIDABLE,
            findings=(first,),
            provenance=scenario.provenance.kind,
        )


def judged(
    composition: Composition,
    replayed: list[tuple[Scenario, tuple[Episode, ...], FreeRun]],
    rulings: tuple[Ruling, ...],
    seen: Second | None,
) -> RunResult:
    """Hold everything against the second process, then judge each cell and measure leaks."""
    cells: list[Cell] = []
    free: list[FreeRun] = []
    tried = 0
    leaks: list[Leak] = []
    crashes = composition.setup().control.crashes
    for scenario, found, end in replayed:
        earlier: dict[str, Cell] = {}
        for episode in found:
            held = episode if seen is None else checked(episode, seen)
            cell = adjudicate(held, rulings, earlier)
            measured = measure(cell, rulings, earlier)
            tried += measured.tried
            leaks.extend(measured.leaks)
            earlier[episode.id] = cell
        quirks = {ruling.id: ruling.quirk for ruling in rulings}
        paths = {quirk.id: quirk.path for quirk in composition.control.engine.quirks.values()}
        cells.extend(
            with_missing_faults(scenario, tuple(earlier.values()), quirks, paths, crashes)
        )
        free.append(end if seen is None else checked_free(end, seen))
    return RunResult(
        scenarios=tuple(scenario for scenario, _, _ in replayed),
        cells=tuple(cells),
        free=tuple(free),
        leaks=Measured(tried=tried, leaks=tuple(leaks)),
        rulings=rulings,
        failures=composition.loaded.failures,
        unusable=composition.loaded.unusable,
    )


def checked(episode: Episode, seen: Second) -> Episode:
    """The episode with what the second process holds against it."""
    found = [*episode.findings]
    here = [fingerprint(episode.control), fingerprint(episode.candidate)]
    there = list(seen.cells.get(episode.id, ()))
    if seen.lost or not there:
        lost = seen.lost or seen.failed.get(episode.scenario)
        detail = lost or "the second process has no such cell"
        found.append(_unstable("not-checked-against-itself", detail))
    else:
        for role, one, other in zip(("control", "candidate"), here, there, strict=True):
            if one != other:
                detail = f"{role}: {one[:12]} here, {other[:12]} in another process"
                found.append(_unstable("differs-from-itself", detail))
    for what in seen.ambient.get(episode.id, ()):
        found.append(Finding(outcome=Outcome.ERROR, slug="trap-sprung", detail=f"escaped: {what}"))
    return replace(episode, findings=tuple(found))


def checked_free(end: FreeRun, seen: Second) -> FreeRun:
    """The free run held against the candidate's own, made where no control could be imported."""
    alone = seen.alone.get(end.scenario)
    if alone == end.digest or end.outcome in (Free.NOT_RUN, Free.ERROR, Free.TIMEOUT):
        return end
    why = seen.lost or "the candidate does something else where no control can be imported"
    if alone is None and not seen.lost:
        why = seen.failed.get(end.scenario, "the second process has no such free run")
    return replace(end, outcome=Free.UNSTABLE, findings=(*end.findings, why))


def _unstable(slug: str, detail: str) -> Finding:
    return Finding(outcome=Outcome.UNSTABLE, slug=slug, detail=detail)


def paths_that_ran(cells: tuple[Cell, ...]) -> Mapping[str, tuple[str, ...]]:
    """Cell → control paths that ran in it, pseudo-paths left out: what the manifest pins."""
    return {
        cell.episode.id: tuple(path for path in cell.episode.paths if not path.startswith("("))
        for cell in cells
    }
