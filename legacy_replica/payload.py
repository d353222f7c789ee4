"""What a webhook was sent: the object in the event, as it was when the event was emitted."""

from __future__ import annotations

from typing import Any

from legacy_replica.ports import Trigger


def event_object(trigger: Trigger) -> dict[str, Any]:
    """Return the object in the event, which may be older than what Stripe holds by now."""
    found: dict[str, Any] = trigger.event["data"]["object"]
    return found


def subscription_id(invoice: dict[str, Any]) -> str | None:
    """Read an invoice's subscription: under `parent` since basil, at the top before."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    found: str | None = details.get("subscription") or invoice.get("subscription")
    return found
