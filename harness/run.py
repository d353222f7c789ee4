"""A run: every scenario replayed, held against the second process, and judged cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from harness.compose import Composition
from harness.court import Heard
from harness.episode import unseen
from harness.errors import InputError
from harness.free import free_run
from harness.garbage import uncollected
from harness.leak import Measured
from harness.lockstep import begun
from harness.missing import refused
from harness.model import (
    Cell,
    Episode,
    Finding,
    Free,
    FreeRun,
    Outcome,
)
from harness.names import hint
from harness.ruling import Ruling
from harness.scenario import Scenario, episodes
from harness.setup import Setup
from harness.stability import Second, SecondProcess

SECONDS_FOR_SECOND = 300.0
"""How long the second process may take beyond the first."""

Step = Callable[[], None]


class Other(Protocol):
    """Who replays it all once more (`harness.stability.SecondProcess`)."""

    def result(self, *, seconds: float) -> Second: ...
    def stop(self) -> None: ...


Progress = Callable[[int], AbstractContextManager[Step]]

Replayed = tuple[tuple[Episode, ...], FreeRun]
"""A scenario's cells in lockstep, and the candidate's free run."""


def nothing() -> None:
    """Do nothing."""


@contextmanager
def unseen_progress(total: int) -> Iterator[Step]:  # noqa: ARG001  # nobody looks
    """Progress that nobody looks at."""
    yield lambda: None


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


def replay(setup: Setup, scenario: Scenario) -> Replayed:
    """Both replays of one scenario; whatever fails in harness or world is an ERROR, counted."""
    done: list[Episode] = []
    run = None
    try:
        run = begun(setup, scenario)
        for spec in episodes(scenario):
            done.append(run.play(spec))  # one at a time: what was done before a failure stays
    except Exception as error:  # noqa: BLE001  # a failure of harness or world ends the scenario, not the run
        done.extend(_lost(scenario, len(done), error))
        run = None
    try:
        free = free_run(setup, scenario, run)
    except Exception as error:  # noqa: BLE001  # likewise
        text = f"{type(error).__name__}: {error}"
        free = FreeRun(scenario=scenario.id, outcome=Free.ERROR, findings=(text,))
    return tuple(done), free


def run(
    composition: Composition,
    *,
    today: date,
    only: str | None = None,
    progress: Progress = unseen_progress,
    meanwhile: Step = nothing,
    other: Other | None = None,
    replayed: Callable[[Setup, Scenario], Replayed] = replay,
) -> RunResult:
    """Replay and judge.

    Args:
        composition: what the run is made of.
        today: the day that rulings' dates are compared with.
        only: one scenario's id in place of all; then the second process is left out.
        progress: opened with the number of scenarios; gives what is called when one is done.
        meanwhile: called when this process has replayed all and the second may still be at work.
        other: asked in place of a second process.
        replayed: replays one scenario.

    Raises:
        InputError: the configuration, or the scenario asked for, does not exist.
    """
    second = other
    if second is None and only is None:
        second = SecondProcess(composition.config.file, composition.paths)
    try:
        scenarios = chosen(composition, only)
        setup, court = composition.setup(), composition.court(today)
        heard: list[Heard] = []
        engines = composition.strangers("world")  # truth may not ask them either
        with refused(*engines), progress(len(scenarios)) as step, uncollected() as tidy:
            for scenario in scenarios:
                heard.append(court.hear(scenario, *replayed(setup, scenario)))
                tidy()
                step()
        meanwhile()
        if second is not None:
            seen = second.result(seconds=SECONDS_FOR_SECOND)
            heard = [court.hear_again(one, seen) for one in heard]
    finally:
        if second is not None:
            second.stop()
    return RunResult(
        scenarios=scenarios,
        cells=tuple(cell for one in heard for cell in one.cells),
        free=tuple(one.free for one in heard),
        leaks=Measured(
            tried=sum(one.leaks.tried for one in heard),
            leaks=tuple(leak for one in heard for leak in one.leaks.leaks),
        ),
        rulings=court.rulings,
        failures=composition.loaded.failures,
        unusable=composition.loaded.unusable,
    )


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


def _lost(scenario: Scenario, done: int, error: Exception) -> Iterator[Episode]:
    """The cells that a failure of harness or world left without a result."""
    detail = f"{type(error).__name__}: {error}"
    for spec in episodes(scenario)[done:]:
        first = Finding(outcome=Outcome.ERROR, slug="world-failed", detail=detail)
        yield replace(unseen(scenario, spec), findings=(first,))


def paths_that_ran(cells: tuple[Cell, ...]) -> Mapping[str, tuple[str, ...]]:
    """Cell → control paths that ran in it, pseudo-paths left out: what the manifest pins."""
    return {
        cell.episode.id: tuple(path for path in cell.episode.paths if not path.startswith("("))
        for cell in cells
    }
