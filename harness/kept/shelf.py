"""A shelf: what was kept under one fingerprint, in a file of its own.

The file is SQLite's, so that a worker that is killed leaves a row whole or not there, and two runs
may use it at once. Each row carries a digest of fingerprint, key and content: one that does not
fit is damaged, and no hit. Whatever is wrong with the file, nothing is found in it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import zstandard

from harness.errors import InputError, os_reason
from harness.text import shown_path

SUFFIX: Final = ".kept"
ASIDE: Final = ".otherwise"
"""Ends the name of a shelf on which something was found to be otherwise."""

MOST: Final = 4
"""Shelves of one kind in a folder; the one that was not used for longest goes first."""

PATIENCE: Final = 60.0
"""Seconds to wait for another run that writes."""

MARK: Final = 16
"""Bytes of a row's digest."""

LEVEL: Final = 1
LARGEST: Final = 64 << 20
"""Bytes that a row may unpack to."""

TOGETHER: Final = 500
"""Keys that are asked for in one question."""

_TABLE: Final = "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, body BLOB NOT NULL)"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where something is kept.

    Attributes:
        kind: what is kept there, as file names begin.
        name: the fingerprint's digest.
    """

    folder: Path
    kind: str
    name: str

    @property
    def file(self) -> Path:
        return self.folder / f"{self.kind}-{self.name[:32]}{SUFFIX}"

    def begin(self) -> None:
        """Make room for a run that uses it; shelves that nobody used for long are taken down.

        Raises:
            InputError: `kept-folder`, it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                os.utime(self.file)
            others = [
                one for one in self.folder.glob(f"{self.kind}-*{SUFFIX}") if one != self.file
            ]
            for old in sorted(others, key=_used, reverse=True)[MOST - 1 :]:
                old.unlink(missing_ok=True)
        except OSError as error:
            reason = os_reason(error)
            hint = "name a folder that can be written, or leave --kept out"
            where = shown_path(self.folder)
            raise InputError(
                "kept-folder", f"nothing can be kept there: {reason}", where, hint
            ) from None

    def set_aside(self) -> Path:
        """Take it out of use, for whoever wants to look at it."""
        aside = self.file.with_suffix(ASIDE)
        with suppress(OSError):
            self.file.replace(aside)
        return aside

    @contextmanager
    def opened(self) -> Iterator[Open]:
        """Use it; one that cannot be opened is empty, and says so."""
        found = Open(shelf=self)
        try:
            with closing(sqlite3.connect(self.file, timeout=PATIENCE, isolation_level=None)) as at:
                at.execute("PRAGMA page_size = 16384")
                at.execute("PRAGMA synchronous = NORMAL")
                at.execute(_TABLE)
                found.at = at
                yield found
        except sqlite3.Error as error:
            if found.at is not None:
                raise  # of the one who uses it: nothing here lets one out
            found.failed(error)
            yield found


def _used(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


@dataclass(slots=True, kw_only=True)
class Open:
    """A shelf in use, by one process.

    Attributes:
        at: None where it cannot be opened.
        damaged: keys of rows that were not what was written.
        trouble: why the file could not be read or written; empty where it could.
    """

    shelf: Shelf
    at: sqlite3.Connection | None = None
    damaged: set[bytes] = field(default_factory=set)
    trouble: str = ""
    _unpack: zstandard.ZstdDecompressor = field(default_factory=zstandard.ZstdDecompressor)

    def failed(self, error: sqlite3.Error) -> None:
        """Note why nothing can be done with the file."""
        self.trouble = self.trouble or f"{shown_path(self.shelf.file)}: {error}"

    def known(self, keys: Iterable[bytes]) -> frozenset[bytes]:
        """Those of some keys under which there is something."""
        asked, found = list(keys), set[bytes]()
        if self.at is None:
            return frozenset()
        try:
            for first in range(0, len(asked), TOGETHER):
                some = asked[first : first + TOGETHER]
                marks = ",".join("?" * len(some))
                query = f"SELECT key FROM kept WHERE key IN ({marks})"  # noqa: S608  # marks alone
                found.update(key for (key,) in self.at.execute(query, some))
        except sqlite3.Error as error:
            self.failed(error)
        return frozenset(found)

    def take(self, key: bytes) -> bytes | None:
        """What is kept under a key; None where there is nothing, or it is damaged."""
        if self.at is None:
            return None
        try:
            row = self.at.execute("SELECT body FROM kept WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self.failed(error)
            return None
        if row is None:
            return None
        content = self._content(key, row[0])
        if content is None:
            self.damaged.add(key)
        return content

    def put(self, found: Mapping[bytes, bytes]) -> int:
        """Keep contents by key, all or none; how many were kept."""
        if self.at is None or not found:
            return 0
        pack = zstandard.ZstdCompressor(level=LEVEL)
        rows = []
        for key, content in found.items():
            packed = pack.compress(content)
            rows.append((key, self._mark(key, packed) + packed))
        try:
            self.at.execute("BEGIN IMMEDIATE")
            self.at.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)
            self.at.execute("COMMIT")
        except sqlite3.Error as error:
            self.failed(error)
            with suppress(sqlite3.Error):
                self.at.execute("ROLLBACK")
            return 0
        return len(rows)

    def _content(self, key: bytes, body: object) -> bytes | None:
        if not isinstance(body, bytes) or body[:MARK] != self._mark(key, body[MARK:]):
            return None
        try:
            return self._unpack.decompress(body[MARK:], max_output_size=LARGEST)
        except zstandard.ZstdError:
            return None

    def _mark(self, key: bytes, packed: bytes) -> bytes:
        whole = b"".join((self.shelf.name.encode("ascii"), key, packed))
        return hashlib.blake2b(whole, digest_size=MARK).digest()
