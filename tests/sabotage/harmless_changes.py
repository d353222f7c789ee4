"""Changes that change nothing: the gate stays open, or it would be switched off before long.

Where a row ends with `shadow lint --write`, bytes or branch totals that the manifest pins did
change; a person reviews that difference, and nothing else is asked. A gate takes seconds, so the
changes of a group share one: reasons add up, and what closes a gate alone closes it in company.
"""

from __future__ import annotations

from tests.sabotage.planted_project import (
    HOUSE,
    PINNED,
    RULING,
    SHIPPED,
    Each,
    Edit,
    Move,
    Pinned,
    Write,
)
from tests.sabotage.planted_row import Refactoring

BAN, FLAG = "legacy_replica/ban_flagged.py", "legacy_replica/flag_overdue.py"
CARD, QUIRKS = "legacy_replica/card_refusal.py", "legacy_replica/quirks.py"
DEBT, LOOK, RATES = "brain/debt.py", "brain/look.py", "brain/currencies.py"
LEDGER = "fixtures/ledger.py"
VOIDED = "scenarios/invoice-voided/duplicate-purchase-voided.yaml"
ENDS = "scenarios/rulings/R-dunning-ends-with-the-debt.yaml"

CONTROL = (
    Refactoring(
        "A local of the replica is renamed", SHIPPED, (Each(FLAG, r"\blate\b", "overdue"),)
    ),
    Refactoring(
        "A function of the replica is renamed",
        SHIPPED,
        (Each("legacy_replica/*.py", r"\bcard_refusal\(", "told_the_customer("),
         Each("legacy_replica/*.py", r"import card_refusal$", "import told_the_customer")),
    ),
    Refactoring(
        "A constant of the replica is worked out in two steps",
        SHIPPED,
        (Edit(BAN, "PATIENCE = 30 * 86_400  # seconds", "DAY = 86_400\nPATIENCE = 30 * DAY"),),
    ),
    Refactoring(
        "Two independent questions of the replica change places",
        SHIPPED,
        (Edit(BAN, "    if ports.customer.get().segment == \"enterprise\":\n        return\n", ""),
         Edit(BAN, "    # QUIRK Q66", '    if ports.customer.get().segment == "enterprise":\n'
                                      "        return\n    # QUIRK Q66")),
    ),
    Refactoring(
        "A function of the replica is split",
        SHIPPED,
        (Edit(CARD, '    return {"status": 402, "code": error.code,'
                    ' "decline_code": error.decline_code}\n',
              "    return _declined(error)\n\n\n"
              "def _declined(error: Any) -> dict[str, Any]:\n"
              '    return {"status": 402, "code": error.code,'
              ' "decline_code": error.decline_code}\n'),
         PINNED),
    ),
    Refactoring(
        "The replica's imports are written otherwise",
        SHIPPED,
        (Each("legacy_replica/*_*.py", r"^from legacy_replica\.ports", "from .ports"),),
    ),
    Refactoring(
        "Rows of the replica's registry change places",
        SHIPPED,
        (Each(QUIRKS, r'^( +"Q01": .*\n)( +"Q02": .*\n)', r"\2\1"),
         Each("legacy_replica/paths.py",
              r'(?s)( {8}"webhook\.invoice_voided": .*? {8}\),\n)'
              r'( {8}"webhook\.invoice_payment_failed": .*? {8}\),\n)', r"\2\1")),
    ),
    Refactoring(
        "Docstrings and comments of the replica are rewritten",
        SHIPPED,
        (Each("legacy_replica/*.py", r'^    """.*"""$', '    """Do what it always did."""'),
         Each("legacy_replica/*.py", r"^    # QUIRK.*\n", "")),
    ),
)  # fmt: skip

CANDIDATE = (
    Refactoring(
        "A function of the brain is renamed", SHIPPED, (Each(LOOK, r"\b_round\b", "_carry_out"),)
    ),
    Refactoring(
        "A constant of the brain is named",
        SHIPPED,
        (Edit(LOOK, "ROUNDS = 8\n", "EIGHT = 2**3\nROUNDS = EIGHT\n"),),
    ),
    Refactoring(
        "A function of the brain is split",
        SHIPPED,
        (Edit(LOOK, "    for case in decision.view.cases:\n"
                    '        ports.reason("case", kind=case.kind, object=case.object)\n',
              "    _say_cases(ports, decision)\n"),
         Edit(LOOK, "def say(", "def _say_cases(ports: Ports, decision: Decision) -> None:\n"
              "    for case in decision.view.cases:\n"
              '        ports.reason("case", kind=case.kind, object=case.object)\n\n\n'
              "def say(")),
    ),
    Refactoring(
        "Properties of the brain change places",
        SHIPPED,
        (Each(DEBT, r"(?s)( {4}@property\n    def is_unrecorded.*?\n\n)"
                    r"( {4}@property\n    def can_be_paid.*?\n\n)", r"\2\1"),),
    ),
    Refactoring(
        "The brain's table of currencies is turned round",
        SHIPPED,
        (Each(RATES, r'(    "aud": .*\n)((?:.*\n)*?)(    "usd": .*\n)', r"\3\2\1"),),
    ),
    Refactoring(
        "The brain is formatted otherwise",
        SHIPPED,
        (Each("brain/[a-d]*.py", r"^( +)return (.*[^(\[{,])$", r"\1return  (\2)"),),
    ),
)  # fmt: skip

KIT = (
    Refactoring(
        "A function of the kit is split",
        SHIPPED,
        (Edit(LEDGER, "        return max(0, self.invoice.total - self.settled)\n",
              "        return self._billed()\n"),
         Edit(LEDGER, "    @cached_property\n    def claim",
              "    def _billed(self) -> Exact:\n"
              "        return max(0, self.invoice.total - self.settled)\n\n"
              "    @cached_property\n    def claim")),
    ),
    Refactoring(
        "A local of the double is renamed",
        SHIPPED,
        (Each(LEDGER, r"\bmost\b", "upper"), Each(LEDGER, r"\bdocumented\b", "noted")),
    ),
)  # fmt: skip

FILES = (
    Refactoring(
        "Keys of every scenario change places",
        SHIPPED,
        (Each("scenarios/*/[a-z]*.yaml", r"^(title: .*\n)(family: .*\n)", r"\2\1"), PINNED),
    ),
    Refactoring(
        "A comment is written into every scenario",
        SHIPPED,
        (Each("scenarios/*/[a-z]*.yaml", r"^given:$", "# what there is\ngiven:"), PINNED),
    ),
    Refactoring(
        "Texts of a scenario are quoted",
        SHIPPED,
        (Edit(VOIDED, "id: duplicate-purchase-voided", "id: 'duplicate-purchase-voided'"),
         Edit(VOIDED, "family: S27", 'family: "S27"'), PINNED),
    ),
    Refactoring(
        "A scenario is moved to another folder",
        SHIPPED,
        (Move(VOIDED, "scenarios/moved/duplicate-purchase-voided.yaml"),),
    ),
    Refactoring(
        "Keys and clauses of a ruling change places",
        SHIPPED,
        (Each(ENDS, r"^(owner: .*\n)(approver: .*\n)", r"\2\1"),
         Each(ENDS, r"^(  - \{at: books\.billing.*\n)(  - \{at: books\.customer.*\n)",
              r"\2\1")),
    ),
)  # fmt: skip

ALONE = (
    Refactoring(
        "The policy is written in another order, with a threshold that is tighter",
        HOUSE,
        (Write("scenarios/gate.yaml",
               "repairs_proven: 1\nagreement_where_sound: 2/2\nintended_change_max: 1/100\n"
               "floors: {sound_agree: 4, distinct_cells: 8}\n"
               "approvers: [noa, mia]\nlevel: rehearsal\n"),),
    ),
    Refactoring(
        "A ruling is renamed",
        HOUSE,
        (Edit(RULING, "id: R-dial-works-at-once", "id: R-dial-works"),
         Move(RULING, "scenarios/rulings/R-dial-works.yaml")),
    ),
    Refactoring(
        "A scenario is renamed, and its tombstone says so",
        HOUSE,
        (Move("scenarios/a-day.yaml", "scenarios/one-day.yaml"),
         Edit("scenarios/one-day.yaml", "id: a-day", "id: one-day"),
         Pinned(("--tombstone", "a-day", "is called one-day"))),
    ),
    Refactoring(
        "An engine uses private parts of its own",
        HOUSE,
        (Edit("new.py", "def settle(ports, name):\n",
              "class Heating:\n    _on = True\n\n"
              "    def __init__(self):\n        self._heat = 1\n\n\n"
              "def settle(ports, name):\n"
              "    assert Heating._on and getattr(Heating(), '_heat')\n"),),
    ),
)  # fmt: skip


GROUPS = {
    "the replica": CONTROL,
    "the brain": CANDIDATE,
    "the kit": KIT,
    "scenarios and rulings": FILES,
    **{str(number): (row,) for number, row in enumerate(ALONE, 1)},
}
"""Changes that are planted together, by name; a number stands for one alone."""

ROWS = tuple(row for rows in GROUPS.values() for row in rows)
