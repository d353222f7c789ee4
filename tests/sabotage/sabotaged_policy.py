"""Sabotages of what the gate asks for: of thresholds, approvers, and fields left out."""

from __future__ import annotations

from harness.errors import ExitCode
from tests.sabotage.planted_project import HOUSE, Edit, Remove, Write
from tests.sabotage.planted_row import Sabotage

GATE = "scenarios/gate.yaml"
FLOORS = "floors: {distinct_cells: 8, sound_agree: 3}"


def threshold(what: str, value: str) -> Sabotage:
    """A threshold that is no figure."""
    deed = Edit(GATE, "agreement_where_sound: 1/1", f"agreement_where_sound: {value}")
    return Sabotage(f"A threshold is {what}", HOUSE, (deed,), "policy-threshold", ExitCode.INPUT)


LEFT_OUT = """
fields:
  - field: FIELD
    status: retired
    reason: nobody reads it
    decision: docs/decisions/0001-fields.md
"""


ROWS = (
    threshold("null", "null"),
    threshold("zero", "0"),
    threshold("empty", '""'),
    threshold("negative", "-1"),
    threshold("a rounded number", '"0.999"'),
    threshold("above one", "3/2"),
    Sabotage(
        "A threshold is left out",
        HOUSE,
        (Edit(GATE, "repairs_proven: 1/1\n", ""),),
        "policy-threshold",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The floors are empty", HOUSE, (Edit(GATE, FLOORS, "floors: {}"),), "policy-shape",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A threshold is loosened, and nobody says why",
        HOUSE,
        (Edit(GATE, "distinct_cells: 8", "distinct_cells: 2"),),
        "policy-looser",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A threshold is spelt so that nobody reads it",
        HOUSE,
        (Edit(GATE, "intended_change_max", "intended_change_maximum"),),
        "policy-unknown-key",
        ExitCode.INPUT,
    ),
    Sabotage(
        "What cannot be configured is configured",
        HOUSE,
        (Edit(GATE, FLOORS, f"{FLOORS}\nmade_worse: 9"),),
        "policy-fixed",
        ExitCode.INPUT,
    ),
    Sabotage(
        "Nobody has to approve",
        HOUSE,
        (Edit(GATE, "approvers: [mia]", "approvers: []"),),
        "policy-shape",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The level is a new one, without conditions",
        HOUSE,
        (Edit(GATE, "level: rehearsal", "level: none"),),
        "policy-shape",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The level is production, and the evidence is a rehearsal's",
        HOUSE,
        (Edit(GATE, "level: rehearsal", "level: production"),),
        "evidence-required",
    ),
    Sabotage(
        "The policy is deleted", HOUSE, (Remove(GATE),), "unreadable", ExitCode.INPUT
    ),
    Sabotage(
        "That a path has no sound case is signed by nobody who may",
        HOUSE,
        (Edit(GATE, FLOORS, f"{FLOORS}\nno_sound_case:\n"
              "  turn: {reason: r, decision: d, approver: max, expires: 2027-01-01}"),),
        "policy-approver",
        ExitCode.INPUT,
    ),
    Sabotage(
        "That a path has no sound case is signed, and it has",
        HOUSE,
        (Edit(GATE, FLOORS, f"{FLOORS}\nno_sound_case:\n"
              "  turn: {reason: r, decision: d, approver: mia, expires: 2027-01-01}"),),
        "no-sound-case-unused",
    ),
    Sabotage(
        "A field is left out of the comparison, and no decision says why",
        HOUSE,
        (Write("scenarios/fields.yaml", LEFT_OUT.replace("FIELD", "books.rooms.*.heating")),),
        "unknown-decision-record",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A field that rulings pin is left out of the comparison",
        HOUSE,
        (Write("docs/decisions/0001-fields.md", "# Fields\n"),
         Write("scenarios/fields.yaml", LEFT_OUT.replace("FIELD", "books.rooms.*.heating"))),
        "ruling-undershoot",
    ),
    Sabotage(
        "The configuration names another gate",
        HOUSE,
        (Edit("pyproject.toml", "scenarios/gate.yaml", "scenarios/easy.yaml"),),
        "unreadable",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The configuration has the candidate judge itself",
        HOUSE,
        (Edit("pyproject.toml", 'control = "old:ENGINE"', 'control = "new:ENGINE"'),),
        "unknown-quirk",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The configuration has the control judge itself",
        HOUSE,
        (Edit("pyproject.toml", 'candidate = "new:ENGINE"', 'candidate = "old:ENGINE"'),),
        "ruling-undershoot",
    ),
)  # fmt: skip
