"""The probes on the replica's own modules: its statement arcs are coverage.py's branches."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace as Row
from typing import Any

from harness.importing import load_engine
from tests.harness.branch_tables import coverage_tables, probed_table
from tests.legacy_replica.fake_ports import (
    NOW,
    CardError,
    FakePorts,
    api,
    grant,
    invoice,
    line,
    webhook,
)

EXPECTED = {"ValueError", "Refused"}


def drive(handlers: Mapping[str, Any], seed: int, calls: int) -> None:
    """Call every handler with inputs of many kinds; whatever it raises is fine."""
    draw = random.Random(seed)  # noqa: S311
    for _ in range(calls):
        trigger = draw.choice(sorted(handlers))
        ports = some_ports(draw)
        asked = trigger.startswith(("api.", "cron.", "support."))
        sent = api(trigger, invoice="in_0") if asked else webhook(trigger, payload(draw))
        for handler in handlers[trigger]:
            try:
                handler.call(ports, sent)
            except Exception as error:
                if type(error).__name__ not in EXPECTED:
                    raise


def some_ports(draw: random.Random) -> FakePorts:
    block, ban = Row(kind="block"), Row(kind="ban")
    return FakePorts(
        account=draw.random() > 0.1,
        flag=draw.choice([False, True, True, True]),
        since=draw.choice([None, 5, NOW]),
        metadata=draw.choice(
            [
                {},
                {"bad_debt_amount": "60"},
                {"bad_debt_amount": "60", "consolidated_invoice": "in_9"},
                {"bad_debt_amount": "1,250"},
            ]
        ),
        method=draw.choice([None, "pm_1", "pm_1"]),
        invoices=tuple(
            invoice(
                f"in_{n}",
                *lines(draw),
                status=draw.choice(["open", "uncollectible", "void"]),
                created=draw.choice([0, NOW]),
                remaining=draw.choice([0, 5]),
                attempts=draw.choice([0, 8]),
                sub=draw.choice([None, "sub_1"]),
                payments=(("payment_intent", f"pi_{n}"),)[: draw.randrange(2)],
            )
            for n in range(draw.randrange(4))
        ),
        cached=draw.choice([None, 5]),
        holds=draw.choice([(), (block,), (block, ban)]),
        grants=tuple(
            grant(f"g{n}", plan=draw.choice(["free", "pro"]), sub=draw.choice(["sub_1", "sub_2"]))
            for n in range(draw.randrange(3))
        ),
        subscriptions={"sub_1": draw.choice(["active", "past_due"])},
        segment=draw.choice([None, "pro", "business", "enterprise"]),
        attempts=draw.choice([0, 3]),
        errors=draw.choice([{}, {"void_invoice in_0": CardError("no")}]),
        charges={"ch_1": draw.choice([None, "in_0"])},
        pay_error=draw.choice(
            [
                None,
                CardError("no", "card_declined"),
                CardError("no", "invoice_payment_intent_requires_action"),
            ]
        ),
    )


def lines(draw: random.Random) -> list[Any]:
    usage = draw.choice(["licensed", "metered", None])
    found = [line(1000, start=draw.randrange(3), end=-draw.randrange(2), usage=usage)]
    if draw.random() < 0.2:
        found[0].pricing = None
    return found[: draw.randrange(2)]


def payload(draw: random.Random) -> dict[str, Any]:
    details = {"subscription_details": {"subscription": "sub_1"}}
    return {
        "id": f"in_{draw.randrange(2)}",
        "metadata": draw.choice([{}, {"consolidated": "true"}]),
        "amount_paid": draw.choice([0, 30, 90]),
        "total": draw.choice([0, 30]),
        "next_payment_attempt": draw.choice([None, 5]),
        "status": draw.choice(["active", "unpaid", "past_due", "canceled", "lost", "won"]),
        "amount": 90,
        "amount_refunded": draw.choice([30, 90]),
        "invoice": draw.choice([None, "in_0"]),
        "charge": "ch_1",
        "payment_intent": draw.choice(["pi_0", "pi_1"]),
        **draw.choice([{"parent": details}, {"subscription": "sub_1"}, {"parent": None}]),
    }


def test_on_varied_inputs_both_count_the_same_branches(tmp_path: Path) -> None:
    loaded = load_engine("legacy_replica.engine:ENGINE", instrument=True)
    arcs = loaded.coverage.arcs
    untaken = []
    for seed, calls in ((1, 4), (2, 15), (3, 3000)):
        loaded.coverage.reset()
        drive(loaded.engine.handlers, seed, calls)
        taken = loaded.coverage.taken()
        ours = {
            unit.rpartition(".")[2]: probed_table(arcs[unit], taken.get(unit, ())) for unit in arcs
        }
        program = (
            "from legacy_replica.engine import ENGINE\n"
            "from tests.legacy_replica.test_replica_arcs import drive\n"
            f"drive(ENGINE.handlers, {seed}, {calls})\n"
        )
        theirs = coverage_tables(program, tmp_path, "--source=legacy_replica")
        assert {unit: theirs.get(unit, {}) for unit in ours} == ours
        untaken.append(
            [row for table in ours.values() for row in table.values() if len({*row}) > 1]
        )
    assert untaken[0], "the few calls must leave branches untaken, or nothing was compared"
    assert not untaken[-1], "the many calls take every branch"
