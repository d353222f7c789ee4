"""One look takes nothing back that it did, over whole generated accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from debtor import look
from drawn_accounts import NUMBERS, drawn, many, met
from hypothesis import given

from brain import cover, debt, perform
from brain.assess import assess
from brain.debt import Bill, Claim
from brain.gather import gather
from fixtures.coverage import covered
from fixtures.truth import assess as honest
from fixtures.world import World


def at_most_what_is_asked(
    of: Any, bill: Bill, service: Any, *, found: Callable[..., Claim] = debt._claim
) -> Claim:
    """The claim as if what was credited, of service that nobody wrote down, had never been."""
    owed = found(of, bill, service)
    return owed if owed.unknown is None else owed._replace(hi=bill.invoice.amount_remaining)


def statuses(of: World) -> list[str]:
    """Grants whose status was written, in order."""
    paths = [write.at.split(".") for write in of.writes]
    return [path[1] for path in paths if path[0] == "entitlements" and path[-1] == "status"]


@many(1000)
@given(NUMBERS)
@met(17521, 18293, 421161901, 472648881)
def test_a_look_gives_a_grant_one_status(number: int) -> None:
    """Neither is service given back and stopped again, nor stopped for a ban that never falls."""
    of = look(drawn(number))
    assert len(statuses(of)) == len(set(statuses(of)))


@many(1000)
@given(NUMBERS)
def test_a_look_gives_no_credit_back(number: int) -> None:
    """Voiding would return the balance that was applied, and that paid for service by then."""
    of = drawn(number)
    before = of.get("stripe_customer").balance
    assert look(of).get("stripe_customer").balance == before


def double_charges(of: World) -> set[str]:
    return {name for name in of.tables["cases"] if name.startswith("double_charge:")}


@many(1000)
@given(NUMBERS)
@met(86330)
def test_what_a_look_clears_as_paid_elsewhere_is_not_called_paid_twice(number: int) -> None:
    of = drawn(number)
    snapshot = gather(of.ports)
    assert snapshot is not None
    found = {
        f"{case.kind}:{case.object}"
        for case in assess(snapshot, writes_off=True, ends_unpaid=True).cases
    }
    assert double_charges(look(of)) <= found | double_charges(drawn(number))


@many(1000)
@given(NUMBERS)
def test_brain_and_truth_tell_the_same_of_who_pays_for_service(number: int) -> None:
    """Apart from what a consolidated invoice paid: it restores nothing (docs/decisions/0030)."""
    of = drawn(number)
    snapshot, told = gather(of.ports), honest(of)
    assert snapshot is not None
    if told.standing.name == "out_of_scope" or any(book.originals for book in told.books.values()):
        return
    view = assess(snapshot, writes_off=True, ends_unpaid=False)
    for grant in of.rows("entitlements"):
        mine = cover.is_covered(snapshot, grant, view.in_grace)
        assert mine == covered(told, grant), grant.id


PLANTED: tuple[tuple[Callable[..., None], str, object], ...] = (
    (test_a_look_gives_a_grant_one_status, "brain.plan.lasts", cover.is_covered),
    (test_a_look_gives_no_credit_back, "brain.perform.can_be_void", lambda invoice: True),
    (
        test_what_a_look_clears_as_paid_elsewhere_is_not_called_paid_twice,
        "brain.debt._claim",
        at_most_what_is_asked,
    ),
    (
        test_brain_and_truth_tell_the_same_of_who_pays_for_service,
        "brain.assess._time_is_over",
        lambda *_: False,
    ),
)


@pytest.mark.parametrize(("law", "place", "fault"), PLANTED)
def test_a_planted_fault_breaks_its_law(
    law: Callable[..., None], place: str, fault: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = law.hypothesis.inner_test  # type: ignore[attr-defined]  # Hypothesis adds it
    monkeypatch.setattr(place, fault)
    assert any(fails(inner, number) for number in range(4000))


def fails(law: Callable[[int], None], number: int) -> bool:
    try:
        law(number)
    except (AssertionError, perform.TryLater):
        return True
    return False
