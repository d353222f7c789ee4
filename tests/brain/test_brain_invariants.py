"""Every invariant finds the fault planted for it, and nothing in a sound account."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from debtor import T0, at, flagged, grant, invoice, look, served, uncollectible, world

from brain.invariants import INVARIANTS
from fixtures.kit import KIT


def broken(of: Any) -> set[str]:
    facts = SimpleNamespace(
        books=KIT.books(of),
        truth=KIT.truth(of),
        outcome=KIT.outcome(of),
        calls=tuple(of.calls),
        now=of.now,
    )
    return {law.id for law in INVARIANTS if law.check(facts)}


def in_bad_debt(**more: Any) -> Any:
    """Sound: 6000 owed and asked for, flagged and blocked in all six stores."""
    fields: dict[str, Any] = {
        "grants": (served(18),),
        "stripe": {"metadata": {"bad_debt": "true"}},
        "enforcement": {"blocked": True},
        **flagged(18),
        **more,
    }
    return world(20, uncollectible(18, credited=4_000), **fields)


BEFORE = {"start": at(-30), "end": at(0)}


def noting(amount: int, **more: Any) -> dict[str, Any]:
    return {"metadata": {"bad_debt_amount": str(amount)}, **more}


def covered_by_credit(noted: int) -> Any:
    """Service that nobody wrote down, written off and noted; credit covers it."""
    asked = uncollectible(18, credited=4_000)
    return world(20, asked, stripe=noting(noted, credit=6_000), cases=[KNOWN])


KNOWN = {"kind": "service-unknown", "object": "in_1"}
IN_NO_CURRENCY = {
    "id": "cus_1",
    "object": "customer",
    "currency": None,
    "balance": -6_000,
    "created": T0,
    "metadata": {},
    "invoice_settings": {"default_payment_method": None},
    "default_source": None,
    "delinquent": False,
}
SOUND = {
    "paid": lambda: world(20, invoice(status="paid"), grants=(grant(),)),
    "in grace": lambda: world(
        3,
        invoice(id="in_0", status="paid", created=at(-30), period=BEFORE),
        invoice(),
        grants=(grant(intervals=[[at(-30), None]]),),
    ),
    "in bad debt": in_bad_debt,
    "covered by credit of which Stripe does not say the currency": lambda: world(
        20,
        uncollectible(18, credited=4_000),
        grants=(served(18, status="ended", reason=None),),
        stripe={"objects": [IN_NO_CURRENCY]},
    ),
    "noted, and covered by credit": lambda: covered_by_credit(10_000),
    "probation": lambda: world(
        90, uncollectible(18), account={"probation": True}, enforcement={"banned": True}
    ),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_account_breaks_nothing(name: str) -> None:
    assert broken(SOUND[name]()) == set()


def charged_at_face() -> Any:
    of = world(20, uncollectible(18), grants=(served(18),))
    of.ports.stripe.invoices.pay("in_1")
    return of


def charged_twice() -> Any:
    over = {
        "id": "in_c",
        "amount": 6_000,
        "created": at(19),
        "lines": [{"amount": 6_000, "one_off": True}],
        "metadata": {"consolidated": "true", "originals": "in_1"},
    }
    of = world(20, uncollectible(18, credited=4_000), over, grants=(served(18),))
    of.ports.stripe.invoices.pay("in_c")
    of.ports.stripe.invoices.pay("in_1")
    return of


def credited_away() -> Any:
    of = in_bad_debt()
    of.ports.stripe.credit_notes.create(invoice="in_1", amount=6_000)
    return of


def voided_after_a_try() -> Any:
    of = in_bad_debt(
        stripe={
            "metadata": {"bad_debt": "true"},
            "payment_methods": [{"id": "pm_1", "decline_code": "lost_card"}],
        }
    )
    with pytest.raises(of.ports.stripe.CardError):
        of.ports.stripe.invoices.pay("in_1")
    of.ports.stripe.invoices.void_invoice("in_1")
    return of


PLANTED = [
    ("I1", lambda: in_bad_debt(grants=(grant(),))),
    ("I2", lambda: world(20, uncollectible(18), grants=(served(18),), **flagged(18))),
    ("I3", lambda: world(20, invoice(status="void"), enforcement={"blocked": True})),
    ("I5", lambda: world(20, invoice(status="paid"), enforcement={"blocked": True})),
    ("I5", lambda: in_bad_debt(stripe={"metadata": {"bad_debt": "yes"}})),
    ("I5", lambda: in_bad_debt(grants=(grant(intervals=[[at(0), None]]),))),
    ("I5", lambda: world(20, invoice(status="paid"), stripe=noting(1))),
    ("I5T", lambda: covered_by_credit(10_001)),
    ("I5T", lambda: in_bad_debt(billing_db={"bad_debt": False})),
    ("I5T", lambda: in_bad_debt(stripe={"metadata": {"bad_debt_amount": "6000"}})),
    ("H1", charged_at_face),
    ("H1", charged_twice),
    ("H2", lambda: world(20, invoice(status="paid"), enforcement={"banned": True})),
    ("H2", lambda: world(20, uncollectible(18), enforcement={"blocked": True})),
    ("H3", lambda: world(20, uncollectible(18, secret=False), grants=(served(18),))),
    ("H3", credited_away),
    ("H4", voided_after_a_try),
]


@pytest.mark.parametrize(("law", "planted"), PLANTED)
def test_each_invariant_finds_its_planted_fault(law: str, planted: Any) -> None:
    assert law in broken(planted())


def test_the_planted_void_is_only_wrong_because_nobody_looked() -> None:
    of = in_bad_debt()
    of.ports.stripe.invoices.retrieve("in_1")
    of.ports.stripe.invoices.void_invoice("in_1")
    assert "H4" not in broken(of)


def test_a_look_mends_what_is_planted_and_can_be_mended() -> None:
    for law, planted in PLANTED:
        of = planted()
        if of.calls:  # what was charged, credited or voided is history
            continue
        of.calls.clear()
        look(of)
        assert broken(of) <= {"I3", "H3"} or of.tables["cases"], law


def test_every_invariant_is_named_once_and_says_what_it_is() -> None:
    names = [law.id for law in INVARIANTS]
    assert len(set(names)) == len(names)
    assert all(law.title and law.source for law in INVARIANTS)
    assert {law.id for law in INVARIANTS if law.every_effect} == {"I1", "I3", "H1", "H4"}
