"""What is honestly owed on each invoice: the service given, less what was settled.

One definition. The value of a line (amount less discounts plus exclusive taxes) counts by the
share of its period in which service was given; usage, credits and one-off lines count whole. The
sum is exact and is rounded once, down, in the customer's favour. What cannot be known has two
bounds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from brain.consolidation import Consolidated, own_settled
from brain.money import minimum, strict, unit
from brain.service import Ledger
from brain.snapshot import Snapshot
from brain.stripe_rows import Invoice, LineItem

COLLECTIBLE = frozenset(("open", "uncollectible"))

NO_DEBT = frozenset(("user_forgiven",))
"""Why Stripe says that an invoice is uncollectible, where that means that nobody owes it."""


NOT_PAID_YET = frozenset(("incomplete", "incomplete_expired"))
"""Statuses of a subscription that never began."""

DUE = attrgetter("due_at")


class Bill(NamedTuple):
    """One invoice as it asks for money, whatever service was given; amounts in minor units.

    minimum: least amount that can be charged, None for a currency nobody enforces.
    settled: what was settled on the invoice itself.
    worth: its lines with their values, None where they do not add up.
    processing: a payment of it is on its way; `waiting`: of it, or of the consolidated invoice
        that asks for the same money.
    consolidated: it was issued over others.
    first: the invoice of a subscription that never began.
    is_collectible: Stripe can still take money for it.
    is_excused: service was given and nobody owes it, or another invoice asks for it.
    asks: Stripe asks for at least the least chargeable amount.
    """

    invoice: Invoice
    id: str
    due_at: int
    minimum: int | None
    settled: int
    worth: Sequence[tuple[LineItem, int]] | None
    processing: bool
    waiting: bool
    consolidated: bool
    first: bool
    is_collectible: bool
    is_excused: bool
    asks: bool


class Claim(NamedTuple):
    """What is owed by the service given, before consolidated payments and what excuses it."""

    earned: int | None
    lo: int
    hi: int
    evidence: bool = False
    unknown: str | None = None


class Debt(NamedTuple):
    """One invoice's debt: its bill, and what of it is owed; amounts in minor units.

    earned: value of the service given, None if not known.
    evidence: the debt is known only from the customer's metadata.
    lo, hi: bounds of what is owed; equal unless `unknown` says why not.
    share: what was settled by a consolidated invoice.
    may_matter: at least the least chargeable amount may be owed.
    """

    invoice: Invoice
    id: str
    due_at: int
    minimum: int | None
    settled: int
    worth: Sequence[tuple[LineItem, int]] | None
    processing: bool
    waiting: bool
    consolidated: bool
    first: bool
    is_collectible: bool
    is_excused: bool
    asks: bool
    earned: int | None
    evidence: bool
    lo: int
    hi: int
    unknown: str | None
    share: int
    may_matter: bool

    @property
    def is_unrecorded(self) -> bool:
        """True where nobody wrote down how long its service ran."""
        return self.worth is not None and self.earned is None

    @property
    def can_be_paid(self) -> bool:
        """True where the customer can pay it now: it asks, has a secret, nothing is on its way."""
        return self.asks and not self.waiting and self.invoice.confirmation_secret is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Debts:
    """The debts of an account, oldest due first, by the ledger of its service.

    unused: consolidated invoice → what was paid on it and no original needed, minor units.
    """

    each: Sequence[Debt]
    by_invoice: Mapping[str, Debt]
    unused: Mapping[str, int]
    ledger: Ledger


def due_at(invoice: Invoice) -> int:
    """When the invoice had to be paid, UTC epoch seconds."""
    if invoice.collection_method == "send_invoice" and invoice.due_date is not None:
        return invoice.due_date
    finalized = invoice.status_transitions.finalized_at
    return invoice.created if finalized is None else finalized


def value(line: LineItem) -> int:
    """Value of a line, minor units: amount less discounts plus taxes that come on top."""
    amount = line.amount
    for discount in line.discount_amounts:
        amount -= discount.amount
    for tax in line.taxes:
        if tax.tax_behavior == "exclusive":
            amount += tax.amount
    return amount


def earned(worth: Iterable[tuple[LineItem, int]], ledger: Ledger, step: int) -> int | None:
    """Value of the service given, minor units, rounded down to the step; None if not known.

    Below 0 where more was credited on its lines than was given.
    """
    total, parts = 0, 1  # an exact fraction
    for line, amount in worth:
        if amount:
            share = ledger.share(line)
            if share is None:
                return None
            given, length = share
            total, parts = total * length + amount * given * parts, parts * length
    return total // (parts * step) * step


def bills(snapshot: Snapshot) -> tuple[Bill, ...]:
    """Every invoice's bill, oldest due first."""
    over = snapshot.consolidated
    covering = {entry.invoice.id for entry in over}
    waiting = snapshot.processing.union(
        *[entry.originals for entry in over if entry.invoice.id in snapshot.processing]
    )
    found = [_bill(snapshot, invoice, covering, waiting) for invoice in snapshot.invoices]
    return tuple(sorted(found, key=DUE))


def _bill(
    snapshot: Snapshot,
    invoice: Invoice,
    covering: Collection[str],
    waiting: Collection[str | None],
) -> Bill:
    worth = [(line, value(line)) for line in invoice.lines.data]
    adds_up = sum([amount for _, amount in worth]) == invoice.total
    subscription = snapshot.subscriptions.get(invoice.subscription)
    first = (
        invoice.billing_reason == "subscription_create"
        and subscription is not None
        and subscription.status in NOT_PAID_YET
    )
    details = invoice.status_details
    why = None if details is None else details.uncollectible
    consolidated = invoice.id in covering
    collectible = invoice.status in COLLECTIBLE and not consolidated
    least = minimum(invoice.currency)
    return Bill(
        invoice=invoice,
        id=invoice.id,
        due_at=due_at(invoice),
        minimum=least,
        settled=own_settled(invoice),
        worth=worth if adds_up else None,
        processing=invoice.id in snapshot.processing,
        waiting=invoice.id in waiting,
        consolidated=consolidated,
        first=first,
        is_collectible=collectible,
        is_excused=first or consolidated or (why is not None and why.reason in NO_DEBT),
        asks=collectible and least is not None and invoice.amount_remaining >= least,
    )


def debts(
    snapshot: Snapshot, asked: Sequence[Bill], ledger: Ledger, forgiven: frozenset[str]
) -> Debts:
    """Every bill's debt by the ledger; what is `forgiven` is owed no longer."""
    claims = [_claim(snapshot, bill, ledger) for bill in asked]
    billed = tuple(zip(asked, claims, strict=True))
    shares, unused = _shared_out(billed, snapshot.consolidated)
    each = [_debt(bill, claim, shares.get(bill.id, 0), forgiven) for bill, claim in billed]
    by_invoice = {debt.id: debt for debt in each}
    return Debts(each=each, by_invoice=by_invoice, unused=unused, ledger=ledger)


def _claim(snapshot: Snapshot, bill: Bill, ledger: Ledger) -> Claim:
    most = max(0, bill.invoice.total - bill.settled)  # what was credited may not be owed
    if bill.worth is None:
        return Claim(None, 0, most, unknown="lines-do-not-add-up")
    given = earned(bill.worth, ledger, unit(bill.invoice.currency))
    if given is not None:
        owed = max(0, given - bill.settled)
        return Claim(given, owed, owed)
    noted = _noted(snapshot, bill)
    if noted is not None:
        return Claim(None, noted, noted, evidence=True)
    return Claim(None, 0, most, unknown="service-unknown")


def _noted(snapshot: Snapshot, bill: Bill) -> int | None:
    """The debt that the customer's metadata notes, if it can only mean this invoice."""
    covering = {entry.invoice.id for entry in snapshot.consolidated}
    uncollectible = {i.id for i in snapshot.invoices if i.status == "uncollectible"}
    if uncollectible - covering != {bill.id}:
        return None
    currency = bill.invoice.currency
    if currency != snapshot.account.currency:
        return None
    noted = strict(snapshot.stripe_customer.metadata.get("bad_debt_amount"), currency)
    most = bill.invoice.total - bill.settled  # a share of it may have been credited since
    return noted if noted is not None and noted <= most else None


def _shared_out(
    billed: Sequence[tuple[Bill, Claim]], over: tuple[Consolidated, ...]
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Each original's share of what was paid for it, and what no original needed.

    Each is given what it claims, whatever became of it since. Money of one currency settles
    nothing in another.
    """
    shares: dict[str, int] = {}
    unused = {}
    for entry in over:
        left, currency = entry.paid, entry.invoice.currency
        for bill, claim in billed:  # oldest due first
            claimed = bill.id in entry.originals and not bill.is_excused
            if claimed and bill.invoice.currency == currency:
                had = shares.get(bill.id, 0)
                share = min(left, claim.hi - had)
                shares[bill.id] = had + share
                left -= share
        unused[entry.invoice.id] = left
    return shares, unused


def _debt(bill: Bill, claim: Claim, share: int, forgiven: frozenset[str]) -> Debt:
    """Take the share off, and set to nothing what is not owed for a reason of its own."""
    least, remaining = bill.minimum, bill.invoice.amount_remaining
    lo = min(max(0, claim.lo - share), remaining)
    hi = min(max(0, claim.hi - share), remaining)
    unknown = claim.unknown
    too_small = least is not None and hi < least
    if bill.is_excused or too_small or bill.id in forgiven or not bill.is_collectible:
        lo, hi, unknown = 0, 0, None
    matters = least is not None and hi >= least
    return Debt(*bill, claim.earned, claim.evidence, lo, hi, unknown, share, matters)
