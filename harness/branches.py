"""Branches of the control's code, credited only by cells in which it and the candidate agree."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.figures import Own, Share
from harness.model import Observation, Outcome

_LINE: Final = re.compile(r"(?<=\w):\d+(?= )")

DEAD_LIMIT: Final = 2
"""How many branches of one path rulings may call dead."""

CREDITED: Final = (Outcome.AGREE, Outcome.RULED)
KINDS: Final = frozenset({"curated", "recorded", "simulated", "found", "exhausted"})
"""Kinds of evidence that give credit; any other (such as assumed) is compared and gives none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A piece of the control's code whose branches are counted together.

    Attributes:
        arcs: number of an arc → where it is and where it goes, in words.
        path: the path whose own code this is; empty for code that several paths share.
        at_import: arcs that importing alone takes: they show in every cell and reach nothing.
    """

    id: str
    arcs: Mapping[int, str]
    path: str = ""
    at_import: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """What a path has of its own code, and of the shared code it reaches.

    Attributes:
        own: arcs of its own units taken in credited cells, of all that no ruling calls dead.
        missing: the ones not taken, in words.
        shared: shared unit that it reaches → arcs taken in credited cells of any path, likewise.
        shared_missing: the ones not taken, in words.
        dead: arcs of both that a ruling calls dead.
        revived: dead ones that were taken after all, in whatever cell.
    """

    own: Share
    missing: tuple[str, ...]
    shared: Mapping[str, Share]
    shared_missing: tuple[str, ...]
    dead: tuple[str, ...]
    revived: tuple[str, ...]


Taken = set[tuple[str, int]]
"""Arcs as (unit, number)."""


@dataclass(slots=True)
class Ledger:
    """Arcs collected cell by cell; made for one fold and read at its end.

    Attributes:
        dead: arcs, in the words of their unit, that rulings call dead.
        own: path → arcs of its own code in its credited cells.
        shared: arcs of shared code in credited cells.
        seen: arcs taken in any cell.
        reached: path → units that its cells reach.
        strays: arcs that no unit counts.
    """

    units: Mapping[str, Unit]
    dead: frozenset[str]
    own: defaultdict[str, Taken] = field(default_factory=lambda: defaultdict(set))
    shared: Taken = field(default_factory=set)
    seen: Taken = field(default_factory=set)
    reached: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    strays: set[str] = field(default_factory=set)

    def enter(self, owned: Sequence[Own]) -> None:
        """Take down one cell, as all its paths answer for it."""
        control = owned[0].cell.episode.control
        if control is None:
            return
        arcs = self._known(control)
        self.seen |= arcs
        for own in owned:
            self.reached[own.path].update(
                unit for unit, arc in arcs if arc not in self.units[unit].at_import
            )
            if credited(own):
                self.own[own.path].update(
                    (unit, arc) for unit, arc in arcs if self.units[unit].path == own.path
                )
        if all(credited(own) for own in owned):  # else the arc may be the uncredited path's
            self.shared.update((unit, arc) for unit, arc in arcs if not self.units[unit].path)

    def _known(self, control: Observation) -> Taken:
        taken = {(unit, arc) for unit, arcs in control.arcs.items() for arc in arcs}
        known = {
            (unit, arc)
            for unit, arc in taken
            if unit in self.units and arc in self.units[unit].arcs
        }
        self.strays.update(f"{unit} arc {arc}" for unit, arc in taken - known)
        return known

    def of(self, path: str) -> Branches:
        """What a path has."""
        units = sorted(self.units.values(), key=lambda unit: unit.id)
        mine = [unit for unit in units if path and unit.path == path]
        shared = [unit for unit in units if not unit.path and unit.id in self.reached[path]]
        return Branches(
            own=self._share(mine, self.own[path]),
            missing=self._words(self._living(mine) - self.own[path]),
            shared={unit.id: self._share([unit], self.shared) for unit in shared},
            shared_missing=self._words(self._living(shared) - self.shared),
            dead=self._words(self._dead([*mine, *shared])),
            revived=self._words(self._dead([*mine, *shared]) & self.seen),
        )

    def _dead(self, units: Iterable[Unit]) -> Taken:
        return {(u.id, arc) for u in units for arc, words in u.arcs.items() if words in self.dead}

    def _living(self, units: Sequence[Unit]) -> Taken:
        return {(unit.id, arc) for unit in units for arc in unit.arcs} - self._dead(units)

    def _share(self, units: Sequence[Unit], taken: Taken) -> Share:
        living = self._living(units)
        return Share(len(living & taken), len(living))

    def _words(self, arcs: Taken) -> tuple[str, ...]:
        return tuple(self.units[unit].arcs[arc] for unit, arc in sorted(arcs))

    def unowned(self) -> tuple[str, ...]:
        """Shared units that no path reached: code nobody answers for."""
        reached = {unit for units in self.reached.values() for unit in units}
        shared = {unit.id for unit in self.units.values() if not unit.path}
        return tuple(sorted(shared - reached))

    def dead_unknown(self) -> tuple[str, ...]:
        """What rulings call dead and no unit has."""
        words = {words for unit in self.units.values() for words in unit.arcs.values()}
        return tuple(sorted(self.dead - words))


def moved(dead: Iterable[str], units: Mapping[str, Unit]) -> frozenset[str]:
    """The branches as the code words them now, where nothing but their lines has moved.

    A comment above a branch moves it. Which branch is meant is clear while no other one of its
    module reads the same; where one does, the line has to be right.
    """
    now = [words for unit in units.values() for words in unit.arcs.values()]
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for words in now:
        alike[_LINE.sub("", words, count=1)].append(words)
    found = {name: alike[_LINE.sub("", name, count=1)] for name in dead}
    return frozenset(same[0] if len(same) == 1 else name for name, same in found.items())


def credited(own: Own) -> bool:
    """Whether a cell counts as evidence for a path: agreed or ruled, and of a kind that counts."""
    return own.outcome in CREDITED and own.cell.episode.provenance in KINDS
