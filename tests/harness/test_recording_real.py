"""Recordings of real events through the real engines, and what becomes of an echo."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.document import read_document
from harness.record.account_rows import read_accounts
from harness.record.pseudonym import pseudonyms
from tests.harness.planted import said
from tests.replica_code import needs_replica

pytestmark = needs_replica

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "stripe-data"
ZULIP, RUBY = DATA / "zulip-recorded", DATA / "stripe-ruby-mock"
CONFIG = """\
[tool.shadow]
control    = "legacy_replica.engine:ENGINE"
candidate  = "brain.engine:ENGINE"
world      = "fixtures.kit:KIT"
invariants = "brain.invariants:INVARIANTS"
scenarios  = "scenarios"
gate       = "scenarios/gate.yaml"
"""
STORES: Mapping[str, Any] = {
    "account.segment": "pro",
    "billing_db.bad_debt": False,
    "customer.bad_debt_since": None,
    "entitlements": [],
    "enforcement.blocked": False,
    "cases": [],
}

FAMILIES = {
    "downgrade_small_realms_behind_on_payments_as_needed": (0, 0),
    "free_trial_upgrade_by_invoice": (0, 0),
    "invoice_plan": (0, 1),
    "replace_payment_method": (0, 1),
    "upgrade_by_invoice": (0, 0),
    "upgrade_first_card_fails_and_restart_from_begining": (1, 1),
    "upgrade_race_condition_during_card_upgrade": (0, 1),
    "ruby": (0, 2),
}
"""Family → cells in which a path runs with the accounts' rows; then, with the assumption besides
that Stripe holds nothing but what events told of: the files name objects that none tells of."""

needs_data = pytest.mark.skipif(not ZULIP.is_dir(), reason="the recorded Stripe data is not here")


class Project:
    """The real engines in a folder, and recordings made there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "docs").mkdir()
        (folder / "docs" / "decisions").symlink_to(ROOT / "docs" / "decisions")
        (folder / "scenarios").mkdir()
        for name in ("gate.yaml", "fields.yaml"):
            (folder / "scenarios" / name).write_bytes((ROOT / "scenarios" / name).read_bytes())
        (folder / "shadow.toml").write_text(CONFIG)
        (folder / "key").write_text("0123456789abcdef")

    def record(
        self, files: Sequence[Path], *, rows: Sequence[Mapping[str, Any]] = (), at_least: int = 1
    ) -> tuple[int, Any]:
        side: tuple[str, ...] = ()
        if rows:
            (self.folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
            side = ("--accounts", "rows.jsonl")
        words = ("--config", "shadow.toml", "--key", "key", "--at-least", str(at_least))
        return said("record", "events", *map(str, files), *words, *side)

    def assume(self) -> None:
        """Write that what events told of is all that Stripe holds, where that is not known."""
        for file in (self.folder / "scenarios" / "recorded").glob("*.yaml"):
            unknown = read_document(file).data["given"]["unknown"]
            if {"invoices", "charges", "payment_intents"} & {*unknown}:
                file.write_text(file.read_text() + "assume: {stripe: {}}\n")

    def written(self) -> list[dict[str, Any]]:
        files = sorted((self.folder / "scenarios" / "recorded").glob("*.yaml"))
        return [read_document(file).data for file in files]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the second process
    return Project(tmp_path)


def files_of(family: str) -> list[Path]:
    return [RUBY] if family == "ruby" else sorted(ZULIP.glob(f"{family}--*.json"))


def rows_of(files: Sequence[Path]) -> list[dict[str, Any]]:
    """A row for every customer that the files name."""
    below = [one for file in files for one in (file.glob("*.json") if file.is_dir() else [file])]
    customers = {c for one in below for c in re.findall(r'"(cus_\w+)"', one.read_text())}
    return [{"customer": customer, **STORES} for customer in sorted(customers)]


@needs_data
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_compared_with_its_rows_and_not_run_without_them(
    project: Project, family: str
) -> None:
    files, (known, assumed) = files_of(family), FAMILIES[family]
    rows = rows_of(files)

    without, bare = project.record(files)
    code, told = project.record(files, rows=rows, at_least=max(known, 1))
    project.assume()
    assuming, more = project.record(files, rows=rows, at_least=max(assumed, 1))

    assert (without, bare["with_path"]) == (5, 0), "without its stores nothing can be compared"
    assert bare["path_ran"] <= bare["unknown_state"] == bare["totals"]["NOT_RUN"]
    assert (code, told["with_path"]) == (0 if known else 5, known)
    assert (assuming, more["with_path"]) == (0 if assumed else 5, assumed)
    assert more["unknown_state"] <= told["unknown_state"] <= bare["unknown_state"]
    for one in (told, more):
        assert one["unknown_state"] == one["totals"]["NOT_RUN"]
        assert not one["totals"]["ERROR"]
        assert not one["totals"]["UNSTABLE"]
        assert one["failures"] == []


@needs_data
@pytest.mark.parametrize("family", [name for name, (_, least) in FAMILIES.items() if least])
def test_one_cell_more_than_there_is_fails(project: Project, family: str) -> None:
    files, (_, assumed) = files_of(family), FAMILIES[family]
    rows = rows_of(files)
    project.record(files, rows=rows)
    project.assume()

    code, told = project.record(files, rows=rows, at_least=assumed + 1)

    assert code == 1
    assert [reason["slug"] for reason in told["reasons"]] == ["too-few-cells"]


@needs_data
def test_every_object_that_was_read_is_used_or_named(project: Project) -> None:
    files = sorted(ZULIP.glob("invoice_plan--*.json"))
    read = 0
    for file in files:
        data = json.loads(file.read_text())
        read += len(data["data"]) if data.get("object") == "list" else 1

    _, told = project.record(files)

    used = sum(one["acts"] + len(one["echoes"]) for one in told["recordings"])
    assert used + len(told["unused"]) + len(told["failures"]) == read
    assert all(one["reason"] for one in told["unused"])
    assert sum(told["unattributed"].values()) <= used


@needs_data
def test_no_id_of_stripes_reaches_a_scenario(project: Project) -> None:
    files = files_of("replace_payment_method")
    ids = {
        found
        for file in files
        for found in re.findall(r'"((?:cus|in|ch|pi|pm|il|evt|req)_\w{8,})"', file.read_text())
    }

    project.record(files, rows=rows_of(files))

    text = json.dumps(project.written())
    assert ids
    assert not {one for one in ids if one in text}


def test_the_guides_rows_are_rows_of_this_kit(project: Project) -> None:
    from fixtures.kit import KIT

    guide = (ROOT / "docs" / "recording.md").read_text()
    found = re.search(r"```csv\n(.*?)```", guide, re.S)
    assert found is not None
    (project.folder / "rows.csv").write_text(found[1])
    rows = read_accounts("rows.csv", None)

    made = KIT.recorder.read(
        [], accounts=rows.found, calls=(), pseudonym=pseudonyms(b"k" * 16), delivered=False
    )

    assert not rows.failures
    assert [(one.where, one.reason) for one in made.unused] == [
        ("rows.csv:2", "no event is of its customer"),
        ("rows.csv:3", "no event is of its customer"),
    ]


# --- echoes -------------------------------------------------------------------------------

START = 1_772_445_600  # 2026-03-02T10:00:00Z
HOUR = 3600
PRICE = {"id": "price_1", "product": "prod_1", "recurring": {"interval": "month"}}
PERIOD = {"start": START, "end": START + 30 * 24 * HOUR}


def event(number: int, type: str, object: Mapping[str, Any], *, request: str | None) -> Any:
    return {
        "object": "event", "id": f"evt_{number}", "type": type, "created": START + number * HOUR,
        "request": {"id": request, "idempotency_key": None}, "data": {"object": object},
    }  # fmt: skip


def invoice(status: str, **more: Any) -> dict[str, Any]:
    line = {"id": "il_1", "object": "line_item", "type": "subscription", "amount": 5000,
            "currency": "usd", "period": PERIOD, "subscription": "sub_1", "quantity": 1,
            "price": PRICE}  # fmt: skip
    return {
        "object": "invoice", "id": "in_1", "customer": "cus_1", "subscription": "sub_1",
        "status": status, "currency": "usd", "created": START, "total": 5000, "subtotal": 5000,
        "amount_due": 5000, "amount_paid": 0, "amount_remaining": 5000, "attempt_count": 1,
        "collection_method": "charge_automatically", "billing_reason": "subscription_create",
        "lines": {"object": "list", "data": [line]}, **more,
    }  # fmt: skip


def subscription(status: str, **more: Any) -> dict[str, Any]:
    item = {"id": "si_1", "price": PRICE, "current_period_start": PERIOD["start"],
            "current_period_end": PERIOD["end"]}  # fmt: skip
    return {
        "object": "subscription", "id": "sub_1", "customer": "cus_1", "status": status,
        "created": START, "currency": "usd", "items": {"object": "list", "data": [item]}, **more,
    }  # fmt: skip


def voided(project: Project, **shown: Any) -> Any:
    """Record a customer whose subscription ends, at which the control voids the open invoice."""
    customer = {"object": "customer", "id": "cus_1", "created": START, "balance": 0,
                "currency": "usd", "metadata": {}}  # fmt: skip
    happened = [
        event(0, "customer.created", customer, request="req_0"),
        event(1, "customer.subscription.created", subscription("active"), request="req_1"),
        event(2, "invoice.finalized", invoice("open"), request="req_1"),
        event(4, "customer.subscription.deleted",
              subscription("canceled", ended_at=START + 4 * HOUR), request=None),
        event(4, "invoice.voided", invoice("void", **shown), request="req_9"),
    ]  # fmt: skip
    happened[-1] |= {"id": "evt_5", "created": START + 4 * HOUR + 3}
    file = project.folder / "events.json"
    file.write_text(json.dumps({"object": "list", "data": happened[::-1]}))
    return project.record([file], rows=[{"customer": "cus_1", **STORES}])[1]


def test_what_the_control_voids_itself_is_observed_and_no_act(project: Project) -> None:
    told = voided(project, status_transitions={"voided_at": START + 4 * HOUR + 2})

    (recording,) = told["recordings"]
    assert recording["echoes"] == ["events.json[0]"]
    assert recording["acts"] == 4
    assert told["totals"]["DRIFT"] == 0
    (written,) = project.written()
    assert [item["webhook"] for item in written["when"]][-1] == "customer.subscription.deleted"
    seen = written["observed"][4]
    assert [value for path, value in seen.items() if path.endswith(".status")] == ["void"]
    moments = [value for path, value in seen.items() if path.endswith(".voided_at")]
    assert moments == [START + 4 * HOUR], "the clock stands still in an episode"


def test_a_wrong_value_in_what_the_control_voids_itself_is_drift(project: Project) -> None:
    told = voided(project, amount_remaining=4999)

    (recording,) = told["recordings"]
    assert recording["cells"][f"{recording['id']}#4"] == "DRIFT"
    cell = f"{recording['id']}#4"
    _, shown = said("show", cell, "--config", "shadow.toml")
    details = [one["detail"] for one in shown["cells"][0]["findings"] if one["outcome"] == "DRIFT"]
    assert len(details) == 1
    assert details[0].endswith(".amount_remaining: observed 4999, the control has 5000")
