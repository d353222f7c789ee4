"""`webhook.subscription_deleted` (L06, billing-webhooks): a subscription is canceled."""

from __future__ import annotations

from contextlib import suppress

from legacy_replica.entitlements import end
from legacy_replica.payload import object_id
from legacy_replica.ports import Ports, Trigger


def subscription_deleted(ports: Ports, trigger: Trigger) -> None:
    """End the subscription's products and give the open invoices up."""
    if ports.accounts.get() is None:
        return
    end(ports, object_id(trigger))
    # QUIRK Q50: the customer service's copy of the segment, which lags
    segment = ports.customer.get().segment
    # QUIRK Q46: every open invoice of the customer, whichever subscription it is for
    for invoice in ports.stripe.invoices.list(status="open"):
        _give_up(ports, invoice.id, segment)


def _give_up(ports: Ports, invoice: str, segment: str | None) -> None:
    if segment == "enterprise":
        return
    # QUIRK Q49: whatever Stripe said; the invoice stays as it is, and nobody comes back to it
    with suppress(ports.stripe.StripeError):
        if segment == "business":
            # QUIRK Q48: due or not, and whatever of it was used
            ports.stripe.invoices.mark_uncollectible(invoice)
        else:
            # QUIRK Q47: nobody asks for what was used until today any more
            ports.stripe.invoices.void_invoice(invoice)
