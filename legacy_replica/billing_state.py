"""`api.billing_state` (L24, subscriptions-api): whether the page offers Pay Now, and for what."""

from __future__ import annotations

from typing import Any

from legacy_replica.metadata import debt_amount
from legacy_replica.payable_invoice import payable_invoice
from legacy_replica.ports import Ports, Trigger


def billing_state(ports: Ports, _: Trigger) -> dict[str, Any] | None:
    """Answer what the Pay Now button shows; `amount` is in minor units. Writes nothing."""
    if ports.accounts.get() is None:
        return None
    flagged: bool = ports.billing_db.get().bad_debt
    metadata = ports.stripe.customers.retrieve().metadata
    # QUIRK Q29: what the metadata says, not what the invoice will charge
    amount = debt_amount(metadata)
    # QUIRK Q30: the flag and the metadata decide, not whether anything can be paid
    pay_now = flagged and amount > 0
    invoice = payable_invoice(ports, metadata)
    return {"status": 200, "pay_now": pay_now, "invoice": invoice, "amount": amount}
