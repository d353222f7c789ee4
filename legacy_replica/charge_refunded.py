"""`webhook.charge_refunded` (L07, billing-webhooks): a charge was given back."""

from __future__ import annotations

from typing import Any

from legacy_replica.entitlements import end
from legacy_replica.metadata import DELETE
from legacy_replica.payload import event_object
from legacy_replica.ports import Ports, Trigger


def charge_refunded(ports: Ports, trigger: Trigger) -> None:
    """End the products of a charge that was refunded whole, and forget a debt it was for."""
    if ports.accounts.get() is None:
        return
    charge = event_object(trigger)
    if charge["amount_refunded"] < charge["amount"]:
        return
    if charge.get("invoice") is None:
        # QUIRK Q51: since basil no charge names its invoice, and nobody looks for it elsewhere
        return
    invoice = ports.stripe.invoices.retrieve(charge["invoice"])
    if invoice.subscription is not None:
        # QUIRK Q52: out of goodwill, for a payment made twice, for a period long ago: all the same
        end(ports, invoice.subscription)
    if _is_in_bad_debt(ports, invoice):
        # QUIRK Q53: the mark of all debts, and this one is owed as before
        # QUIRK Q54: the flag, since, the holds and the consolidated invoice's id stay
        ports.stripe.customers.update(metadata={"bad_debt": DELETE, "bad_debt_amount": DELETE})


def _is_in_bad_debt(ports: Ports, invoice: Any) -> bool:
    """Tell an uncollectible invoice, the consolidated one, and those that it stands for."""
    if invoice.status == "uncollectible":
        return True
    consolidated = ports.stripe.customers.retrieve().metadata.get("consolidated_invoice")
    if consolidated is None:
        return False
    originals = ports.stripe.invoices.retrieve(consolidated).metadata.get("originals", "")
    return invoice.id in (consolidated, *originals.split(","))
