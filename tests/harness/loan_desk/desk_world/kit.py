"""The loan desk's kit: how the harness loads, changes and judges `desk_world.domain` worlds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from desk_world import domain as desk
from desk_world.domain import World


class Act(NamedTuple):
    name: str
    args: type
    engine: bool


class Invariant(NamedTuple):
    id: str
    title: str
    every_effect: bool

    def check(self, facts: Any) -> tuple[str, ...]:
        return () if facts.books["member"]["fine"] >= 0 else ("the fine is below zero",)


INVARIANTS = (Invariant("L1", "a fine is never negative", True),)


def _epoch(path: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise desk.GivenError(path, f"{text!r} is no time, e.g. 2026-03-02T10:00:00Z") from error
    if moment.tzinfo is None:
        raise desk.GivenError(path, f"{text!r} has no time zone")
    return int(moment.timestamp())


class Kit:
    """Meets `harness.ports.Kit`."""

    Given = desk.Given
    GivenError = desk.GivenError
    ActImpossible = desk.ActImpossible
    acts: Mapping[str, Act] = {
        act.name: act
        for act in (
            Act("desk.return", desk.ReturnArgs, False),
            Act("api.pay_fine", desk.PayArgs, True),
            Act("sweep", desk.NoArgs, True),
        )
    }
    fields: Mapping[str, tuple[str, ...]] = {
        "truth": ("owes", "standing"),
        "customer": ("asks", "blocked", "paid"),
    }

    def load(self, given: desk.Given) -> World:
        loans: dict[str, desk.Loan] = {}
        for number, loan in enumerate(given.loans):
            at = f"loans[{number}]"
            if loan.id in loans:
                raise desk.GivenError(f"{at}.id", f"{loan.id!r} stands twice")
            returned = loan.returned_at
            loans[loan.id] = desk.Loan(
                id=loan.id,
                due=_epoch(f"{at}.due", loan.due),
                returned_at=None if returned is None else _epoch(f"{at}.returned_at", returned),
                fined=loan.fined,
            )
        return World(_epoch("now", given.now), given.member, loans, {})

    def apply(self, world: World, name: str, args: Any) -> None:
        loan = world.loans.get(args.loan)
        if loan is None or loan.returned_at is not None:
            raise desk.ActImpossible(f"{args.loan} is not out")
        world.loans[loan.id] = msgspec.structs.replace(loan, returned_at=world.now)
        world.emit("loan.returned", loan.id, {"id": loan.id, "returned_at": world.now})

    def intent(self, world: World, name: str, args: Any) -> Any | None:
        if name == "api.pay_fine" and not world.member.fine:
            return None
        return args

    def books(self, world: World) -> dict[str, Any]:
        return {
            "member": msgspec.to_builtins(world.member),
            "loans": {
                key: {k: v for k, v in msgspec.to_builtins(loan).items() if k != "id"}
                for key, loan in world.loans.items()
            },
            "receipts": dict(world.till),
        }

    def money(self, world: World) -> dict[str, Any]:
        return {"captured": dict(world.till)} if world.till else {}

    def effects(self, world: World) -> dict[str, Any]:
        effects: dict[str, list[dict[str, Any]]] = {}
        for call in world.calls:
            row = {"call": call.op, **call.params, "result": call.result}
            effects.setdefault(call.object, []).append(row)
        return effects

    def truth(self, world: World) -> dict[str, Any]:
        owes = sum(map(desk.fine_for, world.loans.values())) - sum(world.till.values())
        return {"owes": owes, "standing": "owing" if owes > 0 else "good"}

    def outcome(self, world: World) -> dict[str, Any]:
        member = world.member
        paid = sum(world.till.values())
        return {"asks": member.fine, "blocked": member.blocked, "paid": paid}

    def entitled(self, world: World) -> tuple[str, ...] | None:
        owes = self.truth(world)["owes"]
        unmet = []
        if world.member.fine > owes:
            unmet.append(f"asks {world.member.fine}, owes {owes}")
        if world.member.blocked and owes <= 0:
            unmet.append("blocked and owes nothing")
        return tuple(unmet)

    def wrongs(self, world: World) -> tuple[str, ...]:
        return self.entitled(world) or ()

    def harm(self, control: Any, candidate: Any) -> tuple[str, ...]:
        rules = {
            "asks more": candidate["asks"] > control["asks"],
            "blocks": candidate["blocked"] and not control["blocked"],
            "charged more": candidate["paid"] > control["paid"],
        }
        return tuple(rule for rule, holds in rules.items() if holds)

    def loss(self, control: World, candidate: World) -> dict[str, int]:
        less = (control.member.fine + sum(control.till.values())) - (
            candidate.member.fine + sum(candidate.till.values())
        )
        return {"usd": less} if less > 0 else {}

    def expectable(self, world: World) -> dict[str, dict[str, Any]]:
        return {"truth": self.truth(world), "customer": self.outcome(world)}

    def scope(self, before: World, after: World) -> dict[str, Any]:
        return {"before": self.books(before), "truth": self.truth(after)}

    def deferrals(self, world: World) -> tuple[str, ...]:
        return ()

    def stratum(self, world: World) -> dict[str, str]:
        return {"segment": "reader", "currency": "usd"}


KIT = Kit()
