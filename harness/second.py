"""What runs in the other process (`harness.stability` starts it): digests on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

from harness.canonical import digest
from harness.compose import Composition, compose
from harness.free import candidate_run
from harness.guard import watch_ambient
from harness.lockstep import lockstep
from harness.ports import Engine, Handler, Trigger
from harness.setup import Setup, Side
from harness.stability import fingerprint


class WatchedHandler:
    """A handler whose C calls are watched for ambient reads."""

    def __init__(self, handler: Handler, sink: list[str]) -> None:
        self.path = handler.path
        self._call, self._sink = handler.call, sink

    def call(self, ports: Any, trigger: Trigger) -> Any:
        return watched(lambda: self._call(ports, trigger), self._sink)


class WatchedEngine:
    """An engine all of whose handlers are watched."""

    def __init__(self, engine: Engine, sink: list[str]) -> None:
        self.name, self.refusals = engine.name, engine.refusals
        self.handlers = {
            trigger: tuple(WatchedHandler(handler, sink) for handler in handlers)
            for trigger, handlers in engine.handlers.items()
        }


def watched(body: Callable[[], Any], sink: list[str]) -> Any:
    """Run `body` under a profile hook and keep the ambient reads it makes, also when it raises."""
    answer: list[Any] = []
    raised: list[BaseException] = []

    def whole() -> None:
        try:
            answer.append(body())
        except BaseException as error:  # noqa: BLE001  # raised again once the hook is off
            raised.append(error)

    sink.extend(watch_ambient(whole))
    if raised:
        raise raised[0]
    return answer[0]


def watched_side(side: Side, sink: list[str]) -> Side:
    """The side with its handlers and look watched."""
    look = side.look
    return replace(
        side,
        engine=WatchedEngine(side.engine, sink),
        look=None if look is None else (lambda ports: watched(lambda: look(ports), sink)),
    )


class Refusing(MetaPathFinder):
    """Refuses to import one package, as if it had been deleted."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:  # noqa: ARG002  # importlib's signature
        if fullname == self.package or fullname.startswith(f"{self.package}."):
            raise ModuleNotFoundError(f"{fullname} is refused here", name=fullname)


class Anything(frozenset[str]):
    """A set of names that holds every name: the control that knows them is not there yet."""

    def __contains__(self, name: object) -> bool:
        return True


def alone(composition: Composition) -> dict[str, str]:
    """The candidate's free runs while the control's package cannot be imported."""
    refusing = Refusing(composition.config.control.partition(".")[0])
    sys.meta_path.insert(0, refusing)
    try:
        setup = composition.candidate_only(reverse=True)
        return {
            scenario.id: digest(candidate_run(setup, scenario).seen)
            for scenario in reversed(composition.loaded.scenarios)
        }
    finally:
        sys.meta_path.remove(refusing)


def both(
    composition: Composition,
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Both engines in lockstep, scenarios in reverse, watched."""
    sink: list[str] = []
    plain = composition.setup(reverse=True)
    setup: Setup = replace(
        plain,
        control=watched_side(plain.control, sink),
        candidate=watched_side(plain.candidate, sink),
    )
    cells: dict[str, list[str]] = {}
    ambient: dict[str, list[str]] = {}
    for scenario in reversed(composition.loaded.scenarios):
        for episode in lockstep(setup, scenario):
            cells[episode.id] = [fingerprint(episode.control), fingerprint(episode.candidate)]
            if sink:
                ambient[episode.id] = sorted(set(sink))
                sink.clear()
    return cells, ambient


def main(arguments: list[str]) -> None:
    """`second CONFIG [PATH…]`: replay everything and print the digests as JSON."""
    config, *paths = map(Path, arguments)
    composition = compose(config, tuple(paths), quirks=Anything())
    lonely = alone(composition)
    cells, ambient = both(composition)
    sys.stdout.write(json.dumps({"cells": cells, "alone": lonely, "ambient": ambient}))


if __name__ == "__main__":
    main(sys.argv[1:])
