"""The shipped control as a recording: the same gate without its code, and a closed one by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.replica_code import needs_replica
from tests.shadow_command import ROOT, shadow

pytestmark = [needs_replica, pytest.mark.xdist_group("replayed")]
"""One worker has them all: they share what takes long to make."""

PARTS = ("brain", "fixtures", "harness", "scenarios", "docs/decisions")
CONTROL = "legacy_replica"
RECORDING = "scenarios/control.jsonl"


class Project(NamedTuple):
    """A copy whose control is nothing but a recording, and its gate while the code was there."""

    root: Path
    before: Any


def told(at: Path, *words: str) -> Any:
    """What a command of the copy says, run with the copy's own packages."""
    environ = {"PYTHONPATH": str(at), "PYTHONDONTWRITEBYTECODE": "1"}
    done = shadow(*words, "--json", at=at, **environ)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def retired(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("retired")
    for part in (*PARTS, CONTROL):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    config = root / "pyproject.toml"
    shutil.copy(ROOT / "pyproject.toml", config)
    before = told(root, "gate")
    told(root, "record", "control", "--out", RECORDING)
    text = config.read_text()
    config.write_text(text.replace("legacy_replica.engine:ENGINE", RECORDING))
    shutil.rmtree(root / CONTROL)
    return Project(root, before)


@contextmanager
def edited(file: Path, before: str, after: str) -> Iterator[None]:
    original = file.read_text()
    assert before in original
    file.write_text(original.replace(before, after, 1))
    try:
        yield
    finally:
        file.write_text(original)


def slugs(gate: Any) -> set[str]:
    reasons = [*gate["reasons"], *(one for p in gate["paths"].values() for one in p["reasons"])]
    return {one["slug"] for one in reasons}


def outcomes(root: Path, scenario: str) -> list[tuple[str, set[str]]]:
    """Outcome of each cell of a scenario, with the names of what was found in it."""
    return [
        (cell["outcome"], {finding["slug"] for finding in cell["findings"]})
        for cell in told(root, "show", scenario)["cells"]
    ]


def test_without_its_code_the_control_gives_the_same_gate(retired: Project) -> None:
    gate, before = told(retired.root, "gate"), dict(retired.before)
    gate["conditions"], before["conditions"] = dict(gate["conditions"]), dict(before["conditions"])

    assert gate.pop("control_recorded").startswith("recorded 20")
    assert before.pop("control_recorded") == ""
    assert before["conditions"].pop("surface")["owned"] == "20/20"
    assert gate["conditions"].pop("surface")["owned"] == "0/0"  # no code, nobody who writes
    assert gate == before
    assert gate["totals"]["NOT_RUN"] == 0


def test_a_candidate_changed_by_one_rule_diverges_from_the_recording(retired: Project) -> None:
    rule = ("amount += tax.amount", "amount += 0")

    with edited(retired.root / "brain/debt.py", *rule):
        gate = told(retired.root, "gate")

    assert gate["gate"] == "closed"
    assert "cell-diverges" in slugs(gate)
    assert gate["totals"]["NOT_RUN"] == 0


def test_a_double_that_answers_otherwise_has_no_recorded_control(retired: Project) -> None:
    oldest_first = (
        "key=lambda row: (row.created, row.id))",
        "key=lambda row: row.id, reverse=True)",
    )

    with edited(retired.root / "fixtures/ports/stripe.py", *oldest_first):
        gate = told(retired.root, "gate")

    assert gate["gate"] == "closed"
    assert gate["control_recorded"].endswith("; the world changed since")
    assert {"cells-not-run", "cell-not-run"} <= slugs(gate)


VOIDED = "scenarios/invoice-voided/duplicate-purchase-voided.yaml"


def test_a_scenario_of_another_account_has_no_recorded_control(retired: Project) -> None:
    file = retired.root / VOIDED

    with edited(file, "country: JP", "country: US"):
        found = outcomes(retired.root, file.stem)

    assert found[0] == ("AGREE", set())  # nobody asks the control anything at a look
    assert {outcome for outcome, _ in found[1:]} == {"NOT_RUN"}
    assert all("control-not-recorded" in names for _, names in found[1:])


def test_a_scenario_in_other_words_has_the_same_recorded_control(retired: Project) -> None:
    file = retired.root / VOIDED
    before = outcomes(retired.root, file.stem)

    with edited(file, "title: A purchase", "title: The purchase"):
        assert outcomes(retired.root, file.stem) == before
