"""`webhook.invoice_marked_uncollectible` (L02, billing-webhooks): writes an invoice off."""

from __future__ import annotations

from typing import Any

from legacy_replica.entitlements import suspend_paid
from legacy_replica.payload import object_id
from legacy_replica.ports import Ports, Trigger

DAY = 86_400


def invoice_marked_uncollectible(ports: Ports, trigger: Trigger) -> None:
    """Add the invoice's debt to the metadata, then flag, suspend and block the account."""
    if ports.accounts.get() is None:
        return
    # QUIRK Q08: no look at the segment, enterprise and business are treated like everyone
    now = ports.clock.now()
    # QUIRK Q03: the invoice itself stays at its face amount, for ever
    invoice = ports.stripe.invoices.retrieve(object_id(trigger))
    debt = _debt(invoice, now)
    known = ports.stripe.customers.retrieve().metadata.get("bad_debt_amount", "0")
    # QUIRK Q01: "1,250" is no integer and stops everything that follows
    # QUIRK Q02: added again at every delivery of the same event
    # QUIRK Q06: a debt of 0 goes all the way through, block included
    ports.stripe.customers.update(metadata={"bad_debt_amount": str(int(known) + debt)})
    ports.stripe.customers.update(metadata={"bad_debt": "true"})
    ports.billing_db.update(bad_debt=True)
    if ports.customer.get().bad_debt_since is None:
        ports.customer.update(bad_debt_since=now)
    suspend_paid(ports)
    # QUIRK Q31: put again with today's date where it stood already
    ports.enforcement.put_hold("block", "dunning")


def _debt(invoice: Any, now: int) -> int:
    """Sum what the customer used until now and has not paid, in minor units, at least 0."""
    # QUIRK Q04: credit notes, refunds, discounts and taxes are not looked at
    used = 0
    for line in invoice.lines.data:
        used += _used(line, now)
    paid: int = invoice.amount_paid
    return max(0, used - paid)


def _used(line: Any, now: int) -> int:
    """Prorate a line by started days if its price is licensed, half up; else take all of it."""
    start, end = line.period.start, line.period.end
    if start == end or not _is_licensed(line):
        amount: int = line.amount
        return amount
    # QUIRK Q05: the days run on to now, past the end of the period
    days = max(0, _started_days(now - start))
    period_days = _started_days(end - start)
    return (2 * int(line.amount) * days + period_days) // (2 * period_days)


def _is_licensed(line: Any) -> bool:
    """Tell a recurring price that is not metered."""
    if line.pricing is None:
        return False
    recurring = line.pricing.price_details.price.recurring
    if recurring is None:
        return False
    licensed: bool = recurring.usage_type == "licensed"
    return licensed


def _started_days(seconds: int) -> int:
    return -(-seconds // DAY)
