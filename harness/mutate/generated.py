"""States that nobody wrote: a scenario's given with parts of other scenarios' in it, and tweaks.

They are made the same way every time, from the scenarios and a seed. They prove nothing of an
engine; they only look for a difference where somebody says that there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import msgspec

from harness.lockstep import Lockstep
from harness.mutate.ground import Start
from harness.scenario import Scenario, episodes
from harness.setup import Setup

MOST_CHANGES: Final = 3
STEPS: Final = (1, -1, 60, 3_600, 86_400, -86_400)
"""What is added to whole numbers, and to moments in seconds."""

Kind = tuple[str, ...]
"""What a value stands for: the struct and its field, or the mapping and its key."""

Way = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Donors:
    """Every value that stands somewhere in a scenario's given, by what it stands for."""

    values: Mapping[Kind, tuple[Any, ...]]

    @classmethod
    def of(cls, scenarios: Iterable[Scenario]) -> Donors:
        """Collect them, each once."""
        found: dict[Kind, dict[str, Any]] = {}
        for scenario in scenarios:
            for _, kind, value in parts(scenario.given):
                found.setdefault(kind, {}).setdefault(repr(value), value)
        return cls({kind: tuple(values.values()) for kind, values in found.items()})

    def crossed(self, given: Any, rng: Random) -> Any:
        """A given with one to three of its parts replaced."""
        for _ in range(rng.randint(1, MOST_CHANGES)):
            places = list(parts(given))
            way, kind, value = rng.choice(places)
            given = put(given, way, self.instead(kind, value, rng))
        return given

    def instead(self, kind: Kind, value: Any, rng: Random) -> Any:
        """Another value that stands for the same, or this one a little different."""
        if rng.random() < 0.5:
            step = rng.choice(STEPS)
            if isinstance(value, datetime):
                return value + timedelta(seconds=step)
            if isinstance(value, int) and not isinstance(value, bool):
                return value + step
        return rng.choice(self.values[kind])


def parts(node: Any, way: Way = (), kind: Kind = ()) -> Iterator[tuple[Way, Kind, Any]]:
    """Every field below a node: the way to it, what it stands for, its value."""
    inner: Iterable[tuple[str | int, Kind, Any]]
    if isinstance(node, msgspec.Struct):
        name = type(node).__name__
        inner = [(f, (name, f), getattr(node, f)) for f in node.__struct_fields__]
    elif isinstance(node, Mapping):
        inner = [(str(key), (*kind, str(key)), value) for key, value in node.items()]
    elif isinstance(node, list | tuple):
        for number, value in enumerate(node):
            yield from parts(value, (*way, number), kind)
        return
    else:
        return
    for step, what, value in inner:
        yield (*way, step), what, value
        yield from parts(value, (*way, step), what)


def put(node: Any, way: Way, value: Any) -> Any:
    """The node with another value at the end of a way."""
    if not way:
        return value
    step, *rest = way
    if isinstance(node, msgspec.Struct):
        inner = put(getattr(node, str(step)), tuple(rest), value)
        return msgspec.structs.replace(node, **{str(step): inner})
    if isinstance(node, Mapping):
        return {**node, step: put(node[step], tuple(rest), value)}
    number = int(step)
    inner = put(node[number], tuple(rest), value)
    return type(node)([*node[:number], inner, *node[number + 1 :]])


def generated(
    setup: Setup, starts: tuple[Start, ...], donors: Donors, *, seed: str, tries: int
) -> Iterator[Start]:
    """Cells like those in `starts`, each after its scenario began otherwise.

    Args:
        setup: both engines, unchanged, with probes that somebody reads.
        starts: the cells to vary.
        donors: where other values come from.
        seed: the same seed makes the same states.
        tries: how often one is tried; what no world can be made of is none.
    """
    rng = Random(seed)  # noqa: S311  # states, no secrets
    for _ in range(tries):
        start = rng.choice(starts)
        try:
            varied = _varied(setup, start, donors.crossed(start.scenario.given, rng))
        except Exception:  # noqa: BLE001, S112  # a kit refuses what it cannot load in its own way
            continue
        if varied is not None:
            yield varied


def _varied(setup: Setup, start: Start, given: Any) -> Start | None:
    """The cell after the same acts from another given; None where they lead nowhere."""
    scenario = replace(start.scenario, given=given, observed=())
    run = Lockstep(setup=setup, scenario=scenario, state=setup.kit.load(given))
    for spec in episodes(scenario):
        if spec.index == start.spec.index:
            return replace(start, scenario=scenario, state=run.state, held=run.held)
        run.observe(spec)
    return None
