"""A customer in bad debt has a way back, but for the moment after everything was paid."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from brain.invariants import INVARIANTS

(RECOVERY,) = (law for law in INVARIANTS if law.id == "I3")
STRANDED = ("the customer is flagged and has nothing to pay",)


def flagged(*calls: Any, owes: int = 0) -> Any:
    return SimpleNamespace(
        books={"invoices": {"in_1": {"processing": False}}},
        truth={"standing": "clear", "owes": {"usd": owes} if owes else {}},
        outcome={
            "flagged": True,
            "blocked_for_dunning": False,
            "banned_for_dunning": False,
            "payable": [],
        },
        calls=calls,
        now=0,
    )


def call(op: str, result: str = "ok") -> Any:
    return SimpleNamespace(actor="brain", object="in_1", op=op, params={}, result=result)


def test_between_the_payment_of_all_that_is_owed_and_the_lift_nobody_is_stranded() -> None:
    assert RECOVERY.check(flagged(call("invoices.pay"), call("invoices.list"))) == ()


@pytest.mark.parametrize(
    "shown",
    [
        flagged(),
        flagged(call("invoices.list")),
        flagged(call("invoices.pay", "card_declined")),
        flagged(call("invoices.pay"), owes=5_000),
    ],
)
def test_flagged_with_nothing_to_pay_is_a_breach_whatever_else_was_done(shown: Any) -> None:
    assert RECOVERY.check(shown) == STRANDED
