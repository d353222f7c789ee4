"""The verdict as data for the page: figures, matrix of paths and segments, reasons, notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from harness.errors import HarnessError
from harness.evidence import PathEvidence, own_outcomes
from harness.gate import PathVerdict, Verdict
from harness.model import Outcome
from harness.reason import SLUGS, Reason
from harness.report.figures_text import cell_counts, counts, figure_rows, listed
from harness.report.gate_text import evidence_rows, next_command
from harness.report.json_report import Json
from harness.report.notes import notes
from harness.report.page.link import link, place
from harness.report.page.scenarios import segment
from harness.report.told import Told

WIDTH = 1000
"""Units of a bar from end to end."""

WHOLE_GATE = "whole-gate"
"""The reason that every path has where the whole gate is closed."""


def verdict_document(told: Told) -> Json:
    """Everything above the list of scenarios, and the notes below it."""
    verdict = told.decided
    return {
        "gate": str(verdict.gate),
        "level": verdict.level,
        "opened": verdict.counted.partition(" paths"),
        "partial": verdict.partial,
        "evidence": listed(verdict.kinds),
        "totals": [
            _total("Cells", verdict.totals, cell_counts(verdict.totals, verdict.unknown_state)),
            _total("Free runs", verdict.free, counts(verdict.free), "free run "),
        ],
        "figures": _figures(verdict),
        "reasons": _reasons(verdict.reasons, told),
        "failures": [_failure(error) for error in told.failures],
        "matrix": matrix(told),
        "paths": [_path(name, path, told) for name, path in verdict.paths.items()],
        "notes": [note._asdict() for note in notes(verdict)],
        "next": next_command(verdict),
    }


def _failure(error: HarnessError) -> Json:
    where = place(error.where)
    return {"slug": error.slug, "message": error.message, "where": where, "hint": error.hint}


def _total(name: str, totals: Mapping[str, int], told: str, kind: str = "") -> Json:
    """Counts in words, as links and as a bar; what is expected and missing stays empty."""
    found = {outcome: n for outcome, n in totals.items() if n and outcome != "expected"}
    counted = sum(found.values())
    whole = max(totals.get("expected", 0), counted)
    parts, before = [], 0
    for outcome, n in found.items():
        x, end = before * WIDTH // whole, (before + n) * WIDTH // whole
        view = link(outcome=f"{kind}{outcome}")
        parts.append({"outcome": outcome, "n": n, "href": view, "x": x, "width": end - x})
        before += n
    return {"name": name, "told": told, "parts": parts, "width": WIDTH}


def _figures(verdict: Verdict) -> list[Json]:
    """The four figures in their order, never averaged, then the leak."""
    figures = verdict.figures
    against = (figures.disagreeing, figures.unproven, figures.worse, figures.deferred)
    leak = "not measured" if verdict.leak is None else str(verdict.leak)
    rows = [
        _figure(*row, bad=bool(cells), cells=cells)
        for row, cells in zip(figure_rows(figures), against, strict=True)
    ]
    name = "wrong values that rulings let through"
    return [*rows, _figure("leak", name, leak, bad=verdict.leak != 0)]


def _figure(number: str, name: str, value: str, *, bad: bool, cells: Sequence[str] = ()) -> Json:
    return {"number": number, "name": name, "value": value, "bad": bad, "cells": _linked(cells)}


def _linked(cells: Iterable[str]) -> list[Json]:
    """Cells, once each, with the view in which their scenario is open."""
    return [
        {"id": cell, "href": link(open=cell.partition("#")[0], at=cell)}
        for cell in dict.fromkeys(cells)
    ]


def _reasons(reasons: Iterable[Reason], told: Told) -> list[Json]:
    return [
        {
            "slug": reason.slug,
            "means": SLUGS.get(reason.slug, ""),
            "found": _without_folders(reason.found, told),
            "needed": reason.needed,
        }
        for reason in reasons
    ]


def _without_folders(text: str, told: Told) -> str:
    for failure in told.failures:
        if failure.where:
            text = text.replace(failure.where, place(failure.where))
    return text


def matrix(told: Told) -> Json:
    """Own outcomes of each path in each segment; the last column counts missing cells too."""
    segments = sorted({segment(cell) for cell in told.cells})
    counted: dict[tuple[str, str], Counter[Outcome]] = {}
    for cell in told.cells:
        for own in own_outcomes(cell):
            counted.setdefault((own.path, segment(cell)), Counter())[own.outcome] += 1
    return {
        "segments": segments,
        "rows": [
            {
                "path": name,
                "href": link(path=name),
                "gate": str(path.gate),
                "cells": [
                    _counted(counted.get((name, column), {}), name, column) for column in segments
                ],
                "all": _counted(path.evidence.tally, name, ""),
                "branches": "" if path.evidence.pseudo else str(path.evidence.branches.own),
            }
            for name, path in told.decided.paths.items()
        ],
    }


def _counted(tally: Mapping[Outcome, int], path: str, column: str) -> list[Json]:
    return [
        {
            "outcome": str(outcome),
            "n": tally[outcome],
            "href": link(path=path, segment=column, outcome=str(outcome)),
        }
        for outcome in reversed(Outcome)
        if tally.get(outcome)
    ]


def _path(name: str, path: PathVerdict, told: Told) -> Json:
    evidence = path.evidence
    known = told.paths.get(name)
    shared = (f"{unit} {n}" for unit, n in evidence.branches.shared.items())
    facts = [
        *evidence_rows(evidence),
        ("branches", "" if evidence.pseudo else str(evidence.branches.own)),
        ("shared code", ", ".join(shared)),
        ("called dead", ", ".join(evidence.branches.dead)),
        ("triggers", ", ".join(known.triggers) if known else ""),
        ("module", known.module if known else ""),
    ]
    return {
        "path": name,
        "gate": str(path.gate),
        "facts": [fact for fact in facts if fact[1]],
        "reasons": _reasons(path.reasons, told),
        "own_reasons": any(reason.slug != WHOLE_GATE for reason in path.reasons),
        "cells": _linked(_against(evidence)),
    }


def _against(evidence: PathEvidence) -> tuple[str, ...]:
    """Cells that speak against a path, the worst outcome first, then those against a figure."""
    figures = evidence.figures
    bad = (cell for outcome in Outcome for cell in evidence.bad.get(outcome, ()))
    return (*bad, *figures.disagreeing, *figures.unproven, *figures.worse, *figures.deferred)
