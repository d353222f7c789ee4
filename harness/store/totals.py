"""What runs counted, and whether it is what was expected of them, id by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from harness.errors import InputError
from harness.evidence import COMPARED
from harness.store import schema
from harness.store.id_sum import IdSum
from harness.store.part import CELL


@dataclass(slots=True, kw_only=True)
class Totals:
    """What a run counted.

    Attributes:
        cells, free: outcome → how many, and which.
        kinds: kind of evidence → compared cells; kinds are never added.
        expected, expected_free: what its parts had to answer for.
    """

    cells: dict[str, IdSum] = field(default_factory=dict)
    free: dict[str, IdSum] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    expected: IdSum = field(default_factory=IdSum)
    expected_free: IdSum = field(default_factory=IdSum)

    def check(self, run: str) -> None:
        """Hold what was counted against what was expected.

        Raises:
            InputError: `store-damaged`.
        """
        for what, wanted, counts in (
            ("cells", self.expected, self.cells),
            ("free runs", self.expected_free, self.free),
        ):
            found = IdSum()
            for one in counts.values():
                found.take(one)
            if found != wanted:
                other = "" if found.count != wanted.count else ", and not the same ones"
                message = (
                    f"run {run}: {wanted.count} {what} were expected and {found.count} are"
                    f" counted{other}"
                )
                hint = "somebody changed its rows: restore the store from a copy"
                raise InputError("store-damaged", message, hint=hint)


def totals(connection: Connection, runs: Sequence[str]) -> dict[str, Totals]:
    """Run → what it counted so far."""
    found = {run: Totals() for run in runs}
    tally, free = schema.TALLY.c, schema.FREE_TALLY.c
    query = select(tally.run, tally.kind, tally.outcome, tally.cells, tally.ids)
    mine = (tally.path == CELL) & tally.run.in_(runs)
    for run, kind, outcome, count, ids in connection.execute(query.where(mine)):
        found[run].cells.setdefault(outcome, IdSum()).take(_read(run, count, ids))
        if outcome in COMPARED:
            found[run].kinds[kind] = found[run].kinds.get(kind, 0) + count
    ended = select(free.run, free.outcome, free.runs, free.ids).where(free.run.in_(runs))
    for run, outcome, count, ids in connection.execute(ended):
        found[run].free.setdefault(outcome, IdSum()).take(_read(run, count, ids))
    heads = schema.PART.join(schema.ROSTER, schema.PART.c.roster == schema.ROSTER.c.digest)
    roster = schema.ROSTER.c
    columns = (roster.cells, roster.cell_ids, roster.scenarios, roster.scenario_ids)
    expected = select(schema.PART.c.run, *columns).select_from(heads)
    for run, cells, cell_ids, scenarios, scenario_ids in connection.execute(
        expected.where(schema.PART.c.run.in_(runs))
    ):
        found[run].expected.take(_read(run, cells, cell_ids))
        found[run].expected_free.take(_read(run, scenarios, scenario_ids))
    return found


def _read(run: str, count: int, ids: str) -> IdSum:
    try:
        return IdSum.read(count, ids)
    except ValueError:
        message = f"run {run}: {ids!r} is no sum of ids"
        hint = "somebody changed its rows: restore the store from a copy"
        raise InputError("store-damaged", message, hint=hint) from None
