"""Service that nobody pays for ends or waits, and comes back where somebody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from debtor import (
    DAY,
    MONTH,
    T0,
    ask,
    at,
    grant,
    invoice,
    invoice_of,
    look,
    served,
    shows,
    world,
)

from brain.cover import is_covered
from brain.gather import gather
from brain.rollout import engine
from fixtures.acts import apply
from fixtures.world import World

BEFORE = {"start": at(-30), "end": at(0)}
EARLIER = invoice(id="in_0", status="paid", created=at(-30), finalized_at=at(-30), period=BEFORE)
LONG = grant(intervals=[[at(-30), None]])


def subscription(status: str = "active", **more: Any) -> dict[str, Any]:
    one = {"id": "sub_1", "product": "pages", "period": MONTH, "created": at(0), "status": status}
    return {"subscriptions": [{**one, **more}]}


def paid(**more: Any) -> World:
    """The month is paid and served, ten days in."""
    return world(10, invoice(status="paid"), grants=(grant(),), **more)


def renewed(now: float = 10, *more: dict[str, Any], **fields: Any) -> World:
    """An earlier month is paid, the renewal is open and its grace runs."""
    return world(now, EARLIER, invoice(), *more, grants=(LONG,), **fields)


def service(of: World, id: str = "ent_1") -> tuple[str, str | None]:
    row = of.get("entitlements", id)
    return row.status, row.reason


def cases(of: World) -> list[str]:
    return sorted(of.tables["cases"])


# --- what happens to a subscription and to its invoice ------------------------------------------

ENDED, WAITS, RUNS = ("ended", None), ("suspended", "unpaid"), ("active", None)
OWED = ["debt-without-invoice:in_1"]
Happens = tuple[str, dict[str, Any]]

CANCELED: Happens = ("stripe.subscription_canceled", {"subscription": "sub_1"})
LOST: Happens = ("stripe.dispute_closed", {"invoice": "in_1", "status": "lost"})
WON: Happens = ("stripe.dispute_closed", {"invoice": "in_1", "status": "won"})


def on(act: str, **more: Any) -> Happens:
    return f"stripe.{act}", {"invoice": "in_1", **more}


TOLD: list[tuple[str, Callable[[], World], tuple[Happens, ...], tuple[str, str | None], Any]] = [
    ("canceled at once, though paid", paid, (CANCELED,), ENDED, []),
    ("canceled while it is unpaid", renewed, (CANCELED,), ENDED, []),
    ("refunded whole", paid, (on("refund"),), WAITS, OWED),
    ("refunded as a gift", paid, (on("refund", credit_note=True),), WAITS, []),
    ("refunded in part", paid, (on("refund", amount=3_000),), RUNS, OWED),
    (
        "refunded in part as a gift",
        paid,
        (on("refund", amount=3_000, credit_note=True),),
        RUNS,
        [],
    ),
    ("refund on its way", paid, (on("refund", status="pending"),), RUNS, []),
    ("credited to the balance", paid, (on("credit_note", amount=10_000),), WAITS, []),
    ("bank asks", paid, (on("dispute_opened", warning=True),), RUNS, []),
    ("disputed", paid, (on("dispute_opened"),), RUNS, []),
    ("dispute lost", paid, (on("dispute_opened"), LOST), WAITS, OWED),
    ("dispute won", paid, (on("dispute_opened"), WON), RUNS, []),
    ("credited whole", renewed, (on("credit_note", amount=10_000),), WAITS, []),
    ("credited in part", renewed, (on("credit_note", amount=4_000),), RUNS, []),
    ("paid in part", renewed, (on("partial_payment", amount=4_000),), RUNS, []),
    ("voided", renewed, (on("void"),), WAITS, []),
    ("declined in grace", renewed, (on("invoice_pay_declines"),), RUNS, []),
]


@pytest.mark.parametrize(("name", "start", "acts", "becomes", "told"), TOLD)
def test_service_follows_the_money_and_not_a_status(
    name: str, start: Any, acts: Any, becomes: Any, told: Any
) -> None:
    of = start()
    for act, args in acts:
        apply(of, act, args)
    look(of)
    assert (service(of), cases(of)) == (becomes, told), name
    assert shows(of) == (False, None, None, ())


def test_a_refund_that_fails_gives_the_service_back() -> None:
    of = paid()
    apply(of, *on("refund", id="re_1"))
    assert service(look(of)) == WAITS
    apply(of, "stripe.refund_fails", {"refund": "re_1"})
    assert service(look(of)) == RUNS


def test_so_does_one_that_a_credit_note_documents() -> None:
    of = paid()
    apply(of, *on("refund", id="re_1", credit_note=True))
    assert service(look(of)) == WAITS
    apply(of, "stripe.refund_fails", {"refund": "re_1"})
    assert service(look(of)) == RUNS


def test_a_voided_renewal_that_is_issued_again_gives_the_service_back() -> None:
    of = renewed()
    apply(of, *on("void"))
    assert service(look(of)) == WAITS
    again = renewed(10, invoice(id="in_2", created=at(9), finalized_at=at(9)))
    apply(again, *on("void"))
    assert service(look(again)) == RUNS


def test_service_that_waited_comes_back_with_the_next_paid_period() -> None:
    of = paid()
    apply(of, *on("refund", credit_note=True))
    look(of)
    of.advance(T0 + 30 * DAY)
    apply(of, "stripe.renewal_finalized", {"subscription": "sub_1", "invoice": "in_2"})
    apply(of, "stripe.invoice_pay_succeeds", {"invoice": "in_2"})
    assert service(look(of)) == RUNS


# --- the status of the subscription -------------------------------------------------------------

STATUSES = [
    ("incomplete", WAITS),
    ("incomplete_expired", ENDED),
    ("trialing", RUNS),
    ("active", RUNS),
    ("past_due", RUNS),
    ("unpaid", RUNS),
    ("paused", WAITS),
    ("canceled", ENDED),
]


@pytest.mark.parametrize(("status", "becomes"), STATUSES)
def test_service_without_an_invoice_goes_by_its_subscription(status: str, becomes: Any) -> None:
    """A renewal that is late is not dunning: what lives is left alone."""
    of = look(world(10, grants=(grant(),), stripe=subscription(status)))
    assert service(of) == becomes


def test_the_first_invoice_gives_service_only_once_it_is_paid() -> None:
    first = invoice(billing_reason="subscription_create")
    of = look(world(0.5, first, grants=(grant(),), stripe=subscription("incomplete")))
    assert (service(of), invoice_of(of).amount_remaining) == (WAITS, 10_000)
    later = of.fork()
    assert ask(of, "api.pay_invoice", invoice="in_1") == {"status": 200}
    assert service(of) == RUNS
    later.advance(T0 + DAY)
    apply(later, "stripe.incomplete_expires", {"subscription": "sub_1"})
    assert (service(look(later)), shows(later)[0]) == (ENDED, False)


def test_a_first_invoice_that_is_being_paid_for_weeks_is_nobodys_business() -> None:
    first = invoice(billing_reason="subscription_create", processing=True)
    of = look(world(29, first, stripe=subscription("incomplete")))
    assert (cases(of), shows(of)[0], invoice_of(of).amount_remaining) == ([], False, 10_000)


@pytest.mark.parametrize("behavior", ["void", "keep_as_draft"])
def test_while_collection_is_paused_service_is_given_for_free(behavior: str) -> None:
    of = world(29, invoice(status="paid"), grants=(grant(),))
    paused = {"subscription": "sub_1", "behavior": behavior}
    apply(of, "stripe.collection_paused", paused)
    of.advance(T0 + 30 * DAY)
    apply(of, "stripe.renewal_finalized", {"subscription": "sub_1"})
    of.advance(T0 + 50 * DAY)
    assert (service(look(of)), shows(of)[0]) == (RUNS, False)


def test_a_draft_that_cannot_be_finalized_is_no_debt_and_stops_nothing() -> None:
    of = world(10, EARLIER, invoice(status="draft"), grants=(LONG,))
    apply(of, "stripe.finalization_failed", {"invoice": "in_1"})
    of.advance(T0 + 29 * DAY)
    assert (service(look(of)), shows(of), cases(of)) == (RUNS, (False, None, None, ()), [])


def test_what_a_canceled_subscription_used_is_owed_and_no_more() -> None:
    of = renewed()
    apply(of, *CANCELED)
    look(of)
    of.advance(T0 + 14 * DAY)
    look(of)
    assert (invoice_of(of).status, invoice_of(of).amount_remaining) == ("uncollectible", 3_333)
    assert shows(of) == (True, 14, "true", ("block",))


def test_a_past_period_that_was_not_served_is_credited_though_service_runs_again() -> None:
    unserved = invoice(id="in_2", period={"start": at(-60), "end": at(-30)}, created=at(-2))
    of = renewed(10, unserved)
    look(of)
    assert (invoice_of(of, "in_2").amount_remaining, invoice_of(of).amount_remaining) == (
        0,
        10_000,
    )


def test_paying_right_after_a_cancellation_takes_what_was_used() -> None:
    of = renewed()
    apply(of, *CANCELED)
    assert ask(of, "api.pay_invoice", invoice="in_1") == {"status": 200}
    assert invoice_of(of).amount_paid == 3_333


def test_an_open_dispute_of_another_payment_stops_no_service() -> None:
    of = renewed(10)
    apply(of, "stripe.dispute_opened", {"invoice": "in_0"})
    assert service(look(of)) == RUNS


# --- whom it does not concern -------------------------------------------------------------------


UNTOUCHED = [
    ("paused", {"plan": "free"}),
    ("paused", {"granted_by": "free"}),
    ("canceled", {"granted_by": "free"}),
    ("canceled", {"subscription": None}),
    ("canceled", {"status": "suspended", "reason": "abuse", "intervals": []}),
    ("active", {"status": "ended", "intervals": [[at(-9), at(-8)]]}),
]


@pytest.mark.parametrize(("status", "more"), UNTOUCHED)
def test_free_plans_other_reasons_and_what_has_no_subscription_stay(
    status: str, more: dict[str, Any]
) -> None:
    of = world(10, grants=(grant(**more),), stripe=subscription(status))
    before = service(of)
    assert service(look(of)) == before


@pytest.mark.parametrize("plan", ["pro", "free"])
def test_what_a_subscription_gave_ends_with_it_whatever_its_plan(plan: str) -> None:
    waits = {"status": "suspended", "reason": "unpaid", "intervals": []}
    for held in (grant(plan=plan), grant(plan=plan, **waits)):
        of = world(10, grants=(held,), stripe=subscription("canceled"))
        assert service(look(of)) == ENDED


@pytest.mark.parametrize("plan", ["pro", "free"])
def test_nothing_is_given_before_a_subscription_has_begun(plan: str) -> None:
    held = grant(plan=plan, status="suspended", reason="unpaid", intervals=[])
    for status in ("incomplete", "paused"):
        assert service(look(world(10, grants=(held,), stripe=subscription(status)))) == WAITS


def test_watching_and_lifting_end_no_service() -> None:
    for mode in ("observe", "reconcile", "lift"):
        of = look(world(10, grants=(grant(),), stripe=subscription("canceled")), engine(mode))
        assert service(of) == RUNS


# --- cover itself -------------------------------------------------------------------------------


def covered(of: World, *running: str) -> bool:
    snapshot = gather(of.ports)
    assert snapshot is not None
    return is_covered(snapshot, snapshot.grants[0], frozenset(running))


def contract(segment: str, net_days: int | None, seconds: int, **more: Any) -> World:
    sent = invoice(collection_method="send_invoice", due_date=at(20), **more)
    return world(
        20,
        sent,
        grants=(grant(),),
        segment=segment,
        account={"net_days": net_days},
        seconds=seconds,
    )


@pytest.mark.parametrize(
    ("segment", "net_days", "seconds", "is_it"),
    [
        ("business", 30, -1, True),
        ("business", 30, 0, False),
        ("business", 30, 1, False),
        ("business", None, -1, False),
        ("enterprise", 30, 1, True),
        ("enterprise", None, 1, True),
    ],
)
def test_terms_cover_until_the_due_date_and_a_contract_longer(
    segment: str, net_days: int | None, seconds: int, is_it: bool
) -> None:
    first = {"billing_reason": "subscription_create"}
    assert covered(contract(segment, net_days, seconds, **first)) is is_it


def test_grace_covers_no_first_period_and_none_that_was_credited() -> None:
    assert covered(renewed(), "in_1")
    assert not covered(renewed())
    first = world(10, invoice(billing_reason="subscription_create"), grants=(grant(),))
    assert not covered(first, "in_1")
    credited = world(10, EARLIER, invoice(credited=1_000), grants=(LONG,))
    assert not covered(credited, "in_1")


def test_a_trial_that_cost_nothing_is_followed_by_grace() -> None:
    trial = {**EARLIER, "amount": 0}
    assert covered(world(10, trial, invoice(), grants=(LONG,)), "in_1")


def test_paid_by_a_consolidated_invoice_or_by_credit_is_no_payment() -> None:
    over = {"settled_by": "in_c"}
    elsewhere = invoice(status="paid", out_of_band=10_000, metadata=over)
    assert not covered(world(10, elsewhere, grants=(grant(),)))
    assert covered(world(10, invoice(status="paid", out_of_band=10_000), grants=(grant(),)))
    assert not covered(world(10, invoice(status="paid", credited=1_000), grants=(grant(),)))


def test_a_product_bought_once_is_covered_by_its_own_invoice() -> None:
    bought = invoice(
        status="paid",
        subscription=None,
        lines=[{"amount": 10_000, "one_off": True, "product": "domain"}],
    )
    owned = grant(subscription=None, product="domain", status="suspended", reason="dunning")
    of = world(10, bought, grants=({**owned, "intervals": [[at(0), at(5)]]},))
    assert service(look(of)) == RUNS


def test_one_product_that_is_paid_comes_back_when_a_ban_falls_and_its_subscription_is_over() -> (
    None
):
    """Suspended by a ban, its subscription canceled meanwhile: the paid period is still theirs."""
    of = world(
        10,
        invoice(status="paid"),
        grants=(served(5),),
        stripe=subscription("canceled", canceled_at=at(8), ended_at=at(8)),
    )
    assert service(look(of)) == RUNS
    assert service(look(of)) == RUNS
    of.advance(T0 + 30 * DAY)
    assert service(look(of)) == ENDED
