"""Who pays for the service of this moment, and what becomes of service that nobody pays for.

Service is covered by a settled invoice of its period, by one whose grace runs after a period that
was settled, by a contract, or by its price. A written-off or credited invoice covers nothing, and
neither does a status: Stripe calls an invoice paid that a credit note brought to nothing, and a
subscription active whose invoice was written off.
"""

from __future__ import annotations

from collections.abc import Mapping

from brain.consolidation import own_settled
from brain.debt import COLLECTIBLE, due_at
from brain.rows import Grant
from brain.service import is_paid_for, product_of
from brain.snapshot import NOTHING, Billed, Snapshot, is_live
from brain.stripe_rows import Invoice, LineItem, Subscription

UNPAID = "unpaid"
"""Reason of a suspension that dunning has no part in: it ends as soon as somebody pays."""

DUNNING = "dunning"
"""Reason of a suspension for bad debt."""

NOT_BEGUN = frozenset(("incomplete", "paused"))
"""Statuses of a live subscription that gives no service: not paid yet, or no longer on trial."""

UNASKED = frozenset(("void", "uncollectible"))

NONE: frozenset[str] = frozenset()


def is_covered(snapshot: Snapshot, grant: Grant, running: frozenset[str]) -> bool:
    """True where somebody paid, or has contracted to pay, for the service of this moment.

    `running` are the invoices whose grace still runs.
    """
    if not is_paid_for(grant):
        return True
    if grant.subscription is None:
        return grant.granted_by == "contract" or any(
            is_settled(snapshot, invoice) and product_of(line) == grant.product
            for billed in snapshot.billed.values()
            for invoice, line in billed
        )
    subscription = snapshot.subscriptions.get(grant.subscription)
    if subscription is not None and subscription.status == "trialing":
        return True
    current = _current(snapshot, grant)
    return (
        any(is_settled(snapshot, invoice) or _is_free(invoice) for invoice, _ in current)
        or any(_waits(snapshot, invoice, line, running) for invoice, line in current)
        or _is_contracted(snapshot, grant, current)
    )


def is_settled(snapshot: Snapshot, invoice: Invoice) -> bool:
    """True where all that was billed was settled by money or balance, and not all went back.

    What was credited was not settled. What a consolidated invoice paid for is settled there, and
    restores nothing here (docs/decisions/0030).
    """
    if invoice.status != "paid":
        return False
    settled = own_settled(invoice)
    return settled >= invoice.total and settled > _gone_back(snapshot, invoice)


def unpaid(
    snapshot: Snapshot, running: frozenset[str], cleared: frozenset[str] = NONE
) -> Mapping[str, str]:
    """Active grants that nobody pays for, nor ever will as things are → the status each gets.

    The service of a subscription that is over ends, unless it was given back afterwards for a
    period that is paid. That of a live one waits until a period is paid. While collection is
    paused a subscription is offered for free (Stripe docs), so its service is left alone.
    `cleared` are invoices that will ask for nothing.
    """
    found = {}
    for grant in snapshot.grants:
        if grant.status == "active" and grant.granted_by != "free":
            status = _without_payment(snapshot, grant, running, cleared)
            if status is not None:
                found[grant.id] = status
    return found


def lasts(snapshot: Snapshot, grant: Grant, running: frozenset[str]) -> bool:
    """True where service that waits is covered, and would not end in the moment it came back."""
    stays = grant.granted_by == "free" or _without_payment(snapshot, grant, running) is None
    return stays and is_covered(snapshot, grant, running)


def waits(grant: Grant) -> bool:
    """True where service is suspended for a reason that ends with a payment."""
    return grant.status == "suspended" and grant.reason in (DUNNING, UNPAID)


def is_over(snapshot: Snapshot, grant: Grant) -> bool:
    """True where the grant's subscription has ended, whatever its plan."""
    row = snapshot.subscriptions.get(grant.subscription)
    return row is not None and not is_live(row)


def has_begun(snapshot: Snapshot, grant: Grant) -> bool:
    """False where the grant's subscription waits for its first payment, or is paused."""
    row = snapshot.subscriptions.get(grant.subscription)
    return row is None or row.status not in NOT_BEGUN


def _without_payment(
    snapshot: Snapshot, grant: Grant, running: frozenset[str], cleared: frozenset[str] = NONE
) -> str | None:
    subscription = snapshot.subscriptions.get(grant.subscription)
    if subscription is None:
        return None
    covered = is_covered(snapshot, grant, running)
    if is_over(snapshot, grant):
        back = _is_given_back(grant, subscription, snapshot.now)
        return None if covered and back else "ended"
    if covered or subscription.pause_collection is not None:
        return None
    billed = _current(snapshot, grant)
    worthless = bool(billed) and all(_brings_nothing(snapshot, i, cleared) for i, _ in billed)
    return "suspended" if worthless or not has_begun(snapshot, grant) else None


def _is_given_back(grant: Grant, subscription: Subscription, now: int) -> bool:
    """True where the service that runs began after its subscription had ended.

    Service that waits would begin now; but where it ran until this moment, it would go on.
    """
    ended = subscription.ended_at
    if ended is None:
        return False
    if grant.status != "active":
        return all(since >= ended for since, to in grant.intervals if to == now)
    return any(to is None and since >= ended for since, to in grant.intervals)


def _gone_back(snapshot: Snapshot, invoice: Invoice) -> int:
    """What left the invoice again after it was settled, minor units."""
    return snapshot.taken_back.get(invoice.id, NOTHING).all


def _brings_nothing(snapshot: Snapshot, invoice: Invoice, cleared: frozenset[str]) -> bool:
    """True where the invoice has a price, asks for nothing any more, and nothing was kept."""
    asking = invoice.status in (*COLLECTIBLE, "draft") and invoice.id not in cleared
    asks = invoice.amount_remaining if asking else 0
    return (
        invoice.total > 0 and asks == 0 and own_settled(invoice) <= _gone_back(snapshot, invoice)
    )


def _is_free(invoice: Invoice) -> bool:
    return invoice.total <= 0 and invoice.status not in UNASKED


def _current(snapshot: Snapshot, grant: Grant) -> Billed:
    """Lines of the grant's subscription for now; those of its own product where there are any."""
    lines = [
        (invoice, line)
        for invoice, line in snapshot.billed.get(grant.subscription, ())
        if line.period.start <= snapshot.now < line.period.end
    ]
    return [found for found in lines if product_of(found[1]) == grant.product] or lines


def _waits(snapshot: Snapshot, invoice: Invoice, line: LineItem, running: frozenset[str]) -> bool:
    """True where grace runs and an earlier period was paid for: never in a first period."""
    if invoice.id not in running or invoice.pre_payment_credit_notes_amount > 0:
        return False
    before = [
        earlier
        for earlier, other in snapshot.billed.get(line.subscription, ())
        if other.period.start < line.period.start
    ]
    if not before:
        return invoice.billing_reason != "subscription_create"
    return any(is_settled(snapshot, earlier) or _is_free(earlier) for earlier in before)


def _is_contracted(snapshot: Snapshot, grant: Grant, current: Billed) -> bool:
    """True where terms of payment cover the service: a contract, or an invoice not yet due."""
    account = snapshot.account
    if is_over(snapshot, grant):
        return False
    if account.segment == "enterprise":
        return True
    if account.net_days is None:
        return False
    if not current:
        return grant.granted_by == "contract"
    return any(
        invoice.status in ("open", "draft") and snapshot.now < due_at(invoice)
        for invoice, _ in current
    )
