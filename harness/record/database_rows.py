"""Rows that a database answers to a query: read only, streamed, exact, and no secret told."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import unquote
from uuid import UUID

from harness.errors import InputError
from harness.ports import Data, Raw, Unused
from harness.record.raw_files import Read
from harness.text import quoted, visible

LIMIT: Final = 600
"""Seconds that a query may take; a limit that PostgreSQL, its role or the URL sets goes first."""
AT_ONCE: Final = 1_000
"""Rows that are in memory at once, beside those that are kept."""
MOST_DIGITS: Final = 18
"""Of a whole number; every such number has 64 bits at most."""
_LIMITED: Final = (
    f"SELECT set_config('statement_timeout', '{LIMIT}s', false)"
    " WHERE current_setting('statement_timeout') = '0'"
)
BEFORE: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "postgresql": (
            "SET TRANSACTION READ ONLY",
            # and any transaction that the query itself might begin
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            _LIMITED,
        ),
    }
)
"""Kind of database → what is said before the query, so that it changes nothing and ends."""


class Named(NamedTuple):
    """Whom the events name.

    Attributes:
        owner: the column that says whose a row is.
        texts: every text of the events, and so every id of an account among them.
    """

    owner: str
    texts: frozenset[str]


def named(owner: str, found: Iterable[Raw]) -> Named:
    """Whom events name, and more than that: which of their texts are ids is not known here."""
    texts: set[str] = set()
    ahead: list[Any] = [raw.data for raw in found]
    while ahead:
        value = ahead.pop()
        if isinstance(value, str):
            texts.add(value)
        elif isinstance(value, Mapping):
            ahead.extend(value.values())
        elif isinstance(value, list | tuple):
            ahead.extend(value)
    return Named(owner, frozenset(texts))


def read_database(source: str, query: str | None, of: Named | None = None) -> Read:
    """Read what a query answers; it may change nothing.

    Args:
        source: the database's URL.
        query: one query, one row an account.
        of: only rows of these accounts are kept; None keeps all.

    Raises:
        InputError: nothing can be asked, the database fails, or nobody can tell what its columns
            are. No password and no text of the query is in it.
    """
    if query is None:
        message = "--accounts is a database's URL, and there is no --query"
        raise InputError("query-missing", message, hint='--query "SELECT …", one row an account')
    try:
        import sqlalchemy
    except ImportError:
        message = "a database needs SQLAlchemy, which is not installed"
        hint = "install the extra `sql` and the database's driver, or name a file"
        raise InputError("sql-missing", message, hint=hint) from None
    url = _url(source)
    # drivers take passwords in the URL's options too
    where = visible(url.set(query={}).render_as_string(hide_password=True))
    _check_sqlite_file(url, where)
    answer = _Answer(where=where, of=of)
    with _told(_secrets(url, source, query), where):
        engine = sqlalchemy.create_engine(url)
        try:
            # closing it rolls back
            with engine.connect() as connection, closing(_asked(connection, query)) as rows:
                answer.take(rows)
        finally:
            engine.dispose()
    return answer.read()


# --- asking -----------------------------------------------------------------------------


def _url(source: str) -> Any:
    import sqlalchemy

    hint = "write dialect://user:password@host/database, such as postgresql+psycopg://…"
    try:
        url = sqlalchemy.make_url(source)
        url.get_dialect()
    except sqlalchemy.exc.NoSuchModuleError:
        message = f"no dialect of SQLAlchemy is named {quoted(url.drivername)}"
        raise InputError("sql-url", message, "--accounts", hint) from None
    except (sqlalchemy.exc.ArgumentError, ValueError):
        message = "this is no database's URL (it is not shown, it may hold a password)"
        raise InputError("sql-url", message, "--accounts", hint) from None
    return url


def _check_sqlite_file(url: Any, where: str) -> None:
    """SQLite would make an empty database where there is none."""
    file = url.database
    if url.get_backend_name() != "sqlite" or file in (None, "", ":memory:"):
        return
    if not str(file).startswith("file:") and not Path(file).is_file():
        raise InputError("unreadable", "there is no such database", where, "check the name")


def _asked(connection: Any, query: str) -> Any:
    """Ask a query as it stands: without parameters, so that `%` is only a percent sign."""
    backend = connection.engine.url.get_backend_name()
    for statement in BEFORE.get(backend, ()):
        connection.exec_driver_sql(statement)
    if backend == "sqlite":
        _restrict(connection.connection.driver_connection)
    # of SQLite, a column named `account.segment` would be `segment`
    options = {"yield_per": AT_ONCE, "no_parameters": True, "sqlite_raw_colnames": True}
    return connection.execution_options(**options).exec_driver_sql(query)


def _restrict(driver: Any) -> None:
    """Let a connection of SQLite read and do nothing else, not even a PRAGMA; and end."""
    import sqlite3

    reads = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}
    reads.add(sqlite3.SQLITE_RECURSIVE)

    def allowed(action: int, *_: object) -> int:
        return sqlite3.SQLITE_OK if action in reads else sqlite3.SQLITE_DENY

    driver.set_authorizer(allowed)
    ends = time.monotonic() + LIMIT
    driver.set_progress_handler(lambda: time.monotonic() > ends, 100_000)


# --- rows -------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Answer:
    """What is kept of the rows of an answer, of which there may be more than memory holds."""

    where: str
    of: Named | None
    found: list[Raw] = field(default_factory=list)
    failures: list[InputError] = field(default_factory=list)
    others: int = 0

    def take(self, rows: Any) -> None:
        """Take each row that is of one of the accounts; a bad one is a failure.

        Raises:
            InputError: columns from which nobody can tell what or whose a row is.
        """
        names = tuple(map(str, rows.keys()))
        self.check(names)
        for number, row in enumerate(rows):
            cells = dict(zip(names, row, strict=True))
            place = f"{self.where}[{number}]"
            if not self.wants(cells, place):
                self.others += 1
                continue
            try:
                plain = {name: _plain(value, name, place) for name, value in cells.items()}
                self.found.append(Raw(plain, place))
            except InputError as error:
                self.failures.append(error)

    def check(self, names: Sequence[str]) -> None:
        """Every column has a name of its own, and one says whose a row is."""
        for name in names:
            if not name or names.count(name) > 1:
                twice = f"the column {quoted(name)} stands twice"
                message = twice if name else "a column has no name"
                hint = 'name it with AS: flags.bad_debt AS "billing_db.bad_debt"'
                raise InputError("sql-columns", message, self.where, hint)
        if self.of is not None and self.of.owner not in names:
            message = f"the answer has no column {quoted(self.of.owner)}: whose are its rows?"
            hint = f'name it with AS: accounts.id AS "{self.of.owner}"'
            raise InputError("sql-columns", message, self.where, hint)

    def wants(self, cells: Mapping[str, Any], where: str) -> bool:
        """Whether the events name whose row this is; a row of nobody is none of theirs.

        Raises:
            InputError: what says whose it is, is no text.
        """
        if self.of is None:
            return True
        held = cells[self.of.owner]
        if held is None:
            return False
        if isinstance(held, Mapping):
            return any(isinstance(one, str) and one in self.of.texts for one in held.values())
        if isinstance(held, str | UUID):
            return str(held) in self.of.texts
        message = f"{self.of.owner}: of the kind {type(held).__name__}, where events have a text"
        hint = "select the id by which the events name the account"
        raise InputError("sql-columns", message, where, hint)

    def read(self) -> Read:
        """What was taken; an answer with nothing in it is a failure."""
        unused: tuple[Unused, ...] = ()
        message = "the query answers no row"
        if self.others:
            message = f"none of the {self.others:,} rows is of an account that an event names"
            reason = "no event is of their accounts"
            unused = (Unused(self.where, f"{self.others:,} rows of accounts", reason),)
        if not self.found and not self.failures:
            hint = "check what it selects, and which column says whose a row is"
            self.failures.append(InputError("sql-rows", message, self.where, hint))
        return Read(found=tuple(self.found), failures=tuple(self.failures), unused=unused)


def _plain(value: Any, name: str, where: str) -> Data:
    """A cell as plain data; exact, or refused. A null stays one: it is no default.

    Raises:
        InputError: it is a fraction, a time without a zone, or of a kind that no scenario holds.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list):
        return [_plain(one, f"{name}[{at}]", where) for at, one in enumerate(value)]
    if isinstance(value, dict):
        return {str(key): _plain(one, f"{name}.{key}", where) for key, one in value.items()}
    if isinstance(value, datetime):
        return _moment(value, name, where)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal) and _is_whole(value):
        return int(value)
    message = f"{visible(name)}: a {type(value).__name__} that is no whole number and no text"
    hint = "select text or whole numbers (money in minor units), or leave the column out"
    raise InputError("sql-value", message, where, hint)


def _is_whole(value: Decimal) -> bool:
    return value.is_finite() and value.adjusted() < MOST_DIGITS and value == int(value)


def _moment(value: datetime, name: str, where: str) -> str:
    """A time in UTC; which moment one without a zone names, nobody can tell."""
    if value.utcoffset() is None:
        message = f"{visible(name)}: a time without a zone: in which zone was it written?"
        hint = f"""say it in the query: … AT TIME ZONE 'UTC' AS "{visible(name)}" (PostgreSQL)"""
        raise InputError("sql-value", message, where, hint)
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- secrets ----------------------------------------------------------------------------


class _Secrets(NamedTuple):
    """What no message shows.

    Attributes:
        texts: the URL, its password and its options; the longest first, as one may hold another.
        words: what stands in the query's quotes, word by word: drivers cut and quote it.
    """

    texts: Sequence[str]
    words: frozenset[str]

    def masked(self, text: str) -> str:
        for secret in self.texts:
            text = text.replace(secret, "***")
        return re.sub(r"\w+", lambda word: "***" if word[0] in self.words else word[0], text)


def _secrets(url: Any, source: str, query: str) -> _Secrets:
    held = (source, url.password, *url.query.values())
    plain = [one for some in held for one in (some if isinstance(some, tuple) else (some,))]
    texts = {form for one in plain if one for form in (str(one), unquote(str(one)))}
    words = frozenset(re.findall(r"\w+", " ".join(_quoted_in(query))))
    return _Secrets(sorted(texts, key=len, reverse=True), words)


def _quoted_in(query: str) -> Iterator[str]:
    """Every text in a query's quotes, and rather too much: a backslash may escape or not.

    A name in double quotes counts, as many write a text so; one behind AS does not.
    """
    for inner in (r"[^']|''", r"[^'\\]|\\.|''"):
        literal = (
            rf"""'(?:{inner})*'?|(\$\w*\$).*?(?:\1|\Z)|(?<!\w)AS\s+"[^"]*"|"[^"]*"?|`[^`]*`?"""
        )
        for found in re.finditer(literal, query, re.DOTALL | re.IGNORECASE):
            if found[0][0] in "'\"$`":
                yield found[0]
    if query.count("'") % 2:  # where a text ends, nobody can tell
        yield query[query.index("'") :]


@contextmanager
def _told(secrets: _Secrets, where: str) -> Iterator[None]:
    """Turn whatever a database or its driver raises into an error that holds no secret."""
    try:
        yield
    except InputError:
        raise
    except ImportError as error:  # a driver
        message = f"the database's driver is not installed: {visible(str(error))}"
        hint = "install it; for PostgreSQL psycopg[binary], and begin with postgresql+psycopg://"
        raise InputError("sql-driver", message, where, hint) from None
    except Exception as error:  # noqa: BLE001  # of whatever kind the driver raises
        cause = getattr(error, "orig", None) or error
        # the lines below the first repeat the query and the row
        text = secrets.masked((str(cause).strip().splitlines() or [""])[0])
        message = f"the database did not answer: {type(cause).__name__}: {visible(text)}"
        hint = "check the URL; --query is one SELECT, and it can change nothing"
        raise InputError("sql-failed", message, where, hint) from None
