"""An earlier run, read back from what `shadow run --json` printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from harness.errors import InputError
from harness.model import ABSENT, Free, FreeRun, Outcome
from harness.nesting import is_deeper
from harness.ports import Data
from harness.record.raw_files import opened
from harness.report.changes import GOOD, Asked, Baseline, Remark, Seen, remarks_of, said_of
from harness.report.json_report import RUN
from harness.text import quoted, shown_path, visible

LARGEST: Final = 64 << 20
"""Bytes that a baseline may have (64 MiB)."""

DEEPEST: Final = 100
"""Levels of lists and mappings in a baseline."""

HOW: Final = "write one with `shadow run --json > FILE`"


class _Difference(msgspec.Struct, frozen=True):
    facet: str
    at: str
    control: Any
    candidate: Any
    repeat: bool
    harm: list[str]
    loss: dict[str, int]
    ruling: str


class _Finding(msgspec.Struct, frozen=True):
    slug: str
    detail: str


class _Cell(msgspec.Struct, frozen=True):
    cell: str
    act: str
    outcome: Outcome
    findings: list[_Finding]
    differences: list[_Difference]
    state: str = ""


class _Free(msgspec.Struct, frozen=True):
    outcome: Free
    moot: list[str] = []
    broken: list[str] = []
    then: list[str] = []
    findings: list[str] = []


class _Scenario(msgspec.Struct, frozen=True):
    id: str
    cells: list[_Cell]
    free: _Free


class _Run(msgspec.Struct, frozen=True):
    scenarios: list[_Scenario]


def read_baseline(path: Path) -> Baseline:
    """Read an earlier `shadow run --json`.

    Raises:
        InputError: it cannot be read, or is no document of this schema and version.
    """
    name = shown_path(path)
    try:
        with opened(path) as file:
            content = file.read(LARGEST + 1)
    except InputError as error:
        raise replace(error, hint=HOW) from None
    if len(content) > LARGEST:
        message = f"is more than {LARGEST:,} bytes (64 MiB)"
        raise InputError("file-too-large", message, name, "compare a part of the scenarios")
    return parse_baseline(content, name)


def parse_baseline(content: bytes, name: str) -> Baseline:
    """Read the bytes of an earlier `shadow run --json`; `name` is its name in messages.

    Raises:
        InputError: as `read_baseline`.
    """
    document = _json(content, name)
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != RUN:
        found = quoted(schema) if schema is not None else "no schema"
        raise InputError("baseline-schema", f"is {found}, not {RUN!r}", name, HOW)
    if is_deeper(document, DEEPEST):
        raise InputError("baseline-shape", f"is no {RUN}: nested too deeply", name, HOW)
    try:
        run = msgspec.convert(document, _Run)
    except msgspec.ValidationError as error:
        message = f"is no {RUN}: {visible(str(error))}"
        raise InputError("baseline-shape", message, name, HOW) from None
    return _baseline(run, name)


def _json(content: bytes, name: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key stands twice in one object")
        return dict(pairs)

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        return json.loads(content, object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        message = f"is no JSON: {visible(str(error))}"
        raise InputError("baseline-json", message, name, HOW) from None


def _baseline(run: _Run, name: str) -> Baseline:
    cells = [cell for scenario in run.scenarios for cell in scenario.cells]
    found = tuple(_seen(cell.cell, one) for cell in cells for one in cell.differences)
    if len({one.key for one in found}) < len(found) or len({c.cell for c in cells}) < len(cells):
        message = f"is no {RUN}: a cell, or a field of a cell, stands twice"
        raise InputError("baseline-shape", message, name, HOW)
    return Baseline(
        name=name,
        asked={cell.cell: Asked(cell.act, cell.state) for cell in cells},
        differences=found,
        remarks=frozenset(_all_remarks(run)),
    )


def _seen(cell: str, one: _Difference) -> Seen:
    return Seen(
        cell=cell,
        facet=one.facet,
        at=one.at,
        control=_told(one.control),
        candidate=_told(one.candidate),
        ruling=one.ruling,
        repeat=one.repeat,
        harm=tuple(one.harm),
        loss=one.loss,
    )


def _told(value: Data) -> Data:
    """What `plain` wrote; a field that held `{"absent": true}` itself cannot be told apart."""
    return ABSENT if value == {"absent": True} and value["absent"] is True else value


def _all_remarks(run: _Run) -> Iterator[Remark]:
    for scenario in run.scenarios:
        for cell in scenario.cells:
            if cell.outcome not in GOOD:
                yield from said_of(
                    cell.cell,
                    cell.outcome,
                    [(one.slug, one.detail) for one in cell.findings],
                    unruled=any(not one.ruling for one in cell.differences),
                )
        free = scenario.free
        run_ = FreeRun(scenario=scenario.id, outcome=free.outcome, moot=tuple(free.moot),
                       broken=tuple(free.broken), then=tuple(free.then),
                       findings=tuple(free.findings))  # fmt: skip
        yield from remarks_of((), (run_,))
