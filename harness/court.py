"""The court: a scenario's episodes judged in order, its rulings measured, its faults asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.adjudicate import adjudicate
from harness.faults import ANY, with_missing_faults
from harness.leak import Leak, Measured, measure
from harness.model import Cell, Episode, FreeRun
from harness.ruling import Ruling
from harness.scenario import Scenario
from harness.stability import Second, checked, checked_free


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A scenario as it was replayed, and what was found."""

    scenario: Scenario
    episodes: tuple[Episode, ...]
    free: FreeRun
    cells: tuple[Cell, ...]
    leaks: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """What scenarios are judged by.

    Attributes:
        rulings: those in force.
        paths: quirk → path that has it.
        crashes: (path, exception type) → quirk that lets it escape.
    """

    rulings: tuple[Ruling, ...]
    paths: Mapping[str, str]
    crashes: Mapping[tuple[str, str], str]

    def hear(self, scenario: Scenario, episodes: tuple[Episode, ...], free: FreeRun) -> Heard:
        """Judge a scenario's cells in order and try wrong values in those that are ruled."""
        earlier: dict[str, Cell] = {}
        tried, leaks = 0, list[Leak]()
        for episode in episodes:
            cell = adjudicate(episode, self.rulings, earlier)
            measured = measure(cell, self.rulings, earlier)
            tried += measured.tried
            leaks.extend(measured.leaks)
            earlier[episode.id] = cell
        quirks = {
            (ruling.id, cell): quirk
            for ruling in self.rulings
            for cell, quirk in (*ruling.quirks.items(), (ANY, ruling.quirk))
        }
        cells = tuple(earlier.values())
        return Heard(
            scenario=scenario,
            episodes=episodes,
            free=free,
            cells=with_missing_faults(scenario, cells, quirks, self.paths, self.crashes),
            leaks=Measured(tried=tried, leaks=tuple(leaks)),
        )

    def hear_again(self, heard: Heard, seen: Second) -> Heard:
        """Judge once more what the second process holds something against, and nothing else."""
        episodes = tuple(checked(episode, seen) for episode in heard.episodes)
        free = checked_free(heard.free, seen)
        if free is heard.free and all(map(_same, episodes, heard.episodes)):
            return heard
        return self.hear(heard.scenario, episodes, free)


def _same(one: object, other: object) -> bool:
    return one is other
