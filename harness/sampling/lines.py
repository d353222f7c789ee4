"""Files of JSON that only grow, a line at a time, so that a diff shows what was added."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from harness.errors import InputError
from harness.text import shown_path
from harness.whole_file import read_file, replace_file

LARGEST: Final = 64 << 20
"""Bytes that such a file may have (64 MiB)."""


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a line's record."""


def read_bytes(path: Path) -> bytes:
    """A file's bytes; none where there is no file.

    Raises:
        InputError: it cannot be read, or is too large.
    """
    return read_file(path, largest=LARGEST) or b""


def line_of(record: Line) -> bytes:
    """A record's line: equal records give equal bytes."""
    return msgspec.json.encode(record, order="sorted") + b"\n"


def append(path: Path, before: bytes, record: Line) -> bytes:
    """Add a record's line to a file that holds `before`; what it holds then.

    Raises:
        InputError: it holds something else by now, or cannot be written.
    """
    if read_bytes(path) != before:
        message = "was written by somebody else in the meantime"
        raise InputError("file-changed", message, shown_path(path), "run the command again")
    after = before + line_of(record)
    os.makedirs(path.parent, exist_ok=True)
    replace_file(path, after)
    return after
