"""Pinning: a second look at branches on which nothing was told apart yet.

A mutant is not tried any more once a cell tells it apart, so another cell may pin a branch that
nobody looked at. Here the cells that take such a branch are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.mutate.ground import Ground, Start
from harness.mutate.mutant import Mutant
from harness.mutate.subject import Subject
from harness.mutate.trial import told_in

Place = tuple[str, int]
"""Module and number of an arc."""


def pinned_besides(
    ground: Ground,
    subject: Subject,
    mutants: Sequence[Mutant],
    unpinned: Sequence[Place],
    classes: Mapping[str, str],
) -> Iterator[tuple[Place, bool]]:
    """Arcs of cells that tell a mutant apart, each with whether the mutant lies on it.

    Args:
        ground: the cells.
        subject: the control.
        mutants: those that were told apart somewhere, and that change what runs.
        unpinned: arcs that nothing pins yet.
        classes: ruling → class.
    """
    for place in unpinned:
        found = _pinning(ground, subject, mutants, place, classes)
        if found is not None:
            module, arc = place
            yield place, found.module == module and arc in found.arcs


def _pinning(
    ground: Ground,
    subject: Subject,
    mutants: Sequence[Mutant],
    place: Place,
    classes: Mapping[str, str],
) -> Mutant | None:
    """A mutant that some cell tells apart which takes this arc: one that lies on it, if any."""
    module, arc = place
    starts = [one for one in ground.starts if arc in one.arcs["control"].get(module, ())]
    on = [one for one in mutants if one.module == module and arc in one.arcs]
    for some in (on, [one for one in mutants if one not in on]):
        for mutant in some:
            if any(
                told_in(ground, subject, mutant, one, classes) for one in reached(starts, mutant)
            ):
                return mutant
    return None


def reached(starts: Sequence[Start], mutant: Mutant) -> Iterator[Start]:
    """The cells that reach a mutant."""
    for start in starts:
        if mutant.arcs & start.arcs["control"].get(mutant.module, frozenset()):
            yield start
