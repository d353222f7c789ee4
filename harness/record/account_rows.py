"""Rows of stores that events do not tell of: from CSV, JSON, or a database."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Final

from harness.errors import InputError
from harness.ports import Raw
from harness.record.database_rows import Named, read_database
from harness.record.raw_files import LARGEST, Read, opened, read_raw
from harness.text import quoted, shown_path, visible

URL: Final = "://"
"""What only a database's URL holds."""


def read_accounts(source: str | None, query: str | None, of: Named | None = None) -> Read:
    """Read rows, one an account; those that cannot be read are failures.

    Args:
        source: a file of CSV, JSON or JSON Lines, or a database's URL; None for no rows.
        query: what to ask of the database.
        of: of a database only rows of these accounts are kept; None keeps all.

    Raises:
        InputError: a query without a database or the reverse, or a source that cannot be used.
    """
    if source is None:
        if query is not None:
            message = "--query is given, and no --accounts"
            raise InputError("query-alone", message, hint="--accounts URL names the database")
        return Read(found=())
    if URL in source:
        return read_database(source, query, of)
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
