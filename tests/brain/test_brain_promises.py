"""What a look promises, over whole generated accounts: it ends, it resumes, it never harms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from debtor import ask, end, look
from drawn_accounts import NUMBERS, drawn, many, met
from hypothesis import example, given
from hypothesis import strategies as st

from brain import effects as fx
from brain import perform
from brain.assess import Assessment, assess
from brain.effects import Place
from brain.engine import ENGINE, LOOKS
from brain.gather import gather
from brain.invariants import INVARIANTS
from brain.plan import plan
from brain.standing import Standing
from fixtures.coverage import covered
from fixtures.currencies import minimum
from fixtures.kit import KIT
from fixtures.standing import POLICY, wait_over
from fixtures.stripe.subscription import TERMINAL
from fixtures.truth import assess as honest
from fixtures.world import World


def view_of(of: World) -> Assessment:
    snapshot = gather(of.ports)
    assert snapshot is not None
    return assess(snapshot, writes_off=True, ends_unpaid=True)


def watched(of: World, do: Callable[[int], None]) -> World:
    """Look, and call `do` before each write with its number."""
    number = 0

    def access(call: Any) -> None:
        nonlocal number
        if call.write and call.table != "lock":
            number += 1
            do(number)

    of.on_port = access
    try:
        return look(of)
    finally:
        of.on_port = None


def cases(of: World, *kinds: str) -> set[str]:
    """Objects that cases of these kinds name, or of any kind."""
    named = (key.partition(":") for key in of.tables["cases"])
    return {name for kind, _, name in named if not kinds or kind in kinds}


# --- once is enough ------------------------------------------------------------------------------


@many(400)
@given(NUMBERS)
def test_looking_twice_is_looking_once(number: int) -> None:
    of = look(drawn(number))
    wrote: list[int] = []
    watched(of, wrote.append)
    assert wrote == []
    assert plan(view_of(of)) == ()
    assert of.traps == []


@many(100)
@given(NUMBERS, st.lists(st.sampled_from(sorted(set(LOOKS) - {"sweep"})), max_size=6))
def test_events_in_any_order_and_number_end_as_one_sweep_does(
    number: int, triggers: list[str]
) -> None:
    of = drawn(number)
    expected = end(look(of.fork()))
    for name in (*triggers, "sweep"):
        for handler in ENGINE.handlers[name]:
            handler.call(of.ports, SimpleNamespace(name=name, args={}, event=None))
    assert end(of) == expected


# --- what the stores show then -------------------------------------------------------------------

SHOWN: dict[Standing, tuple[bool, bool, tuple[str, ...]]] = {
    Standing.CLEAR: (False, False, ()),
    Standing.PAST_DUE: (False, False, ()),
    Standing.BAD_DEBT: (True, True, ()),
    Standing.BLOCKED: (True, True, ("block",)),
    Standing.BANNED: (True, True, ("ban",)),
}
"""Standing → flag, mark in Stripe's metadata, holds of dunning."""


def small_stores(of: World, before: World, view: Assessment) -> Iterator[str]:
    flag, mark, holds = SHOWN[view.standing]
    billing, customer = of.get("billing_db"), of.get("customer")
    noted = of.get("stripe_customer").metadata
    if (billing is not None and billing.bad_debt) != flag:
        yield "1: flag"
    if billing is not None and billing.bad_debt_amount is not None:
        yield "1: cached amount"
    was = before.get("billing_db")
    kept = {0} if was is None or view.standing is Standing.CLEAR else {0, was.failed_attempts}
    if billing is not None and billing.failed_attempts not in kept:
        yield "1: attempts"
    if (customer and customer.bad_debt_since) != (view.since if flag else None):
        yield "2: since"
    if (noted.get("bad_debt") == "true") != mark or noted.get("bad_debt") not in MARKS:
        yield "3: mark"
    evidence = any(debt.evidence for debt in view.debts.each)
    if "bad_debt_amount" in noted and not evidence:
        yield "3: amount"
    in_progress = noted.get("consolidated_invoice") in view.snapshot.processing
    stuck = noted.get("consolidated_invoice") in cases(of)
    if "consolidated_invoice" in noted and not (in_progress or stuck):
        yield "3: consolidated invoice"
    held = of.get("enforcement").holds
    if tuple(hold.kind for hold in held if hold.reason == "dunning") != holds:
        yield "6: holds"


MARKS = (None, "", "false", "true")


def service(of: World, view: Assessment) -> Iterator[str]:
    """Store 5, told by the truth: who is in bad debt has no service that nobody pays for.

    And nothing waits where nothing is owed; but for a payment of what was written off, which is on
    its way and holds everything (docs/decisions/0011). Until it lands the invoice cannot be
    credited, so service that came back would be owed for on top; and it may be what is being paid.
    """
    told = honest(of)
    held = {
        key
        for book in told.tally.asked
        if book.invoice.status == "uncollectible" and book.processing and book.excused is None
        for key in (book.invoice.subscription, *(n.subscription for n in book.invoice.lines.data))
        if minimum(book.invoice.currency) is not None
    }
    bad = {
        line.subscription
        for book in told.tally.asked
        if book.invoice.status == "uncollectible" and book.invoice.id in view.bad
        for line in book.invoice.lines.data
    }
    flagged = view.standing >= Standing.BAD_DEBT
    for grant in of.rows("entitlements"):
        if grant.plan == "free" or grant.granted_by == "free":
            continue
        waits = grant.status == "suspended" and grant.reason == "dunning"
        if waits and not flagged and grant.subscription not in held - {None}:
            yield f"5: {grant.id} waits and nothing is owed"
        stops = view.standing is Standing.BANNED or grant.subscription in bad - {None}
        ends = POLICY[told.segment].grace_days is not None
        if grant.status == "active" and stops and ends:
            yield f"5: {grant.id} is served and not paid for"


@many(300)
@given(NUMBERS)
@met(1626, 28115)
def test_after_a_look_every_store_shows_the_standing(number: int) -> None:
    before = drawn(number)
    of = look(before.fork())
    view = view_of(of)
    if view.standing is Standing.OUT_OF_SCOPE:
        assert end(of) == end(before)
        return
    assert [*small_stores(of, before, view), *service(of, view)] == []
    assert not broken(of, "I5", "I5T") or cases(of)


@many(200)
@given(NUMBERS)
def test_after_a_look_brain_and_truth_still_tell_the_same(number: int) -> None:
    of = look(drawn(number))
    snapshot, told = gather(of.ports), honest(of)
    assert snapshot is not None
    view = assess(snapshot, writes_off=False, ends_unpaid=False)
    mine = {debt.id: (debt.lo, debt.hi) for debt in view.debts.each}
    zeroed = cases(of, "cannot-zero-uncollectible", "forgiven-in-payment")
    assert {name: pair for name, pair in mine.items() if name not in zeroed} == {
        name: book.owed for name, book in told.books.items() if name not in zeroed
    }


# --- crashes -------------------------------------------------------------------------------------


class Crash(Exception):
    """The process dies."""


def dies(of: World, at: int) -> bool:
    """Look, and die before the write of this number; False where there is no such write."""

    def crash(number: int) -> None:
        if number == at:
            raise Crash

    try:
        watched(of, crash)
    except Crash:
        return True
    return False


@many(80)
@given(NUMBERS)
@met(22124, 17521, 19843623, 46456, 76252)
def test_a_crash_before_any_write_leaves_no_trace_after_the_next_look(number: int) -> None:
    of = drawn(number)
    expected, at = end(look(of.fork())), 1
    while dies(crashed := of.fork(), at):
        assert end(look(crashed)) == expected, at
        at += 1


class Losing:
    """Ports whose answer to one writing call of Stripe is lost after the call was done."""

    def __init__(self, of: World, at: int) -> None:
        self._ports, self._left, self.stripe = of.ports, at, self
        self.lost = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ports, name, None)
        if found is not None:
            return found
        resource = getattr(self._ports.stripe, name)
        return resource if isinstance(resource, type) else _Resource(self, resource)


class _Resource:
    READS = ("list", "retrieve")

    def __init__(self, ports: Losing, resource: Any) -> None:
        self._ports, self._resource = ports, resource

    def __getattr__(self, op: str) -> Any:
        call = getattr(self._resource, op)
        return call if op in self.READS else lambda *args, **params: self._do(call, args, params)

    def _do(self, call: Any, args: Any, params: Any) -> Any:
        answer = call(*args, **params)
        self._ports._left -= 1
        if self._ports._left == 0:
            self._ports.lost = True
            raise self._ports.APIConnectionError("the answer was lost")
        return answer


@many(80)
@given(NUMBERS)
@met(22124, 17521, 19843623, 46456)
def test_a_lost_answer_leaves_no_trace_after_the_next_look(number: int) -> None:
    of = drawn(number)
    expected, at, lost = end(look(of.fork())), 1, True
    while lost:
        again = of.fork()
        losing = Losing(again, at)
        try:
            ENGINE.look(losing)
        except perform.TryLater:
            assert losing.lost
            look(again)
        assert end(again) == expected, at
        at, lost = at + 1, losing.lost


# --- on the way ----------------------------------------------------------------------------------


def broken(of: World, *ids: str, calls: tuple[Any, ...] | None = None) -> set[str]:
    """Breaches of these invariants by these calls, or by all."""
    seen: Any = SimpleNamespace(
        books=KIT.books(of),
        truth=KIT.truth(of),
        outcome=KIT.outcome(of),
        calls=tuple(of.calls) if calls is None else calls,
        now=of.now,
    )
    laws = [law for law in INVARIANTS if law.id in ids]
    return {f"{law.id}: {text}" for law in laws for text in law.check(seen)}


EVERY_EFFECT = frozenset({"I3", "H4"})
"""H1 is about charges, of which a look makes none."""


def steps(of: World) -> list[tuple[World, tuple[Any, ...]]]:
    """The account before each write of a look and after the last, with the calls made by then."""
    found: list[tuple[World, tuple[Any, ...]]] = []
    watched(of, lambda _: found.append((of.fork(), tuple(of.calls))))
    return [*found, (of.fork(), tuple(of.calls))]


@many(120)
@given(NUMBERS)
def test_no_effect_breaks_what_holds_after_every_effect(number: int) -> None:
    """A flag does not wait for a secret that was lost; a case says that nobody can pay."""
    of = drawn(number)
    inherited = broken(of, *EVERY_EFFECT)
    for place, (step, calls) in enumerate(steps(of)):
        excused = {"I3"} if cases(step, "no-way-to-pay") else set()
        found = broken(step, *EVERY_EFFECT - excused, calls=calls)
        assert found <= inherited, place


def hardships(of: World) -> set[str]:
    """What of dunning shows."""
    outcome = KIT.outcome(of)
    names = ("flagged", "blocked_for_dunning", "banned_for_dunning")
    return {name for name in names if outcome[name]}


def served(of: World) -> set[str]:
    """Grants that can be used."""
    banned = KIT.outcome(of)["banned"]
    return {row.id for row in of.rows("entitlements") if row.status == "active" and not banned}


def asked(of: World) -> dict[str, int]:
    rows = of.rows("invoices")
    return {r.id: r.amount_remaining * (r.status in ("open", "uncollectible")) for r in rows}


@many(300)
@given(NUMBERS)
@met(2165075, 63615, 76252, 249681616)
def test_no_effect_lets_anybody_use_what_nobody_pays_for_or_takes_away_what_stays(
    number: int,
) -> None:
    """I1 by grant; a trial worth nothing is canceled first, so that no crash forgets it."""
    of = drawn(number)
    worthless, found = view_of(of).dropped, steps(of)
    (first, _), (last, _) = found[0], found[-1]
    known, least = unpaid(first) | unpaid(last), usable(first) & usable(last)
    known |= {row.id for row in of.rows("entitlements") if row.subscription in worthless}
    for place, (step, _) in enumerate(found):
        assert unpaid(step) <= known, place
        assert least <= usable(step), place


def unpaid(of: World) -> set[str]:
    """Grants that can be used and that nobody pays for."""
    told = honest(of)
    return {name for name in served(of) if not covered(told, of.get("entitlements", name))}


def usable(of: World) -> set[str]:
    """Products that can be used."""
    return {each["product"] for each in KIT.outcome(of)["usable"]}


@many(150)
@given(NUMBERS)
@met(17521, 9373)
def test_halfway_the_customer_is_never_worse_off_than_before_and_after(number: int) -> None:
    of = drawn(number)
    first, found = of.fork(), steps(of)
    last = found[-1][0]
    for place, (step, _) in enumerate(found):
        assert hardships(step) <= hardships(first) | hardships(last), place
        assert served(step) >= served(first) & served(last), place
        most = {name: max(amount, asked(last)[name]) for name, amount in asked(first).items()}
        assert all(amount <= most[name] for name, amount in asked(step).items()), place


ORDER: dict[type[fx.Effect], int] = {
    fx.OpenCase: 0,
    fx.Retire: 30,
    fx.Credit: 31,
    fx.Clear: 31,
    fx.MarkUncollectible: 40,
    fx.PutHold: 53,
    fx.CancelSubscription: 20,
}


def rank(view: Assessment, effect: fx.Effect) -> int:
    """The promised place: lifts, service off, invoices, write-off, dunning, service on.

    Paid service stops behind its ban, and where its product is handed over, after that came back.
    """
    if isinstance(effect, fx.SetGrant):
        stops = any(g.id == effect.grant and g.status == "active" for g in view.snapshot.grants)
        late = {Place.SERVICE_BANNED: 55, Place.SERVICE_HANDED_OVER: 61}
        return late.get(effect.place, 20) if stops else 60
    if isinstance(effect, fx.SetBillingDb):
        newly = effect.bad_debt and not (effect.expect and effect.expect.bad_debt)
        return 52 if newly else 12
    if isinstance(effect, fx.SetSince):
        return 13 if effect.since is None else 51
    if isinstance(effect, fx.SetMetadata):
        return 50 if ("bad_debt", "true") in effect.pairs else 14
    if isinstance(effect, fx.RemoveHold):
        return 54 if view.standing is Standing.BANNED else 11
    return ORDER[type(effect)]


@many(300)
@given(NUMBERS)
def test_a_plan_lifts_first_and_flags_only_who_can_pay_by_then(number: int) -> None:
    view = view_of(drawn(number))
    ranks = [rank(view, effect) for effect in plan(view)]
    # Service that nobody will owe for may end before the lifts, so that it is not owed for.
    others = [each for each in ranks if each != 20]
    assert others == sorted(others)
    after_service = [place for place, each in enumerate(ranks) if each >= 30]
    assert not after_service or 20 not in ranks[after_service[0] :]


# --- never ---------------------------------------------------------------------------------------


def not_ours(of: World, after: World) -> set[str]:
    """Grants that a look has no say in: suspended for another reason, or free and not over.

    What is given for free stays; a free plan of a subscription ends with it.
    """
    over = {row.id for row in after.rows("subscriptions") if row.status in TERMINAL}
    return {
        row.id
        for row in of.rows("entitlements")
        if row.reason == "abuse"
        or (row.status == "active" and row.granted_by == "free")
        or (row.status == "active" and row.plan == "free" and row.subscription not in over)
    }


def untouchable(of: World, grants: set[str]) -> dict[str, Any]:
    """What no look may change."""
    customer, holds = of.get("customer"), of.get("enforcement").holds
    ours = ("bad_debt", "bad_debt_amount", "consolidated_invoice")
    noted = of.get("stripe_customer")
    return {
        "account": of.get("accounts"),
        "money": {name: of.rows(name) for name in ("charges", "refunds", "disputes")},
        "paid": {row.id: row.amount_received for row in of.rows("payment_intents")},
        "segment": customer and customer.segment,
        "holds": [hold for hold in holds if hold.reason != "dunning"],
        "override": of.get("enforcement").override,
        "metadata": {key: text for key, text in noted.metadata.items() if key not in ours},
        "grants": [row for row in of.rows("entitlements") if row.id in grants],
        "cases": set(of.tables["cases"]),
    }


@many(300)
@given(NUMBERS)
def test_a_look_charges_refunds_and_touches_nothing_that_is_not_dunnings(number: int) -> None:
    of = drawn(number)
    first = of.fork()
    grants = not_ours(first, look(of))
    before, after = untouchable(first, grants), untouchable(of, grants)
    assert before.pop("cases") <= after.pop("cases")
    assert after == before
    paid = [call for call in of.calls if call.op == "invoices.pay"]
    assert all(call.params.get("paid_out_of_band") for call in paid)


@many(60)
@given(NUMBERS)
def test_probation_is_outside(number: int) -> None:
    of = drawn(number)
    row = of.get("accounts")
    of.tables["accounts"][""] = type(row)(
        id=row.id, segment=row.segment, currency=row.currency, probation=True
    )
    wrote: list[int] = []
    watched(of, wrote.append)
    assert wrote == []


# --- when somebody asks to pay -------------------------------------------------------------------


def captured(of: World) -> dict[str, int]:
    """Money taken by card for each invoice, minor units."""
    return {
        row.id: sum(
            payment.amount_paid or 0
            for payment in row.payments.data
            if payment.status == "paid" and payment.payment.type == "payment_intent"
        )
        for row in of.rows("invoices")
    }


def charged(of: World, name: str, **args: Any) -> dict[str, int]:
    """What a request took, by invoice; never more than was owed just before.

    Written off, only what is surely owed. In time an invoice may be paid as it asks; so may a
    first one, with which its subscription begins. On probation nothing is promised.
    """
    before, told = captured(of), honest(of)
    ask(of, name, **args)
    taken = {key: at - before[key] for key, at in captured(of).items() if at != before[key]}
    if told.standing.name == "out_of_scope":
        return taken
    for key, amount in taken.items():
        book = told.books[key]
        in_time = book.invoice.status == "open" and not wait_over(of, book, told.segment)
        asks = args.get("invoice") == key and (in_time or book.excused == "never-began")
        most = book.owed[book.invoice.status == "open"]
        assert amount <= (book.invoice.amount_remaining if asks else most), key
    return taken


@many(150)
@given(NUMBERS)
def test_pay_now_takes_what_is_owed_and_once(number: int) -> None:
    of = drawn(number)
    taken = charged(of, "api.pay_bad_debt")
    assert charged(of, "api.pay_bad_debt").keys().isdisjoint(taken)
    assert plan(view_of(of)) == ()


@many(150)
@given(NUMBERS, st.integers(0, 4))
@example(789239222, 0)
def test_paying_an_invoice_takes_what_is_owed_on_it_and_on_no_other(
    number: int, place: int
) -> None:
    of = drawn(number)
    names = sorted(of.tables["invoices"])
    if not names:
        return
    name = names[place % len(names)]
    originals = honest(of).books[name].originals
    taken = charged(of, "api.pay_invoice", invoice=name)
    assert set(taken) <= ({*originals} or {name})
    assert charged(of, "api.pay_invoice", invoice=name).keys().isdisjoint(taken)


# --- planted faults ------------------------------------------------------------------------------


def backwards(view: Assessment) -> tuple[fx.Effect, ...]:
    return plan(view)[::-1]


def every_hold(ports: Any, effect: fx.RemoveHold) -> None:
    ports.enforcement.clear_holds()


def forgetting(view: Assessment) -> tuple[fx.Effect, ...]:
    return tuple(effect for effect in plan(view) if not isinstance(effect, fx.SetSince))


PLANTED: tuple[tuple[Callable[..., None], str, Any], ...] = (
    (test_looking_twice_is_looking_once, "brain.look.plan", forgetting),
    (test_after_a_look_every_store_shows_the_standing, "brain.look.plan", forgetting),
    (
        test_halfway_the_customer_is_never_worse_off_than_before_and_after,
        "brain.look.plan",
        backwards,
    ),
    (test_no_effect_breaks_what_holds_after_every_effect, "brain.look.plan", backwards),
    (
        test_a_lost_answer_leaves_no_trace_after_the_next_look,
        "brain.perform.stop_unless_final",
        lambda error: None,
    ),
    (
        test_a_look_charges_refunds_and_touches_nothing_that_is_not_dunnings,
        "brain.perform.CALLS",
        {**perform.CALLS, fx.RemoveHold: every_hold},
    ),
    (test_pay_now_takes_what_is_owed_and_once, "brain.intents._prepare", lambda *_: False),
)


@pytest.mark.parametrize(("law", "place", "fault"), PLANTED)
def test_a_planted_fault_breaks_its_law(
    law: Any, place: str, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, fault)
    assert any(fails(law.hypothesis.inner_test, number) for number in range(300))


def fails(law: Callable[[int], None], number: int) -> bool:
    try:
        law(number)
    except (AssertionError, perform.TryLater):
        return True
    return False
