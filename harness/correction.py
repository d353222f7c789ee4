"""A complaint's corrected line: a line of the file as it would pass, tried before it is shown."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from harness.document import Document, parse_document
from harness.errors import InputError, Instead
from harness.text import visible

T = TypeVar("T")

ROUNDS: Final = 4
"""How many faults of one line are corrected together; a line is offered right or not at all."""

WIDEST: Final = 160
"""How many characters of a line are shown; a longer one is cut around what was put in."""


def corrected(document: Document, read: Callable[[Document], T]) -> T:
    """Read a document; a complaint that knows what to write instead gets the corrected line.

    Raises:
        InputError: whatever `read` raises; with `corrected` where that line would pass.
    """
    try:
        return read(document)
    except InputError as error:
        passing = _passing(document, error, read, ROUNDS)
        changed = () if passing is None else _changed(document, passing)
        if passing is None or len(changed) != 1:
            raise
        (number,) = changed
        shown = shortened(document.line(number), passing.line(number))
        raise dataclasses.replace(error, corrected=f"{number} | {shown}") from None


def shortened(old: str, new: str) -> str:
    """The new line, safe to show, cut around the place where it differs from the old one."""
    if len(new) <= WIDEST:
        return visible(new)
    pairs = enumerate(zip(old, new, strict=False))
    differs = next((at for at, (one, other) in pairs if one != other), 0)
    start = min(max(0, differs - WIDEST // 2), len(new) - WIDEST)
    end = start + WIDEST
    return ("…" if start else "") + visible(new[start:end]) + ("…" if end < len(new) else "")


def _passing(
    document: Document, error: InputError, read: Callable[[Document], Any], rounds: int
) -> Document | None:
    """The document in which nothing is wrong in the complaint's line, or None: nobody knows it."""
    if error.instead is None or rounds == 0:
        return None
    for trial in _trials(document, error.instead):
        try:
            read(trial)
        except InputError as left:
            if left.where == error.where:
                return _passing(trial, left, read, rounds - 1)
        return trial
    return None


def _changed(document: Document, passing: Document) -> tuple[int, ...]:
    """The lines in which two documents differ, counted from 1."""
    pairs = zip(document.text.split("\n"), passing.text.split("\n"), strict=True)
    return tuple(number for number, (old, new) in enumerate(pairs, 1) if old != new)


def _trials(document: Document, instead: Instead) -> Iterator[Document]:
    """Documents with one token replaced, in its key's line or the next, which mean just that."""
    number = document.lines.get(instead.place)
    if number is None:
        return
    lines = document.text.split("\n")
    wanted = _spelled(_replaced(document.data, instead, instead.place))
    tokens = tuple(dict.fromkeys((_scalar(instead.new), json.dumps(instead.new))))
    for at in range(number - 1, min(number + 1, len(lines))):
        for start, end in _places(lines[at], _scalar(instead.old)):
            for token in tokens:
                line = lines[at][:start] + token + lines[at][end:]
                text = "\n".join((*lines[:at], line, *lines[at + 1 :]))
                try:
                    trial = parse_document(text.encode(), document.file)
                except InputError:
                    continue
                if _spelled(trial.data) == wanted:
                    yield trial


def _places(line: str, token: str) -> Iterator[tuple[int, int]]:
    """Where a token stands in a line, with the quotes around it where it has some."""
    for written in (f'"{token}"', f"'{token}'", token):
        start = line.find(written) if token else -1
        while start >= 0:
            yield start, start + len(written)
            start = line.find(written, start + 1)


def _replaced(data: Any, instead: Instead, place: tuple[str | int, ...]) -> Any:
    """A copy of the data with a key renamed or a value replaced; everything keeps its order."""
    step, rest = place[0], place[1:]
    if instead.is_key and not rest:
        return {(instead.new if key == step else key): value for key, value in data.items()}
    copy = data.copy()
    copy[step] = _replaced(data[step], instead, rest) if rest else instead.new
    return copy


def _spelled(data: Any) -> str:
    """Data in one spelling: `true` is not 1, and the order of keys counts."""
    return json.dumps(data)


def _scalar(value: object) -> str:
    """A scalar as it stands in a file without quotes."""
    return value if isinstance(value, str) else json.dumps(value)
