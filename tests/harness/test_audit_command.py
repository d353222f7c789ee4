"""`shadow audit` as people type it: exit codes, the page, JSON, and who the handlers are."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from harness.audit.audit import surface_reasons
from harness.audit.auditing import audit_control
from harness.audit.roots import handlers_of
from harness.cli import main
from harness.compose import compose
from tests.golden_files import golden
from tests.harness.audited import TODAY
from tests.harness.planted import Edits, planted, said
from tests.harness.test_audit_tree import SURFACE, described, tree
from tests.harness.toy_project import CONFIG, HELD, LATE, ON_TIME

FILES = {"late.yaml": LATE, "held.yaml": HELD, "on-time.yaml": ON_TIME}
SIGNED = """\
acknowledged:
  - where: [fine.paid, loan.lost, sweep]
    what: no path handles it
    reason: the desk's rules name no handler
    approver: ledger
    expires: EXPIRES
"""
DECLARED: Edits = {
    "desk_control/engine.py": (('("member", "till")', '("member", "receipts")'),),
}
NIGHT: Edits = {
    "desk_control/night.py": (
        ("", "def forgive(ports, trigger):\n    ports.member.update(fine=0)\n"),
    )
}


@pytest.fixture
def signed() -> str:
    from datetime import timedelta

    from harness.moment import today

    return SIGNED.replace("EXPIRES", (today() + timedelta(days=90)).isoformat())


def test_a_clean_audit_ends_with_0_and_names_the_gate(
    signed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    planted(tmp_path, monkeypatch, edits=DECLARED, **FILES, **{"surface.yaml": signed})

    assert main(["audit"]) == 0
    out = capsys.readouterr().out
    assert out.endswith("\nNext: shadow gate\n")
    golden("audit-clean.txt", out.rstrip("\n"))


def test_findings_end_with_1_and_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    planted(tmp_path, monkeypatch, edits=NIGHT, **FILES)
    (tmp_path / "desk_control" / "jobs.sql").write_text("UPDATE member SET fine = 0")

    assert main(["audit"]) == 1
    out = capsys.readouterr().out
    assert out.endswith("\nNext: shadow audit\n")
    assert max(map(len, out.splitlines())) <= 80
    golden("audit-findings.txt", out.rstrip("\n"))


def test_json_holds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(tmp_path, monkeypatch, edits=NIGHT, **FILES)

    code, document = said("audit")

    assert code == 1
    assert document["schema"] == "shadow.audit/1"
    assert document["clean"] is False
    assert document["findings"] == 6
    states = {item["where"]: item["state"] for item in document["items"]}
    assert states["desk_control.night:forgive"] == "open"
    assert states["desk_control.engine:ENGINE"] == "settled"
    assert document["replayed"]["unhandled"]["sweep"] == {
        "candidate": True,
        "scenarios": ["held"],
        "times": 2,
    }
    assert {one["kind"] for one in document["declarations"]} == {
        "touched-undeclared",
        "declared-untouched",
    }


@pytest.mark.parametrize(
    ("text", "slug"),
    [("acknowledged: yes\n", "wrong-type"), ("acknowledgd: []\n", "unknown-key")],
)
def test_a_surface_that_cannot_be_read_ends_with_4(
    text: str,
    slug: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    planted(tmp_path, monkeypatch, **FILES, **{"surface.yaml": text})

    assert main(["audit"]) == 4
    err = capsys.readouterr().err
    assert "scenarios/surface.yaml:1: acknowledg" in err
    assert f"[{slug}]" in err
    assert "Traceback" not in err


def test_a_bad_scenario_ends_with_4_and_the_rest_is_audited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planted(tmp_path, monkeypatch, **FILES, **{"bad.yaml": "id: bad\n"})

    assert main(["audit"]) == 4
    told = capsys.readouterr()
    assert "scenarios/bad.yaml:1" in told.err
    assert "replayed    3 scenarios" in told.out


def test_a_handler_that_the_path_does_not_declare_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = '        "loan.returned": ('
    lost = '        "loan.lost": (Handler(PAY, pay.pay_fine), Handler("x", pay.pay_fine)),'
    edits: Edits = {"desk_control/engine.py": ((row, f"{lost}\n{row}"),)}
    planted(tmp_path, monkeypatch, edits=edits, **FILES)

    _, document = said("audit")

    found = {(i["where"], i["what"]) for i in document["items"] if i["kind"] == "handler"}
    assert found == {
        ("api.pay_fine", "is called for loan.lost, which it does not declare"),
        ("x", "is called for loan.lost, and is no path of the control"),
    }


def test_a_foreign_tree_is_audited_without_any_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, surface = tree(tmp_path), described(tmp_path, SURFACE)
    monkeypatch.chdir(tmp_path)

    assert main(["audit", "--tree", "foreign", "--surface", "described.yaml"]) == 0
    again = "shadow audit --tree foreign --surface described.yaml"
    assert capsys.readouterr().out.endswith(f"\nNext: {again}\n")
    assert main(["audit", "--tree", str(folder), "--surface", str(surface), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clean"] is True


def test_an_empty_foreign_tree_ends_with_5(tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    surface = described(tmp_path, SURFACE)

    assert main(["audit", "--tree", str(tmp_path / "foreign"), "--surface", str(surface)]) == 5


@pytest.mark.parametrize("words", [["--tree", "."], ["--surface", "x.yaml"]])
def test_a_tree_and_its_description_go_together(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", *words]) == 4
    assert "--tree and --surface go together" in capsys.readouterr().err


def test_a_control_that_is_a_recording_has_no_code_to_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planted(tmp_path, monkeypatch, **FILES)
    assert main(["record", "control"]) == 0
    recorded = CONFIG.replace("desk_control.engine:ENGINE", "scenarios/control.jsonl")
    (tmp_path / "pyproject.toml").write_text(recorded)
    capsys.readouterr()

    code = main(["audit"])
    slugs = [one.slug for one in surface_reasons(audit_control(compose(None, ()), today=TODAY))]

    assert code == 5
    assert "the control is a recording, no code of it is left to read" in capsys.readouterr().out
    assert slugs == ["surface-unexplained"]  # what a replay shows counts all the same


# --- which functions a handler is


class Handled(NamedTuple):
    path: str
    call: Callable[..., Any]


def plain(ports: Any, trigger: Any) -> None:
    """A handler."""


def wrapping(call: Callable[..., Any]) -> Callable[..., Any]:
    def inner(ports: Any, trigger: Any) -> Any:
        return call(ports, trigger)

    return inner


class Desk:
    def take(self, ports: Any, trigger: Any) -> None:
        """A handler that is a method."""

    def __call__(self, ports: Any, trigger: Any) -> None:
        """A handler that is an object."""


HERE = __name__


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (plain, "plain"),
        (wrapping(plain), "plain"),
        (wrapping(wrapping(plain)), "plain"),
        (functools.partial(plain, None), "plain"),
        (functools.wraps(plain)(lambda *a: plain(*a)), "plain"),
        (Desk().take, "Desk.take"),
        (Desk(), "Desk.__call__"),
    ],
    ids=["itself", "wrapped", "wrapped twice", "a partial", "decorated", "a method", "an object"],
)
def test_a_handler_is_found_behind_what_it_is_wrapped_in(
    call: Callable[..., Any], name: str
) -> None:
    found = handlers_of({"t": [Handled("p", call)]}, {"p": HERE})

    assert f"{HERE}:{name}" in found["p"]


def test_a_handler_that_cannot_be_found_stands_for_its_whole_module() -> None:
    assert handlers_of({"t": [Handled("p", print)]}, {"p": HERE}) == {"p": (f"{HERE}:*",)}


def test_a_path_without_a_handler_reaches_nothing() -> None:
    assert handlers_of({}, {"p": HERE}) == {"p": ()}
