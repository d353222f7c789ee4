"""Ways in which a planted engine does otherwise than usual."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from harness.ports import Data
from harness.selftest.lamps import TURN, USUAL, Handle, turn


def in_the_hall(trigger: str, instead: Handle) -> dict[str, Handle]:
    """As usual, and `instead` where it is about the lamp in the hall."""

    def handle(ports: Any, asked: Any) -> Any:
        lamp = asked.event["object"] if asked.event else asked.args["lamp"]
        return (instead if lamp == "hall" else USUAL[trigger])(ports, asked)

    return {trigger: handle}


def also(trigger: str, more: Callable[[Any], object]) -> dict[str, Handle]:
    """As usual, and then `more` with the ports."""

    def handle(ports: Any, asked: Any) -> Any:
        answer = USUAL[trigger](ports, asked)
        more(ports)
        return answer

    return in_the_hall(trigger, handle)


def only(trigger: str, instead: Callable[[Any], Any]) -> dict[str, Handle]:
    """Nothing of what is usual, but `instead` with the ports."""
    return in_the_hall(trigger, lambda ports, _: instead(ports))


def answering(answer: Data) -> dict[str, Handle]:
    """A lamp turned as usual, and another answer."""

    def handle(ports: Any, asked: Any) -> Any:
        turn(ports, asked)
        return answer

    return in_the_hall(TURN, handle)


def looking(glance: Callable[[Any], object]) -> dict[str, Handle]:
    """A candidate that does something when it looks."""
    return {"look": lambda ports, _: glance(ports)}


def hall(**fields: Data) -> Callable[[Any], object]:
    """Write fields of the lamp in the hall."""
    return lambda ports: ports.lamps.update("hall", **fields)


def spend(amount: int) -> Callable[[Any], object]:
    """Let the meter count more."""
    return lambda ports: ports.meter.update("main", spent=ports.meter.get("main").spent + amount)


def note(value: int = 0) -> Callable[[Any], object]:
    """Write a row that nobody else writes."""

    def noted(ports: Any) -> None:
        write = ports.notes.add if ports.notes.get("n1") is None else ports.notes.update
        write("n1", value=value)

    return noted


def swallowing(trap: Callable[[Any], object]) -> Callable[[Any], object]:
    """Spring a trap and let nobody see it."""

    def swallowed(ports: Any) -> None:
        with contextlib.suppress(Exception):
            trap(ports)

    return swallowed


def both(*more: Callable[[Any], object]) -> Callable[[Any], object]:
    """One after the other."""

    def done(ports: Any) -> None:
        for one in more:
            one(ports)

    return done


def for_ever(ports: Any) -> None:
    """Ask again and again."""
    while True:
        ports.lamps.get("hall")


def raising(kind: type[Exception]) -> Callable[[Any], object]:
    """Let an exception escape."""

    def raised(ports: Any) -> None:  # noqa: ARG001  # whatever the world is
        raise kind("planted")

    return raised
