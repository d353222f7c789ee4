"""Rows of stores that events do not tell of: from CSV, JSON, or a database."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote
from uuid import UUID

from harness.errors import InputError
from harness.ports import Data, Raw
from harness.record.raw_files import LARGEST, Read, opened, read_raw
from harness.text import quoted, shown_path, visible

URL: Final = "://"
"""What only a database's URL holds."""


def read_accounts(source: str | None, query: str | None) -> Read:
    """Read rows, one an account; those that cannot be read are failures.

    Args:
        source: a file of CSV, JSON or JSON Lines, or a database's URL; None for no rows.
        query: what to ask of the database.

    Raises:
        InputError: a query without a database or the reverse, or a source that cannot be used.
    """
    if source is None:
        if query is not None:
            message = "--query is given, and no --accounts"
            raise InputError("query-alone", message, hint="--accounts URL names the database")
        return Read(found=())
    if URL in source:
        return _from_database(source, query)
    if query is not None:
        message = f"--query is given, and {quoted(source)} is no database's URL"
        raise InputError("query-alone", message, hint="leave --query out, or name a database")
    path = Path(source)
    if path.suffix.lower() != ".csv":
        return read_raw([path])
    return _from_csv(path)


# --- CSV --------------------------------------------------------------------------------


def _from_csv(path: Path) -> Read:
    name = shown_path(path)
    with opened(path) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        message = f"is more than {LARGEST:,} bytes (64 MiB)"
        raise InputError("file-too-large", message, name, "write JSON Lines, of any size")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not-utf8", "is not UTF-8", name, "save it as UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    found: list[Raw] = []
    failures: list[InputError] = []
    try:
        _check_header(reader.fieldnames or (), name)
        for row in reader:
            where = f"{name}:{reader.line_num}"
            if None in row or None in row.values():
                message = f"the row has not the {len(reader.fieldnames or ())} cells of the header"
                failures.append(InputError("csv-row", message, where, "quote cells with commas"))
            else:
                found.append(Raw(row, where))
    except csv.Error as error:
        where = f"{name}:{reader.line_num + 1}"
        failures.append(InputError("csv-syntax", f"no CSV: {visible(str(error))}", where))
    return Read(found=tuple(found), failures=tuple(failures))


def _check_header(names: Any, file: str) -> None:
    """Every column has a name of its own."""
    if not names or not all(names):
        message = "a column has no name"
        hint = "the first line names the place of each column"
        raise InputError("csv-header", message, f"{file}:1", hint)
    for name in names:
        if names.count(name) > 1:
            message = f"the column {quoted(name)} stands twice"
            raise InputError("csv-header", message, f"{file}:1", "keep one of them")


# --- databases --------------------------------------------------------------------------


def _from_database(source: str, query: str | None) -> Read:
    """What a query answers; nothing that it might change is kept."""
    if query is None:
        message = "--accounts is a database's URL, and there is no --query"
        raise InputError("query-missing", message, hint='--query "SELECT …", one row an account')
    try:
        import sqlalchemy
    except ImportError:
        message = "a database needs SQLAlchemy, which is not installed"
        hint = "install the extra `sql` and the database's driver, or name a file"
        raise InputError("sql-missing", message, hint=hint) from None
    try:
        url = sqlalchemy.make_url(source)
    except sqlalchemy.exc.ArgumentError:
        message = "this is no database's URL (it is not shown, it may hold a password)"
        hint = "write dialect://user:password@host/database"
        raise InputError("sql-url", message, "--accounts", hint) from None
    # drivers take passwords in the URL's options too
    where = visible(url.set(query={}).render_as_string(hide_password=True))
    _check_sqlite_file(url, where)
    found: list[Raw] = []
    failures: list[InputError] = []
    with _told((source, url.password, *url.query.values()), where):
        engine = sqlalchemy.create_engine(url)
        try:
            with engine.connect() as connection:  # closing it rolls back
                rows = connection.execution_options(stream_results=True).exec_driver_sql(query)
                for number, row in enumerate(rows.mappings()):
                    place = f"{where}[{number}]"
                    try:
                        found.append(Raw(_plain_row(row, place), place))
                    except InputError as error:
                        failures.append(error)
        finally:
            engine.dispose()
    return Read(found=tuple(found), failures=tuple(failures))


@contextmanager
def _told(secrets: Iterable[object], where: str) -> Iterator[None]:
    """Turn whatever a database or its driver raises into an error that holds no secret."""
    try:
        yield
    except ImportError as error:  # a driver
        message = f"the database's driver is not installed: {visible(str(error))}"
        raise InputError("sql-driver", message, where, "install it") from None
    except Exception as error:  # noqa: BLE001  # of whatever kind the driver raises
        cause = getattr(error, "orig", None) or error
        text = f"{type(cause).__name__}: {cause}"
        for secret in filter(None, secrets):
            for form in (str(secret), unquote(str(secret))):
                text = text.replace(form, "***")
        message = f"the database did not answer: {visible(text)}"
        raise InputError("sql-failed", message, where, "check the URL and --query") from None


def _check_sqlite_file(url: Any, where: str) -> None:
    """SQLite would make an empty database where there is none."""
    file = url.database
    if url.get_backend_name() != "sqlite" or file in (None, "", ":memory:"):
        return
    if not str(file).startswith("file:") and not Path(file).is_file():
        raise InputError("unreadable", "there is no such database", where, "check the name")


def _plain_row(row: Mapping[Any, Any], where: str) -> dict[str, Data]:
    return {str(name): _plain(value, str(name), where) for name, value in row.items()}


def _plain(value: Any, name: str, where: str) -> Data:
    """A cell of a database as plain data; exact, or refused.

    Raises:
        InputError: it is a fraction, bytes, or of another kind that no scenario holds.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and value == int(value):
        return int(value)
    message = f"{visible(name)}: a {type(value).__name__} that is no whole number and no text"
    hint = "select text or whole numbers, money in minor units"
    raise InputError("sql-value", message, where, hint)
