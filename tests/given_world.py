"""Worlds loaded from a given, for tests of the double: one subscription, one invoice, one card."""

from __future__ import annotations

from typing import Any

from fixtures.given import given
from fixtures.loader import load
from fixtures.world import World

NOW = "2026-03-02T10:00:00Z"
PERIOD = {"start": "2026-02-10T00:00:00Z", "end": "2026-03-12T00:00:00Z"}


def world(
    *,
    invoice: dict[str, Any] | None = None,
    invoices: list[dict[str, Any]] | None = None,
    subscription: str | None = "past_due",
    method: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    stripe: dict[str, Any] | None = None,
    **more: Any,
) -> World:
    """Load a world with invoice in_1 (10000 usd, open) of sub_1, and card pm_1."""
    one: dict[str, Any] = {"id": "in_1", "amount": 10000, "period": PERIOD}
    if subscription is not None:
        one["subscription"] = "sub_1"
    one.update(invoice or {})
    written: dict[str, Any] = {
        "payment_methods": [{"id": "pm_1", **(method or {})}],
        "invoices": [one, *(invoices or [])],
        "settings": settings or {},
        **(stripe or {}),
    }
    if subscription is not None:
        service = {"id": "sub_1", "product": "pages", "status": subscription}
        written.setdefault("subscriptions", [service])
    data = {"now": NOW, "account": {"id": "acc_1"}, "stripe": written, **more}
    return load(given(data))


def types(world: World) -> list[str]:
    """Return the types of the events not yet drained, in order."""
    return [event.type for event in world.drain()]
