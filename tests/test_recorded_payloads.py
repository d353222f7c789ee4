"""Event payloads that others recorded from Stripe, handed to both engines as webhooks."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.compose import Composition, compose
from harness.difference import differences
from harness.lockstep import lockstep
from harness.model import Episode
from harness.scenario import Item, Provenance, Scenario

ROOT = Path(__file__).parents[1]
RECORDED = ROOT.parent / "shared" / "stripe-data"
FILES = sorted(
    file
    for folder in ("stripe-ruby-mock", "pay-rails")
    for file in (RECORDED / folder).glob("invoice.*.json")
)
PAYMENT_SUCCEEDED = "webhook.invoice_payment_succeeded"

pytestmark = pytest.mark.skipif(not FILES, reason="the recorded Stripe objects are not here")


@cache
def composition() -> Composition:
    return compose(ROOT / "pyproject.toml", ())


def event(file: Path) -> tuple[str, dict[str, Any]]:
    """The event's type and object; pay-rails keeps the object alone and the type as file name."""
    data = json.loads(file.read_text())
    if data.get("object") == "event":
        return data["type"], data["data"]["object"]
    return file.stem, data


def replayed(type_: str, payload: dict[str, Any], **stripe: Any) -> Episode:
    """Deliver one foreign payload to an account in good standing, to both engines."""
    kit = composition().kit
    from fixtures.given import given

    world = given({"now": "2026-03-02T10:00:00Z", "account": {"id": "acc_1"}, "stripe": stripe})
    now = 1_772_445_600
    item = Item(kind="webhook", at=now + 60, name=type_, object=payload)
    scenario = Scenario(
        id="recorded", title="", family="", ticket="", deliverable="",
        provenance=Provenance(kind="recorded", source="others"), faults=(), given=world,
        now=now, when=(item,), then=None, observed=(), file="", sha256="",
    )  # fmt: skip
    assert kit is composition().kit
    return list(lockstep(composition().setup(), scenario))[1]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_recorded_invoice_payload_passes_through_both_engines_without_error(file: Path) -> None:
    type_, payload = event(file)

    episode = replayed(type_, payload)

    assert episode.findings == ()
    assert episode.control is not None
    assert episode.candidate is not None
    found = {one.path for one in differences(episode.control.facets, episode.candidate.facets)}
    last = type_ == "invoice.payment_failed" and int(payload.get("total", 0)) > 0
    assert found == (FLAGGED if last else set())


FLAGGED = {"books.billing_db.bad_debt", "books.customer.bad_debt_since", "customer.flagged"}
"""What the control alone does at a failure after which no other attempt is planned."""


def test_recorded_payments_reach_the_control_and_the_candidate() -> None:
    ran = {}
    for file in FILES:
        type_, payload = event(file)
        if type_ == "invoice.payment_succeeded":
            episode = replayed(type_, payload)
            ran[file.parent.name] = (episode.paths, bool(episode.candidate.handlers))

    assert ran == {"stripe-ruby-mock": ((PAYMENT_SUCCEEDED,), True)}


def test_a_recorded_payment_of_a_written_off_debt_shows_the_fault_of_the_control() -> None:
    """The payload says `amount_paid` 2000 in Stripe's shape of 2020; the debt is one of 2000."""
    file = RECORDED / "stripe-ruby-mock" / "invoice.payment_succeeded.json"
    type_, payload = event(file)

    episode = replayed(type_, payload, metadata={"bad_debt": "true", "bad_debt_amount": "2000"})

    wrote = {write[1]: write[3] for write in episode.control.writes}
    assert wrote["stripe_metadata.bad_debt"] is None
    assert wrote["stripe_metadata.bad_debt_amount"] is None
