"""One row of the proof: what somebody did to a project, and what `shadow` has to say of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.errors import ExitCode
from tests.sabotage.planted_project import Deed, Pinned, Project

SLUG: Final = re.compile(r"\[([a-z][a-z-]+)\]$", re.M)
FOLLOWS: Final = frozenset({"whole-gate", "path-closed"})
"""Reasons that only say that there are others."""


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Something that must not pass.

    Attributes:
        what: was done, in words; the row's name.
        project: in a copy of which.
        deeds: in order.
        slug: the reason or error that has to name it.
        exit: what the command has to end with; never 0.
        command: of `shadow`.
        out: where its standard output goes; empty where it is read.
    """

    what: str
    project: Project
    deeds: tuple[Deed, ...]
    slug: str
    exit: ExitCode = ExitCode.CLOSED
    command: tuple[str, ...] = ("gate",)
    out: str = ""


@dataclass(frozen=True, slots=True)
class Refactoring:
    """A change that changes nothing: the gate has to stay open.

    Attributes:
        what: was done, in words; the row's name.
        project: in a copy of which.
        deeds: in order; of several changes together, what pins them comes last and once.
    """

    what: str
    project: Project
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it: the exit code, and each slug that was printed, in order."""

    exit: int
    slugs: tuple[str, ...]
    said: str


def seen(one: Sabotage | Refactoring, root: Path) -> Seen:
    """Do to a copy of the project what is to be done, and ask."""
    for deed in one.deeds:
        deed.do(one.project, root)
    command, out = (one.command, one.out) if isinstance(one, Sabotage) else (("gate",), "")
    json_too = ("--json",) if command[0] == "gate" else ()
    done = one.project.run(root, *command, *json_too, out=out)
    printed = done.stdout or ""
    slugs = dict.fromkeys((*reasons(printed), *SLUG.findall(done.stderr)))
    return Seen(
        exit=done.returncode,
        slugs=tuple(slug for slug in slugs if slug not in FOLLOWS),
        said=printed[-2000:] + done.stderr[-2000:],
    )


def reasons(text: str) -> Iterator[str]:
    """The slugs of a gate's document; nothing where there is none."""
    try:
        document: Any = json.loads(text)
    except ValueError:
        return
    yield from (reason["slug"] for reason in document["reasons"])
    for path in document.get("paths", {}).values():
        yield from (reason["slug"] for reason in path["reasons"])


def together(rows: Sequence[Refactoring]) -> Refactoring:
    """Several changes of one project as one."""
    deeds = dict.fromkeys(deed for row in rows for deed in row.deeds)
    pinning = [deed for deed in deeds if isinstance(deed, Pinned)]
    others = [deed for deed in deeds if not isinstance(deed, Pinned)]
    what = " and ".join(row.what for row in rows)
    return Refactoring(what, rows[0].project, (*others, *pinning))
