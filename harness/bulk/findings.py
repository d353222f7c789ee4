"""What a bulk run found so far, asked from the store: totals that add up, what differs most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, distinct, func, select

from harness.model import Free, Outcome
from harness.store import reader, schema
from harness.store.opening import Store
from harness.store.part import CELL, Part
from harness.store.reader import Known

MOST: Final = 10
"""Signatures that are listed."""

TOLD: Final = 20
"""Accounts that were not run and are told one by one; the store has them all."""


class Tallied(NamedTuple):
    """Cells of one kind of evidence, class and outcome; the first two are empty if not run."""

    kind: str
    klass: str
    outcome: str
    cells: int


class Lost(NamedTuple):
    """An account that was not run, and why."""

    account: str
    slug: str
    detail: str


class Alike(NamedTuple):
    """Differences that no ruling covers and that are alike but for ids and amounts.

    Attributes:
        example: a cell that has one; the first by name.
        field, path: of that one.
    """

    signature: str
    accounts: int
    cells: int
    field: str
    path: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found.

    Attributes:
        known: the run with its totals, which add up by id.
        cells: by kind, class and outcome.
        differing: accounts with a cell that does not agree.
        unruled: those of them in which a cell is not ruled either.
        not_kept: accounts whose free run was not kept.
        lost: accounts that nobody could replay, the first by name.
        reasons: why → accounts that nobody could replay.
        alike: what differs in most accounts, the commonest first.
        more: other signatures.
    """

    known: Known
    cells: tuple[Tallied, ...]
    differing: int
    unruled: int
    not_kept: int
    lost: tuple[Lost, ...]
    reasons: Mapping[str, int]
    alike: tuple[Alike, ...]
    more: int

    @property
    def accounts(self) -> int:
        """Accounts that parts which are there have to answer for."""
        return self.known.totals.expected_free.count

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Outcome of cells → how many."""
        found = self.known.totals.cells
        return {str(one): found[str(one)].count for one in Outcome if str(one) in found}

    @property
    def free(self) -> Mapping[str, int]:
        """Outcome of free runs → how many."""
        found = self.known.totals.free
        return {str(one): found[str(one)].count for one in Free if str(one) in found}


def findings(store: Store, run: str) -> Findings:
    """Ask what a run found so far.

    Raises:
        InputError: what is stored does not add up, or the database fails.
    """
    known = reader.one(store, run)
    known.totals.check(run)
    with store.reading() as connection:
        cell, free = schema.CELL.c, schema.FREE.c
        accounts = select(func.count(distinct(cell.scenario))).where(cell.run == run)
        settled = (Outcome.AGREE, Outcome.RULED)
        ended = select(func.count()).where(free.run == run)
        signatures = _alike(connection, run)
        lost, reasons = _lost(connection, run)
        return Findings(
            known=known,
            cells=_cells(connection, run),
            differing=_one(connection, accounts.where(cell.outcome != Outcome.AGREE)),
            unruled=_one(connection, accounts.where(cell.outcome.not_in(settled))),
            not_kept=_one(connection, ended),
            lost=lost,
            reasons=reasons,
            alike=signatures[:MOST],
            more=len(signatures[MOST:]),
        )


def _one(connection: Connection, query: Select[Any]) -> int:
    found: int = connection.execute(query).scalar_one()
    return found


def _cells(connection: Connection, run: str) -> tuple[Tallied, ...]:
    tally = schema.TALLY.c
    keys = (tally.kind, tally["class"], tally.outcome)
    query = select(*keys, func.sum(tally.cells)).where(tally.run == run, tally.path == CELL)
    rows = connection.execute(query.group_by(*keys).order_by(*keys))
    return tuple(Tallied(kind, klass, outcome, int(n)) for kind, klass, outcome, n in rows)


class _Why(msgspec.Struct, array_like=True):
    """A finding, as the store keeps it."""

    outcome: str
    slug: str
    detail: str


def lost_in(part: Part) -> Iterator[Lost]:
    """Accounts of a part that nobody could replay, as they are told."""
    for cell in part.cells:
        if not cell.kind and cell.id == f"{cell.scenario}#0":
            yield from _whys(cell.scenario, cell.findings)


def _whys(account: str, findings: str) -> Iterator[Lost]:
    for why in msgspec.json.decode(findings, type=list[_Why]):
        yield Lost(account=account, slug=why.slug, detail=why.detail)


def _lost(connection: Connection, run: str) -> tuple[tuple[Lost, ...], Mapping[str, int]]:
    """Accounts without any evidence: nothing was run, so that not even its kind is known."""
    cell = schema.CELL.c
    first = (cell.run == run) & (cell.kind == "") & (cell.id == cell.scenario + "#0")
    query = select(cell.scenario, cell.findings).where(first).order_by(cell.scenario)
    told: list[Lost] = []
    reasons: Counter[str] = Counter()
    for account, findings in connection.execute(query, execution_options={"yield_per": 1_000}):
        for one in _whys(account, findings):
            reasons[one.slug] += 1
            if len(told) < TOLD:
                told.append(one)
    return tuple(told), dict(sorted(reasons.items()))


def _alike(connection: Connection, run: str) -> tuple[Alike, ...]:
    """All signatures of differences without a ruling; there are as many as kinds of faults."""
    one = schema.DIFFERENCE.c
    accounts = func.count(distinct(one.scenario))
    columns = (one.signature, accounts, func.count(distinct(one.cell)), func.min(one.cell))
    mine = (one.run == run) & (one.ruling == "")
    query = select(*columns).where(mine).group_by(one.signature)
    rows = connection.execute(query.order_by(accounts.desc(), one.signature)).all()
    found = []
    for number, (signature, many, cells, example) in enumerate(rows):
        field, path = _of(connection, run, signature, example) if number < MOST else ("", "")
        found.append(Alike(signature, many, cells, field, path, example))
    return tuple(found)


def _of(connection: Connection, run: str, signature: str, cell: str) -> tuple[str, str]:
    one = schema.DIFFERENCE.c
    mine = (one.run == run) & (one.cell == cell) & (one.signature == signature)
    query = select(one.field, one.path).where(mine).order_by(one.number).limit(1)
    field, path = connection.execute(query).one()
    return field, path
