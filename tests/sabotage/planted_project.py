"""Whole projects that sabotages are planted in, and what somebody may do to one of their files.

The house is the project of docs/own-engines.md, word for word: three scenarios, twenty cells, one
signed ruling. The shipped project is this repository's own, whole. Both open the gate as they are.
"""

from __future__ import annotations

import os
import py_compile
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from subprocess import PIPE, CompletedProcess, run
from typing import Protocol

from harness.moment import today
from tests.shadow_command import PROGRAM, ROOT
from tests.test_own_engines_guide import GUIDE, Written, steps

PARTS = ("brain", "fixtures", "harness", "legacy_replica", "scenarios", "docs/decisions")
RULING = "scenarios/rulings/R-dial-works-at-once.yaml"
MANIFEST = "scenarios/manifest.lock"
MUTANTS = "scenarios/mutants.lock"


@dataclass(frozen=True, slots=True)
class Project:
    """A project with an open gate.

    Attributes:
        name: as the evidence calls it.
        write: writes all of it into an empty folder.
        own_harness: whether the harness is a part of it, to be changed like any other.
    """

    name: str
    write: Callable[[Path], None]
    own_harness: bool = False

    def run(self, root: Path, *words: str, out: str = "") -> CompletedProcess[str]:
        """The command `shadow`, run in a copy of the project by the harness that judges it."""
        harness = str(root if self.own_harness else ROOT)
        environ = {"PYTHONPATH": harness, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
        with open(out, "w") if out else nullcontext(PIPE) as stdout:
            return run(
                [sys.executable, "-c", PROGRAM, *words],
                cwd=root,
                env={**os.environ, **environ},
                stdout=stdout,
                stderr=PIPE,
                text=True,
                check=False,
            )


def copied(root: Path, *parts: str) -> None:
    """Copy parts of this repository, without what Python compiled."""
    for part in parts:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, root / part, ignore=ignored)


@cache
def guide() -> Mapping[str, str]:
    """The files that the guide tells to write; the draft of its ruling is the ruling."""
    files = [step for step in steps(GUIDE.read_text("utf-8")) if isinstance(step, Written)]
    day = today().isoformat()
    return {
        RULING if file.name == "signed.yaml" else file.name: file.text.replace("TODAY", day)
        for file in files
    }


def write_house(root: Path) -> None:
    """Write the house, with its manifest."""
    for name, text in guide().items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    pinned = HOUSE.run(root, "lint", "--write")
    assert pinned.returncode == 0, pinned.stderr


def write_house_with_harness(root: Path) -> None:
    """Write the house, and a harness of its own beside it."""
    write_house(root)
    copied(root, "harness")


def write_shipped(root: Path) -> None:
    """Copy what the shipped gate needs, but for the measurement by mutants.

    That closes the gate by itself as soon as any code changes; what is asked of it is tried on a
    smaller project.
    """
    copied(root, *PARTS)
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / MUTANTS).unlink(missing_ok=True)
    gate = root / "scenarios/gate.yaml"
    gate.write_text(re.sub(r"^mutants:.*\n", "", gate.read_text("utf-8"), flags=re.M), "utf-8")


HOUSE = Project("house", write_house)
OWN_HARNESS = Project("house and harness", write_house_with_harness, own_harness=True)
SHIPPED = Project("shipped", write_shipped, own_harness=True)
PROJECTS = (HOUSE, OWN_HARNESS, SHIPPED)


# --- what somebody does to it


class Deed(Protocol):
    """One thing done to a project; `told` says where, for the evidence."""

    @property
    def told(self) -> str: ...

    def do(self, project: Project, root: Path) -> None: ...


@dataclass(frozen=True, slots=True)
class Edit:
    """In a file, `before` becomes `after`, once; it has to be there."""

    file: str
    before: str
    after: str

    @property
    def told(self) -> str:
        return f"`{self.file}`"

    def do(self, project: Project, root: Path) -> None:
        file = root / self.file
        text = file.read_text("utf-8")
        assert self.before in text, f"{self.file} has no {self.before!r}"
        file.write_text(text.replace(self.before, self.after, 1), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Each:
    """In a file, or in every file that a pattern finds, a pattern is replaced; it occurs."""

    files: str
    pattern: str
    after: str

    @property
    def told(self) -> str:
        return f"`{self.files}`"

    def do(self, project: Project, root: Path) -> None:
        done = 0
        for file in sorted(root.glob(self.files)):
            text, times = re.subn(self.pattern, self.after, file.read_text("utf-8"), flags=re.M)
            done += times
            if times:
                file.write_text(text, encoding="utf-8")
        assert done, f"{self.files} has no {self.pattern!r}"


@dataclass(frozen=True, slots=True)
class Write:
    """A file is written, whatever it held."""

    file: str
    text: str

    @property
    def told(self) -> str:
        return f"`{self.file}`"

    def do(self, project: Project, root: Path) -> None:
        file = root / self.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Remove:
    """A file is deleted."""

    file: str

    @property
    def told(self) -> str:
        return f"`{self.file}`"

    def do(self, project: Project, root: Path) -> None:
        (root / self.file).unlink()


@dataclass(frozen=True, slots=True)
class Move:
    """A file is moved."""

    file: str
    to: str

    @property
    def told(self) -> str:
        return f"`{self.file}` → `{self.to}`"

    def do(self, project: Project, root: Path) -> None:
        (root / self.to).parent.mkdir(parents=True, exist_ok=True)
        (root / self.file).rename(root / self.to)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A module is compiled, and its source is deleted."""

    file: str

    @property
    def told(self) -> str:
        return f"`{self.file}`"

    def do(self, project: Project, root: Path) -> None:
        source = root / self.file
        py_compile.compile(str(source), str(source.with_suffix(".pyc")), doraise=True)
        source.unlink()


@dataclass(frozen=True, slots=True)
class Copy:
    """A file is copied."""

    file: str
    to: str

    @property
    def told(self) -> str:
        return f"`{self.file}` → `{self.to}`"

    def do(self, project: Project, root: Path) -> None:
        (root / self.to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / self.file, root / self.to)


@dataclass(frozen=True, slots=True)
class Copies:
    """A scenario is written again and again, under other ids."""

    file: str
    times: int

    @property
    def told(self) -> str:
        return f"`{self.file}`, {self.times} times"

    def do(self, project: Project, root: Path) -> None:
        first = root / self.file
        text = first.read_text("utf-8")
        for number in range(self.times):
            name = f"{first.stem}-{number}"
            copy = text.replace(f"id: {first.stem}\n", f"id: {name}\n")
            assert copy != text
            first.with_name(f"{name}.yaml").write_text(copy, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Linked:
    """A folder is entered once more through a symbolic link."""

    link: str
    to: str

    @property
    def told(self) -> str:
        return f"`{self.link}` → `{self.to}`"

    def do(self, project: Project, root: Path) -> None:
        os.symlink(self.to, root / self.link)


@dataclass(frozen=True, slots=True)
class Pinned:
    """`shadow lint --write`, with tombstones or none; it has to succeed."""

    words: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        return "then `shadow lint --write" + "".join(f" {one}" for one in self.words) + "`"

    def do(self, project: Project, root: Path) -> None:
        done = project.run(root, "lint", "--write", *self.words)
        assert done.returncode == 0, done.stdout + done.stderr


PINNED = Pinned()


@dataclass(frozen=True, slots=True)
class Judged:
    """`shadow gate`, before anything else is done; it has to be open."""

    @property
    def told(self) -> str:
        return "`shadow gate` first"

    def do(self, project: Project, root: Path) -> None:
        done = project.run(root, "gate")
        assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True, slots=True)
class Unrowed:
    """The manifest's row of a scenario is cut out by hand."""

    scenario: str

    @property
    def told(self) -> str:
        return f"`{MANIFEST}`"

    def do(self, project: Project, root: Path) -> None:
        file = root / MANIFEST
        lines = file.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if f'"id":"{self.scenario}"' not in line]
        assert len(kept) == len(lines) - 1
        text = "".join(kept).replace(",\n]", "\n]")
        file.write_text(text, encoding="utf-8")
