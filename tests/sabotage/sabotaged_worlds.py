"""Sabotages of the kit: the world, the double in it, and what it says is true."""

from __future__ import annotations

from harness.errors import ExitCode
from tests.sabotage.planted_project import HOUSE, PINNED, SHIPPED, Each, Edit
from tests.sabotage.planted_row import Sabotage

KIT = "house.py"

ROWS = (
    Sabotage(
        "The double forgets an event",
        SHIPPED,
        (Edit("fixtures/stripe/invoice.py", '"invoice.voided"', '"invoice.avoided"'),),
        "paths-changed",
    ),
    Sabotage(
        "The double's echoes are dropped",
        HOUSE,
        (Edit(KIT, '    ports.emit("room.measured", args.room)\n', ""),),
        "paths-changed",
    ),
    Sabotage(
        "The double's echoes are dropped, and that is pinned",
        HOUSE,
        (Edit(KIT, '    ports.emit("room.measured", args.room)\n', ""), PINNED),
        "no-cells",
    ),
    Sabotage(
        "The double takes ids from a counter",
        HOUSE,
        (Edit(KIT, "def measures", "COUNT = [0]\n\n\ndef measures"),
         Edit(KIT, '    ports.emit("room.measured", args.room)\n',
              '    COUNT[0] += 1\n    ports.rooms.add(f"note-{COUNT[0]}", celsius=1, wanted=0)\n'
              '    ports.emit("room.measured", args.room)\n')),
        "cell-unstable",
    ),
    Sabotage(
        "The double's clock is the machine's",
        HOUSE,
        (Edit(KIT, "def measures", "import time\n\n\ndef measures"),
         Edit(KIT, '    ports.emit("room.measured", args.room)\n',
              '    ports.rooms.add("clock", celsius=time.time_ns(), wanted=0)\n'
              '    ports.emit("room.measured", args.room)\n')),
        "cell-unstable",
    ),
    Sabotage(
        "Truth owes more than was used",
        SHIPPED,
        (Edit("fixtures/ledger.py",
              'return max(0, self.sum("consumed") - self.settled)',
              'return max(0, self.sum("consumed") - self.settled + 1)'),),
        "free-not-kept",
    ),
    Sabotage(
        "Truth is whatever the world shows",
        HOUSE,
        (Edit(KIT, "KIT = Kit(", "truth = outcome\nKIT = Kit("),),
        "agreement-where-sound",
    ),
    Sabotage(
        "Truth is no longer told",
        HOUSE,
        (Edit(KIT, ", truth=truth", ""),),
        "no-sound-case",
    ),
    Sabotage(
        "Truth is told by the candidate's own formula",
        HOUSE,
        (Edit(KIT, "from harness", "import new\nfrom harness"),),
        "config-import-failed",
        ExitCode.INPUT,
    ),
    Sabotage(
        "Truth asks the candidate once it is called",
        HOUSE,
        (Edit(KIT, "def truth(view):\n", "def truth(view):\n    import new\n\n"),),
        "cell-not-run",
        ExitCode.NOTHING,
    ),
    Sabotage(
        "The shipped truth imports the brain's formula",
        SHIPPED,
        (Edit("fixtures/truth.py", "from fixtures.service",
              "from brain import debt as _\nfrom fixtures.service"),),
        "config-import-failed",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The outcome leaves a room out",
        HOUSE,
        (Edit(KIT, "room.heating for name, room in view.rooms.items()",
              'room.heating for name, room in view.rooms.items() if name != "attic"'),),
        "free-not-kept",
    ),
    Sabotage(
        "A store is left out of the books",
        SHIPPED,
        (Edit("fixtures/normal.py", '    "enforcement": _enforcement,\n', ""),),
        "ruling-undershoot",
    ),
    Sabotage(
        "A store that no ruling names is left out of the books",
        SHIPPED,
        (Edit("fixtures/normal.py",
              '    "credit_notes": _keyed("credit_notes", _CREDIT_NOTE),\n', ""),),
        "cell-diverges",
    ),
    Sabotage(
        "An invariant never fires",
        SHIPPED,
        (Edit("brain/invariants.py",
              "        return tuple(self.breaches(facts))", "        return ()"),),
        "self-test-failed",
        ExitCode.VOID,
    ),
    Sabotage(
        "The shipped invariants are dropped",
        SHIPPED,
        (Each("pyproject.toml", r"^invariants = .*", 'invariants = "brain.invariants:NONE"'),
         Edit("brain/invariants.py", "MOVING =", "NONE = ()\nMOVING =")),
        "ruling-undershoot",
        ExitCode.INPUT,
    ),
)  # fmt: skip
