"""`cron.consolidate_bad_debt` (L11, billing-jobs, Mondays at 04:00): one invoice for all debts.

A crash after the new invoice was issued and before the metadata names it makes another one a week
later: nothing but the metadata tells that there is one.
"""

from __future__ import annotations

from operator import attrgetter

from legacy_replica.metadata import debt_amount
from legacy_replica.ports import Ports, Trigger


def consolidate_bad_debt(ports: Ports, _: Trigger) -> None:
    """Issue an invoice over all uncollectible ones, if there are at least two of them."""
    account = ports.accounts.get()
    if account is None:
        return
    if not ports.billing_db.get().bad_debt:
        return
    originals = [invoice.id for invoice in ports.stripe.invoices.list(status="uncollectible")]
    if len(originals) < 2:
        return
    metadata = ports.stripe.customers.retrieve().metadata
    if "consolidated_invoice" in metadata:
        # QUIRK Q72: that invoice may be void, and then nothing ever asks for these debts as one
        return
    # QUIRK Q70: what the metadata says, right or not, in the account's currency
    amount = debt_amount(metadata)
    if amount == 0:
        # QUIRK Q71: drafts, void and paid invoices are added up too, in any currency
        amount = sum(map(attrgetter("amount_remaining"), ports.stripe.invoices.list()))
    if amount == 0:
        return
    # QUIRK Q69: the originals go on asking for their own amounts
    consolidated = ports.stripe.invoices.create(
        currency=account.currency,
        lines=((amount, "Consolidated bad debt"),),
        metadata={"consolidated": "true", "originals": ",".join(originals)},
        auto_advance=False,
    )
    ports.stripe.invoices.finalize_invoice(consolidated.id)
    ports.stripe.customers.update(metadata={"consolidated_invoice": consolidated.id})
    ports.billing_db.update(bad_debt_amount=amount)
