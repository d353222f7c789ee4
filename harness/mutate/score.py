"""What mutants say of each piece of code: how many were told apart, and which were not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from harness.figures import Share
from harness.mutate.trial import Fate, Result

NO_ANSWER: Final = (Fate.CRASH, Fate.TIMEOUT, Fate.IMPORT)
"""Fates outside the ratio: what cannot run says nothing about what would be noticed."""

UNTOLD: Final = (Fate.HIDDEN, Fate.SURVIVED, Fate.UNREACHED, Fate.LOST)
"""Fates that count against the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One unit of code, or several added up.

    Attributes:
        unit: module, path, or `candidate`.
        mutants: how many were tried.
        told: how many were told apart.
        fates: any other fate → ids of the mutants.
        waived: mutants that a ruling calls equivalent, out of those that survived.
        pinned: arcs on which a mutant was told apart, in the unit's own numbers.
    """

    unit: str
    mutants: int
    told: int
    fates: Mapping[Fate, tuple[str, ...]]
    waived: tuple[str, ...] = ()
    pinned: frozenset[int] = frozenset()

    def of(self, *fates: Fate) -> tuple[str, ...]:
        """Mutants of these fates."""
        return tuple(name for fate in fates for name in self.fates.get(fate, ()))

    @property
    def no_answer(self) -> Share:
        """Crashed, timed out or could not be imported, of all."""
        return Share(len(self.of(*NO_ANSWER)), self.mutants)

    @property
    def told_apart(self) -> Share:
        """Told apart, of all that ran and that nobody waived."""
        return Share(self.told, self.mutants - self.no_answer.n - len(self.waived))

    @property
    def waived_share(self) -> Share:
        return Share(len(self.waived), self.mutants)

    @property
    def untold(self) -> tuple[str, ...]:
        """What is left to be told apart."""
        return tuple(sorted(set(self.of(*UNTOLD)).difference(self.waived)))


class Tried(NamedTuple):
    """What came of a mutant.

    Attributes:
        arcs: those that it lies on or decides.
        took: its module's arcs that were taken where it was told apart, or came to no answer.
    """

    result: Result
    arcs: frozenset[int]
    took: frozenset[int] = frozenset()


def score(
    unit: str,
    tried: Iterable[Tried],
    waived: Collection[str],
    sensitive: frozenset[int] = frozenset(),
) -> Score:
    """Add up one unit's results.

    Args:
        unit: the module.
        tried: its mutants.
        waived: those that nobody has to tell apart; it counts only for what nobody saw.
        sensitive: the unit's arcs that are taken in cells that tell any mutant apart.
    """
    tried = sorted(tried, key=lambda one: one.result.mutant)
    results = [one.result for one in tried]
    fates: dict[Fate, tuple[str, ...]] = {}
    for result in results:
        if result.fate is not Fate.TOLD_APART:
            fates[result.fate] = (*fates.get(result.fate, ()), result.mutant)
    counted = Counter(result.fate for result in results)
    unseen = (*fates.get(Fate.SURVIVED, ()), *fates.get(Fate.UNREACHED, ()))
    return Score(
        unit=unit,
        mutants=len(results),
        told=counted[Fate.TOLD_APART],
        fates=fates,
        waived=tuple(name for name in unseen if name in waived),
        pinned=_pinned(tried, sensitive),
    )


def _pinned(tried: Iterable[Tried], sensitive: frozenset[int]) -> frozenset[int]:
    """Arcs that are taken where a mutant on them is told apart.

    On some no mutant lies that answers, such as a loop that has nothing to do: a cell that takes
    it and tells any mutant apart pins it. And a guard without which the code crashes is pinned by
    that crash, which no cell could pass over; it counts for nothing else.
    """
    own, answered, guards = set[int](), set[int](), set[int]()
    for result, arcs, took in tried:
        if result.fate is Fate.TOLD_APART:
            own |= arcs & took
        if result.fate is Fate.CRASH:
            guards |= arcs & took
        if result.fate not in NO_ANSWER:
            answered |= arcs
    return frozenset(own | guards | (sensitive - answered))


def added(unit: str, scores: Iterable[Score]) -> Score:
    """Several units as one; arcs of different units have no common numbers, so there are none."""
    scores = tuple(scores)
    fates = {
        fate: tuple(name for one in scores for name in one.fates.get(fate, ()))
        for fate in Fate
        if any(fate in one.fates for one in scores)
    }
    return Score(
        unit=unit,
        mutants=sum(one.mutants for one in scores),
        told=sum(one.told for one in scores),
        fates=fates,
        waived=tuple(name for one in scores for name in one.waived),
    )
