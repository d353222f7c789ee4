"""Runs written to a store: announced, part by part, and complete only once all of them add up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from harness.errors import InputError
from harness.store import schema
from harness.store.bulk import insert as insert_many
from harness.store.id_sum import IdSum
from harness.store.opening import Store
from harness.store.part import Part, Place, Sums, sums
from harness.store.run import Run
from harness.store.totals import totals
from harness.text import quoted

ANNOUNCED: Final = "announced"
DONE: Final = "done"

_INSERT: Final[Mapping[str, Callable[[Any], Any]]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


def begin(store: Store, run: Run, places: Iterable[Place]) -> None:
    """Announce a run with all its parts; until the last one is there it is incomplete.

    Raises:
        InputError: the database fails.
    """
    with store.writing() as connection:
        row = {
            "id": run.id,
            "begun": run.begun,
            "command": run.command,
            "level": run.level,
            "partial": run.partial,
            "harness": run.harness,
            "gate": "",
            "complete": False,
        }
        connection.execute(insert(schema.RUN), row)
        made = ((run.id, what, sha256) for what, sha256 in sorted(run.made_of.items()))
        insert_many(connection, schema.MADE_OF, made)
        parts = (
            (run.id, one.id, one.source, one.first, one.last, ANNOUNCED, "") for one in places
        )
        insert_many(connection, schema.PART, parts)


def write(store: Store, run: str, part: Part) -> None:
    """Write a part; one that is there already is replaced, so that it is there once.

    Raises:
        InputError: `store-sums`, it does not add up by id; `store-part`, nobody announced it, or
            the run is complete; or the database fails.
    """
    expected = part.check()
    with store.writing() as connection:
        _hold(connection, run, part.place.id)
        for table in schema.OF_PART:
            mine = (table.c.run == run) & (table.c.part == part.place.id)
            connection.execute(delete(table).where(mine))
        roster = _write_roster(connection, part, expected)
        for table, rows in _rows(run, part):
            insert_many(connection, table, rows)
        done = update(schema.PART).values(state=DONE, roster=roster)
        connection.execute(done.where(_is(run, part.place.id)))


def forget(store: Store, run: str) -> None:
    """Take back all that was written of a run: its parts are announced, as when it began.

    Raises:
        InputError: `store-part`, the run is complete; or the database fails.
    """
    with store.writing() as connection:
        if _lock_run(connection, run, alone=True):
            message = f"run {run} is complete: nothing of it is taken back"
            raise InputError("store-part", message, store.address.shown, "begin another run")
        for table in schema.OF_PART:
            connection.execute(delete(table).where(table.c.run == run))
        again = update(schema.PART).values(state=ANNOUNCED, roster="")
        connection.execute(again.where(schema.PART.c.run == run))


def end(
    store: Store, run: str, *, ended: int, gate: str = "", accounts: IdSum | None = None
) -> None:
    """Call a run complete.

    Args:
        store: where it is.
        run: its id.
        ended: epoch seconds.
        gate: `open` or `closed`; empty where none was decided.
        accounts: what somebody counted who replayed nothing; None where nobody did.

    Raises:
        InputError: `store-part`, a part is missing; `store-sums`, they do not add up, hold one
            scenario twice or others than were counted; or the database fails.
    """
    with store.writing() as connection:
        _lock_run(connection, run, alone=True)
        states = _states(connection, run)
        missing = sorted(part for part, state in states.items() if state != DONE)
        if missing:
            message = f"of run {run} {len(missing)} parts are missing, {quoted(missing[0])} first"
            raise InputError("store-part", message, store.address.shown, "replay them")
        counted = totals(connection, [run])[run]
        counted.check(run)
        _check_lines(connection, run, counted.expected_free.count)
        if accounts is not None and accounts != counted.expected_free:
            was = f"{accounts.count} accounts were counted before"
            found = f"{counted.expected_free.count} are stored, or not the same ones"
            raise sums(f"run {run}: {was} and {found}")
        done = update(schema.RUN).values(complete=True, ended=ended, gate=gate)
        connection.execute(done.where(schema.RUN.c.id == run))


def states(store: Store, run: str) -> Mapping[str, str]:
    """Part → `announced` or `done`: what is still to do of a run that was interrupted.

    Raises:
        InputError: the database fails.
    """
    with store.reading() as connection:
        return _states(connection, run)


def _states(connection: Connection, run: str) -> dict[str, str]:
    query = select(schema.PART.c.id, schema.PART.c.state).where(schema.PART.c.run == run)
    return {row.id: row.state for row in connection.execute(query)}


def _hold(connection: Connection, run: str, part: str) -> None:
    """Keep everybody else from this part, and from ending its run, until this is written."""
    complete = _lock_run(connection, run, alone=False)
    query = select(schema.PART.c.state).where(_is(run, part)).with_for_update()
    known = connection.execute(query).scalar_one_or_none()
    if complete is None or known is None:
        message = f"run {quoted(run)} has no part {quoted(part)}"
        raise InputError("store-part", message, hint="a run announces its parts when it begins")
    if complete:
        message = f"run {run} is complete: part {quoted(part)} cannot be written any more"
        raise InputError("store-part", message, hint="begin another run")


def _lock_run(connection: Connection, run: str, *, alone: bool) -> bool | None:
    """Whether the run is complete, which stays so until the transaction ends; None: no run."""
    query = select(schema.RUN.c.complete).where(schema.RUN.c.id == run)
    return connection.execute(query.with_for_update(read=not alone)).scalar_one_or_none()


def _is(run: str, part: str) -> Any:
    return (schema.PART.c.run == run) & (schema.PART.c.id == part)


def _write_roster(connection: Connection, part: Part, expected: Sums) -> str:
    """Write what is expected, unless another part or run expects the same; give its digest.

    Who comes second waits for the first one's transaction, at the head's key.
    """
    digest, (cells, scenarios) = part.roster, expected
    head = {
        "digest": digest,
        "scenarios": scenarios.count,
        "cells": cells.count,
        "scenario_ids": scenarios.text,
        "cell_ids": cells.text,
    }
    new = _INSERT[connection.dialect.name](schema.ROSTER).values(head).on_conflict_do_nothing()
    if connection.execute(new.returning(schema.ROSTER.c.digest)).first() is not None:
        lines = ((digest, *one) for one in sorted(part.expected))
        insert_many(connection, schema.ROSTERED, lines)
    return digest


def _rows(run: str, part: Part) -> Iterator[tuple[Any, Iterable[tuple[Any, ...]]]]:
    """Table → rows, in the order of the table's columns."""
    name = part.place.id
    yield (
        schema.TALLY,
        ((run, name, *key, found.count, found.text) for key, found in part.tallies.items()),
    )
    yield schema.CELL, ((run, row.id, name, *row[1:]) for row in part.cells)
    yield (
        schema.DIFFERENCE,
        ((run, *row[:2], name, *row[2:]) for row in part.differences),
    )
    yield (
        schema.FREE_TALLY,
        ((run, name, *key, found.count, found.text) for key, found in part.free_tallies.items()),
    )
    yield schema.FREE, ((run, row.scenario, name, *row[1:]) for row in part.free)
    yield schema.USED, ((run, name, *used) for used in sorted(part.used.items()))


def _check_lines(connection: Connection, run: str, expected: int) -> None:
    """Hold the rosters' lines against their heads: each scenario is there, in one part alone.

    Raises:
        InputError: `store-sums`.
    """
    line = schema.ROSTERED.c
    lines = schema.ROSTERED.join(schema.PART, schema.PART.c.roster == line.digest)
    query = select(func.count(), func.count(line.scenario.distinct())).select_from(lines)
    listed, distinct = connection.execute(query.where(schema.PART.c.run == run)).one()
    if not listed == distinct == expected:
        message = f"{expected} scenarios expected, {listed} listed, {distinct} of them distinct"
        raise sums(f"run {run}: {message}")
