"""The files that a command writes, from end to end on the loan desk."""

from __future__ import annotations

import json
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
