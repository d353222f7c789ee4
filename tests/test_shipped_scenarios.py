"""The shipped scenarios, as a whole: what the set must hold, and that its gate is open."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest

from harness.compose import compose
from harness.errors import ExitCode
from harness.scenario import Scenario
from tests.shadow_command import ROOT, shadow

COMPOSITION = compose(ROOT / "pyproject.toml", ())
PATHS = {
    *(f"api.{name}" for name in ("billing_state", "pay_bad_debt", "pay_invoice")),
    *(
        f"cron.{name}"
        for name in (
            "ban_flagged",
            "consolidate_bad_debt",
            "flag_overdue",
            "retry_open_invoices",
            "sync_metadata",
        )
    ),
    *(f"support.{name}" for name in ("clear_bad_debt", "lift_ban")),
    *(
        f"webhook.{name}"
        for name in (
            "charge_refunded",
            "dispute_closed",
            "dispute_created",
            "invoice_marked_uncollectible",
            "invoice_payment_failed",
            "invoice_payment_succeeded",
            "invoice_voided",
            "subscription_deleted",
            "subscription_updated",
        )
    ),
}
FAMILIES = {f"S{number:02}" for number in (*range(1, 14), *range(17, 36), *range(40, 51))}
TICKETS = {
    "RC4_PAYMENT_FAILURE",
    "RC5_NO_PAY_NOW",
    "address/checkout",
    "bad-debt",
    "duplicate-charge",
    "entitlement-drift",
    "invoice-remediation",
    "payment-block",
    "refund",
    "subscription-lifecycle",
}


def scenarios() -> tuple[Scenario, ...]:
    return COMPOSITION.loaded.scenarios


def test_the_gate_is_open_for_every_path_at_level_rehearsal() -> None:
    done = shadow("gate", "--json")

    verdict = json.loads(done.stdout)
    assert done.returncode == ExitCode.OPEN, verdict["reasons"]
    assert (verdict["gate"], verdict["level"]) == ("open", "rehearsal")
    assert set(verdict["paths"]) >= PATHS
    assert {path["gate"] for path in verdict["paths"].values()} == {"open"}
    assert verdict["figures"]["leak"] == 0
    assert verdict["figures"]["made_worse"] == 0
    assert verdict["figures"]["left_to_a_person"] == 0
    totals, free = verdict["totals"], verdict["free"]
    assert totals["expected"] == totals["AGREE"] + totals["RULED"] > 0
    assert free["expected"] == free["KEPT"] > 0


def test_a_gate_on_a_part_of_the_set_is_never_open() -> None:
    done = shadow("gate", "--json", "scenarios/billing-state")

    verdict = json.loads(done.stdout)
    assert done.returncode == ExitCode.CLOSED
    assert "partial-set" in {reason["slug"] for reason in verdict["reasons"]}


def test_the_set_is_wide_enough() -> None:
    currencies = Counter(one.given.account.currency for one in scenarios())
    segments = {one.given.account.segment for one in scenarios()}
    races = [item for one in scenarios() for item in one.when if item.kind == "together"]

    assert len(scenarios()) >= 90
    assert {"usd", "eur", "jpy", "kwd"} <= set(currencies)
    assert {one.family for one in scenarios()} >= FAMILIES
    assert {one.ticket for one in scenarios()} >= TICKETS
    assert segments == {"free", "pro", "business", "enterprise"}
    assert len(races) >= 2


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda one: one.id)
def test_a_curated_scenario_says_by_hand_what_must_come_of_it(scenario: Scenario) -> None:
    assert scenario.provenance.kind == "curated"
    assert scenario.provenance.source
    assert scenario.title
    assert scenario.ticket
    assert scenario.then is not None
    assert scenario.then.truth or scenario.then.customer


def test_rulings_stay_few_and_short() -> None:
    rulings = COMPOSITION.rulings

    assert not rulings.refused
    assert len(rulings.good) <= 80
    assert max(len(ruling.expect) for ruling in rulings.good) <= 12


def test_every_path_is_shown_right_and_wrong() -> None:
    """Sound situations beside faults: a set of faults alone would prove nothing about the rest."""
    quirks = COMPOSITION.control.engine.quirks
    faulty = {quirks[fault].path for one in scenarios() for fault in one.faults}

    assert faulty == PATHS
    assert sum(not one.faults for one in scenarios()) >= 8


def test_the_replay_loop_loads_neither_the_sdk_nor_a_comparing_library() -> None:
    control = "" if COMPOSITION.recording else f", {COMPOSITION.config.control.split(':')[0]}"
    probe = (
        "import sys\n"
        "import harness.lockstep, harness.free, harness.race, harness.adjudicate, harness.leak\n"
        f"import fixtures.kit, brain.engine{control}\n"
        "print(sorted({'stripe', 'deepdiff', 'sqlalchemy', 'rich'} & set(sys.modules)))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stdout.strip() == "[]", done.stderr
