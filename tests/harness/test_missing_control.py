"""The candidate does the very same where the control cannot be imported at all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.compose import compose, package
from harness.free import Running, candidate_run, free_run
from harness.missing import refused
from harness.scenario import Scenario
from harness.second import Anything, second
from harness.setup import Setup
from harness.stability import Second
from tests.harness.planted import CANDIDATE, Edits, by_id, outcomes, planted, said
from tests.harness.toy_project import LATE

COPIES = """
import contextlib

def _control():
    importlib = contextlib.sys.modules["importlib"]
    return importlib.import_module("desk_control.pay")

def _pays(ports, trigger):
    try:
        return _control().pay_fine(ports, trigger)
    except ModuleNotFoundError:
        return {"status": 500}
"""
"""A candidate that goes round the guard for the control's own code, and falls back quietly."""

PLAIN = {CANDIDATE: (("def _returns(", "import desk_control.pay\n\ndef _returns("),)}
LAZY = {
    CANDIDATE: (
        (
            "    with ports.lock():\n        fine = ports.member.get().fine\n        if not fine",
            (
                "    import desk_control.pay\n    with ports.lock():\n"
                "        fine = ports.member.get().fine\n        if not fine"
            ),
        ),
    )
}
ROUND = {CANDIDATE: (("def _returns(", f"{COPIES}\n\ndef _returns("),)}


def seen_alone(folder: Path) -> Second:
    """What the second process would see, here; its own modules are put back afterwards."""
    before = dict(sys.modules)
    try:
        return second(compose(folder / "pyproject.toml", (), quirks=Anything()))
    finally:
        for name in sys.modules.keys() - before.keys():
            del sys.modules[name]


def alone_in(setup: Setup, scenario: Scenario) -> Running:
    return candidate_run(setup, scenario, setup.kit.load(scenario.given))


def go(folder: Path, patch: pytest.MonkeyPatch, edits: Edits | None = None) -> Path:
    return planted(folder, patch, edits=edits, **{"late.yaml": LATE})


def test_the_candidates_own_run_needs_no_control_and_is_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(tmp_path, monkeypatch)
    composition = compose(tmp_path / "pyproject.toml", ())
    (scenario,) = composition.loaded.scenarios
    beside = free_run(composition.setup(), scenario)
    together = alone_in(composition.setup(reverse=True), scenario).seen

    with refused("desk_control"):
        with pytest.raises(ModuleNotFoundError):
            __import__("desk_control.pay")
        without = compose(tmp_path / "pyproject.toml", (), quirks=Anything())
        alone = alone_in(without.candidate_only(reverse=True), scenario).seen

    assert alone == together
    assert len(alone) == 3
    assert seen_alone(tmp_path).alone == {"late": beside.digest}


def test_a_control_that_was_imported_before_is_missing_too_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(tmp_path, monkeypatch)
    import desk_control.pay as before

    with refused("desk_control"):
        assert "desk_control.pay" not in sys.modules
        assert not [name for name in sys.modules if name.startswith("desk_control")]
        assert "desk_world.kit" in sys.modules

    assert sys.modules["desk_control.pay"] is before


def test_a_package_without_a_dot_is_refused_by_its_own_name() -> None:
    assert package("engines:ENGINE") == "engines"
    assert package("engines.old.engine:ENGINE") == "engines"


def test_the_world_and_the_candidate_import_nothing_of_the_control(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(tmp_path, monkeypatch)
    for file in (tmp_path / "desk_control").iterdir():
        file.unlink()
    composition = compose(tmp_path / "pyproject.toml", (), quirks=Anything())
    monkeypatch.setattr(sys, "path", [p for p in sys.path if "loan_desk" not in p])

    with refused("desk_control"):
        (scenario,) = composition.loaded.scenarios
        run = alone_in(composition.candidate_only(reverse=True), scenario)

    assert (run.errors, run.failed, run.broken) == ([], [], [])


def test_importing_the_control_outright_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    go(tmp_path, monkeypatch, PLAIN)

    assert main(["gate"]) == 4
    assert "[engine-ambient-import]" in capsys.readouterr().err


def test_importing_the_control_when_called_springs_a_trap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(tmp_path, monkeypatch, LAZY)
    composition = compose(tmp_path / "pyproject.toml", ())
    (scenario,) = composition.loaded.scenarios

    end = free_run(composition.setup(), scenario)

    assert end.outcome == "ERROR"
    assert "import desk_control.pay" in end.findings[0]


def test_a_candidate_that_copies_the_control_past_the_guard_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(tmp_path, monkeypatch, ROUND)

    code, run = said("run")
    _, gate = said("gate")

    assert code == 1
    assert by_id(run)["late"]["free"]["outcome"] == "THEN_FAILED"  # missing in every process
    assert gate["gate"] == "closed"
    assert gate["free"]["THEN_FAILED"] == 1
    assert "AGREE" in outcomes(by_id(run)["late"])
