"""`webhook.invoice_payment_failed` (L01, billing-webhooks): a payment did not go through."""

from __future__ import annotations

from typing import Any

from legacy_replica.payload import event_object
from legacy_replica.ports import Ports, Trigger

ENOUGH = 4  # failed attempts


def invoice_payment_failed(ports: Ports, trigger: Trigger) -> None:
    """Count the attempt; flag the account at the fourth, or where no other is planned."""
    if ports.accounts.get() is None:
        return
    # QUIRK Q33: sent as well where the bank asks the customer to confirm
    # QUIRK Q36: as it was when the payment failed; by now the invoice may be paid
    invoice = event_object(trigger)
    if int(invoice.get("total", 0)) <= 0:
        return
    # QUIRK Q32: one counter, whichever invoice it was and whoever tried
    # QUIRK Q39: counted again at every delivery of the same event
    attempts = ports.billing_db.get().failed_attempts + 1
    ports.billing_db.update(failed_attempts=attempts)
    # QUIRK Q40: the customer service's copy of the segment, which lags
    if ports.customer.get().segment == "enterprise":
        return
    # QUIRK Q37: neither what is owed nor since when it is due is looked at
    if _is_given_up(invoice, attempts):
        # QUIRK Q38: the mark in the metadata, the service and the invoice stay as they are
        ports.billing_db.update(bad_debt=True)
        # QUIRK Q34: where it stands already, it is moved
        ports.customer.update(bad_debt_since=trigger.event["created"])


def _is_given_up(invoice: dict[str, Any], attempts: int) -> bool:
    """Tell an invoice without another attempt, and an account with enough failed ones."""
    # QUIRK Q35: an invoice that is sent never has a next attempt
    if invoice.get("next_payment_attempt") is None:
        return True
    return attempts >= ENOUGH
