"""Mutants once the control is a recording: its rows are kept, and the candidate is measured."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.mutate.measurement import read_measurement, write_measurement
from tests.harness.toy_project import LATE, ON_TIME, project
from tests.shadow_command import ROOT, shadow

TODAY = datetime.now(UTC).date()
LATER = TODAY + timedelta(days=90)
ASKED = "mutants: {told_apart: 19/20, candidate: 19/20, crash_max: 3/20, waived_max: 3/100}\n"
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


def test_some_mutants_are_tried_again_and_come_out_as_written(desk: Path) -> None:
    said = shadow("mutate", "--spot", "5", at=desk, PYTHONPATH=str(ROOT))
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.startswith("5 of ")
    assert "All came out as mutants.lock says." in said.stdout
    assert said.stdout.endswith("Next: shadow gate\n")

    document = told(desk, "mutate", "--spot", "100000")
    every = sum(row["mutants"] for row in document_units(desk).values())
    assert (document["tried"], document["of"], document["differing"]) == (every, every, [])


def document_units(at: Path) -> dict[str, Any]:
    return {**units(at, "control"), **units(at, "candidate")}


def test_a_spot_check_names_what_is_not_as_written(desk: Path) -> None:
    lock = desk / LOCK
    known = read_measurement(lock)
    assert known is not None
    name, row = next((n, r) for n, r in sorted(known.units.items()) if r.fates)
    untold = [mutant for names in row.fates.values() for mutant in names]
    other = msgspec.structs.replace(row, told=row.told + len(untold), fates={})
    write_measurement(lock, msgspec.structs.replace(known, units={**known.units, name: other}))

    said = shadow("mutate", "--spot", "100000", at=desk, PYTHONPATH=str(ROOT))

    assert said.returncode == 1
    assert f"mutants-stale: {len(untold)} not as mutants.lock says; needed: 0" in said.stdout
    assert f"  {min(untold)}: told-apart there, " in said.stdout
    assert said.stdout.endswith("Next: shadow mutate --write\n")


def test_without_a_measurement_there_is_nothing_to_hold_a_spot_check_against(desk: Path) -> None:
    (desk / LOCK).unlink()

    said = shadow("mutate", "--spot", "5", at=desk, PYTHONPATH=str(ROOT))

    assert said.returncode == 4
    assert "unreadable" in said.stderr
    assert "shadow mutate --write" in said.stderr


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
