"""Deletion rehearsed: docs/retirement.md is followed word for word in a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.replica_code import needs_replica
from tests.shadow_command import PROGRAM, ROOT

pytestmark = [needs_replica, pytest.mark.xdist_group("retirement")]
"""One worker has them all: they share what takes long to make."""

PAGE = ROOT / "docs" / "retirement.md"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.M | re.S)
SHOWN = re.compile(r"^```\n(Gate .*?)^```", re.M | re.S)
LEVELLED = re.compile(r"^shadow (clear|guard)\b")
MEASURING = "shadow mutate --write"
GONE = "import sys; sys.modules['legacy_replica'] = None; "
"""Nothing may be imported from where this repository itself is installed."""

OUTSIDE = ("GIT_", "PYTEST_")
"""How variables begin that would tell git and pytest of another run than the copy's own."""

SUITE = (
    "tests/test_architecture.py",
    "tests/test_imports.py",
    "tests/test_shipped_scenarios.py",
    "tests/brain/test_brain_boundaries.py",
    "tests/brain/test_brain_ladder.py",
    "tests/brain/test_brain_promises.py",
    "tests/brain/test_brain_triggers.py",
    "tests/harness/test_config.py",
    "tests/harness/test_gate.py",
    "tests/harness/test_guarding_retired.py",
    "tests/harness/test_manifest.py",
    "tests/harness/test_replayed_file.py",
    "tests/harness/test_ruling_files.py",
    "tests/test_clear_shipped.py",
    "tests/test_replayed_shipped.py",
)
"""Of each sort some: rules, candidate, harness, and what is skipped without the code."""


@dataclass(frozen=True)
class Copy:
    """A repository of its own with all that a clone of this working tree would hold."""

    root: Path

    @property
    def environ(self) -> dict[str, str]:
        own = {key: it for key, it in os.environ.items() if not key.startswith(OUTSIDE)}
        return {
            **own,
            "PATH": f"{self.root.parent / 'bin'}{os.pathsep}{own['PATH']}",
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NO_COLOR": "1",
            "COLUMNS": "120",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.root, env=self.environ, capture_output=True, text=True, check=False
        )

    def shell(self, line: str) -> str:
        """What a command line prints; one that fails is no step of the way."""
        done = self.run("sh", "-c", line)
        assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def commit(self, files: dict[str, str]) -> str:
        """The id of a commit beside the branches, with these files otherwise."""
        self.shell("git switch --quiet --detach delete-the-control")
        for name, text in files.items():
            (self.root / name).write_text(text)
        self.shell("git commit --quiet --all --message 'one thing more'")
        made = self.shell("git rev-parse HEAD").strip()
        self.shell("git switch --quiet main")
        return made

    def refused(self, base: str, head: str, *more: str) -> dict[str, str]:
        """Slug → what was found, of everything that the guard refuses."""
        done = self.run("shadow", "guard", "--base", base, "--head", head, "--json", *more)
        assert done.returncode in (0, 1), done.stderr
        return {one["slug"]: one["found"] for one in json.loads(done.stdout)["refusals"]}


def copied(root: Path) -> Copy:
    """Copy the working tree, pin what somebody may just be adding, and commit all of it."""
    made = Copy(root)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes((ROOT / name).read_bytes())
    program = root.parent / "bin" / "shadow"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c {shlex.quote(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    for line in (
        "git init --quiet --initial-branch main",
        "git config user.name Somebody && git config user.email somebody@example.org",
        "git config commit.gpgsign false",
        "shadow lint --write",
        "git add --all && git commit --quiet --message 'All of it'",
    ):
        made.shell(line)
    return made


def steps(page: str) -> Iterator[str]:
    """The page's commands; at the level of a rehearsal, as the page says."""
    for block in BLOCK.findall(page):
        lines = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
        if MEASURING in lines:
            continue  # the page says that it is only where the gate asks for it
        yield from (LEVELLED.sub(r"\g<0> --level rehearsal", line) for line in lines)


@dataclass(frozen=True)
class Rehearsal:
    """What was done, and what each command said."""

    copy: Copy
    said: tuple[tuple[str, str], ...]

    def of(self, command: str) -> list[str]:
        return [said for line, said in self.said if line.startswith(command)]


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    root = tmp_path_factory.mktemp("retirement") / "project"
    root.mkdir()
    copy = copied(root)
    return Rehearsal(copy, tuple((line, copy.shell(line)) for line in steps(PAGE.read_text())))


def test_the_page_is_a_script_that_records_clears_deletes_and_guards() -> None:
    lines = tuple(steps(PAGE.read_text()))
    named = [line.split()[1] for line in lines if line.startswith("shadow ")]

    assert named == ["record", "clear", "guard", "guard", "guard", "gate"]
    assert all("--level rehearsal" in line for line in lines if LEVELLED.match(line))
    measured = PAGE.read_text().partition(MEASURING)[0].rstrip().removesuffix("```console\n$")
    assert "`mutants-stale`" in measured.split("\n\n")[-2]


def test_the_code_is_gone_and_nothing_but_prose_owners_and_tests_names_it(
    rehearsal: Rehearsal,
) -> None:
    root = rehearsal.copy.root
    names = rehearsal.copy.shell("git grep -l legacy_replica").split()
    allowed = ("tests/", "docs/", "scenarios/", "clearances/", "CODEOWNERS")

    assert not (root / "legacy_replica").exists()
    assert [name for name in names if not name.startswith(allowed) and name[-3:] != ".md"] == []
    assert rehearsal.copy.shell("git status --porcelain") == ""


def test_the_guard_lets_it_go_as_rehearsed(rehearsal: Rehearsal) -> None:
    cleared, tombstones, deleted = rehearsal.of("shadow guard")

    assert cleared.startswith("Guard: nothing is refused, level rehearsal\n")
    assert tombstones == ""  # all of it went into the file
    assert deleted.startswith("Guard: nothing is refused, level rehearsal\n")


def test_without_the_code_the_gate_has_the_same_totals_and_figures(rehearsal: Rehearsal) -> None:
    root = rehearsal.copy.root
    (file,) = (root / "clearances").iterdir()
    clearance: Any = json.loads(file.read_text())
    (said,) = rehearsal.of("shadow gate")
    (shown,) = SHOWN.findall(PAGE.read_text())
    first, control, retired = shown.splitlines()
    lines = said.splitlines()

    document = json.loads(gone(rehearsal.copy, "shadow", "gate", "--json"))

    for key in ("totals", "free", "figures", "evidence"):
        assert document[key] == clearance["gate"][key]
    assert set(document["retired_paths"]) == set(clearance["paths"])
    assert document["control_recorded"].startswith("recorded 20")
    assert lines[0] == first
    assert retired in lines
    assert any(line.startswith(control[: control.index(" recorded ")]) for line in lines)


def gone(copy: Copy, command: str, *words: str) -> str:
    """Run a command with nobody's replica within reach."""
    program = {"shadow": PROGRAM, "pytest": "import pytest; sys.exit(pytest.main())"}[command]
    done = copy.run(sys.executable, "-c", GONE + program, *words)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    return done.stdout


def test_the_rest_of_the_suite_passes_and_what_needs_the_code_says_so(
    rehearsal: Rehearsal,
) -> None:
    said = gone(rehearsal.copy, "pytest", "-n", "0", "-q", "-rs", "-p", "no:cacheprovider", *SUITE)

    skipped = [line for line in said.splitlines() if line.startswith("SKIPPED")]
    assert re.search(r"^\d{3,} passed, \d+ skipped", said.splitlines()[-1]), said[-500:]
    assert skipped
    assert all("the control's code was deleted" in line for line in skipped), skipped


# Planted: the same deletion, and one thing that is not as it should be.


def test_a_rehearsal_permits_no_deletion(rehearsal: Rehearsal) -> None:
    refused = rehearsal.copy.refused("clear-the-control", "delete-the-control")

    assert "clearance-level" in refused
    assert "control-removed" in refused


def test_a_clearance_that_comes_with_the_deletion_is_not_asked(rehearsal: Rehearsal) -> None:
    refused = rehearsal.copy.refused(
        "record-the-control", "delete-the-control", "--level", "rehearsal"
    )

    assert "clearance-in-range" in refused
    assert "control-removed" in refused
    assert "control-switched" in refused


def test_one_line_more_is_one_too_many(rehearsal: Rehearsal) -> None:
    copy = rehearsal.copy
    graves = (copy.root / "scenarios/retired.yaml").read_text().splitlines(keepends=True)
    rule = (copy.root / "brain/debt.py").read_text().splitlines(keepends=True)
    head = copy.commit(
        {"scenarios/retired.yaml": "".join(graves[:-1]), "brain/debt.py": "".join(rule[:-1])}
    )

    refused = copy.refused("clear-the-control", head, "--level", "rehearsal")

    assert refused["path-not-buried"].startswith("webhook.subscription_updated is deleted")
    assert refused["deleted-with-its-judge"].startswith("the candidate changes with the deletion")
    assert set(refused) == {"path-not-buried", "deleted-with-its-judge"}


def test_what_was_merged_after_the_clearance_voids_it(rehearsal: Rehearsal) -> None:
    """The recording made once more, between the clearance and the deletion: nothing is left."""
    copy = rehearsal.copy
    copy.shell("git switch --quiet --detach clear-the-control")
    recording = copy.root / "scenarios/control.jsonl"
    recording.write_text(recording.read_text() + "\n")
    copy.shell("git commit --quiet --all --message 'Record it later'")
    late = copy.shell("git rev-parse HEAD").strip()
    copy.shell("git cherry-pick main~1 main")
    head = copy.shell("git rev-parse HEAD").strip()
    copy.shell("git switch --quiet main")

    refused = copy.refused(late, head, "--level", "rehearsal")

    assert ": scenarios is " in refused["clearance-void"]
    assert "control-removed" in refused
