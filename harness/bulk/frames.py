"""Frames: lines in independently compressed pieces, and a table that says where each begins.

The file is one of the Zstandard seekable format (facebook/zstd, `contrib/seekable_format`): frames
that know nothing of one another, and last a frame that ordinary decoders skip, with the sizes of
all others. Whoever wants a part of a file reads the table, and then that part alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import zstandard

from harness.bulk.location import Location, opened, shown
from harness.errors import InputError, unreadable

PLAIN: Final = ".jsonl"
PACKED: Final = ".jsonl.zst"
"""What names of files end in that hold lines as they are, and lines in frames."""

LINES: Final = 1_000
"""Lines of a frame: little enough to hold several in memory, enough to compress well."""

LEVEL: Final = 3
"""Zstandard's own default."""

LARGEST: Final = 1 << 28
"""Bytes that a frame may hold, compressed or not (256 MiB): the table's word is not trusted."""

_SKIPPED: Final = struct.Struct("<II")  # magic number, bytes that follow
_ROW: Final = struct.Struct("<II")  # bytes compressed, bytes of content
_FOOT: Final = struct.Struct("<IBI")  # frames, descriptor (0: no checksums), magic number
_SKIPPABLE: Final = 0x184D2A5E
_SEEKABLE: Final = 0x8F92EAB1

MENDED: Final = "write the file anew: shadow simulate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A piece of a file that can be read alone.

    Attributes:
        start: bytes of the file before it.
        size: bytes of it in the file.
        content: bytes of the lines that it holds.
    """

    start: int
    size: int
    content: int


class FrameWriter:
    """Writes frames one after the other, each with the size and the checksum of its content."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._compressor = zstandard.ZstdCompressor(
            level=LEVEL, write_checksum=True, write_content_size=True
        )
        self._rows: list[tuple[int, int]] = []

    def add(self, content: bytes) -> None:
        """Write a frame."""
        frame = self._compressor.compress(content)
        self._file.write(frame)
        self._rows.append((len(frame), len(content)))

    def close(self) -> None:
        """Write the table; no frame may follow."""
        foot = _FOOT.pack(len(self._rows), 0, _SEEKABLE)
        table = b"".join(_ROW.pack(*row) for row in self._rows) + foot
        self._file.write(_SKIPPED.pack(_SKIPPABLE, len(table)) + table)


def frames_of(file: Location) -> tuple[Frame, ...]:
    """Read where a file's frames are.

    Raises:
        InputError: the file cannot be read, or has no table that fits it.
    """
    try:
        with opened(file) as stream:
            return _frames(stream, file)
    except OSError as error:
        raise unreadable(shown(file), error) from error


def contents(file: Location, frames: tuple[Frame, ...]) -> Iterator[bytes]:
    """Read frames, each by itself: all of a file's, or some.

    Raises:
        InputError: the file cannot be read, or a frame is not what the table says.
    """
    try:
        with opened(file) as stream:
            for frame in frames:
                stream.seek(frame.start)
                yield content_of(stream.read(frame.size), frame, file)
    except OSError as error:
        raise unreadable(shown(file), error) from error


def content_of(packed: bytes, frame: Frame, file: Location) -> bytes:
    """The lines of a frame that was read from a file.

    Raises:
        InputError: it is not what the table says.
    """
    try:
        if zstandard.frame_content_size(packed) != frame.content:
            raise _damaged(file, "a frame holds another number of bytes than its table says")
        return zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise _damaged(file, f"a frame cannot be read: {error}") from error


def _frames(stream: BinaryIO, file: Location) -> tuple[Frame, ...]:
    end = stream.seek(0, 2)
    stream.seek(max(0, end - _FOOT.size))
    foot = stream.read(_FOOT.size)
    count, descriptor, magic = _FOOT.unpack(foot) if len(foot) == _FOOT.size else (0, 0, 0)
    size = count * _ROW.size + _FOOT.size
    start = end - size - _SKIPPED.size
    if magic != _SEEKABLE or start < 0:
        raise _damaged(file, "there is no table of frames at its end")
    stream.seek(start)
    head = _SKIPPED.unpack(stream.read(_SKIPPED.size))
    rows = list(_ROW.iter_unpack(stream.read(count * _ROW.size)))
    found: list[Frame] = []
    at = 0
    for packed, content in rows:
        found.append(Frame(start=at, size=packed, content=content))
        at += packed
    sound = all(0 < max(row) <= LARGEST for row in rows)
    if head != (_SKIPPABLE, size) or descriptor != 0 or at != start or not sound:
        raise _damaged(file, "the table at its end does not fit its frames")
    return tuple(found)


def _damaged(file: Location, message: str) -> InputError:
    return InputError("frames-damaged", message, shown(file), MENDED)
