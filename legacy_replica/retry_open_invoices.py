"""`cron.retry_open_invoices` (L13, billing-jobs, every night at 01:00): charges what is open."""

from __future__ import annotations

from legacy_replica.ports import Ports, Trigger

RETRIES = 8
OLD = 60 * 86_400  # seconds


def retry_open_invoices(ports: Ports, _: Trigger) -> None:
    """Try to pay every open invoice, then void those that are older than 60 days."""
    if ports.accounts.get() is None:
        return
    now = ports.clock.now()
    invoices = ports.stripe.invoices.list(status="open")
    for invoice in invoices:
        # QUIRK Q79: Stripe counts its own attempts, so these never come to an end
        if invoice.attempt_count < RETRIES:
            try:
                # QUIRK Q77: one that is not due yet, or that is paid by transfer, is charged too
                ports.stripe.invoices.pay(invoice.id)
            except ports.stripe.StripeError:
                pass
    # QUIRK Q78: the list of before, which tells nothing of what was just paid
    for invoice in invoices:
        if now - invoice.created > OLD:
            try:
                # QUIRK Q76: what was used is forgiven, and the flags of the debt stay
                ports.stripe.invoices.void_invoice(invoice.id)
            except ports.stripe.StripeError:
                pass
