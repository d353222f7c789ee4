"""Recording a control: note it while all is replayed, then hold the recording against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from harness.arcs import Coverage
from harness.compose import Composition
from harness.errors import HarnessError, InputError
from harness.importing import LoadedEngine
from harness.replayed.package_sources import package, sources_sha256
from harness.replayed.recorded_engine import recorded_engine
from harness.replayed.recording import (
    SCHEMA,
    ArcRow,
    Head,
    PathLine,
    QuirkLine,
    RaiseLine,
    Recording,
    UnitLine,
)
from harness.replayed.recording_file import parsed, rendered
from harness.replayed.seen import Replayed, Step, seen_of
from harness.replayed.tape import Tape
from harness.setup import Setup, Side
from harness.text import visible

MOST_SHOWN: Final = 3
TIMES: Final = 3
"""How often everything is replayed: noted, left alone, and from the recording."""


def recorded(composition: Composition, *, today: date, step: Step) -> Recording:
    """Record the control of a composition.

    Args:
        composition: with a control that is code.
        today: the day that the recording bears.
        step: called after each scenario, TIMES times.

    Raises:
        InputError: `control-not-recordable`: it sees what no file can hold, or does something
            else when it is given the same answers; `control-recorded-otherwise`: what was
            recorded does not do what the control does.
    """
    tape = Tape(composition.control.coverage)
    replay = _Replay(composition, step)
    replay.all(noted(tape), tape)
    _refuse("control-not-recordable", "the control cannot be recorded", tape.faults)
    alone = replay.all(lambda side: side)
    _refuse(
        "control-not-recordable",
        "the clock on the wall ended what no budget did",
        [str(one) for one in alone if one.late],
    )
    made = parsed(rendered(_recording(composition, tape, today)), "what was recorded")
    again = replay.all(replaced(recorded_engine(made)))
    _refuse(
        "control-recorded-otherwise",
        "the recording does not do what the control does",
        [str(one) for one, other in zip(alone, again, strict=True) if one != other],
    )
    return made


@dataclass(frozen=True, slots=True)
class _Replay:
    """Everything replayed, once for each engine that stands in the control's place."""

    composition: Composition
    step: Step

    def all(self, side: Callable[[Side], Side], tape: Tape | None = None) -> list[Replayed]:
        """What is seen of it; a tape is told each episode before it begins.

        Raises:
            InputError: world, kit or harness fails on the way.
        """
        here = [""]

        def note(cell: str) -> None:
            here[0] = cell
            if tape is not None:
                tape.at(cell)

        ways, scenarios = _ways(self.composition, side), self.composition.loaded.scenarios
        try:
            return list(seen_of(ways, scenarios, note, self.step))
        except HarnessError:
            raise
        except Exception as error:  # of a world that the control cannot be replayed in
            if tape is not None:
                _refuse("control-not-recordable", "the control cannot be recorded", tape.faults)
            message = f"{here[0]}: {type(error).__name__}: {visible(str(error))}"
            hint = "see what becomes of it: shadow run"
            raise InputError("control-not-recordable", message, hint=hint) from error


def _ways(composition: Composition, side: Callable[[Side], Side]) -> Mapping[str, Setup]:
    """As a run replays, and as its second process does: from bytes, no order of their own."""
    return {
        way: replace(setup, control=side(setup.control))
        for way, setup in (
            ("in order", composition.setup()),
            ("reversed", composition.setup(reverse=True, reload=True)),
        )
    }


def noted(tape: Tape) -> Callable[[Side], Side]:
    """A control's side, noted while it is replayed."""
    return lambda side: replace(
        side,
        engine=tape.engine(side.engine),
        reset_arcs=tape.reset,
        taken_arcs=tape.taken,
    )


def replaced(loaded: LoadedEngine) -> Callable[[Side], Side]:
    """A control's side with another engine in it."""
    return lambda side: replace(
        side,
        engine=loaded.engine,
        drain_traps=loaded.guard.drain,
        reset_arcs=loaded.coverage.reset,
        taken_arcs=loaded.coverage.taken,
        crashed=loaded.coverage.raised,
    )


def _refuse(slug: str, what: str, faults: Iterable[str]) -> None:
    found = list(faults)
    if not found:
        return
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    message = f"{what}: {'; '.join(map(visible, found[:MOST_SHOWN]))}{more}"
    hint = "a recorded control knows its trigger and what its ports answer, as plain data"
    raise InputError(slug, message, hint=hint)


def _recording(composition: Composition, tape: Tape, today: date) -> Recording:
    control, config = composition.control, composition.config
    engine = control.engine
    return Recording(
        head=Head(
            schema=SCHEMA,
            recorded=today.isoformat(),
            control=config.control,
            name=engine.name,
            control_sha256=sources_sha256(package(config.control)),
            world=config.world,
            world_sha256=sources_sha256(package(config.world)),
            unowned=control.unowned,
        ),
        paths={
            one.id: PathLine(
                id=one.id,
                module=one.module,
                triggers=tuple(one.triggers),
                origin=one.origin,
                reads=tuple(one.reads),
                writes=tuple(one.writes),
            )
            for one in engine.paths.values()
        },
        quirks={
            one.id: QuirkLine(id=one.id, title=one.title, path=one.path, crash=one.crash)
            for one in engine.quirks.values()
        },
        triggers={
            trigger: tuple(handler.path for handler in handlers)
            for trigger, handlers in engine.handlers.items()
        },
        units={unit.unit: unit for unit in _units(control.coverage)},
        raises=tuple(
            RaiseLine(path=path, exception=exception, unit=unit, arc=arc)
            for (path, exception), (unit, arc) in control.coverage.raising.items()
        ),
        scenarios={one.id: one.sha256 for one in composition.loaded.scenarios},
        answers=tape.answers,
        courses=tape.courses,
    )


def _units(coverage: Coverage) -> Iterator[UnitLine]:
    for unit, arcs in coverage.arcs.items():
        imported = coverage.imported.get(unit, b"")
        yield UnitLine(
            unit=unit,
            arcs=tuple(ArcRow(*arc) for arc in arcs),
            imported=tuple(number for number, hit in enumerate(imported) if hit),
        )
