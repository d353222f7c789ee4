"""The commands from end to end, on the loan desk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli import main
from tests.harness.toy_project import LATE, ON_TIME, project

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the second process
    project(tmp_path, late=LATE, **{"on-time": ON_TIME})
    return tmp_path / "scenarios"


def printed(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(args)
    out, err = capsys.readouterr()
    assert "Traceback" not in err, err
    return code, out, err


def test_run_shows_what_no_ruling_covers(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(capsys, "run", "--json")
    document = json.loads(out)

    assert (code, err) == (1, "")
    assert document["schema"] == "shadow.run/1"
    assert document["totals"]["expected"] == 5
    assert document["totals"]["DIVERGE"] == 1
    assert document["totals"]["AGREE"] == 4
    assert document["free"]["KEPT"] == 2


def test_run_of_a_clean_file_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = printed(capsys, "run", "scenarios/on-time.yaml")

    assert code == 0
    assert "Run of 1 scenario," in out


def test_a_bad_file_among_good_ones_is_counted_and_the_good_ones_run(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint", "--write"]) == 0
    (desk / "on-time.yaml").write_text("id: [")
    capsys.readouterr()

    code, out, err = printed(capsys, "run", "--json")
    document = json.loads(out)

    assert code == 4
    assert "error: scenarios/on-time.yaml:1" in err
    assert document["totals"]["NOT_RUN"] == 2
    assert document["totals"]["expected"] == 5
    assert document["free"]["NOT_RUN"] == 1


def test_gate_is_closed_and_says_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = printed(capsys, "gate", "--json")
    document = json.loads(out)

    assert code == 1
    assert document["gate"] == "closed"
    assert document["level"] == "rehearsal"
    assert "manifest-missing" in {reason["slug"] for reason in document["reasons"]}


def test_a_gate_on_a_part_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = printed(capsys, "gate", "scenarios/on-time.yaml")

    assert code == 1
    assert "partial-set" in out


def test_show_shows_a_scenario_or_one_cell(capsys: pytest.CaptureFixture[str]) -> None:
    code, whole, _ = printed(capsys, "show", "late")
    _, cell, _ = printed(capsys, "show", "late#2")

    assert code == 1
    assert "late: A book comes back late" in whole
    assert "#1  " in whole
    assert "#1  " not in cell
    assert "control keeps true, candidate makes it false" in cell


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("show", "lat"), "did you mean 'late'?"),
        (("show", "late#7"), "there is no cell 'late#7'"),
        (("show", "late#"), "did you mean"),
        (("rule", "late"), "is a scenario"),
        (("rule", "late#1"), "[nothing-to-rule]"),
        (("show", "\x1b[2J"), "'\\x1b[2J'"),
    ],
)
def test_a_wrong_id_is_one_message(
    args: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = printed(capsys, *args)

    assert (code, out) == (4, "")
    assert err.startswith("error: ")
    assert said in err
    assert "\x1b" not in err


def test_rule_drafts_a_ruling_that_rules_nothing_yet(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, draft, _ = printed(capsys, "rule", "late#2")
    (desk / "rulings").mkdir()
    (desk / "rulings" / "draft.yaml").write_text(draft)

    refused, _, err = printed(capsys, "run")

    assert code == 0
    assert refused == 4
    assert "error: scenarios/rulings/draft.yaml:" in err


def test_paths_names_the_pinned_scenarios_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--write"]) == 0
    capsys.readouterr()

    code, out, _ = printed(capsys, "paths")

    assert code == 0
    assert "api.pay_fine" in out
    assert "desk_control.pay, 4 branches" in out


def test_a_policy_that_cannot_be_read_is_said_before_anything_runs(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "gate.yaml").write_text("approvers: []\n")

    code, out, err = printed(capsys, "gate")

    assert (code, out) == (4, "")
    assert "scenarios/gate.yaml:" in err
