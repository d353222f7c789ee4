"""Scenarios as data for the page: what a list is filtered by, and each one in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from harness.evidence import own_outcomes
from harness.gate import Verdict
from harness.model import Cell, Free, FreeRun, Outcome
from harness.report.customer import customer_ends, customer_rows
from harness.report.free_remarks import free_remarks
from harness.report.json_report import Json
from harness.report.page.link import place
from harness.report.page.timeline import NO_RULING, episode_document, fields
from harness.report.show_text import next_command
from harness.report.timeline import first_cause
from harness.report.told import Told
from harness.scenario import Scenario
from harness.values import EVERY

GOOD: Final = (Outcome.AGREE, Outcome.RULED)
LOOK, RULED, AGREED = "Needs a look", "Differences, all of them ruled", "Agreement throughout"
GROUPS: Final = (LOOK, RULED, AGREED)
"""Headings of the list, in their order."""

NONE: Final = "none"
"""What stands for a ticket, a family or a deliverable that a scenario does not name."""

NOWHERE: Final = "no segment"
"""The segment of an account whose world names none."""


def segment(cell: Cell) -> str:
    """The account's segment, which the matrix is made of."""
    return cell.episode.stratum.get("segment", NOWHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A scenario with all that was found about it.

    Attributes:
        why: why somebody has to look at it, in words; empty where nobody has to.
    """

    scenario: Scenario
    cells: tuple[Cell, ...]
    free: FreeRun | None
    why: tuple[str, ...]

    @property
    def group(self) -> str:
        if self.why:
            return LOOK
        ruled = any(cell.outcome is Outcome.RULED for cell in self.cells)
        return RULED if ruled else AGREED

    @property
    def outcomes(self) -> Mapping[Outcome, int]:
        """Outcome → cells, the worst first."""
        counted = Counter(cell.outcome for cell in self.cells)
        return {outcome: counted[outcome] for outcome in Outcome if counted[outcome]}


def entries(told: Told) -> list[Entry]:
    """Every scenario, those that need a look first, then by group and id."""
    cells: dict[str, list[Cell]] = {scenario.id: [] for scenario in told.scenarios}
    for cell in told.cells:
        cells[cell.episode.scenario].append(cell)
    ends = {run.scenario: run for run in told.free}
    against = _against(told.decided)
    found = [
        Entry(
            scenario=scenario,
            cells=tuple(cells[scenario.id]),
            free=ends.get(scenario.id),
            why=tuple(_why(cells[scenario.id], ends.get(scenario.id), against)),
        )
        for scenario in told.scenarios
    ]
    return sorted(found, key=lambda entry: (GROUPS.index(entry.group), entry.scenario.id))


def _against(verdict: Verdict) -> dict[str, list[str]]:
    """Cell → which of the figures it speaks against."""
    found: dict[str, list[str]] = {}
    for word, cells in (
        ("did not agree where the control was right", verdict.figures.disagreeing),
        ("repair not proven", verdict.figures.unproven),
        ("made worse", verdict.figures.worse),
        ("left to a person", verdict.figures.deferred),
    ):
        for cell in cells:
            found.setdefault(cell, []).append(word)
    return found


def _why(
    cells: Sequence[Cell], free: FreeRun | None, against: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    counted = Counter(cell.outcome for cell in cells)
    yield from (f"{outcome} {counted[outcome]}" for outcome in Outcome
                if counted[outcome] and outcome not in GOOD)  # fmt: skip
    if not cells:
        yield "no cell"
    for cell in cells:
        number = cell.episode.id.partition("#")[2]
        yield from (f"#{number} {word}" for word in against.get(cell.episode.id, ()))
    outcome = free.outcome if free is not None else Free.NOT_RUN
    if outcome is not Free.KEPT:
        yield f"free run {outcome}"


def row_document(entry: Entry) -> Json:
    """What the list shows of a scenario."""
    scenario = entry.scenario
    paths = sorted({path for cell in entry.cells for path in cell.episode.paths})
    return {
        "id": scenario.id,
        "title": scenario.title,
        "outcomes": [(str(outcome), n) for outcome, n in entry.outcomes.items()],
        "free": str(_free(entry)),
        "why": list(entry.why),
        "facts": [
            ("ticket", scenario.ticket or NONE),
            ("family", scenario.family or NONE),
            ("account", _account(entry)),
            ("provenance", scenario.evidence),
            ("faults", ", ".join(scenario.faults) or "none listed"),
            ("paths", ", ".join(paths) or "none ran"),
        ],
    }


def _free(entry: Entry) -> Free:
    return entry.free.outcome if entry.free is not None else Free.NOT_RUN


def _account(entry: Entry) -> str:
    strata = entry.cells[0].episode.stratum if entry.cells else {}
    return ", ".join(f"{key} {value}" for key, value in sorted(strata.items())) or "not told"


def index_document(entry: Entry) -> Json:
    """What a scenario is found by; a path, an outcome and a ruling must meet in one cell."""
    scenario = entry.scenario
    return {
        "id": scenario.id,
        "text": _text(entry),
        "ticket": scenario.ticket or NONE,
        "provenance": scenario.evidence,
        "faults": list(scenario.faults),
        "free": str(_free(entry)),
        "look": bool(entry.why),
        "cells": [
            {
                "own": {own.path: str(own.outcome) for own in own_outcomes(cell)},
                "outcome": str(cell.outcome),
                "rulings": sorted(_rulings(cell)),
                "segment": segment(cell),
            }
            for cell in entry.cells
        ],
    }


def _rulings(cell: Cell) -> set[str]:
    """Rulings that cover something, and the words `no ruling` where something is not covered."""
    bare = any(not difference.ruling for difference in cell.differences)
    return {*cell.rulings, *([NO_RULING] if bare else [])}


def _text(entry: Entry) -> str:
    """All words that a search may ask for, once each and in small letters."""
    scenario = entry.scenario
    said: Iterable[str] = (
        scenario.id,
        scenario.title,
        scenario.family,
        scenario.ticket,
        scenario.deliverable,
        scenario.evidence,
        scenario.provenance.source,
        *scenario.faults,
        *(text for cell in entry.cells for text in _cell_text(cell)),
        *entry.why,
        *fields(entry.cells),
    )
    return "\n".join(dict.fromkeys(said)).lower()


def _cell_text(cell: Cell) -> Iterator[str]:
    episode = cell.episode
    yield from (episode.act, str(cell.outcome), str(episode.klass))
    yield from episode.paths
    yield from episode.stratum.values()
    yield from sorted(_rulings(cell))
    yield from (f"{finding.slug} {finding.detail}" for finding in cell.findings)


def detail_document(entry: Entry, level: str) -> Json:
    """A scenario in full; the page makes it visible when somebody opens it."""
    scenario = replace(entry.scenario, file=place(entry.scenario.file))
    first = first_cause(entry.cells)
    provenance = scenario.provenance
    return {
        "scenario": scenario.id,
        "facts": [
            ("provenance", f"{provenance.kind}, {provenance.source}; order {provenance.order}"),
            *([("assumed", ", ".join(scenario.assumed))] if scenario.assumed else []),
            ("deliverable", scenario.deliverable or NONE),
            ("level", level),
            ("file", scenario.file),
        ],
        "episodes": [episode_document(cell, first) for cell in entry.cells],
        "rulings": sorted({name for cell in entry.cells for name in cell.rulings}),
        "bare": any(NO_RULING in _rulings(cell) for cell in entry.cells),
        "customer": _customer(entry),
        "free": _free_document(entry),
        "next": next_command(scenario, entry.cells, entry.free),
    }


def _customer(entry: Entry) -> Json:
    """The customer's outcome in both worlds; no rows where a world told nothing."""
    for title, sides in customer_ends(entry.cells, entry.free):
        if sides:
            rows = [[str(text) for text in row] for row in customer_rows(*sides, most=EVERY)]
            return {"title": title, "rows": rows}
    return {"title": "Customer at the end: nothing was told", "rows": []}


def _free_document(entry: Entry) -> Json:
    return {"outcome": str(_free(entry)), "texts": [*map(str, free_remarks(entry.free))]}
