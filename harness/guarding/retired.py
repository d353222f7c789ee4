"""Retired paths: what was deleted, by which clearance, and how much it was; nobody forgets them.

`retired.yaml` lies with the scenarios and only grows. A path that is deleted stays in the count of
paths, so deleting one never makes the rest look better.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from harness.document import Document, Place, read_document
from harness.errors import InputError
from harness.reason import Reason
from harness.schema import convert
from harness.text import quoted, visible

NAME: Final = "retired.yaml"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
PLAIN: Final = re.compile(r"[A-Za-z][\w.-]*/[\w./…-]*")
"""A text that YAML takes as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """A path that was deleted.

    Attributes:
        clearance: the clearance's file, from the configuration's folder.
        sha256: digest of that file's bytes.
        date: the UTC day on which it was deleted.
        cells, branches: how many the manifest pinned for it the day before.
        decision: the decision record, or another text that says who decided.
        recording: digest of the recorded control that answers in its place; empty where none does.
    """

    path: str
    clearance: str
    sha256: str
    date: date
    cells: int
    branches: int
    decision: str
    recording: str = ""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    clearance: str
    sha256: str
    date: str
    cells: int
    branches: int
    decision: str
    recording: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    retired: tuple[_Row, ...]


def load_retired(scenarios: Path) -> tuple[Retired, ...]:
    """The retired paths of a folder of scenarios; none where there is no such file.

    Raises:
        InputError: `retired-malformed`, or the file cannot be read.
    """
    file = scenarios / NAME
    return read_retired(read_document(file)) if file.exists() else ()


def read_retired(document: Document) -> tuple[Retired, ...]:
    """Read the file.

    Raises:
        InputError: anything is missing, unknown or malformed, or a path is buried twice by one
            clearance.
    """
    rows = convert(document, (), _File).retired
    found: list[Retired] = []
    for number, row in enumerate(rows):
        place: Place = ("retired", number)
        for key in ("path", "clearance", "decision"):
            if not getattr(row, key).strip():
                raise _malformed(document, (*place, key), "is blank", "write it")
        for key in ("sha256", "recording"):
            digest = getattr(row, key)
            if not _SHA256.fullmatch(digest) and (digest or key == "sha256"):
                message = f"{quoted(digest)} is no SHA-256"
                raise _malformed(document, (*place, key), message, "sha256sum FILE")
        for key in ("cells", "branches"):
            if getattr(row, key) < 0:
                raise _malformed(document, (*place, key), "is below 0", "as the manifest had it")
        if any((one.path, one.sha256) == (row.path, row.sha256) for one in found):
            raise _malformed(document, place, f"{quoted(row.path)} stands twice", "keep one")
        found.append(
            Retired(
                path=row.path,
                clearance=row.clearance,
                sha256=row.sha256,
                date=_day(document, place, row.date),
                cells=row.cells,
                branches=row.branches,
                decision=row.decision,
                recording=row.recording,
            )
        )
    return tuple(found)


def _day(document: Document, place: Place, text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # named below, as any other malformed date
    raise _malformed(document, (*place, "date"), f"{quoted(text)} is no date", "write 2026-03-02")


def _malformed(document: Document, place: Place, message: str, fix: str) -> InputError:
    return document.error("retired-malformed", place, message, fix)


def row_text(one: Retired) -> str:
    """The row as it is written in the file."""
    more = f", recording: {one.recording}" if one.recording else ""
    plain = PLAIN.fullmatch(one.decision)
    decision = one.decision if plain else json.dumps(one.decision, ensure_ascii=False)
    return (
        f"{{path: {one.path}, clearance: {one.clearance}, sha256: {one.sha256}, date: {one.date}, "
        f"cells: {one.cells}, branches: {one.branches}, decision: {decision}{more}}}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Every path that there ever was, living or retired.

    Attributes:
        living: paths that the control registers.
        retired: path that was deleted and is buried → its last row; one that lives again is not
            among them.
        missing: path → why it is neither.
    """

    living: frozenset[str] = frozenset()
    retired: Mapping[str, Retired] = field(default_factory=dict)
    missing: Mapping[str, Reason] = field(default_factory=dict)

    def every(self, judged: Iterable[str] = ()) -> frozenset[str]:
        """All of them, and those that a gate judges besides."""
        return frozenset((*self.living, *self.retired, *self.missing, *judged))

    def said(self, opened: int, judged: Iterable[str] = ()) -> str:
        """`N of M paths open, R retired`: the retired ones stay in M; R is told if there are any.

        Args:
            opened: how many of the judged are open.
            judged: paths that a gate has a verdict on, pseudo-paths among them.
        """
        told = f"{opened} of {len(self.every(judged))} paths open"
        return f"{told}, {len(self.retired)} retired" if self.retired else told


def census(
    registered: Collection[str],
    pinned: Iterable[str],
    retired: Iterable[Retired],
    *,
    recorded: bool = False,
) -> Census:
    """Count the paths, and name those that went without a tombstone.

    Args:
        registered: paths that the control has.
        pinned: paths that the manifest names in any cell, pseudo-paths left out.
        retired: tombstones.
        recorded: whether the control is a recording, which answers for retired paths as well; of
            one that is code, a retired path that it has lives again.
    """
    buried = {one.path: one for one in retired}
    living = frozenset(registered) - (frozenset(buried) if recorded else frozenset())
    gone = sorted({*pinned} - living - set(buried))
    return Census(
        living=living,
        retired={path: one for path, one in sorted(buried.items()) if path not in living},
        missing={
            path: Reason(
                slug="path-removed",
                found=f"{visible(path)} is pinned in the manifest, and the control has it not",
                needed=f"{visible(path)} is registered, or stands in {NAME}",
            )
            for path in gone
        },
    )
