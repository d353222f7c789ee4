"""Stripe events as others record them, hand-made and small, for tests of the recorder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fixtures.given import given
from fixtures.kit import KIT
from fixtures.record.recording import Raw, Recording, Recordings
from fixtures.world import World

DATA = Path(__file__).parents[2] / "shared" / "stripe-data"
AT = 1_700_000_000


def pseudonym(text: str) -> str:
    return hashlib.sha256(f"salt {text}".encode()).hexdigest()[:16]


def event(type_: str, held: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An event at AT; `previous`, `created`, `id` and `request` as they are named."""
    previous = more.pop("previous", None)
    data: dict[str, Any] = {"object": dict(held)}
    if previous is not None:
        data["previous_attributes"] = previous
    name = f"evt_{type_}_{held.get('id')}_{more.pop('n', 1)}"
    return {
        "id": name,
        "object": "event",
        "type": type_,
        "created": AT,
        "data": data,
        "request": None,
        **more,
    }


def invoice(**more: Any) -> dict[str, Any]:
    """An open invoice of 2000 usd, as the API has had it since 2020."""
    return {
        "id": "in_1",
        "object": "invoice",
        "customer": "cus_1",
        "currency": "usd",
        "status": "open",
        "created": AT - 10,
        "amount_due": 2000,
        "amount_paid": 0,
        "amount_remaining": 2000,
        "total": 2000,
        "subtotal": 2000,
        "attempt_count": 0,
        "status_transitions": {"finalized_at": AT, "paid_at": None, "voided_at": None},
        **more,
    }


def paid(**more: Any) -> dict[str, Any]:
    return invoice(
        **{
            "status": "paid",
            "amount_paid": 2000,
            "amount_remaining": 0,
            "attempt_count": 1,
            "status_transitions": {"finalized_at": AT, "paid_at": AT + 5, "voided_at": None},
            **more,
        }
    )


def customer(**more: Any) -> dict[str, Any]:
    return {"id": "cus_1", "object": "customer", "currency": "usd", "balance": 0, **more}


def subscription(**more: Any) -> dict[str, Any]:
    return {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "status": "active",
        "currency": "usd",
        **more,
    }


def charge(**more: Any) -> dict[str, Any]:
    return {
        "id": "ch_1",
        "object": "charge",
        "customer": "cus_1",
        "amount": 2000,
        "amount_captured": 2000,
        "amount_refunded": 0,
        "currency": "usd",
        "status": "succeeded",
        "payment_intent": "pi_1",
        **more,
    }


def raws(found: Iterable[Any], name: str = "f.jsonl") -> tuple[Raw, ...]:
    return tuple(Raw(data, f"{name}:{number}") for number, data in enumerate(found, 1))


def read(
    *found: Any, accounts: Iterable[Any] = (), calls: Iterable[str] = (), delivered: bool = False
) -> Recordings:
    return KIT.recorder.read(
        raws(found),
        accounts=raws(accounts, "rows.csv"),
        calls=frozenset(calls),
        pseudonym=pseudonym,
        delivered=delivered,
    )


def recording(*found: Any, **more: Any) -> Recording:
    """The one recording of these events; fails where there are more or fewer."""
    (one,) = read(*found, **more).recordings
    return one


def types(one: Recording) -> list[str]:
    return [item.type for item in one.happened]


def named(id_: str) -> str:
    """The pseudonym of one of Stripe's ids."""
    return f"{id_.partition('_')[0]}_{pseudonym(id_)}"


def replayed(one: Recording) -> World:
    """The world after everything that happened, each object in its place."""
    world = KIT.load(given(one.given))
    for item in one.happened:
        world.advance(item.at)
        KIT.recorder.replace(world, item.type, item.payload)
        world.foreign(item.type, item.payload)
        KIT.books(world)
    return world
