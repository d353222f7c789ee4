"""`webhook.dispute_created` (L08, billing-webhooks): a bank takes a payment back."""

from __future__ import annotations

from typing import Any

from legacy_replica.entitlements import suspend
from legacy_replica.payload import event_object
from legacy_replica.ports import Ports, Trigger


def dispute_created(ports: Ports, trigger: Trigger) -> None:
    """Suspend the products of the subscription that the disputed charge paid for."""
    if ports.accounts.get() is None:
        return
    # QUIRK Q56: no look at the status, `warning_needs_response` takes no money back
    subscription = _subscription(ports, event_object(trigger))
    if subscription is not None:
        # QUIRK Q55: for dunning, before anything is decided
        suspend(ports, subscription)


def _subscription(ports: Ports, dispute: dict[str, Any]) -> str | None:
    """Find what was paid for: by the charge's invoice, since basil by the payments of all."""
    found: str | None
    named = ports.stripe.charges.retrieve(dispute["charge"]).invoice
    if named is not None:
        found = ports.stripe.invoices.retrieve(named).subscription
        return found
    paid = {
        (item.payment.type, item.payment.payment_intent): invoice.subscription
        for invoice in ports.stripe.invoices.list()
        for item in invoice.payments.data
    }
    found = paid.get(("payment_intent", dispute["payment_intent"]))
    return found
