"""Pinning: a second look at branches on which nothing was told apart yet.

A mutant is not tried any more once a cell tells it apart, so another cell may pin a branch that
nobody looked at. Here the cells that take such a branch are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.mutate.ground import Ground
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
            yield place, _lies_on(found, place)


def _pinning(
    ground: Ground,
    subject: Subject,
    mutants: Sequence[Mutant],
    place: Place,
    classes: Mapping[str, str],
) -> Mutant | None:
    """A mutant that some cell tells apart which takes this arc: one that lies on it, if any."""
    module, arc = place
    starts = [one for one in ground.starts if arc in one.taken(subject.role, module)]
    for mutant in sorted(mutants, key=lambda one: not _lies_on(one, place)):
        for start in starts:
            reached = mutant.arcs & start.taken(subject.role, mutant.module)
            if reached and told_in(ground, subject, mutant, start, classes):
                return mutant
    return None


def _lies_on(mutant: Mutant, place: Place) -> bool:
    module, arc = place
    return mutant.module == module and arc in mutant.arcs
