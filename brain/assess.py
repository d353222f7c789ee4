"""The pure middle of a decision: a snapshot in, what is owed and where the account stands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from brain import cases, cover
from brain.cases import Case
from brain.debt import Debt, Debts, debts
from brain.policy import Policy, policy_of
from brain.reasons import Reason, because
from brain.service import Ledger, bills_for, ledger
from brain.snapshot import Snapshot, is_live
from brain.standing import STOPPING, Standing, stand
from brain.stripe_rows import Invoice

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a plan needs to know.

    debts: as they are once the service in `suspended`, `dropped` and `unpaid` has stopped.
    bad: invoices that make the standing; `write_off`: those of them that are still open.
    suspended: subscriptions whose service waits for payment.
    dropped: subscriptions whose unpaid service ends with nothing owed for it.
    unpaid: active grants that nobody pays for → the status each gets.
    in_grace: open invoices, and drafts, whose grace still runs. leftover: invoices that ask for
    what nobody owes. cleared: those of them that cover no service any more.
    cancelled: subscriptions that Stripe is told to end.
    """

    snapshot: Snapshot
    policy: Policy
    debts: Debts
    standing: Standing
    since: int | None = None
    bad: frozenset[str] = frozenset()
    write_off: frozenset[str] = frozenset()
    suspended: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    unpaid: Mapping[str, str] = field(default_factory=dict)
    in_grace: frozenset[str] = frozenset()
    leftover: frozenset[str] = frozenset()
    cleared: frozenset[str] = frozenset()
    cancelled: frozenset[str] = frozenset()
    cases: tuple[Case, ...] = ()
    reasons: tuple[Reason, ...] = ()

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
    owing = owing_of(snapshot)
    shown = owing(NONE, NONE, NONE)
    if snapshot.account.probation:
        return Assessment(
            snapshot=snapshot,
            policy=policy,
            debts=shown,
            standing=Standing.OUT_OF_SCOPE,
            reasons=(because("out-of-scope"),),
        )
    in_grace = frozenset(d.id for d in shown if _grace_runs(snapshot, policy, d))
    unpaid = cover.unpaid(snapshot, in_grace) if ends_unpaid else {}
    shown = owing(NONE, frozenset(unpaid), NONE)
    overdue = frozenset(d.id for d in shown if writes_off and _is_overdue(snapshot, policy, d))
    written = overdue | {d.id for d in shown if d.invoice.status == "uncollectible"}
    remembered = snapshot.named_by(cases.FORGIVEN_IN_PAYMENT)
    pardoned = frozenset(
        d.id
        for d in shown
        if d.may_matter
        and (d.id in remembered or forgive)
        and (d.id in written or _time_is_over(snapshot, policy, d))
    )
    begun = Assessment(
        snapshot=snapshot,
        policy=policy,
        debts=shown,
        standing=Standing.CLEAR,
        unpaid=unpaid,
        in_grace=in_grace,
    )
    return _settled(owing, begun, written, pardoned, writes_off=writes_off, ends=ends_unpaid)


Owing = Callable[[frozenset[str], frozenset[str], frozenset[str]], Debts]
"""The debts once service of some subscriptions and of some grants ended, some being forgiven."""


def owing_of(snapshot: Snapshot) -> Owing:
    """What is owed if some service stopped now; the same question is answered once."""

    @cache
    def owing(ending: frozenset[str], stopping: frozenset[str], forgiven: frozenset[str]) -> Debts:
        return debts(snapshot, ledger(snapshot, ending, stopping), forgiven)

    return owing


def _settled(
    owing: Owing,
    begun: Assessment,
    written: frozenset[str],
    pardoned: frozenset[str],
    *,
    writes_off: bool,
    ends: bool,
) -> Assessment:
    """Assess again with the service that stops because of what was found, until no more does."""
    stops = writes_off and begun.policy.ends_service
    while True:
        view = _with_service(owing, begun, written=written, pardoned=pardoned, stops=stops)
        more = _ending_too(view, behind_ban=writes_off) if ends else {}
        if not more:
            return view
        begun = replace(begun, unpaid={**begun.unpaid, **more})


def _with_service(
    owing: Owing,
    shown: Assessment,
    *,
    written: frozenset[str],
    pardoned: frozenset[str],
    stops: bool,
) -> Assessment:
    """Assess to the end: stop the service that bad debt stops, and see what is owed then.

    By then also stops what is `unpaid` for another reason, and what ends with its subscription.
    """
    snapshot, policy = shown.snapshot, shown.policy
    stopping = frozenset(shown.unpaid)
    forgiven = frozenset(key for key in pardoned if not shown.debts.by_invoice[key].waiting)
    overdue = written - {i.id for i in snapshot.invoices if i.status == "uncollectible"}
    touched = [d for d in shown.debts if stops and d.id in written | forgiven and d.may_matter]
    ending = frozenset(s for debt in touched for s in subscriptions_of(debt.invoice))
    along = _ending_with(snapshot, _cancelled(snapshot, shown.debts, ending))
    after = owing(ending, stopping | along, forgiven)
    finding = stand(snapshot, policy, after, written)
    bad = [after.by_invoice[key].invoice for key in finding.bad] if stops else []
    suspended = frozenset(s for invoice in bad for s in subscriptions_of(invoice))
    worthless = [d.invoice for d in touched if not after.by_invoice[d.id].may_matter]
    dropped = frozenset(s for i in worthless for s in subscriptions_of(i)) - suspended
    cancelled = _cancelled(snapshot, shown.debts, suspended | dropped)
    stopping |= _ending_with(snapshot, cancelled)
    after = owing(suspended | dropped, stopping, forgiven)
    leftover = _leftover(snapshot, after, ledger(snapshot, suspended | dropped, stopping))
    return replace(
        shown,
        debts=after,
        standing=finding.standing,
        since=finding.since,
        bad=finding.bad,
        write_off=overdue & finding.bad,
        suspended=suspended,
        dropped=dropped,
        leftover=leftover,
        cleared=_cleared(snapshot, leftover, shown.in_grace),
        cancelled=cancelled,
        cases=cases.find(snapshot, policy, after, written, pardoned),
        reasons=(
            *(because("nobody-pays", grant=key, becomes=to) for key, to in shown.unpaid.items()),
            *_figures(snapshot, after, overdue),
            *finding.reasons,
        ),
    )


def _ending_too(view: Assessment, *, behind_ban: bool) -> Mapping[str, str]:
    """Active grants that nobody pays for once all this is done → the status each gets.

    Grace that covered them is over with the invoice that is cleared, and a ban that falls opens
    what it hid. Only those that are not in `view.unpaid` yet.
    """
    snapshot, covering = view.snapshot, view.in_grace - view.cleared
    found = dict(cover.unpaid(snapshot, covering, view.cleared))
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
        grant.id
        for grant in snapshot.grants
        if grant.subscription in cancelled and grant.granted_by != "free"
    )


def _cancelled(snapshot: Snapshot, debts: Debts, wanted: frozenset[str]) -> frozenset[str]:
    """The `wanted` subscriptions that are cancelled; left alone, Stripe would bill on for nothing.

    But while an invoice asks for service that nobody wrote down, the end of its subscription would
    say how long that ran, and must not be made up.
    """
    unsure = {
        subscription
        for debt in debts
        if debt.asks and debt.is_unrecorded and not debt.is_excused
        for subscription in subscriptions_of(debt.invoice)
    }
    return frozenset(
        key
        for key in wanted - unsure
        if is_live(snapshot.subscriptions.get(key)) and not snapshot.has_case(STOPPING, key)
    )


def _cleared(
    snapshot: Snapshot, leftover: frozenset[str], in_grace: frozenset[str]
) -> frozenset[str]:
    """Invoices that will ask for nothing, so that their grace covers nothing any more.

    Service that comes back in the grace of an invoice that bills for it is owed again. Grace lets
    service go on: what never ran, as far as anybody knows, does not begin by it.
    """
    running = leftover & in_grace
    ran = [grant for grant in snapshot.grants if grant.intervals]
    waiting = [grant for grant in ran if cover.waits(grant)]
    owed_again = {
        invoice.id
        for invoice in snapshot.invoices
        if invoice.id in running
        for grant in waiting
        if bills_for(invoice, grant) and cover.lasts(snapshot, grant, in_grace)
    }
    return leftover - owed_again


def subscriptions_of(invoice: Invoice) -> frozenset[str]:
    """The subscriptions an invoice bills for."""
    named = (invoice.subscription, *(line.subscription for line in invoice.lines.data))
    return frozenset(subscription for subscription in named if subscription is not None)


def _time_is_over(snapshot: Snapshot, policy: Policy, debt: Debt) -> bool:
    waits = debt.invoice.next_payment_attempt is not None
    ends = policy.grace_ends(debt.due_at, waits=waits)
    return ends is not None and snapshot.now >= ends


def _grace_runs(snapshot: Snapshot, policy: Policy, debt: Debt) -> bool:
    """True where the customer still has time to pay: also what is being paid, or drafted."""
    asked = debt.invoice.status in ("open", "draft") and not debt.first
    return asked and (debt.waiting or not _time_is_over(snapshot, policy, debt))


def _is_overdue(snapshot: Snapshot, policy: Policy, debt: Debt) -> bool:
    """True where the invoice's grace is over and nothing stands in the way of writing it off."""
    return (
        _time_is_over(snapshot, policy, debt)
        and debt.can_be_paid
        and debt.unknown is None
        and not snapshot.has_case(STOPPING, debt.id)
    )


def _leftover(snapshot: Snapshot, debts: Debts, stopped: Ledger) -> frozenset[str]:
    """Invoices that ask for money though nothing is owed on them, and nothing will be.

    `stopped` is the ledger once all service has stopped that is to stop.
    """
    return frozenset(
        debt.id
        for debt in debts
        if debt.is_collectible
        and debt.invoice.amount_remaining > 0
        and debt.hi == 0
        and not debt.processing
        and not snapshot.has_case(STOPPING, debt.id)
        and (debt.invoice.status == "uncollectible" or _is_over(snapshot, debt, stopped))
    )


def _is_over(snapshot: Snapshot, debt: Debt, stopped: Ledger) -> bool:
    """True where an open invoice's service began, and ended, or its period did."""
    subscription = snapshot.subscriptions.get(debt.invoice.subscription)
    beginning = subscription is not None and subscription.status == "incomplete"
    lines = debt.invoice.lines.data
    begun = all(line.period.start <= snapshot.now for line in lines)
    return begun and not beginning and not stopped.is_running(debt.invoice, snapshot.now)


def _figures(snapshot: Snapshot, debts: Debts, overdue: frozenset[str]) -> tuple[Reason, ...]:
    found = []
    for debt in debts:
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
    return tuple(found)
