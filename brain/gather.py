"""Reads every port once, under the account's lock, into one frozen snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from brain.ports import Ports, Stripe
from brain.snapshot import Snapshot, TakenBack
from brain.stripe_rows import Charge, CreditNote, Dispute, Invoice, PaymentIntent, Refund

CLOSED_DISPUTES = frozenset(("won", "lost", "warning_closed", "prevented"))
"""A dispute of any other status, known or not, may still end either way."""


Paid = Mapping[str | None, str]
"""PaymentIntent → the invoice that it pays; nothing is paid by None."""


def gather(ports: Ports) -> Snapshot | None:
    """Return the account as it is now, or None where there is no account. Writes nothing."""
    account = ports.accounts.get()
    if account is None:
        return None
    stripe = ports.stripe
    invoices = stripe.invoices.list()
    charges, disputes = stripe.charges.list(), stripe.disputes.list()
    written = stripe.credit_notes.list()
    notes = tuple(note for note in written if note.status == "issued")
    paid_by = _invoice_of_payment(invoices)
    return Snapshot(
        now=ports.clock.now(),
        account=account,
        billing=ports.billing_db.get(),
        customer=ports.customer.get(),
        stripe_customer=stripe.customers.retrieve(),
        invoices=invoices,
        subscriptions={row.id: row for row in stripe.subscriptions.list()},
        grants=tuple(sorted(ports.entitlements.list(), key=lambda grant: grant.id)),
        enforcement=ports.enforcement.get(),
        processing=_processing(stripe.payment_intents.list(), paid_by),
        attempts=Counter(paid_by.get(charge.payment_intent) for charge in charges),
        notes=Counter(note.invoice for note in written),
        taken_back=_taken_back(_Returns(charges, stripe.refunds.list(), disputes, notes), paid_by),
        disputed=any(dispute.status not in CLOSED_DISPUTES for dispute in disputes),
        cases=frozenset((case.kind, case.object) for case in ports.cases.list()),
    )


def is_processing(stripe: Stripe, invoice: Invoice) -> bool:
    """True where a payment of this invoice is on its way, read afresh."""
    return any(
        stripe.payment_intents.retrieve(intent).status == "processing"
        for intent in _intents(invoice)
    )


def _intents(invoice: Invoice) -> list[str]:
    payments = (paid.payment.payment_intent for paid in invoice.payments.data)
    return [intent for intent in payments if intent is not None]


def _invoice_of_payment(invoices: Iterable[Invoice]) -> Paid:
    """Since basil neither names the other directly."""
    return {intent: invoice.id for invoice in invoices for intent in _intents(invoice)}


def _processing(intents: Iterable[PaymentIntent], paid_by: Paid) -> frozenset[str | None]:
    return frozenset(paid_by.get(row.id) for row in intents if row.status == "processing")


class _Returns(NamedTuple):
    charges: Iterable[Charge]
    refunds: tuple[Refund, ...]
    disputes: Iterable[Dispute]
    notes: Iterable[CreditNote]


def _taken_back(found: _Returns, paid_by: Paid) -> Mapping[str | None, TakenBack]:
    """What left each invoice; a refund on its way has not left, one that failed never did."""
    intent_of: Mapping[str | None, str | None] = {c.id: c.payment_intent for c in found.charges}

    def invoice_of(row: Refund | Dispute) -> str | None:
        return paid_by.get(row.payment_intent or intent_of.get(row.charge))

    refunded, lost = Counter[str | None](), Counter[str | None]()
    noted, to_balance = Counter[str | None](), Counter[str | None]()
    for refund in found.refunds:
        if refund.status == "succeeded":
            refunded[invoice_of(refund)] += refund.amount
    for dispute in found.disputes:
        if dispute.status == "lost":
            lost[invoice_of(dispute)] += dispute.amount
    failed = {refund.id for refund in found.refunds if refund.status in ("failed", "canceled")}
    for note in found.notes:
        made = sum(part.amount_refunded for part in note.refunds)
        bounced = sum(part.amount_refunded for part in note.refunds if part.refund in failed)
        rest = 0 if note.customer_balance_transaction is None else note.post_payment_amount - made
        to_balance[note.invoice] += rest
        noted[note.invoice] += note.post_payment_amount - rest - bounced
    return {
        invoice: TakenBack(
            refunded=refunded[invoice],
            lost=lost[invoice],
            noted=noted[invoice],
            to_balance=to_balance[invoice],
        )
        for invoice in (*refunded, *lost, *noted)
    }
