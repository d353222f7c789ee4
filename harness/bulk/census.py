"""The census: which accounts a run has to answer for, by reading its files before it begins.

Each file is read once, a line at a time. An id that stands twice is found in a file beside, so
that memory does not grow with the number of accounts.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from harness.bulk.line import name_of
from harness.bulk.ranges import Range, Source, byte_of, cut, lines_of, where
from harness.errors import InputError
from harness.store.id_sum import IdSum
from harness.text import quoted

SHOWN: Final = 3
"""How many ids that stand twice are named."""

ONE_IN: Final = 64
"""Of so many accounts one has each engine checked against itself."""

Cut = Callable[[Source], Iterable[Range]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A range and the accounts in it.

    Attributes:
        ids: how many, and which.
        sampled: those in which each engine is checked against itself.
        damage: why it cannot be read at all; then it counts as one account, without an id.
    """

    piece: Range
    ids: IdSum
    sampled: int = 0
    damage: InputError | None = None


def is_sampled(name: str) -> bool:
    """Whether each engine is checked against itself in this account: its id alone decides."""
    return hashlib.sha256(f"sampled {name}".encode()).digest()[0] % ONE_IN == 0


def unnamed(piece: Range) -> str:
    """What a range is counted as of which nothing can be read."""
    return f"{piece.source.label}@{piece.first}"


def census(sources: Sequence[Source], *, cutting: Cut = cut) -> tuple[Counted, ...]:
    """Count every account of some files.

    Args:
        sources: the files.
        cutting: cuts them into ranges.

    Raises:
        InputError: `account-twice`, an id stands twice; `census-failed`, there is no room to tell;
            or a file cannot be read.
    """
    try:
        with (
            TemporaryDirectory(prefix="shadow-census-") as folder,
            closing(sqlite3.connect(Path(folder) / "ids.db")) as ids,
        ):
            ids.execute("CREATE TABLE known (id TEXT PRIMARY KEY, at TEXT) WITHOUT ROWID")
            return tuple(_counted(sources, cutting, ids))
    except (sqlite3.Error, OSError) as error:
        message = f"ids cannot be held against one another: {error}"
        hint = "free some space where temporary files are written (TMPDIR)"
        raise InputError("census-failed", message, hint=hint) from None


def _counted(
    sources: Sequence[Source], cutting: Cut, ids: sqlite3.Connection
) -> Iterator[Counted]:
    for source in sources:
        line = 1
        for piece in cutting(source):
            found, line = _read(replace(piece, line=line), ids)
            yield found


def _read(piece: Range, ids: sqlite3.Connection) -> tuple[Counted, int]:
    """A range's accounts, and the number of the line behind it."""
    rows: list[tuple[str, str]] = []
    last = piece.line - 1
    try:
        for record in lines_of(piece):
            last = record.line
            if record.content is None or record.content.strip():
                at = f"{where(piece, record)}, {byte_of(piece, record)}"
                rows.append((name_of(piece, record), at))
    except InputError as error:
        if error.slug != "frames-damaged":
            raise
        damage = InputError(error.slug, f"{error.message}: at byte {piece.first}", error.where,
                            "its accounts are not known; write the file anew")  # fmt: skip
        return Counted(piece=piece, ids=IdSum.of([unnamed(piece)]), damage=damage), 0
    written = ids.executemany("INSERT OR IGNORE INTO known VALUES (?, ?)", rows)
    if written.rowcount != len(rows) and rows:
        raise _twice(rows, ids)
    names = [name for name, _ in rows]
    sampled = sum(map(is_sampled, names))
    behind = last + 1 if piece.line else 0
    return Counted(piece=piece, ids=IdSum.of(names), sampled=sampled), behind


def _twice(rows: Iterable[tuple[str, str]], ids: sqlite3.Connection) -> InputError:
    found = []
    for name, at in rows:
        (first,) = ids.execute("SELECT at FROM known WHERE id = ?", (name,)).fetchone()
        if first != at:
            found.append((name, first, at))
    name, first, at = found[0]
    others = ", ".join(quoted(one) for one, _, _ in found[1:SHOWN])
    more = f"; so do {others}" if others else ""
    message = f"the id {quoted(name)} is already that of {first}{more}"
    return InputError("account-twice", message, at, "no account counts twice: take one out")
