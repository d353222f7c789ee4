"""L03, L04, L14 and L24: what each reads and writes, with its faults."""

from __future__ import annotations

from typing import Any

import pytest

from legacy_replica.billing_state import billing_state
from legacy_replica.invoice_payment_succeeded import invoice_payment_succeeded
from legacy_replica.invoice_voided import invoice_voided
from legacy_replica.pay_bad_debt import pay_bad_debt
from tests.legacy_replica.fake_ports import (
    DAY,
    CardError,
    FakePorts,
    api,
    grant,
    invoice,
    webhook,
)

DEBT = {"bad_debt": "true", "bad_debt_amount": "6000"}


def paid(ports: FakePorts, **payload: Any) -> list[Any]:
    invoice_payment_succeeded(ports, webhook("invoice.payment_succeeded", payload))
    return ports.log


def voided(ports: FakePorts) -> list[Any]:
    invoice_voided(ports, webhook("invoice.voided", {"id": "in_1"}))
    return ports.log


def pay_now(ports: FakePorts) -> dict[str, Any] | None:
    return pay_bad_debt(ports, api("api.pay_bad_debt"))


def page(ports: FakePorts) -> dict[str, Any] | None:
    return billing_state(ports, api("api.billing_state"))


# --- invoice.payment_succeeded


def test_a_consolidated_payment_clears_the_triple_and_every_hold_but_no_grant() -> None:
    ports = FakePorts(flag=True, metadata=DEBT, grants=(grant("g1", status="suspended"),))
    payload = {"metadata": {"consolidated": "true"}, "subscription": "sub_1"}
    assert paid(ports, **payload) == [
        ("billing_db", {"bad_debt": False}),
        ("customer", {"bad_debt_since": None}),
        (
            "stripe_metadata",
            {"bad_debt": "", "bad_debt_amount": "", "consolidated_invoice": ""},
        ),
        ("enforcement", {"hold": None}),
    ]


@pytest.mark.parametrize(
    ("amount", "amount_paid", "written"),
    [
        ("6000", 6000, {"bad_debt_amount": "", "bad_debt": ""}),
        ("6000", 10000, {"bad_debt_amount": "", "bad_debt": ""}),
        ("6000", 5999, {"bad_debt_amount": "1"}),
        ("6000", 0, {"bad_debt_amount": "6000"}),
        ("1,250", 1, {"bad_debt_amount": "", "bad_debt": ""}),  # Q15
    ],
)
def test_a_payment_is_taken_from_the_debt_in_the_metadata(
    amount: str, amount_paid: int, written: dict[str, str]
) -> None:
    ports = FakePorts(flag=True, metadata={"bad_debt": "true", "bad_debt_amount": amount})
    assert paid(ports, amount_paid=amount_paid) == [
        ("stripe_metadata", written),
        ("billing_db", {"failed_attempts": 0}),
    ]


@pytest.mark.parametrize(
    "payload",
    [
        {"parent": {"subscription_details": {"subscription": "sub_1"}}},
        {"subscription": "sub_1"},
        {"parent": {"subscription_details": None}, "subscription": "sub_1"},
    ],
)
def test_an_active_subscription_gives_back_its_grants_in_either_shape_of_the_api(
    payload: dict[str, Any],
) -> None:
    ports = FakePorts(
        subscriptions={"sub_1": "active"},
        grants=(
            grant("g1", status="suspended"),
            grant("g2", sub="sub_2"),
            grant("g3", status="ended"),
        ),
    )
    assert paid(ports, amount_paid=5, **payload) == [
        ("billing_db", {"failed_attempts": 0}),
        ("entitlements", {"id": "g1", "status": "active", "reason": None}),
        ("entitlements", {"id": "g3", "status": "active", "reason": None}),
    ]


def test_a_subscription_that_is_not_active_gives_nothing_back() -> None:
    ports = FakePorts(subscriptions={"sub_1": "past_due"}, grants=(grant("g1"),))
    assert paid(ports, subscription="sub_1") == [("billing_db", {"failed_attempts": 0})]


# --- invoice.voided


def test_voiding_the_last_open_invoice_forgets_since_only() -> None:
    ports = FakePorts(
        flag=True, since=DAY, metadata=DEBT, invoices=(invoice("in_1", status="uncollectible"),)
    )
    assert voided(ports) == [("customer", {"bad_debt_since": None})]


def test_voiding_changes_nothing_while_an_invoice_is_open() -> None:
    assert voided(FakePorts(since=DAY, invoices=(invoice("in_2"),))) == []


# --- api.pay_bad_debt

OPEN = (invoice("in_b", created=5), invoice("in_a", created=5), invoice("in_0", created=9))


@pytest.mark.parametrize(
    "ports",
    [
        FakePorts(flag=False, metadata=DEBT, invoices=OPEN),
        FakePorts(flag=True, invoices=OPEN),
        FakePorts(flag=True, metadata={"bad_debt_amount": "1,250"}, invoices=OPEN),
        FakePorts(flag=True, metadata=DEBT, invoices=(invoice("in_1", status="uncollectible"),)),
    ],
    ids=["not flagged", "no amount", "unreadable", "nothing open"],
)
def test_pay_now_finds_no_bad_debt(ports: FakePorts) -> None:
    assert pay_now(ports) == {"status": 404, "code": "no_bad_debt"}
    assert ports.log == []


def test_pay_now_pays_the_oldest_open_invoice_and_deletes_two_keys() -> None:
    ports = FakePorts(flag=True, metadata=DEBT, invoices=OPEN)
    assert pay_now(ports) == {"status": 200}
    assert ports.log == [
        ("invoices.pay", {"id": "in_a", "payment_method": "pm_1"}),
        ("stripe_metadata", {"bad_debt": "", "bad_debt_amount": ""}),
    ]


def test_pay_now_pays_the_consolidated_invoice_first() -> None:
    ports = FakePorts(flag=True, metadata={**DEBT, "consolidated_invoice": "in_c"}, invoices=OPEN)
    assert pay_now(ports) == {"status": 200}
    assert ports.log[0] == ("invoices.pay", {"id": "in_c", "payment_method": "pm_1"})


def test_pay_now_is_refused_without_a_method_on_file() -> None:
    ports = FakePorts(flag=True, metadata=DEBT, invoices=OPEN, method=None)
    assert pay_now(ports) == {"status": 402, "code": "1210"}


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
def test_a_payment_that_fails_writes_nothing(error: CardError, answer: dict[str, Any]) -> None:
    ports = FakePorts(flag=True, metadata=DEBT, invoices=OPEN, pay_error=error)
    assert pay_now(ports) == answer
    assert [store for store, _ in ports.log] == ["invoices.pay"]


# --- api.billing_state


@pytest.mark.parametrize(
    ("flag", "metadata", "answer"),
    [
        (True, DEBT, {"pay_now": True, "invoice": "in_a", "amount": 6000}),
        (False, DEBT, {"pay_now": False, "invoice": "in_a", "amount": 6000}),
        (True, {}, {"pay_now": False, "invoice": "in_a", "amount": 0}),
        (
            True,
            {**DEBT, "consolidated_invoice": "in_c"},
            {"pay_now": True, "invoice": "in_c", "amount": 6000},
        ),
    ],
)
def test_the_page_shows_the_metadatas_amount_beside_the_oldest_open_invoice(
    flag: bool, metadata: dict[str, str], answer: dict[str, Any]
) -> None:
    ports = FakePorts(flag=flag, metadata=metadata, invoices=OPEN)
    assert page(ports) == {"status": 200, **answer}
    assert ports.log == []


def test_the_page_never_offers_an_uncollectible_invoice() -> None:
    ports = FakePorts(
        flag=True, metadata=DEBT, invoices=(invoice("in_1", status="uncollectible"),)
    )
    assert page(ports) == {"status": 200, "pay_now": True, "invoice": None, "amount": 6000}


# --- all


@pytest.mark.parametrize("call", [paid, voided])
def test_a_webhook_without_an_account_does_nothing(call: Any) -> None:
    assert call(FakePorts(account=False)) == []


@pytest.mark.parametrize("call", [pay_now, page])
def test_an_endpoint_without_an_account_answers_nothing(call: Any) -> None:
    assert call(FakePorts(account=False)) is None
