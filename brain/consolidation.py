"""Consolidated invoices: what an earlier engine issued over several originals, and who paid it.

A consolidated invoice names its originals in its metadata. Its debt is theirs, so it asks for
nothing itself; what was paid on it is shared out among them, the oldest due first.
"""

from __future__ import annotations

from dataclasses import dataclass

from brain.stripe_rows import Invoice

SETTLED_BY = "settled_by"
"""Metadata of an original, or of its credit note: the consolidated invoice that paid for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consolidated:
    """A consolidated invoice with the originals that exist; `paid` in minor units."""

    invoice: Invoice
    originals: tuple[str, ...]
    paid: int


def balance_applied(invoice: Invoice) -> int:
    """What finalizing took from the customer's balance, minor units; voiding returns it.

    Less than 0 where a debit of the customer's came on top of what the invoice bills.
    """
    if invoice.status in ("draft", "void"):
        return 0
    asked = invoice.amount_due + invoice.pre_payment_credit_notes_amount
    ended = invoice.ending_balance
    debit = 0 if ended is None else min(0, ended - invoice.starting_balance)
    return max(0, invoice.total - asked) + debit


def can_be_void(invoice: Invoice) -> bool:
    """False where voiding would hand the balance back that was applied (Stripe docs).

    That balance has paid for service by then; a debit that came on top would be asked for again.
    """
    return invoice.ending_balance in (None, invoice.starting_balance)


def own_settled(invoice: Invoice) -> int:
    """What was settled on the invoice itself, minor units: money, out of band, balance.

    Before basil an invoice paid out of band said `paid` with an amount still remaining. What was
    paid out of band because a consolidated invoice had been paid is that invoice's money.
    """
    before_basil = invoice.amount_remaining if invoice.status == "paid" else 0
    elsewhere = out_of_band(invoice) if SETTLED_BY in invoice.metadata else 0
    return invoice.amount_paid - elsewhere + before_basil + balance_applied(invoice)


def out_of_band(invoice: Invoice) -> int:
    """The last payment out of band: once it is said who paid elsewhere, nothing remains to pay."""
    records = [
        paid.amount_paid or 0
        for paid in invoice.payments.data
        if paid.payment.type == "payment_record"
    ]
    return records[-1] if records else 0


def is_consolidated(invoice: Invoice) -> bool:
    """True for an invoice that an earlier engine issued over others."""
    return invoice.metadata.get("consolidated") == "true"


def consolidated(invoices: tuple[Invoice, ...]) -> tuple[Consolidated, ...]:
    """Every consolidated invoice of an account that names at least one original among them."""
    known = {invoice.id for invoice in invoices}
    found = []
    for invoice in invoices:
        if not is_consolidated(invoice):
            continue
        named = str(invoice.metadata.get("originals", "")).replace(",", " ").split()
        originals = tuple(key for key in named if key in known and key != invoice.id)
        if originals:
            found.append(
                Consolidated(invoice=invoice, originals=originals, paid=own_settled(invoice))
            )
    return tuple(found)
