"""Ranges: the pieces of a file of scenarios, one a line, that are each read by themselves.

A range is a frame of a `.jsonl.zst` or some bytes of a `.jsonl`, cut at line ends. Whoever has one
needs nothing of what stands before it.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import BinaryIO, Final, NamedTuple

from harness.bulk.frames import LINES, PACKED, PLAIN, Frame, content_of, frames_of
from harness.bulk.location import Location, Version, opened, same_for, shown, version
from harness.document import LARGEST
from harness.errors import InputError, unreadable
from harness.store.part import Place
from harness.text import quoted, visible

BYTES: Final = 3 << 20
"""Bytes of a range without frames, unless it has its lines before (3 MiB)."""

AT_ONCE: Final = 1 << 20
"""Bytes of a file that are digested at once (1 MiB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file of scenarios, and what it was when the run began.

    Attributes:
        shown: its name as messages show it, the same wherever a range of it is replayed.
        number: which of the files named, from 1.
        label: its name, with the number where two files have the same one.
        version: its bytes and when it was last written, as the file system says it.
        sha256: of its bytes.
    """

    file: Location
    shown: str
    number: int
    label: str
    version: Version
    sha256: str

    @property
    def size(self) -> int:
        """Bytes."""
        return self.version.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A piece of a file.

    Attributes:
        first, last: its bytes in the file, the last excluded.
        frame: the frame that it is; None for bytes that are not compressed.
        line: number of its first line in the file, from 1; 0 where nobody knows it.
        only: of its accounts only those from one offset up to another are asked for; None for
            all. It is the same part of a run all the same.
        taken: its bytes as they are in the file, where somebody read them before.
    """

    source: Source
    first: int
    last: int
    frame: Frame | None = None
    line: int = 0
    only: tuple[int, int] | None = None
    taken: bytes | None = field(default=None, repr=False)

    @property
    def place(self) -> Place:
        """How the store knows it: by file and bytes, the same whoever works on it."""
        name = f"{self.source.number}:{self.first:012d}-{self.last:012d}"
        return Place(id=name, source=self.source.shown, first=self.first, last=self.last)


class Record(NamedTuple):
    """A line of a range.

    Attributes:
        line: its number in the file, from 1; 0 where nobody knows it.
        offset: bytes of the range's lines before it.
        content: without its end; None where it is longer than any scenario may be.
    """

    line: int
    offset: int
    content: bytes | None


def sources_of(files: Sequence[Location]) -> tuple[Source, ...]:
    """Look at files, all of their bytes.

    Raises:
        InputError: `replay-name`, a name says nothing of the form; `file-twice`; or a file cannot
            be read.
    """
    names = Counter(file.name for file in files)
    real = Counter(same_for(file) for file in files)
    for file in files:
        if not file.name.endswith((PLAIN, PACKED)):
            message = f"{quoted(file.name)} is no name for scenarios by the line"
            raise InputError("replay-name", message, hint=f"name a file in {PLAIN} or {PACKED}")
        if real[same_for(file)] > 1:
            message = "is named twice, and no account counts twice"
            raise InputError("file-twice", message, shown(file), "name it once")
    return tuple(
        _looked_at(file, number, file.name if names[file.name] == 1 else f"{number}-{file.name}")
        for number, file in enumerate(files, 1)
    )


def cut(source: Source, *, lines: int = LINES, size: int = BYTES) -> Iterator[Range]:
    """Cut a file into ranges, in order; a frame is one as it is.

    Args:
        source: the file.
        lines: a range without frames ends with so many of them.
        size: or with the line in which it has so many bytes.

    Raises:
        InputError: the file cannot be read, or has no table of its frames.
    """
    if source.file.name.endswith(PACKED):
        for frame in frames_of(source.file):
            yield Range(
                source=source, first=frame.start, last=frame.start + frame.size, frame=frame
            )
        return
    first = at = count = 0
    with _opened(source) as stream:
        while some := stream.readline(LARGEST):
            at += len(some)
            count += some.endswith(b"\n")
            if some.endswith(b"\n") and (count == lines or at - first >= size):
                yield Range(source=source, first=first, last=at)
                first, count = at, 0
    if at > first:
        yield Range(source=source, first=first, last=at)


def records(piece: Range) -> Iterator[Record]:
    """Read a range's accounts, a line each; blank lines hold nothing.

    Raises:
        InputError: as `lines_of`.
    """
    first, end = piece.only or (0, None)
    for one in lines_of(piece):
        if end is not None and one.offset >= end:
            return
        if one.offset >= first and (one.content is None or one.content.strip()):
            yield one


def pieces(piece: Range, count: int) -> tuple[Range, ...]:
    """The same accounts in so many pieces, or fewer; none of them without an account.

    Raises:
        InputError: as `lines_of`.
    """
    starts = [one.offset for one in records(piece)]
    size = -(-len(starts) // count)
    end = piece.only[1] if piece.only else sys.maxsize
    bounds = [*starts[::size], end] if starts else []
    return tuple(replace(piece, only=both) for both in pairwise(bounds))


def lines_of(piece: Range) -> Iterator[Record]:
    """Read a range, a line at a time.

    Raises:
        InputError: `frames-damaged`; `file-rewritten` since it was looked at; or unreadable.
    """
    stream, length = _stream(piece)
    try:
        with stream:
            at, number = 0, piece.line
            while at < length:
                taken, content = _line(stream, length - at)
                if not taken:
                    raise _changed(piece.source)
                yield Record(number, at, content)
                at += taken
                number += bool(piece.line)
    except OSError as error:
        raise unreadable(piece.source.shown, error) from error


def _stream(piece: Range) -> tuple[BinaryIO, int]:
    """A range's lines, and how many bytes they are."""
    if piece.frame is None and piece.taken is None:
        stream = _opened(piece.source)
        stream.seek(piece.first)
        return stream, piece.last - piece.first
    content = bytes_of(piece) if piece.taken is None else piece.taken
    if piece.frame is not None:
        content = content_of(content, piece.frame, piece.source.file)
    return io.BytesIO(content), len(content)


def bytes_of(piece: Range) -> bytes:
    """A range's bytes as they are in its file.

    Raises:
        InputError: `file-rewritten` since it was looked at; or unreadable.
    """
    try:
        with _opened(piece.source) as stream:
            return _part_of(stream, piece)
    except OSError as error:
        raise unreadable(piece.source.shown, error) from error


def taken(piece: Range, sha256: str) -> Range:
    """The range with its bytes, read from wherever its file is seen; their digest proves them.

    Args:
        piece: of a file that another process looked at, maybe on another machine.
        sha256: of the bytes that that process read.

    Raises:
        InputError: `range-otherwise`, the file holds something else here; or unreadable.
    """
    try:
        with opened(piece.source.file) as stream:
            content = _part_of(stream, piece)
    except OSError as error:
        raise unreadable(piece.source.shown, error) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        message = f"bytes {piece.first} to {piece.last} of it are others than where the run began"
        hint = "give all machines the same file, on storage that they share"
        raise InputError("range-otherwise", message, piece.source.shown, hint)
    return replace(piece, taken=content)


def _part_of(stream: BinaryIO, piece: Range) -> bytes:
    stream.seek(piece.first)
    return stream.read(piece.last - piece.first)


def where(piece: Range, record: Record) -> str:
    """`file:line` of a record, or the file alone where nobody knows the line."""
    line = f":{record.line}" if record.line else ""
    return f"{piece.source.shown}{line}"


def byte_of(piece: Range, record: Record) -> str:
    """Where a record begins, in bytes."""
    if piece.frame is None:
        return f"byte {piece.first + record.offset}"
    return f"byte {record.offset} of the frame at byte {piece.first}"


def _line(stream: BinaryIO, left: int) -> tuple[int, bytes | None]:
    """How many bytes the next line has, and what it says; never more of it than may be read."""
    content = stream.readline(min(left, LARGEST + 1))
    taken = len(content)
    if content.endswith(b"\n") or taken == left or not taken:
        said = content.removesuffix(b"\n").removesuffix(b"\r")
        return taken, said if len(said) <= LARGEST else None
    while taken < left and not content.endswith(b"\n"):
        content = stream.readline(min(left - taken, LARGEST))
        if not content:
            break
        taken += len(content)
    return taken, None


def _looked_at(file: Location, number: int, label: str) -> Source:
    try:
        with opened(file) as stream:
            found = version(file, stream)
            sha256 = hashlib.sha256()
            while some := stream.read(AT_ONCE):
                sha256.update(some)
    except OSError as error:
        raise unreadable(shown(file), error) from error
    return Source(
        file=file,
        shown=shown(file),
        number=number,
        label=visible(label),
        version=found,
        sha256=sha256.hexdigest(),
    )


def _opened(source: Source) -> BinaryIO:
    """The file, as long as it is the one that was looked at."""
    try:
        stream = opened(source.file)
    except OSError as error:
        raise unreadable(source.shown, error) from error
    try:
        if version(source.file, stream) != source.version:
            raise _changed(source)
    except OSError as error:
        stream.close()
        raise unreadable(source.shown, error) from error
    except InputError:
        stream.close()
        raise
    return stream


def _changed(source: Source) -> InputError:
    message = "was written to since the run began: what was replayed is not what it holds"
    hint = "leave it alone, and begin another run"
    return InputError("file-rewritten", message, source.shown, hint)
