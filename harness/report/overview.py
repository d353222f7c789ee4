"""The overview of a scenario: one row an episode, one small cell a store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from harness.model import Cell
from harness.moment import iso
from harness.report.terminal import heading, styled, words
from harness.report.timeline import first_cause, rows
from harness.text import visible

MARKS: Final = (
    ("first cause", "FIRST"),
    ("new cause", "NEW"),
    ("given damage", "given"),
    ("repeat", "rep"),
    ("both", "both"),
)
"""What is said of a store in one episode, the most important first; a word, never colour alone."""

LEGEND: Final = (
    "FIRST: the first cause; NEW: another difference; rep: repeats an earlier one; "
    "given: damage that was given; both: both changed it alike; -: nothing happened."
)
NARROWEST_ACT: Final = 16


def overview(cells: Sequence[Cell], *, width: int) -> Iterator[RenderableType]:
    """Every episode in one row: when, act, outcome, and the stores that changed or disagree."""
    first = first_cause(cells)
    marked = [(cell, stores(cell, first)) for cell in cells]
    names = sorted({name for _, found in marked for name in found})
    times = max((len(_when(cell)) for cell in cells), default=16) + 2
    room = max(NARROWEST_ACT, width - 13 - times - 6 * len(names))
    yield heading("Timeline")
    numbers = "".join(f"{number:<6}" for number in range(1, len(names) + 1))
    head = f"{'':<4}{'when':<{times}}{'act':<{room - 8}}{'outcome':<9}{numbers}"
    yield words(head, "quiet", indent=2)
    for cell, found in marked:
        yield Padding(_row(cell, found, names, (times, room - 8)), (0, 0, 0, 2))
    if names:
        named = ", ".join(f"{number} {name}" for number, name in enumerate(names, 1))
        yield words(f"{named}. {LEGEND}", "quiet", indent=2)


def _when(cell: Cell) -> str:
    return iso(cell.episode.at).replace("T", " ").removesuffix("Z").removesuffix(":00")


def _row(
    cell: Cell, found: dict[str, str], names: Sequence[str], columns: tuple[int, int]
) -> Text:
    episode, (times, room) = cell.episode, columns
    act = visible(episode.act)
    act = act if len(act) < room else f"{act[: room - 2]}…"
    number = episode.id.partition("#")[2]
    line = Text(f"#{number:<3}{_when(cell):<{times}}{act:<{room}}", overflow="fold")
    line.append_text(styled(cell.outcome, f"{cell.outcome:<9}"))
    for name in names:
        mark = found.get(name, "-")
        line.append_text(styled(_style(mark), f"{mark:<6}"))
    return line


def _style(mark: str) -> str:
    return next((word for word, short in MARKS if short == mark), "")


def stores(cell: Cell, first: str) -> dict[str, str]:
    """Store, or another facet in which something differs → its mark."""
    ranks = {word: rank for rank, (word, _) in enumerate(MARKS)}
    best: dict[str, int] = {}
    for row in rows(cell, first):
        word = "repeat" if row.mark.startswith("repeat") else row.mark
        if word in ranks:
            name = row.at.partition(".")[0]
            best[name] = min(best.get(name, len(MARKS)), ranks[word])
    return {name: MARKS[rank][1] for name, rank in best.items()}
