"""Where an account stands: from clear to banned, by what was written off and how long ago."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum, auto
from typing import NamedTuple

from brain.debt import Debt, Debts
from brain.money import minimum
from brain.policy import DAY, Policy
from brain.reasons import Reason, because
from brain.snapshot import Snapshot


class Standing(IntEnum):
    """The one outside of dunning, and its five steps, milder first."""

    OUT_OF_SCOPE = auto()
    CLEAR = auto()
    PAST_DUE = auto()
    BAD_DEBT = auto()
    BLOCKED = auto()
    BANNED = auto()


class Finding(NamedTuple):
    """A standing, since when (UTC epoch seconds), by which invoices, and why."""

    standing: Standing
    reasons: tuple[Reason, ...]
    since: int | None = None
    bad: frozenset[str] = frozenset()


def stand(snapshot: Snapshot, policy: Policy, debts: Debts, written: frozenset[str]) -> Finding:
    """Find the standing; `written` are invoices that are written off, or will be in a moment.

    Credit of a currency is counted once against its written-off debt; the worst currency decides.
    """
    candidates = [debt for debt in debts.each if debt.id in written and debt.may_matter]
    highest = net(snapshot, [(debt.invoice.currency, debt.hi) for debt in candidates])
    bad = [debt for debt in candidates if reaches(highest, debt.invoice.currency, 1)]
    if not bad:
        return _not_bad(snapshot, debts)
    since = min([_written_off_at(snapshot, debt) for debt in bad])
    frozen = any(debt.waiting for debt in debts.each)
    standing, reasons = _enforced(snapshot, policy, bad, since, frozen=frozen)
    return Finding(standing, reasons, since, frozenset([debt.id for debt in bad]))


def _not_bad(snapshot: Snapshot, debts: Debts) -> Finding:
    due = any(
        debt.invoice.status == "open" and debt.due_at <= snapshot.now and debt.may_matter
        for debt in debts.each
    )
    standing = Standing.PAST_DUE if due else Standing.CLEAR
    return Finding(standing, (because("past-due" if due else "clear"),))


def _enforced(
    snapshot: Snapshot, policy: Policy, bad: Iterable[Debt], since: int, *, frozen: bool
) -> tuple[Standing, tuple[Reason, ...]]:
    """How harsh bad debt is met: what lasts longest and weighs most decides."""
    sure = net(snapshot, [(debt.invoice.currency, debt.lo) for debt in bad])
    if not any(reaches(sure, currency, 1) for currency in sure):
        return Standing.BAD_DEBT, (because("held"),)
    override = snapshot.enforcement.override
    if override is not None and override.until > snapshot.now:
        return Standing.BAD_DEBT, (because("override", until=override.until),)
    if snapshot.disputed:
        return Standing.BAD_DEBT, (because("dispute-freezes"),)
    if frozen:
        return Standing.BAD_DEBT, (because("waits-for-payment"),)
    if not any(debt.can_be_paid for debt in bad):
        return Standing.BAD_DEBT, (because("no-way-to-pay"),)
    free_of_cases = [debt for debt in bad if debt.id not in snapshot.stopped]
    ban = net(snapshot, [(debt.invoice.currency, debt.lo) for debt in free_of_cases])
    steps = (
        (Standing.BANNED, "banned", policy.ban_days, policy.ban_minimum, ban),
        (Standing.BLOCKED, "blocked", policy.block_days, policy.block_minimum, sure),
    )
    for standing, rule, days, least, sums in steps:
        old_enough = days is not None and snapshot.now - since >= days * DAY
        if old_enough and any(reaches(sums, currency, least) for currency in sums):
            return standing, (because(rule, since=since, days=days, **sums),)
    return Standing.BAD_DEBT, (because("bad-debt", since=since, **sure),)


def net(snapshot: Snapshot, amounts: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Sums by currency less the customer's credit, minor units; below 0 where that is more."""
    sums: dict[str, int] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, 0) + amount
    credit = snapshot.credit
    return {c: amount - credit.get(c, 0) for c, amount in sums.items()}


def reaches(sums: Mapping[str, int], currency: str, times: int) -> bool:
    """True where a currency's sum, minor units, is that many times the least chargeable amount."""
    least = minimum(currency)
    return least is not None and sums[currency] >= times * least


def _written_off_at(snapshot: Snapshot, debt: Debt) -> int:
    """When the invoice was marked; for one marked in a moment, now.

    An old mark without a time keeps the time the customer service remembers, so that looking
    twice gives the same.
    """
    if debt.invoice.status == "open":
        return snapshot.now
    marked = debt.invoice.status_transitions.marked_uncollectible_at
    if marked is not None:
        return marked
    remembered = None if snapshot.customer is None else snapshot.customer.bad_debt_since
    return snapshot.now if remembered is None else min(remembered, snapshot.now)
