"""Store 4's part of a plan: each invoice asks for what is owed on it, and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from brain.assess import Assessment
from brain.consolidation import Consolidated
from brain.debt import COLLECTIBLE, Debt
from brain.effects import (
    Change,
    Clear,
    Credit,
    MarkUncollectible,
    Place,
    Retire,
    idempotency_key,
)
from brain.stripe_rows import Invoice


def invoices(view: Assessment) -> Iterator[Change]:
    """Retire what is consolidated, credit what is not owed, write off what is due too long."""
    for entry in view.snapshot.consolidated:
        if _can_retire(view, entry):
            key = _key(view, entry.invoice, 0)
            yield Retire(place=Place.RETIRE, invoice=entry.invoice, key=key)
    for debt in view.debts.each:
        if debt.id in view.leftover:
            by = _settled_by(view, debt)
            yield Clear(
                place=Place.INVOICE,
                invoice=debt.invoice,
                settled_by=by,
                key=_key(view, debt.invoice, 0, by),
            )
        elif _is_adjusted(view, debt):
            yield from adjust(view, debt)
        if debt.id in view.write_off:
            yield MarkUncollectible(place=Place.WRITE_OFF, invoice=debt.invoice, owed=debt.hi)


def adjust(view: Assessment, debt: Debt) -> Iterator[Credit]:
    """Credit the invoice down to what is owed, where it asks for more."""
    excess = debt.invoice.amount_remaining - debt.hi
    if excess > 0:
        yield Credit(
            place=Place.INVOICE,
            invoice=debt.invoice,
            amount=excess,
            owed=debt.hi,
            key=_key(view, debt.invoice, debt.hi),
        )


def is_gone(view: Assessment, id: str) -> bool:
    """True where the consolidated invoice asks for nothing, or will not once the plan is done."""
    return id not in view.snapshot.processing


def can_be_adjusted(view: Assessment, debt: Debt) -> bool:
    """True where Stripe may be asked to credit what can never be owed."""
    return debt.may_matter and not debt.processing and debt.id not in view.snapshot.stopped


def _is_adjusted(view: Assessment, debt: Debt) -> bool:
    due = debt.invoice.status == "uncollectible" or debt.id in view.write_off
    return due and can_be_adjusted(view, debt)


def _can_retire(view: Assessment, entry: Consolidated) -> bool:
    return (
        entry.invoice.status in COLLECTIBLE
        and entry.invoice.amount_remaining > 0
        and entry.invoice.id not in view.snapshot.processing
        and entry.invoice.id not in view.snapshot.stopped
    )


def _settled_by(view: Assessment, debt: Debt) -> str | None:
    if debt.share == 0:
        return None
    return next(
        entry.invoice.id
        for entry in view.snapshot.consolidated
        if debt.id in entry.originals and entry.paid > 0
    )


def _key(view: Assessment, invoice: Invoice, owed: int, paid_by: str | None = None) -> str:
    """The same for the same wish, until the invoice asks for less or gets another note."""
    return idempotency_key(
        view.snapshot.account.id,
        invoice.id,
        owed,
        paid_by,
        invoice.amount_remaining,
        view.snapshot.notes.get(invoice.id),
    )
