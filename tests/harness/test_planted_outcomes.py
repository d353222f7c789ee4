"""One planted fault for every outcome there is: it is found, named, counted, and the gate closes.

The project is the loan desk with a signed ruling on its one quirk. The other process is played in
this one, but for what `test_stability` proves with a real one.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.compose import compose
from harness.model import Free, Outcome
from harness.second import Anything, second
from harness.stability import Second
from tests.harness.planted import (
    CANDIDATE,
    PAY,
    RETURNED,
    Edits,
    by_id,
    cell_slugs,
    outcomes,
    planted,
    said,
)
from tests.harness.toy_project import LATE, ON_TIME

TODAY = datetime.now(UTC).date()
RULING = f"""\
id: R-paid-stays-blocked
class: control-bug
quirk: Q01
title: Who has paid stays blocked
reason: The control forgets to unblock.
ticket: desk-1
owner: desk
approver: ledger
created: "{TODAY}"
expires: "{TODAY + timedelta(days=90)}"
scope: {{paths: [api.pay_fine], segments: [reader]}}
expect:
  - {{at: books.member.blocked, control: true, candidate: false}}
cells: [late#2]
"""
CLEAN = {"late.yaml": LATE, "on-time.yaml": ON_TIME, "rulings/paid.yaml": RULING}
FLOORS = {"too-few-cells", "no-sound-case", "branch-not-taken", "path-closed"}
"""Why the clean project's gate is closed: there is too little of it, and nothing is wrong."""

START_OF_PAY = "def _pays(ports: Any, trigger: Any) -> dict[str, Any]:\n"


def paying(text: str) -> Edits:
    """The candidate does this first when somebody pays."""
    return {CANDIDATE: ((START_OF_PAY, f"{START_OF_PAY}    {text}\n"),)}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A planted fault and what must come of it.

    Attributes:
        hits: the outcome that it must lead to, in scenario `at`.
        slug: a finding of a cell, or a reason of the gate, that names it.
        code: what `run` and `gate` end with.
    """

    hits: Outcome | Free
    slug: str
    edits: Edits = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    at: str = "late"
    code: tuple[int, int] = (1, 1)


LOOP = (
    "while True:\n        try:\n            ports.member.get()\n        except:\n            pass"
)
TWICE = ON_TIME.replace("id: on-time", "id: twice").replace(
    "then:", "  - {at: +2d, act: desk.return, loan: ln_1}\nthen:\n  moot: [desk.return#2]"
)
NOTHING_DUE = ON_TIME.replace("id: on-time", "id: nothing-due").replace(
    "then:", "  - {at: +2d, act: api.pay_fine}\nthen:"
)
TWENTY = (('candidate("new desk", 25)', 'candidate("new desk", 20)'),)
COUNTS = (
    (
        START_OF_PAY,
        f"SEEN = []\n\n{START_OF_PAY}    SEEN.append(1)\n    ports.reason(str(SEEN))\n",
    ),
)
BELOW_ZERO = (
    (
        "ports.member.update(fine=0)",
        "ports.member.update(fine=-1)\n        ports.member.update(fine=0)",
    ),
)
IMPROVED = (("update(fine=0)", "update(fine=0, blocked=False)"),)

FAULTS = (
    Fault(hits=Outcome.NOT_RUN, slug="act-impossible", files={"twice.yaml": TWICE}, at="twice"),
    Fault(hits=Outcome.ERROR, slug="candidate-crashed", edits=paying("raise KeyError('planted')")),
    Fault(hits=Outcome.TIMEOUT, slug="over-budget", edits=paying(LOOP)),
    Fault(hits=Outcome.UNSTABLE, slug="differs-from-itself", edits={CANDIDATE: COUNTS}),
    Fault(hits=Outcome.DRIFT, slug="fault-missing", edits={PAY: IMPROVED}),
    Fault(hits=Outcome.DIVERGE, slug="no-ruling", edits={CANDIDATE: TWENTY}),
    Fault(
        hits=Outcome.RULED,
        slug="ruling-expired",
        files={
            "rulings/old.yaml": RULING.replace("R-paid-stays-blocked", "R-old")
            .replace(f'"{TODAY}"', f'"{TODAY - timedelta(days=100)}"')
            .replace(f'"{TODAY + timedelta(days=90)}"', f'"{TODAY - timedelta(days=1)}"')
        },
        code=(0, 1),
    ),
    Fault(
        hits=Outcome.AGREE,
        slug="free-not-kept",
        edits={CANDIDATE: TWENTY, RETURNED: (("days * 25", "days * 20"),)},
    ),
    Fault(
        hits=Free.NOT_RUN,
        slug="scenario-unusable",
        files={"on-time.yaml": "id: ["},
        at="on-time",
        code=(4, 4),
    ),
    Fault(hits=Free.ERROR, slug="free-not-kept", edits=paying("raise KeyError('planted')")),
    Fault(hits=Free.TIMEOUT, slug="free-not-kept", edits=paying(LOOP)),
    Fault(hits=Free.UNSTABLE, slug="free-not-kept", edits={CANDIDATE: COUNTS}),
    Fault(
        hits=Free.MOOT,
        slug="free-not-kept",
        files={"nothing-due.yaml": NOTHING_DUE},
        at="nothing-due",
    ),
    Fault(hits=Free.BROKEN, slug="free-not-kept", edits={CANDIDATE: BELOW_ZERO}),
    Fault(
        hits=Free.THEN_FAILED,
        slug="free-not-kept",
        files={"late.yaml": LATE.replace("paid: 75", "paid: 50")},
    ),
    Fault(
        hits=Free.KEPT,
        slug="no-ruling",
        edits={CANDIDATE: (('{"status": 200, "receipt": receipt}', '{"status": 201}'),)},
    ),
)


class Played:
    """The other process, played in this one."""

    def __init__(self, config: Path, paths: tuple[Path, ...]) -> None:
        self.config, self.paths = config, paths

    def result(self, *, seconds: float) -> Second:
        gc.disable()  # what tests hook into it reads the clock, in the middle of a handler
        try:
            return second(compose(self.config, tuple(self.paths), quirks=Anything()))
        finally:
            gc.enable()

    def stop(self) -> None: ...


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("harness.run.SecondProcess", Played)
    yield
    assert sys.getprofile() is None


def pinned_and_said(
    tmp_path: Path, patch: pytest.MonkeyPatch, fault: Fault | None = None
) -> tuple[list[int], Any, Any]:
    """Exit codes and documents of `run` and `gate`, the manifest written from the clean files."""
    planted(tmp_path, patch, **CLEAN)
    assert main(["lint", "--write"]) == 0
    if fault is not None:
        planted(tmp_path, patch, edits=fault.edits, **{**CLEAN, **fault.files})
        if fault.code != (4, 4):
            main(["lint", "--write"])
    (ran, run), (decided, gate) = said("run"), said("gate")
    return [ran, decided], run, gate


def reasons(gate: Any) -> set[str]:
    """Every slug that keeps this gate closed, but for the sum of them."""
    found = {reason["slug"] for reason in gate["reasons"]}
    for path in gate["paths"].values():
        found |= {reason["slug"] for reason in path["reasons"]}
    return found - {"whole-gate"}


def test_the_clean_project_is_closed_for_its_floors_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes, run, gate = pinned_and_said(tmp_path, monkeypatch)

    assert codes == [0, 1]
    assert outcomes(by_id(run)["late"]) == ["AGREE", "AGREE", "RULED"]
    assert outcomes(by_id(run)["on-time"]) == ["AGREE", "AGREE"]
    assert run["free"]["KEPT"] == run["free"]["expected"] == 2
    assert reasons(gate) <= FLOORS, reasons(gate)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: f"{type(one.hits).__name__}-{one.hits}")
def test_a_planted_fault_has_its_outcome_its_slug_its_exit_code_and_closes_the_gate(
    fault: Fault,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    codes, run, gate = pinned_and_said(tmp_path, monkeypatch, fault)
    scenario = by_id(run).get(fault.at)

    assert tuple(codes) == fault.code
    assert gate["gate"] == "closed"
    if fault.code != (4, 4):
        cells = isinstance(fault.hits, Outcome)
        hit = outcomes(scenario) if cells else [scenario["free"]["outcome"]]
        assert str(fault.hits) in hit
    assert fault.slug in reasons(gate) | (cell_slugs(scenario) if scenario else set())
    assert reasons(gate) - FLOORS, "nothing but the floors closed it"
    totals = gate["totals"] if isinstance(fault.hits, Outcome) else gate["free"]
    assert totals[str(fault.hits)] >= 1
    for counted in (gate["totals"], gate["free"], run["totals"], run["free"]):
        expected = counted.pop("expected")
        assert sum(counted.values()) == expected


def test_every_outcome_has_a_planted_fault() -> None:
    assert {fault.hits for fault in FAULTS} == {*Outcome, *Free}
    assert len(FAULTS) == len(Outcome) + len(Free)
