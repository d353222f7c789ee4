"""L15, L22 and L23: paying a named invoice, and what support can do; with their faults."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.kit import KIT
from legacy_replica.ban_flagged import ban_flagged
from legacy_replica.clear_bad_debt import clear_bad_debt
from legacy_replica.lift_ban import lift_ban
from legacy_replica.pay_invoice import pay_invoice
from tests import given_world
from tests.legacy_replica.fake_ports import (
    DAY,
    NOW,
    CardError,
    FakePorts,
    InvalidRequestError,
    api,
    grant,
    invoice,
)

DEBT = {"bad_debt": "true", "bad_debt_amount": "6000", "consolidated_invoice": "in_c"}


def pay(ports: Any, named: str = "in_1") -> dict[str, Any] | None:
    return pay_invoice(ports, api("api.pay_invoice", invoice=named))


def clear(ports: Any) -> dict[str, Any] | None:
    return clear_bad_debt(ports, api("support.clear_bad_debt"))


def lift(ports: Any) -> dict[str, Any] | None:
    return lift_ban(ports, api("support.lift_ban"))


# --- api.pay_invoice


@pytest.mark.parametrize("status", ["open", "uncollectible"])
def test_the_named_invoice_is_paid_and_nothing_else_is_written(status: str) -> None:
    ports = FakePorts(
        flag=True, since=DAY, metadata=DEBT, invoices=(invoice("in_1", status=status),)
    )
    assert pay(ports) == {"status": 200}
    assert ports.log == [("invoices.pay", {"id": "in_1", "payment_method": "pm_1"})]


@pytest.mark.parametrize("status", ["draft", "paid", "void"])
def test_what_cannot_be_paid_is_refused_with_409(status: str) -> None:
    ports = FakePorts(invoices=(invoice("in_1", status=status),))
    assert pay(ports) == {"status": 409, "code": "invoice_not_payable"}
    assert ports.log == []


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (
            CardError("declined", "card_declined", "insufficient_funds"),
            {"status": 402, "code": "card_declined", "decline_code": "insufficient_funds"},
        ),
        (
            CardError("confirm it", "invoice_payment_intent_requires_action"),
            {"status": 402, "code": "invoice_payment_intent_requires_action"},
        ),
    ],
)
def test_a_card_error_is_told_without_the_secret(error: CardError, answer: dict[str, Any]) -> None:
    assert pay(FakePorts(invoices=(invoice("in_1"),), pay_error=error)) == answer


def test_stripes_error_for_want_of_a_method_is_passed_on() -> None:
    world = given_world.world(stripe={"payment_methods": []})
    with pytest.raises(world.ports.stripe.InvalidRequestError, match="no default_payment_method"):
        pay(world.ports)


def test_an_invoice_that_does_not_exist_is_stripes_error() -> None:
    with pytest.raises(InvalidRequestError, match="in_gone"):
        pay(FakePorts(), "in_gone")


def consolidated(*, status: str = "open") -> Any:
    """Two written-off invoices of 10000, and a consolidated one of 20000 over both."""
    return given_world.world(
        invoice={"status": "uncollectible"},
        invoices=[
            {"id": "in_2", "amount": 10000, "status": "uncollectible"},
            {
                "id": "in_c",
                "amount": 20000,
                "status": status,
                "metadata": {"consolidated": "true", "originals": "in_1,in_2"},
            },
        ],
        stripe={"metadata": {"bad_debt": "true", "bad_debt_amount": "12000"}},
    )


def test_an_original_and_its_consolidated_invoice_are_both_paid_at_face() -> None:
    world = consolidated()
    assert pay(world.ports, "in_c") == {"status": 200}
    assert pay(world.ports, "in_1") == {"status": 200}
    assert KIT.money(world)["captured"] == {"in_c": 20000, "in_1": 10000}


def test_a_void_consolidated_invoice_is_refused_though_its_originals_are_owed() -> None:
    world = consolidated(status="void")
    assert pay(world.ports, "in_c") == {"status": 409, "code": "invoice_not_payable"}
    assert KIT.outcome(world)["asks"] == {"usd": 20_000}


def test_a_payment_that_is_processing_is_answered_with_200() -> None:
    world = given_world.world(method={"on_charge": "processing"})
    assert pay(world.ports) == {"status": 200}
    assert KIT.books(world)["invoices"]["in_1"]["processing"] is True


# --- support.clear_bad_debt


def test_clearing_takes_off_the_flag_and_two_keys_in_that_order_and_leaves_the_rest() -> None:
    ports = FakePorts(
        flag=True,
        since=DAY,
        cached=700,
        metadata=DEBT,
        invoices=(invoice("in_1", status="uncollectible", remaining=700),),
        grants=(grant("g1", status="suspended"),),
    )
    assert clear(ports) == {"status": 200}
    assert ports.log == [
        ("billing_db", {"bad_debt": False}),
        ("stripe_metadata", {"bad_debt": "", "bad_debt_amount": ""}),
    ]
    assert ports.stripe.customers.metadata == {"consolidated_invoice": "in_c"}
    assert ports.customer.row.bad_debt_since == DAY


# --- support.lift_ban


def test_lifting_removes_holds_of_every_reason() -> None:
    world = given_world.world(
        enforcement={
            "holds": [{"kind": "ban", "reason": "fraud"}, {"kind": "block", "reason": "dunning"}]
        }
    )
    assert lift(world.ports) == {"status": 200}
    assert KIT.books(world)["enforcement"].get("ban", {}) == {}
    assert KIT.books(world)["enforcement"].get("block", {}) == {}


def test_the_next_night_bans_again_whom_support_let_in() -> None:
    ports = FakePorts(flag=True, since=NOW - 31 * DAY)
    lift(ports)
    ban_flagged(ports, api("cron.ban_flagged"))
    assert ports.log[0] == ("enforcement", {"hold": None})
    assert ports.log[-1] == ("enforcement", {"hold": "ban/dunning"})


# --- all


@pytest.mark.parametrize("call", [pay, clear, lift])
def test_without_an_account_there_is_no_answer(call: Any) -> None:
    ports = FakePorts(account=False, flag=True, invoices=(invoice("in_1"),))
    assert call(ports) is None
    assert ports.log == []


@pytest.mark.parametrize(
    ("call", "order"),
    [
        (pay, "invoices.retrieve customers.retrieve invoices.pay"),
        (clear, "billing_db.update customers.update"),
        (lift, "enforcement.clear_holds"),
    ],
)
def test_it_reads_and_writes_in_the_order_of_the_original(call: Any, order: str) -> None:
    world = given_world.world()
    seen: list[str] = []
    world.on_port = lambda access: seen.append(access.op)
    call(world.ports)
    assert seen == ["accounts.get", *order.split()]
