"""Many rows into one table, by the fast road of each database.

SQLite: executemany on the driver, in the transaction that is open. PostgreSQL: COPY. Neither goes
through SQLAlchemy's expressions, which cost more than the writing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Table

AT_ONCE: Final = 10_000
"""Rows of SQLite that are in memory at once, beside those that the caller holds."""

Row = tuple[Any, ...]


def insert(connection: Connection, table: Table, rows: Iterable[Row]) -> int:
    """Insert rows that hold a value for every column, in the table's order; give their number."""
    if connection.dialect.name == "postgresql":
        return _copy(connection, table, rows)
    return _many(connection, table, rows)


def _many(connection: Connection, table: Table, rows: Iterable[Row]) -> int:
    """Through SQLAlchemy, on the driver as it is: nothing is compiled a row."""
    marks = ", ".join("?" * len(table.columns))
    statement = f"INSERT INTO {_named(connection, table)} VALUES ({marks})"  # noqa: S608  # own names
    count = 0
    for some in _batches(rows):
        connection.exec_driver_sql(statement, some)
        count += len(some)
    return count


def _copy(connection: Connection, table: Table, rows: Iterable[Row]) -> int:
    driver = connection.connection.driver_connection
    count = 0
    if driver is None:
        raise RuntimeError("the connection is closed")
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {_named(connection, table)} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _named(connection: Connection, table: Table) -> str:
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(column.name) for column in table.columns)
    return f"{quote(table.name)} ({columns})"


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    ahead = iter(rows)
    while some := list(islice(ahead, AT_ONCE)):
        yield some
