"""What support may do: forgive all bad debt in one go, promise a month without a ban."""

from __future__ import annotations

from typing import Any

import pytest
from debtor import (
    DAY,
    T0,
    ask,
    at,
    flagged,
    grant,
    invoice,
    invoice_of,
    look,
    served,
    shows,
    uncollectible,
    world,
)

from fixtures.acts import apply
from fixtures.kit import KIT
from fixtures.world import World

FINE = {"status": 200}


def in_euro(**more: Any) -> dict[str, Any]:
    line = {"amount": 5_000, "one_off": True}
    return uncollectible(10, id="in_2", amount=5_000, currency="eur", lines=[line], **more)


def debtor(*more: dict[str, Any], **fields: Any) -> World:
    shown: dict[str, Any] = {
        "enforcement": {"blocked": True},
        "stripe": {"metadata": {"bad_debt": "true", "bad_debt_amount": "11000"}},
        **fields,
    }
    return world(20, uncollectible(18), *more, grants=(served(18),), **flagged(10), **shown)


def remaining(of: World) -> dict[str, int]:
    return {row.id: row.amount_remaining for row in of.rows("invoices")}


def test_forgiving_clears_every_bad_invoice_in_every_currency_at_once() -> None:
    of = debtor(in_euro())
    assert ask(of, "support.clear_bad_debt") == FINE
    assert remaining(of) == {"in_1": 0, "in_2": 0}
    assert shows(of) == (False, None, None, ())
    assert dict(of.get("stripe_customer").metadata) == {}
    assert KIT.wrongs(of) == ()
    writes = len(of.writes)
    assert ask(of, "support.clear_bad_debt") == FINE
    assert len(of.writes) == writes


def test_forgiving_leaves_what_is_not_bad_debt() -> None:
    """A renewal in grace is a bill; forgiving it would end the service it is for."""
    line = {"amount": 700, "one_off": True}
    later = invoice(id="in_3", amount=700, lines=[line], created=at(15), finalized_at=at(15))
    of = debtor(later)
    ask(of, "support.clear_bad_debt")
    assert remaining(of) == {"in_1": 0, "in_3": 700}
    assert shows(of)[0] is False


@pytest.mark.parametrize("grace", [14, 15])
def test_what_is_overdue_is_forgiven_though_nobody_wrote_it_off(grace: int) -> None:
    of = world(grace, invoice(), grants=(grant(),), **flagged(1))
    ask(of, "support.clear_bad_debt")
    assert (invoice_of(of).amount_remaining, invoice_of(of).amount_paid) == (0, 0)
    assert of.get("entitlements", "ent_1").status == "ended"


@pytest.mark.parametrize("without", [{"secret": False}, {"total": 9_000}])
def test_so_is_what_nobody_could_pay_or_know(without: Any) -> None:
    lines = {"lines": [{"amount": 10_000}]} if "total" in without else {}
    of = world(15, invoice(**without, **lines), grants=(grant(),))
    ask(of, "support.clear_bad_debt")
    assert invoice_of(of).amount_remaining == 0


ENDS = [("stripe.processing_fails", 0, "uncollectible"), ("stripe.processing_succeeds", 0, "paid")]


@pytest.mark.parametrize(("act", "rest", "status"), ENDS)
def test_debt_that_is_being_paid_is_forgiven_once_that_is_over(
    act: str, rest: int, status: str
) -> None:
    """Until then it is still asked for, so it is still flagged; but nobody is blocked for it."""
    of = debtor(in_euro(processing=True), stripe={"metadata": {"bad_debt": "true"}})
    assert ask(of, "support.clear_bad_debt") == FINE
    assert remaining(of) == {"in_1": 0, "in_2": 5_000}
    assert (shows(of), list(of.tables["cases"])) == (
        (True, 10, "true", ()),
        ["forgiven-in-payment:in_2"],
    )
    apply(of, act, {"invoice": "in_2"})
    look(of)
    assert (invoice_of(of, "in_2").amount_remaining, invoice_of(of, "in_2").status) == (
        rest,
        status,
    )
    assert shows(of) == (False, None, None, ())


def test_an_overdue_invoice_that_is_being_paid_is_remembered_too() -> None:
    of = world(20, invoice(processing=True), grants=(grant(),))
    ask(of, "support.clear_bad_debt")
    assert (invoice_of(of).amount_remaining, shows(of)[0]) == (10_000, False)
    apply(of, "stripe.processing_fails", {"invoice": "in_1"})
    assert (invoice_of(look(of)).amount_remaining, shows(of)[0]) == (0, False)
    assert of.get("entitlements", "ent_1").status == "ended"


def test_forgiving_never_lifts_what_is_not_dunnings() -> None:
    holds = [{"kind": "ban", "reason": "fraud"}, {"kind": "block"}]
    of = debtor(enforcement={"holds": holds})
    ask(of, "support.clear_bad_debt")
    assert [hold.reason for hold in of.get("enforcement").holds] == ["fraud"]


# --- lifting ------------------------------------------------------------------------------------


def until(of: World) -> int:
    days: int = (of.get("enforcement").override.until - T0) // DAY
    return days


def banned(now: float = 60, **enforcement: Any) -> World:
    held = {"holds": [{"kind": "ban"}, {"kind": "ban", "reason": "abuse"}], **enforcement}
    return world(now, uncollectible(18), grants=(served(18),), enforcement=held, **flagged(18))


def test_lifting_keeps_the_debt_and_everything_else_of_it() -> None:
    of = banned()
    assert ask(of, "support.lift_ban") == FINE
    assert shows(of) == (True, 18, "true", ())
    assert [hold.reason for hold in of.get("enforcement").holds] == ["abuse"]
    assert invoice_of(of).amount_remaining == 6_000
    assert of.get("entitlements", "ent_1").status == "suspended"


def test_lifting_again_promises_a_month_from_then() -> None:
    of = banned()
    ask(of, "support.lift_ban")
    of.advance(T0 + 70 * DAY)
    ask(of, "support.lift_ban")
    assert until(of) == 100


def test_no_promise_is_made_shorter() -> None:
    of = banned(override={"until": at(200)})
    ask(of, "support.lift_ban")
    assert until(of) == 200


CLEAR: tuple[tuple[dict[str, Any], ...], ...] = (
    (),
    (invoice(),),
    (invoice(status="paid", paid_at=at(1)),),
    (uncollectible(18, amount=40, lines=[{"amount": 40, "one_off": True}]),),
)
"""Owing nothing; an invoice in its grace; one that is paid; one too small to be charged."""


@pytest.mark.parametrize("invoices", CLEAR)
def test_nothing_is_promised_where_there_is_no_debt_to_spare(invoices: Any) -> None:
    of = world(5 if invoices == (invoice(),) else 20, *invoices)
    look(of)
    writes = len(of.writes)
    assert ask(of, "support.lift_ban") == FINE
    assert (len(of.writes), of.get("enforcement").override) == (writes, None)


@pytest.mark.parametrize(
    "debt",
    [
        {"invoices": (invoice(),), "grants": (grant(),)},
        {"invoices": (uncollectible(18),), "grants": (served(18),), "segment": "enterprise"},
        {"invoices": (), "enforcement": {"blocked": True}},
    ],
)
def test_a_debt_or_a_hold_of_dunning_is_enough_for_a_promise(debt: Any) -> None:
    """Grace is over and nobody wrote it off yet; a contract; a block that a debt left behind."""
    of = world(20, *debt.pop("invoices"), **debt)
    assert ask(of, "support.lift_ban") == FINE
    assert (until(of), shows(of)[3]) == (50, ())


def test_a_hold_for_fraud_alone_is_no_reason_for_a_promise() -> None:
    of = world(20, enforcement={"holds": [{"kind": "ban", "reason": "fraud"}]})
    assert ask(of, "support.lift_ban") == FINE
    assert of.writes == []


def test_a_promise_ends_to_the_second_and_the_ban_is_back() -> None:
    of = banned()
    ask(of, "support.lift_ban")
    for seconds, hold in ((-1, ()), (0, ("ban",))):
        of.advance(T0 + 90 * DAY + seconds)
        assert shows(look(of))[3] == hold


@pytest.mark.parametrize("act", ["support.clear_bad_debt", "support.lift_ban"])
def test_probation_and_accounts_without_a_row_are_left_alone(act: str) -> None:
    outside = world(
        60, uncollectible(18), account={"probation": True}, enforcement={"banned": True}
    )
    assert ask(outside, act) == FINE
    nobody = world(60, uncollectible(18), account={"absent": True})
    assert ask(nobody, act) is None
    assert [outside.writes, nobody.writes] == [[], []]
