"""Every boundary of the policy one second before, at it, and one second after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from debtor import at, grant, invoice, look, served, uncollectible, world

from brain.assess import assess
from brain.gather import gather
from fixtures.kit import KIT
from fixtures.world import World

YEAR = {"start": at(0), "end": at(365)}
RETRY = {"next_payment_attempt": at(300)}
SENT = {"collection_method": "send_invoice", "due_date": at(5)}
OVERRIDE = {"override": {"until": at(60)}}


def asked(segment: str, days: float, **more: Any) -> Callable[[int], World]:
    """An invoice of a year's service, that many days old."""
    return lambda seconds: world(
        days, invoice(period=YEAR, **more), grants=(grant(),), segment=segment, seconds=seconds
    )


def bad(segment: str, days: float, amount: int = 10_000, **more: Any) -> Callable[[int], World]:
    """Debt written off that many days ago."""
    line = {"amount": amount, "one_off": True}
    written = uncollectible(0, amount=amount, lines=[line])
    return lambda seconds: world(days, written, segment=segment, seconds=seconds, **more)


class Boundary(NamedTuple):
    """Up to the second before: `before`; from that second on: `reached`."""

    name: str
    account: Callable[[int], World]
    before: str
    reached: str


BOUNDARIES = [
    Boundary("grace of free", asked("free", 14), "past_due", "blocked"),
    Boundary("grace of pro", asked("pro", 14), "past_due", "blocked"),
    Boundary("grace of business", asked("business", 30), "past_due", "bad_debt"),
    Boundary("no grace of a contract ends", asked("enterprise", 90), "past_due", "past_due"),
    Boundary("grace while a retry is planned", asked("free", 21, **RETRY), "past_due", "blocked"),
    Boundary("likewise of pro", asked("pro", 21, **RETRY), "past_due", "blocked"),
    Boundary("likewise of business", asked("business", 37, **RETRY), "past_due", "bad_debt"),
    Boundary(
        "a planned retry is no more grace", asked("pro", 14, **RETRY), "past_due", "past_due"
    ),
    Boundary("due date of a sent invoice", asked("business", 5, **SENT), "clear", "past_due"),
    Boundary("its grace counts from there", asked("business", 35, **SENT), "past_due", "bad_debt"),
    Boundary("block of free", bad("free", 0), "", "blocked"),
    Boundary("block of pro", bad("pro", 0), "", "blocked"),
    Boundary("block of business", bad("business", 14), "bad_debt", "blocked"),
    Boundary("no block of a contract", bad("enterprise", 400), "bad_debt", "bad_debt"),
    Boundary("ban of free", bad("free", 30), "blocked", "banned"),
    Boundary("ban of pro", bad("pro", 30), "blocked", "banned"),
    Boundary("ban of business", bad("business", 60), "blocked", "banned"),
    Boundary("no ban below 5.00", bad("pro", 30, 499), "blocked", "blocked"),
    Boundary("ban at 5.00", bad("pro", 30, 500), "blocked", "banned"),
    Boundary("no block of business below 5.00", bad("business", 14, 499), "bad_debt", "bad_debt"),
    Boundary("block of business at 5.00", bad("business", 14, 500), "bad_debt", "blocked"),
    Boundary("no ban of business below 50.00", bad("business", 60, 4_999), "blocked", "blocked"),
    Boundary("ban of business at 50.00", bad("business", 60, 5_000), "blocked", "banned"),
    Boundary("a promise ends", bad("pro", 60, enforcement=OVERRIDE), "bad_debt", "banned"),
]


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=lambda boundary: boundary.name)
def test_a_boundary_is_reached_at_its_very_second(boundary: Boundary) -> None:
    """What truth says of the account after the look is what the look came to."""
    for seconds, expected in ((-1, boundary.before), (0, boundary.reached), (1, boundary.reached)):
        if not expected:
            continue
        of = look(boundary.account(seconds))
        snapshot = gather(of.ports)
        assert snapshot is not None
        assert (
            assess(snapshot, writes_off=True, ends_unpaid=True).standing.name.lower() == expected
        ), seconds
        assert KIT.truth(of)["standing"] == expected, seconds
        assert KIT.entitled(of) in ((), ("unpaid:pages",)), seconds


CASES = [
    ("a contract is a month overdue", asked("enterprise", 30), "overdue-contract:in_1"),
    (
        "a sent one counts from its due date",
        asked("enterprise", 35, **SENT),
        "overdue-contract:in_1",
    ),
    ("a payment is stuck", asked("pro", 21, processing=True), "payment-stuck:in_1"),
    ("one of business", asked("business", 37, processing=True), "payment-stuck:in_1"),
]


@pytest.mark.parametrize(("name", "account", "case"), CASES)
def test_a_person_is_asked_at_its_very_second(name: str, account: Any, case: str) -> None:
    for seconds, asks in ((-1, []), (0, [case]), (1, [case])):
        assert list(look(account(seconds)).tables["cases"]) == asks, (name, seconds)


def test_paid_service_ends_with_its_period_only_where_the_subscription_is_over() -> None:
    over = {"id": "sub_1", "product": "pages", "status": "canceled", "ended_at": at(5)}
    for seconds, status in ((-1, "active"), (0, "ended"), (1, "ended")):
        given_back = served(4, intervals=[[at(0), at(4)], [at(6), None]], status="active")
        of = world(
            30,
            invoice(status="paid"),
            grants=({**given_back, "reason": None},),
            stripe={"subscriptions": [over]},
            seconds=seconds,
        )
        assert look(of).get("entitlements", "ent_1").status == status, seconds
