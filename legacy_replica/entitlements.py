"""Suspending and giving back what a customer may use."""

from __future__ import annotations

from legacy_replica.ports import Ports


def suspend_paid(ports: Ports) -> None:
    """Suspend what is not free and active, for dunning."""
    for grant in ports.entitlements.list():
        if grant.plan != "free" and grant.status == "active":
            # QUIRK Q07: whichever invoice paid for it
            ports.entitlements.set_status(grant.id, "suspended", reason="dunning")


def activate(ports: Ports, subscription: str) -> None:
    """Make every grant of the subscription active."""
    for grant in ports.entitlements.list():
        if grant.subscription == subscription:
            # QUIRK Q14: an ended grant too, and whatever else is owed
            ports.entitlements.set_status(grant.id, "active")
