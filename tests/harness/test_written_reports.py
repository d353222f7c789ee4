"""The files that a command writes, from end to end on the loan desk."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.cli import main
from tests.harness.toy_project import LATE, ON_TIME, project

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the second process
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    project(tmp_path, late=LATE, **{"on-time": ON_TIME})
    return tmp_path


def test_a_run_against_itself_has_nothing_new(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--json"]) == 1
    (desk / "base.json").write_text(capsys.readouterr().out)

    main(["gate", "--markdown", "c.md", "--baseline", "base.json", "--junit", "j.xml"])

    text = (desk / "c.md").read_text()
    assert "against <code>base.json</code>: 0 new, 0 changed, 0 resolved" in text
    assert "<b>Standing</b>" in text
    root = ElementTree.parse(desk / "j.xml").getroot()  # noqa: S314  # written a line above
    late = next(one for one in root if one.get("name") == "late")
    assert int(late.get("failures", "0")) == 1


def test_annotations_are_printed_where_github_reads_them_and_nowhere_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["run"])
    assert "::error" not in "".join(capsys.readouterr())

    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    main(["run"])
    out, err = capsys.readouterr()
    assert "::error" not in out
    assert err.startswith("::error file=scenarios/late.yaml,line=")


def test_a_baseline_that_cannot_be_read_writes_no_half_of_the_reports(
    desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (desk / "base.json").write_text(json.dumps({"schema": "shadow.gate/1"}))

    code = main(["run", "--junit", "j.xml", "--markdown", "c.md", "--baseline", "base.json"])

    err = capsys.readouterr().err
    assert code == 4
    assert "[baseline-schema]" in err
    assert "::error" in err  # what needs a look is shown all the same
    assert not (desk / "j.xml").exists()
    assert not (desk / "c.md").exists()


@pytest.mark.parametrize(
    ("one", "other"), [("--junit", "--markdown"), ("--markdown", "--baseline")]
)
def test_two_files_by_one_name_are_refused_before_any_work(
    desk: Path, one: str, other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second would be written over the first, and nobody would miss it."""
    (desk / "link").symlink_to(desk / "both")

    code = main(["run", "--markdown", "c.md", one, "both", other, "link"])

    told = capsys.readouterr()
    assert (code, told.out) == (4, "")
    assert "are one file" in told.err
    assert not (desk / "both").exists()


def test_a_pipe_or_a_device_is_not_replaced_by_a_report(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(desk / "pipe")

    code = main(["gate", "--junit", "pipe"])

    told = capsys.readouterr()
    assert code == 4
    assert "Gate closed" in told.out
    assert "pipe: cannot be written: it is no regular file [not-a-file]" in told.err
    assert stat.S_ISFIFO((desk / "pipe").stat().st_mode)


def test_a_report_through_a_link_leaves_the_link(desk: Path) -> None:
    (desk / "link.xml").symlink_to(desk / "j.xml")

    main(["run", "--junit", "link.xml"])

    assert (desk / "link.xml").is_symlink()
    assert (desk / "j.xml").read_text().startswith("<?xml")
