"""Where in the repository a cell, a free run or a file stands, as CI systems ask for it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from harness.document import Document, read_document
from harness.errors import InputError
from harness.model import FreeRun
from harness.scenario import Scenario, episodes

_WHERE: Final = re.compile(r"(?P<file>.+?):(?P<line>[1-9]\d{0,8})", re.DOTALL)


class Spot(NamedTuple):
    """A line of a file.

    Attributes:
        file: below the repository's root, with slashes; empty where it lies outside of it.
        line: counted from 1; 0 where nobody knows it.
    """

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file and self.line else self.file


def repository() -> Path:
    """The folder that file names are told below: the nearest one with `.git`, else this one."""
    here = Path.cwd()
    return next((one for one in (here, *here.parents) if (one / ".git").exists()), here)


class Places:
    """Lines of scenario files; a file is read once, and only where its head is asked for."""

    def __init__(self, scenarios: Iterable[Scenario]) -> None:
        self._scenarios: Mapping[str, Scenario] = {one.id: one for one in scenarios}
        self._heads: dict[str, Document | None] = {}
        self._lines: dict[str, dict[str, int]] = {}

    @cached_property
    def _root(self) -> Path:
        return repository()

    def scenario(self, id: str) -> Spot:
        """The file of a scenario; nowhere where it was not replayed."""
        known = self._scenarios.get(id)
        return Spot(self._below(known.file)) if known is not None else Spot()

    def cell(self, id: str) -> Spot:
        """The line of the item that a cell comes from; of the look, the line of `given`."""
        name, _, number = id.partition("#")
        spot = self.scenario(name)
        if not spot.file:
            return spot
        if number == "0":
            return spot._replace(line=self._head(name, "given"))
        return spot._replace(line=self._items(name).get(number, 0))

    def free(self, run: FreeRun | str) -> Spot:
        """The line of `then`, which the free run is held against."""
        name = run if isinstance(run, str) else run.scenario
        spot = self.scenario(name)
        return spot._replace(line=self._head(name, "then")) if spot.file else spot

    def named(self, where: str) -> Spot:
        """What a message names as `file:line`; nowhere where it names no file."""
        found = _WHERE.fullmatch(where)
        file, line = (found["file"], int(found["line"])) if found else (where, 0)
        if not found and not (where and _is_file(where)):
            return Spot()
        below = self._below(file)
        return Spot(below, line) if below else Spot()

    def _below(self, file: str) -> str:
        """A file's name below the repository; its name here is relative to the current folder."""
        full = Path(os.path.normpath(Path.cwd() / file))
        return full.relative_to(self._root).as_posix() if full.is_relative_to(self._root) else ""

    def _items(self, name: str) -> dict[str, int]:
        if name not in self._lines:
            specs = episodes(self._scenarios[name])
            self._lines[name] = {str(spec.index): spec.item.line for spec in specs if spec.item}
        return self._lines[name]

    def _head(self, name: str, key: str) -> int:
        """The line of a key of the whole file; 1 where the file is no longer what was replayed."""
        if name not in self._heads:
            self._heads[name] = _document(self._scenarios[name])
        document = self._heads[name]
        return document.lines.get((key,), 1) if document is not None else 1


def _document(scenario: Scenario) -> Document | None:
    try:
        document = read_document(Path(scenario.file))
    except InputError:
        return None
    return document if document.sha256 == scenario.sha256 else None


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False
