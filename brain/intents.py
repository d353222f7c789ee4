"""What a person asked for: to pay, to see what can be paid, to have debt forgiven, a ban lifted.

An intent acts first and looks afterwards, so that a customer who pays in the last second is not
written off in the same second. Each is called inside the account's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from brain.assess import Assessment, assess
from brain.debt import Debt
from brain.effects import Retire
from brain.gather import gather
from brain.invoice_plan import adjust, can_be_adjusted, invoices
from brain.look import ROUNDS, decide, settle
from brain.mode import Mode
from brain.payment import Answer, charge, secret_of
from brain.perform import Moved, TryLater, perform
from brain.policy import DAY, OVERRIDE_DAYS
from brain.ports import Ports, Trigger
from brain.snapshot import STOPPING
from brain.standing import Standing, net, reaches

Intent = Callable[[Ports, Trigger, Mode], Answer | None]


# --- pay ----------------------------------------------------------------------------------------


def pay_bad_debt(ports: Ports, trigger: Trigger, mode: Mode) -> Answer | None:
    """Pay all that is due, oldest first, one charge each, up to the first that fails."""
    return _pay(ports, trigger, mode, None)


def pay_invoice(ports: Ports, trigger: Trigger, mode: Mode) -> Answer | None:
    """Pay the named invoice; for a consolidated one, its originals."""
    return _pay(ports, trigger, mode, str(trigger.args["invoice"]))


def _pay(ports: Ports, trigger: Trigger, mode: Mode, named: str | None) -> Answer | None:
    wish = trigger.args.get("payment_method")
    for _ in range(ROUNDS):
        view = _as_shown(ports, mode)
        if view is None:
            return None
        with suppress(Moved):
            answer = _pay_all(ports, view, named, wish)
            _settle_if_possible(ports, mode)
            return answer
    raise TryLater("account-keeps-moving")


def _settle_if_possible(ports: Ports, mode: Mode) -> None:
    """What was paid is paid, whatever the look makes of it; its events wake the next one."""
    try:
        settle(ports, mode)
    except (TryLater, ports.stripe.StripeError):
        ports.reason("settled-later")


def _as_shown(ports: Ports, mode: Mode) -> Assessment | None:
    """The account before anything is written off: service that is paid for in time runs on."""
    snapshot = gather(ports)
    if snapshot is None:
        return None
    return assess(snapshot, writes_off=False, ends_unpaid=mode.decides_all)


def _pay_all(ports: Ports, view: Assessment, named: str | None, wish: str | None) -> Answer:
    wanted = _due(view) if named is None else _of_invoice(view, named)
    owed = [debt for debt in wanted if _may_be_paid(view, debt)]
    if not owed:
        return _nothing(named)
    if all(debt.waiting for debt in owed):
        return {"status": 200}
    chargeable = [debt for debt in owed if is_chargeable(view, debt)]
    if not chargeable:
        return {"status": 409, "code": "needs_review"}
    _prepare(ports, view, chargeable)
    for debt in chargeable:
        failed = charge(ports, view, debt, wish)
        if failed is not None:
            return failed
    return {"status": 200}


def _nothing(named: str | None) -> Answer:
    if named is None:
        return {"status": 404, "code": "no_bad_debt"}
    return {"status": 409, "code": "invoice_not_payable"}


def _due(view: Assessment) -> Iterable[Debt]:
    """What is due, oldest first; nothing in a currency in which credit covers it."""
    due = [d for d in view.debts.each if d.may_matter and d.due_at <= view.snapshot.now]
    owed = net(view.snapshot, [(debt.invoice.currency, debt.hi) for debt in due])
    return [debt for debt in due if reaches(owed, debt.invoice.currency, 1)]


def _of_invoice(view: Assessment, named: str) -> Iterable[Debt]:
    for entry in view.snapshot.consolidated:
        if entry.invoice.id == named:
            return [debt for debt in view.debts.each if debt.id in entry.originals]
    return [debt for debt in view.debts.each if debt.id == named]


def is_chargeable(view: Assessment, debt: Debt) -> bool:
    """True where the customer may pay what the invoice asks for, or can be made to ask.

    Before anything is written off, an open invoice may ask for its face and be paid, whether or
    not anyone wrote down the service that it bills; once a person must look, it waits for them.
    """
    stopping = STOPPING | {str(debt.unknown)}
    found = {(case.kind, case.object) for case in view.cases} | view.snapshot.cases
    waits = any((kind, debt.id) in found for kind in stopping)
    return debt.can_be_paid and _may_be_paid(view, debt) and not waits


def _may_be_paid(view: Assessment, debt: Debt) -> bool:
    """True where something is owed, or a subscription begins with it; on probation always."""
    if view.standing is Standing.OUT_OF_SCOPE:
        return debt.asks
    begins = debt.first and debt.asks and debt.id not in view.leftover
    return begins or debt.may_matter


def _prepare(ports: Ports, view: Assessment, wanted: Iterable[Debt]) -> None:
    """Make each invoice ask for what is owed, and nothing else ask for it.

    What asks for less by then is read again before it is charged.
    """
    if view.standing is Standing.OUT_OF_SCOPE:
        return
    retired = [effect for effect in invoices(view) if isinstance(effect, Retire)]
    known = [debt for debt in wanted if can_be_adjusted(view, debt)]
    adjusted = [effect for debt in known for effect in adjust(view, debt)]
    for effect in (*retired, *adjusted):
        perform(ports, effect)


# --- state, clear, lift -------------------------------------------------------------------------


def billing_state(ports: Ports, _: Trigger, mode: Mode) -> Answer | None:
    """Say what can be paid: each invoice with its own amount (minor units) and secret."""
    settle(ports, mode)
    view = _as_shown(ports, mode)
    if view is None:
        return None
    payable = [
        {
            "invoice": debt.id,
            "amount": debt.invoice.amount_remaining,
            "currency": debt.invoice.currency,
            "client_secret": secret_of(debt.invoice),
        }
        for debt in view.debts.each
        if is_chargeable(view, debt)
    ]
    oldest = payable[0] if payable else {"invoice": None, "amount": 0}
    return {
        "status": 200,
        "pay_now": bool(payable),
        "invoice": oldest["invoice"],
        "amount": oldest["amount"],
        "payable": payable,
    }


def clear_bad_debt(ports: Ports, _: Trigger, mode: Mode) -> Answer | None:
    """Support forgives: all bad debt is credited and dunning ends.

    What is being paid at this moment is forgiven if that payment fails.
    """
    if ports.accounts.get() is None:
        return None
    settle(ports, mode, forgive=True)
    return {"status": 200}


def lift_ban(ports: Ports, _: Trigger, mode: Mode) -> Answer | None:
    """Support promises that neither ban nor block falls for a while; holds of dunning fall now.

    A promise is never made shorter, and needs something to lift or to spare (docs/decisions/0018).
    """
    decision = decide(ports, mode)
    if decision is None:
        return None
    until = ports.clock.now() + OVERRIDE_DAYS * DAY
    promised = decision.view.snapshot.enforcement.override
    if _has_dunning(decision.view) and (promised is None or promised.until < until):
        ports.enforcement.set_override(until, by="support")
    settle(ports, mode)
    return {"status": 200}


def _has_dunning(view: Assessment) -> bool:
    """True where there is bad debt, or a hold of dunning; it has no say in one on probation."""
    held = view.standing > Standing.OUT_OF_SCOPE and view.snapshot.dunning_holds()
    return view.standing >= Standing.BAD_DEBT or bool(held)


INTENTS: Mapping[str, Intent] = {
    "api.billing_state": billing_state,
    "api.pay_bad_debt": pay_bad_debt,
    "api.pay_invoice": pay_invoice,
    "support.clear_bad_debt": clear_bad_debt,
    "support.lift_ban": lift_ban,
}
"""Requests of people → what answers them."""
