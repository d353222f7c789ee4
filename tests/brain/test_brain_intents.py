"""What people ask for, and what they are answered."""

from __future__ import annotations

from typing import Any

import pytest
from debtor import (
    DAY,
    T0,
    ask,
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

from brain.perform import TryLater
from brain.rollout import NotInThisMode, engine


def debtor(**more: Any) -> Any:
    fields: dict[str, Any] = {
        "grants": (served(18),),
        "enforcement": {"blocked": True},
        **flagged(18),
        **more,
    }
    return world(20, uncollectible(18), **fields)


def card(**answers: Any) -> dict[str, Any]:
    return {"payment_methods": [{"id": "pm_1", **answers}]}


def test_paying_bad_debt_takes_what_is_owed_and_lifts_everything() -> None:
    of = debtor()
    assert ask(of, "api.pay_bad_debt") == {"status": 200}
    assert invoice_of(of).amount_paid == 6_000
    assert shows(of) == (False, None, None, ())
    assert "credit_notes.create in_1" in made(of)


def test_paying_twice_finds_nothing_the_second_time() -> None:
    of = debtor()
    ask(of, "api.pay_bad_debt")
    assert ask(of, "api.pay_bad_debt") == {"status": 404, "code": "no_bad_debt"}
    assert invoice_of(of).amount_paid == 6_000


def test_a_decline_answers_as_before_with_the_secret_added() -> None:
    of = debtor(stripe=card(decline_code="insufficient_funds"))
    assert ask(of, "api.pay_bad_debt") == {
        "status": 402,
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "client_secret": "pi_in_1_secret",
    }
    assert shows(of)[3] == ("block",)


def test_a_card_that_asks_for_its_owner_gets_the_secret() -> None:
    of = debtor(stripe=card(on_charge="requires_action"))
    assert ask(of, "api.pay_bad_debt") == {
        "status": 402,
        "code": "invoice_payment_intent_requires_action",
        "client_secret": "pi_in_1_secret",
    }


def test_without_a_method_the_answer_is_the_secret() -> None:
    of = debtor(stripe={"payment_methods": [], "default_payment_method": None})
    assert ask(of, "api.pay_bad_debt") == {"status": 200, "client_secret": "pi_in_1_secret"}


def test_a_payment_on_its_way_counts_and_is_not_made_twice() -> None:
    of = debtor(stripe=card(on_charge="processing"))
    assert ask(of, "api.pay_bad_debt") == {"status": 200}
    assert ask(of, "api.pay_bad_debt") == {"status": 200}
    assert made(of).count("invoices.pay in_1") == 1


def test_a_new_attempt_after_a_decline_is_a_new_attempt() -> None:
    of = debtor(stripe=card(decline_code="insufficient_funds"))
    ask(of, "api.pay_bad_debt")
    ask(of, "api.pay_bad_debt")
    assert len([charge for charge in of.rows("charges") if charge.status == "failed"]) == 2


def test_all_that_is_due_is_paid_oldest_first_up_to_the_first_failure() -> None:
    older = invoice(id="in_0", amount=700, lines=[{"amount": 700, "one_off": True}])
    of = world(20, uncollectible(18, finalized_at=at(1)), older, grants=(served(18),))
    assert ask(of, "api.pay_bad_debt") == {"status": 200}
    paid = [call for call in made(of) if call.startswith("invoices.pay")]
    assert paid == ["invoices.pay in_0", "invoices.pay in_1"]


def test_what_is_due_later_is_not_charged_along() -> None:
    later = invoice(
        id="in_2",
        collection_method="send_invoice",
        due_date=at(40),
        lines=[{"amount": 10_000, "one_off": True}],
    )
    of = debtor()
    of = world(20, uncollectible(18), later, grants=(served(18),))
    ask(of, "api.pay_bad_debt")
    assert invoice_of(of, "in_2").status == "open"


def test_paying_in_the_last_second_keeps_the_service() -> None:
    of = world(14, invoice(), grants=(grant(),))
    assert ask(of, "api.pay_bad_debt") == {"status": 200}
    assert invoice_of(of).amount_paid == 10_000
    assert of.get("entitlements", "ent_1").status == "active"


def test_an_amount_nobody_can_be_sure_of_is_not_charged() -> None:
    of = world(20, uncollectible(18))
    assert ask(of, "api.pay_bad_debt") == {"status": 409, "code": "needs_review"}
    assert invoice_of(of).amount_paid == 0


def test_a_consolidated_invoice_is_voided_before_its_originals_are_charged() -> None:
    over = {
        "id": "in_c",
        "amount": 6_000,
        "created": at(19),
        "lines": [{"amount": 6_000, "one_off": True}],
        "metadata": {"consolidated": "true", "originals": "in_1"},
    }
    of = world(20, uncollectible(18), over, grants=(served(18),))
    assert ask(of, "api.pay_invoice", invoice="in_c") == {"status": 200}
    calls = made(of)
    assert calls.index("invoices.void_invoice in_c") < calls.index("invoices.pay in_1")


def test_what_cannot_be_paid_is_409() -> None:
    of = world(20, invoice(status="void"))
    answer = ask(of, "api.pay_invoice", invoice="in_1")
    assert answer == {"status": 409, "code": "invoice_not_payable"}


def test_the_state_offers_each_invoice_with_what_it_truly_asks() -> None:
    assert ask(debtor(), "api.billing_state") == {
        "status": 200,
        "pay_now": True,
        "invoice": "in_1",
        "amount": 6_000,
        "payable": [
            {
                "invoice": "in_1",
                "amount": 6_000,
                "currency": "usd",
                "client_secret": "pi_in_1_secret",
            }
        ],
    }


def test_the_state_offers_nothing_where_nothing_is_owed() -> None:
    assert ask(world(20, invoice(status="paid")), "api.billing_state") == {
        "status": 200,
        "pay_now": False,
        "invoice": None,
        "amount": 0,
        "payable": [],
    }


def test_an_open_invoice_is_offered_at_its_face_until_a_person_must_look_at_its_service() -> None:
    early, late = (ask(world(day, invoice()), "api.billing_state") for day in (2, 22))
    assert (early["pay_now"], early["invoice"], early["amount"]) == (True, "in_1", 10_000)
    assert (late["pay_now"], late["payable"]) == (False, [])


@pytest.mark.parametrize("status", ["open", "uncollectible"])
def test_support_forgives_bad_debt(status: str) -> None:
    of = (
        debtor()
        if status == "uncollectible"
        else world(20, invoice(), grants=(grant(),), **flagged(18))
    )
    assert ask(of, "support.clear_bad_debt") == {"status": 200}
    assert (invoice_of(of).amount_remaining, invoice_of(of).amount_paid) == (0, 0)
    assert shows(of) == (False, None, None, ())
    assert of.get("entitlements", "ent_1").status == "ended"


def test_lifting_a_ban_lasts_thirty_days_and_leaves_fraud_alone() -> None:
    holds = [{"kind": "ban"}, {"kind": "ban", "reason": "fraud"}]
    of = world(60, uncollectible(18), grants=(served(18),), enforcement={"holds": holds})
    assert ask(of, "support.lift_ban") == {"status": 200}
    assert [hold.reason for hold in of.get("enforcement").holds] == ["fraud"]
    of.advance(T0 + 90 * DAY - 1)
    assert shows(look(of))[3] == ()
    of.advance(T0 + 90 * DAY)
    assert shows(look(of))[3] == ("ban",)


def test_watching_writes_nothing_and_answers_no_request_that_would() -> None:
    of = debtor()
    watching = engine("observe")
    look(of, watching)
    assert of.writes == []
    assert any(reason["rule"] == "not-this-mode" for reason in of.reasons)
    with pytest.raises(NotInThisMode):
        ask(of, "api.pay_bad_debt", watching)


def test_reconciling_writes_three_stores_only() -> None:
    of = world(20, uncollectible(18), grants=(grant(),), enforcement={"banned": True})
    look(of, engine("reconcile"))
    assert {write.at.split(".")[0] for write in of.writes} <= {
        "billing_db",
        "customer",
        "stripe_metadata",
    }
    assert shows(of) == (True, 18, "true", ("ban",))


def test_lifting_helps_and_never_harms() -> None:
    of = world(60, uncollectible(18), invoice(id="in_2"), grants=(grant(),))
    look(of, engine("lift"))
    assert shows(of)[3] == ()
    assert of.get("entitlements", "ent_1").status == "active"


class Unreachable:
    """Ports whose Stripe is lost at one call."""

    def __init__(self, of: Any, op: str) -> None:
        self.of, self.op = of, op

    def __call__(self, access: Any) -> None:
        if access.op == self.op:
            self.of.on_port = None
            raise self.of.ports.stripe.APIConnectionError("connection lost")


@pytest.mark.parametrize("op", ["credit_notes.create", "invoices.list"])
def test_a_lost_stripe_stops_the_look_and_the_next_one_goes_on(op: str) -> None:
    of = debtor()
    of.on_port = Unreachable(of, op)
    with pytest.raises(TryLater) as stopped:
        look(of)
    assert (stopped.value.kind, stopped.value.code) == ("try-later", "stripe-unreachable")
    assert invoice_of(look(of)).amount_remaining == 6_000
