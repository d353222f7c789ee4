"""Which triggers wake the brain: whatever may change a decision does, and says nothing more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from debtor import (
    DAY,
    MONTH,
    T0,
    at,
    end,
    flagged,
    grant,
    invoice,
    invoice_of,
    look,
    served,
    shows,
    uncollectible,
    world,
)

from brain.engine import ENGINE, LOOKS
from fixtures.acts import apply
from fixtures.world import World
from harness.compose import compose
from tests.shadow_command import ROOT


def deliver(of: World) -> World:
    """Hand over every event that the brain listens to, until it causes no more."""
    while events := of.drain():
        for event in events:
            trigger = SimpleNamespace(name=event.type, args={}, event=event.payload())
            for handler in ENGINE.handlers.get(event.type, ()):
                handler.call(of.ports, trigger)
    return of


def test_the_brain_answers_every_trigger_that_a_legacy_path_answers() -> None:
    control = compose(ROOT / "pyproject.toml", ()).control.engine  # its code, or its recording

    assert set(control.handlers) <= set(ENGINE.handlers)


def test_no_trigger_is_listed_twice() -> None:
    assert len(LOOKS) == len(set(LOOKS))


def renewed() -> World:
    before = {"start": at(-30), "end": at(0)}
    earlier = invoice(
        id="in_0", status="paid", created=at(-30), finalized_at=at(-30), period=before
    )
    return world(10, earlier, invoice(), grants=(grant(intervals=[[at(-30), None]]),))


def paid() -> World:
    return world(10, invoice(status="paid"), grants=(grant(),))


def in_bad_debt() -> World:
    metadata = {"metadata": {"bad_debt": "true"}}
    row = uncollectible(18, credited=4_000)
    held = {"enforcement": {"blocked": True}, "stripe": metadata}
    return look(world(20, row, grants=(served(18),), **held, **flagged(18)))


def disputed() -> World:
    of = paid()
    apply(of, "stripe.dispute_opened", {"invoice": "in_1"})
    return of


def refunding() -> World:
    of = paid()
    apply(of, "stripe.refund", {"invoice": "in_1", "id": "re_1", "status": "pending"})
    return of


def overdue() -> World:
    return world(14, invoice(processing=True), grants=(grant(),))


SUB, ONE = {"subscription": "sub_1"}, {"invoice": "in_1"}
ACTS: list[tuple[str, Any, dict[str, Any]]] = [
    ("invoice_pay_succeeds", in_bad_debt, ONE),
    ("invoice_pay_processing", in_bad_debt, ONE),
    ("paid_out_of_band", in_bad_debt, ONE),
    ("void", in_bad_debt, ONE),
    ("credit_note", in_bad_debt, {**ONE, "amount": 6_000}),
    ("partial_payment", in_bad_debt, {**ONE, "amount": 5_990}),
    ("balance_changed", in_bad_debt, {"amount": -6_000}),
    ("mark_uncollectible", renewed, ONE),
    ("subscription_canceled", renewed, SUB),
    ("retries_exhausted", renewed, ONE),
    ("void", renewed, ONE),
    ("credit_note", renewed, {**ONE, "amount": 10_000}),
    ("refund", paid, ONE),
    ("refund", paid, {**ONE, "credit_note": True}),
    ("refund_succeeds", refunding, {"refund": "re_1"}),
    ("dispute_opened", in_bad_debt, {"invoice": "in_0"}),
    ("dispute_closed", disputed, {**ONE, "status": "lost"}),
    ("processing_fails", overdue, ONE),
]


@pytest.mark.parametrize(("act", "start", "args"), ACTS)
def test_events_alone_bring_the_account_to_where_a_sweep_would(
    act: str, start: Any, args: dict[str, Any]
) -> None:
    of = start()
    if args.get("invoice") == "in_0":
        row = invoice(id="in_0", status="paid", created=at(-30), finalized_at=at(-30))
        of = look(world(20, uncollectible(18), row, grants=(served(18),)))
    of.drain()
    apply(of, f"stripe.{act}", args)
    swept = look(of.fork())
    assert end(swept) != end(of), "the act must matter"
    assert end(deliver(of)) == end(swept)


def test_a_trial_that_ends_without_a_card_stops_the_service_and_resuming_asks_first() -> None:
    free = invoice(amount=0, status="paid", billing_reason="subscription_create")
    sub = {"id": "sub_1", "product": "pages", "status": "trialing", "period": MONTH}
    stripe = {"subscriptions": [sub], "payment_methods": [], "default_payment_method": None}
    of = deliver(world(30, free, grants=(grant(),), stripe=stripe))
    apply(of, "stripe.trial_ended", SUB)
    assert deliver(of).get("entitlements", "ent_1").reason == "unpaid"
    apply(of, "stripe.subscription_resumed", SUB)
    assert deliver(of).get("entitlements", "ent_1").reason == "unpaid"


def test_a_free_invoice_lifts_nothing_and_a_draft_flags_nobody() -> None:
    of = in_bad_debt()
    for name, amount, status in (("in_8", 0, "paid"), ("in_9", 5_000, "draft")):
        line = {"amount": amount, "one_off": True}
        row = invoice(id=name, amount=amount, status=status, subscription=None, lines=[line])
        of.put("invoices", name, invoice_of(world(20, row), name))
    trigger = SimpleNamespace(name="invoice.paid", args={}, event=None)
    ENGINE.handlers["invoice.paid"][0].call(of.ports, trigger)
    assert shows(of) == (True, 18, "true", ("block",))


# --- segment and terms of the account, which send no event --------------------------------------

YEAR = {"start": at(0), "end": at(365)}


def moves(of: World, segment: str, **more: Any) -> World:
    apply(of, "account.segment_changes", {"segment": segment, **more})
    return look(of)


def owing(segment: str, days: float = 60, **more: Any) -> World:
    return look(world(days, uncollectible(18), grants=(served(18),), segment=segment, **more))


def test_turning_enterprise_lifts_block_and_ban_to_bad_debt() -> None:
    for days, hold in ((20, "block"), (60, "ban")):
        of = owing("pro", days)
        assert shows(of)[3] == (hold,)
        assert shows(moves(of, "enterprise", net_days=30)) == (True, 18, "true", ())


def test_and_gives_service_back_where_a_subscription_is_left_to_give_it() -> None:
    both = (
        {"id": "sub_1", "product": "pages", "period": MONTH},
        {"id": "sub_2", "product": "d1", "period": MONTH},
    )
    other = grant(id="ent_2", subscription="sub_2", product="d1")
    of = world(
        60,
        uncollectible(18),
        invoice(id="in_2", subscription="sub_2", product="d1", status="paid"),
        grants=(served(18), other),
        stripe={"subscriptions": both},
    )
    assert look(of).get("entitlements", "ent_2").status == "suspended"
    moves(of, "enterprise", net_days=30)
    assert of.get("entitlements", "ent_2").status == "active"
    assert of.get("subscriptions", "sub_1").status == "canceled"
    assert of.get("entitlements", "ent_1").status == "suspended"


def test_service_that_is_given_back_is_owed_before_anything_is_credited() -> None:
    """18 of 30 days were served, and from the 20th on it runs again to the end of the period."""
    of = world(20, uncollectible(18), grants=(served(18),), segment="enterprise", **flagged(18))
    assert invoice_of(look(of)).amount_remaining == 9_333
    assert of.get("entitlements", "ent_1").status == "active"


JUMPS = [
    ("business", "pro", 40, ("block",), ("block",)),
    ("business", "pro", 60, ("block",), ("ban",)),
    ("pro", "business", 60, ("ban",), ("block",)),
    ("pro", "business", 20, ("block",), ()),
    ("enterprise", "pro", 60, (), ("ban",)),
    ("enterprise", "business", 20, (), ()),
]


@pytest.mark.parametrize(("from_", "to", "days", "before", "after"), JUMPS)
def test_a_stricter_segment_may_jump_and_a_milder_one_steps_back(
    from_: str, to: str, days: float, before: Any, after: Any
) -> None:
    of = owing(from_, days)
    assert shows(of)[3] == before
    assert shows(moves(of, to))[3] == after


def test_what_is_past_due_is_evaluated_anew_at_once() -> None:
    of = world(20, invoice(period=YEAR), grants=(grant(),), segment="business")
    assert shows(look(of))[0] is False
    assert shows(moves(of, "pro")) == (True, 20, "true", ("block",))
    assert invoice_of(of).amount_remaining == 547


def test_new_terms_change_no_due_date_that_an_invoice_has() -> None:
    sent = invoice(collection_method="send_invoice", due_date=at(5))
    of = look(world(6, sent, grants=(grant(),), segment="business", account={"net_days": 5}))
    moves(of, "business", net_days=60)
    of.advance(T0 + 35 * DAY)
    assert invoice_of(look(of)).status == "uncollectible"
