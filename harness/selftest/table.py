"""Every plant and every clean pair, with what has to be found of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from harness.selftest.facets import CLEAN_FACETS, FACETS
from harness.selftest.free_ends import FREE_ENDS
from harness.selftest.gates import GATES, GATES_CLEAN
from harness.selftest.lamps import TURN
from harness.selftest.outcomes import OUTCOMES
from harness.selftest.plant import DUSK, Plant
from harness.selftest.ruled import RULED
from harness.selftest.ways import also

FILE: Final = Path(__file__).with_name("told.txt")
"""Name of a plant, and below it, indented, the lines of `harness.selftest.sighting`."""

CLEAN: Final = (
    Plant(name="a clean pair"),
    Plant(name="a clean pair, replayed again", again=True, **DUSK),
    *CLEAN_FACETS,
    *GATES_CLEAN,
)
"""Pairs of which nothing has to be found; the first is weighed again by plants of the gate."""

PLANTS: Final[tuple[Plant, ...]] = (*OUTCOMES, *FACETS, *FREE_ENDS, *RULED, *GATES)

EVERY_STORE: Final = "a row more in every store"
"""The plant whose stores bear the names of the real ones."""

OF_STORE: Final = "#2 books.{}.n1 absent | {{'value': 0}}"


def expectations() -> dict[str, frozenset[str]]:
    """Name of a plant → every line that has to come of it, and no other."""
    found: dict[str, set[str]] = {}
    name = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            found[name].add(line.strip())
        elif line:
            name = line
            found[name] = set()
    return {name: frozenset(lines) for name, lines in found.items()}


def every_store(stores: Iterable[str]) -> Plant:
    """A plant whose candidate writes a row more in each of these stores."""
    names = tuple(stores)

    def write(ports: Any) -> None:
        for name in (*names, "notes"):
            getattr(ports, name).add("n1")

    return Plant(name=EVERY_STORE, stores=names, candidate=also(TURN, write))


def with_stores(
    told: Mapping[str, frozenset[str]], stores: Iterable[str]
) -> dict[str, frozenset[str]]:
    """Expectations with a line for each of these stores."""
    more = frozenset(map(OF_STORE.format, stores))
    return {**told, EVERY_STORE: told.get(EVERY_STORE, frozenset()) | more}
