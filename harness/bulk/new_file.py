"""A new file that is written as a stream, and stands whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from harness.errors import InputError
from harness.text import shown_path
from harness.whole_file import unwritable


def must_be_free(file: Path) -> None:
    """Refuse a name that something has.

    Raises:
        InputError: something has it.
    """
    if os.path.lexists(file):
        raise _taken(file)


@contextmanager
def new_file(file: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a file beside the one that is meant; it takes the name once all went well.

    Whatever goes wrong, an interruption included, takes away what was written. What has the name
    by then keeps it. Yields the stream, and where it is written.

    Raises:
        InputError: it cannot be written, or something has the name.
    """
    must_be_free(file)
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as stream:
            yield stream, beside
        os.link(beside, file)  # unlike a rename, it refuses where something stands
    except FileExistsError:
        raise _taken(file) from None
    except OSError as error:
        raise unwritable(file, error, fix="name another place, or free this one") from error
    finally:
        beside.unlink(missing_ok=True)


def _taken(file: Path) -> InputError:
    fix = "name another file, or delete this one"
    return InputError("file-taken", "exists already", shown_path(file), fix)
