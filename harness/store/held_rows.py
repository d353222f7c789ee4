"""Whether the rows of a run are those that it counted: what is read off a missing row must hold.

Two runs are compared by the rows of what does not agree, so that a cell without one counts as
agreeing. A row that was lost must never become an agreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, select

from harness.errors import InputError
from harness.model import Free, Outcome
from harness.store import schema
from harness.store.id_sum import IdSum
from harness.store.totals import Totals

AT_ONCE = 10_000
"""Rows that are in memory at once."""


def check_rows(connection: Connection, run: str, counted: Totals) -> None:
    """Hold a complete run's rows against its counts, id by id.

    Raises:
        InputError: `store-damaged`.
    """
    cell, free, line = schema.CELL.c, schema.FREE.c, schema.ROSTERED.c
    lines = schema.ROSTERED.join(schema.PART, schema.PART.c.roster == line.digest)
    cells = select(cell.id, cell.outcome).where(cell.run == run, cell.outcome != Outcome.AGREE)
    ends = select(free.scenario, free.outcome).where(free.run == run)
    listed = select(line.scenario, line.cells).select_from(lines).where(schema.PART.c.run == run)

    scenarios, sizes = IdSum(), 0
    for name, size in _rows(connection, listed):
        scenarios.add(name)
        sizes += size
    right = (
        _sums(_rows(connection, cells)) == _without(counted.cells, Outcome.AGREE)
        and _sums(_rows(connection, ends)) == _without(counted.free, Free.KEPT)
        and (scenarios, sizes) == (counted.expected_free, counted.expected.count)
    )
    if not right:
        message = f"run {run}: its rows are not those that it counted"
        hint = "rows are gone or changed: restore the store from a copy"
        raise InputError("store-damaged", message, hint=hint)


def _rows(connection: Connection, query: Select[Any]) -> Iterable[Any]:
    return connection.execute(query, execution_options={"yield_per": AT_ONCE})


def _sums(rows: Iterable[Any]) -> dict[str, IdSum]:
    found: dict[str, IdSum] = {}
    for name, outcome in rows:
        found.setdefault(outcome, IdSum()).add(name)
    return found


def _without(counts: Mapping[str, IdSum], good: str) -> dict[str, IdSum]:
    return {outcome: one for outcome, one in counts.items() if outcome != good}
