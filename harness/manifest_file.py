"""The file `manifest.lock`: JSON with one line a scenario, so that a diff can be reviewed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from harness.errors import InputError
from harness.manifest import SCHEMA, CellPin, Manifest, Problem, ScenarioPin, Tombstone
from harness.text import shown_path, visible
from harness.whole_file import read_file, replace_file, unwritable

NAME: Final = "manifest.lock"
LARGEST: Final = 64 << 20
"""Bytes a manifest may have (64 MiB)."""

_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_REPAIR: Final = "shadow lint --write writes it anew; tombstones are to be kept"


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scenario; a cell is its label and the paths that run, its id follows from the order."""

    id: str
    sha256: str
    cells: tuple[tuple[str, ...], ...]


class _Grave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    reason: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    branches: dict[str, int]
    scenarios: tuple[_Row, ...]
    tombstones: tuple[_Grave, ...]


def render(manifest: Manifest) -> bytes:
    """The file's bytes: equal manifests give equal bytes."""
    scenarios = [
        _Row(one.id, one.sha256, tuple((cell.label, *sorted(cell.paths)) for cell in one.cells))
        for one in sorted(manifest.scenarios, key=lambda one: one.id)
    ]
    tombstones = [
        _Grave(one.id, one.reason) for one in sorted(manifest.tombstones, key=lambda one: one.id)
    ]
    branches = [
        _json(unit) + b": " + _json(count) for unit, count in sorted(manifest.branches.items())
    ]
    return b"".join(
        (
            b'{\n"schema": ' + _json(SCHEMA),
            b',\n"branches": {' + _lines(branches) + b"}",
            b',\n"scenarios": [' + _lines([_json(row) for row in scenarios]) + b"]",
            b',\n"tombstones": [' + _lines([_json(row) for row in tombstones]) + b"]\n}\n",
        )
    )


def parse(content: bytes, file: str) -> Manifest:
    """A manifest from a file's bytes.

    Raises:
        InputError: it is no such file, of another version, or names a scenario twice.
    """
    try:
        read = msgspec.json.decode(content, type=_File)
    except msgspec.ValidationError as error:
        raise InputError("manifest-malformed", visible(str(error)), file, _REPAIR) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        byte = _BYTE.search(str(error))
        line = content.count(b"\n", 0, int(byte[1])) + 1 if byte else 1
        message = f"no JSON: {visible(str(error))}"
        raise InputError("manifest-malformed", message, f"{file}:{line}", _REPAIR) from None
    if read.schema != SCHEMA:
        message = f"the schema is {read.schema!r}, read is {SCHEMA!r}"
        raise InputError("manifest-schema", visible(message), file, _REPAIR)
    seen: set[str] = set()
    for row in read.scenarios:
        if row.id in seen:
            message = f"{row.id!r} stands twice"
            raise InputError("manifest-malformed", visible(message), file, _REPAIR)
        if not all(row.cells):
            message = f"{row.id!r} has a cell without a label"
            raise InputError("manifest-malformed", visible(message), file, _REPAIR)
        seen.add(row.id)
    return Manifest(
        scenarios=tuple(_pin(row) for row in read.scenarios),
        branches=read.branches,
        tombstones=tuple(Tombstone(id=one.id, reason=one.reason) for one in read.tombstones),
    )


def read_manifest(path: Path) -> Manifest | None:
    """Read the file; None where there is none.

    Raises:
        InputError: it cannot be read, or as `parse`.
    """
    content = read_file(path, largest=LARGEST, fix=_REPAIR)
    return None if content is None else parse(content, shown_path(path))


def write_manifest(path: Path, manifest: Manifest) -> bool:
    """Write the file whole or not at all; whether it changed.

    Raises:
        InputError: it cannot be written.
    """
    content = render(manifest)
    try:
        if path.exists() and path.read_bytes() == content:
            return False
    except OSError as error:
        raise unwritable(path, error) from error
    replace_file(path, content)
    return True


def problem_error(problem: Problem, path: Path) -> InputError:
    """A disagreement as an error for the command line."""
    hints = {
        "scenario-removed": "put it back, or: shadow lint --write --tombstone ID REASON",
        "manifest-missing": "shadow lint --write",
        "tombstone-empty": "shadow lint --write --tombstone ID REASON",
        "cell-not-replayed": "nothing was written; see shadow run",
    }
    message = visible(f"{problem.about}: {problem.detail}")
    hint = hints.get(problem.slug, "review the change, then: shadow lint --write")
    return InputError(problem.slug, message, shown_path(path), hint)


def _pin(row: _Row) -> ScenarioPin:
    cells = tuple(
        CellPin(id=f"{row.id}#{index}", label=cell[0], paths=cell[1:])
        for index, cell in enumerate(row.cells)
    )
    return ScenarioPin(id=row.id, sha256=row.sha256, cells=cells)


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


def _lines(rows: list[bytes]) -> bytes:
    return b"\n " + b",\n ".join(rows) + b"\n" if rows else b""
