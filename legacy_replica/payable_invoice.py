"""Which invoice a customer in bad debt is asked to pay."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from legacy_replica.ports import Ports


def payable_invoice(ports: Ports, metadata: Mapping[str, str]) -> str | None:
    """Return the consolidated invoice's id, else that of the oldest open one, else None."""
    consolidated = metadata.get("consolidated_invoice")
    if consolidated:
        # QUIRK Q25: without a look whether it is still open
        return consolidated
    # QUIRK Q20: Pay Now never pays an uncollectible invoice, which is the one in bad debt
    # QUIRK Q27: the page never offers an uncollectible invoice
    invoices = ports.stripe.invoices.list(status="open")
    if not invoices:
        return None
    oldest: str = min(invoices, key=attrgetter("created")).id
    return oldest
