"""`cron.sync_metadata` (L12, billing-jobs, every night at 02:00): copies the flag to Stripe."""

from __future__ import annotations

from legacy_replica.metadata import DELETE
from legacy_replica.ports import Ports, Trigger


def sync_metadata(ports: Ports, _: Trigger) -> None:
    """Make the metadata say what the billing database says; its other keys are kept."""
    if ports.accounts.get() is None:
        return
    billing = ports.billing_db.get()
    # QUIRK Q73: a flag that nobody cleared marks a debt that is paid
    # QUIRK Q74: a flag that is missing takes the mark off a debt that is owed
    ports.stripe.customers.update(metadata={"bad_debt": "true" if billing.bad_debt else "false"})
    if billing.bad_debt_amount is None:
        # QUIRK Q75: writing off notes the amount in the metadata and nowhere else
        ports.stripe.customers.update(metadata={"bad_debt_amount": DELETE})
    else:
        ports.stripe.customers.update(metadata={"bad_debt_amount": str(billing.bad_debt_amount)})
