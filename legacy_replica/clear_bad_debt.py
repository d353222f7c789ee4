"""`support.clear_bad_debt` (L22, support-tools): support forgives a customer's bad debt."""

from __future__ import annotations

from typing import Any

from legacy_replica.metadata import DELETE
from legacy_replica.ports import Ports, Trigger


def clear_bad_debt(ports: Ports, _: Trigger) -> dict[str, Any] | None:
    """Take the flag off and the debt out of the metadata."""
    if ports.accounts.get() is None:
        return None
    # QUIRK Q86: since, the holds, the suspension and the consolidated invoice's id stay
    ports.billing_db.update(bad_debt=False)
    # QUIRK Q87: the invoices go on asking for what was forgiven
    ports.stripe.customers.update(metadata={"bad_debt": DELETE, "bad_debt_amount": DELETE})
    return {"status": 200}
