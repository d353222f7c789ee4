"""Everything a reviewer must see for one scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich.console import RenderableType

from harness.model import Cell, Free, FreeRun, Outcome
from harness.report.customer import customer_table
from harness.report.free_remarks import free_remarks
from harness.report.overview import overview
from harness.report.terminal import Look, blank, grid, heading, printed, styled, words
from harness.report.timeline import timeline
from harness.ruling import Ruling
from harness.scenario import Scenario

NEXT: Final[Mapping[Outcome, str]] = {
    Outcome.NOT_RUN: "shadow lint {file}",
    Outcome.ERROR: "shadow run {file}",
    Outcome.TIMEOUT: "shadow run {file}",
    Outcome.UNSTABLE: "shadow run {file}",
    Outcome.DRIFT: "shadow lint {file}",
    Outcome.DIVERGE: "shadow rule {cell}",
    Outcome.RULED: "shadow gate",
    Outcome.AGREE: "shadow gate",
}
"""What to type next, by the worst outcome of a scenario."""


def show_text(
    scenario: Scenario,
    cells: Sequence[Cell],
    free: FreeRun | None,
    *,
    rulings: Mapping[str, Ruling],
    level: str,
    only: str = "",
    look: Look | None = None,
) -> str:
    """One scenario, or one cell of it, as text.

    Args:
        scenario: as it was read.
        cells: all its cells, in order.
        free: its free run; None where there is none.
        rulings: by id.
        level: rehearsal or production.
        only: id of the one cell to show; empty shows all.
        look: width and colour.
    """
    shown = [cell for cell in cells if not only or cell.episode.id == only]
    parts: list[RenderableType] = [*_header(scenario, cells, level), blank()]
    if not only:
        parts.extend((*overview(cells, width=(look or Look()).width), blank()))
    parts.extend(timeline(cells, shown=shown))
    parts.extend(_rulings(shown, rulings))
    if not only:
        parts.extend((*customer_table(cells, free), blank(), *_free(free), blank()))
    parts.append(words(f"Next: {next_command(scenario, shown, free)}"))
    return printed(look or Look(), parts)


def _header(scenario: Scenario, cells: Sequence[Cell], level: str) -> Iterator[RenderableType]:
    yield heading(f"{scenario.id}: {scenario.title}")
    strata = cells[0].episode.stratum if cells else {}
    provenance = scenario.provenance
    order = "" if provenance.order == "listed" else f", order {provenance.order}"
    order += f", newest event of {provenance.recorded}" if provenance.recorded else ""
    belongs = (scenario.deliverable, scenario.family and f"family {scenario.family}")
    yield grid(
        [
            ("account", ", ".join(f"{key} {value}" for key, value in sorted(strata.items()))),
            ("ticket", scenario.ticket or "none"),
            ("deliverable", ", ".join(filter(None, belongs)) or "none"),
            ("provenance", f"{provenance.kind}, {provenance.source}{order}"),
            *([("assumed", ", ".join(scenario.assumed))] if scenario.assumed else []),
            ("faults", ", ".join(scenario.faults) or "none listed"),
            ("level", level),
        ]
    )


def _rulings(cells: Iterable[Cell], rulings: Mapping[str, Ruling]) -> Iterator[RenderableType]:
    used = sorted({ruling for cell in cells for ruling in cell.rulings})
    bare = any(not one.ruling for cell in cells for one in cell.differences)
    if not used and not bare:
        return
    yield heading("Rulings")
    for name in used:
        ruling = rulings.get(name)
        if ruling is None:
            yield words(f"{name}: not found", indent=2)
            continue
        cause = ", ".join(ruling.causes)
        yield words(f"{name}: {ruling.title}", indent=2)
        signed = f"{ruling.klass} {cause}, owner {ruling.owner}, approver {ruling.approver}"
        yield words(f"{signed}, expires {ruling.expires}", indent=4)
        yield words(ruling.reason, indent=4)
    if bare:
        yield words("Some differences have no ruling.", "no ruling", indent=2)
    yield blank()


def _free(free: FreeRun | None) -> Iterator[RenderableType]:
    outcome = free.outcome if free is not None else Free.NOT_RUN
    yield styled("KEPT" if outcome is Free.KEPT else "closed", f"Free run: {outcome}")
    for remark in free_remarks(free):
        yield words(str(remark), indent=2)


def next_command(scenario: Scenario, cells: Sequence[Cell], free: FreeRun | None) -> str:
    """What to type next: about the worst cell, else the gate."""
    rank = {outcome: number for number, outcome in enumerate(Outcome)}
    worst = min(cells, key=lambda cell: rank[cell.outcome], default=None)
    if worst is None:
        return f"shadow lint {scenario.file}"
    good = worst.outcome in (Outcome.AGREE, Outcome.RULED)
    if good and free is not None and free.outcome is not Free.KEPT:
        return f"shadow run {scenario.file}"
    cell = next((c for c in cells if c.outcome is worst.outcome and _own(c)), worst)
    return NEXT[worst.outcome].format(file=scenario.file, cell=cell.episode.id)


def _own(cell: Cell) -> bool:
    return any(not difference.repeat for difference in cell.differences)
