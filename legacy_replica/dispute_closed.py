"""`webhook.dispute_closed` (L08, billing-webhooks): a dispute is won or lost."""

from __future__ import annotations

from legacy_replica.metadata import debt_amount
from legacy_replica.payload import event_object
from legacy_replica.ports import Ports, Trigger


def dispute_closed(ports: Ports, trigger: Trigger) -> None:
    """Flag the account for a dispute that is lost, and add its amount to the debt."""
    if ports.accounts.get() is None:
        return
    dispute = event_object(trigger)
    # QUIRK Q57: won or lost, what was suspended stays suspended
    if dispute["status"] != "lost":
        return
    # QUIRK Q58: neither since nor the mark, and there is no invoice that asks for it
    ports.billing_db.update(bad_debt=True)
    known = debt_amount(ports.stripe.customers.retrieve().metadata)
    amount = str(known + dispute["amount"])
    ports.stripe.customers.update(metadata={"bad_debt_amount": amount})
