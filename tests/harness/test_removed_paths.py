"""The gate counts every path that there ever was, and closes where one went without a word."""

from __future__ import annotations

import hashlib
import html
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness.guarding.retired import Retired, census, row_text
from harness.manifest_file import NAME, read_manifest, render
from harness.report.annotations import annotations
from harness.report.changes import changes
from harness.report.gate_text import gate_text
from harness.report.json_report import gate_document
from harness.report.markdown import comment
from harness.report.page.page import page
from tests.harness.cell_builder import Run
from tests.harness.many_told import told
from tests.harness.toy_project import HELD, LATE, ON_TIME, project
from tests.shadow_command import ROOT, shadow

GONE = Retired(
    path="desk.lost",
    clearance="clearances/a.json",
    sha256="ab" * 32,
    date=date(2026, 3, 2),
    cells=2,
    branches=6,
    decision="docs/decisions/0001-go.md",
)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    project(tmp_path, late=LATE, held=HELD, **{"on-time": ON_TIME})
    assert shadow("lint", "--write", at=tmp_path, PYTHONPATH=str(ROOT)).returncode == 0
    return tmp_path


def gate(at: Path) -> Any:
    done = shadow("gate", "--json", at=at, PYTHONPATH=str(ROOT))
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def slugs(document: Any) -> set[str]:
    return {one["slug"] for one in document["reasons"]}


def pin_another(at: Path) -> None:
    """Pin a path that the control has not, in a cell of its own manifest."""
    file = at / "scenarios" / NAME
    was = read_manifest(file)
    assert was is not None
    (first, *rest) = was.scenarios
    cell = replace(first.cells[-1], paths=(*first.cells[-1].paths, "attic.swept"))
    pinned = replace(first, cells=(*first.cells[:-1], cell))
    file.write_bytes(render(replace(was, scenarios=(pinned, *rest))))


def bury(at: Path, *rows: Retired) -> None:
    text = "\n".join(("retired:", *(f"  - {row_text(one)}" for one in rows)))
    (at / "scenarios/retired.yaml").write_text(f"{text}\n")


def test_a_pinned_path_that_is_neither_registered_nor_buried_closes_the_gate(desk: Path) -> None:
    before = gate(desk)
    pin_another(desk)

    bare = gate(desk)
    bury(desk, replace(GONE, path="attic.swept"))
    buried = gate(desk)

    assert "path-removed" not in slugs(before) | slugs(buried)
    (reason,) = [one for one in bare["reasons"] if one["slug"] == "path-removed"]
    assert reason["found"].startswith("attic.swept is pinned in the manifest")
    for path in bare["paths"].values():
        (shut,) = [one for one in path["reasons"] if one["slug"] == "whole-gate"]
        assert "path-removed" in shut["found"]
    assert list(buried["retired_paths"]) == ["attic.swept"]


def test_a_path_that_is_buried_stays_in_the_count(desk: Path) -> None:
    count = len(gate(desk)["paths"])
    bury(desk, GONE)

    said = shadow("gate", at=desk, PYTHONPATH=str(ROOT)).stdout

    assert f"of {count + 1} paths open, 1 retired\n" in said.partition("\n")[0] + "\n"
    assert "  retired    desk.lost\n" in said


def test_a_row_that_nobody_can_read_ends_every_gate(desk: Path) -> None:
    (desk / "scenarios/retired.yaml").write_text("retired:\n  - {path: desk.lost}\n")

    done = shadow("gate", at=desk, PYTHONPATH=str(ROOT))

    assert done.returncode == 4
    assert "retired.yaml:2" in done.stderr


def test_a_recording_answers_for_the_paths_that_are_buried(desk: Path) -> None:
    before = gate(desk)
    assert shadow("record", "control", at=desk, PYTHONPATH=str(ROOT)).returncode == 0
    config = desk / "pyproject.toml"
    config.write_text(
        config.read_text().replace("desk_control.engine:ENGINE", "scenarios/control.jsonl")
    )
    (desk / "desk_control").unlink()
    digest = hashlib.sha256((desk / "scenarios/control.jsonl").read_bytes()).hexdigest()
    real = [path for path in before["paths"] if not path.startswith("(")]
    bury(desk, *(replace(GONE, path=path, recording=digest) for path in real))

    said = shadow("gate", at=desk, PYTHONPATH=str(ROOT)).stdout
    after = gate(desk)

    assert f" of {len(before['paths'])} paths open, {len(real)} retired" in said
    assert {one["recording"] for one in after["retired_paths"].values()} == {digest}
    own = {"retired_paths", "control_recorded"}
    assert {key: after[key] for key in after.keys() - own} == {
        key: before[key] for key in before.keys() - own
    }


def test_every_report_counts_what_is_retired() -> None:
    counted = census({"p"}, [], [GONE])
    verdict = replace(Run(leak=None).verdict(), census=counted)
    run = replace(told(), verdict=verdict)

    for text in (
        gate_text(verdict),
        html.unescape(page(run)).replace("<strong>", "").replace("</strong>", ""),
        comment(run, changes(run, None)),
        "\n".join(annotations(run)).replace("%2C", ","),
    ):
        assert "paths open, 1 retired" in text
    assert gate_document(verdict)["retired_paths"]["desk.lost"] == {
        "clearance": "clearances/a.json",
        "sha256": "ab" * 32,
        "date": "2026-03-02",
        "cells": 2,
        "branches": 6,
        "decision": "docs/decisions/0001-go.md",
        "recording": "",
    }
