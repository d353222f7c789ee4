"""The ledger of service: how much of a line was given, and whether its service runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from brain.rows import Grant
from brain.snapshot import Snapshot
from brain.stripe_rows import Invoice, LineItem, Subscription

Span = tuple[int, int | None]

SINCE = itemgetter(0)
"""When a span began."""


def is_paid_for(grant: Grant) -> bool:
    """False for what is free: neither debt nor dunning has a say in it."""
    return grant.plan != "free" and grant.granted_by != "free"


def product_of(line: LineItem) -> str | None:
    """The product a line sells, or None where it names no price."""
    return None if line.pricing is None else line.pricing.price_details.product


def bills_for(invoice: Invoice, grant: Grant) -> bool:
    """True where a line of the invoice is for the grant's product, or for all that is given."""
    return any(
        line.subscription == grant.subscription and product_of(line) in (None, grant.product)
        for line in invoice.lines.data
    )


def is_metered(line: LineItem) -> bool:
    """True for usage, which is billed in arrears and never prorated."""
    if line.pricing is None:
        return False
    recurring = line.pricing.price_details.price.recurring
    return recurring is not None and recurring.usage_type == "metered"


class Ledger(NamedTuple):
    """Spans of service by (subscription, product), UTC epoch seconds; the last may be running.

    `subscriptions` by id say when one ended, for service that nobody wrote down.
    """

    spans: Mapping[tuple[str | None, str], Sequence[Span]]
    subscriptions: Mapping[str | None, Subscription]

    def share(self, line: LineItem) -> tuple[int, int] | None:
        """How much of the line was given, and of how much (seconds); None if not known."""
        start, end = line.period.start, line.period.end
        if line.amount < 0 or line.subscription is None or start >= end or is_metered(line):
            return 1, 1
        spans = self.given(line.subscription, product_of(line))
        row = self.subscriptions.get(line.subscription)
        if not spans and row is not None and row.ended_at is not None:
            spans = ((start, row.ended_at),)
        return (_seconds(spans, start, end), end - start) if spans else None

    def is_running(self, invoice: Invoice, now: int) -> bool:
        """True while service goes on that the invoice bills for, now (epoch seconds) or later."""
        return any(
            line.subscription is not None
            and line.amount >= 0
            and line.period.end > now
            and any(to is None for _, to in self.given(line.subscription, product_of(line)))
            for line in invoice.lines.data
        )

    def given(self, subscription: str, product: str | None) -> Sequence[Span]:
        """Spans of the product; a line that names none was for all that the subscription gave."""
        if product is not None:
            return self.spans.get((subscription, product), ())
        return tuple(
            span for (key, _), given in self.spans.items() if key == subscription for span in given
        )


def ledger(
    snapshot: Snapshot,
    ending: frozenset[str],
    stopping: frozenset[str],
) -> Ledger:
    """The ledger of the account as if some service stopped now.

    That of the `ending` subscriptions, and of the `stopping` grants.
    """
    spans: dict[tuple[str | None, str], list[Span]] = {}
    for grant in snapshot.grants:
        waits = grant.subscription in ending and is_paid_for(grant)
        last = snapshot.now if waits or grant.id in stopping else None
        given = spans.setdefault((grant.subscription, grant.product), [])
        for since, to in grant.intervals:
            given.append((since, last if to is None else to))
    return Ledger(spans, snapshot.subscriptions)


def _seconds(spans: Iterable[Span], start: int, end: int) -> int:
    """Seconds of [start, end) inside the spans, each counted once."""
    total, reached = 0, start
    for since, to in sorted(spans, key=SINCE):
        upto = end if to is None else min(to, end)
        total += max(0, upto - max(since, reached))
        reached = max(reached, upto)
    return total
