"""Rows of accounts: CSV, JSON Lines and a database, and errors that keep its password."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.record import database_rows
from harness.record.account_rows import read_accounts
from harness.record.raw_files import Read


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(source: str | None, query: str | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        read_accounts(source, query)
    return caught.value


def csv(folder: Path, text: str) -> Read:
    (folder / "rows.csv").write_text(text)
    return read_accounts("rows.csv", None)


def test_no_accounts_are_no_rows() -> None:
    assert read_accounts(None, None) == Read(found=())
    assert refused(None, "SELECT 1").slug == "query-alone"


def test_a_header_names_the_place_of_each_column(tmp_path: Path) -> None:
    found = csv(tmp_path, '\ufeffcustomer,billing_db.bad_debt,cases\r\nc1,true,"[1,\n2]"\nc2,,\n')

    assert [(dict(raw.data), raw.where) for raw in found.found] == [
        ({"customer": "c1", "billing_db.bad_debt": "true", "cases": "[1,\n2]"}, "rows.csv:3"),
        ({"customer": "c2", "billing_db.bad_debt": "", "cases": ""}, "rows.csv:4"),
    ]
    assert found.failures == ()


def test_a_row_that_has_not_the_headers_cells_is_named_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    found = csv(tmp_path, "a,b\n1,2\n1\n1,2,3\n4,5\n")

    assert [raw.where for raw in found.found] == ["rows.csv:2", "rows.csv:5"]
    assert [(one.slug, one.where) for one in found.failures] == [
        ("csv-row", "rows.csv:3"), ("csv-row", "rows.csv:4"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no name"), ("a,,b\n", "no name"), ("a,b,a\n1,2,3\n", "'a' stands twice")],
)
def test_a_header_that_does_not_name_every_column_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "rows.csv").write_text(text)

    error = refused("rows.csv")

    assert (error.slug, error.where) == ("csv-header", "rows.csv:1")
    assert message in error.message


def test_broken_csv_is_named_with_its_line(tmp_path: Path) -> None:
    found = csv(tmp_path, 'a,b\n1,2\n"x"y,3\n')

    assert [(one.slug, one.where) for one in found.failures] == [("csv-syntax", "rows.csv:3")]
    assert len(found.found) == 1


def test_json_lines_are_rows_too(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"customer": "c1", "cases": []}\n')

    (raw,) = read_accounts("rows.jsonl", None).found

    assert (raw.data, raw.where) == ({"customer": "c1", "cases": []}, "rows.jsonl:1")


def test_a_query_of_a_file_is_refused() -> None:
    assert refused("rows.csv", "SELECT 1").slug == "query-alone"


@pytest.fixture
def database(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "real.db") as connection:
        connection.execute("CREATE TABLE rows (customer TEXT, bad_debt BOOLEAN, owed NUMERIC)")
        connection.execute("INSERT INTO rows VALUES ('c1', 1, 500), ('c2', NULL, 1.5)")
    connection.close()
    return "sqlite:///real.db"


def test_a_database_answers_a_query_with_a_row_an_account(database: str) -> None:
    pytest.importorskip("sqlalchemy")

    found = read_accounts(database, "SELECT customer, bad_debt, owed FROM rows WHERE owed = 500")

    assert [(dict(raw.data), raw.where) for raw in found.found] == [
        ({"customer": "c1", "bad_debt": 1, "owed": 500}, "sqlite:///real.db[0]")
    ]


def test_a_fraction_of_a_database_is_named_and_never_rounded(database: str) -> None:
    pytest.importorskip("sqlalchemy")

    found = read_accounts(database, "SELECT customer, owed FROM rows ORDER BY customer")

    assert [raw.data["customer"] for raw in found.found] == ["c1"]
    (failure,) = found.failures
    assert (failure.slug, failure.where) == ("sql-value", "sqlite:///real.db[1]")
    assert "owed: a float" in failure.message


def test_a_query_with_a_colon_or_a_percent_sign_is_asked_as_it_stands(database: str) -> None:
    pytest.importorskip("sqlalchemy")

    found = read_accounts(database, "SELECT '12:30 :a 5%' AS text FROM rows LIMIT 1")

    assert found.found[0].data == {"text": "12:30 :a 5%"}


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM rows",
        "DELETE FROM rows RETURNING customer",
        "SELECT customer FROM rows; DELETE FROM rows",
        "COMMIT",
        "CREATE TABLE made (x)",
        "PRAGMA journal_mode = WAL",
        "VACUUM INTO 'copy.db'",
        "ATTACH 'other.db' AS other",
    ],
)
def test_a_query_that_would_change_something_is_refused(
    database: str, tmp_path: Path, query: str
) -> None:
    pytest.importorskip("sqlalchemy")
    before = (tmp_path / "real.db").read_bytes()

    assert refused(database, query).slug == "sql-failed"
    assert (tmp_path / "real.db").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["real.db"]


def test_a_query_that_does_not_end_is_ended(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sqlalchemy")
    monkeypatch.setattr(database_rows, "LIMIT", 0)
    endless = """
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n
    """

    error = refused(database, endless)

    assert error.slug == "sql-failed"
    assert "interrupted" in error.message


def test_a_column_keeps_the_dots_of_its_name_and_has_one_of_its_own(database: str) -> None:
    pytest.importorskip("sqlalchemy")

    found = read_accounts(database, 'SELECT customer AS "account.segment" FROM rows LIMIT 1')
    twice = refused(database, "SELECT customer, owed, customer FROM rows")

    assert found.found[0].data == {"account.segment": "c1"}
    assert (twice.slug, twice.message) == ("sql-columns", "the column 'customer' stands twice")


def test_a_text_in_a_querys_quotes_is_not_shown(database: str) -> None:
    pytest.importorskip("sqlalchemy")

    error = refused(database, """SELECT * FROM rows WHERE nothing = 's3cret' AND "s3cret" = 1""")

    assert "s3cret" not in str(error)


def test_a_database_needs_a_query_and_has_to_be_there(database: str, tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")

    assert refused(database).slug == "query-missing"
    assert refused("sqlite:///missing.db", "SELECT 1").slug == "unreadable"
    assert not (tmp_path / "missing.db").exists()
    assert refused(database, "SELECT nothing FROM rows").slug == "sql-failed"


@pytest.mark.parametrize(
    "url",
    [
        "nonsense://user:s3cret@host/db",
        "sqlite:///real.db?password=s3cret",
        "postgresql+psycopg://user:s3cret@127.0.0.1:1/db",
        "://user:s3cret@host",
        "sqlite://user:s3cret@host/x",
    ],
)
def test_no_error_shows_the_password_of_a_url(database: str, url: str) -> None:
    pytest.importorskip("sqlalchemy")

    error = refused(url, "SELECT s3cret_column FROM nowhere" if "real.db" in url else "SELECT 1")

    assert "s3cret@" not in str(error)
    assert "=s3cret" not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


def test_without_sqlalchemy_a_url_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)

    error = refused("postgresql://user:s3cret@host/db", "SELECT 1")

    assert error.slug == "sql-missing"
    assert "`sql`" in error.hint
    assert "s3cret" not in str(error)
