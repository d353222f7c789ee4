"""Sabotages of rulings: a signature that says more, longer, or for others than it may."""

from __future__ import annotations

from datetime import timedelta

from harness.errors import ExitCode
from harness.moment import today
from tests.sabotage.planted_project import (
    HOUSE,
    PINNED,
    RULING,
    SHIPPED,
    Copies,
    Each,
    Edit,
    Judged,
    Remove,
    Write,
)
from tests.sabotage.planted_row import Sabotage

ENDS = "scenarios/rulings/R-dunning-ends-with-the-debt.yaml"
A_DAY, DIAL = "scenarios/a-day.yaml", "scenarios/the-dial.yaml"
TURN = "old/turn.py"


def dated(created: int, expires: int) -> Each:
    """The ruling's days, counted from today."""
    days = [today() + timedelta(days=number) for number in (created, expires)]
    return Each(RULING, r"^created: .*\nexpires: .*", f"created: {days[0]}\nexpires: {days[1]}")


def dead(*branches: str) -> Write:
    """A ruling that calls branches dead."""
    listed = "\n".join(f'  - "{one}"' for one in branches)
    text = f"""\
id: R-never-taken
class: dead-branch
title: Nobody comes here
reason: It was for a boiler that is gone.
ticket: house-9
owner: jo
approver: mia
created: {today()}
expires: {today()}
subjects:
{listed}
"""
    return Write("scenarios/rulings/R-never-taken.yaml", text)


COLD = Edit("new.py", "room.celsius < room.wanted", "room.celsius < room.wanted - 1")
WORDED = Edit("new.py", '    return {"wanted": to}', '    return {"wanted": to, "unit": "C"}')
UNITS = f"""\
id: R-unit-is-said
class: intended-change
decision: docs/decisions/0001-units.md
title: The answer says the unit
reason: Whoever reads it has asked for it.
ticket: house-8
owner: jo
approver: mia
created: {today()}
expires: {today()}
scope:
  paths: [turn]
  segments: [all]
expect:
  - {{at: response.unit, control: {{absent: true}}, candidate: C}}
cells: [CELLS]
harm: none
loss: none
"""
ALWAYS = ", ".join(f"the-dial#{number}" for number in range(3, 9)) + ", cold-evening#1"
ONCE = Edit("new.py", '    return {"wanted": to}',
            '    return {"wanted": to, "unit": "C"} if to == 30 else {"wanted": to}')  # fmt: skip
SAID = "id: R-unit-is-said"


def units(cells: str) -> tuple[Write, Write]:
    """A signed and recorded change that is intended."""
    listed = ", ".join(f'"{cell.strip()}"' for cell in cells.split(","))
    return (
        Write("docs/decisions/0001-units.md", "# Units\n"),
        Write("scenarios/rulings/R-unit-is-said.yaml", UNITS.replace("CELLS", listed)),
    )


ROWS = (
    Sabotage("A ruling is deleted", HOUSE, (Remove(RULING),), "cell-diverges"),
    Sabotage(
        "A ruling lost a clause",
        SHIPPED,
        (Edit(ENDS, "  - {at: books.billing_db.", "  # - {at: books.billing_db."),),
        "cell-diverges",
    ),
    Sabotage(
        "A ruling for everything: any field of any room",
        HOUSE,
        (Edit(RULING, "at: books.rooms.living.heating", 'at: "books.*"'),),
        "ruling-wildcard",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A ruling for everything: every cell",
        HOUSE,
        (Edit(RULING, 'cells: ["cold-evening#1"]', 'cells: ["*"]'),),
        "ruling-wildcard",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A ruling for everything: every path",
        HOUSE,
        (Edit(RULING, "paths: [turn]", "paths: []"),),
        "ruling-wildcard",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A ruling for everything: in bulk, on no condition",
        HOUSE,
        (Edit(RULING, "  when: [before.rooms.living.heating == false]\n", ""),
         Edit(RULING, "harm:", "bulk: {max_share: 1/1, max_accounts: 99}\nharm:")),
        "ruling-too-broad",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A ruling takes in a path that is not to blame",
        HOUSE,
        (COLD,
         Edit(RULING, "paths: [turn]", "paths: [turn, measured]"),
         Edit(RULING, '["cold-evening#1"]', '["cold-evening#1", "a-day#2"]')),
        "ruling-undershoot",
    ),
    Sabotage(
        "A ruling lists a cell in which nothing differs",
        HOUSE,
        (Edit(RULING, '["cold-evening#1"]', '["cold-evening#1", "the-dial#4"]'),),
        "ruling-undershoot",
    ),
    Sabotage(
        "A ruling pins another value of the candidate",
        HOUSE,
        (Edit(RULING, "candidate: true", "candidate: false"),),
        "ruling-undershoot",
    ),
    Sabotage(
        "A ruling covers nothing, for later",
        HOUSE,
        (Write("scenarios/rulings/R-dial-works-later.yaml", "@"),
         Each("scenarios/rulings/R-dial-works-later.yaml", "@", "")),
        "file-empty",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A ruling names a fault that the control does not have",
        HOUSE,
        (Edit(RULING, "quirk: Q1", "quirk: Q2"),),
        "ruling-no-quirk",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A ruling is a draft, and nobody has signed it",
        HOUSE,
        (Edit(RULING, "approver: mia", 'approver: ""'),),
        "ruling-incomplete",
        ExitCode.INPUT,
    ),
    Sabotage(
        "A ruling is signed by its owner",
        SHIPPED,
        (Edit(ENDS, "approver: billing-ledger", "approver: billing-brain"),),
        "ruling-self-approved",
    ),
    Sabotage(
        "A ruling is signed by its owner, spelt otherwise",
        HOUSE,
        (Edit(RULING, "owner: jo", 'owner: "MIA "'),),
        "ruling-self-approved",
    ),
    Sabotage(
        "A ruling is signed by its owner, with a mark in the name that nobody sees",
        HOUSE,
        (Edit(RULING, "owner: jo", 'owner: "mi\\u200ba"'),),
        "ruling-self-approved",
    ),
    Sabotage(
        "A ruling is signed by an approver who was made up",
        HOUSE,
        (Edit(RULING, "approver: mia", "approver: max"),),
        "ruling-unknown-approver",
    ),
    Sabotage("A ruling has expired", HOUSE, (dated(-30, -1),), "ruling-expired"),
    Sabotage(
        "A ruling expires after a gate that was open",
        HOUSE,
        (Judged(), dated(-30, -1)),
        "ruling-expired",
    ),
    Sabotage("A ruling expires in the far future", HOUSE, (dated(0, 9999),), "ruling-lifetime"),
    Sabotage("A ruling is dated in the future", HOUSE, (dated(1, 9),), "ruling-not-yet-created"),
    Sabotage(
        "A ruling does not say that the outcome is another one",
        HOUSE,
        (Each(RULING, r"^harm: .*", "harm: none"),),
        "made-worse",
    ),
    Sabotage(
        "A change is intended, and no decision is recorded",
        HOUSE,
        (WORDED, units(ALWAYS)[1]),
        "ruling-no-decision",
        ExitCode.INPUT,
    ),
    Sabotage(
        "Most of what is right is changed on purpose",
        HOUSE,
        (WORDED, *units(ALWAYS)),
        "intended-change-share",
    ),
    Sabotage(
        "What is changed on purpose is thinned out by copies of a scenario that agrees",
        HOUSE,
        (ONCE, *units("the-dial#7"),
         Write("scenarios/quiet.yaml", """\
id: quiet
title: Somebody turns the dial, and all is as before
provenance: {kind: curated, source: a test}
given:
  now: 2026-03-02T18:00:00Z
  rooms: {living: {celsius: 20, wanted: 22, heating: true}}
when:
  - {at: +1h, act: dial.turn, room: living, to: 23}
then:
  customer: {heating: {living: true}}
"""),
         Copies("scenarios/quiet.yaml", 60), PINNED),
        "intended-change-share",
    ),
    Sabotage("A branch that is taken is called dead", HOUSE,
             (dead("old.turn:3 if `not 5 <= to <= 30` is true"),), "dead-branch-revived"),
    Sabotage("A branch that is not there is called dead", HOUSE,
             (dead("old.turn:99 if `never` is true"),), "dead-branch-unknown"),
    Sabotage(
        "Three branches are called dead, so that nobody need take them",
        HOUSE,
        (Edit(TURN, '    return {"wanted": to}\n',
              "    if to == 11:\n        return None\n    if to == 12:\n        return None\n"
              "    if to == 13:\n        return None\n"
              '    return {"wanted": to}\n'),
         PINNED,
         dead(*(f"old.turn:{line} if `to == {number}` is true"
                for line, number in ((6, 11), (8, 12), (10, 13))))),
        "dead-branch-limit",
    ),
)  # fmt: skip
