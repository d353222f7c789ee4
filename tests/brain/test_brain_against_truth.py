"""One definition, implemented twice and apart: the brain and the truth tell the same.

What is owed on each invoice, within which bounds, where the account stands and since when, over
generated accounts. Whoever differs is wrong, and neither is right for being here first.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace as changed
from typing import Any

import pytest
from generated_accounts import account
from generated_invoices import NOW
from hypothesis import settings
from msgspec.structs import replace

from brain import debt, policy
from brain.assess import Assessment, assess
from brain.gather import gather
from brain.snapshot import STOPPING
from fixtures import admission
from fixtures.currencies import minimum, unit
from fixtures.ledger import Ledger
from fixtures.standing import POLICY, RANK, credit, wait_over
from fixtures.stripe.invoice import worth
from fixtures.stripe.subscription import TERMINAL
from fixtures.truth import Honest
from fixtures.truth import assess as honest
from fixtures.world import World

DEPTH = settings.default.max_examples // 100
PARTS = 8
INVOICES = 10_000 * DEPTH // PARTS


def owed(view: Assessment, told: Honest) -> Iterator[str]:
    """Invoices on which the two differ before anything is done."""
    for name, book in told.books.items():
        mine = view.debts.by_invoice[name]
        if (mine.lo, mine.hi) != book.owed:
            yield f"{name}: brain {mine.lo}..{mine.hi} {mine.unknown}, truth {book.owed}"
        if book.owed[0] != book.owed[1] and mine.unknown != book.unknown:
            yield f"{name}: brain {mine.unknown}, truth {book.unknown}"


def is_held_back(of: World, told: Honest, book: Ledger) -> bool:
    """Time is over and nobody may act: a case stops it, or the customer has no way to pay."""
    named = any(f"{kind}:{book.invoice.id}" in of.tables["cases"] for kind in STOPPING)
    over = wait_over(of, book, told.segment) and book.invoice.status == "open"
    return book.owed[1] > 0 and (named or (over and book.invoice.confirmation_secret is None))


def subscriptions_of(book: Ledger) -> set[str]:
    lines = {line.subscription for line in book.invoice.lines.data}
    return {name for name in (*lines, book.invoice.subscription) if name is not None}


def is_never_canceled(of: World, told: Honest) -> set[str]:
    """Subscriptions that are over, or whose end would be the only record (docs/decisions/0033)."""
    over = {row.id for row in of.rows("subscriptions") if row.status in TERMINAL}
    unrecorded = [
        book
        for book in told.tally.asked
        if book.unknown == "service-unknown"
        and book.excused is None
        and book.invoice.amount_remaining >= (minimum(book.invoice.currency) or sys.maxsize)
    ]
    return over | {name for book in unrecorded for name in subscriptions_of(book)}


def written_off(of: World, told: Honest) -> Honest:
    """The truth a moment later: service that nobody pays for is over, and overdue debt is bad.

    So is a free plan whose subscription is canceled with it.
    Nothing is taken from the brain here but when it may not act.
    """
    if POLICY[told.segment].grace_days is None:
        return told
    due = [
        book
        for book in told.tally.asked
        if book.owed[1] > 0
        and minimum(book.invoice.currency) is not None
        and (book.invoice.status == "uncollectible" or wait_over(of, book, told.segment))
        and (book.invoice.status == "uncollectible" or book.unknown is None)
        and not (book.invoice.status == "open" and is_held_back(of, told, book))
    ]
    if not due:
        return told
    later = of.fork()
    stopping = {name for book in due for name in subscriptions_of(book)}
    canceled = stopping - is_never_canceled(of, told)
    for grant in of.rows("entitlements"):
        over = stopping if grant.plan != "free" else canceled
        is_given = grant.granted_by != "free"
        if grant.subscription in over and grant.status == "active" and is_given:
            later.ports.entitlements.set_status(grant.id, "suspended", reason="dunning")
    stopped, sums = honest(later), Counter[str]()
    for book in due:
        sums[book.invoice.currency] += stopped.books[book.invoice.id].owed[1]
    for book in due:
        currency, asks = book.invoice.currency, stopped.books[book.invoice.id].owed[1]
        net = sums[currency] - credit(of).get(currency, 0)
        if asks > 0 and book.invoice.status == "open" and net >= (minimum(currency) or 0):
            later.put("invoices", book.invoice.id, marked(book.invoice))
    return honest(later)


def marked(invoice: Any) -> Any:
    times = replace(invoice.status_transitions, marked_uncollectible_at=NOW)
    return replace(
        invoice, status="uncollectible", next_payment_attempt=None, status_transitions=times
    )


def stands(of: World, view: Assessment, told: Honest) -> Iterator[str]:
    """Where the two differ in standing: the brain may be milder only where it may not act."""
    mine, theirs = view.standing.name.lower(), told.standing.name
    waits = any(is_held_back(of, told, book) for book in told.tally.asked)
    milder = RANK.index(mine) < RANK.index(theirs)
    if mine != theirs and not (milder and waits):
        yield f"brain {mine}, truth {told.standing}"
    since = told.standing.since or NOW
    if mine == theirs and told.standing.flagged and view.since != since and not waits:
        yield f"brain since {view.since}, truth {since}"


def loses_evidence(told: Honest, view: Assessment) -> bool:
    """What the metadata notes means one invoice as long as no other one is written off."""
    return bool(view.write_off) and any(book.hint is not None for book in told.books.values())


def disagreements(number: int) -> tuple[int, str, list[str]]:
    """How many invoices, which standing, and every difference of one account."""
    of = account(2026, number)
    snapshot, told = gather(of.ports), honest(of)
    assert snapshot is not None
    if told.standing.name == "out_of_scope":
        view = assess(snapshot, writes_off=True, ends_unpaid=False)
        return 0, view.standing.name.lower(), [*stands(of, view, told)]
    found = [*owed(assess(snapshot, writes_off=False, ends_unpaid=False), told)]
    view = assess(snapshot, writes_off=True, ends_unpaid=False)
    if not loses_evidence(told, view):
        found += stands(of, view, written_off(of, told))
    return len(told.books), view.standing.name.lower(), found


@pytest.mark.parametrize("part", range(PARTS))
def test_brain_and_truth_tell_the_same_of_every_generated_account(part: int) -> None:
    seen, number, standings = 0, part, Counter[str]()
    while seen < INVOICES:
        invoices, standing, found = disagreements(number)
        assert found == [], f"account {number}"
        seen, number, standings = seen + invoices, number + PARTS, standings + Counter([standing])
    assert set(standings) == set(RANK)
    assert min(standings.values()) >= seen // 1000


def first_disagreement() -> list[str]:
    """Of the calm accounts, where nothing rare hides a boundary."""
    return next((found for n in range(0, 6000, 3) if (found := disagreements(n)[2])), [])


def test_a_unit_of_money_too_fine_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debt, "unit", lambda currency: 1)
    assert first_disagreement()[0].startswith("in_")


@pytest.mark.parametrize("rule", ["grace_days", "block_days", "ban_days", "ban_minimum"])
def test_a_rule_of_the_policy_one_off_would_be_seen(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = policy.SEGMENTS["pro"]
    off = changed(rules, **{rule: getattr(rules, rule) + 1})
    monkeypatch.setattr(policy, "SEGMENTS", {**policy.SEGMENTS, "pro": off})
    assert first_disagreement() != []


# --- the accounts themselves -------------------------------------------------------------------


def test_an_account_is_the_same_for_the_same_number() -> None:
    assert account(7, 11).tables == account(7, 11).tables
    assert account(7, 11).tables != account(7, 12).tables


def test_generated_rows_are_such_as_a_world_admits() -> None:
    for number in range(200):
        for name, table in account(1, number).tables.items():
            assert [admission.violation(None, row) for row in table.values()] == [None] * len(
                table
            ), name


def test_generated_amounts_add_up_as_those_of_stripe() -> None:
    for number in range(500):
        of = account(1, number)
        for row in of.rows("invoices"):
            settled = row.amount_due - row.amount_paid
            before_basil = row.status == "paid" and row.amount_paid == 0
            assert row.amount_remaining in ((settled, 0) if before_basil else (settled,))
            balance = -row.starting_balance
            credited = row.pre_payment_credit_notes_amount
            assert row.amount_due == max(0, row.total - balance - credited)
            assert row.amount_due > 0 or row.status != "open"
            assert row.total - sum(worth(line) for line in row.lines.data) in (
                0,
                -unit(row.currency),
            )
            paid = [payment for payment in row.payments.data if payment.status == "paid"]
            assert sum(payment.amount_paid for payment in paid) == row.amount_paid
            notes = [
                (note.pre_payment_amount, note.post_payment_amount)
                for note in of.rows("credit_notes")
                if note.invoice == row.id and note.status == "issued"
            ]
            assert sum(before for before, _ in notes) == credited
            assert sum(after for _, after in notes) == row.post_payment_credit_notes_amount


def test_generated_accounts_reach_both_sides_of_every_boundary() -> None:
    seen: set[int] = set()
    for number in range(3000):
        for row in account(1, number).rows("invoices"):
            marked_at = row.status_transitions.marked_uncollectible_at
            seen |= {NOW - at for at in (marked_at, row.due_date) if at is not None}
            if row.status_transitions.finalized_at is not None:
                seen.add(NOW - row.status_transitions.finalized_at)
    for days in (14, 21, 30, 37, 60):
        assert {days * policy.DAY + second for second in (-1, 0, 1)} <= seen, days
