"""What a path declares that it reads and writes, against what its code can and its cells did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from harness.audit.inventory import Inventory
from harness.audit.reach import Reach
from harness.units import NOT_DECLARED


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a path says of itself; None where nobody said it."""

    reads: tuple[str, ...] | None
    writes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a path can touch.

    Attributes:
        reads, writes: store → `file:line` where its code surely does.
        perhaps: stores that a name made when the code runs may lead to.
        follows: stores that somebody else changes because of it.
    """

    reads: Mapping[str, str]
    writes: Mapping[str, str]
    perhaps: frozenset[str]
    follows: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A declaration that is not so.

    Attributes:
        kind: `touched-undeclared` or `declared-untouched`.
        path: whose it is.
        store: what is declared, or is not.
        detail: in words, with a place where there is one.
    """

    kind: str
    path: str
    store: str
    detail: str


UNDECLARED: Final = "touched-undeclared"
UNTOUCHED: Final = "declared-untouched"


def said(stores: Iterable[str]) -> tuple[str, ...] | None:
    """A path's stores; None where its engine is a table that declares none."""
    found = tuple(stores)
    return None if found == NOT_DECLARED else found


def touched(inventory: Inventory, reach: Reach, path: str) -> Touched:
    """Everything that a path's code can touch."""
    reads: dict[str, str] = {}
    writes: dict[str, str] = {}
    perhaps: set[str] = set()
    follows: set[str] = set()
    for id_ in sorted(reach.paths[path]):
        entry = inventory.entries[id_]
        for touch in entry.touches:
            at, call = f"{entry.scope.file}:{touch.line}", touch.call
            follows.update(call.follows)
            if not touch.sure:
                perhaps.update((*call.reads, *call.writes))
                continue
            for store in call.reads:
                reads.setdefault(store, at)
            for store in call.writes:
                writes.setdefault(store, at)
    return Touched(
        reads=reads, writes=writes, perhaps=frozenset(perhaps), follows=frozenset(follows)
    )


def mismatches(
    path: str, declared: Declaration, can: Touched | None, did: Collection[str] | None
) -> Iterator[Mismatch]:
    """Compare.

    Args:
        path: its id.
        declared: what it says.
        can: what its code can touch; None where nobody says what touches anything.
        did: stores that it wrote when it was replayed; None where it was not.
    """
    if can is not None and declared.reads is not None:
        yield from _against(path, "reads", declared.reads, can.reads, can.perhaps)
    if declared.writes is None:
        return
    if can is not None:
        yield from _against(path, "writes", declared.writes, can.writes, can.perhaps | can.follows)
    if did is None:
        return
    follows = can.follows if can is not None else frozenset()
    for store in sorted(set(did) - set(declared.writes) - follows):
        detail = f"{path} wrote {store} when it was replayed, and does not declare it"
        yield Mismatch(kind=UNDECLARED, path=path, store=store, detail=detail)
    for store in declared.writes:
        if store not in did and (can is None or store in can.writes):
            detail = f"{path} declares that it writes {store}, and wrote it in no cell"
            yield Mismatch(kind=UNTOUCHED, path=path, store=store, detail=detail)


def _against(
    path: str,
    verb: str,
    declared: tuple[str, ...],
    can: Mapping[str, str],
    perhaps: Collection[str],
) -> Iterator[Mismatch]:
    for store in sorted(set(can) - set(declared)):
        detail = f"{path} {verb} {store} at {can[store]}, and does not declare it"
        yield Mismatch(kind=UNDECLARED, path=path, store=store, detail=detail)
    for store in declared:
        if store not in can and store not in perhaps:
            detail = f"{path} declares that it {verb} {store}, and no line of it can"
            yield Mismatch(kind=UNTOUCHED, path=path, store=store, detail=detail)
