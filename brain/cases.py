"""What a person must look at: found in an assessment, opened once, never acted on twice.

A case never stops a lift that is proven. Kinds and what they name are a table in this package's
README.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from brain.consolidation import Consolidated, is_consolidated
from brain.debt import Debt, Debts, earned
from brain.money import strict
from brain.policy import DAY, Policy
from brain.service import Ledger
from brain.snapshot import NOTHING, Snapshot, TakenBack

FORGIVEN_IN_PAYMENT = "forgiven-in-payment"
"""Kind of the case that remembers what support forgave until a payment on its way has landed."""


class Case(NamedTuple):
    """One thing for a person; `object` is the id of what it is about."""

    kind: str
    object: str
    detail: tuple[tuple[str, int | str | bool | None], ...] = ()


def find(
    snapshot: Snapshot,
    policy: Policy,
    debts: Debts,
    written: frozenset[str],
    promised: tuple[str, ...],
) -> tuple[Case, ...]:
    """Every case this account needs that is not open yet, in a fixed order.

    written: invoices written off, or about to be. promised: what support forgives once the payment
    that is on its way has failed.
    """
    found: list[Case] = []
    for debt in debts.each:
        if debt.is_collectible:
            found += _of_collectible(snapshot, policy, debt)
        elif debt.invoice.status == "paid" and debt.id in snapshot.taken_back:
            found += _of_returned(debt, snapshot.taken_back[debt.id], debts.ledger)
    found += [_case(FORGIVEN_IN_PAYMENT, key, amount=debts.by_invoice[key].hi) for key in promised]
    found += [
        _case("no-way-to-pay", debt.id)
        for debt in debts.each
        if debt.may_matter and debt.invoice.confirmation_secret is None
    ]
    found += _of_metadata(snapshot, debts, written)
    found += _of_credit(snapshot, debts)
    found += [
        _case("consolidated-without-originals", debt.id)
        for debt in debts.each
        if debt.is_collectible and is_consolidated(debt.invoice)
    ]
    for entry in snapshot.consolidated:
        found += _of_consolidated(snapshot, debts, entry)
    unique = {(case.kind, case.object): case for case in found}
    return tuple([case for key, case in unique.items() if key not in snapshot.cases])


def _case(kind: str, object: str, **detail: int | str | bool | None) -> Case:
    return Case(kind, object, tuple(detail.items()))


def _of_returned(debt: Debt, back: TakenBack, ledger: Ledger) -> list[Case]:
    missing = uninvoiced(debt, back, ledger)
    return [_case("debt-without-invoice", debt.id, amount=missing)] if missing > 0 else []


def _of_collectible(snapshot: Snapshot, policy: Policy, debt: Debt) -> Iterable[Case]:
    if debt.minimum is None:
        return [_case("unknown-currency", debt.id, currency=debt.invoice.currency)]
    if _is_over(snapshot, policy, debt):
        return _of_bad_debt(debt)
    if _asks_for_person(snapshot, policy, debt):
        return [_case("overdue-contract", debt.id, amount=debt.hi)]
    return []


def _of_bad_debt(debt: Debt) -> Iterator[Case]:
    """What keeps an invoice from being written off as it should be."""
    is_open = debt.invoice.status == "open"
    if debt.unknown is not None:
        yield _case(debt.unknown, debt.id, at_most=debt.hi)
    if debt.waiting and is_open and not debt.first:
        yield _case("payment-stuck", debt.id)
    if debt.processing and not is_open and debt.hi != debt.invoice.amount_remaining:
        yield _case("payment-processing", debt.id, owed=debt.hi)


def _is_over(snapshot: Snapshot, policy: Policy, debt: Debt) -> bool:
    """True where the invoice is, or should be, written off."""
    waits = debt.waiting or debt.invoice.next_payment_attempt is not None
    ends = policy.grace_ends(debt.due_at, waits=waits)
    return debt.invoice.status == "uncollectible" or (ends is not None and snapshot.now >= ends)


def _asks_for_person(snapshot: Snapshot, policy: Policy, debt: Debt) -> bool:
    late = snapshot.now - debt.due_at >= policy.case_days * DAY
    return policy.grace_days is None and debt.may_matter and late


def uninvoiced(debt: Debt, back: TakenBack, ledger: Ledger) -> int:
    """What was given and taken back without an invoice that asks for it, minor units.

    A refund with a credit note is a gift. Never more than the service was worth.
    """
    unmatched = back.lost + max(0, back.refunded - back.noted)
    given = earned(debt, ledger)
    return min(debt.invoice.total if given is None else given, unmatched)


def _of_metadata(snapshot: Snapshot, debts: Debts, written: frozenset[str]) -> list[Case]:
    """The noted amount disagrees with what is owed; the figures do not change for it."""
    noted = snapshot.stripe_customer.metadata.get("bad_debt_amount")
    if noted is None or noted == "":
        return []
    bad = [debt for debt in debts.each if debt.id in written and debt.may_matter]
    if not bad or any(debt.unknown or debt.evidence for debt in bad):
        return []
    currency = snapshot.account.currency
    owed = sum(debt.hi for debt in bad if debt.invoice.currency == currency)
    if strict(noted, currency) == owed:
        return []
    return [_case("metadata-disagrees", snapshot.stripe_customer.id, noted=str(noted), owed=owed)]


def _of_credit(snapshot: Snapshot, debts: Debts) -> list[Case]:
    return [
        _case("unapplied-credit", snapshot.stripe_customer.id, currency=currency, amount=credit)
        for currency, credit in snapshot.credit.items()
        if any(
            debt.may_matter
            and (debt.due_at <= snapshot.now or debt.invoice.status == "uncollectible")
            and debt.invoice.currency == currency
            for debt in debts.each
        )
    ]


def _of_consolidated(snapshot: Snapshot, debts: Debts, entry: Consolidated) -> Iterator[Case]:
    if entry.invoice.id in snapshot.processing and entry.invoice.status == "uncollectible":
        yield _case("payment-processing", entry.invoice.id, owed=0)
    twice = _paid_besides(snapshot, debts, entry)
    refunded = snapshot.taken_back.get(entry.invoice.id, NOTHING)
    left = debts.unused[entry.invoice.id] - refunded.refunded - refunded.lost
    amount = min(left, twice)
    if amount > 0:
        yield _case("double_charge", entry.invoice.id, amount=amount)


def _paid_besides(snapshot: Snapshot, debts: Debts, entry: Consolidated) -> int:
    """What originals brought in themselves, minor units of the consolidated invoice's currency.

    Originals of another currency still ask for what was meant to be paid here: then all of it.
    """
    originals = [debts.by_invoice[key] for key in entry.originals]
    same = [d for d in originals if d.invoice.currency == entry.invoice.currency]
    foreign = any(d.may_matter for d in originals if d not in same)
    return entry.paid if foreign else sum(_captured(snapshot, debt) for debt in same)


def _captured(snapshot: Snapshot, debt: Debt) -> int:
    """Money taken for the invoice and kept, minor units; nothing paid out of band."""
    back = snapshot.taken_back.get(debt.id, NOTHING)
    taken = sum(
        paid.amount_paid or 0
        for paid in debt.invoice.payments.data
        if paid.payment.type == "payment_intent"
    )
    return max(0, taken - back.refunded - back.lost)
