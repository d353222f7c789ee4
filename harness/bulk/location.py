"""A location: where the bytes of a file are, in a file system or behind a URL that fsspec reads.

fsspec is an extra: it is imported where somebody names a URL.
"""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, NamedTuple, cast

from harness.errors import InputError
from harness.text import shown_path, visible

AHEAD: Final = 1 << 20
"""Bytes read at once from behind a URL (1 MiB)."""


@dataclass(frozen=True, slots=True)
class Url:
    """A file that fsspec reads: `s3://bucket/population.jsonl.zst`."""

    text: str

    @property
    def name(self) -> str:
        return PurePosixPath(self.text).name


Location = Path | Url


class Version(NamedTuple):
    """What tells a file that was written to from what it was.

    Attributes:
        size: bytes.
        changed: when it was last written, or its name for what it holds, as its store says it.
    """

    size: int
    changed: int | str


def located(name: str | Path) -> Location:
    """What a command line names.

    Raises:
        InputError: `cluster-packages`, it is a URL and fsspec is missing; `url-secret`.
    """
    if isinstance(name, Path) or "://" not in name:
        return Path(name)
    try:
        import fsspec  # noqa: F401  # only whether it is there
    except ImportError as error:
        message = f"a URL is read with fsspec: {visible(str(error))}"
        raise InputError("cluster-packages", message, hint="install the extra `cluster`") from None
    if "@" in name.partition("://")[2].partition("/")[0]:
        message = "the URL holds a user or a password, which reports would show"
        hint = "write them into fsspec's configuration, or the environment"
        raise InputError("url-secret", message, hint=hint)
    return Url(name)


def shown(location: Location) -> str:
    """A file's name as messages show it."""
    return visible(location.text) if isinstance(location, Url) else shown_path(location)


def same_for(location: Location) -> str:
    """The same text for every name of a file."""
    return location.text if isinstance(location, Url) else os.path.realpath(location)


def opened(location: Location) -> BinaryIO:
    """Open a file to read its bytes.

    Raises:
        OSError: it cannot be, whatever the reason.
    """
    if isinstance(location, Path):
        return location.open("rb")
    system, path = _found(location)
    try:
        raw = system.open(path, "rb")
    except OSError:
        raise
    except Exception as error:  # of whoever serves the URL: each has its own
        raise OSError(_said(error)) from error
    return io.BufferedReader(cast("io.RawIOBase", raw), AHEAD)


def version(location: Location, stream: BinaryIO) -> Version:
    """What a file is now.

    Args:
        location: of the file.
        stream: the same file, open.

    Raises:
        InputError: `not-a-file`.
        OSError: nobody can tell.
    """
    if isinstance(location, Path):
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise InputError("not-a-file", "is no regular file", shown(location), "name a file")
        return Version(status.st_size, status.st_mtime_ns)
    system, path = _found(location)
    try:
        return Version(int(system.size(path)), str(system.ukey(path)))
    except OSError:
        raise
    except Exception as error:  # likewise
        raise OSError(_said(error)) from error


def _found(url: Url) -> tuple[Any, str]:
    """Who serves a URL, and the file's name there."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(url.text)
    except (ImportError, ValueError) as error:
        raise OSError(_said(error)) from error
    system.invalidate_cache()
    return system, path


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {visible(str(error))}"
