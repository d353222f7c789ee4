"""`shadow lint`: whether the files are well formed, and every cell is pinned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import manifest, manifest_file
from harness.compose import Composition, compose
from harness.copies import copies
from harness.errors import ExitCode, HarnessError, InputError
from harness.loading import Loaded
from harness.manifest import Manifest, Present, Problem, Tombstone
from harness.manifest_file import problem_error, write_manifest
from harness.moment import today
from harness.report.json_report import dumped
from harness.run import run
from harness.verdict import present

SCHEMA = "shadow.lint/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What was found.

    Attributes:
        failures: files that cannot be used.
        problems: where the manifest and the scenarios disagree, and files that repeat another.
        written: whether the manifest was written and changed; None where it was only compared.
    """

    loaded: Loaded
    failures: tuple[InputError, ...]
    problems: tuple[InputError, ...]
    written: bool | None = None

    @property
    def exit_code(self) -> ExitCode:
        if self.failures:
            return ExitCode.INPUT
        return ExitCode.CLOSED if self.problems else ExitCode.OPEN


def lint(
    config: Path | None,
    paths: tuple[Path, ...],
    *,
    write: bool,
    tombstones: Sequence[tuple[str, str]],
    as_json: bool,
    say: Callable[[str], None],
    complain: Callable[[HarnessError], None],
) -> ExitCode:
    """Check, or write the manifest; print what was found and return the exit code.

    Raises:
        HarnessError: the configuration cannot be used, or there is no scenario at all.
    """
    composition = compose(config, paths)
    linted = pinned(composition, tombstones) if write else checked(composition)
    for error in (*linted.failures, *linted.problems):
        complain(error)
    say(dumped(json_of(linted)) if as_json else text_of(linted))
    return linted.exit_code


def checked(composition: Composition) -> Linted:
    """Read every file and compare the manifest with what the files alone tell."""
    loaded = composition.loaded
    files = Present(
        scenarios=loaded.scenarios, unusable=loaded.unusable, whole=not composition.paths
    )
    problems = manifest.compare(composition.manifest, files)
    return Linted(
        loaded=loaded,
        failures=(*loaded.failures, *other_files(composition)),
        problems=(
            *(problem_error(problem, path_of(composition)) for problem in problems),
            *copies(loaded.scenarios),
        ),
    )


def pinned(composition: Composition, tombstones: Sequence[tuple[str, str]]) -> Linted:
    """Replay everything and pin each cell; nothing is written where something is wrong."""
    loaded = composition.loaded
    failures = (*loaded.failures, *other_files(composition))
    if failures:
        return Linted(loaded=loaded, failures=failures, problems=())
    before = composition.manifest or Manifest()
    said = dict(tombstones)
    stones = (
        *(stone for stone in before.tombstones if stone.id not in said),
        *(Tombstone(id=id_, reason=reason) for id_, reason in tombstones),
    )
    result = run(composition, today=today(composition.config.root))
    lost = [
        Problem(slug="cell-not-replayed", about=cell.episode.id, detail=cell.findings[0].detail)
        for cell in result.cells
        if cell.episode.control is None and cell.findings
    ]
    there = {scenario.id for scenario in loaded.scenarios}
    graves = Manifest(scenarios=before.scenarios, tombstones=stones)
    problems = (*lost, *manifest.removed(graves, there))
    if problems:
        errors = tuple(problem_error(problem, path_of(composition)) for problem in problems)
        return Linted(loaded=loaded, failures=(), problems=errors)
    new = manifest.pin(present(composition, result), stones)
    written = write_manifest(path_of(composition), new)
    return Linted(loaded=loaded, failures=(), problems=(), written=written)


def path_of(composition: Composition) -> Path:
    """Where the manifest stands."""
    return composition.config.scenarios / manifest_file.NAME


def other_files(composition: Composition) -> tuple[InputError, ...]:
    """What is wrong with the fields policy, the gate's policy and the rulings."""
    found: list[InputError] = []
    for read in (lambda: composition.fields, lambda: composition.policy):
        try:
            read()
        except InputError as error:
            found.append(error)
    return (*found, *composition.rulings.refused)


def json_of(linted: Linted) -> dict[str, Any]:
    """The result as plain data of schema `shadow.lint/1`."""
    return {
        "schema": SCHEMA,
        "scenarios": {
            scenario.id: [label for _, label in manifest.cells_of(scenario)]
            for scenario in linted.loaded.scenarios
        },
        "failures": [_row(error) for error in linted.failures],
        "problems": [_row(error) for error in linted.problems],
        "written": linted.written,
    }


def text_of(linted: Linted) -> str:
    """A summary line, and what to type next."""
    scenarios = linted.loaded.scenarios
    cells = sum(len(manifest.cells_of(scenario)) for scenario in scenarios)
    wrong = len(linted.failures) + len(linted.problems)
    state = {None: "", True: ", manifest written", False: ", manifest unchanged"}[linted.written]
    counted = ((len(scenarios), "scenario"), (cells, "cell"), (wrong, "problem"))
    head = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counted) + state
    if linted.failures:
        return f"{head}: correct the files above\nNext: shadow lint"
    return f"{head}\nNext: {'shadow lint --write' if linted.problems else 'shadow run'}"


def _row(error: InputError) -> dict[str, str]:
    return {
        "slug": error.slug,
        "where": error.where,
        "message": error.message,
        "hint": error.hint,
        "corrected": error.corrected,
    }
