"""Faults planted in the shipped engines, world and scenarios: each closes the gate, by name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.shadow_command import ROOT, shadow

PARTS = ("brain", "fixtures", "harness", "legacy_replica", "scenarios", "docs/decisions")


class Planted(NamedTuple):
    """In `file`, `before` becomes `after`; the gate must then close with `slug`."""

    name: str
    file: str
    before: str
    after: str
    slug: str


FAULTS = (
    Planted(
        "the brain bans a day late",
        "brain/policy.py",
        '"pro": Policy(grace_days=14, block_days=0, ban_days=30)',
        '"pro": Policy(grace_days=14, block_days=0, ban_days=31)',
        "free-not-kept",
    ),
    Planted(
        "the brain forgives every debt",
        "brain/debt.py",
        "or debt.id in forgiven",
        "or True",
        "made-worse",
    ),
    Planted(
        "the brain reads a clock past the guard",
        "brain/look.py",
        "    for reason in decision.view.reasons:",
        '    import inspect\n    inspect.importlib.import_module("time").time()\n'
        "    for reason in decision.view.reasons:",
        "cell-error",
    ),
    Planted(
        "the brain's reasons depend on the hash seed",
        "brain/look.py",
        "    for reason in decision.view.reasons:",
        '    for name in {"a", "b", "c", "d", "e"}:\n        ports.reason(name)\n'
        "    for reason in decision.view.reasons:",
        "cell-unstable",
    ),
    Planted(
        "somebody improved the replica",
        "legacy_replica/invoice_voided.py",
        'list(status="open")',
        "list()",
        "cell-drifts",
    ),
    Planted(
        "the replica grew a branch",
        "legacy_replica/invoice_voided.py",
        "    # QUIRK Q17",
        "    if ports.clock.now() < 0:\n        return\n    # QUIRK Q17",
        "branch-not-taken",
    ),
    Planted(
        "the double forgets an event",
        "fixtures/stripe/invoice.py",
        '"invoice.voided"',
        '"invoice.avoided"',
        "paths-changed",
    ),
    Planted(
        "truth owes more than was used",
        "fixtures/ledger.py",
        'max(0, self.sum("consumed") - self.settled)\n        else',
        'max(0, self.sum("consumed") - self.settled + 1)\n        else',
        "free-not-kept",
    ),
    Planted(
        "the brain lifts what trust and safety put",
        "brain/snapshot.py",
        'if h.reason == "dunning"',
        "if h.reason",
        "made-worse",
    ),
    Planted(
        "the brain bans while a dispute is open",
        "brain/standing.py",
        "if snapshot.disputed:",
        "if False:",
        "free-not-kept",
    ),
    Planted(
        "the brain blocks while a debit is on its way",
        "brain/standing.py",
        "    if frozen:",
        "    if False:",
        "cell-diverges",
    ),
    Planted(
        "the brain keeps a promise a second too long",
        "brain/standing.py",
        "override.until > snapshot.now",
        "override.until >= snapshot.now",
        "cell-diverges",
    ),
    Planted(
        "the brain forgets taxes",
        "brain/debt.py",
        "return line.amount - discounts + taxes",
        "return line.amount - discounts",
        "cell-diverges",
    ),
    Planted(
        "the brain goes by the customer service's copy of the segment",
        "brain/assess.py",
        "policy_of(snapshot.account.segment)",
        "policy_of((snapshot.customer and snapshot.customer.segment) or snapshot.account.segment)",
        "cell-diverges",
    ),
    Planted(
        "the retrying job counts to seven",
        "legacy_replica/retry_open_invoices.py",
        "RETRIES = 8",
        "RETRIES = 7",
        "cell-drifts",
    ),
    Planted(
        "the banning job leaves a block for fraud",
        "legacy_replica/ban_flagged.py",
        "    ports.enforcement.clear_holds()\n",
        "",
        "cell-drifts",
    ),
    Planted(
        "a ruling lost a clause",
        "scenarios/rulings/R-dunning-ends-with-the-debt.yaml",
        "  - {at: books.billing_db.bad_debt",
        "  # - {at: books.billing_db.bad_debt",
        "cell-diverges",
    ),
    Planted(
        "a ruling is signed by its owner",
        "scenarios/rulings/R-dunning-ends-with-the-debt.yaml",
        "approver: billing-ledger",
        "approver: billing-brain",
        "ruling-self-approved",
    ),
    Planted(
        "a scenario was edited after it was pinned",
        "scenarios/invoice-voided/duplicate-purchase-voided.yaml",
        "title: ",
        "title: Now ",
        "manifest-stale",
    ),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything that a gate needs."""
    root = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, root / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def gate(root: Path) -> tuple[str, set[str]]:
    """The verdict of the copy, run with the copy's own packages, and every slug in it."""
    done = shadow("gate", "--json", at=root, PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1")
    verdict = json.loads(done.stdout)
    reasons = [*verdict["reasons"], *(r for p in verdict["paths"].values() for r in p["reasons"])]
    return verdict["gate"], {reason["slug"] for reason in reasons}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_closes_the_gate_by_name(whole: Path, fault: Planted) -> None:
    file = whole / fault.file
    original = file.read_text()
    assert fault.before in original
    file.write_text(original.replace(fault.before, fault.after, 1))

    try:
        verdict, slugs = gate(whole)
    finally:
        file.write_text(original)

    assert verdict == "closed"
    assert fault.slug in slugs


def test_the_copy_without_a_fault_is_open(whole: Path) -> None:
    assert gate(whole) == ("open", set())
