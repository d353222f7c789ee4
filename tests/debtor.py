"""Accounts for the brain's tests, made by the world's own loader from short forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from brain.engine import ENGINE, Engine
from fixtures.given import given
from fixtures.loader import load
from fixtures.world import World

DAY = 86_400
START = datetime(2026, 3, 1, tzinfo=UTC)
T0 = int(START.timestamp())


def at(days: float = 0, seconds: int = 0) -> str:
    """A moment, counted from the start of the period."""
    moment = START + timedelta(days=days, seconds=seconds)
    return moment.isoformat().replace("+00:00", "Z")


MONTH = {"start": at(0), "end": at(30)}


def invoice(**more: Any) -> dict[str, Any]:
    """An open renewal of 10000 usd for 30 days, due at their start."""
    return {
        "id": "in_1",
        "amount": 10_000,
        "subscription": "sub_1",
        "product": "pages",
        "period": MONTH,
        "created": at(0),
        "finalized_at": at(0),
        "attempt_count": 8,
        **more,
    }


def grant(**more: Any) -> dict[str, Any]:
    """Service of that subscription, running since the period began."""
    return {
        "id": "ent_1",
        "product": "pages",
        "plan": "pro",
        "subscription": "sub_1",
        "intervals": [[at(0), None]],
        **more,
    }


def served(days: float, **more: Any) -> dict[str, Any]:
    """Service that dunning suspended after so many days."""
    spans = {"intervals": [[at(0), at(days)]], "status": "suspended", "reason": "dunning"}
    return grant(**{**spans, **more})


def uncollectible(days: float, **more: Any) -> dict[str, Any]:
    """The invoice written off after so many days."""
    return invoice(status="uncollectible", marked_uncollectible_at=at(days), **more)


def world(
    now: float,
    *invoices: dict[str, Any],
    grants: tuple[dict[str, Any], ...] = (),
    seconds: int = 0,
    segment: str = "pro",
    stripe: dict[str, Any] | None = None,
    account: dict[str, Any] | None = None,
    **more: Any,
) -> World:
    """A pro account with one subscription and a card, `now` days (and seconds) into the period."""
    data: dict[str, Any] = {
        "now": at(now, seconds),
        "account": {"id": "acc_1", "segment": segment, **(account or {})},
        "stripe": {
            "customer": "cus_1",
            "payment_methods": [{"id": "pm_1"}],
            "default_payment_method": "pm_1",
            "subscriptions": [{"id": "sub_1", "product": "pages", "period": MONTH}],
            "invoices": list(invoices),
            **(stripe or {}),
        },
        "entitlements": list(grants),
        **more,
    }
    made = load(given(data))
    made.actor = "brain"
    return made


def flagged(since: float) -> dict[str, Any]:
    """Stores 1 and 2 of an account in bad debt; to be spread into `world`."""
    return {"billing_db": {"bad_debt": True}, "customer": {"bad_debt_since": at(since)}}


def look(of: World, engine: Engine = ENGINE) -> World:
    """Look, and return the same world."""
    engine.look(of.ports)
    return of


class Asked:
    """A trigger by a person."""

    event = None

    def __init__(self, name: str, **args: Any) -> None:
        self.name = name
        self.args = args


def ask(of: World, name: str, engine: Engine = ENGINE, **args: Any) -> Any:
    """Call the one handler of a person's request."""
    (handler,) = engine.handlers[name]
    return handler.call(of.ports, Asked(name, **args))


def end(of: World) -> dict[str, Any]:
    """What the tables hold, without what only counts."""
    skipped = ("idempotency", "ordinals", "notifications")
    return {name: dict(rows) for name, rows in of.tables.items() if name not in skipped}


def shows(of: World) -> tuple[bool, int | None, str | None, tuple[str, ...]]:
    """Flag, since in days, mark and dunning holds, as the four small stores show them."""
    since = of.get("customer").bad_debt_since
    return (
        of.get("billing_db").bad_debt,
        None if since is None else (since - T0) // DAY,
        of.get("stripe_customer").metadata.get("bad_debt"),
        tuple(h.kind for h in of.get("enforcement").holds if h.reason == "dunning"),
    )


def invoice_of(of: World, id: str = "in_1") -> Any:
    return of.get("invoices", id)


def made(of: World) -> list[str]:
    """Stripe's writing calls that succeeded, in order."""
    reading = ("list", "retrieve")
    return [
        f"{call.op} {call.object}"
        for call in of.calls
        if call.op.split(".")[-1] not in reading and call.result == "ok"
    ]
