"""One account as it is at one moment: everything a decision may look at, frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import add
from typing import NamedTuple

from brain.consolidation import Consolidated
from brain.rows import Account, BillingDb, Customer, Enforcement, Grant
from brain.stripe_rows import Invoice, LineItem, StripeCustomer, Subscription

STOPPING = frozenset(
    ("cannot-credit-uncollectible", "cannot-zero-uncollectible", "stripe-refused")
)
"""Kinds of cases that stop credit notes, charges and bans on the invoice they name."""

Billed = Sequence[tuple[Invoice, LineItem]]
"""Lines, each beside its invoice."""


class TakenBack(NamedTuple):
    """What left an invoice again after it was paid, minor units.

    refunded: by refunds that arrived. lost: by disputes. noted: what credit notes say went back to
    the payer, but for refunds that failed. to_balance: what they put on the customer's balance.
    """

    refunded: int = 0
    lost: int = 0
    noted: int = 0
    to_balance: int = 0

    @property
    def all(self) -> int:
        """Everything; a refund and the credit note that documents it are one return."""
        return self.lost + self.to_balance + max(self.refunded, self.noted)

    def and_also(self, other: TakenBack) -> TakenBack:
        """Both together."""
        return TakenBack(*map(add, self, other))


NOTHING = TakenBack()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All six stores of an account, with what their objects say about each invoice.

    now: UTC epoch seconds.
    invoices: by (created, id), ascending.
    consolidated: those that an earlier engine issued over others.
    billed: subscription → lines that ask for something, or did until they were voided; but not
        those of invoices issued over originals.
    subscriptions: by id; there is none of the id None.
    processing: invoices with a payment on its way.
    attempts: invoice → how often somebody tried to charge it; None: what pays no invoice.
    notes: invoice → how many credit notes stand on it.
    taken_back: invoice → what left it again.
    cases: (kind, object) of what waits for a person, or has waited.
    stopped: what a case that stops it names.
    credit: the customer's at Stripe, minor units by currency; empty where there is none.
    """

    now: int
    account: Account
    billing: BillingDb | None
    customer: Customer | None
    stripe_customer: StripeCustomer
    invoices: tuple[Invoice, ...]
    consolidated: tuple[Consolidated, ...]
    billed: Mapping[str | None, Billed]
    subscriptions: Mapping[str | None, Subscription]
    grants: tuple[Grant, ...]
    enforcement: Enforcement
    processing: frozenset[str | None]
    attempts: Mapping[str | None, int]
    notes: Mapping[str, int]
    taken_back: Mapping[str | None, TakenBack]
    disputed: bool
    cases: frozenset[tuple[str, str]]
    stopped: frozenset[str]
    credit: Mapping[str, int]

    def dunning_holds(self) -> frozenset[str]:
        """Kinds of the holds that dunning put; holds of other reasons are nobody's business."""
        return frozenset([h.kind for h in self.enforcement.holds if h.reason == "dunning"])

    def named_by(self, kind: str) -> frozenset[str]:
        """The objects that cases of this kind name."""
        return frozenset([named for found, named in self.cases if found == kind])


def is_live(subscription: Subscription | None) -> bool:
    """True while Stripe goes on billing for the subscription."""
    return subscription is not None and subscription.status not in (
        "canceled",
        "incomplete_expired",
    )
