"""Scenarios that tell the same as another: the same world, and the same happens in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import msgspec

from harness.errors import InputError
from harness.scenario import Item, Scenario


def copies(scenarios: Iterable[Scenario]) -> Iterator[InputError]:
    """A complaint about each scenario that only repeats an earlier one, by id.

    What the files say besides, `then` included, does not count: one replay answers for both. The
    gate counts a situation once in any case, so that a copy is no evidence.
    """
    first: dict[bytes, Scenario] = {}
    for scenario in sorted(scenarios, key=lambda one: one.id):
        original = first.setdefault(told(scenario), scenario)
        if original is not scenario:
            message = f"{scenario.id} tells the same as {original.id}, and shows nothing new"
            fix = "change what is given or what happens; or write both into one file"
            yield InputError("same-content", message, f"{scenario.file}:1", fix)


def told(scenario: Scenario) -> bytes:
    """What is given and what happens, in one spelling."""
    return msgspec.json.encode(
        (scenario.given, scenario.now, scenario.observed, [*map(_unplaced, scenario.when)]),
        order="deterministic",
    )


def _unplaced(item: Item) -> Item:
    """An item wherever it stands in its file."""
    together = tuple(map(_unplaced, item.together))
    return dataclasses.replace(item, line=0, together=together)
