"""Runs read back from a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, func, select

from harness.errors import InputError
from harness.names import hint
from harness.store import schema
from harness.store.opening import Store
from harness.store.part import CELL
from harness.store.run import Run
from harness.store.totals import Totals, totals
from harness.text import quoted

AT_ONCE: Final = 500
"""Runs that are asked for in one query: databases take so many parameters and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A run that is in the store.

    Attributes:
        ended: epoch seconds; None while it is incomplete.
        gate: `open`, `closed`, or empty where none was decided.
        parts, done: how many were announced, and are there.
        totals: what it counted; of an incomplete run, so far.
    """

    run: Run
    ended: int | None
    gate: str
    complete: bool
    parts: int
    done: int
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A path in one complete run.

    Attributes:
        begun: epoch seconds.
        kinds: kind of evidence → own outcome → cells; kinds are never added.
    """

    run: str
    begun: int
    level: str
    kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Numbers(NamedTuple):
    """How many runs there are, and how many of them are incomplete."""

    all: int
    incomplete: int


def numbers(store: Store) -> Numbers:
    """Count the runs.

    Raises:
        InputError: the database fails.
    """
    query = select(schema.RUN.c.complete, func.count()).group_by(schema.RUN.c.complete)
    with store.reading() as connection:
        found = {row[0]: row[1] for row in connection.execute(query)}
    return Numbers(sum(found.values()), found.get(False, 0))


def known(store: Store, *, newest: int | None = None) -> tuple[Known, ...]:
    """Runs, in the order in which they began.

    Args:
        store: where.
        newest: only so many of them; else all.

    Raises:
        InputError: a complete one does not add up (`store-damaged`), or the database fails.
    """
    run = schema.RUN.c
    latest = select(run.id).order_by(run.begun.desc(), run.id.desc()).limit(newest)
    with store.reading() as connection:
        ids = list(reversed(connection.execute(latest).scalars().all()))
        return tuple(
            one
            for first in range(0, len(ids), AT_ONCE)
            for one in _known(connection, ids[first : first + AT_ONCE])
        )


def one(store: Store, name: str) -> Known:
    """The run that an id, or the beginning of one, stands for.

    Raises:
        InputError: `unknown-run`, none or several; else as `known`.
    """
    with store.reading() as connection:
        ids = tuple(connection.execute(select(schema.RUN.c.id)).scalars())
        begun = [run for run in ids if run.startswith(name)] if name else []
        found = [name] if name in ids else begun
        if len(found) != 1:
            message = f"{len(found)} runs are called {quoted(name)}"
            fix = "write more of the id" if found else hint(name, ids) or "`shadow history` lists"
            raise InputError("unknown-run", message, store.address.shown, fix)
        return _known(connection, found)[0]


def trend(store: Store, path: str) -> tuple[Point, ...]:
    """A path in every complete run, in the order in which they began.

    Raises:
        InputError: `unknown-path`, no run knows it; or the database fails.
    """
    tally = schema.TALLY.c
    with store.reading() as connection:
        known = schema.RUN.c
        runs = select(known.id, known.begun, known.level).where(known.complete)
        ordered = connection.execute(runs.order_by(known.begun, known.id)).all()
        columns = (tally.run, tally.kind, tally.outcome)
        query = select(*columns, func.sum(tally.cells)).where(tally.path == path)
        kinds: dict[str, dict[str, dict[str, int]]] = {row.id: {} for row in ordered}
        for run, kind, outcome, count in connection.execute(query.group_by(*columns)):
            if run in kinds:
                kinds[run].setdefault(kind, {})[outcome] = int(count)
        if not any(kinds.values()):
            paths = connection.execute(select(tally.path).distinct()).scalars()
            message = f"no complete run knows a path {quoted(path)}"
            fix = hint(path, sorted(set(paths) - {CELL}))
            raise InputError("unknown-path", message, store.address.shown, fix)
    return tuple(
        Point(run=row.id, begun=row.begun, level=row.level, kinds=kinds[row.id]) for row in ordered
    )


def differences(store: Store, run: str, **only: str) -> Iterator[Mapping[str, Any]]:
    """Differences of a run, by cell and number, as the table `difference` holds them.

    Args:
        store: where.
        run: its id.
        only: column → value that it has to have.

    Raises:
        InputError: the database fails.
    """
    table = schema.DIFFERENCE
    query = select(table).where(table.c.run == run).order_by(table.c.cell, table.c.number)
    for name, value in only.items():
        query = query.where(table.c[name] == value)
    with store.reading() as connection:
        for row in connection.execution_options(yield_per=1_000).execute(query):
            yield dict(row._mapping)


def _known(connection: Connection, ids: Sequence[str]) -> tuple[Known, ...]:
    run = schema.RUN.c
    query = select(schema.RUN).where(run.id.in_(ids)).order_by(run.begun, run.id)
    rows = connection.execute(query).all()
    counted = totals(connection, ids)
    for row in rows:
        if row.complete:
            counted[row.id].check(row.id)
    made: dict[str, dict[str, str]] = {name: {} for name in ids}
    for name, what, sha256 in connection.execute(_of(schema.MADE_OF, ids)):
        made[name][what] = sha256
    states: dict[str, list[str]] = {name: [] for name in ids}
    part = schema.PART.c
    for name, state in connection.execute(select(part.run, part.state).where(part.run.in_(ids))):
        states[name].append(state)
    return tuple(_run(row, made[row.id], states[row.id], counted[row.id]) for row in rows)


def _of(table: Any, runs: Sequence[str]) -> Select[Any]:
    return select(table).where(table.c.run.in_(runs))


def _run(row: Row[Any], made: Mapping[str, str], states: list[str], counted: Totals) -> Known:
    run = Run(
        id=row.id,
        begun=row.begun,
        command=row.command,
        level=row.level,
        partial=row.partial,
        harness=row.harness,
        made_of=made,
    )
    return Known(
        run=run,
        ended=row.ended,
        gate=row.gate,
        complete=row.complete,
        parts=len(states),
        done=states.count("done"),
        totals=counted,
    )
