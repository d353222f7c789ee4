"""A tiny domain that both sides of every plant act on: lamps, a meter, and light for people.

`lamps` are turned by request and lit at dusk, the `meter` counts what that costs. People are
entitled to the light that is `wanted`; a lamp with less is worse than truth, one with more is only
not as due. Of a lamp whose `broken` is null nobody can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from harness.plain.journal import NAMES, Refused
from harness.plain.kit import ActImpossible, Invariant, Kit, asked, happens
from harness.plain.rows import Row
from harness.plain.world import PlainWorld
from harness.ports import Data, Facts

TURN: Final = "lamp.turn"
TURNED: Final = "lamp.turned"
FELL: Final = "dusk.fell"

Handle = Callable[[Any, Any], Any]


class Lamp(Row, frozen=True):
    level: int = 0
    wanted: int = 0
    lit: bool = False
    tag: str | int | bool | None = None
    broken: bool | None = False


class Meter(Row, frozen=True):
    spent: int = 0


class Slot(Row, frozen=True):
    value: int = 0


class Task(Row, frozen=True):
    what: str = ""


OWN: Final[Mapping[str, type[Row]]] = {
    "lamps": Lamp, "meter": Meter, "notes": Slot, "tasks": Task,
}  # fmt: skip


def falls(ports: Any, args: Any) -> None:
    """Dusk: one event for each lamp, of which there has to be one."""
    names = sorted(name for name, _ in ports.lamps.items())
    if args.over not in ("all", *names):
        raise ActImpossible(f"there is no lamp {args.over}")
    for name in names:
        if args.over in ("all", name):
            ports.emit(FELL, name)


def wish(ports: Any, args: Any) -> None:
    """Somebody wants another light and does not ask the engine."""
    ports.lamps.update(args.lamp, wanted=args.to)


class LampKit(Kit):
    """The domain; `extra` are more stores, by name."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        super().__init__(
            stores={**OWN, **dict.fromkeys(sorted(extra), Slot)},
            acts={
                TURN: asked(lamp=str, to=int),
                "dusk.falls": happens(falls, over=(str, "all")),
                "lamp.wish": happens(wish, lamp=str, to=int),
            },
        )

    def intent(self, world: PlainWorld, name: str, args: Any) -> Any | None:
        """Nobody turns a lamp that is broken."""
        lamp = world.table("lamps").get(args.lamp) if name == TURN else None
        return None if isinstance(lamp, Lamp) and lamp.broken else args

    def truth(self, world: PlainWorld) -> dict[str, Data]:
        return {"light": {name: lamp.wanted for name, lamp in lamps_of(world)}}

    def outcome(self, world: PlainWorld) -> dict[str, Data]:
        return {"light": {name: lamp.level for name, lamp in lamps_of(world)}}

    def money(self, world: PlainWorld) -> dict[str, Data]:
        return {"spent": {name: meter.spent for name, meter in meters_of(world)}}

    def entitled(self, world: PlainWorld) -> tuple[str, ...] | None:
        lamps = lamps_of(world)
        if any(lamp.broken is None for _, lamp in lamps):
            return None
        return tuple(name for name, lamp in lamps if lamp.level != lamp.wanted)

    def wrongs(self, world: PlainWorld) -> tuple[str, ...]:
        return tuple(name for name, lamp in lamps_of(world) if lamp.level < lamp.wanted)

    def harm(self, control: Any, candidate: Any) -> tuple[str, ...]:
        """Lamps that give less light than under the control."""
        light = candidate.get("light", {})
        return tuple(n for n, was in control.get("light", {}).items() if light.get(n, 0) < was)

    def loss(self, control: PlainWorld, candidate: PlainWorld) -> dict[str, int]:
        """What more is spent than under the control."""
        control_spent, spent = (
            sum(meter.spent for _, meter in meters_of(world)) for world in (control, candidate)
        )
        return {"kwh": spent - control_spent} if spent > control_spent else {}

    def deferrals(self, world: PlainWorld) -> tuple[str, ...]:
        return () if "tasks" in world.unknown else tuple(world.table("tasks"))


def lamps_of(world: PlainWorld) -> tuple[tuple[str, Any], ...]:
    """The lamps of a world, by name."""
    return tuple(world.table("lamps").items())


def meters_of(world: PlainWorld) -> tuple[tuple[str, Any], ...]:
    """The meters of a world, by name."""
    return tuple(world.table("meter").items())


def extra_stores(names: Iterable[str]) -> tuple[str, ...]:
    """Of the names of other stores, those that a plain kit can give to stores of its own."""
    return tuple(
        sorted(
            name
            for name in set(names) - {*OWN, *NAMES}
            if name.isascii() and name.islower() and name.isidentifier() and name[0] != "_"
        )
    )


# --- invariants


def too_bright(facts: Facts) -> Iterator[str]:
    """L1."""
    lamps = facts.books["lamps"].items()
    return (name for name, lamp in lamps if lamp["level"] > 9)


def negative(facts: Facts) -> Iterator[str]:
    """L2."""
    meters = facts.books["meter"].items()
    return (name for name, meter in meters if meter["spent"] < 0)


INVARIANTS: Final = (
    Invariant("L1", "no lamp is brighter than 9", too_bright),
    Invariant("L2", "no meter is below 0", negative, every_effect=True),
)


# --- what both engines do


def turn(ports: Any, trigger: Any) -> dict[str, Data]:
    """Give a lamp the light that is asked for, and count what it costs."""
    name, to = trigger.args["lamp"], trigger.args["to"]
    with ports.lock():
        if to > 9:
            raise Refused("too_bright", "refused")
        ports.lamps.update(name, wanted=to, level=to)
        ports.meter.update("main", spent=ports.meter.get("main").spent + to)
        ports.send(name, "turned", to=to)
        ports.emit(TURNED, name)
    ports.reason("asked", to=to)
    return {"level": to}


def tag(ports: Any, trigger: Any) -> None:
    """Tag a lamp that was turned."""
    name = trigger.event["object"]
    lamp = ports.lamps.get(name)
    ports.lamps.update(name, tag="on" if lamp.level else "off")


def light(ports: Any, trigger: Any) -> None:
    """Light a lamp at dusk."""
    ports.lamps.update(trigger.event["object"], lit=True)


def look(ports: Any) -> None:
    """Nothing is to be done where nothing was given amiss."""


USUAL: Final[Mapping[str, Handle]] = {TURN: turn, TURNED: tag, FELL: light}
"""Trigger → what either engine does."""
