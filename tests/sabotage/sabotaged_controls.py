"""Sabotages of the control and of the count of its branches: what nobody tried goes unseen."""

from __future__ import annotations

from harness.errors import ExitCode
from tests.sabotage.planted_project import (
    HOUSE,
    OWN_HARNESS,
    PINNED,
    SHIPPED,
    Compiled,
    Edit,
    Move,
    Write,
)
from tests.sabotage.planted_row import Sabotage

INIT, TURN, MEASURED = "old/__init__.py", "old/turn.py", "old/measured.py"
ANSWER = '    return {"wanted": to}\n'
UNTRIED = f'    if to == 13:\n        ports.send("boiler", "rest", room=name)\n{ANSWER}'
TABLE = '{True: lambda: ports.send("boiler", "rest", room=name), False: lambda: None}[to == 13]()'

ROWS = (
    Sabotage(
        "Somebody repaired the replica",
        SHIPPED,
        (Edit("legacy_replica/invoice_voided.py", 'list(status="open")', "list()"),),
        "cell-drifts",
    ),
    Sabotage(
        "A quirk of the control is repaired",
        HOUSE,
        (Edit(TURN, ANSWER, '    if ports.rooms.get(name).celsius < to:\n'
                            '        ports.rooms.update(name, heating=True)\n'
                            '        ports.send("boiler", "heat", room=name)\n' + ANSWER),),
        "cell-drifts",
    ),
    Sabotage(
        "The retrying job counts to seven",
        SHIPPED,
        (Edit("legacy_replica/retry_open_invoices.py", "RETRIES = 8", "RETRIES = 7"),),
        "cell-drifts",
    ),
    Sabotage(
        "The banning job leaves a block for fraud",
        SHIPPED,
        (Edit("legacy_replica/ban_flagged.py", "    ports.enforcement.clear_holds()\n", ""),),
        "cell-diverges",
    ),
    Sabotage(
        "The replica grew a branch",
        SHIPPED,
        (Edit("legacy_replica/invoice_voided.py",
              "    # QUIRK Q17",
              "    if ports.clock.now() < 0:\n        return\n    # QUIRK Q17"),),
        "branch-not-taken",
    ),
    Sabotage(
        "A handler is unregistered",
        HOUSE,
        (Edit(INIT, ', "room.measured": measured.measured', ""),),
        "paths-changed",
    ),
    Sabotage(
        "A path is added that no scenario runs",
        HOUSE,
        (Write("old/reset.py", "def reset(ports, trigger):\n    ports.send('boiler', 'rest')\n"),
         Edit(INIT, "import measured, turn", "import measured, reset, turn"),
         Edit(INIT, '"dial.turn": turn.turn,', '"dial.turn": turn.turn, "reset": reset.reset,')),
        "no-cells",
    ),
    Sabotage(
        "A module of the control belongs to no path",
        HOUSE,
        (Write("old/attic.py", "def forgotten(ports):\n    if ports.now:\n        return 1\n"),),
        "unowned-code",
    ),
    Sabotage(
        "A branch is added that no cell takes",
        HOUSE,
        (Edit(TURN, ANSWER, UNTRIED), PINNED),
        "branch-not-taken",
    ),
    Sabotage(
        "A branch that no cell takes is moved into a table",
        HOUSE,
        (Edit(TURN, ANSWER, f"    {TABLE}\n{ANSWER}"), PINNED),
        "branch-not-taken",
    ),
    Sabotage(
        "A branch that no cell takes is moved into a table of its module",
        HOUSE,
        (Edit(TURN, "def turn", 'WORDS = {13: "rest", 12: "pause"}\n\n\ndef turn'),
         Edit(TURN, ANSWER, f"    WORDS.get(to)\n{ANSWER}"), PINNED),
        "branch-not-taken",
    ),
    Sabotage(
        "A branch is taken out of the count by a pragma",
        HOUSE,
        (Edit(TURN, "<= 30:", "<= 30:  # pragma: no cover"),),
        "engine-no-cover",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The control's code is moved where no probes are",
        HOUSE,
        (Move(MEASURED, "elsewhere/measured.py"),
         Write(MEASURED, "from elsewhere.measured import measured\n")),
        "engine-shape",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The control's code is called where no probes are",
        HOUSE,
        (Move(MEASURED, "elsewhere/measured.py"),
         Write(MEASURED, "from elsewhere import measured as real\n\n\n"
                         "def measured(ports, trigger):\n    real.measured(ports, trigger)\n")),
        "branch-total-changed",
    ),
    Sabotage(
        "The control is imported before the probes are in it",
        HOUSE,
        (Edit("house.py", "from harness", "from old import turn as _\nfrom harness"),),
        "config-import-failed",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The control is compiled, and its source is gone",
        HOUSE,
        (Compiled("old/turn.py"),),
        "engine-not-source",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The probes are dropped",
        OWN_HARNESS,
        (Edit("harness/importing.py", "        if not self.probed:", "        if True:"),),
        "branch-total-changed",
    ),
    Sabotage(
        "Both engines change alike, and nobody looks at what is true",
        HOUSE,
        (Edit(MEASURED, "room.celsius < room.wanted", "room.celsius <= room.wanted"),
         Edit("new.py", "room.celsius < room.wanted", "room.celsius <= room.wanted")),
        "repairs-unproven",
    ),
)  # fmt: skip
