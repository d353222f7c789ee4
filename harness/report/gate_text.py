"""The gate as people read it: every path with every reason, nothing left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich.console import RenderableType

from harness.evidence import PathEvidence
from harness.gate import Gate, PathVerdict, Verdict
from harness.model import Outcome
from harness.reason import Reason, some
from harness.report.figures_text import cell_counts, counts, figure_rows, figures_line, listed
from harness.report.notes import notes
from harness.report.terminal import Look, blank, grid, heading, printed, styled, words
from harness.selftest.result import SelfTest

NEXT: Final[Mapping[str, str]] = {
    "partial-set": "shadow gate",
    "nothing-compared": "shadow lint",
    "manifest-empty": "shadow lint --write",
    "manifest-missing": "shadow lint --write",
    "cells-unexpected": "shadow lint --write",
    "scenario-not-in-manifest": "shadow lint --write",
    "manifest-stale": "shadow lint --write",
    "scenario-unusable": "shadow lint",
    "scenario-removed": "shadow lint",
    "path-removed": "shadow guard --base origin/main",
    "paths-changed": "shadow lint",
    "branch-total-changed": "shadow lint",
    "cells-not-run": "shadow run",
    "cells-missing": "shadow run",
    "branch-not-taken": "shadow paths",
    "too-few-cells": "shadow paths",
    "no-sound-case": "shadow paths",
}
"""What to type next, by the reasons that close the gate, the first that applies."""


def gate_text(
    verdict: Verdict, *, self_test: SelfTest | None = None, look: Look | None = None
) -> str:
    """The verdict as text: totals, figures, paths with every reason, and what to type next."""
    parts: list[RenderableType] = [*_summary(verdict, self_test), blank()]
    parts.extend((*_figures(verdict), blank()))
    if verdict.reasons:
        parts.extend((heading("Reasons for the whole gate"), _reasons(verdict.reasons), blank()))
    for name, path in verdict.paths.items():
        parts.extend((*_path(name, path), blank()))
    parts.extend((*_notes(verdict), blank()))
    parts.append(words(f"Next: {next_command(verdict)}"))
    return printed(look or Look(), parts)


def _summary(verdict: Verdict, self_test: SelfTest | None) -> Iterator[RenderableType]:
    gate = f"Gate {verdict.gate}, level {verdict.level}"
    yield styled(verdict.gate, f"{gate}, {verdict.counted}")
    rows = [
        ("cells", cell_counts(verdict.totals, verdict.unknown_state)),
        ("free runs", counts(verdict.free)),
        ("evidence", f"{listed(verdict.kinds)} (kinds are never added)"),
    ]
    if verdict.recorded:
        rows.append(("control", verdict.recorded))
    if verdict.census.retired:
        rows.append(("retired", some(verdict.census.retired, most=3)))
    if self_test is not None:
        rows.append(("self-test", self_test.in_words()))
    if verdict.partial:
        rows.append(("partial", f"{verdict.partial}; a gate on less than the whole never opens"))
    yield grid(rows)


def _figures(verdict: Verdict) -> Iterator[RenderableType]:
    yield heading("Figures")
    leak = "not measured" if verdict.leak is None else str(verdict.leak)
    yield grid(
        [*figure_rows(verdict.figures), ("", "wrong values that rulings let through", leak)]
    )


def _reasons(reasons: Iterable[Reason]) -> RenderableType:
    return grid((styled("closed", r.slug), f"{r.found}; needed: {r.needed}") for r in reasons)


def _path(name: str, path: PathVerdict) -> Iterator[RenderableType]:
    evidence = path.evidence
    yield styled(path.gate, f"{name}: {path.gate}")
    (label, compared), *rest = evidence_rows(evidence)
    branches = "" if evidence.pseudo else f", branches {evidence.branches.own}"
    rows = [(label, f"{compared}{branches}"), *rest]
    rows.extend(("shared code", f"{unit} {n}") for unit, n in evidence.branches.shared.items())
    rows.extend(("called dead", branch) for branch in evidence.branches.dead)
    yield grid(rows)
    if path.reasons:
        yield _reasons(path.reasons)


def evidence_rows(evidence: PathEvidence) -> list[tuple[str, str]]:
    """How much was compared of a path, with what outcome, of which class and how distinct."""
    distinct, agreeing = listed(evidence.distinct), listed(evidence.sound_agree)
    return [
        ("compared", f"{evidence.compared} ({listed(evidence.kinds)})"),
        ("own outcome", listed({str(outcome): n for outcome, n in evidence.tally.items()})),
        ("class", listed({str(klass): n for klass, n in sorted(evidence.classes.items())})),
        ("distinct", f"{distinct}; sound and agreeing {agreeing}"),
        ("figures", figures_line(evidence.figures)),
    ]


def _notes(verdict: Verdict) -> Iterator[RenderableType]:
    for note in notes(verdict):
        yield heading(note.title)
        for text in note.texts or ("none",):
            yield words(text, indent=2)


def next_command(verdict: Verdict) -> str:
    """What to type next: about a cell where one is at fault, else about what is missing."""
    if verdict.gate is Gate.OPEN:
        return "shadow gate --json"
    slugs = [reason.slug for reason in verdict.reasons]
    first = next((NEXT[slug] for slug in slugs if slug in NEXT), "")
    if first:
        return first
    cell = _worst_cell(verdict)
    if cell:
        return f"shadow show {cell}"
    slugs = [reason.slug for path in verdict.paths.values() for reason in path.reasons]
    return next((NEXT[slug] for slug in slugs if slug in NEXT), "shadow run")


def _worst_cell(verdict: Verdict) -> str:
    evidence = [path.evidence for path in verdict.paths.values()]
    for outcome in Outcome:
        ids = sorted(cell for path in evidence for cell in path.bad.get(outcome, ()))
        if ids:
            return ids[0]
    figures = verdict.figures
    against = (*figures.worse, *figures.unproven, *figures.disagreeing, *figures.deferred)
    return against[0] if against else ""
