"""What a webhook was sent: the object in the event, as it was when the event was emitted."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from legacy_replica.ports import Trigger


def event_object(trigger: Trigger) -> dict[str, Any]:
    """Return the object in the event, which may be older than what Stripe holds by now."""
    found: dict[str, Any] = trigger.event["data"]["object"]
    return found


def object_id(trigger: Trigger) -> str:
    """Return the id of the object in the event: it is the same however old the event is."""
    found: str = trigger.event["data"]["object"]["id"]
    return found


def subscription_id(invoice: dict[str, Any]) -> str | None:
    """Read an invoice's subscription: under `parent` since basil, at the top before."""
    parent: Any = invoice.get("parent")
    with suppress(AttributeError):  # null here or one below: of no subscription, or an old payload
        below: str | None = parent.get("subscription_details").get("subscription")
        return below
    before: str | None = invoice.get("subscription")
    return before
