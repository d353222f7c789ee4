"""Each sabotage is named, each harmless change passes, and docs/evidence.md says what ran."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from harness.errors import ExitCode
from tests.golden_files import UPDATE
from tests.replica_code import needs_replica
from tests.sabotage.harmless_changes import GROUPS
from tests.sabotage.planted_project import Project
from tests.sabotage.planted_row import Refactoring, Sabotage, Seen, seen, together
from tests.sabotage.proof_table import (
    HARMLESS,
    PAGE,
    SABOTAGED,
    TRIED,
    keep,
    key,
    rendered,
    rows_of,
    told,
)

pytestmark = needs_replica

Made = Callable[[Project], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Each project once, to be copied."""

    @cache
    def once(project: Project) -> Path:
        root = tmp_path_factory.mktemp("project")
        project.write(root)
        return root

    return once


def tried(one: Sabotage | Refactoring, made: Made, copy: Path) -> Seen:
    """What comes of a row in a copy of its own."""
    shutil.copytree(made(one.project), copy, symlinks=True)
    return seen(one, copy)


def stands(one: Sabotage | Refactoring, found: Seen) -> None:
    """The row as it reads stands on the page, or is written there."""
    row = told(one, found)
    keep(row)
    assert row in PAGE.read_text("utf-8").splitlines(), f"{row}\n{found.said}\nsee {UPDATE}"


@pytest.mark.parametrize("one", SABOTAGED, ids=lambda one: one.what)
def test_a_sabotage_is_named_and_never_passes(one: Sabotage, made: Made, tmp_path: Path) -> None:
    found = tried(one, made, tmp_path / "project")
    stands(one, found)

    assert found.exit not in (ExitCode.OPEN, ExitCode.INTERNAL), found.said
    assert one.slug in found.slugs, found.said
    assert found.exit == one.exit, found.said


@pytest.mark.parametrize("group", GROUPS)
def test_a_harmless_change_leaves_the_gate_open(group: str, made: Made, tmp_path: Path) -> None:
    rows = GROUPS[group]
    found = tried(together(rows), made, tmp_path / "all")
    guilty = []
    if found.exit != ExitCode.OPEN and len(rows) > 1:
        alone = {one.what: tried(one, made, tmp_path / str(n)) for n, one in enumerate(rows)}
        guilty = [what for what, one in alone.items() if one.exit != ExitCode.OPEN]
    for one in rows:
        stands(one, found)

    assert (found.exit, found.slugs) == (ExitCode.OPEN, ()), f"{guilty}: {found.said}"


@pytest.mark.parametrize("project", TRIED, ids=lambda project: project.name)
def test_a_project_is_open_before_anybody_touches_it(project: Project, made: Made) -> None:
    done = project.run(made(project), "gate")

    assert done.returncode == ExitCode.OPEN, done.stdout + done.stderr


def test_the_page_has_every_row_once_and_no_other() -> None:
    keep()
    page = PAGE.read_text("utf-8")
    rows = rows_of(page)

    assert {key(one) for one in (*SABOTAGED, *HARMLESS)} <= rows.keys()
    assert page == rendered(rows), f"docs/evidence.md is not what ran: see {UPDATE}"


def test_there_are_enough_rows_and_each_has_a_name_of_its_own() -> None:
    names = [one.what for one in (*SABOTAGED, *HARMLESS)]

    assert len(set(names)) == len(names)
    assert len(SABOTAGED) >= 50
    assert len(HARMLESS) >= 15
    assert not any(one.exit is ExitCode.OPEN for one in SABOTAGED)
