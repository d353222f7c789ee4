"""Paying a named invoice: what it may ask for, what is credited first, what cannot be paid."""

from __future__ import annotations

from typing import Any

import pytest
from debtor import (
    DAY,
    MONTH,
    T0,
    Asked,
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

from brain.engine import ENGINE
from brain.invariants import INVARIANTS
from brain.perform import TryLater
from fixtures.acts import apply
from fixtures.kit import KIT
from fixtures.world import World

PAID = {"status": 200}
NOT_PAYABLE = {"status": 409, "code": "invoice_not_payable"}
REVIEW = {"status": 409, "code": "needs_review"}
INCOMPLETE = {"id": "sub_1", "product": "pages", "period": MONTH, "status": "incomplete"}


def pay(of: World, id: str = "in_1", **args: Any) -> Any:
    return ask(of, "api.pay_invoice", invoice=id, **args)


def stopped(days: float) -> dict[str, Any]:
    """Service that the customer ended after so many days."""
    return served(days, status="ended", reason=None)


ONE_OFF = {"amount": 700, "lines": [{"amount": 700, "one_off": True}]}
ASKED: list[tuple[str, dict[str, Any], tuple[dict[str, Any], ...], dict[str, Any], int]] = [
    ("open in grace asks its face", invoice(), (grant(),), PAID, 10_000),
    ("open, of service that was ended", invoice(), (stopped(5),), PAID, 1_666),
    ("open, of service nobody wrote down", invoice(), (), PAID, 10_000),
    ("open and partly paid", invoice(paid=4_000), (grant(),), PAID, 6_000),
    ("open for what was bought once", invoice(**ONE_OFF), (), PAID, 700),
    (
        "not due yet",
        invoice(due_date=at(20), collection_method="send_invoice"),
        (grant(),),
        PAID,
        10_000,
    ),
    ("written off at what is owed", uncollectible(8, credited=7_334), (served(8),), PAID, 2_666),
    ("written off at its face", uncollectible(8), (served(8),), PAID, 2_666),
    ("written off and partly paid", uncollectible(8, paid=1_000), (served(8),), PAID, 1_666),
    ("written off, service unknown", uncollectible(8), (), REVIEW, 0),
    ("written off, no secret", uncollectible(8, secret=False), (served(8),), REVIEW, 0),
    ("being paid", invoice(processing=True), (grant(),), PAID, 0),
    ("paid", invoice(status="paid"), (grant(),), NOT_PAYABLE, 0),
    ("void", invoice(status="void"), (grant(),), NOT_PAYABLE, 0),
    ("a draft", invoice(status="draft"), (grant(),), NOT_PAYABLE, 0),
    ("of another account", invoice(id="in_2"), (grant(),), NOT_PAYABLE, 0),
    (
        "of service that never was",
        invoice(),
        (stopped(0) | {"intervals": [[at(-9), at(-8)]]},),
        NOT_PAYABLE,
        0,
    ),
    ("less than can be charged", uncollectible(8, credited=9_960), (served(8),), NOT_PAYABLE, 0),
]


@pytest.mark.parametrize(("name", "row", "grants", "answer", "taken"), ASKED)
def test_a_named_invoice_takes_what_is_owed_on_it_and_never_more(
    name: str, row: Any, grants: Any, answer: Any, taken: int
) -> None:
    of = world(10, row, grants=grants)
    before = KIT.money(of)["captured"].get("in_1", 0)
    assert pay(of) == answer, name
    assert KIT.money(of)["captured"].get("in_1", 0) - before == taken
    assert KIT.wrongs(of) == ()


@pytest.mark.parametrize(("name", "row", "grants", "answer", "taken"), ASKED)
def test_the_page_offers_exactly_what_can_be_paid(
    name: str, row: Any, grants: Any, answer: Any, taken: int
) -> None:
    payable = ask(world(10, row, grants=grants), "api.billing_state")["payable"]
    offered = {each["invoice"] for each in payable} & {"in_1"}
    assert bool(offered) is (taken > 0), name


def test_an_open_invoice_past_its_grace_whose_service_nobody_knows_waits_for_a_person() -> None:
    assert pay(world(15, invoice())) == REVIEW


def test_a_first_invoice_can_be_paid_and_is_never_debt() -> None:
    first = invoice(billing_reason="subscription_create")
    of = world(0.5, first, stripe={"subscriptions": [INCOMPLETE]})
    assert ask(of, "api.pay_bad_debt") == {"status": 404, "code": "no_bad_debt"}
    assert pay(of) == PAID


def test_on_probation_an_invoice_is_paid_as_it_is() -> None:
    of = world(20, uncollectible(8), grants=(served(8),), account={"probation": True})
    assert (pay(of), invoice_of(of).amount_paid) == (PAID, 10_000)


# --- double clicks and retries ------------------------------------------------------------------


def card(**answers: Any) -> dict[str, Any]:
    return {"payment_methods": [{"id": "pm_1", **answers}]}


CLICKED = [
    ("succeeds", card(), PAID, NOT_PAYABLE, 1),
    ("processing", card(on_charge="processing"), PAID, PAID, 1),
]


@pytest.mark.parametrize(("name", "stripe", "first", "second", "charges"), CLICKED)
def test_a_double_click_charges_once(
    name: str, stripe: Any, first: Any, second: Any, charges: int
) -> None:
    of = world(10, uncollectible(8), grants=(served(8),), stripe=stripe)
    assert [pay(of), pay(of)] == [first, second], name
    assert len(of.rows("charges")) == charges


def test_a_click_while_the_bank_asks_goes_on_with_the_same_payment() -> None:
    of = world(10, invoice(), grants=(grant(),), stripe=card(on_charge="requires_action"))
    first, second = pay(of), pay(of)
    assert first == second
    assert (first["status"], first["client_secret"]) == (402, "pi_in_1_secret")
    assert len(of.rows("payment_intents")) == 1


class Intercepted:
    """The ports of a world, with another way to pay."""

    def __init__(self, of: World, pay: Any) -> None:
        self._found = of.ports
        self.calls: list[dict[str, Any]] = []
        self._pay = pay
        self.stripe = self.invoices = self

    def __getattr__(self, name: str) -> Any:
        for found in (self._found, self._found.stripe, self._found.stripe.invoices):
            if hasattr(found, name):
                return getattr(found, name)
        raise AttributeError(name)

    def pay(self, id: str, **params: Any) -> Any:
        self.calls.append(params)
        return self._pay(self._found.stripe, len(self.calls), id, params)


def click(ports: Intercepted) -> Any:
    (handler,) = ENGINE.handlers["api.pay_invoice"]
    return handler.call(ports, Asked("api.pay_invoice", invoice="in_1"))


def test_a_lost_answer_is_found_by_the_next_click_of_the_same_generation() -> None:
    def lost(stripe: Any, _: int, id: str, params: Any) -> Any:
        stripe.invoices.pay(id, **params)
        raise stripe.APIConnectionError("lost")

    of = world(10, invoice(), grants=(grant(),))
    assert click(Intercepted(of, lost)) == PAID
    assert pay(of) == NOT_PAYABLE
    assert len(of.rows("charges")) == 1


def test_a_click_that_never_arrived_is_repeated_with_the_same_key() -> None:
    def cut(stripe: Any, number: int, id: str, params: Any) -> Any:
        if number == 1:
            raise stripe.APIConnectionError("cut")
        return stripe.invoices.pay(id, **params)

    ports = Intercepted(world(10, invoice(), grants=(grant(),)), cut)
    with pytest.raises(TryLater):
        click(ports)
    assert click(ports) == PAID
    assert len({params["idempotency_key"] for params in ports.calls}) == 1


def test_stripe_charging_no_such_amount_is_a_case() -> None:
    def refuse(stripe: Any, *_: Any) -> Any:
        raise stripe.InvalidRequestError("Amount must be at least", code="amount_too_small")

    of = world(10, invoice(), grants=(grant(),))
    assert click(Intercepted(of, refuse)) == {"status": 400, "code": "amount_too_small"}
    assert "no-way-to-pay:in_1" in of.tables["cases"]


def test_a_decline_ends_the_generation_and_so_does_another_card() -> None:
    methods = [{"id": "pm_1", "decline_code": "insufficient_funds"}, {"id": "pm_2"}]
    of = world(10, invoice(), grants=(grant(),), stripe={"payment_methods": methods})
    assert pay(of)["decline_code"] == "insufficient_funds"
    assert pay(of, payment_method="pm_2") == PAID


def test_a_new_card_of_the_customer_comes_before_the_subscriptions_dead_one() -> None:
    sub = {"id": "sub_1", "product": "pages", "period": MONTH, "default_payment_method": "pm_1"}
    methods = [{"id": "pm_1", "decline_code": "lost_card"}]
    of = world(
        10,
        invoice(),
        grants=(grant(),),
        stripe={"payment_methods": methods, "subscriptions": [sub]},
    )
    apply(of, "stripe.card_updated", {"method": "pm_new", "on": "customer"})
    assert pay(of) == PAID


# --- consolidated invoices ----------------------------------------------------------------------

BEFORE = {"start": at(-30), "end": at(0)}
OLDER = uncollectible(
    10, id="in_2", amount=3_000, period=BEFORE, created=at(-30), finalized_at=at(-30)
)


def over(**more: Any) -> dict[str, Any]:
    metadata = {"consolidated": "true", "originals": "in_1,in_2"}
    line = {"amount": 9_000, "one_off": True}
    one = {"id": "in_c", "amount": 9_000, "lines": [line], "created": at(19)}
    return {**one, "metadata": metadata, **more}


def consolidated(*more: dict[str, Any], **settings: Any) -> World:
    """6000 and 3000 owed, and one invoice over both."""
    metadata = {"bad_debt": "true", "consolidated_invoice": "in_c"}
    return world(
        20,
        *(more or (uncollectible(18), OLDER, over())),
        grants=(served(0, intervals=[[at(-30), at(18)]]),),
        stripe={"metadata": metadata, "settings": settings},
        enforcement={"blocked": True},
        **flagged(10),
    )


def paid_calls(of: World) -> list[str]:
    return [call for call in made(of) if call.startswith("invoices.pay")]


@pytest.mark.parametrize("named", ["in_c", "in_1", "in_2"])
def test_the_consolidated_invoice_is_void_before_an_original_is_charged(named: str) -> None:
    of = consolidated()
    assert pay(of, named) == PAID
    calls = made(of)
    assert calls.index("invoices.void_invoice in_c") < calls.index(paid_calls(of)[0])
    charged = {"in_c": {"in_1", "in_2"}, "in_1": {"in_1"}, "in_2": {"in_2"}}[named]
    assert set(KIT.money(of)["captured"]) == charged


def test_while_the_consolidated_invoice_is_being_paid_nothing_is_charged_or_voided() -> None:
    of = consolidated(uncollectible(18), OLDER, over(processing=True))
    assert [pay(of, name) for name in ("in_c", "in_1", "in_2")] == [PAID] * 3
    assert paid_calls(of) == []
    assert (invoice_of(of, "in_c").status, shows(of)[3]) == ("open", ())
    assert invoice_of(of).amount_remaining == 6_000
    assert of.get("stripe_customer").metadata["consolidated_invoice"] == "in_c"


def test_once_it_was_paid_its_originals_are_closed_and_name_it() -> None:
    of = consolidated(uncollectible(18), OLDER, over(processing=True))
    look(of)
    apply(of, "stripe.processing_succeeds", {"invoice": "in_c"})
    look(of)
    notes = [call.params for call in of.calls if call.op == "credit_notes.create"]
    assert [note["metadata"] for note in notes] == [
        {"owed": "6000"},
        {"owed": "0", "settled_by": "in_c"},
        {"owed": "0", "settled_by": "in_c"},
    ]
    assert [pay(of, name) for name in ("in_c", "in_1", "in_2")] == [NOT_PAYABLE] * 3
    assert shows(of) == (False, None, None, ())
    assert KIT.wrongs(of) == ()


def test_if_that_payment_fails_it_is_void_and_the_originals_are_paid() -> None:
    of = consolidated(uncollectible(18), OLDER, over(processing=True))
    look(of)
    apply(of, "stripe.processing_fails", {"invoice": "in_c"})
    assert pay(of, "in_c") == PAID
    assert invoice_of(of, "in_c").status == "void"
    assert KIT.money(of)["captured"] == {"in_1": 6_000, "in_2": 3_000}


def test_what_was_paid_twice_is_a_case_and_never_refunded() -> None:
    paid = {**OLDER, "status": "paid", "paid_at": at(19), "marked_uncollectible_at": None}
    of = look(consolidated(uncollectible(18), paid, over(status="paid", paid_at=at(19))))
    assert of.get("cases", "double_charge:in_c").detail == {"amount": 3_000}
    assert of.rows("refunds") == ()
    assert pay(of) == NOT_PAYABLE


def test_money_of_one_currency_settles_nothing_in_another() -> None:
    """What was consolidated across currencies is paid in one; somebody must put it right."""
    line = {"amount": 3_000, "one_off": True}
    foreign = uncollectible(10, id="in_2", amount=3_000, currency="eur", lines=[line])
    of = look(consolidated(uncollectible(18), foreign, over(status="paid", paid_at=at(19))))
    assert (invoice_of(of).amount_remaining, invoice_of(of, "in_2").amount_remaining) == (0, 3_000)
    assert of.get("cases", "double_charge:in_c").detail == {"amount": 3_000}
    assert shows(of)[0] is True


def test_stripe_refusing_all_else_an_original_restores_no_service() -> None:
    refuse = {"credit_note_on_uncollectible": "reject", "void_on_uncollectible": "reject"}
    of = consolidated(uncollectible(18), OLDER, over(status="paid", paid_at=at(19)), **refuse)
    look(of)
    assert invoice_of(of).metadata["settled_by"] == "in_c"
    assert of.get("entitlements", "ent_1").status == "ended"


def test_no_step_of_it_breaks_what_must_always_hold() -> None:
    of = consolidated()
    pay(of, "in_c")
    seen: Any = type("Facts", (), {})()
    seen.books, seen.truth, seen.outcome = KIT.books(of), KIT.truth(of), KIT.outcome(of)
    seen.calls, seen.now = tuple(of.calls), of.now
    assert [text for law in INVARIANTS for text in law.check(seen)] == []
    assert of.now == T0 + 20 * DAY
