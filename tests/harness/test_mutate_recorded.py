"""Mutants once the control is a recording: its rows are kept, and the candidate is measured."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harness.toy_project import LATE, ON_TIME, project
from tests.shadow_command import ROOT, shadow

TODAY = datetime.now(UTC).date()
LATER = TODAY + timedelta(days=90)
ASKED = "mutants: {told_apart: 19/20, crash_max: 3/20, waived_max: 3/100}\n"
LOCK = "scenarios/mutants.lock"
WAIVED = """\
id: R-no-state-shows-it
class: equivalent-mutant
title: Nobody can tell
reason: The control is a recording by now, so nobody can try it any more.
ticket: desk-1
owner: desk
approver: ledger
created: "{today}"
expires: "{later}"
subjects: ["{mutant}"]
"""


def told(at: Path, *words: str) -> Any:
    done = shadow(*words, "--json", at=at, PYTHONPATH=str(ROOT))
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def units(at: Path, role: str) -> dict[str, Any]:
    rows = json.loads((at / LOCK).read_text())["measurement"]["units"]
    return {name: row for name, row in rows.items() if row["role"] == role}


def closing(gate: Any) -> set[str]:
    reasons = [*gate["reasons"], *(one for p in gate["paths"].values() for one in p["reasons"])]
    return {one["slug"] for one in reasons if one["slug"].startswith(("mutants-", "waiver-"))}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A project that is measured, and whose control was recorded after that."""
    project(tmp_path, late=LATE, **{"on-time": ON_TIME})
    policy = tmp_path / "scenarios/gate.yaml"
    policy.write_text(policy.read_text() + ASKED)
    told(tmp_path, "mutate", "--write", "--workers", "1")
    told(tmp_path, "record", "control")
    return tmp_path


def retire(desk: Path) -> None:
    config = desk / "pyproject.toml"
    text = config.read_text()
    config.write_text(text.replace("desk_control.engine:ENGINE", "scenarios/control.jsonl"))
    (desk / "desk_control").unlink()


def test_the_measurement_holds_when_the_code_is_gone(desk: Path) -> None:
    before = closing(told(desk, "gate"))
    retire(desk)

    gate = told(desk, "gate")

    assert closing(gate) == before
    assert "mutants-stale" not in before
    assert gate["conditions"]["mutants"]["control"]


def test_only_the_candidate_is_measured_anew_and_the_controls_rows_stay(desk: Path) -> None:
    control, candidate = units(desk, "control"), units(desk, "candidate")
    retire(desk)

    document = told(desk, "mutate", "--write", "--workers", "1")

    assert set(document["units"]) == {"candidate"}
    assert control
    assert units(desk, "control") == control
    assert units(desk, "candidate") == candidate
    said = shadow("mutate", "--check", "--workers", "1", at=desk, PYTHONPATH=str(ROOT)).stdout
    assert "mutants.lock says the same" in said


def test_a_candidate_that_changed_since_is_stale_until_it_is_measured(desk: Path) -> None:
    control = units(desk, "control")
    retire(desk)
    link = desk / "desk_candidate"
    sources = {file.name: file.read_text() for file in link.glob("*.py")}
    link.unlink()
    link.mkdir()
    for name, text in sources.items():
        (link / name).write_text(f"{text}\nMORE = 1\n")

    stale = closing(told(desk, "gate"))
    told(desk, "mutate", "--write", "--workers", "1")

    assert "mutants-stale" in stale
    assert "mutants-stale" not in closing(told(desk, "gate"))
    assert units(desk, "control") == control


def test_a_waiver_of_the_controls_mutant_is_neither_tried_nor_forgotten(desk: Path) -> None:
    """What was wrong with it, or was not, was found while there was code."""
    file = desk / "scenarios/rulings/R-no-state-shows-it.yaml"
    file.parent.mkdir(exist_ok=True)
    rows = units(desk, "control").values()
    mutant = next(one for row in rows for one in row["fates"].get("survived", ()))
    file.write_text(
        WAIVED.format(
            mutant=f"{mutant}@000000000000", today=TODAY, later=TODAY + timedelta(days=90)
        )
    )
    told(desk, "mutate", "--write", "--workers", "1")
    before = closing(told(desk, "gate"))
    retire(desk)

    told(desk, "mutate", "--write", "--workers", "1")

    assert "waiver-stale" in before
    assert closing(told(desk, "gate")) == before
