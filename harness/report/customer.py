"""The customer's outcome in both worlds, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from harness.model import ABSENT, Cell, FreeRun
from harness.ports import Data
from harness.report.terminal import grid, heading, styled
from harness.values import MOST, brief

FIRST: Final[Mapping[str, tuple[str, ...]]] = {
    "asks": ("asks",),
    "truly owes": ("owes",),
    "can pay": ("can_pay", "payable"),
    "blocked": ("blocked",),
    "banned": ("banned",),
    "charged": ("charged", "paid"),
}
"""Rows that are always shown, with the names a world may tell them under."""


def customer_table(cells: Sequence[Cell], free: FreeRun | None) -> list[RenderableType]:
    """The outcome at the end: of the free run, else of the last compared cell."""
    for title, sides in customer_ends(cells, free):
        if sides:
            control, candidate = sides
            head = ("", "control", "candidate")
            return [heading(title), grid(customer_rows(control, candidate), head=head)]
    return []


def customer_ends(
    cells: Sequence[Cell], free: FreeRun | None
) -> Iterator[tuple[str, tuple[Mapping[str, Data], Mapping[str, Data]] | None]]:
    """What may be shown, the best first: a title, and both sides where there are two."""
    ends = free.ends if free is not None else {}
    sides = [_merged(ends[side]) for side in ("control", "candidate") if side in ends]
    yield "Customer at the end, each engine in its own world", _pair(sides)
    for cell in reversed(cells):
        episode = cell.episode
        if episode.control is not None and episode.candidate is not None:
            truth = episode.scope.get("truth", {})
            both = (episode.control, episode.candidate)
            sides = [_merged({"customer": o.facets.get("customer"), "truth": truth}) for o in both]
            yield f"Customer after {episode.id}", _pair(sides)
            return


def _pair(
    sides: Sequence[Mapping[str, Data]],
) -> tuple[Mapping[str, Data], Mapping[str, Data]] | None:
    return (sides[0], sides[1]) if len(sides) == 2 and any(sides) else None


def _merged(end: Data) -> Mapping[str, Data]:
    """A side's outcome, with what truth says is owed where the outcome does not."""
    if not isinstance(end, Mapping):
        return {}
    customer, truth = end.get("customer"), end.get("truth")
    found: dict[str, Data] = {}
    if isinstance(truth, Mapping) and "owes" in truth:
        found["owes"] = truth["owes"]
    if isinstance(customer, Mapping):
        found.update({key: value for key, value in customer.items() if key != "owes"})
    return found


def customer_rows(
    control: Mapping[str, Data], candidate: Mapping[str, Data], *, most: int = MOST
) -> Iterator[tuple[str | Text, ...]]:
    """Label, control, candidate, and `differs` where they do; `most` entries of each list."""
    told = set()
    named = {name for names in FIRST.values() for name in names}
    first = FIRST if named & {*control, *candidate} else {}  # another domain tells other things
    for label, names in first.items():
        name = next((n for n in names if n in control or n in candidate), names[0])
        told.add(name)
        yield _row(label, control.get(name, ABSENT), candidate.get(name, ABSENT), name, most)
    for name in sorted({*control, *candidate} - told):
        mine, theirs = control.get(name, ABSENT), candidate.get(name, ABSENT)
        if mine != theirs:
            yield _row(name, mine, theirs, name, most)


def _row(label: str, control: Any, candidate: Any, name: str, most: int) -> tuple[str | Text, ...]:
    same = type(control) is type(candidate) and control == candidate
    style = "" if same else "heading"
    texts = (_told(value, name, most) for value in (control, candidate))
    return (label, *(styled(style, text) for text in texts), "" if same else "differs")


def _told(value: Data, name: str, most: int) -> str:
    if value is ABSENT:
        return "not told"
    if value in ({}, []):
        return "nothing"
    return brief(value, name=name, most=most)
