"""Files that are written whole or not at all: whoever reads one never finds half of it."""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import InputError
from harness.text import shown_path


def replace_file(file: Path, content: bytes, *, named: Path | None = None, fix: str = "") -> None:
    """Put `content` in the place of whatever the file holds; its folder has to be there.

    Args:
        file: where it is written.
        content: all of it.
        named: what whoever asked calls the file, where that is a link to it.
        fix: what to do where it cannot be written.

    Raises:
        InputError: it cannot be written.
    """
    beside = beside_of(file)
    try:
        beside.write_bytes(content)
        os.replace(beside, file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise unwritable(named or file, error, fix=fix) from error


def beside_of(file: Path) -> Path:
    """Where a file is written before it takes its place."""
    return file.with_name(f".{file.name}.part")


def unwritable(file: Path, error: OSError, *, fix: str = "") -> InputError:
    """That the system refuses to write a file, and why."""
    reason = (error.strerror or str(error)).lower()
    return InputError("unwritable", f"cannot be written: {reason}", shown_path(file), fix)
