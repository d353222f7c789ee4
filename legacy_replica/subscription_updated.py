"""`webhook.subscription_updated` (L05, billing-webhooks): products follow the subscription."""

from __future__ import annotations

from legacy_replica.entitlements import activate, end, suspend
from legacy_replica.payload import event_object
from legacy_replica.ports import Ports, Trigger


def subscription_updated(ports: Ports, trigger: Trigger) -> None:
    """Suspend, give back or end the subscription's products, as its status says."""
    if ports.accounts.get() is None:
        return
    # QUIRK Q42: as it was when the event was sent, not as it is by now
    subscription = event_object(trigger)
    status = subscription["status"]
    if status == "unpaid":
        # QUIRK Q43: for dunning, of which no other store says anything
        # QUIRK Q44: no look at the segment, a contract is suspended too
        suspend(ports, subscription["id"])
    elif status == "active":
        activate(ports, subscription["id"])
    elif status in ("canceled", "incomplete_expired"):
        end(ports, subscription["id"])
    # QUIRK Q45: nothing at past_due, however long ago the invoice was due, nor at paused
