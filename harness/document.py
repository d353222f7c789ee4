"""A YAML file as plain data in which every place knows its line.

The YAML read here has JSON's values only: `no`, `on` and `12:30:00` are text, dates are text until
a schema reads them, and only `true`, `false`, `null` and integers are anything else. Aliases,
anchors, tags, duplicate keys, empty values and several documents in one file are refused: each of
them makes a file say something else than what a reviewer sees.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

from harness.errors import InputError, Instead, unreadable
from harness.names import Hint
from harness.text import quoted, shown_path, visible

Place = tuple[str | int, ...]

LARGEST = 1 << 20
"""Bytes a file may have (1 MiB); the size is looked at before anything is read."""

DEEPEST = 64
"""How deeply mappings and lists may be nested."""

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_CONSTANTS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says.

    Attributes:
        data: dicts with text keys, lists, str, int, bool, None.
        lines: place → line, counted from 1; the empty place is the document itself.
        file: the file's name as it was given.
        sha256: digest of the file's bytes.
        text: what was read.
    """

    data: Any
    lines: Mapping[Place, int]
    file: str
    sha256: str
    text: str = field(repr=False)

    def where(self, place: Place | str = ()) -> str:
        """`file:line` of a place, e.g. of `given.stripe.invoices[0].amount`.

        Of a place that is not there, the line of the nearest one around it.
        """
        steps = place_of(place) if isinstance(place, str) else place
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return f"{self.file}:{self.lines.get(steps, 1)}"

    def at(self, place: Place) -> Any:
        """The data at a place; None where there is none."""
        data = self.data
        for step in place:
            try:
                data = data[step]
            except (KeyError, IndexError, TypeError):
                return None
        return data

    def error(self, slug: str, place: Place, message: str, hint: str = "") -> InputError:
        """An error about a place, with its file, line and name."""
        named = f"{place_text(place)}: {message}" if place else message
        instead = self._instead(place, hint)
        return InputError(
            slug=slug, message=named, where=self.where(place), hint=hint, instead=instead
        )

    def line(self, number: int) -> str:
        """A line of the file, counted from 1."""
        return self.text.split("\n")[number - 1].rstrip("\r")

    def _instead(self, place: Place, hint: str) -> Instead | None:
        """What a hint proposes for the value at a place, or for the key that leads there."""
        if not isinstance(hint, Hint) or hint.old is None or hint.new is None or not place:
            return None
        is_key = self.at(place) != hint.old
        if is_key and place[-1] != hint.old:
            return None
        return Instead(place=place, old=hint.old, new=hint.new, is_key=is_key)


def place_of(text: str) -> Place:
    """`a.b[0]` as steps; keys that hold dots need the steps themselves."""
    return tuple(int(number) if number else key for key, number in _STEP.findall(text))


def place_text(place: Place) -> str:
    """Steps as `a.b[0]`, safe to show."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return visible(text.removeprefix("."))


def read_document(path: Path) -> Document:
    """Read a file.

    Raises:
        InputError: it cannot be read, is too large, or is not this kind of YAML.
    """
    return parse_document(_bytes_of(path), shown_path(path))


def parse_document(content: bytes, file: str) -> Document:
    """Read a file's bytes; `file` is its name in messages.

    Raises:
        InputError: as `read_document`.
    """
    builder = _Builder(file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"byte {content[error.start]:#04x}"
        builder.refuse("not-utf8", line, f"{byte} is not UTF-8", "save the file as UTF-8")
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = len(text.splitlines()) or 1  # the parser may name the line after the last one
        line = min(mark.line + 1, last) if mark else 1
        said = " ".join(filter(None, (error.problem, error.context)))
        builder.refuse("yaml-syntax", line, f"no YAML: {visible(said)}", "correct the line")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, _offset(text, error)) + 1
        char = visible(repr(chr(error.character))) if isinstance(error.character, int) else "?"
        message = f"no YAML: the character {char} is not allowed"
        builder.refuse("yaml-character", line, message, 'write it as an escape inside "…"')
    if not builder.documents:
        builder.refuse("file-empty", 1, "the file holds no document", "write one, or delete it")
    return Document(
        data=builder.root,
        lines=builder.lines,
        file=builder.file,
        sha256=hashlib.sha256(content).hexdigest(),
        text=text,
    )


class _Builder:
    """Makes data and lines out of the parser's events, without recursion: depth is no danger."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Any = None
        self.lines: dict[Place, int] = {}
        self.documents = 0
        self.stack: list[tuple[Any, Place]] = []
        self.key: str | None = None
        self.key_line = 0

    def refuse(self, slug: str, line: int, message: str, hint: str = "") -> NoReturn:
        raise InputError(slug=slug, message=message, where=f"{self.file}:{line}", hint=hint)

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:  # the commonest first
            case yaml.ScalarEvent():
                self.check(event.anchor, event.tag, line)
                self.scalar(event, line)
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    message = "a second document begins here"
                    self.refuse("yaml-documents", line, message, "one file holds one document")
            case yaml.AliasEvent():
                message = f"the alias {quoted(f'*{event.anchor}')} is not read"
                self.refuse("yaml-alias", line, message, "write the value out")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self.check(event.anchor, event.tag, line)
                self.open({} if isinstance(event, yaml.MappingStartEvent) else [], line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.stack.pop()

    def check(self, anchor: str | None, tag: str | None, line: int) -> None:
        if anchor is not None:
            message = f"the anchor {quoted(f'&{anchor}')} is not read"
            self.refuse("yaml-alias", line, message, "write the value out where it is used")
        if tag is not None:
            message = f"the tag {quoted(tag)} is not read"
            self.refuse("yaml-tag", line, message, "leave the tag out; quote what is text")

    def open(self, new: Any, line: int) -> None:
        if self.wants_key():
            self.refuse("yaml-key", line, "a key is a mapping or a list", "keys are plain text")
        if len(self.stack) >= DEEPEST:
            message = f"nested deeper than {DEEPEST}"
            self.refuse("yaml-too-deep", line, message, "flatten the file")
        self.stack.append((new, self.put(new, line)))

    def scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if self.wants_key():
            self.name(event.value, line)
            return
        plain = event.style is None or event.style == ""
        place = self.put(None, line)
        value = self.plain(event.value, place, line) if plain else event.value
        if self.stack:
            self.stack[-1][0][place[-1]] = value
        else:
            self.root = value

    def wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1][0], dict) and self.key is None

    def name(self, key: str, line: int) -> None:
        mapping, place = self.stack[-1]
        if not key:
            self.refuse("yaml-key", line, "a key is empty", "name it")
        if key in mapping:
            first = self.lines[(*place, key)]
            named = place_text((*place, key))
            message = f"{named}: the key stands twice, first in line {first}"
            self.refuse("yaml-duplicate-key", line, message, "keep one of them")
        self.key, self.key_line = key, line

    def put(self, value: Any, line: int) -> Place:
        """Put a value where the next one belongs and remember its line."""
        if not self.stack:
            self.root = value
            self.lines[()] = line
            return ()
        parent, place = self.stack[-1]
        if isinstance(parent, dict):
            assert self.key is not None  # noqa: S101  # `wants_key` has been asked
            place, line = (*place, self.key), self.key_line
            parent[self.key] = value
            self.key = None
        else:
            place = (*place, len(parent))
            parent.append(value)
        self.lines[place] = line
        return place

    def plain(self, text: str, place: Place, line: int) -> Any:
        """An unquoted scalar: JSON's constants and integers, else text."""
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text):
            if len(text.removeprefix("-")) <= 18:
                return int(text)
            message = f"{place_text(place)}: {quoted(text)} is too large for a number"
            self.refuse("yaml-number", line, message, "quote it if it is text")
        if _FLOAT.fullmatch(text):
            message = f"{place_text(place)}: {quoted(text)} is no integer"
            fix = "money is in minor units (cents), times in text; quote it if it is text"
            self.refuse("yaml-number", line, message, fix)
        if not text:
            message = f"{place_text(place) or 'the document'}: no value"
            self.refuse("yaml-empty-value", line, message, 'write null, "", {} or []')
        return text


def _offset(text: str, error: yaml.reader.ReaderError) -> int:
    """Where a refused character is; the C reader counts bytes, so look for the character."""
    if isinstance(error.character, int):
        return max(0, text.find(chr(error.character)))
    return 0


def _bytes_of(path: Path) -> bytes:
    """A regular file's bytes, never more than LARGEST."""
    name = shown_path(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError("not-a-file", "is no regular file", name, "name a file")
        content = b""
        if status.st_size <= LARGEST:
            with path.open("rb") as file:
                content = file.read(LARGEST + 1)
    except OSError as error:
        raise unreadable(name, error) from error
    size = max(status.st_size, len(content))
    if size > LARGEST:
        message = f"is {size:,} bytes, more than {LARGEST:,} (1 MiB) is not read"
        raise InputError("file-too-large", message, name, "split it, or remove what is no YAML")
    return content
