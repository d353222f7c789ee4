"""What is honestly owed on each invoice: the service given, less what was settled.

One definition. The value of a line (amount less discounts plus exclusive taxes) counts by the
share of its period in which service was given; usage, credits and one-off lines count whole. The
sum is exact and is rounded once, down, in the customer's favour. What cannot be known has two
bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from brain.consolidation import Consolidated, consolidated, own_settled
from brain.money import minimum, strict, unit
from brain.service import Ledger
from brain.snapshot import Snapshot
from brain.stripe_rows import Invoice, LineItem

COLLECTIBLE = frozenset(("open", "uncollectible"))

NO_DEBT = frozenset(("user_forgiven",))
"""Why Stripe says that an invoice is uncollectible, where that means that nobody owes it."""


class Debt(NamedTuple):
    """One invoice's debt; all amounts in minor units of the invoice's currency.

    lo, hi: bounds of what is owed; equal unless `unknown` says why not.
    earned: value of the service given, None if not known.
    settled: what was settled on the invoice itself; `share`: by a consolidated invoice.
    minimum: least amount that can be charged, None for a currency nobody enforces.
    evidence: the debt is known only from the customer's metadata.
    is_unrecorded: nobody wrote down how long its service ran.
    first: the invoice of a subscription that never began.
    processing: a payment of it is on its way; `waiting`: of it, or of the consolidated invoice
        that asks for the same money.
    """

    invoice: Invoice
    due_at: int
    minimum: int | None
    earned: int | None
    settled: int
    lo: int
    hi: int
    unknown: str | None
    processing: bool
    waiting: bool
    evidence: bool
    is_unrecorded: bool
    first: bool
    consolidated: bool
    share: int = 0

    @property
    def id(self) -> str:
        return self.invoice.id

    @property
    def is_collectible(self) -> bool:
        """True where Stripe can still take money for it."""
        return self.invoice.status in COLLECTIBLE and not self.consolidated

    @property
    def is_excused(self) -> bool:
        """True where service was given and nobody owes it, or another invoice asks for it."""
        details = self.invoice.status_details
        why = None if details is None else details.uncollectible
        pardoned = why is not None and why.reason in NO_DEBT
        return self.first or self.consolidated or pardoned

    @property
    def may_matter(self) -> bool:
        """True where at least the least chargeable amount may be owed."""
        return self.minimum is not None and self.hi >= self.minimum

    @property
    def asks(self) -> bool:
        """True where Stripe asks for at least the least chargeable amount."""
        return (
            self.is_collectible
            and self.minimum is not None
            and self.invoice.amount_remaining >= self.minimum
        )

    @property
    def can_be_paid(self) -> bool:
        """True where the customer can pay it now: it asks, has a secret, nothing is on its way."""
        return self.asks and not self.waiting and self.invoice.confirmation_secret is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Debts:
    """The debts of an account by invoice, oldest due first, and its consolidated invoices."""

    by_invoice: Mapping[str, Debt]
    consolidated: tuple[Consolidated, ...]
    unused: Mapping[str, int]

    def __iter__(self) -> Iterator[Debt]:
        return iter(self.by_invoice.values())


def due_at(invoice: Invoice) -> int:
    """When the invoice had to be paid, UTC epoch seconds."""
    if invoice.collection_method == "send_invoice" and invoice.due_date is not None:
        return invoice.due_date
    finalized = invoice.status_transitions.finalized_at
    return invoice.created if finalized is None else finalized


def value(line: LineItem) -> int:
    """Value of a line, minor units: amount less discounts plus taxes that come on top."""
    discounts = sum(discount.amount for discount in line.discount_amounts)
    taxes = sum(tax.amount for tax in line.taxes if tax.tax_behavior == "exclusive")
    return line.amount - discounts + taxes


def earned(invoice: Invoice, ledger: Ledger) -> int | None:
    """Value of the service given, minor units, rounded down to the unit; None if not known.

    Below 0 where more was credited on its lines than was given.
    """
    total: Fraction | int = 0
    for line in invoice.lines.data:
        amount = value(line)
        if amount:
            fraction = ledger.fraction(line)
            if fraction is None:
                return None
            total += amount * fraction
    step = unit(invoice.currency)
    return total // step * step


def debts(snapshot: Snapshot, ledger: Ledger, forgiven: frozenset[str]) -> Debts:
    """Every invoice's debt by the ledger; what is `forgiven` is owed no longer.

    Nor is what a case says could not be cleared: nothing was owed on it then.
    """
    over = consolidated(snapshot)
    covering = frozenset(entry.invoice.id for entry in over)
    under_way = snapshot.processing
    waiting = under_way | {
        original for entry in over if entry.invoice.id in under_way for original in entry.originals
    }
    forgiven |= snapshot.named_by("cannot-zero-uncollectible")
    found = {}
    for invoice in sorted(snapshot.invoices, key=due_at):
        key = invoice.id
        found[key] = _debt(
            snapshot,
            invoice,
            ledger,
            consolidated=key in covering,
            processing=key in under_way,
            waiting=key in waiting,
        )
    unused = _share_out(found, over)
    for key, debt in found.items():
        found[key] = _owed(debt, forgiven)
    return Debts(by_invoice=found, consolidated=over, unused=unused)


def _debt(
    snapshot: Snapshot,
    invoice: Invoice,
    ledger: Ledger,
    *,
    consolidated: bool,
    processing: bool,
    waiting: bool,
) -> Debt:
    """The debt before consolidated payments and before the rules that set it to nothing."""
    adds_up = sum(value(line) for line in invoice.lines.data) == invoice.total
    given = earned(invoice, ledger) if adds_up else None
    settled = own_settled(invoice)
    unknown, evidence = None, False
    if given is not None:
        lo = hi = max(0, given - settled)  # until the share and the remainder are looked at
    else:
        noted = _noted(snapshot, invoice) if adds_up else None
        evidence = noted is not None
        asked = max(0, invoice.total - settled)  # what was credited is not known to be owed
        lo, hi = (0, asked) if noted is None else (noted, noted)
        if noted is None:
            unknown = "service-unknown" if adds_up else "lines-do-not-add-up"
    subscription = snapshot.subscriptions.get(invoice.subscription)
    first = (
        invoice.billing_reason == "subscription_create"
        and subscription is not None
        and subscription.status in ("incomplete", "incomplete_expired")
    )
    return Debt(
        invoice=invoice,
        due_at=due_at(invoice),
        minimum=minimum(invoice.currency),
        earned=given,
        settled=settled,
        lo=lo,
        hi=hi,
        unknown=unknown,
        evidence=evidence,
        is_unrecorded=adds_up and given is None,
        processing=processing,
        waiting=waiting,
        consolidated=consolidated,
        first=first,
    )


def _noted(snapshot: Snapshot, invoice: Invoice) -> int | None:
    """The debt that the customer's metadata notes, if it can only mean this invoice."""
    covering = {entry.invoice.id for entry in consolidated(snapshot)}
    uncollectible = {i.id for i in snapshot.invoices if i.status == "uncollectible"}
    if uncollectible - covering != {invoice.id}:
        return None
    if invoice.currency != snapshot.account.currency:
        return None
    noted = strict(snapshot.stripe_customer.metadata.get("bad_debt_amount"), invoice.currency)
    most = invoice.total - own_settled(invoice)  # a share of it may have been credited since
    return noted if noted is not None and noted <= most else None


def _share_out(found: dict[str, Debt], over: tuple[Consolidated, ...]) -> Mapping[str, int]:
    """Give each original its share of what was paid for it; return what no original needed.

    Each is given what it claims, whatever became of it since. Money of one currency settles
    nothing in another.
    """
    unused = {}
    for entry in over:
        left, currency = entry.paid, entry.invoice.currency
        for key, debt in found.items():  # oldest due first
            claims = key in entry.originals and not debt.is_excused
            if claims and debt.invoice.currency == currency:
                share = min(left, debt.hi - debt.share)
                found[key] = debt._replace(share=debt.share + share)
                left -= share
        unused[entry.invoice.id] = left
    return unused


def _owed(debt: Debt, forgiven: frozenset[str]) -> Debt:
    """Take the share off, and set to nothing what is not owed for a reason of its own."""
    remaining = debt.invoice.amount_remaining
    lo, hi = (min(max(0, bound - debt.share), remaining) for bound in (debt.lo, debt.hi))
    too_small = debt.minimum is not None and hi < debt.minimum
    if debt.is_excused or too_small or debt.id in forgiven or not debt.is_collectible:
        return debt._replace(lo=0, hi=0, unknown=None)
    return debt._replace(lo=lo, hi=hi)
