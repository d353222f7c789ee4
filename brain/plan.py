"""The plan: what each store should show, less what it shows, in the safe order. Pure.

Planning again on the result of a plan gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from operator import attrgetter

from brain.assess import Assessment, subscriptions_of
from brain.cover import DUNNING, UNPAID, has_begun, is_covered, is_over, lasts, waits
from brain.debt import Debt
from brain.effects import (
    CancelSubscription,
    Effect,
    OpenCase,
    Place,
    PutHold,
    RemoveHold,
    Retire,
    SetBillingDb,
    SetGrant,
    SetMetadata,
    SetSince,
    idempotency_key,
)
from brain.invoice_plan import invoices, is_gone
from brain.rows import Grant
from brain.service import bills_for, is_paid_for
from brain.standing import Standing

PLACE = attrgetter("place")
HOLD = {Standing.BLOCKED: "block", Standing.BANNED: "ban"}


def plan(view: Assessment) -> tuple[Effect, ...]:
    """Return the effects that bring all stores to the assessed standing, in the safe order."""
    if view.standing is Standing.OUT_OF_SCOPE:
        return ()
    grants = tuple(_grants(view))
    effects: list[Effect] = [
        *_cases(view),
        *_billing_db(view),
        *_since(view),
        *_metadata(view),
        *_once_served(view, grants),
        *grants,
        *_subscriptions(view, grants),
        *_holds(view),
    ]
    return tuple(sorted(effects, key=PLACE))


def _once_served(view: Assessment, grants: tuple[SetGrant, ...]) -> Iterator[Effect]:
    """Store 4, but for invoices of service that is given back: more of it is owed then.

    What they may ask is planned once the service runs. Whose grace is over asks for the service
    given by then, so it is adjusted before any comes back; but by a contract it is owed on.
    Nor is what covers service cleared before that is handed over.
    """
    for effect in invoices(view):
        billed = subscriptions_of(effect.invoice)
        again = billed & _subscriptions_of(view, [it for it in grants if it.status == "active"])
        owed_on = _by_contract(view) or effect.invoice.id in view.lasting
        covers = billed & _handed_over(view, grants) and effect.invoice.id in view.in_grace
        if isinstance(effect, Retire) or not ((again and owed_on) or covers):
            yield effect


def _handed_over(view: Assessment, grants: Iterable[SetGrant]) -> set[str | None]:
    """Subscriptions with service of a product that comes back elsewhere first."""
    return _subscriptions_of(view, [it for it in grants if it.place is Place.SERVICE_HANDED_OVER])


def _subscriptions_of(view: Assessment, changed: Iterable[SetGrant]) -> set[str | None]:
    """The subscriptions of the grants that are changed."""
    ids = {effect.grant for effect in changed}
    return {grant.subscription for grant in view.snapshot.grants if grant.id in ids}


def _by_contract(view: Assessment) -> bool:
    """True where bad debt ends no service."""
    return _is_bad(view) and not view.policy.ends_service


def _is_bad(view: Assessment) -> bool:
    return view.standing >= Standing.BAD_DEBT


def _cases(view: Assessment) -> Iterator[Effect]:
    for case in view.cases:
        yield OpenCase(place=Place.CASE, kind=case.kind, object=case.object, detail=case.detail)


def _billing_db(view: Assessment) -> Iterator[Effect]:
    """Store 1: the flag; the cached amount goes; attempts are forgotten when all is clear."""
    row, bad = view.snapshot.billing, _is_bad(view)
    shown: tuple[bool, int | None, int] = (False, None, 0)
    if row is not None:
        shown = (row.bad_debt, row.bad_debt_amount, row.failed_attempts)
    attempts = 0 if view.standing is Standing.CLEAR else shown[2]
    if shown != (bad, None, attempts):
        place = Place.FLAG_ON if bad and not shown[0] else Place.FLAG_OFF
        yield SetBillingDb(place=place, expect=row, bad_debt=bad, failed_attempts=attempts)


def _since(view: Assessment) -> Iterator[Effect]:
    """Store 2: since when the oldest bad debt is written off."""
    row = view.snapshot.customer
    shown = None if row is None else row.bad_debt_since
    if shown != view.since:
        place = Place.SINCE_OFF if view.since is None else Place.SINCE_ON
        yield SetSince(place=place, expect=row, since=view.since)


def _metadata(view: Assessment) -> Iterator[Effect]:
    """Store 3: the mark; amount and consolidated invoice go, but evidence stays while needed."""
    shown, bad = view.snapshot.stripe_customer.metadata, _is_bad(view)
    pairs = {}
    if not bad and shown.get("bad_debt", "false") != "false":
        pairs["bad_debt"] = ""
    if "bad_debt_amount" in shown and not any(
        debt.evidence and (bad or _is_asked(view, debt)) for debt in view.debts.each
    ):
        pairs["bad_debt_amount"] = ""
    consolidated = shown.get("consolidated_invoice")
    if consolidated is not None and is_gone(view, consolidated):
        pairs["consolidated_invoice"] = ""
    if pairs:
        yield SetMetadata(place=Place.METADATA_OFF, pairs=tuple(pairs.items()))
    if bad and shown.get("bad_debt") != "true":
        yield SetMetadata(place=Place.METADATA_ON, pairs=(("bad_debt", "true"),))


def _is_asked(view: Assessment, debt: Debt) -> bool:
    """True while the invoice asks, if for no more than the metadata notes, and may be credited.

    Without the note nobody would know any more what is owed, also where credit covers it now.
    """
    return debt.asks and debt.id not in view.snapshot.stopped


def _grants(view: Assessment) -> Iterator[SetGrant]:
    """Store 5: service waits where debt is bad, comes back where it is covered, else ends.

    What waits goes by its subscription, so where that is cancelled now, it waits for it; and
    for a payment of what is written off, of which more would be owed; and it begins no record of
    service while one is missing of bad debt.
    """
    changed = []
    for grant in view.snapshot.grants:
        target = _grant_target(view, grant)
        if target is not None and not (grant.status == "suspended" and _is_held(view, grant)):
            changed.append((grant, *target))
    again = {grant.product for grant, status, _ in changed if status == "active"}
    # What is covered falls last: no product is left to a grant that nobody pays for.
    for grant, status, reason in sorted(
        changed, key=lambda change: is_covered(view.snapshot, change[0], view.in_grace)
    ):
        place = _place_off(view, grant, again) if grant.status == "active" else Place.SERVICE_ON
        yield SetGrant(place=place, grant=grant.id, status=status, reason=reason)


def _is_held(view: Assessment, grant: Grant) -> bool:
    stuck = view.cancelled | _cancelled_next(view) | _in_payment(view)
    return grant.subscription in stuck or _begins_record(view, grant)


def _begins_record(view: Assessment, grant: Grant) -> bool:
    """True where an invoice asks for service of which giving it back would be the first record.

    That would say that there had been none before, which nobody knows. A person finds out.
    """
    return (
        _is_bad(view)
        and not grant.intervals
        and any(
            debt.asks and debt.is_unrecorded and bills_for(debt.invoice, grant)
            for debt in view.debts.each
        )
    )


def _cancelled_next(view: Assessment) -> frozenset[str]:
    """Subscriptions that are cancelled once an invoice of theirs is cleared."""
    cleared = [debt.invoice for debt in view.debts.each if debt.id in view.leftover]
    return subscriptions_of(*cleared) & (view.suspended | view.dropped)


def _in_payment(view: Assessment) -> frozenset[str]:
    """Subscriptions with an invoice that is written off and being paid: it cannot be credited.

    What nobody owes whatever is served, or nobody enforces, holds nothing up.
    """
    in_payment = [
        debt.invoice
        for debt in view.debts.each
        if debt.processing and debt.invoice.status == "uncollectible"
        if debt.minimum is not None and not debt.is_excused
    ]
    return subscriptions_of(*in_payment)


def _place_off(view: Assessment, grant: Grant, again: Set[str]) -> Place:
    """When service ends, which is early, so that it is not owed for.

    But a product that comes back `again` by another grant is handed over without a gap, and a ban
    may turn out not to fall, so what only it stops runs until it stands.
    """
    if view.ban_falls:
        return Place.SERVICE_BEHIND_BAN
    if grant.product in again:
        return Place.SERVICE_HANDED_OVER
    stops = grant.subscription in view.suspended | view.dropped or grant.id in view.unpaid
    return Place.SERVICE_OFF if stops else Place.SERVICE_BANNED


Target = tuple[str, str | None]
"""A status, and its reason."""

ACTIVE: Target = ("active", None)
ENDED: Target = ("ended", None)


def _grant_target(view: Assessment, grant: Grant) -> Target | None:
    """The status and reason a grant should have, or None where the brain has no say in it."""
    if is_paid_for(grant):
        banned = view.standing is Standing.BANNED and grant.id not in view.unpaid
        if banned or grant.subscription in view.suspended:
            return ("suspended", DUNNING) if grant.status == "active" else None
        if grant.subscription in view.dropped:
            return ENDED
    if grant.status == "active":
        return _running_target(view, grant)
    return WAITING[grant.reason](view, grant) if waits(grant) else None


def _after_dunning(view: Assessment, grant: Grant) -> Target | None:
    """What becomes of service that dunning suspended, once bad debt does not stop it any more."""
    if lasts(view.snapshot, grant, view.lasting):
        return ACTIVE
    return None if _by_contract(view) else ENDED


def _after_payment(view: Assessment, grant: Grant) -> Target | None:
    """What becomes of service that waits for a payment; it ends with its subscription."""
    if is_over(view.snapshot, grant):
        return ENDED
    begun = has_begun(view.snapshot, grant)
    return ACTIVE if begun and is_covered(view.snapshot, grant, view.lasting) else None


WAITING: Mapping[str | None, Callable[[Assessment, Grant], Target | None]] = {
    DUNNING: _after_dunning,
    UNPAID: _after_payment,
}
"""Reasons of the suspensions that are the brain's, and what ends each."""


def _running_target(view: Assessment, grant: Grant) -> Target | None:
    """What becomes of service that runs, once it is known that bad debt does not stop it."""
    status = view.unpaid.get(grant.id)
    return None if status is None else (status, UNPAID if status == "suspended" else None)


def _subscriptions(view: Assessment, grants: tuple[SetGrant, ...]) -> Iterator[CancelSubscription]:
    """What is canceled; but a trial that pays for service goes on until that is handed over."""
    for key in sorted(view.cancelled):
        worthless = key in view.dropped
        if worthless or key not in _handed_over(view, grants):
            yield CancelSubscription(
                place=Place.CANCEL_WORTHLESS if worthless else Place.CANCEL,
                subscription=key,
                key=idempotency_key(view.snapshot.account.id, "cancel", key),
            )


def _holds(view: Assessment) -> Iterator[Effect]:
    """Store 6: at most one hold for dunning; a ban stands before the block it replaces falls."""
    shown = view.snapshot.dunning_holds()
    target = HOLD.get(view.standing)
    if target is not None and target not in shown:
        yield PutHold(place=Place.HOLD_ON, kind=target)
    for kind in HOLD.values():
        if kind in shown and kind != target:
            place = Place.HOLD_REPLACED if target == "ban" else Place.HOLD_OFF
            yield RemoveHold(place=place, kind=kind)
