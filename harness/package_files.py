"""Files of a package as they lie on disk, and their digests: bytes count, and a comment does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MADE: Final = "__pycache__"


def files(place: Path) -> Iterator[Path]:
    """A package's files, in order, or the module that is none; what Python makes is left out."""
    if place.is_file():
        yield place
        return
    yield from (
        file for file in sorted(place.rglob("*")) if MADE not in file.parts and file.is_file()
    )


def file_digest(file: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits; empty where there is none.

    Raises:
        OSError: it cannot be read.
    """
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""
