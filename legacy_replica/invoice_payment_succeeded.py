"""`webhook.invoice_payment_succeeded` (L03, billing-webhooks): a payment went through."""

from __future__ import annotations

from legacy_replica.entitlements import activate
from legacy_replica.metadata import DELETE, debt_amount
from legacy_replica.payload import event_object, subscription_id
from legacy_replica.ports import Ports, Trigger


def invoice_payment_succeeded(ports: Ports, trigger: Trigger) -> None:
    """Clear the account for a consolidated invoice; else lower the debt in the metadata."""
    if ports.accounts.get() is None:
        return
    invoice = event_object(trigger)
    if invoice.get("metadata", {}).get("consolidated") == "true":
        _clear_all(ports)
        return
    # QUIRK Q12: the flag, since and the block stay, even when nothing is left to pay
    _lower_debt(ports, int(invoice.get("amount_paid", 0)))
    # QUIRK Q13: any payment counts, of an invoice of $0 too
    ports.billing_db.update(failed_attempts=0)
    subscription = subscription_id(invoice)
    if subscription is None:
        return
    if ports.stripe.subscriptions.retrieve(subscription).status == "active":
        activate(ports, subscription)


def _clear_all(ports: Ports) -> None:
    # QUIRK Q10: what was suspended stays suspended
    ports.billing_db.update(bad_debt=False)
    ports.customer.update(bad_debt_since=None)
    ports.stripe.customers.update(
        metadata={"bad_debt": DELETE, "bad_debt_amount": DELETE, "consolidated_invoice": DELETE}
    )
    # QUIRK Q09: holds of any reason, a fraud ban too
    ports.enforcement.clear_holds()


def _lower_debt(ports: Ports, paid: int) -> None:
    metadata = ports.stripe.customers.retrieve().metadata
    if "bad_debt_amount" not in metadata:
        return
    # QUIRK Q11: what was paid is at face, what it is taken from is the honest debt
    rest = debt_amount(metadata) - paid
    if rest <= 0:
        ports.stripe.customers.update(metadata={"bad_debt_amount": DELETE, "bad_debt": DELETE})
    else:
        ports.stripe.customers.update(metadata={"bad_debt_amount": str(rest)})
