"""A measurement by mutants: the scores of all code, what they rest on, and the file they are in.

The file is committed. It is read strictly, its digest tells an edit by hand, and whoever doubts it
measures again: `shadow mutate --check` compares every byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from harness.errors import InputError
from harness.mutate.score import Score
from harness.mutate.trial import Fate
from harness.mutate.waiver import FAULTS
from harness.text import shown_path, visible
from harness.whole_file import read_file, replace_file

NAME: Final = "mutants.lock"
SCHEMA: Final = "shadow.mutants/1"
LARGEST: Final = 16 << 20
"""Bytes such a file may have (16 MiB)."""

AGAIN: Final = "shadow mutate --write measures again"


class UnitRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One module's score, with every mutant that was not told apart by its id."""

    role: str
    path: str
    mutants: int
    told: int
    fates: dict[str, tuple[str, ...]]
    waived: tuple[str, ...]
    pinned: tuple[int, ...]


class Measurement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured.

    Attributes:
        measured: the day, UTC, as 2026-11-22.
        operators: how many operators made the mutants.
        code: digest of everything that it rests on but the scenarios.
        scenarios: each, with the rulings that list a cell of it → digest.
        parts: what it rests on besides modules → digest.
        modules: `package/file` → digest of its bytes, and of its normal form.
        units: module → its score.
        left_out: cells that could tell nothing, since they neither agree nor are ruled.
        waivers: what is wrong with some (`waiver.FAULTS`), what was found, what is needed.
        results: digest of every single result.
    """

    schema: str
    measured: str
    operators: int
    code: str
    scenarios: dict[str, str]
    parts: dict[str, str]
    modules: dict[str, tuple[str, str]]
    units: dict[str, UnitRow]
    left_out: tuple[str, ...]
    waivers: tuple[tuple[str, str, str], ...]
    results: str

    @property
    def day(self) -> date:
        return date.fromisoformat(self.measured)

    def of_control(self) -> dict[str, UnitRow]:
        """The rows of the control's modules."""
        return {name: row for name, row in self.units.items() if row.role == "control"}

    @property
    def fates(self) -> Mapping[str, Fate]:
        """Mutant → its fate, of all that were not told apart."""
        return {
            name: Fate(fate)
            for row in self.units.values()
            for fate, names in row.fates.items()
            for name in names
        }

    def scores(self, role: str) -> Mapping[str, Score]:
        """Module → its score, of one engine."""
        return {
            name: Score(
                unit=name,
                mutants=row.mutants,
                told=row.told,
                fates={Fate(fate): ids for fate, ids in row.fates.items()},
                waived=row.waived,
                pinned=frozenset(row.pinned),
            )
            for name, row in self.units.items()
            if row.role == role
        }


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    measurement: Measurement
    sha256: str


def row(score: Score, *, role: str, path: str) -> UnitRow:
    """A score as it is written."""
    return UnitRow(
        role=role,
        path=path,
        mutants=score.mutants,
        told=score.told,
        fates={str(fate): tuple(sorted(ids)) for fate, ids in sorted(score.fates.items())},
        waived=tuple(sorted(score.waived)),
        pinned=tuple(sorted(score.pinned)) if role == "control" else (),
    )


def render(measurement: Measurement) -> bytes:
    """The file's bytes; equal measurements give equal bytes."""
    file = _File(measurement=measurement, sha256=_digest(measurement))
    return msgspec.json.format(msgspec.json.encode(file, order="sorted"), indent=1) + b"\n"


def parse(content: bytes, file: str) -> Measurement:
    """A measurement from a file's bytes.

    Raises:
        InputError: it is no such file, of another version, or not as it was written.
    """
    try:
        read = msgspec.json.decode(content, type=_File)
        _ = read.measurement.day, read.measurement.scores("control")
        _ = [FAULTS[what] for what, *_ in read.measurement.waivers]
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, KeyError) as error:
        message = f"no measurement: {visible(str(error))}"
        raise InputError("mutants-malformed", message, file, AGAIN) from None
    if read.measurement.schema != SCHEMA:
        message = f"the schema is {read.measurement.schema!r}, read is {SCHEMA!r}"
        raise InputError("mutants-malformed", visible(message), file, AGAIN)
    if read.sha256 != _digest(read.measurement):
        message = "is not as it was written: its digest is another"
        raise InputError("mutants-edited", message, file, AGAIN)
    return read.measurement


def read_measurement(path: Path) -> Measurement | None:
    """Read the file; None where there is none.

    Raises:
        InputError: it cannot be read, or as `parse`.
    """
    content = read_file(path, largest=LARGEST, fix=AGAIN)
    return None if content is None else parse(content, shown_path(path))


def write_measurement(path: Path, measurement: Measurement) -> None:
    """Write the file whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    replace_file(path, render(measurement))


def _digest(measurement: Measurement) -> str:
    return hashlib.sha256(msgspec.json.encode(measurement, order="sorted")).hexdigest()
