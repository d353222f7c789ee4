"""The store's tables, as the newest version has them; `migrations` makes them.

Version 1 holds runs, their parts, what was expected of each, what agreed as counts, and what did
not as rows. Version 2 counts the rulings that each part used.

No table refers to another by a foreign key: checking one row costs as much as writing it, and what
would be checked is held by the sums of ids (`harness.store.id_sum`), row for row.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

VERSION_TABLE: Final = "shadow_version"
"""Where Alembic notes the version; not its usual name, which an application may have taken."""

META: Final = MetaData()


def _text(name: str, doc: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False, doc=doc)


def _count(name: str, doc: str, *, key: bool = False) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=False, autoincrement=False, doc=doc)


def _of_part() -> tuple[Column[str], Column[str]]:
    return _text("run", "run.id", key=True), _text("part", "part.id", key=True)


RUN: Final = Table(
    "run",
    META,
    _text("id", "the moment it began, and a little chance: 20261122-161233-3f9c01", key=True),
    Column("begun", BigInteger, nullable=False, doc="epoch seconds, UTC"),
    Column("ended", BigInteger, doc="epoch seconds, UTC; null until all parts are there"),
    _text("command", "which one ran: run, gate"),
    _text("level", "the policy's: rehearsal, production"),
    _text("partial", "which part of the scenarios was asked for; empty for all of them"),
    _text("harness", "the harness's version"),
    _text("gate", "open, closed; empty where none was decided"),
    Column("complete", Boolean, nullable=False, doc="whether all parts are there and add up"),
)

MADE_OF: Final = Table(
    "made_of",
    META,
    _text("run", "run.id", key=True),
    _text("what", "candidate, control, harness, policy, rulings, scenarios, …", key=True),
    _text("sha256", "digest of its files"),
    sqlite_with_rowid=False,
)

ROSTER: Final = Table(
    "roster",
    META,
    _text("digest", "of its lines: parts of the same accounts share one roster", key=True),
    _count("scenarios", "lines"),
    _count("cells", "of all lines"),
    _text("scenario_ids", "sum of the scenarios' ids"),
    _text("cell_ids", "sum of the cells' ids"),
)
"""What is expected: head of a list of scenarios."""

ROSTERED: Final = Table(
    "rostered",
    META,
    _text("digest", "roster.digest", key=True),
    _text("scenario", "its id", key=True),
    _text("sha256", "digest of what it was read from; empty where nothing could be read"),
    _count("cells", "their ids are scenario#0 and so on"),
    sqlite_with_rowid=False,
)
"""What is expected: the lines."""

PART: Final = Table(
    "part",
    META,
    _text("run", "run.id", key=True),
    _text("id", "its name in the run", key=True),
    _text("source", "the folder or file that it was read from"),
    Column("first", BigInteger, doc="first byte in the file; null for all of it"),
    Column("last", BigInteger, doc="the byte behind the last one; null for all of it"),
    _text("state", "announced, done"),
    _text("roster", "roster.digest; empty until it is done"),
    sqlite_with_rowid=False,
)

TALLY: Final = Table(
    "tally",
    META,
    *_of_part(),
    _text("path", "of the control; `(cell)` for the cells themselves, each once", key=True),
    _text("kind", "kind of evidence, never added; empty where a cell was not run", key=True),
    _text("class", "SOUND, REPAIR, TWIST, UNDECIDABLE; empty likewise", key=True),
    _text("outcome", "the path's own, or the cell's", key=True),
    _count("cells", "how many"),
    _text("ids", "sum of their ids"),
    Index("tally_path", "path", "run"),
    sqlite_with_rowid=False,
)
"""All cells, counted."""

CELL: Final = Table(
    "cell",
    META,
    _text("run", "run.id", key=True),
    _text("id", "scenario#n", key=True),
    _text("part", "part.id"),
    _text("scenario", "its id"),
    _text("act", "what happened"),
    _text("kind", "kind of evidence; empty where it was not run"),
    _text("class", "as in tally"),
    _text("outcome", "of the cell; AGREE only where something was found all the same"),
    _text("paths", "of the control, that ran, one a line"),
    _text("findings", "canonical JSON"),
    _text("digest", "of findings and differences: the same in two runs where these are"),
    Index("cell_part", "run", "part"),
    sqlite_with_rowid=False,
)
"""Every cell that does not simply agree."""

DIFFERENCE: Final = Table(
    "difference",
    META,
    _text("run", "run.id", key=True),
    _text("cell", "cell.id", key=True),
    _count("number", "from 0, in the order of facets and fields", key=True),
    _text("part", "part.id"),
    _text("scenario", "its id"),
    _text("outcome", "the cell's"),
    _text("path", "the control's paths that it belongs to, with a blank between two"),
    _text("field", "facet.at"),
    _text("signature", "the same for differences that are alike but for ids and amounts"),
    _text("ruling", "that covers it, `(given)` or `follows`; empty where none does"),
    _text("body", "the difference as canonical JSON; a side that lacks the field has no key"),
    Index("difference_part", "run", "part"),
    Index("difference_signature", "run", "signature"),
    sqlite_with_rowid=False,
)
"""Every difference, whole."""

FREE_TALLY: Final = Table(
    "free_tally",
    META,
    *_of_part(),
    _text("kind", "kind of evidence; empty where it was not run", key=True),
    _text("outcome", "of the free run", key=True),
    _count("runs", "how many"),
    _text("ids", "sum of their scenarios' ids"),
    sqlite_with_rowid=False,
)

FREE: Final = Table(
    "free",
    META,
    _text("run", "run.id", key=True),
    _text("scenario", "its id", key=True),
    _text("part", "part.id"),
    _text("kind", "kind of evidence; empty where it was not run"),
    _text("outcome", "any but KEPT"),
    _text("remarks", "what was moot, broken, failed or found, as canonical JSON"),
    Index("free_part", "run", "part"),
    sqlite_with_rowid=False,
)
"""Every free run that was not kept."""

USED: Final = Table(
    "used",
    META,
    *_of_part(),
    _text("ruling", "its id", key=True),
    _count("cells", "in which it covers a difference"),
    sqlite_with_rowid=False,
)
"""Rulings that a part used."""

OF_PART: Final = (TALLY, CELL, DIFFERENCE, FREE_TALLY, FREE, USED)
"""Tables whose rows belong to one part each, and are replaced with it."""
