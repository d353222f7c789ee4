"""One scenario told in cells by hand: paying leaves a flag, which a later job acts on."""

from __future__ import annotations

from datetime import date
from typing import Any

from harness.model import ABSENT, Cell, Class, Difference, Finding, Free, FreeRun, Outcome
from harness.ruling import Ruling, RulingClass
from harness.scenario import Provenance, Scenario
from tests.harness.cell_builder import START, cell, observation

PAY, BAN = "api.pay_bad_debt", "cron.ban_flagged"
FLAGGED_AT = 1_769_731_200  # 2026-01-30T00:00:00Z


def said(rule: str, **figures: object) -> dict[str, object]:
    """A reason as an engine leaves it: a rule with its figures beside it."""
    return {"rule": rule, **figures}


RULING = Ruling(
    id="R-paid-but-flagged",
    klass=RulingClass.CONTROL_BUG,
    quirk="Q14",
    title="Paying leaves the flag set",
    reason="The money came in, so nobody owes anything; the flag stays until a job looks.",
    ticket="bad-debt",
    owner="billing-brain",
    approver="billing-ledger",
    created=date(2026, 3, 2),
    expires=date(2026, 8, 1),
)
SCENARIO = Scenario(
    id="pay-now-leaves-flag",
    title="Paying through Pay Now leaves the flag set",
    family="S09",
    ticket="bad-debt",
    deliverable="brain-phase-1",
    provenance=Provenance(kind="curated", source="ticket: paid and still banned"),
    faults=("Q14",),
    given=None,
    now=START,
    when=(),
    then=None,
    observed=(),
    file="scenarios/pay-now-leaves-flag.yaml",
    sha256="",
)


def books(*, flag: bool, since: int | None, paid: bool, hold: str = "block") -> dict[str, Any]:
    held = {hold: {"dunning": {"by": "billing", "since": FLAGGED_AT}}} if hold else {}
    invoice = {"status": "paid" if paid else "open", "amount_remaining": 0 if paid else 6000}
    return {
        "billing_db": {"bad_debt": flag},
        "customer": {"bad_debt_since": since},
        "invoices": {"in_1": invoice},
        "enforcement": held,
    }


def customer(*, paid: bool, blocked: bool, banned: bool = False) -> dict[str, Any]:
    return {
        "asks": {} if paid else {"usd": 6000},
        "payable": [] if paid else [{"id": "in_1", "amount": 6000}],
        "blocked": blocked,
        "banned": banned,
        "charged": {"usd": 6000} if paid else {},
        "flagged": blocked or banned,
    }


BEFORE = books(flag=True, since=FLAGGED_AT, paid=False)
PAID = books(flag=True, since=FLAGGED_AT, paid=True)
CLEARED = books(flag=False, since=None, paid=True, hold="")
BANNED = books(flag=True, since=FLAGGED_AT, paid=True, hold="ban")
CALL = {"call": "invoices.pay", "payment_method": "pm_1", "result": "ok"}


def differences(*, hold: str, ruling: str, owner: str, origin: str = "") -> tuple[Difference, ...]:
    """The flag, its time and the hold, as the candidate leaves them after the payment."""
    held = {"dunning": {"by": "billing", "since": FLAGGED_AT}}
    follows = ruling and "follows"
    told = (
        ("customer", hold if hold == "banned" else "blocked", True, False, follows, ""),
        ("books", "billing_db.bad_debt", True, False, ruling, origin),
        ("books", "customer.bad_debt_since", FLAGGED_AT, None, ruling, origin),
        ("books", f"enforcement.{'ban' if hold == 'banned' else 'block'}", held, ABSENT,
         "" if hold == "banned" else ruling, ""),
    )  # fmt: skip
    return tuple(
        Difference(facet=facet, at=at, control=mine, candidate=theirs, owners=(owner,),
                   ruling=ruled, origin=came)
        for facet, at, mine, theirs, ruled, came in told
    )  # fmt: skip


def cells() -> tuple[Cell, ...]:
    truth: dict[str, Any] = {"owes": {}}
    look = cell(
        f"{SCENARIO.id}#0", ("(given)",), at=START, before=BEFORE, scope={"truth": truth},
        control=observation(facets={"customer": customer(paid=False, blocked=True),
                                    "books": BEFORE}),
        candidate=observation(facets={"customer": customer(paid=False, blocked=True),
                                      "books": BEFORE},
                              reasons=(said("debt.open", invoice="in_1",
                                                                  owed=6000),)),
    )  # fmt: skip
    pay = cell(
        f"{SCENARIO.id}#1", (PAY,), Outcome.RULED, act=PAY, at=START + 3600, before=BEFORE,
        klass=Class.REPAIR, control_broken=("I5: six stores tell two stories",),
        differences=differences(hold="blocked", ruling=RULING.id, owner=PAY),
        rulings=(RULING.id,), scope={"truth": truth},
        control=observation(
            facets={"customer": customer(paid=True, blocked=True), "books": PAID,
                    "response": {"status": 200}, "effects": {"in_1": [CALL]}},
            handlers=((PAY, PAY),),
        ),
        candidate=observation(
            facets={"customer": customer(paid=True, blocked=False), "books": CLEARED,
                    "response": {"status": 200}, "effects": {"in_1": [CALL]}},
            handlers=(("brain", PAY),),
            reasons=(said("debt.none", owed=0), said("standing.clear")),
        ),
    )  # fmt: skip
    ban = cell(
        f"{SCENARIO.id}#2", (BAN,), Outcome.DIVERGE, act=BAN, at=START + 14 * 86400, before=PAID,
        klass=Class.REPAIR, control_broken=("H2: banned at nothing owed",),
        differences=differences(hold="banned", ruling=RULING.id, owner=BAN,
                                origin=f"{SCENARIO.id}#1"),
        rulings=(RULING.id,), scope={"truth": truth},
        control=observation(facets={"customer": customer(paid=True, blocked=False, banned=True),
                                    "books": BANNED}, handlers=((BAN, BAN),),
                            written={"enforcement.ban": BAN, "enforcement.block": BAN}),
        candidate=observation(facets={"customer": customer(paid=True, blocked=False),
                                      "books": CLEARED},
                              reasons=(said("standing.clear"),)),
    )  # fmt: skip
    finding = Finding(outcome=Outcome.DIVERGE, slug="no-ruling", detail="books.enforcement.ban")
    return (look, pay, Cell(episode=ban.episode, outcome=ban.outcome, own=ban.own,
                            differences=ban.differences, findings=(finding,),
                            rulings=ban.rulings))  # fmt: skip


def free_run() -> FreeRun:
    return FreeRun(
        scenario=SCENARIO.id,
        outcome=Free.THEN_FAILED,
        then=("customer.banned: expected false, found true",),
        ends={
            "control": {"truth": {"owes": {}},
                        "customer": customer(paid=True, blocked=False, banned=True)},
            "candidate": {"truth": {"owes": {}}, "customer": customer(paid=True, blocked=False)},
        },
    )  # fmt: skip
