"""Raw objects out of files: JSON, JSON Lines, and folders of both, each with where it stood."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from harness.errors import InputError, unreadable
from harness.nesting import is_deeper
from harness.ports import Raw, Unused
from harness.text import shown_path, visible

LINES: Final = frozenset({".jsonl", ".ndjson"})
SUFFIXES: Final = frozenset({".json", *LINES})
LARGEST: Final = 64 << 20
"""Bytes that a file of one JSON value may have (64 MiB): it is read whole."""
LONGEST_LINE: Final = 16 << 20
"""Bytes of one line (16 MiB); a file of lines may be of any size."""

DEEPEST: Final = 60
"""Levels of a value; a scenario, which wraps what is read, has 64 at most."""

_DIGITS: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read.

    Attributes:
        found: every object, in the order of files, lines and members; of a list of Stripe's,
            which names the newest first, in the order in which they happened.
        failures: what could not be read, a file or a line each.
        unused: what was read over, and why.
    """

    found: tuple[Raw, ...]
    failures: tuple[InputError, ...] = ()
    unused: tuple[Unused, ...] = ()


def read_raw(paths: Iterable[Path]) -> Read:
    """Read files, and every JSON file below folders; what cannot be read is a failure."""
    reader = _Reader()
    for path in paths:
        for file in files_of(path, reader.failures):
            reader.file(file)
    return Read(found=tuple(reader.found), failures=tuple(reader.failures))


def files_of(path: Path, failures: list[InputError]) -> Iterator[Path]:
    """A file itself; of a folder all JSON files below it, numbers in names by their value."""
    if not path.is_dir():
        yield path
        return
    found: list[Path] = []

    def unlisted(error: OSError) -> None:
        failures.append(unreadable(shown_path(Path(str(error.filename or path))), error))

    for folder, _, names in os.walk(path, onerror=unlisted):
        found.extend(Path(folder) / name for name in names if Path(name).suffix in SUFFIXES)
    if not found and not failures:
        message = "there is no JSON file in this folder"
        suffixes = ", ".join(sorted(SUFFIXES))
        hint = f"such a file ends in one of {suffixes}"
        failures.append(InputError("no-files", message, shown_path(path), hint))
    yield from sorted(found, key=lambda file: _natural(file.relative_to(path)))


def read_lines(path: Path) -> tuple[str, ...]:
    """The lines of a text file that are not blank, without the space around them.

    Raises:
        InputError: it cannot be read, or is no UTF-8.
    """
    found = []
    for number, line in _lines(path):
        try:
            found.append(line.decode("utf-8-sig" if number == 1 else "utf-8").strip())
        except UnicodeDecodeError:
            where = f"{shown_path(path)}:{number}"
            raise InputError("not-utf8", "is not UTF-8", where, "save it as UTF-8") from None
    return tuple(line for line in found if line)


def opened(path: Path) -> BinaryIO:
    """A regular file, open to read.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    name = shown_path(path)
    try:
        # without waiting for whoever might write to a pipe of that name
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise unreadable(name, error) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputError("not-a-file", "is no regular file", name, "name a file")
    return os.fdopen(handle, "rb")


def parsed(text: str) -> Any:
    """JSON, strictly: no key twice, no NaN; a number that is no integer stays exact.

    Raises:
        ValueError: it is no such JSON; the message says why.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_no_constant
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if is_deeper(value, DEEPEST):
        raise ValueError(f"nested deeper than {DEEPEST}")
    return value


class _ExtraDataError(ValueError):
    """The first value of a file ends before the file does: it may be JSON Lines."""


@dataclass(slots=True)
class _Reader:
    """Takes file after file."""

    found: list[Raw] = field(default_factory=list)
    failures: list[InputError] = field(default_factory=list)

    def file(self, path: Path) -> None:
        """Take a file: lines by its suffix, or where it holds more than one value."""
        name = shown_path(path)
        try:
            if path.suffix in LINES:
                self.lines(path, name)
                return
            try:
                self.take(_whole(path, name), name)
            except _ExtraDataError:
                self.lines(path, name)
        except InputError as error:
            self.failures.append(error)

    def lines(self, path: Path, name: str) -> None:
        """Take every line that is not blank; a bad one is a failure and the others are taken."""
        for number, line in _lines(path):
            where = f"{name}:{number}"
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                if text.strip():
                    self.take(_value(text, where), where)
            except UnicodeDecodeError:
                error = InputError("not-utf8", "is not UTF-8", where, "save it as UTF-8")
                self.failures.append(error)
            except InputError as error:
                self.failures.append(error)

    def take(self, value: Any, where: str) -> None:
        """Take an object, or the members of a list."""
        if isinstance(value, Mapping) and value.get("object") != "list":
            self.found.append(Raw(value, where))
            return
        newest_first = isinstance(value, Mapping)
        members = value.get("data") if isinstance(value, Mapping) else value
        if not isinstance(members, list):
            message = f"expected an object or a list of objects, here {_kind(value)}"
            raise InputError("no-objects", message, where, "name a file of recorded objects")
        numbered = list(enumerate(members))
        for number, member in reversed(numbered) if newest_first else numbered:
            place = f"{where}[{number}]"
            if isinstance(member, Mapping):
                self.found.append(Raw(member, place))
            else:
                message = f"expected an object, here {_kind(member)}"
                self.failures.append(InputError("no-object", message, place))


def _kind(value: Any) -> str:
    """What a value is, in words; the value itself may be nobody's to print."""
    kinds = {dict: "an object", list: "a list", str: "a text", type(None): "null"}
    return kinds.get(type(value), "a number or a constant")


def _whole(path: Path, name: str) -> Any:
    """The one JSON value of a file."""
    with opened(path) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        message = f"is more than {LARGEST:,} bytes (64 MiB)"
        hint = "write one object a line into a file that ends in .jsonl; it may be of any size"
        raise InputError("file-too-large", message, name, hint)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"{name}:{line}"
        raise InputError("not-utf8", "is not UTF-8", where, "save it as UTF-8") from None
    return _value(text, name, whole=True)


def _value(text: str, where: str, *, whole: bool = False) -> Any:
    try:
        return parsed(text)
    except json.JSONDecodeError as error:
        if whole and error.msg == "Extra data":
            raise _ExtraDataError from None
        place = f"{where}:{error.lineno}" if whole else where
        message = f"no JSON: {visible(error.msg)} at column {error.colno}"
        raise InputError("json-syntax", message, place, "correct it, or leave it out") from None
    except ValueError as error:
        message = f"no JSON: {visible(str(error))}"
        raise InputError("json-syntax", message, where, "correct it, or leave it out") from None


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, one at a time: a file of them may be larger than memory.

    Raises:
        InputError: it cannot be read, or a line is too long to be one object.
    """
    name = shown_path(path)
    with opened(path) as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                message = f"the line is longer than {LONGEST_LINE:,} bytes (16 MiB)"
                hint = "write one object a line"
                raise InputError("line-too-long", message, f"{name}:{number}", hint)
            yield number, line


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")  # a recording's keys are nobody's to print
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """A key by which `page-2` comes before `page-10`."""
    parts = _DIGITS.split(path.as_posix())
    return [(1, int(one), one) if one.isdecimal() else (0, 0, one) for one in parts]
