"""An account of a sample: what came of its recording, path by path."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.evidence import SPOILED, own_outcomes
from harness.model import Cell, Outcome
from harness.sampling.frame import stratum_name
from harness.scenario import Scenario, episodes
from harness.text import quoted

RECORDERS: Final = frozenset({"shadow record events"})
"""What may stand as the source of a recorded scenario: the commands that record."""


class Standing(enum.StrEnum):
    """What an account is on a path: the worst of its own cells."""

    AGREE = "agree"
    RULED = "ruled"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as it was judged.

    Attributes:
        trouble: why it proves nothing, so that it is wrong on every path; empty where it does.
        own: path → outcomes of its own cells.
    """

    id: str
    trouble: str = ""
    own: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)

    def ran(self, path: str) -> bool:
        """Whether the path ran in it; what proves nothing ran nothing."""
        return not self.trouble and path in self.own

    def standing(self, path: str) -> Standing:
        """What it is on a path; one in which the path never ran agrees, if it was compared."""
        outcomes = set(self.own.get(path, ()))
        if self.trouble or not outcomes <= {Outcome.AGREE, Outcome.RULED}:
            return Standing.WRONG
        return Standing.RULED if Outcome.RULED in outcomes else Standing.AGREE


class Recorded:
    """Every scenario of a run with its cells, to ask what an account's recording came to.

    A recorded scenario is one account's, and bears its id (`harness.ports.Recording`).
    """

    def __init__(self, scenarios: Iterable[Scenario], cells: Iterable[Cell]) -> None:
        self.scenarios = {scenario.id: scenario for scenario in scenarios}
        self._cells: defaultdict[str, list[Cell]] = defaultdict(list)
        for cell in cells:
            self._cells[cell.episode.scenario].append(cell)

    def __contains__(self, account: str) -> bool:
        return account in self.scenarios

    def account(self, name: str, stratum: str) -> Account:
        """What came of an account that the frame counts in a stratum."""
        scenario = self.scenarios.get(name)
        if scenario is None:
            return Account(id=name, trouble="no recording")
        cells = self._cells[name]
        trouble = _of_scenario(scenario) or _of_cells(scenario, cells, stratum)
        if trouble:
            return Account(id=name, trouble=trouble)
        own: defaultdict[str, list[Outcome]] = defaultdict(list)
        for cell in cells:
            for one in own_outcomes(cell):
                own[one.path].append(one.outcome)
        return Account(id=name, own=dict(own))


def _of_scenario(scenario: Scenario) -> str:
    """Why a scenario is no recording of an account."""
    if scenario.provenance.kind != "recorded":
        return f"{scenario.provenance.kind}, not recorded"
    if scenario.provenance.source not in RECORDERS:
        return f"no recording of ours: its source is {quoted(scenario.provenance.source)}"
    if scenario.assumed:
        return f"assumed: {', '.join(scenario.assumed)}"
    return ""


def _of_cells(scenario: Scenario, cells: Sequence[Cell], stratum: str) -> str:
    """Why a recording's cells say nothing about the account as a whole."""
    expected = [f"{scenario.id}#{one.index}" for one in episodes(scenario)]
    if sorted(cell.episode.id for cell in cells) != sorted(expected):
        return f"{len(cells)} cells, and the scenario has {len(expected)}"
    for cell in cells:
        if cell.outcome in SPOILED:
            return f"{cell.outcome} {cell.episode.id}"
        if cell.episode.provenance != "recorded":
            return f"{cell.episode.provenance}, not recorded"
    told = stratum_name(cells[0].episode.stratum)
    return "" if told == stratum else f"of the stratum {told}, the frame says {stratum}"
