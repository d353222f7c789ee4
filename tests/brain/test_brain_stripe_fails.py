"""Stripe fails in the middle: the brain stops by one refusal, and goes on the next time."""

from __future__ import annotations

from typing import Any

import pytest

from brain.perform import TryLater
from fixtures.world import World
from tests.debtor import ask, at, grant, invoice, invoice_of, look, made, uncollectible, world

REQUESTS = {
    "api.billing_state": {},
    "api.pay_bad_debt": {},
    "api.pay_invoice": {"invoice": "in_1"},
    "support.clear_bad_debt": {},
    "support.lift_ban": {},
}
DOWN = {"status": 503}


def happening(*planned: dict[str, Any], **more: Any) -> World:
    """A month that was written off after ten days of it, and what happens meanwhile."""
    written_off = uncollectible(18, credited=4_000)
    served = grant(status="suspended", reason="dunning", intervals=[[at(0), at(18)]])
    return world(20, written_off, grants=(served,), meanwhile=list(planned), **more)


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_stops_by_the_same_refusal_as_a_look_where_stripe_cannot_be_read(
    request_: str,
) -> None:
    of = happening({"call": "invoices.list", "fails": DOWN})

    with pytest.raises(TryLater) as stopped:
        ask(of, request_, **REQUESTS[request_])

    assert stopped.value.code == "stripe-unreachable"


def test_the_invoice_that_is_paid_cannot_be_read_and_nothing_is_charged() -> None:
    of = happening({"call": "invoices.retrieve", "fails": DOWN})

    with pytest.raises(TryLater):
        ask(of, "api.pay_invoice", invoice="in_1")

    assert "invoices.pay in_1" not in made(of)


@pytest.mark.parametrize("nth", range(2, 4))
def test_who_paid_hears_that_it_is_paid_though_the_look_afterwards_fails(nth: int) -> None:
    of = happening({"call": "invoices.list", "nth": nth, "fails": DOWN})

    assert ask(of, "api.pay_invoice", invoice="in_1") == {"status": 200}
    assert invoice_of(of).status == "paid"
    assert ask(of, "api.pay_invoice", invoice="in_1")["status"] == 409


def test_a_subscription_that_its_owner_cancels_in_the_same_second_is_no_case() -> None:
    cancels = {"act": "stripe.subscription_canceled", "subscription": "sub_1"}
    of = world(15, invoice(), grants=(grant(),),
               meanwhile=[{"call": "subscriptions.cancel", "do": cancels}])  # fmt: skip

    look(of)

    assert of.rows("cases") == ()
    assert invoice_of(of).status == "uncollectible"


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_stripe_does_not_take_is_no_case_of_an_account(status: int) -> None:
    refused = {"call": "subscriptions.cancel", "fails": {"status": status}}
    of = world(15, invoice(), grants=(grant(),), meanwhile=[refused])

    with pytest.raises(TryLater) as stopped:
        look(of)

    assert stopped.value.code == "stripe-busy"
    assert of.rows("cases") == ()
    assert look(of).get("subscriptions", "sub_1").status == "canceled"


def test_a_credit_note_that_somebody_takes_back_is_made_anew_at_once() -> None:
    takes_back = {"act": "stripe.credit_note_voided", "credit_note": "cn_in_1_1"}
    of = world(15, invoice(), grants=(grant(),),
               meanwhile=[{"call": "invoices.retrieve", "nth": 2, "do": takes_back}])  # fmt: skip

    look(of)

    assert [note.status for note in of.rows("credit_notes")] == ["void", "issued"]
    assert invoice_of(of).amount_remaining == 5_000
