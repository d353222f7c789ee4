"""What changed between two complete runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Alias, Connection, Select, Subquery, func, select

from harness.errors import InputError
from harness.model import Free, Outcome
from harness.store import schema
from harness.store.held_rows import check_rows
from harness.store.opening import Store
from harness.store.reader import Known


class Changed(NamedTuple):
    """A cell or free run that came to another outcome; empty where that run did not expect it."""

    id: str
    was: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed; every tuple is sorted.

    Attributes:
        made_of: what the runs are made of, and is not the same.
        new, gone, edited: scenarios.
        cells: of scenarios in both, with another outcome.
        otherwise: cells of the same outcome, with other differences or findings.
        free: scenarios in both whose free run ended otherwise.
        rulings_new, rulings_gone: ruling → cells in the run that used it.
    """

    was: Known
    now: Known
    made_of: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    edited: tuple[str, ...]
    cells: tuple[Changed, ...]
    otherwise: tuple[str, ...]
    free: tuple[Changed, ...]
    rulings_new: Mapping[str, int]
    rulings_gone: Mapping[str, int]

    @property
    def nothing(self) -> bool:
        """Whether the two runs found the same."""
        found: tuple[Collection[Any], ...] = (
            self.new, self.gone, self.edited, self.cells, self.otherwise, self.free,
            self.rulings_new, self.rulings_gone,
        )  # fmt: skip
        return not any(found)


def changes(store: Store, was: Known, now: Known) -> Changes:
    """Compare two runs.

    Raises:
        InputError: `run-incomplete`, nobody knows what one of them would have found;
            `store-damaged`, rows of one are gone; or the database fails.
    """
    for one in (was, now):
        if not one.complete:
            message = f"run {one.run.id} is incomplete: {one.done} of {one.parts} parts are there"
            fix = "compare complete runs; a cell that is not there neither agrees nor differs"
            raise InputError("run-incomplete", message, store.address.shown, fix)
    before, after = was.run.id, now.run.id
    with store.reading() as connection:
        for one in (was, now):
            check_rows(connection, one.run.id, one.totals)
        cells, otherwise = _cells(connection, before, after)
        used = _used(connection, before), _used(connection, after)
        return Changes(
            was=was,
            now=now,
            made_of=now.run.made_otherwise(was.run),
            new=_only(connection, after, before),
            gone=_only(connection, before, after),
            edited=_edited(connection, before, after),
            cells=cells,
            otherwise=otherwise,
            free=_free(connection, before, after),
            rulings_new=_beyond(used[1], used[0]),
            rulings_gone=_beyond(used[0], used[1]),
        )


def _beyond(mine: Mapping[str, int], others: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in sorted(mine.items()) if name not in others}


def _used(connection: Connection, run: str) -> dict[str, int]:
    used = schema.USED.c
    query = select(used.ruling, func.sum(used.cells)).where(used.run == run).group_by(used.ruling)
    return {ruling: int(cells) for ruling, cells in connection.execute(query)}


def _expected(run: str) -> Subquery:
    """The scenarios that a run had to answer for."""
    lines = schema.PART.join(schema.ROSTERED, schema.PART.c.roster == schema.ROSTERED.c.digest)
    columns = (schema.ROSTERED.c.scenario, schema.ROSTERED.c.sha256, schema.ROSTERED.c.cells)
    return select(*columns).select_from(lines).where(schema.PART.c.run == run).subquery()


def _rosters(connection: Connection, run: str) -> set[str]:
    query = select(schema.PART.c.roster).where(schema.PART.c.run == run)
    return set(connection.execute(query).scalars())


def _only(connection: Connection, run: str, other: str) -> tuple[str, ...]:
    """Scenarios of a run that another one did not have; a roster of both is not looked into."""
    own = _rosters(connection, run) - _rosters(connection, other)
    if not own:
        return ()
    line, theirs = schema.ROSTERED.c, _expected(other)
    mine = select(line.scenario).where(line.digest.in_(own))
    found = connection.execute(mine.except_(select(theirs.c.scenario))).scalars()
    return tuple(sorted(found))


def _edited(connection: Connection, before: str, after: str) -> tuple[str, ...]:
    """Scenarios of both that were read from something else."""
    own = _rosters(connection, after) - _rosters(connection, before)
    if not own:
        return ()
    line, theirs = schema.ROSTERED.c, _expected(before)
    query = select(line.scenario).join(theirs, theirs.c.scenario == line.scenario)
    other = line.digest.in_(own) & (line.sha256 != theirs.c.sha256)
    return tuple(sorted(set(connection.execute(query.where(other)).scalars())))


def _cells(
    connection: Connection, before: str, after: str
) -> tuple[tuple[Changed, ...], tuple[str, ...]]:
    """Cells that came to another outcome, and those that came to the same one otherwise."""
    found: list[Changed] = []
    otherwise: list[str] = []
    for name, outcome, other, cells in connection.execute(
        _beside(schema.CELL, before, after, unequal=True)
    ):
        if other is None:
            other = _silent(name, cells)
            if other is None:
                continue  # its scenario is gone, which is told once
        if outcome == other:
            otherwise.append(name)
        else:
            found.append(Changed(name, outcome, other))
    for name, outcome, _, cells in connection.execute(
        _beside(schema.CELL, after, before, unequal=False)
    ):
        other = _silent(name, cells)
        if other == outcome:
            otherwise.append(name)
        elif other is not None:
            found.append(Changed(name, other, outcome))
    return tuple(sorted(found)), tuple(sorted(otherwise))


def _silent(name: str, cells: int | None) -> str | None:
    """What a run says of a cell by keeping no row of it; None where it has not its scenario."""
    if cells is None:
        return None
    return str(Outcome.AGREE) if int(name.rpartition("#")[2]) < cells else ""


def _free(connection: Connection, before: str, after: str) -> tuple[Changed, ...]:
    """Free runs of scenarios in both that ended otherwise."""
    found: set[Changed] = set()
    for run, other_run, turned in ((before, after, False), (after, before, True)):
        mine, theirs = schema.FREE.alias("mine"), schema.FREE.alias("theirs")
        expected = _expected(other_run)
        query = (
            select(mine.c.scenario, mine.c.outcome, theirs.c.outcome)
            .join(expected, expected.c.scenario == mine.c.scenario)
            .outerjoin(
                theirs, (theirs.c.run == other_run) & (theirs.c.scenario == mine.c.scenario)
            )
            .where(mine.c.run == run)
        )
        for scenario, outcome, other in connection.execute(query):
            pair = (outcome, other or str(Free.KEPT))
            if pair[0] != pair[1]:
                found.add(Changed(scenario, *(reversed(pair) if turned else pair)))
    return tuple(sorted(found))


def _beside(table: Any, run: str, other_run: str, *, unequal: bool) -> Select[Any]:
    """The rows of one run beside those of another, with how many cells that one expected.

    Only those that the other has not; with `unequal` also those that are not the same there.
    """
    mine: Alias = table.alias("mine")
    theirs: Alias = table.alias("theirs")
    expected = _expected(other_run)
    alone = theirs.c.id.is_(None)
    differs = (mine.c.outcome != theirs.c.outcome) | (mine.c.digest != theirs.c.digest)
    return (
        select(mine.c.id, mine.c.outcome, theirs.c.outcome, expected.c.cells)
        .outerjoin(theirs, (theirs.c.run == other_run) & (theirs.c.id == mine.c.id))
        .outerjoin(expected, expected.c.scenario == mine.c.scenario)
        .where(mine.c.run == run)
        .where(alone | differs if unequal else alone)
    )
