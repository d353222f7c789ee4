"""A spot check: some mutants are tried again, and have to come out as the file says.

To measure all takes as long as it takes; a file that says what nobody measured is found by less.
Which ones are tried is decided by the newest commit, so nobody can know it before committing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.mutate.measure import Measuring
from harness.mutate.measurement import Measurement
from harness.mutate.pool import Opened, Trials, batches, run_all
from harness.mutate.trial import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A mutant, or a module's number of mutants, that is not what the file says."""

    what: str
    said: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheck:
    """What came of a spot check.

    Attributes:
        tried: how many mutants were tried again.
        of: how many there are.
        seed: what they were drawn by.
    """

    tried: int
    of: int
    seed: str
    differing: tuple[Differing, ...]


def spot_check(
    measuring: Measuring, known: Measurement, *, count: int, seed: str, opened: Opened
) -> SpotCheck:
    """Try some mutants again.

    Args:
        measuring: the engines as they are.
        known: what the file says.
        count: how many to try; more than there are means all.
        seed: what they are drawn by.
        opened: progress.

    Raises:
        NothingCompared: there is no cell that could tell anything.
    """
    every = {one.id: (role, one) for role in measuring.roles for one in measuring.mutants[role]}
    drawn = sorted(every, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
    chosen = frozenset(drawn[:count])
    asked = [
        (role, batch)
        for role in measuring.roles
        for batch in batches(one for one in measuring.mutants[role] if one.id in chosen)
    ]
    trials = Trials(
        ground=measuring.ground, subjects=measuring.subjects, classes=measuring.classes
    )
    said = known.fates
    differing = [*_counted(measuring, known)]
    for _, results in run_all(trials, asked, workers=measuring.workers, opened=opened):
        for one in results:
            written = said.get(one.mutant, Fate.TOLD_APART)
            if written != one.fate:
                differing.append(Differing(what=one.mutant, said=written, found=one.fate))
    return SpotCheck(
        tried=len(chosen),
        of=len(every),
        seed=seed,
        differing=tuple(sorted(differing, key=lambda one: one.what)),
    )


def _counted(measuring: Measuring, known: Measurement) -> Iterator[Differing]:
    """Modules with more or fewer mutants than the file says, and those that it does not know."""
    for role in measuring.roles:
        made = Counter(one.module for one in measuring.mutants[role])
        written = {name: row.mutants for name, row in known.units.items() if row.role == role}
        for name in sorted({*measuring.modules(role), *written}):
            now, was = made[name], written.get(name, 0)
            if now != was or name not in written:
                yield Differing(what=name, said=f"{was} mutants", found=f"{now} mutants")
