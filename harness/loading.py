"""All scenarios of a run: the good files, and the bad ones among them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import InputError, NothingCompared, unreadable
from harness.scenario import Scenario
from harness.scenario_file import Vocabulary, read_scenario
from harness.text import shown_path

SUFFIX: Final = ".yaml"
MISTAKEN: Final = ".yml"
"""What is taken for the suffix; a file that is passed over in silence proves nothing."""

OTHER_FILES: Final = frozenset(
    {"fields.yaml", "frame.yaml", "gate.yaml", "retired.yaml", "surface.yaml"}
)
OTHER_FOLDERS: Final = frozenset({"rulings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read.

    Attributes:
        scenarios: by id.
        failures: one for each file that could not be used, by file.
        unusable: the ids that those files' names promise.
    """

    scenarios: tuple[Scenario, ...]
    failures: tuple[InputError, ...] = ()
    unusable: tuple[str, ...] = ()


def load_scenarios(paths: Iterable[Path], vocabulary: Vocabulary) -> Loaded:
    """Read every scenario file named or found below a folder; a file seen twice counts once.

    Raises:
        InputError: a named path does not exist.
        NothingCompared: there is no scenario file at all.
    """
    named = tuple(paths)
    files, failures = _files(named)
    scenarios: dict[str, Scenario] = {}
    unusable: set[str] = set()
    for file in files:
        try:
            scenario = read_scenario(file, vocabulary)
        except InputError as error:
            failures.append(error)
            unusable.add(file.stem)
            continue
        first = scenarios.setdefault(scenario.id, scenario)
        if first is not scenario:
            message = f"the id {scenario.id!r} is already that of {first.file}"
            failures.append(
                InputError("duplicate-id", message, f"{scenario.file}:1", "rename one")
            )
    if not scenarios and not failures:
        where = ", ".join(shown_path(path) for path in named)
        message = "there is no scenario file"
        raise NothingCompared("no-scenarios", message, where, f"a scenario file ends in {SUFFIX}")
    return Loaded(
        scenarios=tuple(scenarios[one] for one in sorted(scenarios)),
        failures=tuple(failures),
        unusable=tuple(sorted(unusable - set(scenarios))),
    )


def _files(paths: Iterable[Path]) -> tuple[list[Path], list[InputError]]:
    """Scenario files in a stable order, each real file once, and folders that cannot be read."""
    seen: set[tuple[int, int]] = set()
    files: list[Path] = []
    failures: list[InputError] = []
    for path in paths:
        if not os.path.lexists(path):
            raise InputError("no-such-path", "does not exist", shown_path(path), "check the name")
        below = _below(path, seen, failures) if path.is_dir() else iter((path,))
        files.extend(file for file in below if _first(file, seen))
    return files, failures


def _below(folder: Path, seen: set[tuple[int, int]], failures: list[InputError]) -> Iterator[Path]:
    """Scenario files below a folder; links are followed, a folder is entered once."""
    if not _first(folder, seen):
        return
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        failures.append(unreadable(shown_path(folder), error))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if entry.name not in OTHER_FOLDERS:
                yield from _below(entry, seen, failures)
        elif entry.suffix == SUFFIX and entry.name not in OTHER_FILES:
            yield Path(os.path.realpath(entry)) if entry.is_symlink() else entry
        elif entry.suffix == MISTAKEN:
            message = f"is not read: a scenario file ends in {SUFFIX}"
            failures.append(InputError("wrong-suffix", message, shown_path(entry), "rename it"))


def _first(path: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether this file or folder, under whatever name, was not seen before."""
    try:
        status = path.stat()
    except OSError:
        return True  # reading it says what is wrong
    key = (status.st_dev, status.st_ino)
    new = key not in seen
    seen.add(key)
    return new
