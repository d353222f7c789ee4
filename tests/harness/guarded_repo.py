"""A git repository around the small control, for the guard: ranges, clearances, runs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from harness.clearance.clearance import (
    REMARKS,
    SCHEMA,
    Clearance,
    Cleared,
    Weighed,
    render,
    sealed,
)
from harness.clearance.fingerprint import fingerprints
from harness.clearance.git import Repository
from harness.clearance.project import read_project
from harness.clearance.symbols import shared_symbols, symbols
from harness.clearance.tree import RevisionTree
from harness.guarding.guard import guard
from harness.guarding.retired import Retired
from harness.manifest import CellPin, Manifest, ScenarioPin, Tombstone
from harness.manifest_file import render as render_manifest
from tests.harness.guarded_control import FILES, FINE, REGISTRY

START = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp())
DAY = 86_400
MODULES = {"desk.fine": "old_desk.fine", "desk.returned": "old_desk.returned"}

CONFIG = """\
[project]
name = "desk"

[tool.shadow]
control = "old_desk.engine:ENGINE"
candidate = "new_desk.engine:ENGINE"
world = "desk_world.kit:KIT"
invariants = "desk_world.kit:INVARIANTS"
scenarios = "scenarios"
gate = "scenarios/gate.yaml"
"""

POLICY = """\
level: production
approvers: [ledger, trust]
floors: {distinct_cells: 8, sound_agree: 3}
agreement_where_sound: 1/1
intended_change_max: 1/50
repairs_proven: 1/1
"""

RULING = """\
id: {id}
class: control-bug
quirk: Q1
title: A day too many is charged
reason: An hour late costs a day.
ticket: desk-1
owner: desk
approver: {approver}
created: 2026-02-01
expires: {expires}
scope: {{paths: [desk.fine], segments: [adult]}}
expect: [{{at: books.fines.{id}, control: 25, candidate: 0}}]
cells: [late#1]
"""

OWNERS = """\
# who approves what
* @desk
/scenarios/ @ledger
/clearances/ @ledger @trust
.github/ @platform
CODEOWNERS @platform
/old_desk/ @ledger
"""


def scenario_pin(name: str, *cells: tuple[str, ...]) -> ScenarioPin:
    pins = tuple(
        CellPin(id=f"{name}#{number}", label=label, paths=paths)
        for number, (label, *paths_) in enumerate(cells)
        for paths in [tuple(paths_)]
    )
    return ScenarioPin(id=name, sha256="ab" * 32, cells=pins)


MANIFEST = Manifest(
    scenarios=(
        scenario_pin("late", ("look",), ("desk.return", "desk.returned", "desk.fine")),
        scenario_pin("lost", ("look",), ("fine.falls_due", "desk.fine")),
        scenario_pin("thrice", ("look",), ("desk.return", "desk.returned")),
    ),
    branches={"old_desk.fine": 6, "old_desk.money": 2, "old_desk.returned": 2},
    tombstones=(Tombstone(id="early", reason="told by late"),),
)

BASE: Mapping[str, str] = {
    **FILES,
    "pyproject.toml": CONFIG,
    "new_desk/__init__.py": "",
    "new_desk/engine.py": "ENGINE = {}\n",
    "desk_world/__init__.py": "",
    "desk_world/kit.py": "KIT = INVARIANTS = None\n",
    "scenarios/gate.yaml": POLICY,
    "scenarios/fields.yaml": "fields: []\n",
    "scenarios/late.yaml": "id: late\n",
    "scenarios/manifest.lock": render_manifest(MANIFEST).decode(),
    "scenarios/rulings/R-day.yaml": RULING.format(
        id="R-day", approver="ledger", expires="2026-06-01"
    ),
    "harness/gate.py": "OPEN = False\n",
    ".ci/run": "make gate\n",
    ".github/workflows/gate.yml": "name: gate\n",
    "CODEOWNERS": OWNERS,
    "constraints.txt": "msgspec==0.20.0\n",
    "README.md": "# The desk\n",
}


@dataclass
class Repo:
    """A repository in a folder; the branch `main` holds what is merged, HEAD the work."""

    folder: Path
    clock: int = START
    author: str = "Ada <ada@desk.example>"

    def git(self, *words: str, **environ: str) -> str:
        """Run git, with nobody's settings but these."""
        name, _, email = self.author.rstrip(">").partition(" <")
        own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        when = f"{self.clock} +0000"
        done = subprocess.run(
            ["git", "-c", "commit.gpgsign=false", "-c", "core.autocrlf=false", *words],
            cwd=self.folder,
            env={
                **own,
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_SYSTEM": os.devnull,
                "GIT_AUTHOR_NAME": name,
                "GIT_AUTHOR_EMAIL": email,
                "GIT_COMMITTER_NAME": name,
                "GIT_COMMITTER_EMAIL": email,
                "GIT_AUTHOR_DATE": when,
                "GIT_COMMITTER_DATE": when,
                **environ,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files; None takes one away."""
        for name, text in files.items():
            file = self.folder / name
            if text is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def commit(
        self,
        files: Mapping[str, str | None],
        *,
        by: str = "",
        days: int = 0,
        message: str = "work",
    ) -> str:
        """Commit files a day after the last commit, or so many days later."""
        self.clock += days * DAY or DAY
        self.write(files)
        before, self.author = self.author, by or self.author
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        self.author = before
        return self.git("rev-parse", "HEAD")

    def merge(self) -> None:
        """Put what stands on the branch `main`: it is merged."""
        self.git("branch", "--force", "main", "HEAD")

    def clear(self, *paths: str, level: str = "production", **changes: Any) -> tuple[str, str]:
        """The file name and text of a clearance of paths, as HEAD has them."""
        tree = RevisionTree(Repository.around(self.folder), "HEAD")
        made = clearance(tree, paths or tuple(MODULES), self.today, level=level)
        text = render(made).decode()
        for key, value in changes.items():
            was = json.loads(text)[key]
            text = text.replace(json.dumps(was), json.dumps(value))
        return f"clearances/{'-'.join(paths) or 'all'}-{level}.json", text

    def cleared(self, *paths: str, level: str = "production") -> str:
        """Merge a clearance of paths; its file."""
        file, text = self.clear(*paths, level=level)
        self.commit({file: text}, message="clear")
        self.merge()
        return file

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.clock, UTC).date()

    def guard(
        self,
        *,
        base: str = "main",
        head: str = "HEAD",
        level: str = "production",
        clock: int | None = None,
        config: str = "pyproject.toml",
    ) -> dict[str, Any]:
        """What `shadow guard --json` says, an hour after the last commit."""
        said: list[str] = []
        code = guard(
            self.folder / config, base=base, head=head, level=level, as_json=True,
            say=said.append, clock=self.clock + 3_600 if clock is None else clock,
        )  # fmt: skip
        told: dict[str, Any] = json.loads(said[0])
        assert code == (1 if told["refusals"] else 0)
        return told

    def refused(self, **options: Any) -> list[tuple[str, str]]:
        """Slug and what was found, of every refusal."""
        return [(one["slug"], one["found"]) for one in self.guard(**options)["refusals"]]

    def slugs(self, **options: Any) -> list[str]:
        return [slug for slug, _ in self.refused(**options)]


def repo(folder: Path, files: Mapping[str, str] = BASE) -> Repo:
    """A repository with the desk merged, and some history behind it."""
    made = Repo(folder)
    made.git("init", "--quiet", "--initial-branch=work")
    made.write({"README.md": "# Begun\n"})
    made.git("add", "--all")
    made.git("commit", "--quiet", "-m", "begin")
    made.commit(dict(files), message="the desk")
    made.merge()
    return made


def clearance(
    tree: RevisionTree, paths: Iterable[str], day: date, *, level: str = "production"
) -> Clearance:
    """A clearance as `shadow clear` writes it where the gate is open."""
    asked = {path: MODULES[path] for path in paths}
    found = fingerprints(tree, "pyproject.toml", asked)
    project = read_project(tree, "pyproject.toml")
    weighed = Weighed(
        level=level, totals={}, free={}, figures={}, evidence={}, conditions={},
        not_required=(), relaxations=(), planted=1,
    )  # fmt: skip
    return sealed(
        Clearance(
            schema=SCHEMA,
            remark=REMARKS[level],
            level=level,
            created=day,
            valid_until=day + timedelta(days=30),
            commit=tree.commit,
            asked_by="",
            config="pyproject.toml",
            paths={
                path: Cleared(
                    module=module,
                    fingerprint=found.paths[path],
                    symbols=symbols(project, module),
                )
                for path, module in asked.items()
            },
            shared=dict(shared_symbols(project, MODULES, asked)),
            fingerprints=dict(found.parts),
            gate=weighed,
        )
    )


def stone(told: Mapping[str, Any], path: str, **changes: Any) -> str:
    """A row of `retired.yaml` as the guard asked for it, signed by a decision."""
    (needed,) = [
        one["needed"]
        for one in told["refusals"]
        if one["slug"] == "path-not-buried" and path in one["found"]
    ]
    row = needed.partition(": ")[2].replace("docs/decisions/…", "docs/decisions/0001-go.md")
    for key, value in changes.items():
        head, _, rest = row.partition(f"{key}: ")
        row = f"{head}{key}: {value}{rest[len(rest.split(',')[0].rstrip('}')) :]}"
    return f"  - {row}\n"


def retired(one: Retired) -> str:
    return f"{one.path} {one.clearance} {one.sha256} {one.cells} {one.branches}"


ROW = '        "desk.fine": (charge_fine, "fine.due"),\n'
WITHOUT_FINE = (
    REGISTRY.replace("from old_desk.fine import charge_fine\n", "")
    .replace(ROW, "")
    .replace('    "desk.fine": {"Q1": "an hour late costs a day"},\n', "")
    .replace('CRASHES = {"Q1": "ValueError"}', "CRASHES = {}")
)
PASSING = FINE.replace("    loan = ports", "    return None\n    loan = ports")


def less(path: str, unit: str, manifest: Manifest = MANIFEST) -> str:
    """The manifest without a path and its unit."""
    scenarios = tuple(
        replace(
            pin,
            cells=tuple(
                replace(cell, paths=tuple(one for one in cell.paths if one != path))
                for cell in pin.cells
            ),
        )
        for pin in manifest.scenarios
    )
    branches = {name: count for name, count in manifest.branches.items() if name != unit}
    return render_manifest(replace(manifest, scenarios=scenarios, branches=branches)).decode()


DELETION: Mapping[str, str | None] = {
    "old_desk/fine.py": None,
    "old_desk/engine.py": WITHOUT_FINE,
    "scenarios/manifest.lock": less("desk.fine", "old_desk.fine"),
}


def buried(desk: Repo, **changes: object) -> str:
    """The deletion's own `retired.yaml`, as the guard asks for it."""
    return "retired:\n" + stone(desk.guard(), "desk.fine", **changes)
