"""L09 to L13: what the nightly jobs read and write, in which order, to the second; with faults."""

from __future__ import annotations

from types import SimpleNamespace as Row
from typing import Any

import pytest

from brain.gather import gather
from fixtures.kit import KIT
from legacy_replica.ban_flagged import ban_flagged
from legacy_replica.consolidate_bad_debt import consolidate_bad_debt
from legacy_replica.flag_overdue import flag_overdue
from legacy_replica.retry_open_invoices import retry_open_invoices
from legacy_replica.sync_metadata import sync_metadata
from tests import given_world
from tests.legacy_replica.fake_ports import (
    DAY,
    NOW,
    CardError,
    FakePorts,
    InvalidRequestError,
    api,
    invoice,
)

Log = list[Any]
JOBS = (flag_overdue, ban_flagged, consolidate_bad_debt, sync_metadata, retry_open_invoices)


def night(job: Any, ports: Any) -> None:
    job(ports, api(f"cron.{job.__name__}"))


def run(job: Any, ports: FakePorts) -> Log:
    night(job, ports)
    return ports.log


def aged(seconds: int, id: str = "in_1", **more: Any) -> Row:
    return invoice(id, created=NOW - seconds, **more)


# --- cron.flag_overdue


def overdue(*invoices: Row, **more: Any) -> Log:
    return run(flag_overdue, FakePorts(invoices=invoices, **more))


def test_a_late_invoice_sets_the_flag_its_amount_and_since_in_that_order() -> None:
    late = (aged(20 * DAY, remaining=700), aged(14 * DAY, "in_2", remaining=50))
    assert overdue(*late, aged(DAY, "in_3", remaining=9)) == [
        ("billing_db", {"bad_debt": True}),
        ("billing_db", {"bad_debt_amount": 750}),
        ("customer", {"bad_debt_since": NOW}),
    ]


@pytest.mark.parametrize(("age", "flagged"), [(14 * DAY - 1, False), (14 * DAY, True)])
def test_fourteen_days_are_reached_to_the_second(age: int, flagged: bool) -> None:
    assert bool(overdue(aged(age))) is flagged


def test_since_is_kept_where_it_stands_and_the_amount_is_written_again() -> None:
    assert overdue(aged(20 * DAY, remaining=700), since=DAY, flag=True, cached=1) == [
        ("billing_db", {"bad_debt": True}),
        ("billing_db", {"bad_debt_amount": 700}),
    ]


def test_only_open_invoices_count_as_late() -> None:
    assert overdue(aged(20 * DAY, status="uncollectible"), aged(20 * DAY, status="draft")) == []


def test_the_due_date_is_not_looked_at() -> None:
    not_due = aged(14 * DAY)
    not_due.due_date = NOW + 16 * DAY
    assert ("billing_db", {"bad_debt": True}) in overdue(not_due)


@pytest.mark.parametrize("segment", ["free", "pro", "business", "enterprise", None])
def test_every_segment_is_flagged_alike(segment: str | None) -> None:
    assert overdue(aged(14 * DAY), segment=segment)[0] == ("billing_db", {"bad_debt": True})


def test_a_flag_is_not_cleared_when_nothing_is_late() -> None:
    assert overdue(aged(DAY), flag=True, cached=700, since=DAY) == []
    assert overdue(flag=True, cached=700, since=DAY) == []


def test_amounts_of_two_currencies_are_added() -> None:
    yen, dollars = aged(20 * DAY, remaining=5000), aged(20 * DAY, "in_2", remaining=700)
    yen.currency, dollars.currency = "jpy", "usd"
    assert ("billing_db", {"bad_debt_amount": 5700}) in overdue(yen, dollars)


# --- cron.ban_flagged

BAN = [("enforcement", {"hold": None}), ("enforcement", {"hold": "ban/dunning"})]


def ban(*, ago: int | None = 31 * DAY, **more: Any) -> Log:
    since = None if ago is None else NOW - ago
    return run(ban_flagged, FakePorts(**{"flag": True, "since": since, **more}))


def test_who_was_flagged_for_long_is_banned_though_nothing_is_owed() -> None:
    assert ban(invoices=()) == BAN


def test_a_ban_replaces_a_block_of_any_reason() -> None:
    blocks = (Row(kind="block", reason="dunning"), Row(kind="block", reason="fraud"))
    assert ban(holds=blocks) == BAN


@pytest.mark.parametrize("reason", ["dunning", "fraud"])
def test_who_is_banned_already_is_left_alone(reason: str) -> None:
    holds = (Row(kind="block", reason="dunning"), Row(kind="ban", reason=reason))
    assert ban(holds=holds) == []


@pytest.mark.parametrize(
    ("ago", "banned"), [(30 * DAY - 1, False), (30 * DAY, False), (30 * DAY + 1, True)]
)
def test_a_ban_falls_a_second_after_thirty_days(ago: int, banned: bool) -> None:
    assert bool(ban(ago=ago)) is banned


@pytest.mark.parametrize(
    ("segment", "banned"),
    [("free", True), ("pro", True), ("business", True), ("enterprise", False), (None, True)],
)
def test_only_the_copy_that_says_enterprise_spares_from_a_ban(
    segment: str | None, banned: bool
) -> None:
    assert bool(ban(segment=segment)) is banned


def test_without_flag_or_without_since_nobody_is_banned() -> None:
    assert ban(flag=False) == []
    assert ban(ago=None) == []


# --- cron.consolidate_bad_debt

DEBTS = (
    invoice("in_1", status="uncollectible", remaining=5000),
    invoice("in_2", status="uncollectible", remaining=3000),
)
NOTHING_LEFT = tuple(invoice(name, status="uncollectible") for name in ("in_1", "in_2"))


def consolidate(*invoices: Row, **more: Any) -> Log:
    return run(consolidate_bad_debt, FakePorts(**{"flag": True, "invoices": invoices, **more}))


def amounts(log: Log) -> list[Any]:
    return [fields["lines"] for name, fields in log if name == "invoices.create"]


def test_a_consolidated_invoice_is_issued_then_named_then_noted_and_the_originals_stay() -> None:
    assert consolidate(*DEBTS, metadata={"bad_debt_amount": "6000"}) == [
        (
            "invoices.create",
            {
                "currency": "usd",
                "lines": ((6000, "Consolidated bad debt"),),
                "metadata": {"consolidated": "true", "originals": "in_1,in_2"},
                "auto_advance": False,
            },
        ),
        ("invoices.finalize_invoice", {"id": "in_new"}),
        ("stripe_metadata", {"consolidated_invoice": "in_new"}),
        ("billing_db", {"bad_debt_amount": 6000}),
    ]


@pytest.mark.parametrize("metadata", [{}, {"bad_debt_amount": "0"}, {"bad_debt_amount": "1,250"}])
def test_without_a_readable_amount_invoices_of_every_status_are_added_up(
    metadata: dict[str, str],
) -> None:
    others = (
        invoice("in_3", status="void", remaining=64),
        invoice("in_4", status="paid", remaining=7),
        invoice("in_5", status="draft", remaining=100),
        invoice("in_6", remaining=1),
    )
    assert amounts(consolidate(*DEBTS, *others, metadata=metadata)) == [
        ((8172, "Consolidated bad debt"),)
    ]


@pytest.mark.parametrize(
    ("invoices", "more"),
    [
        (DEBTS, {"flag": False}),
        (DEBTS[:1], {}),
        ((*DEBTS[:1], invoice("in_3", remaining=5)), {}),
        (NOTHING_LEFT, {}),
        (
            (*DEBTS, invoice("in_c", status="void")),
            {"metadata": {"bad_debt_amount": "80", "consolidated_invoice": "in_c"}},
        ),
    ],
    ids=["not flagged", "only one", "only one written off", "nothing remains", "named, but void"],
)
def test_no_invoice_is_issued(invoices: tuple[Row, ...], more: dict[str, Any]) -> None:
    assert consolidate(*invoices, **more) == []


def two_debts() -> Any:
    """A flagged account of two written-off invoices, in a real world."""
    one = {"id": "in_1", "amount": 5000, "status": "uncollectible"}
    two = {"id": "in_2", "amount": 3000, "status": "uncollectible", "created": given_world.NOW}
    return given_world.world(
        invoice=one,
        invoices=[{**two, "subscription": "sub_1", "period": given_world.PERIOD}],
        billing_db={"bad_debt": True},
        stripe={"metadata": {"bad_debt": "true", "bad_debt_amount": "8000"}},
    )


def test_truth_and_the_successor_read_the_originals_as_they_are_written() -> None:
    world = two_debts()
    owed = KIT.truth(world)["owes"]
    night(consolidate_bad_debt, world.ports)
    snapshot = gather(world.ports)
    assert snapshot is not None
    (entry,) = snapshot.consolidated
    assert entry.originals == ("in_1", "in_2")
    assert entry.invoice.status == "open"
    assert entry.invoice.amount_remaining == 8000
    assert KIT.truth(world)["owes"] == owed
    assert KIT.outcome(world)["asks"] == {"usd": 16_000}


# --- cron.sync_metadata


@pytest.mark.parametrize(
    ("flag", "cached", "mark", "amount"),
    [
        (True, 700, "true", "700"),
        (True, None, "true", ""),
        (False, 700, "false", "700"),
        (False, None, "false", ""),
    ],
)
def test_the_metadata_becomes_what_the_billing_database_says(
    flag: bool, cached: int | None, mark: str, amount: str
) -> None:
    metadata = {"bad_debt_amount": "6000", "consolidated_invoice": "in_c", "plan": "x"}
    ports = FakePorts(flag=flag, cached=cached, metadata=metadata)
    assert run(sync_metadata, ports) == [
        ("stripe_metadata", {"bad_debt": mark}),
        ("stripe_metadata", {"bad_debt_amount": amount}),
    ]
    kept = ports.stripe.customers.metadata
    assert (kept["consolidated_invoice"], kept["plan"]) == ("in_c", "x")


def test_a_stale_flag_brings_back_a_debt_that_was_paid() -> None:
    ports = FakePorts(flag=True, cached=700, metadata={})
    run(sync_metadata, ports)
    assert ports.stripe.customers.metadata == {"bad_debt": "true", "bad_debt_amount": "700"}


def test_the_amount_of_a_debt_that_only_the_metadata_knows_is_deleted() -> None:
    ports = FakePorts(flag=True, metadata={"bad_debt": "true", "bad_debt_amount": "6000"})
    run(sync_metadata, ports)
    assert ports.stripe.customers.metadata == {"bad_debt": "true"}


# --- cron.retry_open_invoices

DECLINED = CardError("no", "card_declined", "insufficient_funds")
REFUSED = InvalidRequestError("There is no default_payment_method set on this Customer")


def retry(*invoices: Row, **errors: Exception) -> list[str]:
    """Run the job; returns what it called, as "verb id"."""
    named = {name.replace("__", " "): error for name, error in errors.items()}
    log = run(retry_open_invoices, FakePorts(invoices=invoices, errors=named))
    assert all(fields.get("payment_method") is None for _, fields in log)
    return [f"{name.removeprefix('invoices.')} {fields['id']}" for name, fields in log]


@pytest.mark.parametrize("error", [DECLINED, REFUSED])
def test_every_open_invoice_is_charged_whatever_becomes_of_the_one_before(
    error: Exception,
) -> None:
    not_due = invoice("in_2", created=NOW)
    not_due.due_date = NOW + 30 * DAY
    not_due.collection_method = "send_invoice"
    written_off = invoice("in_3", status="uncollectible", created=NOW)
    assert retry(aged(DAY), not_due, written_off, pay__in_1=error) == ["pay in_1", "pay in_2"]


@pytest.mark.parametrize(("attempts", "charged"), [(0, True), (7, True), (8, False)])
def test_who_was_charged_eight_times_is_charged_no_more(attempts: int, charged: bool) -> None:
    assert bool(retry(aged(DAY, attempts=attempts))) is charged


@pytest.mark.parametrize(("age", "voided"), [(60 * DAY, False), (60 * DAY + 1, True)])
def test_an_invoice_is_voided_a_second_after_sixty_days(age: int, voided: bool) -> None:
    assert ("void_invoice in_1" in retry(aged(age), pay__in_1=DECLINED)) is voided


def test_an_old_invoice_is_voided_without_a_charge_after_eight_attempts() -> None:
    assert retry(aged(90 * DAY, attempts=8)) == ["void_invoice in_1"]


def test_voiding_goes_by_the_list_of_before_and_its_errors_are_swallowed() -> None:
    old = (aged(90 * DAY), aged(80 * DAY, "in_2"))
    assert retry(*old, void_invoice__in_1=REFUSED) == [
        "pay in_1",
        "pay in_2",
        "void_invoice in_1",
        "void_invoice in_2",
    ]


@pytest.mark.parametrize(
    ("method", "status"), [("declines", "void"), ("succeeds", "paid"), ("processing", "open")]
)
def test_what_becomes_of_an_old_invoice_is_what_stripe_lets_happen(
    method: str, status: str
) -> None:
    old = {"created": "2025-12-01T00:00:00Z", "attempt_count": 3}
    world = given_world.world(
        invoice=old, method={"on_charge": method}, billing_db={"bad_debt": True}
    )
    night(retry_open_invoices, world.ports)
    assert KIT.books(world)["invoices"]["in_1"]["status"] == status
    assert KIT.books(world)["billing_db"]["bad_debt"] is True
    results = [call["result"] for call in KIT.effects(world)["in_1"]]
    assert (results[-1] == "ok") is (status == "void")


def test_its_own_attempts_are_not_counted_beyond_the_first() -> None:
    world = given_world.world(invoice={"attempt_count": 0}, method={"on_charge": "declines"})
    for _ in range(10):
        night(retry_open_invoices, world.ports)
    assert KIT.books(world)["invoices"]["in_1"]["attempt_count"] == 1
    assert len(KIT.effects(world)["in_1"]) == 10


# --- all


@pytest.mark.parametrize("job", JOBS)
def test_a_job_without_an_account_does_nothing(job: Any) -> None:
    ports = FakePorts(
        account=False, flag=True, since=DAY, invoices=(*DEBTS, aged(90 * DAY, "in_3"))
    )
    assert run(job, ports) == []


ORDER = {
    flag_overdue: (
        "clock.now invoices.list billing_db.update billing_db.update customer.get customer.update"
    ),
    ban_flagged: (
        "billing_db.get customer.get clock.now customer.get enforcement.get"
        " enforcement.clear_holds enforcement.put_hold"
    ),
    consolidate_bad_debt: (
        "billing_db.get invoices.list customers.retrieve invoices.list invoices.create"
        " invoices.finalize_invoice customers.update billing_db.update"
    ),
    sync_metadata: "billing_db.get customers.update customers.update",
    retry_open_invoices: "clock.now invoices.list invoices.pay invoices.void_invoice",
}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_reads_and_writes_in_the_order_of_the_original(job: Any) -> None:
    since = {"bad_debt_since": "2026-01-01T00:00:00Z"} if job is ban_flagged else {}
    written_off = {"amount": 500, "status": "uncollectible"}
    world = given_world.world(
        invoice={"created": "2025-12-01T00:00:00Z"},
        invoices=[{"id": "in_2", **written_off}, {"id": "in_3", **written_off}],
        method={"on_charge": "declines"},
        billing_db={"bad_debt": True},
        customer=since,
    )
    seen: list[str] = []
    world.on_port = lambda access: seen.append(access.op)
    night(job, world.ports)
    assert seen == ["accounts.get", *ORDER[job].split()]
