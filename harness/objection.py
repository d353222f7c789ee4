"""What argues against an engine, whatever it answered: traps it sprang, budgets, crashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.model import Cell, Finding, Observation, Outcome
from harness.setup import Side

UNKNOWN = "unknown-state"
"""How a trap begins that sprang because a recording lacks a store: no result, and no fault."""

NOT_RECORDED = "control-not-recorded"
"""How a trap begins of a recorded control that nobody saw do anything here: likewise."""


def objections(side: Side, seen: Observation) -> Iterator[Finding]:
    """Everything in one observation, of either side, that argues against agreement."""
    for text in seen.traps:
        yield trap(side, text)
    if seen.timeout:
        yield budget(side, seen.timeout)
    yield from crash(side, seen.crash)


def trap(side: Side, text: str) -> Finding:
    """A trap that sprang."""
    for lacking in (UNKNOWN, NOT_RECORDED):
        if text.startswith(lacking):
            return _finding(side, Outcome.NOT_RUN, lacking, text)
    return _finding(side, Outcome.ERROR, "trap-sprung", text)


def of_unknown_state(cells: Iterable[Cell]) -> int:
    """How many cells have no result because an engine asked for state that nobody recorded."""
    return sum(
        cell.outcome is Outcome.NOT_RUN and any(one.slug == UNKNOWN for one in cell.findings)
        for cell in cells
    )


def budget(side: Side, text: str) -> Finding:
    """A budget that was exceeded."""
    return _finding(side, Outcome.TIMEOUT, "over-budget", text)


def crash(side: Side, crashed: tuple[str, str, str] | None) -> Iterator[Finding]:
    """An exception that is no decision, unless a numbered quirk says that it escapes."""
    if crashed is not None and crashed[:2] not in side.crashes:
        yield _finding(side, Outcome.ERROR, f"{side.role}-crashed", ": ".join(crashed))


def _finding(side: Side, outcome: Outcome, slug: str, text: str) -> Finding:
    return Finding(outcome=outcome, slug=slug, detail=f"{side.role}: {text}", role=side.role)
