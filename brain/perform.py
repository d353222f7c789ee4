"""Carries effects out through the ports: each checks what it was planned from, and may be refused.

Every effect ends in one of four ways. It is done. `Moved`: the account is not what it was, so the
caller reads it again and plans anew; this is also how "already paid", "already marked" and
"already void" end, as success seen on the second look. A case: Stripe said no for good.
`TryLater`: nobody knows what happened, so the caller stops; whoever woke the brain wakes it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from brain import effects as fx
from brain.consolidation import SETTLED_BY, can_be_void
from brain.gather import is_processing
from brain.ports import Ports, StripeFailure
from brain.stripe_rows import Invoice

BUSY = frozenset((401, 403, 409, 429))
"""Refusals that say nothing of the account: our key may not, or not now."""
REFUSALS = range(400, 500)


class Moved(Exception):
    """The account changed since the plan was made."""


class TryLater(Exception):
    """A refusal to go on: nothing is wrong with the account, but it cannot be settled now."""

    kind = "try-later"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def perform(ports: Ports, effect: fx.Effect) -> None:
    """Carry one effect out. Raises Moved or TryLater; opens a case where Stripe refuses."""
    try:
        CALLS[type(effect)](ports, effect)
    except ports.StaleWrite as error:
        raise Moved from error
    except ports.stripe.StripeError as error:
        stop_unless_final(error)
        _refused(ports, effect, error)


def stop_unless_final(error: StripeFailure) -> None:
    """Raise TryLater unless Stripe has answered for good (a 4xx that waiting does not cure)."""
    if error.http_status in BUSY:
        raise TryLater("stripe-busy") from error
    if error.http_status not in REFUSALS:
        raise TryLater("stripe-unreachable") from error


def unmoved(ports: Ports, planned: Invoice, remaining: int | None = None) -> Invoice:
    """Read the invoice again; raise Moved if it is not as planned or a payment is on its way."""
    found = ports.stripe.invoices.retrieve(planned.id)
    expected = planned.amount_remaining if remaining is None else remaining
    if found.status != planned.status or found.amount_remaining != expected:
        raise Moved
    if is_processing(ports.stripe, found):
        raise Moved
    return found


def _refused(ports: Ports, effect: fx.Effect, error: StripeFailure) -> None:
    """Stripe said no: because the account moved, or for a reason that a person must see."""
    ports.reason("refused", effect=type(effect).__name__, code=error.code, message=error.message)
    if isinstance(effect, fx.CancelSubscription):
        _unless_canceled(ports, effect)
        ports.cases.open("stripe-refused", effect.subscription)
    elif isinstance(effect, fx.Change):
        _change_refused(ports, effect, error)
    else:
        ports.cases.open("stripe-refused", "customer")
    raise Moved from error


def _change_refused(ports: Ports, effect: fx.Change, error: StripeFailure) -> None:
    """Open the case of an invoice that Stripe will not change; raise Moved where it did change."""
    planned = effect.invoice
    owed = effect.owed if isinstance(effect, fx.Credit | fx.MarkUncollectible) else None
    marks = isinstance(effect, fx.MarkUncollectible)
    unmoved(ports, planned, owed if marks else None)
    credits_late = isinstance(effect, fx.Credit) and planned.status == "uncollectible"
    kind = "cannot-credit-uncollectible" if credits_late else "stripe-refused"
    ports.cases.open(kind, planned.id, owed=owed, message=error.message)


# --- stores 1, 2, 3, 5, 6 and cases -------------------------------------------------------------


def _open_case(ports: Ports, effect: fx.OpenCase) -> None:
    ports.cases.open(effect.kind, effect.object, **dict(effect.detail))


def _billing_db(ports: Ports, effect: fx.SetBillingDb) -> None:
    ports.billing_db.update(
        expect=effect.expect,
        bad_debt=effect.bad_debt,
        bad_debt_amount=None,
        failed_attempts=effect.failed_attempts,
    )


def _since(ports: Ports, effect: fx.SetSince) -> None:
    ports.customer.update(expect=effect.expect, bad_debt_since=effect.since)


def _metadata(ports: Ports, effect: fx.SetMetadata) -> None:
    ports.stripe.customers.update(metadata=dict(effect.pairs))


def _grant(ports: Ports, effect: fx.SetGrant) -> None:
    ports.entitlements.set_status(effect.grant, effect.status, reason=effect.reason)


def _put_hold(ports: Ports, effect: fx.PutHold) -> None:
    ports.enforcement.put_hold(effect.kind, "dunning")


def _remove_hold(ports: Ports, effect: fx.RemoveHold) -> None:
    ports.enforcement.remove_hold(effect.kind, "dunning")


# --- Stripe -------------------------------------------------------------------------------------


def _cancel(ports: Ports, effect: fx.CancelSubscription) -> None:
    ports.stripe.subscriptions.cancel(
        effect.subscription, prorate=False, invoice_now=False, idempotency_key=effect.key
    )


def _unless_canceled(ports: Ports, effect: fx.CancelSubscription) -> None:
    """Raise Moved where the subscription is over already."""
    if ports.stripe.subscriptions.retrieve(effect.subscription).status == "canceled":
        raise Moved


def _credit(ports: Ports, effect: fx.Credit) -> None:
    unmoved(ports, effect.invoice)
    _note(ports, effect.invoice, effect.amount, effect.key, owed=str(effect.owed))


def _note(ports: Ports, invoice: Invoice, amount: int, key: str, **metadata: str) -> None:
    """Without a refund or credit amount, so that a note that lost a race with a payment fails."""
    ports.stripe.credit_notes.create(
        invoice=invoice.id,
        amount=amount,
        memo="Adjusted to the service given",
        metadata=metadata,
        idempotency_key=key,
    )


def _mark(ports: Ports, effect: fx.MarkUncollectible) -> None:
    """Mark, read again, and go on only if the customer can still pay it."""
    unmoved(ports, effect.invoice, effect.owed)
    ports.stripe.invoices.mark_uncollectible(effect.invoice.id)
    if ports.stripe.invoices.retrieve(effect.invoice.id).confirmation_secret is None:
        raise Moved


Rung = Callable[[Ports, Any], None]


def _credit_rest(ports: Ports, effect: fx.Clear | fx.Retire) -> None:
    """Credit what is still asked, and say what paid for it where something did."""
    by = effect.settled_by if isinstance(effect, fx.Clear) else None
    link = {} if by is None else {SETTLED_BY: by}
    _note(ports, effect.invoice, effect.invoice.amount_remaining, effect.key, owed="0", **link)


def _void(ports: Ports, effect: fx.Clear | fx.Retire) -> None:
    ports.stripe.invoices.void_invoice(effect.invoice.id)


def _settled_elsewhere(ports: Ports, effect: fx.Clear) -> None:
    ports.stripe.invoices.pay(
        effect.invoice.id,
        paid_out_of_band=True,
        metadata={SETTLED_BY: str(effect.settled_by)},
        idempotency_key=effect.key + ":out-of-band",
    )


def _clear(ports: Ports, effect: fx.Clear) -> None:
    """Nothing is owed: credit the rest; else void; else say what truly paid it; else a case."""
    rungs: tuple[Rung, ...] = (_credit_rest,)
    if effect.invoice.status == "uncollectible":
        rungs += (_void,) if can_be_void(effect.invoice) else ()
        rungs += (_settled_elsewhere,) if effect.settled_by is not None else ()
    _climb(ports, effect, rungs)


def _retire(ports: Ports, effect: fx.Retire) -> None:
    """Void; credit the rest where that is refused, or would hand applied balance back."""
    first: tuple[Rung, ...] = (_void,) if can_be_void(effect.invoice) else ()
    _climb(ports, effect, (*first, _credit_rest))


def _climb(ports: Ports, effect: fx.Clear | fx.Retire, rungs: tuple[Rung, ...]) -> None:
    """Try one rung after the other on an invoice read afresh; open a case after the last."""
    message = ""
    for rung in rungs:
        unmoved(ports, effect.invoice)
        try:
            return rung(ports, effect)
        except ports.stripe.StripeError as error:
            stop_unless_final(error)
            message = error.message
            ports.reason("refused", effect=rung.__name__.strip("_"), message=message)
    unmoved(ports, effect.invoice)
    ports.cases.open("cannot-zero-uncollectible", effect.invoice.id, message=message)
    return None


CALLS: Mapping[type[fx.Effect], Callable[[Ports, Any], None]] = {
    fx.OpenCase: _open_case,
    fx.SetBillingDb: _billing_db,
    fx.SetSince: _since,
    fx.SetMetadata: _metadata,
    fx.SetGrant: _grant,
    fx.PutHold: _put_hold,
    fx.RemoveHold: _remove_hold,
    fx.CancelSubscription: _cancel,
    fx.Credit: _credit,
    fx.MarkUncollectible: _mark,
    fx.Clear: _clear,
    fx.Retire: _retire,
}
"""What carries each effect out."""
