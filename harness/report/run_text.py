"""A run as people read it: what needs a look in full, everything else counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import RenderableType

from harness.bundle import CURATED
from harness.evidence import compared_kinds
from harness.model import Cell, Free, FreeRun, Outcome
from harness.moment import iso
from harness.objection import of_unknown_state
from harness.report.figures_text import cell_counts, counts, listed
from harness.report.free_remarks import free_remarks
from harness.report.terminal import Look, blank, grid, heading, printed, styled, words
from harness.report.timeline import first_cause, rows

MOST: Final = 5
"""Differences of a cell that a run shows; `shadow show` shows all."""

SAID: Final = ("no-ruling", "repeat-of-unruled")
"""Findings whose differences are listed or counted themselves."""

GOOD: Final = (Outcome.AGREE, Outcome.RULED)


def run_text(
    cells: Sequence[Cell],
    free: Sequence[FreeRun],
    *,
    totals: Mapping[str, int],
    free_totals: Mapping[str, int],
    level: str,
    look: Look | None = None,
) -> str:
    """A run as text; scenarios without a difference left are only counted."""
    by_scenario: dict[str, list[Cell]] = {}
    for cell in cells:
        by_scenario.setdefault(cell.episode.scenario, []).append(cell)
    runs = {run.scenario: run for run in free}
    names = sorted({*by_scenario, *runs})
    attention = [n for n in names if needs_a_look(by_scenario.get(n, ()), runs.get(n))]
    clean = len(names) - len(attention)
    parts: list[RenderableType] = []
    for name in attention:
        parts.extend((*_scenario(name, by_scenario.get(name, []), runs.get(name)), blank()))
    if clean:
        text = f"{clean} scenario{'s' if clean > 1 else ''} with no difference left unruled"
        parts.extend((styled("AGREE", text), blank()))
    lost = of_unknown_state(cells)
    ran = f"{len(names)} scenario{'' if len(names) == 1 else 's'}"
    parts.append(heading(f"Run of {ran}, level {level}"))
    summary = [("cells", cell_counts(totals, lost)), ("free runs", counts(free_totals))]
    kinds = compared_kinds(cells)
    if set(kinds) - {CURATED}:
        summary.append(("evidence", f"{listed(kinds)} (kinds are never added)"))
    parts.append(grid(summary))
    parts.append(blank())
    parts.append(words(f"Next: {_next(attention, names)}"))
    return printed(look or Look(), parts)


def needs_a_look(cells: Sequence[Cell], free: FreeRun | None) -> bool:
    """Whether anything of a scenario is left that no ruling covers."""
    kept = free is not None and free.outcome is Free.KEPT
    return not kept or not cells or any(cell.outcome not in GOOD for cell in cells)


def _scenario(name: str, cells: Sequence[Cell], free: FreeRun | None) -> Iterator[RenderableType]:
    tally = Counter(cell.outcome for cell in cells)
    told = ", ".join(f"{outcome} {n}" for outcome, n in sorted(tally.items()))
    run = free.outcome if free is not None else Free.NOT_RUN
    yield heading(f"{name}: {told or 'no cell'}; free run {run}")
    first = first_cause(cells)
    for cell in cells:
        if cell.outcome not in GOOD:
            yield from _cell(cell, first)
    for remark in free_remarks(free):
        yield words(f"free run, {remark}", indent=2)


def _cell(cell: Cell, first: str) -> Iterator[RenderableType]:
    episode = cell.episode
    number = episode.id.partition("#")[2]
    head = f"#{number}  {iso(episode.at)}  {episode.act}  {cell.outcome}  class {episode.klass}"
    yield words(head, "closed", indent=2)
    bare = [row for row in rows(cell, first) if row.ruling == "no ruling"]
    causes = [row for row in bare if not row.quiet]
    for row in causes[:MOST]:
        yield words(f"{row.mark}: {row.at}: {row.told}", row.mark, indent=4)
    rest = len(causes[MOST:])
    quiet = len(bare) - len(causes)
    told = [f"{rest} more causes"] * bool(rest) + [f"{quiet} that follow or repeat"] * bool(quiet)
    if told:
        yield words(f"and {' and '.join(told)}: shadow show {episode.id}", "quiet", indent=4)
    for finding in cell.findings:
        if finding.slug not in SAID:
            text = f"finding {finding.outcome} {finding.slug}: {finding.detail}"
            yield words(text, indent=4)


def _next(attention: Sequence[str], names: Sequence[str]) -> str:
    if attention:
        return f"shadow show {attention[0]}"
    return "shadow gate" if names else "shadow lint"
