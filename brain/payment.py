"""Charging one invoice because its customer asked for it, and saying how that ended."""

from __future__ import annotations

from typing import Any

from brain.assess import Assessment
from brain.debt import Debt
from brain.effects import idempotency_key
from brain.perform import Moved, stop_unless_final
from brain.ports import Ports, StripeFailure
from brain.snapshot import Snapshot
from brain.stripe_rows import Invoice

Answer = dict[str, Any]

REQUIRES_ACTION = "invoice_payment_intent_requires_action"
TOO_SMALL = "amount_too_small"
"""Stripe charges no such amount, whatever the table of currencies says."""


def charge(ports: Ports, view: Assessment, debt: Debt, wish: str | None) -> Answer | None:
    """Charge what the invoice asks for, once; None where that went well, else the answer.

    wish: the payment method the customer chose. Without any on file the answer is the secret with
    which the customer can pay: paying is never gated. A payment still on its way counts as well.
    Raises Moved where the invoice is not as it was, TryLater where nobody knows what happened.
    """
    found = ports.stripe.invoices.retrieve(debt.id)
    if found.status == "paid":
        return None
    if (found.status, found.amount_remaining) != (
        debt.invoice.status,
        debt.invoice.amount_remaining,
    ):
        raise Moved
    method = wish or method_of(view.snapshot, found)
    if method is None:
        return {"status": 200, "client_secret": secret_of(found)}
    key = idempotency_key(
        view.snapshot.account.id,
        "pay",
        debt.id,
        f"{method}:{found.amount_remaining}",
        view.snapshot.attempts[debt.id],
    )
    try:
        ports.stripe.invoices.pay(debt.id, payment_method=method, idempotency_key=key)
    except ports.stripe.CardError as error:
        ports.reason("declined", invoice=debt.id, code=error.code)
        return declined(error, found)
    except ports.stripe.StripeError as error:
        return _unless_paid(ports, debt.id, error)
    ports.reason("paid", invoice=debt.id, amount=found.amount_remaining)
    return None


def method_of(snapshot: Snapshot, invoice: Invoice) -> str | None:
    """The payment method to charge, or None.

    The customer's default comes before an older one of the subscription: a new card is put on the
    customer when the old one fails.
    """
    customer = snapshot.stripe_customer
    subscription = snapshot.subscriptions.get(invoice.subscription)
    return (
        customer.invoice_settings.default_payment_method
        or (None if subscription is None else subscription.default_payment_method)
        or customer.default_source
    )


def secret_of(invoice: Invoice) -> str | None:
    """The secret with which the customer pays this invoice, or None."""
    secret = invoice.confirmation_secret
    return None if secret is None else secret.client_secret


def declined(error: StripeFailure, invoice: Invoice) -> Answer:
    """A card's own answer, as old clients expect it, with the secret to go on."""
    intent = error.payment_intent
    secret = None if intent is None else intent.client_secret
    answer: Answer = {"status": 402, "code": error.code}
    if error.code != REQUIRES_ACTION:
        answer["decline_code"] = error.decline_code
    answer["client_secret"] = secret or secret_of(invoice)
    return answer


def _unless_paid(ports: Ports, invoice: str, error: StripeFailure) -> Answer | None:
    """A lost answer or a refusal is success if the invoice turns out to be paid."""
    if ports.stripe.invoices.retrieve(invoice).status == "paid":
        ports.reason("paid", invoice=invoice)
        return None
    stop_unless_final(error)
    if error.code == TOO_SMALL:
        ports.cases.open("no-way-to-pay", invoice, message=error.message)
    ports.reason("refused", invoice=invoice, code=error.code, message=error.message)
    return {"status": error.http_status, "code": error.code or "payment_refused"}
