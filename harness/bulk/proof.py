"""A proof: the digests of everything that a process replays with, which it works out for itself.

Two processes with the same proof run the same code. What they share of it is what `made_of` says
of a run, and the versions of what they imported from elsewhere.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from harness.canonical import digest
from harness.compose import Composition
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
    own = sorted(set(homes.get(HARNESS, ())))
    found = {_plain(home) for top in tops for home in homes.get(top, ())}
    found |= _asked_for(own)
    mine = {_plain(name) for name in own}
    return [[name, importlib.metadata.version(name)] for name in sorted(found - mine)]


def _asked_for(names: Collection[str]) -> set[str]:
    """What distributions ask for, and what that asks for, as far as it is installed."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        for line in _requires(todo.pop()):
            name = _NAME.match(line)
            if name is None or "extra ==" in line or (plain := _plain(name[0])) in found:
                continue
            if _requires(plain) is not _MISSING:
                found.add(plain)
                todo.append(plain)
    return found


_MISSING: Final[tuple[str, ...]] = ("",)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _requires(name: str) -> Sequence[str]:
    try:
        return importlib.metadata.requires(name) or ()
    except importlib.metadata.PackageNotFoundError:
        return _MISSING


def _plain(name: str) -> str:
    """A distribution's name however it is written (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def unlike(one: Proof, other: Proof) -> tuple[str, ...]:
    """In which parts two proofs differ."""
    return tuple(sorted(name for name in {*one, *other} if one.get(name) != other.get(name)))
