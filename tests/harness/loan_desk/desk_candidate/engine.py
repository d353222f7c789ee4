"""The loan desk's candidates: one that is right, and one with a planted fault.

`ENGINE` differs from the control in Q01 alone: it unblocks who has paid, also on a look.
`FAULTY` is `ENGINE`, but fines 20 cents a day where 25 are due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

DAY = 86_400


class Refused(Exception):
    """The desk says no, and says why."""

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(code)
        self.kind, self.code = kind, code


class Handler(NamedTuple):
    path: str
    call: Callable[[Any, Any], Mapping[str, Any] | None]


class Candidate(NamedTuple):
    name: str
    handlers: Mapping[str, tuple[Handler, ...]]
    refusals: tuple[type[Exception], ...]
    look: Callable[[Any], None]


def _unblock_who_owes_nothing(ports: Any) -> None:
    member = ports.member.get()
    if member.blocked and not member.fine:
        ports.member.update(blocked=False)
        ports.reason("owes nothing")


def _pays(ports: Any, trigger: Any) -> dict[str, Any]:
    with ports.lock():
        fine = ports.member.get().fine
        if not fine:
            raise Refused("conflict", "nothing_to_pay")
        receipt = ports.till.charge(fine)
        ports.member.update(fine=0)
        _unblock_who_owes_nothing(ports)
    return {"status": 200, "receipt": receipt}


def _returns(cents_a_day: int) -> Callable[[Any, Any], None]:
    def returned(ports: Any, trigger: Any) -> None:
        with ports.lock():
            back = trigger.event["data"]["object"]
            loan = ports.loans.get(back["id"])
            days = 0 if loan is None or loan.fined else (back["returned_at"] - loan.due) // DAY
            if days > 0:
                fine = ports.member.get().fine + days * cents_a_day
                ports.member.update(fine=fine, blocked=True)
                ports.loans.mark_fined(loan.id)
                ports.notifier.send("fined", days=days)
                ports.reason("returned late", days=days)

    return returned


def _sweep(ports: Any, trigger: Any) -> dict[str, Any]:
    _unblock_who_owes_nothing(ports)
    return {"status": 200}


def candidate(name: str, cents_a_day: int) -> Candidate:
    """A candidate that fines `cents_a_day`; 25 is right."""
    return Candidate(
        name=name,
        handlers={
            "api.pay_fine": (Handler("pay", _pays),),
            "loan.returned": (Handler("returned", _returns(cents_a_day)),),
            "sweep": (Handler("sweep", _sweep),),
        },
        refusals=(Refused,),
        look=_unblock_who_owes_nothing,
    )


ENGINE = candidate("new desk", 25)
FAULTY = candidate("new desk, fines 20 a day", 20)
