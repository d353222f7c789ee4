"""A proof: the digests of everything that a process replays with, which it works out for itself.

Two processes with the same proof run the same code. What they share of it is what `made_of` says
of a run, and the versions of what they imported from elsewhere.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Collection, Iterable, Mapping

from harness.canonical import digest
from harness.compose import Composition
from harness.kept.imports import plain, required
from harness.store.made_of import HARNESS, judged_by

Proof = Mapping[str, str]
"""Name of a part → SHA-256 of what it is."""


def proof(composition: Composition, before: Collection[str]) -> Proof:
    """What this process replays with, once it is composed.

    Args:
        composition: what it replays with.
        before: modules that were there before any of it was imported: the interpreter's own
            start brings some that differ from machine to machine and have no say.

    Raises:
        InputError: an engine, the kit or a file of the project cannot be read.
    """
    judged = judged_by(composition)  # what it imports counts
    return {**judged, "dependencies": digest(versions(sys.modules.keys() - frozenset(before)))}


def versions(modules: Iterable[str]) -> list[list[str]]:
    """Name and version of distributions that matter.

    They are those that modules come from, and those that the harness asks for: some of them are
    imported only with the first account.
    """
    homes = importlib.metadata.packages_distributions()
    tops = {name.partition(".")[0] for name in modules}
    own = {plain(name) for name in homes.get(HARNESS, ())}
    found = {plain(home) for top in tops for home in homes.get(top, ())}
    found |= set(required(own, extras=False))
    return [[name, importlib.metadata.version(name)] for name in sorted(found - own)]


def unlike(one: Proof, other: Proof) -> tuple[str, ...]:
    """In which parts two proofs differ."""
    return tuple(sorted(name for name in {*one, *other} if one.get(name) != other.get(name)))
