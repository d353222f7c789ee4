"""`api.pay_bad_debt` (L14, subscriptions-api): the Pay Now button of a customer in bad debt."""

from __future__ import annotations

from typing import Any

from legacy_replica.card_refusal import card_refusal
from legacy_replica.metadata import DELETE, debt_amount
from legacy_replica.payable_invoice import payable_invoice
from legacy_replica.ports import Ports, Trigger


def pay_bad_debt(ports: Ports, _: Trigger) -> dict[str, Any] | None:
    """Pay one invoice with the customer's default payment method."""
    if ports.accounts.get() is None:
        return None
    flagged: bool = ports.billing_db.get().bad_debt
    metadata = ports.stripe.customers.retrieve().metadata
    if not flagged or debt_amount(metadata) <= 0:
        return {"status": 404, "code": "no_bad_debt"}
    invoice = payable_invoice(ports, metadata)
    if invoice is None:
        return {"status": 404, "code": "no_bad_debt"}
    method = ports.stripe.customers.retrieve().invoice_settings.default_payment_method
    if method is None:
        # QUIRK Q21: no way to pay without a method on file
        return {"status": 402, "code": "1210"}
    return _pay(ports, invoice, method)


def _pay(ports: Ports, invoice: str, method: str) -> dict[str, Any]:
    try:
        # QUIRK Q23: a payment that is still processing comes back as if it had succeeded
        ports.stripe.invoices.pay(invoice, payment_method=method)
    except ports.stripe.CardError as error:
        return card_refusal(error)
    # QUIRK Q26: one invoice is paid, the debt of all is deleted
    # QUIRK Q19: the flag, since, the holds and the consolidated invoice's id stay
    ports.stripe.customers.update(metadata={"bad_debt": DELETE, "bad_debt_amount": DELETE})
    return {"status": 200}
