"""What no verdict may be silent about: what it does not require, relaxes, or did not look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harness.gate import Verdict


class Note(NamedTuple):
    """One kind of what a verdict does not rest on; no texts where there is nothing of it."""

    title: str
    texts: tuple[str, ...]


def notes(verdict: Verdict) -> Iterator[Note]:
    """Every kind in the order of its telling, also those with nothing to tell."""
    yield Note("Asked for by the policy", verdict.required)
    yield Note("Not required by policy", verdict.not_required)
    yield Note("Relaxations", tuple(_relaxed(verdict)))
    yield Note("Signed statements", tuple(_signed(verdict)))
    yield Note("Fields that are not compared", tuple(_left_out(verdict)))
    yield Note("Code that no path reached", tuple(verdict.unowned))
    yield Note("Where the figures come from", tuple(_origins(verdict)))


def _origins(verdict: Verdict) -> Iterator[str]:
    """Figures by where they come from, each named once."""
    figures: dict[str, list[str]] = {}
    for figure, source in verdict.sources.items():
        figures.setdefault(source.told, []).append(figure)
    for told, names in figures.items():
        yield f"{', '.join(names)}: {told}"


def _relaxed(verdict: Verdict) -> Iterator[str]:
    for one in verdict.relaxations:
        yield (
            f"{one.key}: {one.value} in place of {one.default}, since {one.date}: {one.reason} "
            f"({one.decision})"
        )


def _signed(verdict: Verdict) -> Iterator[str]:
    for one in verdict.statements:
        yield (
            f"{one.path} has no sound case, signed by {one.approver} until {one.expires}: "
            f"{one.reason} ({one.decision})"
        )


def _left_out(verdict: Verdict) -> Iterator[str]:
    for field, n in sorted(verdict.retired.items()):
        yield f"{field}, left out of {n} cell{'' if n == 1 else 's'}"
