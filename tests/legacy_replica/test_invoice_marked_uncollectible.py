"""L02: writing off reads and writes in the original's order, with its faults."""

from __future__ import annotations

import pytest

from legacy_replica.invoice_marked_uncollectible import invoice_marked_uncollectible
from tests.legacy_replica.fake_ports import (
    DAY,
    NOW,
    FakePorts,
    InvalidRequestError,
    grant,
    invoice,
    line,
    webhook,
)


def written_off(ports: FakePorts, id: str = "in_1") -> list[object]:
    trigger = webhook("invoice.marked_uncollectible", {"id": id, "object": "invoice"})
    invoice_marked_uncollectible(ports, trigger)
    return ports.log


def debt_of(*lines: object, paid: int = 0) -> str:
    ports = FakePorts(invoices=(invoice("in_1", *lines, paid=paid, status="uncollectible"),))
    written_off(ports)
    return ports.stripe.customers.metadata["bad_debt_amount"]


def test_it_writes_the_amount_the_mark_the_flag_since_the_grants_and_the_block_in_that_order() -> (
    None
):
    ports = FakePorts(
        invoices=(invoice("in_1", line(10_000, start=18, end=-12)),),
        metadata={"bad_debt_amount": "500"},
        grants=(
            grant("g1"),
            grant("g2", plan="free"),
            grant("g3", status="ended"),
            grant("g4", sub="sub_2"),
        ),
    )
    assert written_off(ports) == [
        ("stripe_metadata", {"bad_debt_amount": "6500"}),
        ("stripe_metadata", {"bad_debt": "true"}),
        ("billing_db", {"bad_debt": True}),
        ("customer", {"bad_debt_since": NOW}),
        ("entitlements", {"id": "g1", "status": "suspended", "reason": "dunning"}),
        ("entitlements", {"id": "g4", "status": "suspended", "reason": "dunning"}),
        ("enforcement", {"hold": "block/dunning"}),
    ]


def test_without_an_account_nothing_happens() -> None:
    assert written_off(FakePorts(account=False)) == []


def test_since_is_kept_where_it_stands() -> None:
    ports = FakePorts(since=DAY, invoices=(invoice("in_1"),))
    assert not any(store == "customer" for store, _ in written_off(ports))


@pytest.mark.parametrize(
    ("lines", "paid", "debt"),
    [
        ((line(10_000, start=18, end=-12),), 0, "6000"),
        ((line(10_000, start=18, end=-12),), 4_000, "2000"),
        ((line(10_000, start=18, end=-12),), 7_000, "0"),  # never below zero
        ((line(1_000, start=10, end=-21),), 0, "323"),  # 322.58, half up
        ((line(5_000),), 0, "5000"),  # zero-length
        ((line(5_000, start=1, end=-1, usage=None),), 0, "5000"),  # one-off
        ((line(5_000, start=1, end=-1, usage="metered"),), 0, "5000"),
        ((line(-3_000, start=5, end=-5), line(6_000, start=5, end=-5)), 0, "1500"),
        ((line(3_000, start=45, end=15),), 0, "4500"),  # Q05: past the period's end
        ((line(3_000, start=-5, end=-35),), 0, "0"),  # not yet begun
    ],
)
def test_the_debt_is_what_was_used_less_what_was_paid(
    lines: tuple[object, ...], paid: int, debt: str
) -> None:
    assert debt_of(*lines, paid=paid) == debt


def test_a_started_day_counts_whole() -> None:
    just_begun = line(3_000, start=10, end=-20)
    just_begun.period.start -= 1
    just_begun.period.end -= 1
    assert debt_of(just_begun) == "1100"


def test_a_line_without_pricing_counts_whole() -> None:
    bare = line(700, start=1, end=-1)
    bare.pricing = None
    assert debt_of(bare) == "700"


def test_q01_a_thousands_separator_escapes_before_anything_is_written() -> None:
    ports = FakePorts(invoices=(invoice("in_1"),), metadata={"bad_debt_amount": "1,250"})
    with pytest.raises(ValueError, match="1,250"):
        written_off(ports)
    assert ports.log == []


def test_q02_a_second_delivery_adds_the_debt_again() -> None:
    ports = FakePorts(invoices=(invoice("in_1", line(5_000)),))
    written_off(ports)
    written_off(ports)
    assert ports.stripe.customers.metadata["bad_debt_amount"] == "10000"


def test_q06_a_debt_of_zero_still_blocks() -> None:
    log = written_off(FakePorts(invoices=(invoice("in_1"),)))
    assert ("stripe_metadata", {"bad_debt_amount": "0"}) in log
    assert ("enforcement", {"hold": "block/dunning"}) in log


def test_an_invoice_that_stripe_does_not_have_is_stripes_error() -> None:
    with pytest.raises(InvalidRequestError):
        written_off(FakePorts(), "in_gone")
