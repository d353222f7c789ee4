"""Runs by hand, parts by hand, and stores of both sorts to keep them in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from harness.model import Cell, Free, FreeRun
from harness.store import schema, writer
from harness.store.opening import Store
from harness.store.part import Expected, Part, Place
from harness.store.run import Run
from tests import postgres
from tests.postgres import Postgres

BEGUN = 1_772_445_600  # 2026-03-02T10:00:00Z
DAY = 86_400
MADE_OF = {"candidate": "c1", "control": "k1", "rulings": "r1"}
WHOLE = Place(id="scenarios", source="scenarios")


@contextmanager
def running() -> Iterator[Postgres]:
    """A real server; where there is none the tests are skipped, and fail in CI."""
    if postgres.programs() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(postgres.INSTALL)
    with postgres.started() as server:
        yield server


def fresh_database(server: Postgres, name: str) -> str:
    """The URL of a new, empty database."""
    import psycopg

    login = {"host": str(server.folder), "user": "owner", "password": postgres.LOGIN}
    with psycopg.connect(dbname="postgres", autocommit=True, **login) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return server.url(user="owner").replace("/postgres?", f"/{name}?")


def run(number: int = 1, **changes: Any) -> Run:
    """The run of a day."""
    values: dict[str, Any] = {
        "id": f"2026030{number}-100000-00000{number}",
        "begun": BEGUN + (number - 2) * DAY,
        "command": "gate",
        "level": "rehearsal",
        "partial": "",
        "harness": "0.1.0",
        "made_of": MADE_OF,
    }
    return Run(**{**values, **changes})


def part(
    cells: Sequence[Cell],
    free: Iterable[FreeRun] | None = None,
    *,
    place: Place = WHOLE,
    expected: Sequence[Expected] | None = None,
) -> Part:
    """A part of some cells, which expects these cells unless told otherwise."""
    counts: dict[str, int] = {}
    for one in cells:
        counts[one.episode.scenario] = counts.get(one.episode.scenario, 0) + 1
    known = [Expected(name, f"sha-{name}", n) for name, n in sorted(counts.items())]
    found = Part(place=place, expected=tuple(known if expected is None else expected))
    for one in cells:
        found.take(one)
    ended = [FreeRun(scenario=name, outcome=Free.KEPT) for name in counts]
    for end in ended if free is None else free:
        found.take_free(end, "curated")
    return found


def keep(store: Store, kept: Run, *parts: Part, gate: str = "closed") -> None:
    """Keep a whole run."""
    writer.begin(store, kept, [one.place for one in parts])
    for one in parts:
        writer.write(store, kept.id, one)
    writer.end(store, kept.id, ended=kept.begun + 60, gate=gate)


def rows(store: Store, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of tables, of all unless some are named, in order."""
    with store.reading() as connection:
        return {
            name: sorted(
                map(tuple, connection.execute(select(schema.META.tables[name]))), key=repr
            )
            for name in tables or sorted(schema.META.tables)
        }
