"""Reads every port once, under the account's lock, into one frozen snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from brain.consolidation import Consolidated, consolidated
from brain.ports import Ports, Stripe
from brain.rows import Account
from brain.snapshot import NOTHING, STOPPING, Billed, Snapshot, TakenBack
from brain.stripe_rows import (
    Charge,
    CreditNote,
    Dispute,
    Invoice,
    LineItem,
    PaymentIntent,
    Refund,
    StripeCustomer,
)

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
    notes = stripe.credit_notes.list()
    paid_by = _invoice_of_payment(invoices)
    over = consolidated(invoices)
    now, billing, customer = ports.clock.now(), ports.billing_db.get(), ports.customer.get()
    payer = stripe.customers.retrieve()
    subscriptions = stripe.subscriptions.list()
    grants, enforcement = ports.entitlements.list(), ports.enforcement.get()
    intents, refunds = stripe.payment_intents.list(), stripe.refunds.list()
    cases = ports.cases.list()
    return Snapshot(
        now=now,
        account=account,
        billing=billing,
        customer=customer,
        stripe_customer=payer,
        invoices=invoices,
        consolidated=over,
        billed=_billed(invoices, over),
        subscriptions={row.id: row for row in subscriptions},
        grants=tuple(sorted(grants, key=lambda grant: grant.id)),
        enforcement=enforcement,
        processing=_processing(intents, paid_by),
        attempts=Counter([paid_by.get(charge.payment_intent) for charge in charges]),
        notes=Counter([note.invoice for note in notes]),
        taken_back=_taken_back(charges, refunds, disputes, notes, paid_by),
        disputed=any(dispute.status not in CLOSED_DISPUTES for dispute in disputes),
        cases=frozenset([(case.kind, case.object) for case in cases]),
        stopped=frozenset([case.object for case in cases if case.kind in STOPPING]),
        credit=_credit(payer, account),
    )


def is_processing(stripe: Stripe, invoice: Invoice) -> bool:
    """True where a payment of this invoice is on its way, read afresh."""
    return any(
        stripe.payment_intents.retrieve(intent).status == "processing"
        for intent in _intents(invoice)
    )


def _intents(invoice: Invoice) -> list[str]:
    payments = [paid.payment.payment_intent for paid in invoice.payments.data]
    return [intent for intent in payments if intent is not None]


def _invoice_of_payment(invoices: Iterable[Invoice]) -> Paid:
    """Since basil neither names the other directly."""
    return {intent: invoice.id for invoice in invoices for intent in _intents(invoice)}


def _billed(
    invoices: Iterable[Invoice], over: Iterable[Consolidated]
) -> Mapping[str | None, Billed]:
    issued_over = {entry.invoice.id for entry in over}
    found: dict[str | None, list[tuple[Invoice, LineItem]]] = {}
    for invoice in invoices:
        if invoice.id not in issued_over:
            for line in invoice.lines.data:
                if line.amount >= 0:
                    found.setdefault(line.subscription, []).append((invoice, line))
    return found


def _processing(intents: Iterable[PaymentIntent], paid_by: Paid) -> frozenset[str | None]:
    return frozenset([paid_by.get(row.id) for row in intents if row.status == "processing"])


def _credit(payer: StripeCustomer, account: Account) -> Mapping[str, int]:
    return {payer.currency or account.currency: -payer.balance} if payer.balance < 0 else {}


def _taken_back(
    charges: Iterable[Charge],
    refunds: Sequence[Refund],
    disputes: Iterable[Dispute],
    notes: Iterable[CreditNote],
    paid_by: Paid,
) -> Mapping[str | None, TakenBack]:
    """What left each invoice; a refund on its way has not left, one that failed never did."""
    intent_of: Mapping[str | None, str | None] = {c.id: c.payment_intent for c in charges}
    back: dict[str | None, TakenBack] = {}

    def take(invoice: str | None, more: TakenBack) -> None:
        back[invoice] = back.get(invoice, NOTHING).and_also(more)

    def invoice_of(row: Refund | Dispute) -> str | None:
        return paid_by.get(row.payment_intent or intent_of.get(row.charge))

    for refund in refunds:
        if refund.status == "succeeded":
            take(invoice_of(refund), TakenBack(refunded=refund.amount))
    for dispute in disputes:
        if dispute.status == "lost":
            take(invoice_of(dispute), TakenBack(lost=dispute.amount))
    failed = {refund.id for refund in refunds if refund.status in ("failed", "canceled")}
    for note in notes:
        if note.status == "issued":
            take(note.invoice, _noted(note, failed))
    return back


def _noted(note: CreditNote, failed: Collection[str]) -> TakenBack:
    made = sum(part.amount_refunded for part in note.refunds)
    bounced = sum(part.amount_refunded for part in note.refunds if part.refund in failed)
    rest = 0 if note.customer_balance_transaction is None else note.post_payment_amount - made
    return TakenBack(noted=note.post_payment_amount - rest - bounced, to_balance=rest)
