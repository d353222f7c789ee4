"""The arcs of the control's code: what can be taken, and what was.

An arc is one way that execution can go on from a line. Statement arcs are those that coverage.py
counts as branches; the rest are arcs inside expressions, entries of functions, and declared
exceptions that escape. A unit is one module; its arcs are numbered in source order of discovery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import compress, count
from typing import NamedTuple


class Arc(NamedTuple):
    """One way to go on.

    Attributes:
        line: where the decision stands.
        kind: if, for, while, except, try, case, ternary, operand, condition, iteration, entry,
            row or raises.
        text: which way it is, in words.
        statement: whether coverage.py counts it as a branch too.
        at_import: whether only importing the module can take it.
    """

    line: int
    kind: str
    text: str
    statement: bool = False
    at_import: bool = False


@dataclass(slots=True)
class Coverage:
    """Hits of every unit, one byte an arc; probes write into the same bytearrays for ever.

    Attributes:
        arcs: unit → its arcs; an arc's number is its index.
        hits: unit → one byte an arc, 1 where it was taken since the last reset.
        raising: (path, exception type name) → (unit, number) of the arc for that crash.
        imported: what importing took; `reset` keeps that, no episode could take it again.
        wiring: units all of whose arcs importing took, so that nothing in them is left to run.
    """

    arcs: dict[str, tuple[Arc, ...]] = field(default_factory=dict)
    hits: dict[str, bytearray] = field(default_factory=dict)
    raising: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    imported: dict[str, bytes] = field(default_factory=dict)
    wiring: frozenset[str] = frozenset()

    def add(self, unit: str, arcs: Iterable[Arc]) -> bytearray:
        """Register a unit; returns the bytes its probes shall write to."""
        self.arcs[unit] = tuple(arcs)
        self.hits[unit] = bytearray(len(self.arcs[unit]))
        return self.hits[unit]

    def drop(self, unit: str) -> None:
        """Forget a unit, which then counts for nothing."""
        del self.arcs[unit], self.hits[unit]

    def declare_raise(self, unit: str, path: str, exception: str, arc: Arc) -> None:
        """Add the arc that is taken when `exception` escapes `path`."""
        self.raising[path, exception] = (unit, len(self.arcs[unit]))
        self.arcs[unit] += (arc,)
        self.hits[unit].append(0)
        if unit in self.imported:  # sealed already: a reset must not cut the new byte off
            self.imported[unit] += b"\0"

    def seal(self) -> None:
        """Take note of what importing took, once all modules are loaded."""
        self.wiring = frozenset(unit for unit, hits in self.hits.items() if all(hits))
        for unit, hits in self.hits.items():
            arcs = self.arcs[unit]
            self.imported[unit] = bytes(
                hit and arc.at_import for hit, arc in zip(hits, arcs, strict=True)
            )
        self.reset()

    def reset(self) -> None:
        """Forget what was taken, except by importing."""
        for unit, hits in self.hits.items():
            hits[:] = self.imported[unit]

    def taken(self) -> Mapping[str, frozenset[int]]:
        """Return the arcs taken since the last reset, by unit; units without any are left out."""
        return {
            unit: frozenset(compress(count(), hits))
            for unit, hits in self.hits.items()
            if any(hits)
        }

    def raised(self, path: str, exception: str) -> bool:
        """Mark that an exception escaped a path; False where no quirk declares it."""
        place = self.raising.get((path, exception))
        if place is None:
            return False
        unit, number = place
        self.hits[unit][number] = 1
        return True
