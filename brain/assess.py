"""The pure middle of a decision: a snapshot in, what is owed and where the account stands out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from brain import cases, cover
from brain.cases import Case
from brain.debt import Bill, Debt, Debts, bills, debts
from brain.policy import Policy, policy_of
from brain.reasons import Reason, because
from brain.service import Ledger, bills_for, ledger
from brain.snapshot import Snapshot, is_live
from brain.standing import Standing, stand
from brain.stripe_rows import Invoice

NONE: frozenset[str] = frozenset()


class Assessment(NamedTuple):
    """What a plan needs to know.

    debts: as they are once the service in `suspended`, `dropped` and `unpaid` has stopped.
    bad: invoices that make the standing; `write_off`: those of them that are still open.
    suspended: subscriptions whose service waits for payment.
    dropped: subscriptions whose unpaid service ends with nothing owed for it.
    unpaid: active grants that nobody pays for → the status each gets.
    in_grace: open invoices, and drafts, whose grace still runs. leftover: invoices that ask for
    what nobody owes. cleared: those of them that cover no service any more. lasting: invoices
    whose grace still runs once those are cleared.
    cancelled: subscriptions that Stripe is told to end.
    """

    snapshot: Snapshot
    policy: Policy
    debts: Debts
    standing: Standing
    reasons: tuple[Reason, ...]
    since: int | None = None
    bad: frozenset[str] = NONE
    write_off: frozenset[str] = NONE
    suspended: frozenset[str] = NONE
    dropped: frozenset[str] = NONE
    unpaid: Mapping[str, str] = MappingProxyType({})
    in_grace: frozenset[str] = NONE
    leftover: frozenset[str] = NONE
    cleared: frozenset[str] = NONE
    lasting: frozenset[str] = NONE
    cancelled: frozenset[str] = NONE
    cases: tuple[Case, ...] = ()

    @property
    def ban_falls(self) -> bool:
        """True where the last ban falls, and with it what kept active grants from being used.

        A ban should have suspended what is paid for. An earlier engine's ban did not, so the
        grants behind it are looked at as if it had.
        """
        bans = {hold.reason for hold in self.snapshot.enforcement.holds if hold.kind == "ban"}
        return bans == {"dunning"} and self.standing is not Standing.BANNED


def assess(
    snapshot: Snapshot,
    *,
    writes_off: bool,
    ends_unpaid: bool,
    forgive: bool = False,
) -> Assessment:
    """Assess an account.

    writes_off: an invoice whose grace is over is written off now, and its service stops now;
        False shows what is owed before anything is done about it.
    ends_unpaid: service that nobody pays for stops now.
    forgive: bad debt is owed no longer (support said so). A case remembers it of what is being
        paid, and it holds once that payment has failed.
    """
    policy = policy_of(snapshot.account.segment)
    asked = bills(snapshot)
    owing = Owing(snapshot, asked)
    if snapshot.account.probation:
        return Assessment(
            snapshot=snapshot,
            policy=policy,
            debts=owing[NONE, NONE, NONE],
            standing=Standing.OUT_OF_SCOPE,
            reasons=(because("out-of-scope"),),
        )
    in_grace = frozenset([bill.id for bill in asked if _grace_runs(snapshot, policy, bill)])
    unpaid = cover.unpaid(snapshot, in_grace) if ends_unpaid else {}
    shown = owing[NONE, frozenset(unpaid), NONE]
    overdue = frozenset(
        [debt.id for debt in shown.each if writes_off and _is_overdue(snapshot, policy, debt)]
    )
    written = overdue | {debt.id for debt in shown.each if debt.invoice.status == "uncollectible"}
    remembered = snapshot.named_by(cases.FORGIVEN_IN_PAYMENT)
    pardoned = [
        debt
        for debt in shown.each
        if debt.may_matter
        and (forgive or debt.id in remembered)
        and (debt.id in written or _time_is_over(snapshot, policy, debt))
    ]
    found = Found(
        snapshot,
        policy,
        shown,
        in_grace,
        overdue,
        written,
        forgiven=frozenset([debt.id for debt in pardoned if not debt.waiting]),
        promised=tuple([debt.id for debt in pardoned if debt.waiting]),
        stops=writes_off and policy.ends_service,
    )
    return _settled(owing, found, unpaid, writes_off=writes_off, ends=ends_unpaid)


class Owing(dict[tuple[frozenset[str], frozenset[str], frozenset[str]], Debts]):
    """The debts once service of some subscriptions and of some grants ended, some being forgiven.

    The same question is answered once. Nothing is owed on what a case says could not be cleared:
    nothing was owed on it then.
    """

    def __init__(self, snapshot: Snapshot, asked: tuple[Bill, ...]) -> None:
        self.snapshot, self.asked = snapshot, asked
        self.uncleared = snapshot.named_by("cannot-zero-uncollectible")

    def __missing__(
        self, question: tuple[frozenset[str], frozenset[str], frozenset[str]]
    ) -> Debts:
        ending, stopping, forgiven = question
        service = ledger(self.snapshot, ending, stopping)
        nothing = forgiven | self.uncleared
        answer = self[question] = debts(self.snapshot, self.asked, service, nothing)
        return answer


class Found(NamedTuple):
    """What is known of an account before any service stops because of it.

    debts: as they are before that.
    overdue: open invoices that are written off now; `written`: those, and what was before.
    forgiven, promised: invoices that support forgives, now, or if a payment of them fails.
    stops: service of what is written off stops now.
    """

    snapshot: Snapshot
    policy: Policy
    debts: Debts
    in_grace: frozenset[str]
    overdue: frozenset[str]
    written: frozenset[str]
    forgiven: frozenset[str]
    promised: tuple[str, ...]
    stops: bool


def _settled(
    owing: Owing, found: Found, unpaid: Mapping[str, str], *, writes_off: bool, ends: bool
) -> Assessment:
    """Assess again with the service that stops because of what was found, until no more does."""
    while True:
        view = _with_service(owing, found, unpaid)
        more = _ending_too(view, behind_ban=writes_off) if ends else {}
        if not more:
            return view
        unpaid = {**unpaid, **more}


def _with_service(owing: Owing, found: Found, unpaid: Mapping[str, str]) -> Assessment:
    """Assess to the end: stop the service that bad debt stops, and see what is owed then.

    By then also stops what is `unpaid` for another reason, and what ends with its subscription.
    """
    snapshot, shown, written = found.snapshot, found.debts, found.written
    due = written | found.forgiven
    touched = [d for d in shown.each if found.stops and d.id in due and d.may_matter]
    ending = subscriptions_of(*[debt.invoice for debt in touched])
    stopping = frozenset(unpaid)
    along = _ending_with(snapshot, _cancelled(snapshot, shown, ending))
    after = owing[ending, stopping | along, found.forgiven]
    finding = stand(snapshot, found.policy, after, written)
    bad = finding.bad if found.stops else NONE
    suspended = subscriptions_of(*[after.by_invoice[key].invoice for key in bad])
    worthless = [d.invoice for d in touched if not after.by_invoice[d.id].may_matter]
    dropped = subscriptions_of(*worthless) - suspended
    cancelled = _cancelled(snapshot, shown, suspended | dropped)
    stopping |= _ending_with(snapshot, cancelled)
    after = owing[suspended | dropped, stopping, found.forgiven]
    leftover = _leftover(snapshot, after)
    cleared = _cleared(snapshot, leftover, found.in_grace)
    return Assessment(
        snapshot=snapshot,
        policy=found.policy,
        debts=after,
        standing=finding.standing,
        since=finding.since,
        bad=finding.bad,
        write_off=found.overdue & finding.bad,
        suspended=suspended,
        dropped=dropped,
        unpaid=unpaid,
        in_grace=found.in_grace,
        leftover=leftover,
        cleared=cleared,
        lasting=found.in_grace - cleared,
        cancelled=cancelled,
        cases=cases.find(snapshot, found.policy, after, written, found.promised),
        reasons=(
            *[because("nobody-pays", grant=key, becomes=to) for key, to in unpaid.items()],
            *_figures(snapshot, after, found.overdue),
            *finding.reasons,
        ),
    )


def _ending_too(view: Assessment, *, behind_ban: bool) -> Mapping[str, str]:
    """Active grants that nobody pays for once all this is done → the status each gets.

    Grace that covered them is over with the invoice that is cleared, and a ban that falls opens
    what it hid. Only those that are not in `view.unpaid` yet.
    """
    snapshot, covering = view.snapshot, view.lasting
    cleared = view.cleared  # where nothing is, all is covered as it was
    found = dict(cover.unpaid(snapshot, covering, cleared)) if cleared else {}
    if behind_ban and view.ban_falls:
        found |= {
            grant.id: "ended"
            for grant in snapshot.grants
            if grant.status == "active" and not cover.is_covered(snapshot, grant, covering)
        }
    return {key: status for key, status in found.items() if key not in view.unpaid}


def _ending_with(snapshot: Snapshot, cancelled: frozenset[str]) -> frozenset[str]:
    """Grants that end with a subscription, those of a free plan on it too."""
    return frozenset(
        [
            grant.id
            for grant in snapshot.grants
            if grant.subscription in cancelled and grant.granted_by != "free"
        ]
    )


def _cancelled(snapshot: Snapshot, debts: Debts, wanted: frozenset[str]) -> frozenset[str]:
    """The `wanted` subscriptions that are cancelled; left alone, Stripe would bill on for nothing.

    But while an invoice asks for service that nobody wrote down, the end of its subscription would
    say how long that ran, and must not be made up.
    """
    return frozenset(
        [
            key
            for key in wanted
            if is_live(snapshot.subscriptions.get(key))
            and key not in snapshot.stopped
            and not _is_unsure(debts, key)
        ]
    )


def _is_unsure(debts: Debts, subscription: str) -> bool:
    return any(
        debt.asks
        and debt.is_unrecorded
        and not debt.is_excused
        and subscription in subscriptions_of(debt.invoice)
        for debt in debts.each
    )


def _cleared(
    snapshot: Snapshot, leftover: frozenset[str], in_grace: frozenset[str]
) -> frozenset[str]:
    """Invoices that will ask for nothing, so that their grace covers nothing any more.

    Service that comes back in the grace of an invoice that bills for it is owed again. Grace lets
    service go on: what never ran, as far as anybody knows, does not begin by it.
    """
    running = leftover & in_grace
    owed_again = {
        invoice.id
        for invoice in snapshot.invoices
        if invoice.id in running
        for grant in snapshot.grants
        if grant.intervals and cover.waits(grant) and bills_for(invoice, grant)
        if cover.lasts(snapshot, grant, in_grace)
    }
    return leftover - owed_again


def subscriptions_of(*invoices: Invoice) -> frozenset[str]:
    """The subscriptions that any of the invoices bills for."""
    return frozenset(
        [
            subscription
            for invoice in invoices
            for subscription in (
                invoice.subscription,
                *[line.subscription for line in invoice.lines.data],
            )
            if subscription is not None
        ]
    )


def _time_is_over(snapshot: Snapshot, policy: Policy, bill: Bill | Debt) -> bool:
    waits = bill.invoice.next_payment_attempt is not None
    ends = policy.grace_ends(bill.due_at, waits=waits)
    return ends is not None and snapshot.now >= ends


def _grace_runs(snapshot: Snapshot, policy: Policy, bill: Bill) -> bool:
    """True where the customer still has time to pay: also what is being paid, or drafted."""
    asked = bill.invoice.status in ("open", "draft") and not bill.first
    return asked and (bill.waiting or not _time_is_over(snapshot, policy, bill))


def _is_overdue(snapshot: Snapshot, policy: Policy, debt: Debt) -> bool:
    """True where an open invoice's grace is over and nothing keeps it from being written off."""
    return (
        debt.invoice.status == "open"
        and debt.can_be_paid
        and debt.unknown is None
        and debt.id not in snapshot.stopped
        and _time_is_over(snapshot, policy, debt)
    )


def _leftover(snapshot: Snapshot, debts: Debts) -> frozenset[str]:
    """Invoices that ask for money though nothing is owed on them, and nothing will be.

    All service has stopped by then that is to stop.
    """
    return frozenset(
        [
            debt.id
            for debt in debts.each
            if debt.is_collectible
            and debt.invoice.amount_remaining > 0
            and debt.hi == 0
            and not debt.processing
            and debt.id not in snapshot.stopped
            and (debt.invoice.status == "uncollectible" or _is_over(snapshot, debt, debts.ledger))
        ]
    )


def _is_over(snapshot: Snapshot, debt: Debt, stopped: Ledger) -> bool:
    """True where an open invoice's service began, and ended, or its period did."""
    subscription = snapshot.subscriptions.get(debt.invoice.subscription)
    beginning = subscription is not None and subscription.status == "incomplete"
    lines = debt.invoice.lines.data
    begun = all(line.period.start <= snapshot.now for line in lines)
    return begun and not beginning and not stopped.is_running(debt.invoice, snapshot.now)


def _figures(snapshot: Snapshot, debts: Debts, overdue: frozenset[str]) -> list[Reason]:
    found = []
    for debt in debts.each:
        if not debt.may_matter:
            continue
        if debt.unknown is not None:
            found.append(
                because("owes-within", invoice=debt.id, at_least=debt.lo, at_most=debt.hi)
            )
        else:
            rule = "owes-as-noted" if debt.evidence else "owes"
            found.append(because(rule, invoice=debt.id, amount=debt.hi, settled=debt.settled))
        if debt.id in overdue:
            found.append(because("grace-over", invoice=debt.id, due_at=debt.due_at))
        if debt.waiting:
            found.append(because("waits-for-payment", invoice=debt.id))
    found += [
        because("credit-counts", currency=currency, amount=amount)
        for currency, amount in snapshot.credit.items()
    ]
    return found
