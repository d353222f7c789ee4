"""`cron.flag_overdue` (L09, billing-jobs, every night at 00:00): flags who has not paid."""

from __future__ import annotations

from legacy_replica.ports import Ports, Trigger

LATE = 14 * 86_400  # seconds


def flag_overdue(ports: Ports, _: Trigger) -> None:
    """Flag the account, note what is late and since when, if an open invoice is 14 days old."""
    if ports.accounts.get() is None:
        return
    # QUIRK Q60: no look at the segment, nor at the days that a contract grants
    now = ports.clock.now()
    late = [
        # QUIRK Q61: what the invoice asks for, whatever was used and whatever credit is there
        invoice.amount_remaining
        for invoice in ports.stripe.invoices.list(status="open")
        # QUIRK Q59: its due date may lie ahead, or long past
        if now - invoice.created >= LATE
    ]
    if not late:
        # QUIRK Q62: a flag stays where nothing is late any more, and so does the amount
        return
    ports.billing_db.update(bad_debt=True)
    # QUIRK Q63: yen and dollars make one sum
    ports.billing_db.update(bad_debt_amount=sum(late))
    if ports.customer.get().bad_debt_since is None:
        ports.customer.update(bad_debt_since=now)
