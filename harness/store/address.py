"""Where a run store is: a file of SQLite or a database of PostgreSQL, told without its secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from harness.errors import InputError
from harness.text import quoted, visible

if TYPE_CHECKING:
    from sqlalchemy import URL

OPTION: Final = "--store"
DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""How an address begins → the dialect and driver whose fast road this package knows."""

_FORM: Final = "name a file, or write postgresql://user@host/database"
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_BUSY: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A store's place.

    Attributes:
        url: for SQLAlchemy, password included.
        shown: what messages and reports say instead.
    """

    url: URL
    shown: str

    @property
    def sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.url.drivername.startswith("sqlite")

    @property
    def file(self) -> str:
        """The file of SQLite; empty for a server."""
        return str(self.url.database or "") if self.sqlite else ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that no message shows, the longest first."""
        held = [self.url.password, self.url.query.get("password")]
        plain = {form for one in held if one for form in (str(one), unquote(str(one)))}
        return tuple(sorted(plain, key=len, reverse=True))


def check_packages() -> None:
    """Look for what the rest of this package imports, before it is imported.

    Raises:
        InputError: `store-packages`.
    """
    try:
        import alembic  # noqa: F401  # only whether it is there
        import sqlalchemy  # noqa: F401  # likewise
    except ImportError as error:
        message = f"a store needs SQLAlchemy and Alembic: {visible(str(error))}"
        hint = "install the extra `store`, for PostgreSQL the extra `postgres`"
        raise InputError("store-packages", message, OPTION, hint) from None


def read_address(text: str) -> Address:
    """Read what `--store` names; what is no URL is the file of an SQLite database.

    Raises:
        InputError: `store-url`.
    """
    import sqlalchemy

    if "://" not in text:
        if not text.strip():
            raise InputError("store-url", "the store has no name", OPTION, _FORM)
        url = sqlalchemy.URL.create(DRIVERS["sqlite"], database=text)
        return Address(url=url, shown=visible(text))
    try:
        url = sqlalchemy.make_url(text)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        message = "this is no database's URL (it is not shown, it may hold a password)"
        raise InputError("store-url", message, OPTION, _FORM) from None
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        message = f"no store is kept by {quoted(url.drivername)}"
        raise InputError("store-url", message, OPTION, _FORM)
    address = Address(url=url.set(drivername=driver), shown=_shown(url))
    if address.sqlite and address.file in ("", ":memory:"):
        message = "a database in memory keeps nothing"
        raise InputError("store-url", message, OPTION, _FORM)
    return address


@contextmanager
def told(address: Address) -> Iterator[None]:
    """Turn whatever a database or its driver raises into an error that teaches.

    Raises:
        InputError: `store-driver`, `store-busy`, `store-damaged`, `store-failed`.
    """
    import sqlalchemy

    try:
        yield
    except ImportError as error:  # a driver, when the engine is made
        message = f"the database's driver is not installed: {visible(str(error))}"
        hint = "install the extra `postgres`"
        raise InputError("store-driver", message, address.shown, hint) from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise failure(address, cause) from None
    except Exception as error:
        if not _of_driver(error):
            raise
        raise failure(address, error) from None


def failure(address: Address, cause: BaseException) -> InputError:
    """What a database's own error says, by what a person can do about it."""
    text = (str(cause).strip().splitlines() or [""])[0]  # the lines below repeat the row
    for secret in address.secrets:
        text = text.replace(secret, "***")
    said = f"{type(cause).__name__}: {visible(text)}"
    name = getattr(cause, "sqlite_errorname", "")
    if name.startswith(_BUSY):
        message = f"another process is writing and did not end: {said}"
        hint = "wait for it, then run the command again"
        return InputError("store-busy", message, address.shown, hint)
    if name.startswith(_DAMAGED):  # a code may say more, behind its name
        hint = "restore it from a copy, or name another file"
        return InputError(
            "store-damaged", f"this is no whole database: {said}", address.shown, hint
        )
    hint = "check the name, and that the server runs and lets this user in"
    return InputError("store-failed", f"the store did not answer: {said}", address.shown, hint)


def _of_driver(error: Exception) -> bool:
    """Whether a driver raised it past SQLAlchemy, as COPY does."""
    kinds: tuple[type[Any], ...] = type(error).__mro__
    return any(kind.__module__.startswith("psycopg") for kind in kinds)


def _shown(url: URL) -> str:
    # drivers take passwords in the URL's options too
    return visible(url.set(query={}).render_as_string(hide_password=True))
