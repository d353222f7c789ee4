"""Scenario files as tests: the plugin in a pytest of its own, on the loan desk's project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness import loading, pytest_plugin
from harness.bench import bench, is_scenario_file
from harness.config import read_config
from harness.leak import Leak, Measured
from harness.model import Outcome
from harness.report.failure_text import fails, failure_text, in_short
from harness.report.terminal import Look
from tests.harness.test_planted_outcomes import RULING
from tests.harness.toy_project import LATE, ON_TIME, project
from tests.shadow_command import shadow

ROOT = Path(__file__).parents[2]
DRAFT = "id: R-x\n"
BOTH_WAYS = pytest.mark.parametrize("way", [("-n", "0"), ("-n", "2")], ids=["one", "workers"])


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A project with a disagreement (late) and an agreement (on-time)."""
    project(tmp_path, late=LATE, **{"on-time": ON_TIME})
    return tmp_path


def ran(at: Path, *words: str, code: int, **environ: str) -> tuple[str, dict[str, str]]:
    """Run pytest in a folder; its output, and node id → what became of it."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "CI"))}
    env = {**inherited, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-W", "error", "--strict-markers", *words],
        cwd=at,
        env={**env, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    out = done.stdout + done.stderr
    assert done.returncode == code, out
    assert "Traceback" not in out, out
    found = re.findall(r"^(PASSED|FAILED|ERROR) (\S+)", out, re.M)
    return out, {name: outcome for outcome, name in found}


LATE_ID, ON_TIME_ID = "scenarios/late.yaml::late", "scenarios/on-time.yaml::on-time"


@BOTH_WAYS
def test_a_scenario_is_a_test_and_a_failing_one_shows_what_shadow_shows(
    desk: Path, way: tuple[str, ...]
) -> None:
    shown = shadow("show", "late", at=desk, COLUMNS="130", PYTHONPATH=str(ROOT)).stdout

    out, found = ran(desk, *way, "scenarios", code=1, COLUMNS="130")

    assert found == {LATE_ID: "FAILED", ON_TIME_ID: "PASSED"}
    assert "first cause  member.blocked: control keeps true, candidate makes it false" in shown
    assert shown in out
    assert f"FAILED {LATE_ID} - late#2 DIVERGE" in out


@BOTH_WAYS
def test_colour_is_where_pytest_has_colour_and_never_in_a_file(
    desk: Path, way: tuple[str, ...]
) -> None:
    words = (*way, "scenarios", "--junitxml=junit.xml")

    plain, _ = ran(desk, *words, code=1)
    coloured, _ = ran(desk, *words, "--color=yes", code=1, NO_COLOR="")

    assert "\x1b" not in plain
    assert "\x1b[32mAGREE" in coloured
    junit = (desk / "junit.xml").read_text()
    assert '<failure message="late#2 DIVERGE">late: A book comes back late' in junit
    assert "[32mAGREE" not in junit


def test_tests_are_chosen_by_id_keyword_marker_and_last_failure(desk: Path) -> None:
    late = {LATE_ID: "FAILED"}

    assert ran(desk, LATE_ID, code=1)[1] == late
    assert ran(desk, "scenarios", "-k", "desk-1", code=1)[1] == late  # its ticket
    assert ran(desk, "scenarios", "-k", "Q01 and not on-time", code=1)[1] == late
    assert ran(desk, "scenarios", "-m", "shadow(family='desk')", code=1)[1] == late
    assert ran(desk, "scenarios", "-m", "not shadow", code=5)[1] == {}
    assert len(ran(desk, "scenarios", "-m", "shadow(segment='reader')", code=1)[1]) == 2
    assert ran(desk, "scenarios", "--lf", code=1)[1] == late


def test_a_ruling_covers_what_it_covers_in_a_run(desk: Path) -> None:
    below = desk / "scenarios" / "rulings"
    below.mkdir()
    (below / "paid.yaml").write_text(RULING)

    assert ran(desk, "scenarios", code=0)[1] == {LATE_ID: "PASSED", ON_TIME_ID: "PASSED"}


def test_a_listed_fault_that_does_not_show_fails(desk: Path) -> None:
    text = ON_TIME.replace("given:", "faults: [Q01]\ngiven:")
    (desk / "scenarios" / "on-time.yaml").write_text(text)

    out, found = ran(desk, ON_TIME_ID, code=1)

    assert found == {ON_TIME_ID: "FAILED"}
    assert "DRIFT fault-missing" in out


@BOTH_WAYS
def test_a_file_that_cannot_be_used_fails_alone_with_its_line(
    desk: Path, way: tuple[str, ...]
) -> None:
    below = desk / "scenarios"
    (below / "bad.yaml").write_text(ON_TIME.replace("id: on-time", "id: bad\ntickt: x"))
    (below / "sub").mkdir()
    (below / "sub" / "late.yaml").write_text(LATE)
    (below / "rulings").mkdir()
    (below / "rulings" / "draft.yaml").write_text(DRAFT)

    out, found = ran(desk, *way, "scenarios", code=1)

    assert found == {
        "scenarios/bad.yaml::bad": "FAILED",
        LATE_ID: "FAILED",
        ON_TIME_ID: "PASSED",
        "scenarios/rulings/draft.yaml::draft": "FAILED",
        "scenarios/sub/late.yaml::late": "FAILED",
    }
    assert re.search(r"^error: scenarios/bad\.yaml:2: .*'tickt' \[unknown-key\]$", out, re.M), out
    assert "\nerror: scenarios/sub/late.yaml:1: the id 'late' is already that of" in out
    assert "\nerror: scenarios/rulings/draft.yaml:1: the key 'class' is missing" in out


def test_only_scenario_files_below_the_configured_folder_are_tests(desk: Path) -> None:
    for name in ("fields.yaml", ".hidden.yaml", "rulings/good.yaml", "notes.txt"):
        file = desk / "scenarios" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(RULING if "rulings" in name else "fields: []\n")
    (desk / "elsewhere.yaml").write_text(LATE)
    (desk / "scenarios" / "manifest.lock").write_text("{}")

    assert set(ran(desk, code=0)[1]) == {LATE_ID, ON_TIME_ID}
    ran(desk, "elsewhere.yaml", code=4)


def test_what_is_a_scenario_file_is_what_a_whole_run_reads(desk: Path) -> None:
    """The plugin asks of one path what the loader asks of a folder."""
    below = desk / "scenarios"
    for name in (
        "fields.yaml",
        ".hidden.yaml",
        "rulings/a.yaml",
        "a/b.yaml",
        ".c/d.yaml",
        "e.yml",
    ):
        file = below / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}")
    files, _ = loading._files([below])

    judged = [
        f for f in below.rglob("*") if f.is_file() and is_scenario_file(f.relative_to(below))
    ]

    assert sorted(judged) == sorted(files)
    assert pytest_plugin.SUFFIX == loading.SUFFIX


def test_a_folder_that_is_a_link_is_the_folder_it_leads_to(desk: Path) -> None:
    (desk / "scenarios").rename(desk / "elsewhere")
    (desk / "scenarios").symlink_to(desk / "elsewhere")

    assert set(ran(desk, "elsewhere", code=1)[1].values()) == {"PASSED", "FAILED"}
    assert set(ran(desk, "scenarios", code=1)[1].values()) == {"PASSED", "FAILED"}


def test_nothing_collected_is_said(desk: Path) -> None:
    for file in (desk / "scenarios").glob("*.yaml"):
        file.unlink()

    out, _ = ran(desk, "scenarios", code=5)

    assert "no tests ran" in out
    assert "shadow:" not in out


def test_it_can_be_turned_off(desk: Path) -> None:
    ran(desk, "scenarios", "--no-shadow", code=5)
    ran(desk, "scenarios", "-p", "no:shadow", code=5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("desk_control.engine", "desk_contrl.engine", r"there is no module desk_contrl \["),
        ('control = "', 'contrl = "', r"unknown key 'contrl' \[unknown-key\]"),
        ('"scenarios/gate.yaml"', '"scenarios/gat.yaml"', r"scenarios/gat\.yaml: .*\["),
    ],
)
def test_a_project_that_cannot_be_composed_is_told_once(
    desk: Path, old: str, new: str, said: str
) -> None:
    config = desk / "pyproject.toml"
    text = config.read_text()
    config.write_text(text.replace(old, new))
    assert config.read_text() != text

    _, found_by_workers = ran(desk, "-n", "2", "scenarios", code=1)
    out, found = ran(desk, "scenarios", code=2)

    assert list(found.values()) == ["ERROR"]
    assert found_by_workers == found
    assert len(re.findall(rf"^error: .*{said}", out, re.M)) == 1, out


def test_the_configuration_can_be_named(
    desk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    far = tmp_path_factory.mktemp("far")
    (far / "pytest.ini").write_text("[pytest]\nshadow_config = to/pyproject.toml\n")
    (far / "to").symlink_to(desk)
    nearest = ("--shadow-config", "nowhere.toml")

    assert len(ran(far, "to/scenarios", code=1)[1]) == 2
    assert "nowhere.toml: there is no such file" in ran(far, *nearest, "to", code=2)[0]
    (far / "pytest.ini").write_text("[pytest]\n")
    named = ("--shadow-config", "to/pyproject.toml")
    assert len(ran(far, *named, "to/scenarios", code=1)[1]) == 2
    ran(far, "to/scenarios", code=5)


@BOTH_WAYS
def test_the_end_says_that_stability_is_unchecked_and_what_to_type(
    desk: Path, way: tuple[str, ...]
) -> None:
    line = "shadow: 2 scenarios replayed once, stability unchecked. Next: shadow gate"

    assert f"\n{line}\n" in ran(desk, *way, "scenarios", code=1)[0]
    assert len(line) <= 100
    assert "shadow:" not in ran(desk, *way, "scenarios", "--collect-only", code=0)[0]
    assert "shadow:" not in ran(desk, *way, "scenarios", "-k", "nothing", code=5)[0]


INERT = """\
import sys

HEAVY = {"msgspec", "yaml", "rich", "greenlet", "click", "deepdiff", "jinja2"}


def test_nothing_is_loaded():
    mine = {name for name in sys.modules if name.split(".")[0] == "harness"}
    assert mine == LIGHT
    assert not HEAVY & set(sys.modules)
"""
LIGHT = {"harness.config", "harness.correction", "harness.errors", "harness.names", "harness.text"}


@BOTH_WAYS
def test_where_nobody_asks_for_scenarios_nothing_is_loaded(
    tmp_path: Path, way: tuple[str, ...]
) -> None:
    plain = ("-p", "no:hypothesispytest")
    test = tmp_path / "test_inert.py"
    test.write_text(INERT.replace("LIGHT", "{'harness', 'harness.pytest_plugin'}"))
    assert len(ran(tmp_path, *way, *plain, code=0)[1]) == 1

    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "a.yaml").write_text("a: 1\n")
    project(tmp_path, late=LATE)
    names = {"harness", "harness.pytest_plugin", *LIGHT}
    test.write_text(INERT.replace("mine == LIGHT", f"mine <= {names}"))
    assert len(ran(tmp_path, *way, *plain, "test_inert.py", "beside", code=0)[1]) == 1


def test_a_ruling_that_leaks_in_the_scenario_fails_it(desk: Path) -> None:
    at = bench(read_config(desk / "pyproject.toml"))
    heard = at.hear(at.read(desk / "scenarios" / "on-time.yaml"))
    leak = Leak(
        cell="on-time#1", path="books.member.fine", value=-1, outcome=Outcome.RULED,
        rulings=("R-wide",),
    )  # fmt: skip
    leaking = replace(heard, leaks=Measured(tried=1, leaks=(leak,)))

    text = failure_text(leaking, {}, "rehearsal", Look())

    assert not fails(heard)
    assert fails(leaking)
    assert in_short(leaking) == "on-time#1 leaks"
    assert text.splitlines()[:2] == [
        "Leak: R-wide let books.member.fine of on-time#1 be -1",
        "on-time: A book comes back in time",
    ]


def test_a_folder_of_the_shipped_scenarios_passes() -> None:
    _, found = ran(ROOT, "-p", "no:cacheprovider", "scenarios/invoice-voided", code=0)

    assert len(found) >= 3
    assert set(found.values()) == {"PASSED"}
