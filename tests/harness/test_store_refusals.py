"""A store that cannot be used says so by name, with what to do, and shows no password."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

from harness.errors import InputError
from harness.model import Outcome
from harness.store import opening, reader, writer
from harness.store.address import read_address
from harness.store.opening import opened
from tests.harness.cell_builder import cell
from tests.harness.kept_runs import fresh_database, keep, part, run, running
from tests.harness.toy_project import LATE, project
from tests.postgres import LOGIN, Postgres
from tests.shadow_command import ROOT

WRONG = "wr@ng/s3cret"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running() as found:
        yield found


def refusal(url: str, *, make: bool = True) -> InputError:
    with pytest.raises(InputError) as caught:
        opened(url, make=make)
    assert caught.value.hint
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("", "has no name"),
        (" ", "has no name"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://a@b/c", "'mysql'"),
        ("postgresql+asyncpg://a@b/c", "'postgresql+asyncpg'"),
        (f"postgresql://a:{quote(WRONG, safe='')}@b:port/c", "no database's URL"),
        ("://", "no database's URL"),
    ],
)
def test_what_names_no_store_is_refused(named: str, said: str) -> None:
    error = refusal(named)

    assert (error.slug, error.where) == ("store-url", "--store")
    assert said in error.message
    assert WRONG not in str(error)


@pytest.mark.parametrize("named", ["runs.db", "sqlite:///runs.db", "sqlite+pysqlite:///runs.db"])
def test_a_file_may_be_named_in_three_ways(named: str) -> None:
    assert read_address(named).file == "runs.db"


def test_postgres_has_its_driver_named_by_nobody() -> None:
    for named in ("postgres://a@b/c", "postgresql://a@b/c", "postgresql+psycopg://a@b/c"):
        assert read_address(named).url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize("package", ["sqlalchemy", "alembic"])
@pytest.mark.parametrize("name", ["run", "gate", "history"])
def test_without_the_packages_it_says_which_extra_to_install(
    name: str, package: str, tmp_path: Path
) -> None:
    """In a process of its own, in which nothing of the store was imported before."""
    config = project(tmp_path, late=LATE)
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from harness.cli import main; sys.exit(main())"
    )
    words = [name, "--store", "runs.db"]

    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=config.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 4
    assert done.stdout == ""
    assert "[store-packages]" in done.stderr
    assert "extra `store`" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_driver_it_says_which_extra_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    error = refusal("postgresql://a@localhost/c")

    assert error.slug == "store-driver"
    assert "extra `postgres`" in error.hint


def test_there_is_nothing_to_read_where_nothing_was_kept(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"

    assert refusal(str(file), make=False).slug == "store-none"
    assert not file.exists()
    sqlite3.connect(file).close()
    file.touch()
    assert refusal(str(file), make=False).slug == "store-none"


def test_an_empty_database_of_a_server_holds_nothing_to_read(server: Postgres) -> None:
    url = fresh_database(server, "nothing")

    assert refusal(url, make=False).slug == "store-none"


def test_a_database_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "app.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE run (id text)")
        connection.commit()
    before = file.read_bytes()

    for make in (True, False):
        error = refusal(str(file), make=make)
        assert error.slug == "store-foreign"
        assert "1 tables are there" in error.message
    assert file.read_bytes() == before


def test_a_schema_of_its_own_makes_room_in_a_shared_database(server: Postgres) -> None:
    import psycopg

    url = fresh_database(server, "shared")
    login = {"host": str(server.folder), "user": "owner", "password": LOGIN}
    with psycopg.connect(dbname="shared", **login) as connection:
        connection.execute(b"CREATE TABLE run (id text); CREATE SCHEMA shadow")

    assert refusal(url).slug == "store-foreign"
    store = opened(f"{url}&options=-csearch_path%3Dshadow", make=True)
    keep(store, run(), part((cell("a#0"),)))
    assert reader.known(store)[0].complete
    assert refusal(url).slug == "store-foreign"


def test_a_store_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    url = str(tmp_path / "runs.db")
    with opened(url, make=True).writing() as connection:
        connection.execute(text("UPDATE shadow_version SET version_num = '0999'"))

    error = refusal(url)

    assert error.slug == "store-newer"
    assert "version 0999, this harness knows 0002 and older ones" in error.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM shadow_version", "it says 0 versions of itself"),
        ("INSERT INTO shadow_version VALUES ('0001')", "it says 2 versions of itself"),
        ("DROP TABLE difference", "the table difference is missing"),
    ],
)
def test_a_store_that_is_not_whole_is_refused(tmp_path: Path, change: str, said: str) -> None:
    url = str(tmp_path / "runs.db")
    with opened(url, make=True).writing() as connection:
        connection.execute(text(change))

    error = refusal(url)

    assert (error.slug, error.message) == ("store-damaged", said)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database at all\n" * 99)
    before = file.read_bytes()

    error = refusal(str(file))

    assert error.slug == "store-damaged"
    assert "file is not a database" in error.message
    assert file.read_bytes() == before


def test_a_database_whose_pages_are_torn_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    store = opened(str(file), make=True)
    keep(store, run(), part([cell(f"s{n}#0") for n in range(200)]))
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    with pytest.raises(InputError, match=r"\[store-damaged\]"):
        reader.known(opened(str(file), make=False))


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "gone" / "runs.db"):
        error = refusal(str(place))
        assert error.slug == "store-failed"
        assert "unable to open database file" in error.message


def test_a_server_that_lets_nobody_in_or_is_gone_is_told_without_the_password(
    server: Postgres, tmp_path: Path
) -> None:
    for url, said in (
        (server.url(user="owner", password=WRONG), "password authentication failed"),
        (f"postgresql://a:{quote(WRONG, safe='')}@127.0.0.1:1/x", "refused"),
        (f"postgresql://a@/x?host={tmp_path}&password={quote(WRONG)}", "failed"),
    ):
        error = refusal(url)
        assert error.slug == "store-failed"
        assert said in error.message
        assert WRONG not in str(error)
        assert quote(WRONG, safe="") not in str(error)
        assert LOGIN not in str(error)


def test_a_user_who_may_only_read_can_begin_no_run(server: Postgres) -> None:
    import psycopg

    url = fresh_database(server, "guarded")
    keep(opened(url, make=True), run(), part((cell("a#0"),)))
    login = {"host": str(server.folder), "user": "owner", "password": LOGIN}
    with psycopg.connect(dbname="guarded", **login) as connection:
        connection.execute(f"CREATE ROLE looker LOGIN PASSWORD '{LOGIN}'".encode())
        connection.execute(b"GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
    store = opened(url.replace("owner:", "looker:"), make=False)

    assert len(reader.known(store)) == 1
    with pytest.raises(InputError, match=r"\[store-failed\].*\n"):
        writer.begin(store, run(2), [])


def test_who_waits_too_long_for_another_writer_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "SECONDS", 0)
    url = str(tmp_path / "runs.db")
    first, second = opened(url, make=True), opened(url, make=True)

    with first.writing(), pytest.raises(InputError, match=r"\[store-busy\]") as caught:
        writer.begin(second, run(), [])
    assert "another process is writing" in caught.value.message
    writer.begin(second, run(), [])


def test_a_transaction_that_fails_in_the_middle_leaves_nothing(server: Postgres) -> None:
    """COPY goes past SQLAlchemy; its errors are told all the same."""
    store = opened(fresh_database(server, "middle"), make=True)
    found = part((cell("a#0"),))
    writer.begin(store, run(), [found.place])
    diverging = cell("b#0", outcome=Outcome.DIVERGE)
    found.cells.append(part((diverging,)).cells[0]._replace(outcome="\x00"))  # no column takes it

    with pytest.raises(InputError, match=r"\[store-failed\]"):
        writer.write(store, run().id, found)
    assert writer.states(store, run().id) == {"scenarios": "announced"}


def test_an_unknown_run_or_path_offers_the_known_ones(tmp_path: Path) -> None:
    store = opened(str(tmp_path / "runs.db"), make=True)
    keep(store, run(1), part((cell("a#0"),)))
    keep(store, run(2), part((cell("a#0"),)))

    for name, said, fix in (
        ("20260303", "0 runs are called '20260303'", "known: "),
        ("", "0 runs are called ''", "known: "),
        ("2026030", "2 runs are called '2026030'", "write more of the id"),
    ):
        with pytest.raises(InputError, match=r"\[unknown-run\]") as caught:
            reader.one(store, name)
        assert caught.value.message == said
        assert caught.value.hint.startswith(fix)
    assert reader.one(store, "20260301").run == run(1)
    with pytest.raises(InputError, match=r"\[unknown-path\]") as caught:
        reader.trend(store, "webhook.void")
    assert caught.value.hint == "did you mean 'webhook.voided'?"
    with pytest.raises(InputError, match=r"\[unknown-path\]"):
        reader.trend(store, "nothing like it")
