"""Listed faults: quirks that a scenario demands of the control, shown or missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from harness.model import Cell, Finding, Outcome
from harness.outcome import first, in_order
from harness.scenario import Scenario

ANY: Final = ""
"""Stands for every cell that a ruling does not list under a quirk of its own."""


def with_missing_faults(
    scenario: Scenario,
    cells: tuple[Cell, ...],
    quirks: Mapping[tuple[str, str], str],
    paths: Mapping[str, str],
    crashes: Mapping[tuple[str, str], str],
) -> tuple[Cell, ...]:
    """The cells, those of a path whose listed fault did not show being DRIFT.

    A fault is shown by a difference that a ruling covers in its name, or by its crash; where its
    path leaves a difference unruled, DIVERGE says more (docs/decisions/0005).

    Args:
        scenario: lists the faults.
        cells: of that scenario, judged.
        quirks: (ruling id, cell id or ANY) → quirk that the ruling names there.
        paths: quirk → path.
        crashes: (path, exception type) → quirk.
    """
    missing = set(scenario.faults) - set(shown(cells, quirks, crashes))
    missing -= {quirk for quirk in missing if unruled(cells, paths[quirk])}
    for quirk in sorted(missing):
        cells = drifted(cells, quirk, paths[quirk])
    return cells


def shown(
    cells: tuple[Cell, ...],
    quirks: Mapping[tuple[str, str], str],
    crashes: Mapping[tuple[str, str], str],
) -> Iterator[str]:
    """Quirks that showed in these cells."""
    for cell in cells:
        for ruling in cell.rulings:
            here = quirks.get((ruling, cell.episode.id))
            yield here or quirks.get((ruling, ANY), "")
        control = cell.episode.control
        if control is not None and control.crash is not None:
            yield crashes.get(control.crash[:2], "")


def unruled(cells: tuple[Cell, ...], path: str) -> bool:
    """Whether this path left a difference that no ruling covers, which may be the fault."""
    return any(path in one.owners and not one.ruling for cell in cells for one in cell.differences)


def drifted(cells: tuple[Cell, ...], quirk: str, path: str) -> tuple[Cell, ...]:
    """The cells of the fault's path, or the last cell where it never ran, with the finding."""
    ran = {cell.episode.id for cell in cells if path in cell.episode.paths}
    ran = ran or {cells[-1].episode.id}
    detail = f"{quirk} is listed under faults and {path} did not show it"
    finding = Finding(outcome=Outcome.DRIFT, slug="fault-missing", detail=detail)
    return tuple(_with(cell, finding) if cell.episode.id in ran else cell for cell in cells)


def _with(cell: Cell, finding: Finding) -> Cell:
    findings = in_order((*cell.findings, finding))
    outcome = first([*(one.outcome for one in findings), cell.outcome])
    own = {path: first([Outcome.DRIFT, was]) for path, was in cell.own.items()}
    return replace(cell, findings=findings, outcome=outcome, own=own)
