"""Sabotages of the control's surface: writers and handlers that no path owns."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from harness.moment import today
from tests.sabotage.planted_project import PINNED, Deed, Edit, Project, Write, write_house
from tests.sabotage.planted_row import Sabotage

GATE = "scenarios/gate.yaml"
MEASURED, NIGHT, TURN = "old/measured.py", "old/night.py", "old/turn.py"
FORGIVE = "def rest(ports, name):\n    ports.rooms.update(name, heating=False)\n"
SIGNED = """\
acknowledged:
  - where: old.night:rest
    what: writes rooms, and no path reaches it
    reason: nobody calls it
    approver: mia
    expires: {expires}
"""
UPDATE = "        ports.rooms.update(name, heating=heat)\n"


def write_surfaced(root: Path) -> None:
    """The house, whose gate asks that every writer is owned."""
    write_house(root)
    gate = root / GATE
    gate.write_text(gate.read_text() + "surface: {owned: 1/1}\n")


SURFACED = Project("house, surface asked for", write_surfaced)


def row(what: str, slug: str, *deeds: Deed) -> Sabotage:
    """Something that nobody owns, pinned as if it were in order."""
    return Sabotage(what, SURFACED, (*deeds, PINNED), slug)


ROWS = (
    row("A writer is registered nowhere", "surface-unowned", Write(NIGHT, FORGIVE)),
    row("A handler stands in a table of getattr", "surface-unowned",
        Write(NIGHT, "import old.turn\n\nTABLE = {'dial.reset': getattr(old.turn, 'tu' + 'rn')}\n"
                     "\n\ndef call(ports, trigger):\n    TABLE[trigger.name](ports, trigger)\n")),
    row("A branch is moved into a table of data", "surface-unexplained",
        Edit(MEASURED, UPDATE, "        for store, method in MOVES[heat]:\n"
             "            getattr(getattr(ports, store), method)(name, heating=heat)\n"),
        Edit(MEASURED, "def measured", "MOVES = {True: [('rooms', 'update')],"
             " False: [('rooms', 'update')]}\n\n\ndef measured")),
    row("A job in another language writes", "surface-unread",
        Write("old/night.sql", "UPDATE rooms SET heating = false;\n")),
    row("An acknowledgement has expired", "surface-acknowledgement", Write(NIGHT, FORGIVE),
        Write("scenarios/surface.yaml",
              SIGNED.format(expires=(today() - timedelta(days=1)).isoformat()))),
)  # fmt: skip
