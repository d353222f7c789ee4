"""Plants for every outcome of a cell, every finding behind one, and their order."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final

from harness.plain.world import PlainWorld
from harness.ports import Data
from harness.selftest.lamps import FELL, TURN, TURNED, LampKit
from harness.selftest.plant import DUSK, RAN, WHEN, Parts, Plant
from harness.selftest.unrecorded import unrecorded
from harness.selftest.ways import (
    also,
    answering,
    both,
    for_ever,
    hall,
    looking,
    raising,
    spend,
    swallowing,
)
from harness.stability import Second

NOBODY: Final = "lamps: {hall: {}, yard: {}}, meter: {main: {}}, unknown: ['tasks']"
OBSERVED: Final = 'observed: [{}, {}, {"books.lamps.hall.level": 5}]'
ASKING: Final = swallowing(lambda ports: ports.tasks.get("t1"))
"""An engine asks for a store that nobody recorded, and lets nobody see it."""


def cell_of(second: Second, number: str) -> str:
    """The id of a cell, by its number."""
    return next(cell for cell in second.cells if cell.endswith(f"#{number}"))


def another_digest(side: int) -> Any:
    """The second process sees another candidate, or control, in cell 2."""

    def seen(second: Second) -> Second:
        cell = cell_of(second, "2")
        digests = [*second.cells[cell]]
        digests[side] = "0" * 64
        return replace(second, cells={**second.cells, cell: (digests[0], digests[1])})

    return seen


def no_cell(second: Second) -> Second:
    """The second process has no cell 2, and nobody knows why."""
    gone = cell_of(second, "2")
    return replace(second, cells={c: d for c, d in second.cells.items() if c != gone})


def failed(second: Second) -> Second:
    """The second process failed in the scenario's first act."""
    scenario = cell_of(second, "2").partition("#")[0]
    return replace(no_cell(second), failed={scenario: "KeyError: planted"})


def lost(second: Second) -> Second:
    """There is no second process."""
    return Second(lost=f"{len(second.cells)} cells were not replayed again")


def ambient(second: Second) -> Second:
    """The candidate read the clock in cell 2."""
    return replace(second, ambient={cell_of(second, "2"): ("time.time",)})


class Caught:
    """A guard that has caught an import whenever it is asked."""

    def drain(self) -> tuple[str, ...]:
        return ("import os",)


def trapped_by_guard(parts: Parts) -> Parts:
    """The candidate's guard catches something in every episode."""
    return {"candidate": SimpleNamespace(engine=parts["candidate"].engine, guard=Caught())}


class FailingKit(LampKit):
    """A world that fails where the lamp in the hall is of level 4."""

    def books(self, world: PlainWorld) -> dict[str, Data]:
        books = super().books(world)
        if books["lamps"]["hall"]["level"] == 4:
            raise OSError("planted")
        return books


def failing_books(parts: Parts) -> Parts:  # noqa: ARG001  # whatever the kit was
    """A world that fails."""
    return {"kit": FailingKit()}


OUTCOMES: Final = (
    Plant(
        name="a candidate that writes another value",
        candidate=also(TURN, hall(lit=True)),
    ),
    Plant(
        name="a candidate that crashes",
        candidate=also(FELL, raising(ValueError)),
        **DUSK,
    ),
    Plant(
        name="a control that crashes",
        control=also(FELL, raising(ValueError)),
        **DUSK,
    ),
    Plant(
        name="a control that crashes as its quirk says, and a candidate that does not",
        control=also(TURN, raising(KeyError)),
    ),
    Plant(
        name="a candidate that crashes as the control may",
        candidate=also(TURN, raising(KeyError)),
    ),
    Plant(
        name="a candidate that swallows a trap",
        candidate=also(FELL, swallowing(hall(level="4"))),
        **DUSK,
    ),
    Plant(
        name="a trap of the guard",
        change=trapped_by_guard,
    ),
    Plant(
        name="a store that nobody recorded",
        given=NOBODY,
        then="",
        kind="recorded",
        candidate=also(TURN, ASKING),
    ),
    Plant(
        name="a recorded control that nobody saw do anything",
        when=f"{WHEN}  - {{at: +3m, act: lamp.wish, lamp: hall, to: 4}}",
        ran=(*RAN, ""),
        again=True,
        change=unrecorded,
    ),
    Plant(
        name="a candidate that never ends",
        candidate=also(FELL, for_ever),
        **DUSK,
    ),
    Plant(
        name="a control that never ends",
        control=also(FELL, for_ever),
        **DUSK,
    ),
    Plant(
        name="an event that answers itself for ever",
        candidate=also(TURNED, lambda ports: ports.emit(TURNED, "hall")),
    ),
    Plant(
        name="a candidate of another order of rows",
        again=True,
        candidate=also(FELL, lambda ports: ports.reason(ports.lamps.items()[0][0])),
        **DUSK,
    ),
    Plant(
        name="a control of another order of rows",
        again=True,
        control=also(FELL, lambda ports: ports.reason(ports.lamps.items()[0][0])),
        **DUSK,
    ),
    Plant(name="another digest of the control", second=another_digest(0)),
    Plant(name="another digest of the candidate", second=another_digest(1)),
    Plant(name="a cell that the second process does not have", second=no_cell),
    Plant(name="a scenario that failed in the second process", second=failed),
    Plant(name="a second process that is lost", second=lost),
    Plant(name="a clock that was read", second=ambient),
    Plant(
        name="a control that is not what was observed",
        kind="recorded",
        more=OBSERVED,
        **DUSK,
    ),
    Plant(
        name="a listed fault that does not show",
        more="faults: [Q2]",
    ),
    Plant(
        name="an act that is impossible",
        when=f"{WHEN}  - {{at: +3m, act: dusk.falls, over: attic}}",
        ran=(*RAN, ""),
        then="{customer: {light: {hall: 4, yard: 2}}, moot: ['dusk.falls#3']}",
    ),
    Plant(name="a world that fails", change=failing_books),
    Plant(
        name="an invariant that the candidate breaks",
        candidate=also(FELL, hall(level=12)),
        **DUSK,
    ),
    Plant(
        name="an invariant that only the control breaks",
        control=also(FELL, hall(level=12)),
        **DUSK,
    ),
    Plant(
        name="a light that is worse than due",
        candidate=also(TURN, hall(level=3)),
    ),
    Plant(
        name="a light that was due before the first look and is not given",
        given="lamps: {hall: {wanted: 4}, yard: {}}, meter: {main: {}}",
    ),
    Plant(
        name="a light that is more than due at the first look",
        given="lamps: {hall: {level: 6}, yard: {}}, meter: {main: {}}",
    ),
    Plant(
        name="a first look that breaks an invariant",
        candidate=looking(hall(level=12)),
    ),
    Plant(
        name="a first look that repairs what was given",
        given="lamps: {hall: {}, yard: {level: 1, wanted: 2}}, meter: {main: {}}",
        candidate=looking(lambda ports: ports.lamps.update("yard", level=2)),
        when="[]",
        ran=("",),
        then="{customer: {light: {hall: 0, yard: 2}}}",
    ),
    Plant(
        name="a request that the control does not grant",
        control=also(TURN, hall(level=0)),
    ),
    Plant(
        name="light of which nobody can tell",
        given="lamps: {hall: {}, yard: {broken: null}}, meter: {main: {}}",
    ),
    Plant(
        name="an event that neither handles",
        when="[{at: +1m, webhook: lamp.stolen, object: {id: hall}}]",
        ran=("", ""),
        then="{customer: {light: {hall: 0, yard: 0}}}",
    ),
    Plant(
        name="something that no engine is told",
        when="[{at: +1m, act: lamp.wish, lamp: hall, to: 0}, {at: +2m, act: dusk.falls}]",
        ran=("", "", "tag"),
        then="{truth: {light: {hall: 0, yard: 0}}}",
    ),
    Plant(
        name="a decision that is left to a person",
        control=also(FELL, lambda ports: ports.tasks.add("t1", what="look")),
        candidate=also(FELL, lambda ports: ports.tasks.add("t1", what="look")),
        **DUSK,
    ),
    Plant(
        name="a difference in a cell whose candidate is unstable",
        candidate=also(TURN, hall(lit=True)),
        second=another_digest(1),
    ),
    Plant(
        name="a difference in a cell whose control drifts",
        candidate=also(TURN, hall(lit=True)),
        kind="recorded",
        more=OBSERVED,
    ),
    Plant(
        name="a control that drifts and an unstable candidate",
        kind="recorded",
        more=OBSERVED,
        second=another_digest(1),
    ),
    Plant(
        name="an unstable cell that is over its budget",
        candidate=also(TURN, for_ever),
        second=another_digest(0),
    ),
    Plant(
        name="a trap in a cell that is over its budget",
        candidate=also(TURN, both(swallowing(hall(level="4")), for_ever)),
    ),
    Plant(
        name="a trap in a cell that asks for what nobody recorded",
        given=NOBODY,
        then="",
        kind="recorded",
        candidate=also(TURN, both(ASKING, swallowing(hall(level="4")))),
    ),
    Plant(
        name="a crash of the candidate beside another answer",
        candidate={**answering({"level": 5}), **also(TURNED, raising(ValueError))},
    ),
    Plant(
        name="a loss beside a harm",
        candidate=also(TURN, both(spend(7), hall(level=1, wanted=1))),
    ),
)
