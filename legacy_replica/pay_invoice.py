"""`api.pay_invoice` (L15, subscriptions-api): pays the invoice that the customer names."""

from __future__ import annotations

from typing import Any

from legacy_replica.card_refusal import card_refusal
from legacy_replica.ports import Ports, Trigger


def pay_invoice(ports: Ports, trigger: Trigger) -> dict[str, Any] | None:
    """Pay the named invoice with the customer's default payment method."""
    if ports.accounts.get() is None:
        return None
    invoice = ports.stripe.invoices.retrieve(trigger.args["invoice"])
    if invoice.status not in ("open", "uncollectible"):
        # QUIRK Q85: the originals of a consolidated invoice that is void are not looked for
        return {"status": 409, "code": "invoice_not_payable"}
    method = ports.stripe.customers.retrieve().invoice_settings.default_payment_method
    try:
        # QUIRK Q80: without any method Stripe's error is all that the customer gets
        # QUIRK Q81: all that the invoice asks for, whatever the metadata says is owed
        # QUIRK Q82: no look whether a consolidated invoice asks for the same, or was paid
        ports.stripe.invoices.pay(invoice.id, payment_method=method)
    except ports.stripe.CardError as error:
        return card_refusal(error)
    # QUIRK Q83: the flag, since, the metadata, the holds and the suspension stay
    return {"status": 200}
