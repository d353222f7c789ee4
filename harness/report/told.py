"""What a report tells: a run, judged, with the verdict where one was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import HarnessError
from harness.gate import Verdict
from harness.model import Cell, FreeRun
from harness.ports import Path
from harness.ruling import Ruling
from harness.scenario import Scenario
from harness.selftest.result import SelfTest


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One value that every written report is made from; nothing is decided in a report.

    Attributes:
        scenarios: those that were replayed, by id.
        cells, free: as they were judged.
        totals, free_totals: `expected` and every outcome.
        rulings: in force, by id.
        paths: the control's, by id.
        failures: files that could not be used.
        level: rehearsal or production.
        verdict: None where only differences were asked for.
        self_test: what was planted and found before; None without a verdict.
    """

    scenarios: tuple[Scenario, ...]
    cells: tuple[Cell, ...]
    free: tuple[FreeRun, ...]
    totals: Mapping[str, int]
    free_totals: Mapping[str, int]
    rulings: Mapping[str, Ruling]
    paths: Mapping[str, Path]
    failures: tuple[HarnessError, ...]
    level: str
    verdict: Verdict | None = None
    self_test: SelfTest | None = None

    @property
    def decided(self) -> Verdict:
        """The verdict.

        Raises:
            ValueError: none was asked for.
        """
        if self.verdict is None:
            raise ValueError("no verdict was asked for")
        return self.verdict
