"""What became of recorded events, for people and as JSON: every use, every reason why not."""

from __future__ import annotations

import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from rich.console import RenderableType

from harness.errors import HarnessError
from harness.evidence import COMPARED
from harness.model import Cell, Outcome
from harness.objection import of_unknown_state
from harness.ports import Unused
from harness.reason import Reason
from harness.record.recorded_file import Written
from harness.report.figures_text import cell_counts, listed
from harness.report.json_report import Json
from harness.report.terminal import Look, blank, grid, heading, printed, words
from harness.text import shown_path, visible

RECORD: Final = "shadow.record/1"
NO_KEY: Final = (
    "by a new key, kept nowhere: no other recording of these accounts can be joined with this one"
)
NAMED: Final = 3
"""Places that are named for one reason; `--json` names each."""
FILES: Final = 12

_PLACE: Final = re.compile(r"(?::\d+)?(?:\[\d+\])?\Z")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What there is to tell of a recording.

    Attributes:
        written: recordings that are scenarios now.
        unused: what no scenario holds.
        failures: what could not be read or written.
        cells: of the new scenarios, replayed.
        folder: where they stand.
        configured: whether that is below the configured scenarios.
        keyed: whether the key of the pseudonyms was named.
        at_least: cells in which some path must have run and been compared.
    """

    written: tuple[Written, ...]
    unused: tuple[Unused, ...]
    failures: tuple[HarnessError, ...]
    cells: tuple[Cell, ...]
    folder: Path
    configured: bool
    keyed: bool
    at_least: int

    @cached_property
    def with_path(self) -> int:
        """Cells in which some path of the control ran, and both sides were compared."""
        return _with_path(self.cells)

    @cached_property
    def path_ran(self) -> int:
        """Cells in which some path of the control ran, with a result or without."""
        return sum(map(_ran, self.cells))

    @property
    def short(self) -> Reason | None:
        """Why this recording proves too little; None where it does not."""
        if self.with_path >= self.at_least:
            return None
        found = f"cells in which some path ran and was compared = {self.with_path}"
        needed = f"at least {self.at_least}"
        slug = "too-few-cells" if self.with_path else "nothing-compared"
        return Reason(slug=slug, found=found, needed=needed)

    @property
    def totals(self) -> dict[str, int]:
        """Cells by outcome."""
        tally = Counter(cell.outcome for cell in self.cells)
        return {"expected": len(self.cells), **{str(one): tally[one] for one in Outcome}}

    @property
    def unattributed(self) -> dict[str, int]:
        """File → acts that somebody asked for, and nobody knows who."""
        places = (
            one.recording.happened[number].where
            for one in self.written
            for number in one.apart.unattributed
        )
        return dict(sorted(Counter(_PLACE.sub("", place) for place in places).items()))

    @property
    def unseen(self) -> dict[str, int]:
        """Type → events that the control causes in the replay, and nobody recorded."""
        types = sorted({name for one in self.written for name in one.apart.unseen})
        return {n: sum(one.apart.unseen.get(n, 0) for one in self.written) for n in types}

    def of(self, scenario: str) -> tuple[Cell, ...]:
        """The cells of one scenario."""
        return tuple(cell for cell in self.cells if cell.episode.scenario == scenario)


def _ran(cell: Cell) -> bool:
    return any(not path.startswith("(") for path in cell.episode.paths)


def _with_path(cells: Sequence[Cell]) -> int:
    return sum(cell.outcome in COMPARED and _ran(cell) for cell in cells)


def recording_text(told: Told, *, look: Look | None = None) -> str:
    """What became of the events, as text."""
    parts: list[RenderableType] = [
        heading(f"{len(told.written)} recorded, in {shown_path(told.folder)}"),
        grid(_summary(told)),
        blank(),
    ]
    for one in told.written:
        parts.extend(_recording(one, told.of(one.scenario.id)))
    if told.written:
        parts.append(blank())
    parts.extend(_unused(told.unused))
    parts.append(words(f"Next: {next_command(told)}"))
    return printed(look or Look(), parts)


def _summary(told: Told) -> Iterator[tuple[str, str]]:
    acts = sum(len(one.apart.acts) for one in told.written)
    echoes = sum(len(one.apart.echoes) for one in told.written)
    used = f"used {acts + echoes}: acts {acts}, echoes {echoes}"
    yield "events", f"{used}; unused {len(told.unused)}"
    by_file = told.unattributed
    if by_file:
        files = [f"{visible(Path(file).name)} {n}" for file, n in by_file.items()]
        more = f", and {len(files) - FILES} more files" if len(files) > FILES else ""
        asked = f"acts {sum(by_file.values())} that somebody asked for, nobody knows who"
        yield "unattributed", f"{asked}: {', '.join(files[:FILES])}{more}"
    strayed = sum(len(one.apart.uncaused) for one in told.written)
    if strayed:
        yield "not caused", f"acts {strayed} that the control asked for, and not in this replay"
    if told.unseen:
        yield "not recorded", f"events that the control causes: {listed(told.unseen)}"
    yield "cells", cell_counts(told.totals, of_unknown_state(told.cells))
    ran = f"{told.with_path} compared of {told.path_ran} in which one ran"
    yield "with a path", f"{ran}, at least {told.at_least} asked for"
    yield "pseudonyms", "by the key of --key" if told.keyed else NO_KEY


def _recording(one: Written, cells: Sequence[Cell]) -> Iterator[RenderableType]:
    recording, apart = one.recording, one.apart
    yield heading(f"{recording.id}: {visible(recording.title)}")
    counted = Counter(cell.outcome for cell in cells)
    tally = {str(outcome): counted[outcome] for outcome in Outcome if counted[outcome]}
    told = (
        f"acts {len(apart.acts)}, echoes {len(apart.echoes)}, order {recording.order}; "
        f"cells {listed(tally)}; with a path {_with_path(cells)}"
    )
    yield words(told, indent=2)
    for note in recording.notes:
        yield words(visible(note), "quiet", indent=2)


def _unused(unused: Sequence[Unused]) -> Iterator[RenderableType]:
    """Every reason with how often it holds, and the first places."""
    if not unused:
        return
    by_reason: defaultdict[str, list[Unused]] = defaultdict(list)
    for one in unused:
        by_reason[one.reason].append(one)
    yield heading("Unused")
    rows = sorted(by_reason.items(), key=lambda row: (-len(row[1]), row[0]))
    yield grid((str(len(ones)), f"{visible(reason)}: {_named(ones)}") for reason, ones in rows)
    yield blank()


def _named(ones: Sequence[Unused]) -> str:
    named = "; ".join(visible(f"{one.what} at {Path(one.where).name}") for one in ones[:NAMED])
    return named + (f"; and {len(ones) - NAMED} more" if len(ones) > NAMED else "")


def next_command(told: Told) -> str:
    """What to type next."""
    if not told.written:
        return "shadow record events --help"
    if not told.configured:
        return f"shadow run {shlex.quote(visible(str(told.folder)))}"
    rank = {outcome: number for number, outcome in enumerate(Outcome)}
    worst = min(told.cells, key=lambda cell: rank[cell.outcome], default=None)
    if worst is not None and worst.outcome not in (Outcome.AGREE, Outcome.RULED):
        return f"shadow show {worst.episode.id}"
    return "shadow lint --write"


def recording_document(told: Told) -> Json:
    """What became of the events, as `shadow.record/1`: nothing is left out."""
    short = [told.short] if told.short is not None else []
    return {
        "schema": RECORD,
        "folder": shown_path(told.folder),
        "recordings": [_document(one, told.of(one.scenario.id)) for one in told.written],
        "unused": [one._asdict() for one in told.unused],
        "unattributed": told.unattributed,
        "unseen": told.unseen,
        "failures": [
            {"slug": one.slug, "message": one.message, "where": one.where, "hint": one.hint}
            for one in told.failures
        ],
        "totals": told.totals,
        "unknown_state": of_unknown_state(told.cells),
        "path_ran": told.path_ran,
        "with_path": told.with_path,
        "at_least": told.at_least,
        "key": "named" if told.keyed else "new",
        "reasons": [{"slug": r.slug, "found": r.found, "needed": r.needed} for r in short],
    }


def _document(one: Written, cells: Sequence[Cell]) -> Json:
    return {
        "id": one.recording.id,
        "title": one.recording.title,
        "file": shown_path(one.file),
        "order": one.recording.order,
        "acts": len(one.apart.acts),
        "echoes": [one.recording.happened[number].where for number in one.apart.echoes],
        "unattributed": len(one.apart.unattributed),
        "uncaused": len(one.apart.uncaused),
        "notes": list(one.recording.notes),
        "assumed": list(one.scenario.assumed),
        "cells": {cell.episode.id: str(cell.outcome) for cell in cells},
        "unknown_state": of_unknown_state(cells),
        "with_path": _with_path(cells),
    }
