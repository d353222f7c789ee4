"""The history of runs as people read it."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from rich.console import RenderableType

from harness.model import Free, Outcome
from harness.moment import iso
from harness.report.figures_text import listed
from harness.report.terminal import Look, blank, grid, heading, printed, words
from harness.store.changes import Changed, Changes
from harness.store.id_sum import IdSum
from harness.store.reader import Known, Numbers, Point

SHOWN = 20
"""Runs, cells or scenarios that are listed before the rest is counted."""

SETTLED = (Outcome.AGREE, Outcome.RULED)

RUNS = ("run", "level", "agree", "ruled", "others", "kept", "gate")
TREND = ("run", "level", "evidence", "cells", "agree", "ruled", "others")


def runs_text(
    runs: Sequence[Known], numbers: Numbers, store: str, *, look: Look | None = None
) -> str:
    """The newest runs, the last one last, and what each is made of that the one before was not."""
    complete = [run for run in runs if run.complete]
    rest = f", {numbers.incomplete} incomplete" if numbers.incomplete else ""
    parts: list[RenderableType] = [heading(f"Runs: {numbers.all}{rest}")]
    if runs:
        parts.append(grid([_run(run) for run in runs], head=RUNS, ids=True))
    if numbers.all > len(runs):
        older = f"and {numbers.all - len(runs)} older ones: --json lists all"
        parts.append(words(older, "quiet", indent=2))
    made = [
        (run.run.id, ", ".join(run.run.made_otherwise(old.run))) for old, run in pairwise(runs)
    ]
    changed = [row for row in made if row[1]]
    if changed:
        title = heading("Made of something else than the run before")
        parts.extend((blank(), title, grid(changed, ids=True)))
    then = [run.run.id for run in complete[-2:]] if len(complete) > 1 else []
    parts.extend((blank(), _next(store, then)))
    return printed(look or Look(), parts)


def trend_text(path: str, points: Sequence[Point], store: str, *, look: Look | None = None) -> str:
    """A path's own outcomes, run by run; kinds of evidence stand apart and are never added."""
    parts: list[RenderableType] = [heading(f"Path {path}: {len(points)} complete runs")]
    rows = [row for point in points for row in _point(point)]
    parts.append(grid(rows[-SHOWN:], head=TREND, ids=True))
    if len(rows) > SHOWN:
        parts.append(
            words(f"and {len(rows) - SHOWN} older rows: --json lists all", "quiet", indent=2)
        )
    runs = [point.run for point in points][-2:]
    parts.extend((blank(), _next(store, runs if len(runs) > 1 else [])))
    return printed(look or Look(), parts)


def changes_text(found: Changes, *, look: Look | None = None) -> str:
    """What changed between two runs."""
    was, now = found.was.run, found.now.run
    parts: list[RenderableType] = [heading(f"From {was.id} to {now.id}")]
    same = len(now.made_of) - len(set(found.made_of) & set(now.made_of))
    made = f"{', '.join(found.made_of) or 'nothing'} changed, {same} are the same"
    rows = [("made of", made), ("before", _counts(found.was)), ("after", _counts(found.now))]
    parts.append(grid(rows))
    parts.append(blank())
    for title, names in (
        ("Scenarios that are new", found.new),
        ("Scenarios that are gone", found.gone),
        ("Scenarios that say something else", found.edited),
    ):
        parts.extend(_listed(title, names))
    parts.extend(_changed("Cells with another outcome", found.cells))
    parts.extend(_listed("Cells that differ otherwise than before", found.otherwise))
    parts.extend(_changed("Free runs that ended otherwise", found.free))
    parts.extend(_listed("Rulings newly used", _used(found.rulings_new)))
    parts.extend(_listed("Rulings not used any more", _used(found.rulings_gone)))
    if found.nothing:
        parts.extend((words("Both found the same."), blank()))
    shown = next((one.id for one in found.cells if one.now not in ("", *SETTLED)), "")
    shown = shown or next((one.id for one in found.cells if one.now), "")
    parts.append(words(f"Next: {f'shadow show {shown}' if shown else 'shadow gate'}"))
    return printed(look or Look(), parts)


def _run(known: Known) -> Iterator[str]:
    run, cells, free = known.run, _sizes(known.totals.cells), _sizes(known.totals.free)
    yield run.id
    yield run.level
    for one in SETTLED:
        yield str(cells.get(one, 0))
    yield str(sum(n for name, n in cells.items() if name not in SETTLED))
    yield f"{free.get(Free.KEPT, 0)}/{sum(free.values())}"
    gate = known.gate or "not asked"
    told = gate if known.complete else f"incomplete, {known.done} of {known.parts} parts"
    yield f"{told}, of a part" if run.partial else told


def _sizes(counts: Mapping[str, IdSum]) -> dict[str, int]:
    return {name: one.count for name, one in counts.items()}


def _counts(known: Known) -> str:
    cells = _outcomes(_sizes(known.totals.cells), Outcome)
    free = _outcomes(_sizes(known.totals.free), Free)
    kinds = listed(dict(sorted(known.totals.kinds.items())))
    gate = f", gate {known.gate}" if known.gate else ""
    begun = f"{iso(known.run.begun)}, level {known.run.level}{gate}"
    return f"{begun}: cells {cells}; free runs {free}; evidence {kinds}"


def _outcomes(counts: Mapping[str, int], kind: type[Outcome] | type[Free]) -> str:
    told = [f"{one} {counts[one]}" for one in reversed(kind) if counts.get(one)]
    return " + ".join(told) or "none"


def _point(point: Point) -> Iterator[tuple[str, ...]]:
    if not point.kinds:
        yield point.run, point.level, "", "none", "", "", ""
    for kind, outcomes in sorted(point.kinds.items()):
        count = str(sum(outcomes.values()))
        settled = (str(outcomes.get(one, 0)) for one in SETTLED)
        others = {name: n for name, n in outcomes.items() if name not in SETTLED}
        said = _outcomes(others, Outcome) if others else "0"
        yield point.run, point.level, kind or "not run", count, *settled, said


def _listed(title: str, names: Collection[str]) -> Iterator[RenderableType]:
    if names:
        yield heading(f"{title}: {len(names)}")
        for name in sorted(names)[:SHOWN]:
            yield words(name, indent=2)
        yield from _rest(len(names))


def _changed(title: str, found: Sequence[Changed]) -> Iterator[RenderableType]:
    if found:
        yield heading(f"{title}: {len(found)}")
        rows = [(one.id, f"{_said(one.was)} → {_said(one.now)}") for one in found[:SHOWN]]
        yield grid(rows)
        yield from _rest(len(found))


def _said(outcome: str) -> str:
    return outcome or "not there"


def _rest(count: int) -> Iterator[RenderableType]:
    if count > SHOWN:
        yield words(f"and {count - SHOWN} more: --json lists all", "quiet", indent=2)
    yield blank()


def _used(rulings: Mapping[str, int]) -> list[str]:
    return [
        f"{ruling} ({cells} cell{'' if cells == 1 else 's'})" for ruling, cells in rulings.items()
    ]


def _next(store: str, runs: Sequence[str]) -> RenderableType:
    """What to type next: the two newest runs beside each other, where there are two."""
    if not runs:
        return words(f"Next: shadow gate --store {shlex.quote(store)}")
    return words(f"Next: shadow history --store {shlex.quote(store)} {' '.join(runs)}")
