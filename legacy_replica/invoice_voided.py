"""`webhook.invoice_voided` (L04, billing-webhooks): an invoice is no longer asked for."""

from __future__ import annotations

from legacy_replica.ports import Ports, Trigger


def invoice_voided(ports: Ports, _: Trigger) -> None:
    """Forget since when the customer is in bad debt, if no invoice is open."""
    if ports.accounts.get() is None:
        return
    # QUIRK Q17: uncollectible invoices do not count, though they are still owed
    if not ports.stripe.invoices.list(status="open"):
        # QUIRK Q18: the flag, the metadata, the grants and the block stay
        ports.customer.update(bad_debt_since=None)
