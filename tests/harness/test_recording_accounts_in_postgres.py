"""Rows of accounts out of a real PostgreSQL: exact values, nothing changed, no secret told."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from harness.errors import InputError
from harness.ports import Raw
from harness.record.account_rows import read_accounts
from harness.record.database_rows import Named, named
from harness.record.raw_files import Read
from tests import postgres
from tests import recorded_events as made
from tests.postgres import LOGIN, Postgres
from tests.replica_code import needs_replica
from tests.shadow_command import ROOT, shadow

DRIVER = "install the driver: `pip install -e .[dev]` (psycopg[binary])"
TABLES = """
CREATE TYPE segment AS ENUM ('free', 'pro', 'business');
CREATE TABLE accounts (
    stripe_id text, segment segment, net_days smallint, changed timestamptz, local timestamp
);
CREATE TABLE flags (stripe_id text, bad_debt boolean, owed numeric(12, 2), attempts bigint);
CREATE TABLE grants (stripe_id text, kept jsonb);
INSERT INTO accounts VALUES
    ('cus_1', 'business', 30, '2026-01-30 01:00:00+02', '2026-01-30 01:00:00'),
    ('cus_2', 'pro', NULL, NULL, NULL),
    (NULL, 'free', NULL, NULL, NULL);
INSERT INTO flags VALUES ('cus_1', true, 1200.00, 3), ('cus_2', NULL, 0.5, 0);
INSERT INTO grants VALUES
    ('cus_1', '[{"id": "e1", "product": "prod_1", "status": "ended", "plan": "business"}]');
CREATE ROLE reader LOGIN PASSWORD '{password}';
CREATE FUNCTION purge() RETURNS int LANGUAGE sql AS 'DELETE FROM flags RETURNING 1';
GRANT ALL ON accounts, flags, grants TO reader;
"""
WHOLE = """
SELECT a.stripe_id AS customer, a.segment AS "account.segment",
       a.net_days AS "account.net_days", a.changed AS "account.segment_changed_at",
       f.bad_debt AS "billing_db.bad_debt", f.owed AS "billing_db.bad_debt_amount",
       g.kept AS entitlements, ARRAY[]::text[] AS cases, false AS "enforcement.blocked"
FROM accounts a JOIN flags f USING (stripe_id) LEFT JOIN grants g USING (stripe_id)
WHERE a.stripe_id LIKE 'cus\\_%' ORDER BY a.stripe_id
"""
CUS_1 = Named("customer", frozenset({"cus_1", "usd", "business"}))


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A real server; where there is none the tests are skipped, and fail in CI."""
    missing = None if postgres.programs() else postgres.INSTALL
    try:
        import psycopg
    except ImportError:
        missing = DRIVER
    if missing is not None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with postgres.started() as running:
        with psycopg.connect(
            host=str(running.folder), user="owner", password=LOGIN, dbname="postgres"
        ) as connection:
            connection.execute(TABLES.replace("{password}", LOGIN).encode())
        yield running


def asked(server: Postgres, query: str, of: Named | None = None) -> Read:
    return read_accounts(server.url(), query, of)


def row(server: Postgres, query: str) -> Mapping[str, Any]:
    (raw,) = asked(server, query).found
    return raw.data


def failed(server: Postgres, query: str) -> InputError:
    (failure,) = asked(server, query).failures
    return failure


def refused(url: str, query: str = "SELECT 1", of: Named | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        read_accounts(url, query, of)
    return caught.value


# --- values -----------------------------------------------------------------------------


def test_a_row_is_places_of_given_with_nested_stores_and_exact_values(server: Postgres) -> None:
    first, second = asked(server, WHOLE.replace("f.owed", "f.owed::int")).found

    assert first == Raw(
        {
            "customer": "cus_1",
            "account.segment": "business",
            "account.net_days": 30,
            "account.segment_changed_at": "2026-01-29T23:00:00Z",
            "billing_db.bad_debt": True,
            "billing_db.bad_debt_amount": 1200,
            "entitlements": [
                {"id": "e1", "plan": "business", "status": "ended", "product": "prod_1"}
            ],
            "cases": [],
            "enforcement.blocked": False,
        },
        "postgresql+psycopg://reader:***@/postgres[0]",
    )
    # a null stays a null: that a flag is false, or a store empty, is for the query to say
    assert second.data["billing_db.bad_debt"] is None
    assert second.data["entitlements"] is None


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("1200.00::numeric", 1200),
        ("1e3::numeric", 1000),
        ("-7::smallint", -7),
        ("9223372036854775807", 2**63 - 1),
        ("date '2026-01-30'", "2026-01-30"),
        ("'2026-07-01 12:00:00.25+05:30'::timestamptz", "2026-07-01T06:30:00.250000Z"),
        ("'1883-01-01 00:00:00-04:56:02'::timestamptz", "1883-01-01T04:56:02Z"),
        ("'7f3c2a10-0000-4000-8000-000000000001'::uuid", "7f3c2a10-0000-4000-8000-000000000001"),
        ("""'{"a": [1, null, {"b": true}]}'::jsonb""", {"a": [1, None, {"b": True}]}),
        ("'null'::jsonb", None),
        ("ARRAY['2026-01-30T00:00Z'::timestamptz, NULL]", ["2026-01-30T00:00:00Z", None]),
        ("ARRAY[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("ARRAY['pro', 'free']::segment[]::text[]", ["pro", "free"]),
    ],
)
def test_a_value_is_exact(server: Postgres, value: str, plain: object) -> None:
    assert row(server, f"SELECT {value} AS x") == {"x": plain}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0.5::numeric", "x: a Decimal"),
        ("'NaN'::numeric", "x: a Decimal"),
        ("1e100000::numeric", "x: a Decimal"),
        ("500.0::float8", "x: a float"),
        ("""'{"a": [1, 2.5]}'::jsonb""", "x.a[1]: a float"),
        ("interval '1 day'", "x: a timedelta"),
        ("'\\x00'::bytea", "x: a bytes"),
        ("int4range(1, 2)", "x: a Range"),
        ("'2026-01-30 00:00'::timestamp", "x: a time without a zone"),
        ("ARRAY['2026-01-30 00:00'::timestamp]", "x[0]: a time without a zone"),
    ],
)
def test_a_value_that_is_not_exact_is_refused(server: Postgres, value: str, said: str) -> None:
    failure = failed(server, f"SELECT 'cus_1' AS customer, {value} AS x")

    assert failure.slug == "sql-value"
    assert failure.message.startswith(said)
    assert failure.where.endswith("[0]")


def test_a_time_without_a_zone_says_how_to_give_it_one(server: Postgres) -> None:
    query = "SELECT local AS since FROM accounts WHERE stripe_id = 'cus_1'"

    hint = failed(server, query).hint

    expression = hint.partition("… ")[2].partition(" (")[0]
    assert expression == """AT TIME ZONE 'UTC' AS "since\""""
    assert row(server, query.replace("AS since", expression)) == {"since": "2026-01-30T01:00:00Z"}


# --- columns and rows -------------------------------------------------------------------


def test_columns_of_one_name_are_refused_and_none_is_lost(server: Postgres) -> None:
    error = refused(server.url(), "SELECT f.*, a.* FROM flags f JOIN accounts a USING (stripe_id)")

    assert (error.slug, error.message) == ("sql-columns", "the column 'stripe_id' stands twice")


def test_an_answer_has_to_say_whose_its_rows_are(server: Postgres) -> None:
    error = refused(server.url(), "SELECT stripe_id FROM accounts", CUS_1)
    assert error.slug == "sql-columns"
    assert "no column 'customer'" in error.message
    assert 'AS "customer"' in error.hint

    error = refused(server.url(), "SELECT 7 AS customer", CUS_1)
    assert error.slug == "sql-columns"
    assert "customer: of the kind int" in error.message


def test_only_rows_of_accounts_that_events_name_are_kept_and_the_others_are_counted(
    server: Postgres,
) -> None:
    query = "SELECT stripe_id AS customer, segment::text FROM accounts"
    found = asked(server, query, CUS_1)

    assert [raw.data["customer"] for raw in found.found] == ["cus_1"]
    assert found.failures == ()
    (unused,) = found.unused
    assert unused.what == "2 rows of accounts"


def test_a_bad_row_of_an_account_that_no_event_names_fails_nothing(server: Postgres) -> None:
    query = "SELECT stripe_id AS customer, owed FROM flags"

    assert asked(server, query).failures
    assert not asked(server, query, CUS_1).failures


def test_the_customer_of_a_nested_row_is_found(server: Postgres) -> None:
    query = "SELECT jsonb_build_object('id', stripe_id) AS customer FROM accounts"

    assert [raw.data for raw in asked(server, query, CUS_1).found] == [
        {"customer": {"id": "cus_1"}}
    ]


def test_an_answer_without_a_row_of_these_accounts_is_a_failure(server: Postgres) -> None:
    (none,) = asked(server, "SELECT 'a' AS customer WHERE false").failures
    (others,) = asked(server, "SELECT 'acc_7' AS customer", CUS_1).failures

    assert (none.slug, none.message) == ("sql-rows", "the query answers no row")
    assert (others.slug, others.message[:20]) == ("sql-rows", "none of the 1 rows i")


def test_two_rows_of_one_account_are_both_handed_on(server: Postgres) -> None:
    """That an account has one row is the kit's rule: it names both places."""
    query = "SELECT 'cus_1' AS customer FROM generate_series(1, 2)"

    assert len(asked(server, query, CUS_1).found) == 2


def test_many_rows_are_streamed_and_only_a_few_are_kept(server: Postgres) -> None:
    """A hundred thousand rows of a kilobyte; a tenth of them would be more than the bound."""
    query = """
    SELECT 'cus_' || n AS customer, repeat('x', 1000) AS filler,
           (SELECT count(*) FROM pg_cursors) AS cursors
    FROM generate_series(1, 100000) AS n
    """
    read_accounts(server.url(), query + "LIMIT 1", CUS_1)  # what is imported is no row
    tracemalloc.start()
    found = asked(server, query, CUS_1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    (raw,) = found.found
    assert (raw.data["customer"], raw.data["cursors"]) == ("cus_1", 1)  # held by the server
    assert found.unused[0].what == "99,999 rows of accounts"
    assert peak < 10_000_000


def test_the_events_name_their_accounts_wherever_they_stand() -> None:
    found = [Raw({"data": {"object": {"customer": "cus_1", "lines": [{"id": "li_1"}]}}}, "e:1")]

    assert named("customer", found) == Named("customer", frozenset({"cus_1", "li_1"}))


# --- nothing changes, and everything ends -----------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM flags RETURNING stripe_id AS customer",
        "WITH gone AS (DELETE FROM flags RETURNING *) SELECT stripe_id AS customer FROM gone",
        "SELECT 'cus_1' AS customer; DELETE FROM flags",
        "SELECT 'cus_1' AS customer; COMMIT; DELETE FROM flags; COMMIT",
        "COMMIT",
        "CREATE TABLE made (x int)",
        "SELECT 'cus_1' AS customer, purge() FROM accounts",
    ],
)
def test_a_query_that_would_change_something_is_refused(server: Postgres, query: str) -> None:
    import psycopg

    login = {"host": str(server.folder), "password": LOGIN, "dbname": "postgres"}
    error = refused(server.url(), query)

    assert error.slug == "sql-failed"
    assert "one SELECT" in error.hint
    with psycopg.connect(user="reader", **login) as connection:
        assert connection.execute("SELECT count(*) FROM flags").fetchone() == (2,)


def test_a_query_is_asked_in_a_transaction_that_reads_and_has_a_limit(server: Postgres) -> None:
    query = """
    SELECT current_setting('transaction_read_only') AS now,
           current_setting('default_transaction_read_only') AS later,
           current_setting('statement_timeout') AS most
    """
    assert row(server, query) == {"now": "on", "later": "on", "most": "10min"}


def test_a_query_that_does_not_end_is_ended_by_the_limit_of_the_url(server: Postgres) -> None:
    url = server.url(options="-c statement_timeout=50")

    error = refused(url, "SELECT pg_sleep(600)::text AS customer")

    assert error.slug == "sql-failed"
    assert "QueryCanceled: canceling statement due to statement timeout" in error.message


# --- secrets ----------------------------------------------------------------------------

HIDDEN = "tok_4eC39HqLyjWDarjtT1zdp7dc"
WRONG = "wr@ng/s3cret"


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT 1 WHERE 1 = '{HIDDEN}'",
        f"SELECT 1 WHERE 'a' = \"{HIDDEN}\"",
        f"SELECT 1 WHERE '{HIDDEN}' = ",
        f"SELECT 'it's {HIDDEN}'",
        f"SELECT 'C:\\', '{HIDDEN}'::int",
        f"SELECT E'it\\'s', '{HIDDEN}'::int",
        f"SELECT $${HIDDEN}$$::timestamptz",
        f"SELECT $a${HIDDEN}$a$::int",
        f"SELECT nothing WHERE 'a' = '{HIDDEN}'",
        f"SELECT '{HIDDEN}' || 'x'::int",
        f"SELECT '{HIDDEN}",
        f"SELECT ('{{\"{HIDDEN}\": 1}}'::json->>'{HIDDEN}')::int / 0",
    ],
)
def test_no_error_shows_what_stands_in_the_quotes_of_a_query(server: Postgres, query: str) -> None:
    error = refused(server.url(), query)

    assert error.slug == "sql-failed"
    assert HIDDEN not in str(error)
    assert "\n" not in error.message


def test_an_error_still_names_the_column_that_is_not_there(server: Postgres) -> None:
    query = """SELECT bad_det AS "billing_db.bad_debt" FROM flags WHERE stripe_id LIKE 'cus%'"""

    assert (
        'UndefinedColumn: column "bad_det" does not exist' in refused(server.url(), query).message
    )


def test_a_wrong_password_and_a_server_that_is_gone_are_told_without_the_url(
    server: Postgres, tmp_path: Path
) -> None:
    for url, said in (
        (server.url(password=WRONG), "password authentication failed"),
        (server.url(user="stranger", password=WRONG), "password authentication failed"),
        (f"postgresql+psycopg://reader:{quote(WRONG, safe='')}@127.0.0.1:1/x", "refused"),
        (f"postgresql+psycopg://reader@/x?host={tmp_path}&password={quote(WRONG)}", "failed"),
    ):
        error = refused(url)
        assert error.slug == "sql-failed"
        assert said in error.message
        assert WRONG not in str(error)
        assert quote(WRONG, safe="") not in str(error)
        assert error.__suppress_context__


def test_a_server_that_leaves_in_the_middle_is_no_answer(server: Postgres) -> None:
    """The rows before are no answer either: nobody knows what would have come."""
    query = """
    SELECT 'cus_1' AS customer,
           CASE WHEN n = 3000 THEN pg_terminate_backend(pg_backend_pid()) END AS gone
    FROM generate_series(1, 5000) AS n
    """
    error = refused(server.url(), query)

    assert error.slug == "sql-failed"
    # which of the two a driver sees first is chance
    assert "AdminShutdown" in error.message or "server closed the connection" in error.message


# --- the command ------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "decisions").symlink_to(ROOT / "docs" / "decisions")
    (tmp_path / "scenarios").mkdir()
    for name in ("gate.yaml", "fields.yaml"):
        (tmp_path / "scenarios" / name).write_bytes((ROOT / "scenarios" / name).read_bytes())
    config = (ROOT / "pyproject.toml").read_text().partition("[tool.shadow]")[2]
    (tmp_path / "shadow.toml").write_text(f"[tool.shadow]{config.partition('[tool.pytest')[0]}")
    born = made.event("customer.created", made.customer())
    (tmp_path / "events.jsonl").write_text(json.dumps(born) + "\n")
    return tmp_path


def record(project: Path, url: str, query: str) -> tuple[int, str, str]:
    words = ("--config", "shadow.toml", "--accounts", url, "--query", query, "--json")
    done = shadow("record", "events", "events.jsonl", *words, at=project, PYTHONPATH=str(ROOT))
    return done.returncode, done.stdout, done.stderr


@needs_replica
def test_a_scenario_holds_what_the_database_says_of_its_account(
    server: Postgres, project: Path
) -> None:
    """Fractions of an account that no event names hinder nobody."""
    _, out, err = record(project, server.url(), WHOLE)

    assert "Traceback" not in err
    assert json.loads(out)["failures"] == []
    (file,) = (project / "scenarios" / "recorded").glob("*.yaml")
    text = file.read_text()
    for line in ("segment: business", "bad_debt: true", "bad_debt_amount: 1200", "status: ended"):
        assert line in text
    assert "2026-01-29T23:00:00Z" in text


@needs_replica
@pytest.mark.parametrize("column", ["billing_db.bad_debt", "entitlements", "enforcement.blocked"])
def test_a_null_where_the_schema_has_none_is_refused_and_no_default(
    server: Postgres, project: Path, column: str
) -> None:
    code, _, err = record(
        project, server.url(), f"SELECT 'cus_1' AS customer, NULL AS \"{column}\""
    )

    assert code == 4
    assert f"{column}: Expected" in err
    assert "null" in err


@needs_replica
def test_two_rows_of_one_account_end_the_recording(server: Postgres, project: Path) -> None:
    query = "SELECT 'cus_1' AS customer FROM generate_series(1, 2)"

    code, _, err = record(project, server.url(), query)

    assert code == 4
    assert "customer: has a row already, at postgresql+psycopg://reader:***@/postgres[0]" in err


@needs_replica
def test_the_command_shows_neither_password_nor_traceback(server: Postgres, project: Path) -> None:
    query = f"SELECT 1 WHERE 1 = '{HIDDEN}'"

    for url in (server.url(password=WRONG), server.url()):
        code, out, err = record(project, url, query)
        assert code == 4
        assert "[sql-failed]" in err
        for secret in (HIDDEN, "s3cret", LOGIN, quote(LOGIN, safe=""), "Traceback"):
            assert secret not in out + err
