"""The court: a scenario's episodes judged in order, its rulings measured, its faults asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from harness.adjudicate import adjudicate
from harness.faults import ANY, with_missing_faults
from harness.leak import Measured, measure
from harness.model import Cell, Episode, FreeRun
from harness.ruling import Rulings
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


@dataclass(frozen=True, kw_only=True)
class Court:
    """What scenarios are judged by.

    Attributes:
        rulings: those in force.
        paths: quirk → path that has it.
        crashes: (path, exception type) → quirk that lets it escape.
    """

    rulings: Rulings
    paths: Mapping[str, str]
    crashes: Mapping[tuple[str, str], str]

    def hear(self, scenario: Scenario, episodes: tuple[Episode, ...], free: FreeRun) -> Heard:
        """Judge a scenario's cells in order and try wrong values in those that are ruled."""
        judged = self.judged(episodes)
        measured = [measure(cell, self.rulings, judged) for cell in judged.values()]
        return Heard(
            scenario=scenario,
            episodes=episodes,
            free=free,
            cells=self.with_faults(scenario, tuple(judged.values())),
            leaks=Measured(
                tried=sum(one.tried for one in measured),
                leaks=tuple(leak for one in measured for leak in one.leaks),
            ),
        )

    def judged(self, episodes: Iterable[Episode]) -> dict[str, Cell]:
        """Cell id → cell, each judged with those before it."""
        earlier: dict[str, Cell] = {}
        for episode in episodes:
            earlier[episode.id] = self.judged_after(episode, earlier)
        return earlier

    def judged_after(self, episode: Episode, earlier: Mapping[str, Cell]) -> Cell:
        """One episode, judged with the scenario's cells before it."""
        return adjudicate(episode, self.rulings, earlier)

    def with_faults(self, scenario: Scenario, cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
        """The scenario's judged cells, held against the faults that it lists."""
        return with_missing_faults(scenario, cells, self.quirks, self.paths, self.crashes)

    @cached_property
    def quirks(self) -> Mapping[tuple[str, str], str]:
        """(ruling, cell, or ANY) → the quirk that it excuses there."""
        return {
            (ruling.id, cell): quirk
            for ruling in self.rulings
            for cell, quirk in (*ruling.quirks.items(), (ANY, ruling.quirk))
        }

    def hear_again(self, heard: Heard, seen: Second) -> Heard:
        """Judge once more what the second process holds something against, and nothing else."""
        episodes = tuple(checked(episode, seen) for episode in heard.episodes)
        free = checked_free(heard.free, seen)
        if free is heard.free and all(map(_same, episodes, heard.episodes)):
            return heard
        return self.hear(heard.scenario, episodes, free)


def _same(one: object, other: object) -> bool:
    return one is other
