"""What is owed: the worked examples first, then the rules that set a debt to nothing."""

from __future__ import annotations

from typing import Any

import pytest
from debtor import (
    DAY,
    T0,
    at,
    grant,
    invoice,
    look,
    made,
    served,
    shows,
    uncollectible,
    world,
)

from brain.assess import assess
from brain.gather import gather
from brain.money import strict
from fixtures.acts import apply


def owed(of: Any, id: str = "in_1", *, writes_off: bool = False) -> tuple[int, int]:
    snapshot = gather(of.ports)
    assert snapshot is not None
    debt = assess(snapshot, writes_off=writes_off, ends_unpaid=writes_off).debts.by_invoice[id]
    return debt.lo, debt.hi


def period(days: float) -> dict[str, str]:
    return {"start": at(0), "end": at(days)}


EXAMPLES = [
    ("18 of 30 days", "usd", 10_000, 30, 18, {}, 6_000),
    ("18 of 30 days, 4000 paid", "usd", 10_000, 30, 18, {"paid": 4_000}, 2_000),
    ("yen have no minor unit", "jpy", 1_000, 31, 10, {}, 322),
    ("dinars end in 0", "kwd", 10_000, 31, 10, {}, 3_220),
    ("all of it", "usd", 10_000, 30, 30, {}, 10_000),
    ("paid more than was served", "usd", 10_000, 30, 18, {"paid": 7_000}, 0),
    (
        "credit taken at finalizing",
        "usd",
        10_000,
        30,
        18,
        {"balance_applied": 1_000},
        5_000,
    ),
    ("never more than remains", "usd", 10_000, 30, 18, {"credited": 5_000}, 5_000),
    ("below what can be charged", "usd", 10_000, 3_000, 14, {}, 0),
    ("at what can be charged", "usd", 10_000, 3_000, 15, {}, 50),
]


COLUMNS = ("name", "currency", "amount", "length", "days", "more", "debt")


@pytest.mark.parametrize(COLUMNS, EXAMPLES)
def test_debt_is_the_service_given_less_what_was_settled(
    name: str, currency: str, amount: int, length: float, days: float, more: Any, debt: int
) -> None:
    made = world(
        31,
        uncollectible(30, amount=amount, currency=currency, period=period(length), **more),
        grants=(served(days),),
        account={"currency": currency},
    )
    assert owed(made) == (debt, debt), name


def test_a_one_off_line_is_owed_whole() -> None:
    line = {"amount": 5_000, "one_off": True}
    made = world(20, uncollectible(15, amount=5_000, lines=[line]))
    assert owed(made) == (5_000, 5_000)


def test_an_upgrade_half_used_owes_nothing() -> None:
    lines = [{"amount": -3_000}, {"amount": 6_000}]
    made = world(20, uncollectible(15, amount=3_000, lines=lines), grants=(served(15),))
    assert owed(made) == (0, 0)


def test_usage_is_owed_whole_and_discount_and_tax_go_with_their_line() -> None:
    lines = [{"amount": 1_000, "metered": True}, {"amount": 9_000, "discount": 1_000, "tax": 400}]
    made = world(20, uncollectible(15, amount=9_400, lines=lines), grants=(served(15),))
    assert owed(made) == (1_000 + 4_200, 1_000 + 4_200)


def test_service_that_two_grants_gave_at_once_counts_once() -> None:
    both = (
        served(15),
        served(0, id="ent_2", intervals=[[at(10), at(18)]]),
    )
    assert owed(world(20, uncollectible(18), grants=both)) == (6_000, 6_000)


def test_running_service_runs_to_the_end_of_the_line_until_it_is_stopped() -> None:
    made = world(15, invoice(), grants=(grant(),))
    assert owed(made) == (10_000, 10_000)
    assert owed(made, writes_off=True) == (5_000, 5_000)


def test_drafts_void_and_paid_invoices_owe_nothing() -> None:
    made = world(
        20,
        invoice(status="draft"),
        invoice(id="in_2", status="void"),
        invoice(id="in_3", status="paid"),
        grants=(served(18),),
    )
    assert [owed(made, f"in_{n}") for n in (1, 2, 3)] == [(0, 0)] * 3


def test_the_first_invoice_of_a_subscription_that_never_began_is_no_debt() -> None:
    made = world(
        20,
        invoice(billing_reason="subscription_create"),
        grants=(served(10),),
        stripe={"subscriptions": [{"id": "sub_1", "product": "pages", "status": "incomplete"}]},
    )
    assert owed(made) == (0, 0)
    look(made)
    assert made.get("invoices", "in_1").amount_remaining == 10_000


def test_what_support_forgave_in_stripe_is_no_debt() -> None:
    forgiven = uncollectible(18, uncollectible_reason="user_forgiven")
    assert owed(world(20, forgiven, grants=(served(18),))) == (0, 0)


# --- what cannot be known -----------------------------------------------------------------------


def test_service_nobody_wrote_down_ends_with_its_subscription() -> None:
    ended = {"id": "sub_1", "product": "pages", "status": "canceled", "ended_at": at(12)}
    made = world(20, uncollectible(18), stripe={"subscriptions": [ended]})
    assert owed(made) == (4_000, 4_000)


@pytest.mark.parametrize(
    ("noted", "bounds"),
    [
        ("6000", (6_000, 6_000)),
        ("0", (0, 0)),
        ("30", (0, 0)),
        ("10001", (0, 10_000)),
        ("1,250", (0, 10_000)),
        ("12.5", (0, 10_000)),
        ("-3", (0, 10_000)),
        ("", (0, 10_000)),
    ],
)
def test_unknown_service_is_what_the_metadata_notes_if_that_can_be_read(
    noted: str, bounds: tuple[int, int]
) -> None:
    made = world(20, uncollectible(18), stripe={"metadata": {"bad_debt_amount": noted}})
    assert owed(made) == bounds


def test_metadata_cannot_say_which_of_two_invoices_it_means() -> None:
    made = world(
        20,
        uncollectible(18),
        uncollectible(18, id="in_2"),
        stripe={"metadata": {"bad_debt_amount": "6000"}},
    )
    assert owed(made) == (0, 10_000)


def test_evidence_stays_until_it_is_no_longer_needed() -> None:
    metadata = {"bad_debt": "true", "bad_debt_amount": "6000"}
    made = world(20, uncollectible(18), stripe={"metadata": metadata}, segment="enterprise")
    look(made)
    assert made.get("stripe_customer").metadata["bad_debt_amount"] == "6000"
    assert made.get("invoices", "in_1").amount_remaining == 6_000
    assert owed(made) == (6_000, 6_000)
    made.ports.stripe.invoices.pay("in_1")
    look(made)
    assert dict(made.get("stripe_customer").metadata) == {}


@pytest.mark.parametrize("credited", [0, 4_000])
def test_evidence_stays_where_credit_covers_what_it_notes(credited: int) -> None:
    metadata = {"bad_debt": "true", "bad_debt_amount": "6000"}
    stripe = {"metadata": metadata, "credit": 6_000}
    of = look(world(20, uncollectible(18, credited=credited), stripe=stripe))
    assert shows(of) == (False, None, None, ())
    assert of.get("stripe_customer").metadata == {"bad_debt_amount": "6000"}
    assert (of.get("invoices", "in_1").amount_remaining, owed(of)) == (6_000, (6_000, 6_000))
    of.writes.clear()
    look(of)
    assert not of.writes
    assert set(of.tables["cases"]) == {"unapplied-credit:cus_1"}


@pytest.mark.parametrize("credit", [0, 4_000])
def test_evidence_stays_true_once_the_share_of_another_invoice_is_credited(credit: int) -> None:
    """6000 are noted, 2000 of them were paid with in_c: 4000 are asked, at every look."""
    over = {"originals": "in_1", "consolidated": "true"}
    line = {"amount": 2_000, "one_off": True}
    paid = consolidated(status="paid", amount=2_000, lines=[line], metadata=over)
    stripe = {"metadata": {"bad_debt": "true", "bad_debt_amount": "6000"}, "credit": credit}
    of = world(20, uncollectible(18), paid, stripe=stripe)
    for _ in range(2):
        assert (owed(of), shows(look(of))[0]) == ((4_000, 4_000), credit == 0)
        assert of.get("invoices", "in_1").amount_remaining == 4_000
        assert "service-unknown:in_1" not in of.tables["cases"]


def test_evidence_that_credit_covers_goes_with_the_debt() -> None:
    stripe = {"metadata": {"bad_debt": "true", "bad_debt_amount": "6000"}, "credit": 6_000}
    of = look(world(20, uncollectible(18), stripe=stripe))
    of.ports.stripe.invoices.pay("in_1")
    assert dict(look(of).get("stripe_customer").metadata) == {}


def test_lines_that_do_not_add_up_are_not_trusted_and_need_a_person() -> None:
    made = world(
        20, uncollectible(18, total=9_000, lines=[{"amount": 10_000}]), grants=(served(18),)
    )
    assert owed(made) == (0, 9_000)
    look(made)
    assert "lines-do-not-add-up:in_1" in made.tables["cases"]
    assert made.get("invoices", "in_1").amount_remaining == 9_000


def test_amounts_as_text_are_read_strictly() -> None:
    assert strict("3220", "kwd") == 3_220
    assert strict("3225", "kwd") is None
    assert strict("٣", "usd") is None
    assert strict(None, "usd") is None


# --- consolidated invoices ----------------------------------------------------------------------


def consolidated(**more: Any) -> dict[str, Any]:
    return {
        "id": "in_c",
        "amount": 8_000,
        "lines": [{"amount": 8_000, "one_off": True}],
        "created": at(19),
        "metadata": {"consolidated": "true", "originals": "in_1,in_2"},
        **more,
    }


def originals() -> tuple[dict[str, Any], ...]:
    later = {"start": at(-30), "end": at(0)}
    return (
        uncollectible(18),
        uncollectible(
            10, id="in_2", amount=3_000, period=later, created=at(-30), finalized_at=at(-30)
        ),
    )


def test_an_open_consolidated_invoice_asks_for_nothing_of_its_own_and_is_voided() -> None:
    spans = [[at(-30), at(18)]]
    made = world(
        20,
        *originals(),
        consolidated(),
        grants=(served(0, intervals=spans),),
        stripe={"metadata": {"bad_debt": "true", "consolidated_invoice": "in_c"}},
    )
    assert owed(made, "in_c") == (0, 0)
    look(made)
    assert made.get("invoices", "in_c").status == "void"
    assert "consolidated_invoice" not in made.get("stripe_customer").metadata
    assert made.get("invoices", "in_1").amount_remaining == 6_000


def test_a_paid_consolidated_invoice_settles_the_oldest_original_first() -> None:
    made = world(
        20,
        *originals(),
        consolidated(status="paid"),
        grants=(served(0, intervals=[[at(-30), at(18)]]),),
    )
    assert owed(made, "in_2") == (0, 0)
    assert owed(made, "in_1") == (1_000, 1_000)


def test_paying_both_is_a_double_charge_for_a_person() -> None:
    first, second = originals()
    paid = {**first, "status": "paid", "paid_at": at(19)}
    made = world(
        20,
        paid,
        second,
        consolidated(status="paid"),
        grants=(served(0, intervals=[[at(-30), at(18)]]),),
    )
    look(made)
    assert made.get("cases", "double_charge:in_c").detail == {"amount": 5_000}


def test_a_paid_consolidated_invoice_pays_its_own_currency_only() -> None:
    foreign = uncollectible(18, currency="eur")
    made = world(20, foreign, consolidated(status="paid"), grants=(served(18),))
    assert owed(made) == (6_000, 6_000)


def test_voiding_a_consolidated_invoice_returned_what_the_balance_had_paid_of_it() -> None:
    void = consolidated(status="void", balance_applied=2_000)
    assert owed(world(20, uncollectible(18), void, grants=(served(18),))) == (6_000, 6_000)


# --- what the record of service does not say, or says otherwise ---------------------------------


def test_a_wish_to_end_later_says_nothing_of_how_long_service_ran() -> None:
    wish = {"id": "sub_1", "product": "pages", "canceled_at": at(12), "cancel_at_period_end": True}
    made = world(20, uncollectible(18), stripe={"subscriptions": [wish]})
    assert owed(made) == (0, 10_000)


def test_a_line_that_names_no_product_was_for_all_that_the_subscription_gave() -> None:
    lines = [{"amount": 10_000, "unpriced": True}]
    made = world(20, uncollectible(18, lines=lines), grants=(served(18),))
    assert owed(made) == (6_000, 6_000)


def test_a_line_worth_nothing_makes_nothing_unknown() -> None:
    lines = [{"amount": 10_000}, {"amount": 0, "product": "d1"}]
    made = world(20, uncollectible(18, lines=lines), grants=(served(18),))
    assert owed(made) == (6_000, 6_000)


def test_a_debit_of_the_customers_that_an_invoice_asks_for_is_owed_with_it() -> None:
    made = world(29, invoice(status="paid"), grants=(grant(),))
    apply(made, "stripe.balance_changed", {"amount": 500})
    renewal = {"subscription": "sub_1", "invoice": "in_2", "amount": 10_000}
    made.advance(T0 + 30 * DAY)
    apply(made, "stripe.renewal_finalized", renewal)
    assert owed(made, "in_2") == (10_500, 10_500)


def test_of_unknown_service_only_what_another_invoice_paid_is_credited() -> None:
    of = world(
        20,
        uncollectible(18),
        consolidated(
            paid=4_000, auto_advance=False, metadata={"consolidated": "true", "originals": "in_1"}
        ),
    )
    for _ in range(2):
        look(of)
        assert owed(of) == (0, 6_000)
        assert of.get("invoices", "in_1").amount_remaining == 6_000
    assert made(of).count("credit_notes.create in_1") == 1


def test_an_original_of_unknown_service_that_was_cleared_as_paid_was_not_paid_twice() -> None:
    """in_2 brought 3000 itself; what in_1 asked for is all that is known of it: in_c paid that."""
    first, second = originals()
    of = world(
        20,
        first,
        {**second, "status": "paid", "paid_at": at(-29), "marked_uncollectible_at": None},
        consolidated(status="paid", amount=10_000, lines=[{"amount": 10_000, "one_off": True}]),
    )
    look(of)
    assert "credit_notes.create in_1" in made(of)
    assert not [name for name in of.tables["cases"] if name.startswith("double_charge")]
