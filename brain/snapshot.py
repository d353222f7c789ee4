"""One account as it is at one moment: everything a decision may look at, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brain.rows import Account, BillingDb, Customer, Enforcement, Grant
from brain.stripe_rows import Invoice, StripeCustomer, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """Money that left an invoice again, minor units: by refunds, by disputes that were lost."""

    refunded: int = 0
    lost: int = 0


NOTHING = TakenBack()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All six stores of an account, with what their objects say about each invoice.

    now: UTC epoch seconds.
    invoices: by (created, id), ascending.
    processing: invoices with a payment on its way.
    attempts: invoice → how often somebody tried to charge it.
    notes: invoice → how many credit notes stand on it.
    taken_back: invoice → money that left it again.
    cases: (kind, object) of what waits for a person, or has waited.
    """

    now: int
    account: Account
    billing: BillingDb | None
    customer: Customer | None
    stripe_customer: StripeCustomer
    invoices: tuple[Invoice, ...]
    subscriptions: Mapping[str, Subscription]
    grants: tuple[Grant, ...]
    enforcement: Enforcement
    processing: frozenset[str]
    attempts: Mapping[str, int]
    notes: Mapping[str, int]
    taken_back: Mapping[str, TakenBack]
    disputed: bool
    cases: frozenset[tuple[str, str]]

    @property
    def credit(self) -> Mapping[str, int]:
        """The customer's credit at Stripe, minor units by currency; empty where there is none."""
        row = self.stripe_customer
        if row.balance >= 0:
            return {}
        return {row.currency or self.account.currency: -row.balance}

    def dunning_holds(self) -> frozenset[str]:
        """Kinds of the holds that dunning put; holds of other reasons are nobody's business."""
        return frozenset(h.kind for h in self.enforcement.holds if h.reason == "dunning")

    def has_case(self, kinds: frozenset[str], object: str) -> bool:
        """True where a case of one of these kinds names the object."""
        return any((kind, object) in self.cases for kind in kinds)


def is_live(subscription: Subscription | None) -> bool:
    """True while Stripe goes on billing for the subscription."""
    return subscription is not None and subscription.status not in (
        "canceled",
        "incomplete_expired",
    )
