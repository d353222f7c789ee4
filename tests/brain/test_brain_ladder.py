"""Credit notes and the ladder: what Stripe may refuse, and what is done then."""

from __future__ import annotations

from typing import Any

import pytest
from debtor import (
    at,
    flagged,
    grant,
    invoice,
    invoice_of,
    look,
    made,
    served,
    shows,
    uncollectible,
    world,
)


def settings(credit: str = "accept", void: str = "accept", **more: Any) -> dict[str, Any]:
    switches = {"credit_note_on_uncollectible": credit, "void_on_uncollectible": void, **more}
    return {"settings": switches}


def test_an_open_invoice_is_credited_while_open_and_then_marked() -> None:
    of = look(world(18, invoice(), grants=(grant(),)))
    assert made(of) == [
        "subscriptions.cancel sub_1",
        "credit_notes.create in_1",
        "invoices.mark_uncollectible in_1",
        "customers.update customer",
    ]
    assert (invoice_of(of).status, invoice_of(of).amount_remaining) == ("uncollectible", 6_000)
    assert of.get("entitlements", "ent_1").status == "suspended"


def test_debt_equal_to_what_remains_needs_no_credit_note() -> None:
    of = look(world(30, uncollectible(30), grants=(served(30),)))
    assert not of.tables["credit_notes"]


def test_a_refused_credit_note_on_bad_debt_is_a_case_and_the_account_stays_flagged() -> None:
    of = look(world(20, uncollectible(18), grants=(served(18),), stripe=settings("reject")))
    assert "cannot-credit-uncollectible:in_1" in of.tables["cases"]
    assert shows(of) == (True, 18, "true", ("block",))
    assert invoice_of(of).amount_remaining == 10_000
    calls = len(of.calls)
    look(of)
    assert not [c for c in of.calls[calls:] if c.result != "ok"]


def test_a_case_on_an_invoice_stops_its_ban_not_its_block() -> None:
    of = look(world(90, uncollectible(18), grants=(served(18),), stripe=settings("reject")))
    assert shows(of)[3] == ("block",)


LADDER = [
    ("accept", "accept", "uncollectible", 0, False),
    ("reject", "accept", "void", 10_000, False),
    ("reject", "reject", "uncollectible", 10_000, True),
]


@pytest.mark.parametrize(("credit", "void", "status", "remaining", "case"), LADDER)
def test_what_nobody_owes_is_credited_else_voided_else_left_to_a_person(
    credit: str, void: str, status: str, remaining: int, case: bool
) -> None:
    of = world(
        60,
        uncollectible(18),
        grants=(served(0, intervals=[[at(-1), at(0)]]),),
        stripe=settings(credit, void),
        enforcement={"banned": True},
        **flagged(18),
    )
    look(of)
    assert (invoice_of(of).status, invoice_of(of).amount_remaining) == (status, remaining)
    assert shows(of) == (False, None, None, ())
    assert ("cannot-zero-uncollectible:in_1" in of.tables["cases"]) is case


def test_what_a_consolidated_invoice_paid_is_settled_there_if_stripe_refuses_all_else() -> None:
    over = {
        "id": "in_c",
        "amount": 6_000,
        "status": "paid",
        "created": at(19),
        "lines": [{"amount": 6_000, "one_off": True}],
        "metadata": {"consolidated": "true", "originals": "in_1"},
    }
    of = world(
        20, uncollectible(18), over, grants=(served(18),), stripe=settings("reject", "reject")
    )
    look(of)
    assert invoice_of(of).status == "paid"
    assert invoice_of(of).metadata["settled_by"] == "in_c"


APPLIED = {"balance_applied": 2_000}


def test_an_invoice_to_which_balance_was_applied_is_not_voided() -> None:
    """2000 of 10000 came from the balance and 1666 were served: voiding would hand 2000 back."""
    of = world(20, uncollectible(5, **APPLIED), grants=(served(5),), stripe=settings("reject"))
    look(of)
    assert (invoice_of(of).status, of.get("stripe_customer").balance) == ("uncollectible", 0)
    assert "cannot-zero-uncollectible:in_1" in of.tables["cases"]


def test_a_consolidated_invoice_to_which_balance_was_applied_is_credited() -> None:
    over = {
        "id": "in_c",
        "amount": 6_000,
        "created": at(19),
        "lines": [{"amount": 6_000, "one_off": True}],
        "metadata": {"consolidated": "true", "originals": "in_1"},
        **APPLIED,
    }
    of = look(world(20, uncollectible(18), over, grants=(served(18),)))
    assert of.get("stripe_customer").balance == 0
    assert (invoice_of(of, "in_c").amount_remaining, invoice_of(of).amount_remaining) == (0, 4_000)


def test_debt_too_small_to_charge_is_forgiven_whole() -> None:
    line = {"amount": 60, "period": {"start": at(0), "end": at(30)}}
    of = look(world(30, uncollectible(18, amount=60, lines=[line]), grants=(served(18),)))
    assert invoice_of(of).amount_remaining == 0
    assert shows(of) == (False, None, None, ())


def test_service_that_earned_less_than_can_be_charged_ends_without_debt() -> None:
    year = {"start": at(0), "end": at(3_000)}
    of = look(world(14, invoice(period=year), grants=(grant(),)))
    assert made(of) == ["subscriptions.cancel sub_1", "credit_notes.create in_1"]
    assert of.get("entitlements", "ent_1").status == "ended"
    assert (invoice_of(of).status, invoice_of(of).amount_paid) == ("paid", 0)
    assert shows(of) == (False, None, None, ())


def test_an_open_invoice_for_service_that_never_was_is_credited() -> None:
    ended = grant(status="ended", intervals=[[at(-30), at(-1)]])
    of = look(world(3, invoice(), grants=(ended,)))
    assert (invoice_of(of).status, invoice_of(of).amount_paid) == ("paid", 0)


@pytest.mark.parametrize("zeroed", ["paid", "uncollectible"])
def test_what_is_left_is_looked_at_not_the_status_after_zeroing(zeroed: str) -> None:
    of = world(
        60,
        uncollectible(18),
        grants=(served(0, intervals=[[at(-1), at(0)]]),),
        stripe=settings(zeroed_uncollectible=zeroed),
    )
    look(of)
    assert invoice_of(of).status == zeroed
    writes = len(of.writes)
    look(of)
    assert len(of.writes) == writes


def test_nothing_is_done_to_an_invoice_while_it_is_being_paid() -> None:
    of = look(world(20, uncollectible(18, processing=True), grants=(served(18),)))
    assert invoice_of(of).amount_remaining == 10_000
    assert shows(of) == (True, 18, "true", ())
    assert "payment-processing:in_1" in of.tables["cases"]


def test_a_grant_comes_back_only_where_its_own_period_is_paid() -> None:
    paid = invoice(id="in_2", subscription="sub_2", product="d1", status="paid")
    both = (
        served(18),
        served(18, id="ent_2", subscription="sub_2", product="d1"),
        served(18, id="ent_3", subscription="sub_2", product="queues", plan="free"),
    )
    subscriptions = [
        {"id": "sub_1", "product": "pages", "period": {"start": at(0), "end": at(30)}},
        {"id": "sub_2", "product": "d1", "period": {"start": at(0), "end": at(30)}},
    ]
    of = look(
        world(20, uncollectible(18), paid, grants=both, stripe={"subscriptions": subscriptions})
    )
    statuses = {key: row.status for key, row in of.tables["entitlements"].items()}
    assert statuses == {"ent_1": "suspended", "ent_2": "active", "ent_3": "active"}


def test_a_ban_suspends_every_paid_product_but_cancels_only_what_is_unpaid() -> None:
    paid = invoice(
        id="in_2",
        subscription="sub_2",
        product="d1",
        status="paid",
        period={"start": at(40), "end": at(70)},
        created=at(40),
        finalized_at=at(40),
    )
    subscriptions = [
        {"id": "sub_1", "product": "pages", "period": {"start": at(0), "end": at(30)}},
        {"id": "sub_2", "product": "d1", "period": {"start": at(40), "end": at(70)}},
    ]
    second = grant(id="ent_2", subscription="sub_2", product="d1", intervals=[[at(40), None]])
    of = look(
        world(
            50,
            uncollectible(18),
            paid,
            grants=(served(18), second),
            stripe={"subscriptions": subscriptions},
        )
    )
    assert shows(of)[3] == ("ban",)
    assert of.get("entitlements", "ent_2").status == "suspended"
    assert of.get("subscriptions", "sub_2").status == "active"
    of.ports.stripe.invoices.pay("in_1")
    look(of)
    assert of.get("entitlements", "ent_2").status == "active"
    assert of.get("entitlements", "ent_1").status == "ended"
