"""A bulk run as people read it, and as programs do."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import RenderableType

from harness.bulk.census import ONE_IN, Counted
from harness.bulk.findings import Findings
from harness.bulk.ranges import Source
from harness.bulk.reuse import COUNTS
from harness.model import Free, Outcome
from harness.report.terminal import Look, blank, grid, heading, printed, words
from harness.text import shown_path, visible

SCHEMA: Final = "shadow.replay/1"
SIMULATED: Final = "simulated"
SETTLED: Final = (str(Outcome.AGREE), str(Outcome.RULED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is told of a bulk run.

    Attributes:
        sources: the files.
        counted: their ranges, with the accounts that were counted before anything was replayed.
        findings: what the store has of it.
        store: where, as it may be shown.
        config: the configuration file, where one was named.
        cluster: the address of a cluster, where one was named.
        kept: the folder named in which is kept what accounts came to.
        reused: how accounts were come by; None where nothing is kept.
    """

    sources: Sequence[Source]
    counted: Sequence[Counted]
    findings: Findings
    store: str
    config: Path | None = None
    cluster: str | None = None
    kept: Path | None = None
    reused: Mapping[str, int] | None = None

    @property
    def complete(self) -> bool:
        return self.findings.known.complete

    @property
    def expected(self) -> int:
        """Accounts in the files."""
        return sum(one.ids.count for one in self.counted)

    @property
    def next(self) -> str:
        """What to type next."""
        store = shlex.quote(self.store)
        if self.complete:
            return f"shadow history --store {store}"
        files = " ".join(shlex.quote(one.shown) for one in self.sources)
        config = f" --config {shlex.quote(shown_path(self.config))}" if self.config else ""
        kept = f" --kept {shlex.quote(shown_path(self.kept))}" if self.kept else ""
        cluster = f" --cluster {shlex.quote(visible(self.cluster))}" if self.cluster else ""
        run = self.findings.known.run.id
        return f"shadow replay {files} --store {store}{config}{cluster}{kept} --resume {run}"


def document(report: Report) -> dict[str, Any]:
    """The run as `shadow.replay/1`."""
    found = report.findings
    known, totals = found.known, found.known.totals
    return {
        "schema": SCHEMA,
        "run": known.run.id,
        "store": report.store,
        "complete": report.complete,
        "level": known.run.level,
        "parts": {"announced": known.parts, "done": known.done},
        "files": [
            {
                "file": one.shown,
                "bytes": one.size,
                "sha256": one.sha256,
                "accounts": sum(c.ids.count for c in report.counted if c.piece.source is one),
            }
            for one in report.sources
        ],
        "accounts": {
            "expected": report.expected,
            "counted": found.accounts,
            "ids": totals.expected_free.text,
            "differing": found.differing,
            "unruled": found.unruled,
            "not_kept": found.not_kept,
            "not_run": dict(found.reasons),
        },
        "cells": {"expected": totals.expected.count, **_all(Outcome, found.outcomes)},
        "free": {"expected": found.accounts, **_all(Free, found.free)},
        "evidence": dict(totals.kinds),
        "by_kind": [
            {"kind": one.kind, "class": one.klass, "outcome": one.outcome, "cells": one.cells}
            for one in found.cells
        ],
        "signatures": [one._asdict() for one in found.alike],
        "more_signatures": found.more,
        "kept": None
        if report.reused is None
        else {one: report.reused.get(one, 0) for one in COUNTS},
        "checked_against_itself": {"one_in": ONE_IN, "accounts": _sampled(report)},
    }


def text(report: Report, *, look: Look) -> str:
    """The same to read, and what to type next."""
    return printed(look, _parts(report))


def _parts(report: Report) -> Iterator[RenderableType]:
    found = report.findings
    known = found.known
    state = "complete" if report.complete else "INCOMPLETE: it decides nothing"
    yield heading(f"Run {known.run.id}, level {known.run.level}, {state}")
    yield grid(_figures(report))
    yield blank()
    if found.cells:
        rows = [
            (one.kind or "not run", one.klass or "-", one.outcome, f"{one.cells:,}")
            for one in found.cells
        ]
        yield grid(rows, head=("evidence", "class", "outcome", "cells"))
        yield blank()
    yield from _alike(found)
    if any(one.kind == SIMULATED for one in found.cells):
        yield words(
            "What is simulated was not recorded: it shows how fast and where engines differ, and"
            " is good for no bound and no clearance."
        )
    yield words(
        f"Each engine is checked against itself in 1 of {ONE_IN} accounts, drawn by their ids:"
        f" {_sampled(report):,} of {report.expected:,}."
    )
    yield words(f"Next: {report.next}")


def _figures(report: Report) -> Iterator[tuple[str, str]]:
    found = report.findings
    known, totals = found.known, found.known.totals
    for one in report.sources:
        yield "file", f"{one.shown}, sha256 {one.sha256[:16]}"
    counted = f"{found.accounts:,} of {report.expected:,} are counted, by id"
    yield "accounts", counted
    yield "parts", f"{known.done:,} of {known.parts:,}"
    yield "cells", _sum(totals.expected.count, found.outcomes)
    yield "free runs", _sum(found.accounts, found.free)
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(totals.kinds.items()))
    yield "evidence", f"{kinds or 'nothing was compared'} (kinds are never added)"
    whole, cells = found.accounts, totals.expected.count
    differing = cells - found.outcomes.get(str(Outcome.AGREE), 0)
    yield "differing", _shares(found.differing, whole, differing, cells)
    open_ = sum(count for name, count in found.outcomes.items() if name not in SETTLED)
    yield "not ruled", _shares(found.unruled, whole, open_, cells)
    if report.reused is not None:
        yield "kept", _kept(report.reused)
    if found.reasons:
        listed = ", ".join(f"{count:,} {slug}" for slug, count in found.reasons.items())
        yield "not run", f"accounts: {listed}"


def _alike(found: Findings) -> Iterator[RenderableType]:
    if not found.alike:
        return
    yield heading("What differs without a ruling, in most accounts first")
    rows = [
        (one.signature, f"{one.accounts:,}", f"{one.cells:,}", one.field, one.path, one.example)
        for one in found.alike
    ]
    yield grid(rows, head=("signature", "accounts", "cells", "field", "path", "for example"))
    if found.more:
        yield words(f"and {found.more:,} more signatures: docs/history.md", "quiet", indent=2)
    yield blank()


def _sampled(report: Report) -> int:
    return sum(one.sampled for one in report.counted)


def _all(kind: type[Outcome] | type[Free], counts: Any) -> dict[str, int]:
    return {str(one): counts.get(str(one), 0) for one in kind}


def _sum(expected: int, counts: Any) -> str:
    """`9 expected = 8 AGREE + 1 DIVERGE`."""
    parts = " + ".join(f"{count:,} {name}" for name, count in counts.items())
    return f"{expected:,} expected = {parts}" if parts else f"{expected:,} expected"


def _kept(counts: Mapping[str, int]) -> str:
    """`990 accounts were found and 10 replayed; 10 of those found were replayed all the same`."""
    found, again, replayed, half, not_kept, alone, damaged = (counts.get(one, 0) for one in COUNTS)
    parts = [
        f"{found:,} accounts were found and {replayed:,} replayed",
        f"{half:,} of these by the candidate alone" if half else "",
        f"{again:,} that were found were replayed all the same",
        f"{not_kept:,} cannot be kept" if not_kept else "",
        f"of {alone:,} the control cannot be kept by itself" if alone else "",
        f"{damaged:,} rows were damaged" if damaged else "",
    ]
    return "; ".join(filter(None, parts))


def _shares(accounts: int, of: int, cells: int, among: int) -> str:
    return f"{_share(accounts, of, 'accounts')}, {_share(cells, among, 'cells')}"


def _share(part: int, whole: int, what: str) -> str:
    percent = f" ({100 * part / whole:.2f} %)" if whole else ""
    return f"{part:,} {what}{percent}"
