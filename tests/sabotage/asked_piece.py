"""Pieces of evidence beside the gate's own, each on a small project that it has nothing against.

A piece answers as its command would: an exit code, and each reason by its slug. Where only a
condition is weighed, the exit code is that of the smallest open gate with this one condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, replace
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from harness.clearance import fingerprint
from harness.condition import Condition
from harness.errors import ExitCode, HarnessError
from harness.gate import decide, gate_exit_code
from harness.reason import Reason
from tests.harness.cell_builder import PATH, TODAY, Run
from tests.harness.cleared_project import MemoryTree
from tests.harness.guarded_repo import DAY, Repo
from tests.sabotage.planted_project import Deed, Project


@dataclass(frozen=True, slots=True)
class Answer:
    """What a piece says: an exit code, and the slugs of its reasons in order."""

    exit: int
    slugs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece(Project):
    """A small project, and the one question that it is asked inside this process.

    Attributes:
        ask: what the piece says of the project in a folder.
    """

    _: KW_ONLY
    ask: Callable[[Path], Answer]

    def run(self, root: Path, *words: str, out: str = "") -> CompletedProcess[str]:
        """Ask; the slugs are printed as those of errors are."""
        del out  # nothing is printed that could be sent elsewhere
        try:
            answer = self.ask(root)
        except HarnessError as error:
            answer = Answer(error.exit_code, (error.slug,))
        said = "".join(f"[{slug}]\n" for slug in answer.slugs)
        return CompletedProcess(words, answer.exit, stdout="", stderr=said)


@dataclass(frozen=True, slots=True)
class Done:
    """Something done to a project by a function of its folder; `told` says where."""

    told: str
    does: Callable[[Path], object]

    def do(self, project: Project, root: Path) -> None:
        """Do it."""
        del project  # it is done in any
        self.does(root)


@dataclass(frozen=True, slots=True)
class Ran:
    """A command of `shadow` that has to end so."""

    words: tuple[str, ...]
    exit: ExitCode = ExitCode.OPEN

    @property
    def told(self) -> str:
        return f"then `shadow {' '.join(self.words)}`"

    def do(self, project: Project, root: Path) -> None:
        """Run it."""
        done = project.run(root, *self.words)
        assert done.returncode == self.exit, done.stdout + done.stderr


def weighed(condition: Condition, path: str) -> Answer:
    """What a gate with nothing else against it makes of a condition, as it stands for a path."""
    run = Run()
    found = replace(condition, paths={PATH: condition.closing_path(path)})
    verdict = decide(
        run.evidence(), run.policy, today=TODAY, manifest=(), rulings=(), leak=0,
        conditions=[found],
    )  # fmt: skip
    return Answer(gate_exit_code(verdict), slugs((*found.closing(), *found.closing_path(PATH))))


def slugs(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    """Each slug once, in order."""
    return tuple(dict.fromkeys(reason.slug for reason in reasons))


# --- conditions that are weighed from values


@dataclass(frozen=True, slots=True)
class Weighed:
    """A condition that is weighed from values that somebody made otherwise."""

    told: str
    condition: Callable[[], Condition]

    def do(self, project: Project, root: Path) -> None:
        """Nothing is written: the condition is kept for who asks."""
        del project
        KEPT[root] = self.condition


KEPT: dict[Path, Callable[[], Condition]] = {}
"""Folder → the condition that is asked there."""


def of_values(name: str, whole: Callable[[], Condition], path: str) -> Piece:
    """A piece that weighs values: `whole` where nothing was done to them."""

    def ask(root: Path) -> Answer:
        return weighed(KEPT.get(root, whole)(), path)

    return Piece(name, _nothing, ask=ask)


def _nothing(root: Path) -> None:
    """Nothing is on disk."""
    assert root.is_dir()


# --- ranges of commits


@cache
def _harness() -> MemoryTree:
    """The harness as it is now: no row may see somebody edit it meanwhile."""
    own = fingerprint.own_source()
    return MemoryTree({file: own.read(file) for file in own.files()})


@contextmanager
def held_harness() -> Iterator[pytest.MonkeyPatch]:
    """While fingerprints are taken of one and the same harness."""
    harness = _harness()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "own_source", lambda: harness)
        yield patch


def desk_in(root: Path) -> Repo:
    """The repository of a folder, at the time of its newest commit."""
    desk = Repo(root)
    desk.clock = max(map(int, desk.git("log", "--all", "--format=%ct").split()))
    return desk


def guarded(name: str, write: Callable[[Path], None], *, days_back: int = 0) -> Piece:
    """A repository whose range from `main` is judged; the clock may be set back."""

    def ask(root: Path) -> Answer:
        desk = desk_in(root)
        with held_harness():
            refusals = desk.guard(clock=desk.clock + 3_600 - days_back * DAY)["refusals"]
        found = tuple(dict.fromkeys(one["slug"] for one in refusals))
        return Answer(ExitCode.CLOSED if found else ExitCode.OPEN, found)

    return Piece(name, write, ask=ask)


def ranged(told: str, does: Callable[[Repo], object]) -> Deed:
    """Something done in a repository."""

    def at(root: Path) -> None:
        with held_harness():
            does(desk_in(root))

    return Done(told, at)
