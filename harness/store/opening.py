"""A store is opened: its version looked at, and brought to the newest one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import alembic.command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, inspect, text

from harness.errors import InputError
from harness.store.address import Address, read_address, told
from harness.store.schema import META, VERSION_TABLE

MIGRATIONS: Final = Path(__file__).parent / "migrations"
SECONDS: Final = 60
"""How long a process waits for another one that writes."""

LOCK: Final = 7_464_657_265
"""Which advisory lock of PostgreSQL keeps two processes from making the tables at once."""


class Store:
    """A store that is there and of the newest version.

    Attributes:
        address: where.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._writing = _engine(address, begin="BEGIN IMMEDIATE")
        self._reading = _engine(address, begin="BEGIN")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes: all of it, or nothing.

        Raises:
            InputError: the database fails.
        """
        with told(self.address), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that reads: all of it as it was at one moment.

        Raises:
            InputError: the database fails.
        """
        with told(self.address), self._reading.connect() as connection:
            if not self.address.sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection


def opened(text_: str, *, make: bool) -> Store:
    """Open a store; one of an older version is brought up to date.

    Args:
        text_: what `--store` names.
        make: whether to make one where there is none.

    Raises:
        InputError: there is none and none is to be made (`store-none`), it is of a newer version
            (`store-newer`), something else (`store-foreign`), not whole (`store-damaged`), or
            cannot be reached.
    """
    address = read_address(text_)
    if not make and address.sqlite and not Path(address.file).is_file():
        raise _none(address)
    with told(address):
        store = Store(address)
    with store.reading() as connection:
        ready = _looked_at(connection, address, make=make)
    if not ready:
        with store.writing() as connection:
            _upgrade(connection, address, make=make)
    return store


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a version, in the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)


def _upgrade(connection: Connection, address: Address, *, make: bool) -> None:
    """Upgrade, unless another process did so meanwhile."""
    if not address.sqlite:  # one that writes to SQLite is alone from the first statement
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    if not _looked_at(connection, address, make=make):
        upgrade(connection)


def _looked_at(connection: Connection, address: Address, *, make: bool) -> bool:
    """Whether the store is of the newest version; False where it is to be made or upgraded.

    Raises:
        InputError: it is neither.
    """
    there = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in there:
        if there:
            message = f"{len(there)} tables are there, and none of them is a store's"
            hint = "name an empty database, or give the store a schema of its own"
            raise InputError("store-foreign", message, address.shown, hint)
        if not make:
            raise _none(address)
        return False
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    heads = context.get_current_heads()
    scripts = ScriptDirectory(str(MIGRATIONS))
    known = [script.revision for script in scripts.walk_revisions()]
    if len(heads) != 1:
        raise _damaged(address, f"it says {len(heads)} versions of itself")
    if heads[0] not in known:
        message = f"it is of version {heads[0]}, this harness knows {known[0]} and older ones"
        hint = "use the harness that wrote it, or a newer one"
        raise InputError("store-newer", message, address.shown, hint)
    if heads[0] != known[0]:
        return False
    missing = sorted(set(META.tables) - there)
    if missing:
        raise _damaged(address, f"the table {missing[0]} is missing")
    return True


def _none(address: Address) -> InputError:
    message = "there is no store"
    hint = "check the name; `shadow run --store` begins one"
    return InputError("store-none", message, address.shown, hint)


def _damaged(address: Address, message: str) -> InputError:
    hint = "restore it from a copy, or begin another one"
    return InputError("store-damaged", message, address.shown, hint)


def _engine(address: Address, *, begin: str) -> Engine:
    """An engine without a pool: a command opens few connections, and none may outlive a fork."""
    if not address.sqlite:
        return create_engine(address.url, poolclass=NullPool)
    options = {"timeout": SECONDS}
    engine = create_engine(address.url, poolclass=NullPool, connect_args=options)

    def connected(driver: Any, _: Any) -> None:
        driver.isolation_level = None  # the driver begins nothing by itself

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine
