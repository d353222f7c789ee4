"""The control's part of lockstep, kept: the candidate lives on, and the control is not run.

Each episode of lockstep begins where the control left the last one, whatever the candidate did. So
what the control did can be kept by itself: what was observed, the world that it left, the events
that were held back. Worlds are kept as bytes, as the self-check loads them.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from msgspec import structs

from harness.free import candidate_run
from harness.kept.form import Live
from harness.kept.packing import NotKeepable
from harness.living import Living, hold_of, live, play
from harness.lockstep import Lockstep, Pair, is_race
from harness.model import Observation
from harness.ports import Event, World
from harness.scenario import EpisodeSpec, Scenario, episodes
from harness.setup import Setup
from harness.twin import twin

OBSERVATION: Final = ("harness.model", "Observation")
HARMLESS: Final = frozenset(
    {
        ("builtins", name)
        for name in ("set", "frozenset", "bytearray", "complex", "range", "slice", "object")
    }
    | {
        ("collections", "OrderedDict"),
        ("collections", "deque"),
        ("copyreg", "_reconstructor"),
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("decimal", "Decimal"),
        ("fractions", "Fraction"),
        ("msgspec._utils", "rebuild"),  # calls a class that is named likewise, with plain fields
        ("types", "MappingProxyType"),
        OBSERVATION,
    }
)
"""What bytes may name besides the world's own package: nothing of it does anything."""


class Lived(NamedTuple):
    """An episode as the control lived it.

    Attributes:
        world: as the control left it.
        held: events that it held back.
        moot: why the item made no sense in its world; empty where it did.
    """

    control: Observation
    world: World
    held: tuple[Event, ...]
    moot: str


@dataclass(slots=True)
class Noting(Lockstep):
    """Lockstep that notes what the control lives through."""

    noted: list[Lived] = field(default_factory=list)

    def pair(self, spec: EpisodeSpec, before: World) -> Pair:
        """Let both sides live, and note the control's part."""
        pair = Lockstep.pair(self, spec, before)
        held = (
            event for (at, _), events in self.held.items() if at == spec.index for event in events
        )
        control = structs.replace(pair.control, arcs={})
        self.noted.append(Lived(control, pair.worlds[1], tuple(held), pair.moot))
        return pair


@dataclass(slots=True)
class Half(Lockstep):
    """Lockstep in which the candidate alone lives, beside what the control lived through."""

    lived: Sequence[Lived] = ()

    def pair(self, spec: EpisodeSpec, before: World) -> Pair:
        """Let the candidate live; the control's part is the one that was kept."""
        mine = self.lived[spec.index]
        world = twin(before, reload=self.setup.reload)
        side = self.setup.candidate
        living = Living(setup=self.setup, side=side, world=world, hold=hold_of(spec))
        candidate = live(living, partial(play, living, spec, self.held))
        for event in mine.held:
            self.held.setdefault((spec.index, event.type), []).append(event)
        self.state = before if mine.moot else mine.world
        return Pair((before, mine.world, world), mine.control, candidate, mine.moot)


def noted(setup: Setup, scenario: Scenario) -> tuple[Live, tuple[Lived, ...]]:
    """An account replayed, with what the control lived through.

    Raises:
        Exception: of world or harness.
    """
    run = Noting(setup=setup, scenario=scenario, state=setup.kit.load(scenario.given))
    return _live(run), tuple(run.noted)


def half(setup: Setup, scenario: Scenario, lived: Sequence[Lived]) -> Live:
    """An account replayed by the candidate alone.

    Raises:
        Exception: of world or harness.
    """
    state = setup.kit.load(scenario.given)
    return _live(Half(setup=setup, scenario=scenario, state=state, lived=lived))


def _live(run: Lockstep) -> Live:
    setup, scenario = run.setup, run.scenario
    done = tuple(run.play(spec) for spec in episodes(scenario))
    free = candidate_run(setup, scenario, run.began)
    return Live(scenario, done, free, tuple(run.against))


def control_bytes(scenario: Scenario, lived: Iterable[Lived], package: str) -> bytes:
    """What the control lived through, as bytes.

    Args:
        scenario: the account.
        lived: its episodes.
        package: of the world.

    Raises:
        NotKeepable: it cannot be kept, or would not come back.
    """
    lived = tuple(lived)
    told = tuple(map(tuple, lived))
    if any(map(is_race, episodes(scenario))):
        raise NotKeepable("in it several things happen at once")
    if any(one.control.timeout for one in lived):
        raise NotKeepable("a budget was exceeded")
    try:
        content = pickle.dumps(told, pickle.HIGHEST_PROTOCOL)
        control_lived(content, package)
    except Exception as error:  # noqa: BLE001  # a world is anybody's
        raise NotKeepable(f"its world does not come back from bytes: {error}") from None
    return content


def control_lived(content: bytes, package: str) -> tuple[Lived, ...]:
    """What `control_bytes` wrote.

    Raises:
        Exception: it did not, or something is named that does not belong to a world.
    """
    return tuple(Lived(*one) for one in _Reader(content, package).load())


class _Reader(pickle.Unpickler):
    """Reads worlds, and nothing that would do anything else when it is read."""

    def __init__(self, content: bytes, package: str) -> None:
        super().__init__(io.BytesIO(content))
        self._package = package

    def find_class(self, module: str, name: str) -> Any:
        """What bytes name.

        Raises:
            pickle.UnpicklingError: it is neither the world's nor harmless.
        """
        if (module, name) in HARMLESS:
            return super().find_class(module, name)
        if self._owns(module) and "." not in name:
            found = super().find_class(module, name)
            if self._owns(str(getattr(found, "__module__", ""))):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is nothing of a world")

    def _owns(self, module: str) -> bool:
        return module.partition(".")[0] == self._package
