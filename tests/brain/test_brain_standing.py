"""Standings: each threshold to the second, per segment, and what caps them."""

from __future__ import annotations

from typing import Any

import pytest
from debtor import (
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

from brain.assess import assess
from brain.gather import gather
from brain.standing import Standing

CLEAR, PAST_DUE, BAD_DEBT, BLOCKED, BANNED = (
    Standing.CLEAR,
    Standing.PAST_DUE,
    Standing.BAD_DEBT,
    Standing.BLOCKED,
    Standing.BANNED,
)


def standing(of: Any) -> Standing:
    snapshot = gather(of.ports)
    assert snapshot is not None
    return assess(snapshot, writes_off=True, ends_unpaid=True).standing


@pytest.mark.parametrize(
    ("segment", "days", "before", "reached"),
    [
        ("free", 14, PAST_DUE, BLOCKED),
        ("pro", 14, PAST_DUE, BLOCKED),
        ("business", 30, PAST_DUE, BAD_DEBT),
        ("enterprise", 400, PAST_DUE, PAST_DUE),
    ],
)
def test_grace_ends_at_exactly_its_second(
    segment: str, days: int, before: Standing, reached: Standing
) -> None:
    year = {"start": at(0), "end": at(365)}
    for seconds, expected in ((-1, before), (0, reached), (1, reached)):
        made = world(
            days, invoice(period=year), grants=(grant(),), segment=segment, seconds=seconds
        )
        assert standing(made) is expected, seconds


@pytest.mark.parametrize(
    ("segment", "amount", "days", "before", "reached"),
    [
        ("free", 10_000, 30, BLOCKED, BANNED),
        ("pro", 10_000, 30, BLOCKED, BANNED),
        ("business", 10_000, 14, BAD_DEBT, BLOCKED),
        ("business", 10_000, 60, BLOCKED, BANNED),
        ("enterprise", 10_000, 400, BAD_DEBT, BAD_DEBT),
        ("pro", 499, 30, BLOCKED, BLOCKED),
        ("pro", 500, 30, BLOCKED, BANNED),
        ("business", 499, 14, BAD_DEBT, BAD_DEBT),
        ("business", 500, 14, BAD_DEBT, BLOCKED),
        ("business", 4_999, 60, BLOCKED, BLOCKED),
        ("business", 5_000, 60, BLOCKED, BANNED),
    ],
)
def test_block_and_ban_fall_at_exactly_their_second_and_amount(
    segment: str, amount: int, days: int, before: Standing, reached: Standing
) -> None:
    line = {"amount": amount, "one_off": True}
    for seconds, expected in ((-1, before), (0, reached), (1, reached)):
        made = world(
            days + 18,
            uncollectible(18, amount=amount, lines=[line]),
            segment=segment,
            seconds=seconds,
        )
        assert standing(made) is expected, seconds


@pytest.mark.parametrize(("days", "expected"), [(20, PAST_DUE), (21, BLOCKED)])
def test_a_scheduled_retry_waits_seven_days_more(days: int, expected: Standing) -> None:
    made = world(days, invoice(next_payment_attempt=at(days + 1)), grants=(grant(),))
    assert standing(made) is expected


def test_an_invoice_not_yet_due_is_no_dunning() -> None:
    sent = invoice(collection_method="send_invoice", due_date=at(30))
    for days, seconds, expected in ((30, -1, CLEAR), (30, 0, PAST_DUE)):
        made = world(days, sent, grants=(grant(),), segment="business", seconds=seconds)
        assert standing(made) is expected


def test_an_overdue_contract_is_left_to_a_person() -> None:
    made = look(world(30, invoice(), grants=(grant(),), segment="enterprise"))
    assert invoice_of(made).status == "open"
    assert "overdue-contract:in_1" in made.tables["cases"]
    assert made.get("entitlements", "ent_1").status == "active"


def test_enterprise_bad_debt_keeps_service_and_subscription() -> None:
    made = look(world(90, uncollectible(18), grants=(grant(),), segment="enterprise"))
    assert shows(made) == (True, 18, "true", ())
    assert made.get("entitlements", "ent_1").status == "active"
    assert made.get("subscriptions", "sub_1").status == "active"
    assert invoice_of(made).amount_remaining == 10_000


def test_turning_enterprise_lifts_a_block_and_gives_contracted_service_back() -> None:
    made = world(
        20,
        uncollectible(18),
        grants=(served(18),),
        segment="enterprise",
        account={"net_days": 30},
        enforcement={"blocked": True},
        **flagged(18),
    )
    assert shows(look(made)) == (True, 18, "true", ())
    assert made.get("entitlements", "ent_1").status == "active"


def test_probation_is_carried_through_untouched() -> None:
    made = look(world(60, uncollectible(18), grants=(grant(),), account={"probation": True}))
    assert made.writes == []


@pytest.mark.parametrize("lasts", [True, False])
def test_an_override_caps_at_bad_debt_until_its_second(lasts: bool) -> None:
    until = at(60, 1) if lasts else at(60)
    override = {"override": {"until": until}}
    made = world(60, uncollectible(18), grants=(served(18),), enforcement=override)
    assert standing(made) is (BAD_DEBT if lasts else BANNED)


def test_an_open_dispute_freezes_enforcement() -> None:
    made = world(
        60,
        uncollectible(18),
        invoice(id="in_2", status="paid"),
        grants=(served(18),),
        stripe={"disputes": [{"id": "dp_1", "invoice": "in_2"}]},
    )
    assert standing(made) is BAD_DEBT


def test_a_payment_on_its_way_stops_the_write_off_and_then_asks_a_person() -> None:
    made = look(world(20, invoice(processing=True), grants=(grant(),)))
    assert (standing(made), invoice_of(made).status) == (PAST_DUE, "open")
    assert not made.tables["cases"]
    stuck = look(world(21, invoice(processing=True), grants=(grant(),)))
    assert list(stuck.tables["cases"]) == ["payment-stuck:in_1"]


def test_credit_counts_against_debt_once() -> None:
    for credit, expected in ((5_951, CLEAR), (5_950, BLOCKED)):
        made = world(20, uncollectible(18), grants=(served(18),), stripe={"credit": credit})
        assert standing(made) is expected
        look(made)
        assert "unapplied-credit:cus_1" in made.tables["cases"]


def test_paying_the_oldest_anchors_anew() -> None:
    older = uncollectible(0, id="in_0", amount=600, lines=[{"amount": 600, "one_off": True}])
    made = world(30, older, uncollectible(18), grants=(served(18),))
    assert standing(made) is BANNED
    made.ports.stripe.invoices.pay("in_0")
    assert shows(look(made)) == (True, 18, "true", ("block",))


def test_what_is_perhaps_owed_flags_but_never_blocks_nor_touches_the_invoice() -> None:
    made = look(world(90, uncollectible(18)))
    assert shows(made) == (True, 18, "true", ())
    assert invoice_of(made).amount_remaining == 10_000
    assert made.get("subscriptions", "sub_1").status == "active"
    assert list(made.tables["cases"]) == ["service-unknown:in_1"]


def test_nobody_is_blocked_for_what_nobody_can_pay() -> None:
    made = look(world(90, uncollectible(18, secret=False), grants=(served(18),)))
    assert shows(made) == (True, 18, "true", ())
    assert "no-way-to-pay:in_1" in made.tables["cases"]


def test_what_nobody_can_pay_is_not_written_off() -> None:
    made = look(world(20, invoice(secret=False), grants=(grant(),)))
    assert (invoice_of(made).status, shows(made)[0]) == ("open", False)
    assert "no-way-to-pay:in_1" in made.tables["cases"]


def test_a_currency_nobody_looked_up_is_never_enforced() -> None:
    made = look(world(60, uncollectible(18, currency="xaf"), grants=(served(18),)))
    assert shows(made)[0] is False
    assert "unknown-currency:in_1" in made.tables["cases"]
    assert invoice_of(made).amount_remaining == 10_000


def test_nothing_owed_lifts_everything_of_dunning_and_nothing_else() -> None:
    made = world(
        60,
        invoice(status="paid"),
        grants=(served(18), grant(id="ent_2", status="suspended", reason="abuse", intervals=[])),
        stripe={"metadata": {"bad_debt": "true", "bad_debt_amount": "6000", "plan": "x"}},
        enforcement={"holds": [{"kind": "ban"}, {"kind": "ban", "reason": "fraud"}]},
        **flagged(18),
    )
    assert shows(look(made)) == (False, None, None, ())
    assert [hold.reason for hold in made.get("enforcement").holds] == ["fraud"]
    assert dict(made.get("stripe_customer").metadata) == {"plan": "x"}
    assert made.get("entitlements", "ent_2").status == "suspended"
