"""Suspending, ending and giving back what a customer may use."""

from __future__ import annotations

from legacy_replica.ports import Ports


def suspend_paid(ports: Ports) -> None:
    """Suspend what is not free and active, for dunning."""
    for grant in ports.entitlements.list():
        if grant.plan != "free" and grant.status == "active":
            # QUIRK Q07: whichever invoice paid for it
            ports.entitlements.set_status(grant.id, "suspended", reason="dunning")


def suspend(ports: Ports, subscription: str) -> None:
    """Suspend every grant of the subscription, for dunning, whatever the cause."""
    _set_all(ports, subscription, "suspended", "dunning")


def activate(ports: Ports, subscription: str) -> None:
    """Make every grant of the subscription active."""
    # QUIRK Q14: an ended grant too, and whatever else is owed
    # QUIRK Q41: an ended grant too, and whatever else is owed
    _set_all(ports, subscription, "active", None)


def end(ports: Ports, subscription: str) -> None:
    """End every grant of the subscription."""
    _set_all(ports, subscription, "ended", None)


def _set_all(ports: Ports, subscription: str, status: str, reason: str | None) -> None:
    for grant in ports.entitlements.list():
        if grant.subscription == subscription:
            ports.entitlements.set_status(grant.id, status, reason=reason)
