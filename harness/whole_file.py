"""Files that are written whole or not at all, and read whole where they are not too large."""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import InputError, os_reason, unreadable
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


def read_file(file: Path, *, largest: int, fix: str = "") -> bytes | None:
    """A file's bytes; None where there is none.

    Args:
        file: what is read.
        largest: bytes that it may have.
        fix: what to do where it is too large.

    Raises:
        InputError: it is too large, or cannot be read.
    """
    name = shown_path(file)
    try:
        if file.stat().st_size > largest:
            raise InputError("file-too-large", f"has more than {largest:,} bytes", name, fix)
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(name, error) from error


def beside_of(file: Path) -> Path:
    """Where a file is written before it takes its place."""
    return file.with_name(f".{file.name}.part")


def unwritable(file: Path, error: OSError, *, fix: str = "") -> InputError:
    """That the system refuses to write a file, and why."""
    reason = os_reason(error)
    return InputError("unwritable", f"cannot be written: {reason}", shown_path(file), fix)
