"""What is honestly owed on each invoice: the service given, less what was settled.

One definition. The value of a line (amount less discounts plus exclusive taxes) counts by the
share of its period in which service was given; usage, credits and one-off lines count whole. The
sum is exact and is rounded once, down, in the customer's favour. What cannot be known has two
bounds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from brain.consolidation import own_settled
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
    """What is owed by the service given, before consolidated payments and what excuses it.

    evidence: it is known only from the customer's metadata.
    is_unrecorded: nobody wrote down how long the service ran.
    """

    lo: int
    hi: int
    unknown: str | None = None
    evidence: bool = False
    is_unrecorded: bool = False


NO_CLAIM = Claim(0, 0)
"""Nothing is owed."""


class Debt(NamedTuple):
    """One invoice's debt: its bill, and what of it is owed; amounts in minor units.

    share: what was settled by a consolidated invoice.
    claim: what is owed by the service given, where money can be asked for.
    lo, hi: bounds of what is owed; equal unless `unknown` says why not.
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
    share: int
    claim: Claim
    lo: int
    hi: int
    unknown: str | None
    may_matter: bool

    @property
    def evidence(self) -> bool:
        """True where it is known only from the customer's metadata."""
        return self.claim.evidence

    @property
    def is_unrecorded(self) -> bool:
        """True where nobody wrote down how long its service ran."""
        return self.claim.is_unrecorded

    @property
    def can_be_paid(self) -> bool:
        """True where the customer can pay it now: it asks, has a secret, nothing is on its way."""
        return self.asks and not self.waiting and self.invoice.confirmation_secret is not None


class Debts(NamedTuple):
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


def earned(bill: Bill | Debt, ledger: Ledger) -> int | None:
    """Value of the service given, minor units, rounded down to the unit; None if not known.

    Below 0 where more was credited on its lines than was given.
    """
    if bill.worth is None:
        return None
    total, parts = 0, 1  # an exact fraction
    for line, amount in bill.worth:
        if amount:
            share = ledger.share(line)
            if share is None:
                return None
            given, length = share
            total, parts = total * length + amount * given * parts, parts * length
    step = unit(bill.invoice.currency)
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
    key, least, first = invoice.id, minimum(invoice.currency), _never_began(snapshot, invoice)
    consolidated = key in covering
    is_collectible = invoice.status in COLLECTIBLE and not consolidated
    return Bill(
        invoice,
        key,
        due_at(invoice),
        least,
        own_settled(invoice),
        worth if adds_up else None,
        key in snapshot.processing,
        key in waiting,
        consolidated,
        first,
        is_collectible,
        first or consolidated or _is_pardoned(invoice),
        is_collectible and least is not None and invoice.amount_remaining >= least,
    )


def _never_began(snapshot: Snapshot, invoice: Invoice) -> bool:
    if invoice.billing_reason != "subscription_create":
        return False
    subscription = snapshot.subscriptions.get(invoice.subscription)
    return subscription is not None and subscription.status in NOT_PAID_YET


def _is_pardoned(invoice: Invoice) -> bool:
    details = invoice.status_details
    why = None if details is None else details.uncollectible
    return why is not None and why.reason in NO_DEBT


def debts(
    snapshot: Snapshot, asked: Sequence[Bill], ledger: Ledger, forgiven: frozenset[str]
) -> Debts:
    """Every bill's debt by the ledger; what is `forgiven` is owed no longer."""
    shares, unused = _shared_out(snapshot, asked, ledger)
    each = []
    for bill in asked:
        share = shares.get(bill.id, 0)
        if bill.is_collectible:
            each.append(_debt(bill, share, _claim(snapshot, bill, ledger), forgiven))
        else:
            each.append(_no_debt(bill, share, NO_CLAIM))
    by_invoice = {debt.id: debt for debt in each}
    return Debts(each, by_invoice, unused, ledger)


def _claim(snapshot: Snapshot, bill: Bill, ledger: Ledger) -> Claim:
    given = earned(bill, ledger)
    if given is not None:
        owed = max(0, given - bill.settled)
        return Claim(owed, owed)
    adds_up = bill.worth is not None
    noted = _noted(snapshot, bill) if adds_up else None
    if noted is not None:
        return Claim(noted, noted, evidence=True, is_unrecorded=True)
    most = max(0, bill.invoice.total - bill.settled)  # what was credited may not be owed
    unknown = "service-unknown" if adds_up else "lines-do-not-add-up"
    return Claim(0, most, unknown, is_unrecorded=adds_up)


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
    snapshot: Snapshot, asked: Sequence[Bill], ledger: Ledger
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Each original's share of what was paid for it, and what no original needed.

    Each is given what it claims, whatever became of it since. Money of one currency settles
    nothing in another.
    """
    shares: dict[str, int] = {}
    unused = {}
    for entry in snapshot.consolidated:
        left, currency = entry.paid, entry.invoice.currency
        for bill in asked:  # oldest due first
            claimed = bill.id in entry.originals and not bill.is_excused
            if claimed and bill.invoice.currency == currency:
                had = shares.get(bill.id, 0)
                share = min(left, _claim(snapshot, bill, ledger).hi - had)
                shares[bill.id] = had + share
                left -= share
        unused[entry.invoice.id] = left
    return shares, unused


def _no_debt(bill: Bill, share: int, claim: Claim) -> Debt:
    lo, hi, unknown, *_ = NO_CLAIM
    return Debt(*bill, share, claim, lo, hi, unknown, may_matter=False)


def _debt(bill: Bill, share: int, claim: Claim, forgiven: frozenset[str]) -> Debt:
    """Take the share off, and set to nothing what is not owed for a reason of its own."""
    least, remaining = bill.minimum, bill.invoice.amount_remaining
    lo, hi = [min(max(0, bound - share), remaining) for bound in (claim.lo, claim.hi)]
    too_small = least is not None and hi < least
    if bill.is_excused or too_small or bill.id in forgiven:
        return _no_debt(bill, share, claim)
    return Debt(*bill, share, claim, lo, hi, claim.unknown, may_matter=least is not None)
