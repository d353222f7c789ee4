"""L01, L05, L06, L07 and L08: what each webhook reads and writes, with its faults."""

from __future__ import annotations

from types import SimpleNamespace as Row
from typing import Any

import pytest

from legacy_replica.charge_refunded import charge_refunded
from legacy_replica.dispute_closed import dispute_closed
from legacy_replica.dispute_created import dispute_created
from legacy_replica.invoice_payment_failed import invoice_payment_failed
from legacy_replica.subscription_deleted import subscription_deleted
from legacy_replica.subscription_updated import subscription_updated
from tests.legacy_replica.fake_ports import (
    DAY,
    NOW,
    FakePorts,
    InvalidRequestError,
    grant,
    invoice,
    webhook,
)

FLAGGED = ("billing_db", {"bad_debt": True})
CLEARED = ("stripe_metadata", {"bad_debt": "", "bad_debt_amount": ""})


def failed(ports: FakePorts, **fields: Any) -> list[Any]:
    """A payment fails a day ago; unless told otherwise, another attempt is planned."""
    payload = {"id": "in_1", "total": 10_000, "next_payment_attempt": NOW + 3 * DAY, **fields}
    invoice_payment_failed(ports, webhook("invoice.payment_failed", payload, created=NOW - DAY))
    return ports.log


def updated(ports: FakePorts, status: str = "active", sub: str = "sub_1") -> list[Any]:
    payload = {"id": sub, "status": status}
    subscription_updated(ports, webhook("customer.subscription.updated", payload))
    return ports.log


def deleted(ports: FakePorts, sub: str = "sub_1") -> list[Any]:
    payload = {"id": sub, "status": "canceled"}
    subscription_deleted(ports, webhook("customer.subscription.deleted", payload))
    return ports.log


def refunded(ports: FakePorts, **fields: Any) -> list[Any]:
    """The charge of in_1 is refunded whole, unless told otherwise."""
    payload = {"id": "ch_1", "amount": 500, "amount_refunded": 500, "invoice": "in_1", **fields}
    charge_refunded(ports, webhook("charge.refunded", payload))
    return ports.log


def disputed(ports: FakePorts, **fields: Any) -> list[Any]:
    payload = {"id": "dp_1", "charge": "ch_1", "payment_intent": "pi_1", **fields}
    dispute_created(ports, webhook("charge.dispute.created", payload))
    return ports.log


def closed(ports: FakePorts, status: str = "lost") -> list[Any]:
    payload = {"id": "dp_1", "status": status, "amount": 500}
    dispute_closed(ports, webhook("charge.dispute.closed", payload))
    return ports.log


def counted(attempts: int) -> tuple[str, dict[str, int]]:
    return ("billing_db", {"failed_attempts": attempts})


def since(at: int) -> tuple[str, dict[str, int]]:
    return ("customer", {"bad_debt_since": at})


def became(id: str, status: str, reason: str | None = None) -> tuple[str, dict[str, Any]]:
    return ("entitlements", {"id": id, "status": status, "reason": reason})


def given_up(id: str, verb: str = "void_invoice") -> tuple[str, dict[str, str]]:
    return (f"invoices.{verb}", {"id": id})


def some_grants() -> tuple[Row, ...]:
    return (
        grant("g1"),
        grant("g2", sub="sub_2"),
        grant("g3", plan="free", status="ended"),
        grant("g4", status="suspended"),
    )


# --- invoice.payment_failed


def test_a_failure_is_counted_and_flags_nothing_while_another_attempt_is_planned() -> None:
    assert failed(FakePorts(attempts=2)) == [counted(3)]


@pytest.mark.parametrize("segment", [None, "free", "pro", "business"])
def test_q32_the_fourth_failure_flags_whichever_invoices_the_others_were_of(
    segment: str | None,
) -> None:
    ports = FakePorts(attempts=3, segment=segment)
    assert failed(ports, id="in_another") == [counted(4), FLAGGED, since(NOW - DAY)]


def test_q39_a_failure_delivered_four_times_flags() -> None:
    ports = FakePorts()
    for _ in range(4):
        failed(ports)
    assert ports.log == [*map(counted, (1, 2, 3, 4)), FLAGGED, since(NOW - DAY)]


def test_the_last_attempt_flags_at_whatever_count() -> None:
    ports = FakePorts()
    assert failed(ports, next_payment_attempt=None) == [counted(1), FLAGGED, since(NOW - DAY)]


def test_q35_an_invoice_that_is_sent_flags_at_its_first_failure_before_it_is_due() -> None:
    sent = {"id": "in_1", "total": 10_000, "collection_method": "send_invoice"}
    ports = FakePorts()
    payload = {**sent, "next_payment_attempt": None, "due_date": NOW + 29 * DAY}
    assert FLAGGED in failed(ports, **payload)


def test_q33_a_payment_that_requires_action_counts_like_a_decline() -> None:
    waiting = failed(FakePorts(attempts=3), status="open", attempt_count=1)
    assert FLAGGED in waiting


def test_q34_since_is_moved_to_the_event_where_it_stood_already() -> None:
    ports = FakePorts(flag=True, since=5, attempts=7)
    assert failed(ports) == [counted(8), FLAGGED, since(NOW - DAY)]


def test_q36_a_late_failure_flags_though_the_invoice_is_paid_by_now() -> None:
    ports = FakePorts(attempts=3, invoices=(invoice("in_1", status="paid", paid=10_000),))
    assert failed(ports) == [counted(4), FLAGGED, since(NOW - DAY)]


def test_q37_one_cent_flags() -> None:
    assert FLAGGED in failed(FakePorts(), total=1, next_payment_attempt=None)


def test_q38_neither_the_metadata_nor_a_product_nor_a_hold_is_touched() -> None:
    ports = FakePorts(attempts=3, grants=some_grants())
    assert {store for store, _ in failed(ports)} == {"billing_db", "customer"}


@pytest.mark.parametrize("total", [0, -300])
def test_an_invoice_that_asks_for_nothing_is_not_even_counted(total: int) -> None:
    assert failed(FakePorts(attempts=3), total=total) == []


def test_enterprise_is_counted_and_never_flagged() -> None:
    ports = FakePorts(attempts=3, segment="enterprise")
    assert failed(ports, next_payment_attempt=None) == [counted(4)]


def test_q40_the_copy_of_the_segment_decides_and_not_the_account() -> None:
    ports = FakePorts(attempts=3, segment="pro")
    assert ports.accounts.get().segment == "enterprise"
    assert FLAGGED in failed(ports)


# --- customer.subscription.updated


def test_q43_q44_unpaid_suspends_every_grant_of_the_subscription_for_dunning() -> None:
    ports = FakePorts(grants=some_grants(), segment="enterprise")
    assert updated(ports, "unpaid") == [
        became("g1", "suspended", "dunning"),
        became("g3", "suspended", "dunning"),
        became("g4", "suspended", "dunning"),
    ]


def test_q41_active_gives_back_every_grant_ended_ones_too_without_a_look_at_invoices() -> None:
    owed = invoice("in_1", status="uncollectible", remaining=10_000, sub="sub_1")
    ports = FakePorts(grants=some_grants(), invoices=(owed,))
    assert updated(ports) == [became(g, "active") for g in ("g1", "g3", "g4")]


@pytest.mark.parametrize("status", ["canceled", "incomplete_expired"])
def test_a_subscription_that_is_over_ends_its_grants(status: str) -> None:
    ports = FakePorts(grants=some_grants())
    assert updated(ports, status) == [became(g, "ended") for g in ("g1", "g3", "g4")]


@pytest.mark.parametrize("status", ["past_due", "incomplete", "trialing", "paused"])
def test_q45_any_other_status_changes_nothing(status: str) -> None:
    assert updated(FakePorts(grants=some_grants()), status) == []


def test_q42_the_status_in_the_event_counts_and_not_the_subscriptions_own() -> None:
    ports = FakePorts(grants=(grant("g1", status="ended"),), subscriptions={"sub_1": "canceled"})
    assert updated(ports) == [became("g1", "active")]


# --- customer.subscription.deleted

OPEN = (invoice("in_a", sub="sub_1"), invoice("in_b", sub="sub_2"), invoice("in_c", status="paid"))


@pytest.mark.parametrize("segment", [None, "free", "pro"])
def test_q46_q47_the_grants_end_first_then_every_open_invoice_of_the_customer_is_voided(
    segment: str | None,
) -> None:
    ports = FakePorts(segment=segment, grants=some_grants(), invoices=OPEN)
    assert deleted(ports) == [
        *(became(g, "ended") for g in ("g1", "g3", "g4")),
        given_up("in_a"),
        given_up("in_b"),
    ]


def test_q48_a_business_account_has_them_marked_uncollectible_at_once() -> None:
    ports = FakePorts(segment="business", invoices=OPEN)
    assert deleted(ports) == [
        given_up("in_a", "mark_uncollectible"),
        given_up("in_b", "mark_uncollectible"),
    ]


def test_enterprise_loses_its_products_and_keeps_its_invoices() -> None:
    ports = FakePorts(segment="enterprise", grants=(grant("g1"),), invoices=OPEN)
    assert deleted(ports) == [became("g1", "ended")]


def test_q50_the_copy_of_the_segment_decides_what_becomes_of_a_contracts_invoices() -> None:
    ports = FakePorts(segment=None, invoices=OPEN)
    assert ports.accounts.get().segment == "enterprise"
    assert deleted(ports) == [given_up("in_a"), given_up("in_b")]


@pytest.mark.parametrize(
    ("segment", "verb"), [("pro", "void_invoice"), ("business", "mark_uncollectible")]
)
def test_q49_what_stripe_refuses_is_swallowed_and_the_next_invoice_follows(
    segment: str, verb: str
) -> None:
    refusal = InvalidRequestError("Invoices with `paid` payments cannot be voided.")
    ports = FakePorts(segment=segment, invoices=OPEN, errors={f"{verb} in_a": refusal})
    assert deleted(ports) == [given_up("in_a", verb), given_up("in_b", verb)]


# --- charge.refunded


def test_q52_a_whole_refund_ends_the_grants_of_the_invoices_subscription() -> None:
    ports = FakePorts(
        grants=some_grants(), invoices=(invoice("in_1", status="paid", sub="sub_1"),)
    )
    assert refunded(ports) == [became(g, "ended") for g in ("g1", "g3", "g4")]


def test_a_part_of_the_charge_given_back_changes_nothing() -> None:
    ports = FakePorts(grants=some_grants(), invoices=(invoice("in_1", sub="sub_1"),))
    assert refunded(ports, amount_refunded=499) == []


@pytest.mark.parametrize("payload", [{"invoice": None}, {"invoice": None, "payment_intent": "pi"}])
def test_q51_a_charge_that_names_no_invoice_is_not_seen(payload: dict[str, Any]) -> None:
    found = invoice(
        "in_1", status="uncollectible", sub="sub_1", payments=(("payment_intent", "pi"),)
    )
    assert refunded(FakePorts(grants=some_grants(), invoices=(found,)), **payload) == []


def test_an_invoice_without_a_subscription_ends_nothing() -> None:
    contract = grant("g1")
    contract.subscription = None
    ports = FakePorts(grants=(contract,), invoices=(invoice("in_1", status="paid"),))
    assert refunded(ports) == []


@pytest.mark.parametrize(
    ("status", "metadata"),
    [
        ("uncollectible", {}),
        ("paid", {"consolidated_invoice": "in_1"}),
        ("paid", {"consolidated_invoice": "in_c"}),
    ],
    ids=["uncollectible", "the consolidated one", "one of its originals"],
)
def test_q53_q54_refunding_a_debt_deletes_two_keys_and_nothing_else(
    status: str, metadata: dict[str, str]
) -> None:
    ports = FakePorts(
        flag=True,
        since=DAY,
        metadata={"bad_debt": "true", "bad_debt_amount": "900", **metadata},
        grants=(grant("g1"),),
        invoices=(
            invoice("in_1", status=status, sub="sub_1", remaining=400),
            invoice("in_2", status="uncollectible", remaining=500),
            invoice("in_c", status="paid", metadata={"originals": "in_0,in_1"}),
        ),
    )
    assert refunded(ports) == [became("g1", "ended"), CLEARED]


@pytest.mark.parametrize("originals", [{}, {"originals": "in_11,in_2"}])
def test_a_refund_of_another_invoice_leaves_the_debt_in_the_metadata(
    originals: dict[str, str],
) -> None:
    ports = FakePorts(
        metadata={"bad_debt": "true", "consolidated_invoice": "in_c"},
        invoices=(invoice("in_1", status="paid"), invoice("in_c", metadata=originals)),
    )
    assert refunded(ports) == []


# --- charge.dispute.created and charge.dispute.closed


@pytest.mark.parametrize("charged", ["in_1", None], ids=["charge names it", "since basil"])
@pytest.mark.parametrize("status", ["needs_response", "warning_needs_response"])
def test_q55_q56_any_dispute_suspends_the_grants_of_what_was_paid_for(
    charged: str | None, status: str
) -> None:
    others = invoice("in_0", status="paid", sub="sub_2", payments=(("payment_intent", "pi_0"),))
    found = invoice("in_1", status="paid", sub="sub_1", payments=(("payment_intent", "pi_1"),))
    ports = FakePorts(
        grants=some_grants(), invoices=(others, found, OPEN[0]), charges={"ch_1": charged}
    )
    assert disputed(ports, status=status, reason="fraudulent") == [
        became(g, "suspended", "dunning") for g in ("g1", "g3", "g4")
    ]


def test_a_dispute_of_a_payment_that_is_no_invoices_suspends_nothing() -> None:
    outside = invoice("in_1", status="paid", sub="sub_1", payments=(("payment_record", None),))
    ports = FakePorts(grants=some_grants(), invoices=(outside,), charges={"ch_1": None})
    assert disputed(ports) == []
    assert disputed(ports, payment_intent=None) == []


def test_a_dispute_of_an_invoice_without_a_subscription_suspends_nothing() -> None:
    ports = FakePorts(grants=some_grants(), invoices=(invoice("in_1"),), charges={"ch_1": "in_1"})
    assert disputed(ports) == []


@pytest.mark.parametrize(
    ("metadata", "amount"),
    [({}, "500"), ({"bad_debt_amount": "60"}, "560"), ({"bad_debt_amount": "1,250"}, "500")],
)
def test_q58_a_lost_dispute_writes_the_flag_and_the_amount_and_neither_since_nor_the_mark(
    metadata: dict[str, str], amount: str
) -> None:
    ports = FakePorts(metadata=metadata, grants=(grant("g1", status="suspended"),))
    assert closed(ports) == [FLAGGED, ("stripe_metadata", {"bad_debt_amount": amount})]


@pytest.mark.parametrize("status", ["won", "warning_closed"])
def test_q57_a_dispute_closed_otherwise_gives_nothing_back(status: str) -> None:
    ports = FakePorts(grants=(grant("g1", status="suspended"),))
    assert closed(ports, status) == []


# --- all


@pytest.mark.parametrize("call", [failed, updated, deleted, refunded, disputed, closed])
def test_no_webhook_does_anything_without_an_account(call: Any) -> None:
    ports = FakePorts(
        account=False,
        attempts=9,
        grants=some_grants(),
        invoices=(invoice("in_1", sub="sub_1", status="uncollectible"), *OPEN),
        charges={"ch_1": "in_1"},
    )
    assert call(ports) == []
