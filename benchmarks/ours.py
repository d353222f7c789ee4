"""What `shadow replay` does with an account, in steps that can be timed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from alone import ROOT, tidy

from harness.bulk.line import read_line
from harness.bulk.population import simulation
from harness.compose import Composition, compose
from harness.court import Court
from harness.lockstep import lockstep
from harness.model import Episode
from harness.run import replay
from harness.scenario import Scenario
from harness.setup import Setup
from harness.store.part import Part, Place


class Accounts(NamedTuple):
    """Simulated accounts, each as its line and decoded."""

    lines: tuple[bytes, ...]
    scenarios: tuple[Scenario, ...]


class Counts(NamedTuple):
    """How many there are, and in how many the two engines leave something else."""

    accounts: int
    cells: int
    differing_accounts: int
    differing_cells: frozenset[str]


class Ours:
    """Everything composed once, as a worker of `shadow replay` has it."""

    def __init__(self) -> None:
        self.composition: Composition = compose(ROOT / "pyproject.toml", ())
        self.setup: Setup = replace(self.composition.setup(), digests=False)  # as in bulk
        self.court: Court = self.composition.court(date.today())  # noqa: DTZ011  # of rulings

    def accounts(self, count: int, seed: int) -> Accounts:
        """The first accounts of a seed, in the population's proportions."""
        drawn = simulation(self.composition, seed)
        lines = tuple(drawn.line(number)[0] for number in range(1, count + 1))
        vocabulary = self.composition.vocabulary
        scenarios = tuple(read_line(one, json.loads(one)["id"], vocabulary) for one in lines)
        return Accounts(lines, scenarios)

    def lockstep(self, scenarios: Sequence[Scenario]) -> Part:
        """Both engines in lockstep with probes; each cell compared, judged by truth, counted."""
        part, setup = nothing(), replace(self.setup, invariants=())
        for scenario in scenarios:
            done = tuple(lockstep(setup, scenario))
            self._count(part, scenario, done)
        return part

    def whole(self, scenarios: Sequence[Scenario]) -> Part:
        """The same with invariants, and the free runs to the end, judged after every effect."""
        part = nothing()
        for scenario in scenarios:
            done, free = replay(self.setup, scenario)
            self._count(part, scenario, done)
            part.take_free(free, scenario.evidence)
        return part

    def _count(self, part: Part, scenario: Scenario, done: tuple[Episode, ...]) -> None:
        cells = tuple(self.court.judged(done).values())
        for cell in self.court.with_faults(scenario, cells):
            part.take(cell)
        tidy()

    def counts(self, scenarios: Sequence[Scenario]) -> Counts:
        """What lockstep finds: a cell differs where the two left one field otherwise."""
        cells, differing, accounts = 0, set(), 0
        for scenario in scenarios:
            done = tuple(lockstep(self.setup, scenario))
            found = {one.id for one in done if one.differences}
            cells += len(done)
            accounts += bool(found)
            differing |= found
        return Counts(len(scenarios), cells, accounts, frozenset(differing))


def nothing() -> Part:
    """A part in which nothing was counted yet."""
    return Part(place=Place(id="benchmark", source="benchmark"), expected=())
