"""Two engines and nothing else: imported as Python imports them, each act handed to each.

This is what anything that compares two engines has to pay at least. There is no guard, no probe,
no budget, no copy of what is handed over; what an engine did is in its world and nowhere else.
"""

from __future__ import annotations

import gc
import tomllib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from harness.garbage import YOUNG
from harness.living import RESPONDING
from harness.ports import Trigger
from harness.scenario import EpisodeSpec, Scenario, episodes

ROOT = Path(__file__).resolve().parent.parent
SHADOW: Mapping[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["shadow"]

tidy = partial(gc.collect, YOUNG)
"""Called after each account by every way: while one lasts, nobody looks for garbage."""


def named(key: str) -> Any:
    """What the project's table names, imported as Python imports it."""
    module, _, attribute = SHADOW[key].partition(":")
    return getattr(import_module(module), attribute)


class Lived(NamedTuple):
    """An act that both engines live through, each in a world of its own; both began as one.

    What is called lets an engine live through it; its world is what it leaves.
    """

    spec: EpisodeSpec
    worlds: tuple[Any, Any]
    control: Callable[[], None]
    candidate: Callable[[], None]


class Alone:
    """An engine that is handed acts, and the events that they cause."""

    def __init__(self, kit: Any, engine: Any, look: Callable[[Any], None] | None) -> None:
        self.kit, self.engine, self.look = kit, engine, look

    def live(self, world: Any, spec: EpisodeSpec) -> None:
        """Live through an episode: the look, or an act, and what it causes.

        Raises:
            ActImpossible: it makes no sense in this world.
        """
        item = spec.item
        if item is None:
            if self.look is not None:
                world.actor = "look"
                self.look(world.ports)
        elif item.kind != "act" or item.hold:
            raise ValueError(f"{spec.label}: only plain acts are handed over here")
        elif self.kit.acts[item.name].engine:
            self.call(world, item.name, msgspec.to_builtins(item.args))
        else:
            world.actor = "outside"
            self.kit.apply(world, item.name, item.args)
        queue = deque(world.drain())
        while queue:
            event = queue.popleft()
            if event.type in self.engine.handlers:
                self.call(world, event.type, {}, event)
                queue.extend(world.drain())

    def call(self, world: Any, name: str, args: Any, event: Any = None) -> None:
        """Call each handler of a trigger; what people are answered is noted in the world."""
        for handler in self.engine.handlers.get(name, ()):
            world.actor = handler.path
            payload = None if event is None else event.payload()
            try:
                answer = handler.call(world.ports, Trigger(name, args, payload))
            except self.engine.refusals as refusal:
                kind = str(getattr(refusal, "kind", type(refusal).__name__))
                answer = {"refused": {"kind": kind, "code": str(getattr(refusal, "code", ""))}}
            except Exception:  # noqa: BLE001, S112  # the control has crashes; its world shows them
                continue
            else:
                if not self.answers(name):
                    continue
            world.answers.append((name, answer))

    def answers(self, name: str) -> bool:
        """Whether somebody sees what is answered."""
        said = getattr(self.kit.acts.get(name), "answers", None)
        return name.startswith(RESPONDING) if said is None else bool(said)


class Engines:
    """Both engines, and the kit that makes worlds for them."""

    def __init__(self) -> None:
        self.kit = named("world")
        candidate = named("candidate")
        self.control = Alone(self.kit, named("control"), None)
        self.candidate = Alone(self.kit, candidate, candidate.look)

    def apart(self, scenario: Scenario) -> None:
        """Fork the given world twice, and hand each engine the acts one by one."""
        given = self.kit.load(scenario.given)
        for engine in (self.control, self.candidate):
            world = given.fork()
            for spec in episodes(scenario):
                world = world.fork()
                world.advance(spec.at)
                with suppress(self.kit.ActImpossible):
                    engine.live(world, spec)
        tidy()

    def together(self, scenario: Scenario) -> Iterator[Lived]:
        """The same acts, each begun by both in the control's world, as lockstep does.

        Whoever asks for an act lets both live through it before the next one is asked for.
        """
        state = self.kit.load(scenario.given)
        for spec in episodes(scenario):
            state.advance(spec.at)
            mine, its = state.fork(), state.fork()
            yield Lived(
                spec,
                (mine, its),
                partial(self.control.live, mine, spec),
                partial(self.candidate.live, its, spec),
            )
            state = mine
        tidy()
