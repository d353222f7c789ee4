"""A line as a scenario, read as if it stood in a file of its own.

What a line may say is decided by the reader of files alone. Most lines are JSON that means the
same in YAML: those are decoded as JSON, which is a thousand times as fast. Whatever could mean
something else, and whatever is refused, is read as the file would be.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from harness.bulk.ranges import Range, Record, byte_of, where
from harness.document import LARGEST, Document, Place, parse_document
from harness.errors import InputError
from harness.scenario import Scenario
from harness.scenario_file import ID, Vocabulary, scenario_of
from harness.text import visible

LONGEST_KEY: Final = 1_000
"""Characters of a key: YAML's reader looks no further than 1,024 for the colon behind it."""

DEEPEST: Final = 60
"""Nesting; the reader of files refuses a little more."""

LARGEST_NUMBER: Final = 10**18
"""Numbers of at most 18 digits are the same for both."""

_OTHERWISE: Final = re.compile(r"[\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that YAML reads otherwise, or not at all; escapes are among them."""


class _Head(msgspec.Struct):
    id: str


_HEAD: Final = msgspec.json.Decoder(_Head)


def name_of(piece: Range, record: Record) -> str:
    """What a record is counted as: its id, or where it stands if it has none that can be read.

    The second is never an id: it holds `@`.
    """
    try:
        found = _HEAD.decode(record.content or b"").id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = ""
    if ID.fullmatch(found):
        return found
    return f"{piece.source.label}@{piece.first}+{record.offset}"


def read_line(content: bytes | None, name: str, vocabulary: Vocabulary) -> Scenario:
    """Read a record.

    Args:
        content: the line; None where it is too long.
        name: its id.
        vocabulary: the names it may use.

    Raises:
        InputError: it is no JSON (`line-syntax`), too long (`line-too-large`), the world's loader
            failed (`line-failed`), or it says what no scenario may say.
    """
    if content is None:
        message = f"is longer than {LARGEST:,} bytes (1 MiB), more is not read"
        raise InputError("line-too-large", message, hint="split the account's story")
    try:
        data = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = f"no JSON: {visible(str(error))}"
        raise InputError("line-syntax", message, hint="write the line anew") from None
    file, content = f"{name}.yaml", content + b"\n"
    try:
        if reads_alike(content, data):
            try:
                return scenario_of(_document(content, data, file), vocabulary)
            except InputError:
                pass  # the reader of files says it, as it says it of any file
        return scenario_of(parse_document(content, file), vocabulary)
    except InputError:
        raise
    except Exception as error:  # of the world's loader: one account's data must not stop all
        message = f"{type(error).__name__}: {visible(str(error))}"
        raise InputError("line-failed", message, hint="correct the line, or the world") from error


def sha256_of(content: bytes) -> str:
    """The digest of a line, as of the file that it could be."""
    return hashlib.sha256(content + b"\n").hexdigest()


def placed(error: InputError, piece: Range, record: Record) -> InputError:
    """What is wrong with a line, with the byte at which it begins."""
    message = f"{error.message}, in the line at {byte_of(piece, record)}"
    return InputError(error.slug, message, where(piece, record), error.hint)


def reads_alike(content: bytes, data: Any) -> bool:
    """Whether a line of JSON, decoded to `data`, means the same to the reader of files.

    It does if it is what `data` is written as (so no key stands twice, and no blank between two
    tokens) and nothing in it is anything else in YAML.
    """
    if not isinstance(data, dict) or msgspec.json.encode(data) + b"\n" != content:
        return False
    text = content[:-1].decode("utf-8")
    return not _OTHERWISE.search(text) and _alike(data, 0)


def _alike(data: Any, depth: int) -> bool:
    if isinstance(data, dict):
        keys = all(0 < len(key) <= LONGEST_KEY for key in data)
        return keys and depth < DEEPEST and all(_alike(one, depth + 1) for one in data.values())
    if isinstance(data, list):
        return depth < DEEPEST and all(_alike(one, depth + 1) for one in data)
    if isinstance(data, int) and not isinstance(data, bool):
        return -LARGEST_NUMBER < data < LARGEST_NUMBER
    return data is None or isinstance(data, str | bool)


def _document(content: bytes, data: Any, file: str) -> Document:
    return Document(
        data=data,
        lines=OneLine(data),
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        text=content.decode("utf-8"),
    )


class OneLine(Mapping[Place, int]):
    """The lines of a document that has one: every place is in it, and found when asked for."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def __getitem__(self, place: Place) -> int:
        data = self._data
        for step in place:
            known = isinstance(data, dict) if isinstance(step, str) else isinstance(data, list)
            if not known:
                raise KeyError(place)
            try:
                data = data[step]
            except (KeyError, IndexError):
                raise KeyError(place) from None
        return 1

    def __iter__(self) -> Iterator[Place]:
        return _places(self._data, ())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _places(data: Any, place: Place) -> Iterator[Place]:
    yield place
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _places(value, (*place, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _places(value, (*place, number))
