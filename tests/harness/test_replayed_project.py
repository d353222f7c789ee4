"""A project whose control is a recording: the same cells, the same gate, and no second word."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.harness.toy_project import HELD, LATE, ON_TIME, project
from tests.shadow_command import ROOT, shadow

BLOCK = """\
  - together:
      - {at: +4d, act: api.pay_fine}
      - {at: +4d, act: sweep}
"""
HELD_TOO = (
    HELD.replace("  excused: {L1: the desk was closed}\n", "")
    .replace(BLOCK, "")
    .replace("owes: 0", "owes: 50")
)
COMMON = {"on-time": ON_TIME, "held": HELD_TOO}
OTHER_FINE = ("due: 2026-03-01T10:00:00Z", "due: 2026-02-01T10:00:00Z")


def told(at: Path, *words: str, code: int | None = None) -> Any:
    done = shadow(*words, "--json", at=at, PYTHONPATH=str(ROOT))
    assert "Traceback" not in done.stderr, done.stderr
    assert code is None or done.returncode == code, done.stderr
    return json.loads(done.stdout)


def cells_of(document: Any) -> dict[str, Any]:
    return {cell["cell"]: cell for one in document["scenarios"] for cell in one["cells"]}


def complained(at: Path, *words: str) -> str:
    done = shadow(*words, at=at, PYTHONPATH=str(ROOT))
    assert done.returncode == 4, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def retire(at: Path, recording: str = "scenarios/control.jsonl") -> None:
    """Delete the control's code, and name its recording in its place."""
    config = at / "pyproject.toml"
    text = config.read_text()
    config.write_text(text.replace("desk_control.engine:ENGINE", recording))
    (at / "desk_control").unlink(missing_ok=True)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    project(tmp_path, late=LATE, **COMMON)
    assert told(tmp_path, "lint", "--write", code=0)["written"]
    return tmp_path


@pytest.fixture
def retired(desk: Path) -> Path:
    """The project once its control is nothing but a recording."""
    told(desk, "record", "control", code=0)
    retire(desk)
    return desk


def test_recording_a_control_says_what_it_wrote(desk: Path) -> None:
    done = shadow("record", "control", at=desk, PYTHONPATH=str(ROOT))
    lines = done.stdout.splitlines()

    assert done.returncode == 0
    assert lines[0].startswith("Recorded desk_control.engine:ENGINE ")
    assert lines[1].startswith("  scenarios/control.jsonl, ")
    content = (desk / "scenarios/control.jsonl").read_bytes()
    assert lines[2] == f"  sha256 {hashlib.sha256(content).hexdigest()}"
    assert lines[-1] == "Next: shadow gate"


def test_the_document_of_a_recording_counts_what_it_holds(desk: Path) -> None:
    document = told(desk, "record", "control", "--out", "elsewhere.jsonl.gz", code=0)

    assert document["schema"] == "shadow.record-control/1"
    assert document["file"] == "elsewhere.jsonl.gz"
    assert document["scenarios"] == 3
    assert document["bytes"] == (desk / "elsewhere.jsonl.gz").stat().st_size
    assert document["questions"] >= document["courses"] >= 3


def test_with_the_control_deleted_every_command_tells_the_same(desk: Path) -> None:
    told(desk, "record", "control", code=0)
    commands = (["run"], ["paths"], ["show", "late"], ["rule", "late#2"], ["lint"])
    before = [told(desk, *words) for words in commands]
    gate_before = told(desk, "gate")
    retire(desk)

    assert [told(desk, *words) for words in commands] == before
    gate = told(desk, "gate")
    assert gate.pop("control_recorded").startswith("recorded ")
    assert gate_before.pop("control_recorded") == ""
    assert gate == gate_before
    assert gate["totals"]["DIVERGE"] == 1  # Q01, which no ruling covers


def test_the_gate_says_that_the_control_is_a_recording_and_of_when(retired: Path) -> None:
    said = shadow("gate", at=retired, PYTHONPATH=str(ROOT)).stdout

    (line,) = [line for line in said.splitlines() if line.startswith("  control ")]
    assert " recorded 20" in line
    assert line.endswith("over 3 scenarios")


def test_a_world_that_changed_since_is_said_and_its_answers_are_still_compared(
    retired: Path,
) -> None:
    link = retired / "desk_world"
    sources = {file.name: file.read_text() for file in link.glob("*.py")}
    link.unlink()
    link.mkdir()
    for name, text in sources.items():
        (link / name).write_text(f"{text}\n# another world\n")

    gate = told(retired, "gate")

    assert gate["control_recorded"].endswith("; the world changed since")
    assert gate["totals"]["NOT_RUN"] == 0


def test_a_scenario_that_was_changed_where_the_control_looks_is_not_run(retired: Path) -> None:
    (retired / "scenarios/late.yaml").write_text(LATE.replace(*OTHER_FINE))

    document = told(retired, "run", code=1)
    cells = cells_of(document)

    assert document["totals"]["NOT_RUN"] == 2
    assert cells["late#2"]["outcome"] == "NOT_RUN"
    assert {one["slug"] for one in cells["late#2"]["findings"]} >= {"control-not-recorded"}
    reasons = [one["slug"] for one in told(retired, "gate", code=1)["reasons"]]
    assert "cells-not-run" in reasons


def test_a_scenario_that_says_the_same_in_other_words_is_compared(retired: Path) -> None:
    (retired / "scenarios/late.yaml").write_text(LATE.replace("title: A book", "title: The book"))

    assert told(retired, "run")["totals"]["NOT_RUN"] == 0


def test_a_new_scenario_is_compared_where_the_recording_knows_the_control(retired: Path) -> None:
    known = ON_TIME.replace("id: on-time", "id: known")
    other = LATE.replace("id: late", "id: other").replace(*OTHER_FINE)
    (retired / "scenarios/known.yaml").write_text(known)
    (retired / "scenarios/other.yaml").write_text(other)

    cells = cells_of(told(retired, "run", code=1))

    assert cells["known#1"]["outcome"] == "AGREE"
    assert cells["other#1"]["outcome"] == "NOT_RUN"


def test_a_line_that_somebody_edited_stops_every_command(retired: Path) -> None:
    file = retired / "scenarios/control.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if '"line":"course"' in line)
    lines[number] = lines[number].replace('"asks"', '"ask"', 1)
    file.write_text("".join(lines))

    for words in (["gate"], ["run"], ["paths"], ["lint"]):
        said = complained(retired, *words)
        assert f"scenarios/control.jsonl:{number + 1}: is not as it was written" in said
        assert "[recording-edited]" in said


def test_a_recording_that_is_not_there_is_said(retired: Path) -> None:
    (retired / "scenarios/control.jsonl").unlink()

    assert "[recorded-control-missing]" in complained(retired, "gate")


@pytest.mark.parametrize(
    "words",
    [
        ["record", "control"],
        ["record", "events", "events.jsonl"],
    ],
)
def test_what_needs_the_controls_code_says_so(retired: Path, words: list[str]) -> None:
    (retired / "events.jsonl").write_text("{}\n")

    assert "[control-is-recording]" in complained(retired, *words)


def test_a_recording_needs_a_name_that_tells_what_it_is(desk: Path) -> None:
    said = complained(desk, "record", "control", "--out", "control.json")

    assert "[recording-name]" in said
    assert ".jsonl" in said


def test_nothing_is_recorded_where_a_scenario_cannot_be_read(desk: Path) -> None:
    (desk / "scenarios/late.yaml").write_text("id: [")

    done = shadow("record", "control", at=desk, PYTHONPATH=str(ROOT))

    assert done.returncode == 4
    assert "late.yaml" in done.stderr
    assert not (desk / "scenarios/control.jsonl").exists()


def test_a_candidate_may_not_import_the_control_that_was_recorded(retired: Path) -> None:
    """The code may lie about elsewhere; what was recorded stays the candidate's peer."""
    link = retired / "desk_candidate"
    source = (link / "engine.py").read_text()
    link.unlink()
    link.mkdir()
    first = "from __future__ import annotations\n"
    (link / "engine.py").write_text(source.replace(first, f"{first}import desk_control.pay\n"))

    assert "desk_control" in complained(retired, "run")


def test_the_plugin_replays_the_recording(retired: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-rA", "scenarios"],
        cwd=retired,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED scenarios/late.yaml::late - late#2 DIVERGE" in done.stdout
    assert "PASSED scenarios/held.yaml::held" in done.stdout
