"""The ledger of service: how much of a line was given, and whether a grant is covered now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from brain.rows import Grant
from brain.snapshot import NOTHING, Snapshot
from brain.stripe_rows import Invoice, LineItem

Span = tuple[int, int | None]


def is_paid_for(grant: Grant) -> bool:
    """False for what is free: neither debt nor dunning has a say in it."""
    return grant.plan != "free" and grant.granted_by != "free"


def product_of(line: LineItem) -> str | None:
    """The product a line sells, or None where it names no price."""
    return None if line.pricing is None else line.pricing.price_details.product


def is_metered(line: LineItem) -> bool:
    """True for usage, which is billed in arrears and never prorated."""
    if line.pricing is None:
        return False
    recurring = line.pricing.price_details.price.recurring
    return recurring is not None and recurring.usage_type == "metered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Spans of service by (subscription, product), UTC epoch seconds; the last may be running.

    `ends` is when a subscription ended, for service that nobody wrote down.
    """

    spans: Mapping[tuple[str, str], tuple[Span, ...]]
    ends: Mapping[str, int]

    def fraction(self, line: LineItem) -> tuple[int, int] | None:
        """Share of the line that was given, as (numerator, denominator); None if not known."""
        start, end = line.period.start, line.period.end
        if line.amount < 0 or line.subscription is None or start >= end or is_metered(line):
            return 1, 1
        spans = self._spans(line.subscription, product_of(line), start)
        return None if not spans else (_seconds(spans, start, end), end - start)

    def is_running(self, invoice: Invoice) -> bool:
        """True while service that the invoice bills for goes on."""
        return any(
            line.subscription is not None
            and any(to is None for _, to in self._spans(line.subscription, product_of(line), 0))
            for line in invoice.lines.data
        )

    def _spans(self, subscription: str, product: str | None, start: int) -> tuple[Span, ...]:
        spans = self.spans.get((subscription, product or ""), ())
        if not spans and subscription in self.ends:
            return ((start, self.ends[subscription]),)
        return spans


def ledger(snapshot: Snapshot, ending: frozenset[str] = frozenset()) -> Ledger:
    """The ledger of the account as if the service of the `ending` subscriptions stopped now."""
    spans: dict[tuple[str, str], list[Span]] = {}
    for grant in snapshot.grants:
        if grant.subscription is None:
            continue
        stops = grant.subscription in ending and is_paid_for(grant) and grant.status == "active"
        given = spans.setdefault((grant.subscription, grant.product), [])
        for since, to in grant.intervals:
            given.append((since, snapshot.now if stops and to is None else to))
    ends: dict[str, int] = {}
    for key, subscription in snapshot.subscriptions.items():
        ended = subscription.ended_at
        at = subscription.canceled_at if ended is None else ended
        if at is not None:
            ends[key] = at
    return Ledger(spans={key: tuple(value) for key, value in spans.items()}, ends=ends)


def _seconds(spans: Iterable[Span], start: int, end: int) -> int:
    """Seconds of [start, end) inside the spans, each counted once."""
    total, reached = 0, start
    for since, to in sorted(spans, key=lambda span: span[0]):
        upto = end if to is None else min(to, end)
        since = max(since, reached)
        if upto > since:
            total += upto - since
            reached = upto
    return total


# --- cover ------------------------------------------------------------------------------------


def is_covered(snapshot: Snapshot, grant: Grant, running: frozenset[str]) -> bool:
    """True where somebody paid, or has contracted to pay, for the service of this moment.

    `running` are the open invoices whose grace still runs. Written off and credited is no cover.
    """
    if not is_paid_for(grant):
        return True
    if snapshot.account.net_days is not None and snapshot.account.segment == "enterprise":
        return True
    mine = [i for i in snapshot.invoices if i.subscription == grant.subscription is not None]
    lines = [line for invoice in mine for line in invoice.lines.data]
    named = any(product_of(line) == grant.product for line in lines)
    return any(
        _covers(snapshot, invoice, line, running)
        for invoice in mine
        for line in invoice.lines.data
        if line.period.start <= snapshot.now < line.period.end
        and (not named or product_of(line) == grant.product)
    )


def _covers(snapshot: Snapshot, invoice: Invoice, line: LineItem, running: frozenset[str]) -> bool:
    if invoice.total == 0 or _is_settled(snapshot, invoice):
        return True
    if invoice.status != "open":
        return False
    contract = snapshot.account.net_days is not None
    not_due = invoice.due_date is not None and snapshot.now < invoice.due_date
    return (contract and not_due) or (
        invoice.id in running and _paid_before(snapshot, invoice, line.period.start)
    )


def _is_settled(snapshot: Snapshot, invoice: Invoice) -> bool:
    credited = (
        invoice.pre_payment_credit_notes_amount + invoice.post_payment_credit_notes_amount > 0
    )
    taken_back = snapshot.taken_back.get(invoice.id, NOTHING)
    return invoice.status == "paid" and not credited and taken_back == NOTHING


def _paid_before(snapshot: Snapshot, invoice: Invoice, start: int) -> bool:
    return any(
        _is_settled(snapshot, earlier)
        and any(line.period.end <= start for line in earlier.lines.data)
        for earlier in snapshot.invoices
        if earlier.subscription == invoice.subscription
    )
