"""Sabotages of scenarios and of the manifest: less is compared than it looks."""

from __future__ import annotations

from harness.errors import ExitCode
from tests.sabotage.planted_project import (
    HOUSE,
    MANIFEST,
    PINNED,
    SHIPPED,
    Copies,
    Copy,
    Each,
    Edit,
    Linked,
    Move,
    Pinned,
    Remove,
    Unrowed,
    Write,
)
from tests.sabotage.planted_row import Sabotage

LINT = ("lint", "--write")
A_DAY, EVENING, DIAL = (f"scenarios/{name}.yaml" for name in ("a-day", "cold-evening", "the-dial"))
FEW = Each(A_DAY, r"^  - \{at: \+[4-8]h.*\n", "")
"""Of a day's eight measurements three are left."""

ALL_OFF = Edit(A_DAY, "attic: true", "attic: false")

ROWS = (
    Sabotage("A scenario is removed", HOUSE, (Remove(A_DAY),), "scenario-removed"),
    Sabotage(
        "A scenario is removed, and the manifest is to be written anew",
        HOUSE,
        (Remove(A_DAY),),
        "scenario-removed",
        command=LINT,
    ),
    Sabotage(
        "A scenario is removed, and its row of the manifest with it",
        HOUSE,
        (Remove(A_DAY), Unrowed("a-day")),
        "no-cells",
    ),
    Sabotage(
        "A scenario that a ruling stands on is removed, and its row of the manifest with it",
        SHIPPED,
        (
            Remove("scenarios/invoice-voided/void-forgets-written-off-debt.yaml"),
            Unrowed("void-forgets-written-off-debt"),
        ),
        "ruling-undershoot",
    ),
    Sabotage(
        "A scenario is buried by a flag, with a reason",
        HOUSE,
        (Remove(A_DAY), Pinned(("--tombstone", "a-day", "no longer needed"))),
        "no-cells",
    ),
    Sabotage(
        "A scenario is buried by a flag, without a reason",
        HOUSE,
        (Remove(A_DAY),),
        "tombstone-empty",
        command=(*LINT, "--tombstone", "a-day", " "),
    ),
    Sabotage(
        "A tombstone loses its reason",
        HOUSE,
        (
            Remove(EVENING),
            Pinned(("--tombstone", "cold-evening", "asked twice")),
            Edit(MANIFEST, "asked twice", " "),
        ),
        "tombstone-empty",
    ),
    Sabotage(
        "A scenario is renamed, and deleted later under its new name",
        HOUSE,
        (
            Move(A_DAY, "scenarios/one-day.yaml"),
            Edit("scenarios/one-day.yaml", "id: a-day", "id: one-day"),
            Pinned(("--tombstone", "a-day", "is called one-day")),
            Remove("scenarios/one-day.yaml"),
        ),
        "scenario-removed",
    ),
    Sabotage(
        "A scenario's file is emptied", HOUSE, (Write(A_DAY, ""),), "file-empty", ExitCode.INPUT
    ),
    Sabotage(
        "A scenario's acts are taken out, all but one",
        HOUSE,
        (Each(A_DAY, r"^  - \{at: \+[1-7]h.*\n", ""),),
        "manifest-cell-missing",
    ),
    Sabotage(
        "A scenario's acts are taken out and pinned",
        HOUSE,
        (FEW, ALL_OFF, PINNED),
        "too-few-cells",
    ),
    Sabotage(
        "A scenario that is too short is copied fifty times",
        HOUSE,
        (FEW, ALL_OFF, Copies(A_DAY, 50), PINNED),
        "too-few-cells",
    ),
    Sabotage(
        "A folder of too few scenarios is counted twice through a link",
        HOUSE,
        (FEW, ALL_OFF, Linked("scenarios/again", "."), PINNED),
        "too-few-cells",
    ),
    Sabotage(
        "A scenario stands twice, under one id",
        HOUSE,
        (Copy(A_DAY, "scenarios/more/a-day.yaml"),),
        "duplicate-id",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A scenario is hidden behind another suffix",
        HOUSE,
        (Move(A_DAY, "scenarios/a-day.yml"),),
        "wrong-suffix",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A scenario is moved into a hidden folder",
        HOUSE,
        (Move(A_DAY, "scenarios/.attic/a-day.yaml"),),
        "scenario-removed",
    ),
    Sabotage(
        "A scenario is moved among the rulings",
        HOUSE,
        (Move(A_DAY, "scenarios/rulings/a-day.yaml"),),
        "scenario-removed",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A scenario was edited after it was pinned",
        SHIPPED,
        (
            Edit("scenarios/invoice-voided/duplicate-purchase-voided.yaml",
                 "title: ", "title: Now "),
        ),
        "manifest-stale",
    ),
    Sabotage(
        "A scenario asks for nothing any more",
        HOUSE,
        (Each(A_DAY, r"^then:\n.*\n", ""),),
        "then-missing",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A scenario's clock is set back on the way",
        HOUSE,
        (Edit(A_DAY, "{at: +8h", "{at: +6h"),),
        "when-order",
        ExitCode.INPUT,
    ),
    Sabotage(
        "Only the scenarios that agree are asked for",
        HOUSE,
        (),
        "partial-set",
        command=("gate", A_DAY, DIAL),
    ),
    Sabotage(
        "An empty folder is asked for",
        HOUSE,
        (Write("none/README.md", ""),),
        "no-scenarios",
        ExitCode.NOTHING,
        ("gate", "none"),
    ),
    Sabotage("The manifest is deleted", HOUSE, (Remove(MANIFEST),), "manifest-missing"),
    Sabotage(
        "The manifest is cut in half",
        HOUSE,
        (Each(MANIFEST, r'(?s)"scenarios".*', ""),),
        "manifest-malformed",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The manifest pins no scenario",
        HOUSE,
        (Each(MANIFEST, r'(?s)^"scenarios".*?\n\]', '"scenarios": []'),),
        "manifest-empty",
    ),
    Sabotage(
        "The manifest lists fewer branches",
        HOUSE,
        (Edit(MANIFEST, '"old.measured": 8', '"old.measured": 7'),),
        "branch-total-changed",
    ),
    Sabotage(
        "The manifest says that another path ran",
        HOUSE,
        (Edit(MANIFEST, '["dial.turn","turn"]', '["dial.turn","measured"]'),),
        "paths-changed",
    ),
)  # fmt: skip
