"""What runs in the other process (`harness.stability` starts it): digests on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from harness.canonical import digest
from harness.compose import Composition, compose
from harness.free import candidate_run
from harness.garbage import uncollected
from harness.guard import ENVIRON, ambient_profile
from harness.lockstep import observations
from harness.missing import refused
from harness.ports import Engine, Handler, Trigger
from harness.scenario import Scenario
from harness.setup import Setup, Side
from harness.stability import Second, fingerprint

HARMLESS: Final = frozenset({str, bytes, int, float, tuple, list, dict, set, frozenset})
"""Types whose own methods, written in C, read nothing but their arguments."""

Profile = Callable[[Any, str, Any], None]


def suspicious(look: Profile) -> Profile:
    """A profile hook that passes on to `look` whatever might be an ambient read.

    It is called four times for each call of a call, so the harmless has to leave it soon: returns,
    methods of the types that everything is made of, builtins. What touches files is not among
    those: `open` belongs to `io`.
    """

    def profile(frame: Any, event: str, arg: Any) -> None:
        if event == "call":
            if id(frame.f_code) in ENVIRON:
                look(frame, event, arg)
        elif event == "c_call":
            module = arg.__module__
            if module is None:
                if type(arg.__self__) not in HARMLESS:
                    look(frame, event, arg)
            elif module != "builtins":
                look(frame, event, arg)

    return profile


class Watch:
    """The ambient reads of one episode, whichever handlers are at work side by side."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._running = 0

    def run(self, body: Callable[[], Any]) -> Any:
        """Run engine code under the profile hook; in a race, others may run at the same time."""
        self._running += 1
        sys.setprofile(suspicious(ambient_profile(self._seen)))
        try:
            return body()
        finally:
            self._running -= 1
            if not self._running:
                sys.setprofile(None)

    def taken(self) -> tuple[str, ...]:
        """What was read since last asked. Handlers that were left are given up here."""
        sys.setprofile(None)
        self._running = 0
        seen = tuple(sorted(set(self._seen)))
        self._seen.clear()
        return seen


class WatchedHandler:
    """A handler whose C calls are watched for ambient reads."""

    def __init__(self, handler: Handler, watch: Watch) -> None:
        self.path = handler.path
        self._call, self._watch = handler.call, watch

    def call(self, ports: Any, trigger: Trigger) -> Any:
        return self._watch.run(lambda: self._call(ports, trigger))


class WatchedEngine:
    """An engine all of whose handlers are watched."""

    def __init__(self, engine: Engine, watch: Watch) -> None:
        self.name, self.refusals = engine.name, engine.refusals
        self.handlers = {
            trigger: tuple(WatchedHandler(handler, watch) for handler in handlers)
            for trigger, handlers in engine.handlers.items()
        }


def watched_side(side: Side, watch: Watch) -> Side:
    """The side with its handlers and look watched."""
    look = side.look
    return replace(
        side,
        engine=WatchedEngine(side.engine, watch),
        look=None if look is None else (lambda ports: watch.run(lambda: look(ports))),
    )


class Anything(frozenset[str]):
    """A set of names that holds every name: the control that knows them is not there yet."""

    def __contains__(self, name: object) -> bool:
        return True


class Replays:
    """The scenarios in reverse, and what came of them; one that fails leaves the others be."""

    def __init__(self, scenarios: Iterable[Scenario]) -> None:
        self.scenarios = tuple(scenarios)[::-1]
        self.cells: dict[str, tuple[str, str]] = {}
        self.alone: dict[str, str] = {}
        self.ambient: dict[str, tuple[str, ...]] = {}
        self.failed: dict[str, str] = {}

    def each(self, replay: Callable[[Scenario], None]) -> None:
        """Replay each scenario; the cells of one that fails are missed, never assumed."""
        with uncollected() as tidy:
            for scenario in self.scenarios:
                try:
                    replay(scenario)
                except Exception as error:  # noqa: BLE001  # of world, kit or harness
                    self.failed[scenario.id] = f"{type(error).__name__}: {error}"
                tidy()

    def free(self, setup: Setup, scenario: Scenario) -> None:
        """The candidate's free run."""
        given = setup.kit.load(scenario.given)
        run = candidate_run(setup, scenario, given, judged=False)
        self.alone[scenario.id] = digest(run.seen)

    def lockstep(self, setup: Setup, watch: Watch, scenario: Scenario) -> None:
        """Both engines in lockstep."""
        for cell, control, candidate in observations(setup, scenario):
            self.cells[cell] = (fingerprint(control), fingerprint(candidate))
            if ambient := watch.taken():
                self.ambient[cell] = ambient

    @property
    def second(self) -> Second:
        return Second(cells=self.cells, alone=self.alone, ambient=self.ambient, failed=self.failed)


def second(composition: Composition) -> Second:
    """Replay everything: first the candidate where no control can be imported, then both."""
    with refused(composition.control_package):
        replays = Replays(composition.loaded.scenarios)
        replays.each(partial(replays.free, composition.candidate_only(reverse=True)))
    watch = Watch()
    plain = composition.setup(reverse=True, reload=True)
    setup = replace(
        plain,
        control=watched_side(plain.control, watch),
        candidate=watched_side(plain.candidate, watch),
    )
    replays.each(partial(replays.lockstep, setup, watch))
    return replays.second


def main(arguments: list[str]) -> None:
    """`second CONFIG [PATH…]`: print what this process sees as JSON."""
    config, *paths = map(Path, arguments)
    composition = compose(config, tuple(paths), quirks=Anything())
    sys.stdout.buffer.write(msgspec.json.encode(second(composition)))


if __name__ == "__main__":
    main(sys.argv[1:])
