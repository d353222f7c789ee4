"""Sabotages of the candidate: it does something else, or does right for the wrong reason."""

from __future__ import annotations

from harness.errors import ExitCode
from tests.sabotage.planted_project import HOUSE, SHIPPED, Edit, Write
from tests.sabotage.planted_row import Sabotage

NEW = "new.py"
SETTLE = "def settle(ports, name):\n"
MEASURED = "def measured(ports, trigger):\n    settle("
HEAT = "    heat = room.celsius < room.wanted and not room.window_open\n"
SAYS = "    for reason in decision.view.reasons:"
COPIED = """\
def turn(ports, trigger):
    name, to = trigger.args["room"], trigger.args["to"]
    if not 5 <= to <= 30:
        ports.refuse("no_such_temperature")
    ports.rooms.update(name, wanted=to)
    return {"wanted": to}


def measured(ports, trigger):
    name = trigger.event["object"]
    room = ports.rooms.get(name)
    heat = room.celsius < room.wanted and not room.window_open
    if heat != room.heating:
        ports.rooms.update(name, heating=heat)
        ports.send("boiler", "heat" if heat else "rest", room=name)


ENGINE = {"dial.turn": turn, "room.measured": measured}
"""


def first(text: str) -> Edit:
    """Something done before a room is settled."""
    body = "".join(f"    {line}\n" for line in text.splitlines())
    return Edit(NEW, SETTLE, SETTLE + body)


def said(text: str) -> Edit:
    """Something done before the brain gives its reasons."""
    body = "".join(f"    {line}\n" for line in text.splitlines())
    return Edit("brain/look.py", SAYS, body + SAYS)


ROWS = (
    # --- wrong
    Sabotage(
        "The brain bans a day late",
        SHIPPED,
        (Edit("brain/policy.py",
              '"pro": Policy(grace_days=14, block_days=0, ban_days=30)',
              '"pro": Policy(grace_days=14, block_days=0, ban_days=31)'),),
        "free-not-kept",
    ),
    Sabotage(
        "The brain forgives every debt",
        SHIPPED,
        (Edit("brain/debt.py", "or bill.id in forgiven", "or True"),),
        "made-worse",
    ),
    Sabotage(
        "The brain leaves everything to a person",
        SHIPPED,
        (Edit("brain/cases.py",
              "debt.may_matter and debt.invoice.confirmation_secret is None",
              "debt.asks"),),
        "left-to-a-person",
    ),
    Sabotage(
        "The brain lifts what trust and safety put",
        SHIPPED,
        (Edit("brain/snapshot.py", 'if h.reason == "dunning"', "if h.reason"),),
        "made-worse",
    ),
    Sabotage(
        "The brain bans while a dispute is open",
        SHIPPED,
        (Edit("brain/standing.py", "if snapshot.disputed:", "if False:"),),
        "free-not-kept",
    ),
    Sabotage(
        "The brain blocks while a debit is on its way",
        SHIPPED,
        (Edit("brain/standing.py", "    if frozen:", "    if False:"),),
        "cell-diverges",
    ),
    Sabotage(
        "The brain keeps a promise a second too long",
        SHIPPED,
        (Edit("brain/standing.py",
              "override.until > snapshot.now", "override.until >= snapshot.now"),),
        "cell-diverges",
    ),
    Sabotage(
        "The brain forgets taxes",
        SHIPPED,
        (Edit("brain/debt.py",
              "amount += tax.amount", "amount += 0"),),
        "cell-diverges",
    ),
    Sabotage(
        "The brain goes by the customer service's copy of the segment",
        SHIPPED,
        (Edit("brain/assess.py",
              "policy_of(snapshot.account.segment)",
              "policy_of((snapshot.customer and snapshot.customer.segment)"
              " or snapshot.account.segment)"),),
        "cell-diverges",
    ),
    Sabotage(
        "The candidate does nothing",
        HOUSE,
        (Write(NEW, "ENGINE = {}\n"),),
        "made-worse",
    ),
    Sabotage(
        "The candidate answers as text what was a number",
        HOUSE,
        (Edit(NEW, 'return {"wanted": to}', 'return {"wanted": str(to)}'),),
        "cell-diverges",
    ),
    Sabotage(
        "The candidate sends a message twice",
        HOUSE,
        (Edit(NEW, "        ports.send(", "        ports.send(\"boiler\", \"heat\", room=name)\n"
                                          "        ports.send("),),
        "cell-diverges",
    ),
    # --- copied, or looked up
    Sabotage(
        "The candidate imports the control",
        HOUSE,
        (Edit(NEW, SETTLE, f"from old.turn import turn as known\n\n\n{SETTLE}"),),
        "engine-ambient-import",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The candidate imports the control once it is called",
        HOUSE,
        (first("from old.turn import turn"),),
        "cell-error",
    ),
    Sabotage(
        "The candidate looks for the control in memory",
        HOUSE,
        (first('import gc\ngc.get_objects()'),),
        "cell-error",
    ),
    Sabotage(
        "The candidate is the control's own text, faults and all",
        HOUSE,
        (Write(NEW, COPIED),),
        "ruling-undershoot",
    ),
    Sabotage(
        "The candidate reads the journal",
        HOUSE,
        (first("ports._world.writes"),),
        "cell-error",
    ),
    Sabotage(
        "The brain reads the journal",
        SHIPPED,
        (said("ports._world.writes"),),
        "cell-error",
    ),
    Sabotage(
        "The candidate reaches the harness through a port's own globals",
        HOUSE,
        (first('ports.rooms.get.__globals__'),),
        "cell-error",
    ),
    Sabotage(
        "The candidate reads the journal by a name that it puts together",
        HOUSE,
        (first('getattr(ports, "_wor" + "ld").writes'),),
        "cell-error",
    ),
    Sabotage(
        "The candidate asks whether the harness is there",
        HOUSE,
        (first('import sys\nsys.modules.get("harness")'),),
        "cell-error",
    ),
    # --- itself, but not always
    Sabotage(
        "The candidate swallows the trap of the clock",
        HOUSE,
        (first("import time\ntry:\n    time.time()\nexcept BaseException:\n    pass"),),
        "cell-error",
    ),
    Sabotage(
        "The brain reads a clock past the guard",
        SHIPPED,
        (said('import contextlib\ncontextlib.sys.modules["time"].time()'),),
        "cell-error",
    ),
    Sabotage(
        "The brain's reasons depend on the hash seed",
        SHIPPED,
        (said('for name in {"a", "b", "c", "d", "e"}:\n    ports.reason(name)'),),
        "cell-unstable",
    ),
    Sabotage(
        "The candidate reads the environment",
        HOUSE,
        (first('import os\nos.environ.get("USER")'),),
        "cell-error",
    ),
    Sabotage(
        "The candidate is decided by the order of rows",
        HOUSE,
        (first("ports.reason(ports.rooms.items()[0][0])"),),
        "cell-unstable",
    ),
    Sabotage(
        "The candidate numbers what it does with a counter",
        HOUSE,
        (Edit(NEW, SETTLE, f"COUNT = [0]\n\n\n{SETTLE}    COUNT[0] += 1\n"
                           '    ports.reason("number", of=COUNT[0])\n'),),
        "cell-unstable",
    ),
    Sabotage(
        "The candidate remembers what it decided of another account",
        HOUSE,
        (Edit(NEW, HEAT, f"{HEAT}    heat = KNOWN.setdefault(room.celsius, heat)\n"),
         Edit(NEW, SETTLE, f"KNOWN = {{}}\n\n\n{SETTLE}")),
        "cell-unstable",
    ),
    Sabotage(
        "The candidate never comes to an end",
        HOUSE,
        (first("while True:\n    ports.rooms.get(name)"),),
        "cell-timeout",
    ),
    Sabotage(
        "The candidate ends the process as if all were well",
        HOUSE,
        (first("raise SystemExit(0)"),),
        "cell-error",
    ),
    Sabotage(
        "The candidate ends the process when it is imported",
        HOUSE,
        (Edit(NEW, SETTLE, f"raise SystemExit(0)\n\n\n{SETTLE}"),),
        "engine-import-failed",
        ExitCode.INPUT,
    ),
    Sabotage(
        "The candidate crashes where it has to decide",
        HOUSE,
        (Edit(NEW, "    if heat != room.heating:", "    assert heat == room.heating\n"
                                                   "    if heat != room.heating:"),),
        "cell-error",
    ),
    Sabotage(
        "Both engines crash alike",
        HOUSE,
        (Edit("old/measured.py", '    name = trigger.event["object"]\n',
              '    name = trigger.event["nothing"]\n'),
         Edit(NEW, 'settle(ports, trigger.event["object"])',
              'settle(ports, trigger.event["nothing"])')),
        "cell-error",
    ),
    Sabotage(
        "Both engines are wrong alike",
        HOUSE,
        (Edit("old/measured.py", "and not room.window_open", "and room.window_open"),
         Edit(NEW, "and not room.window_open", "and room.window_open")),
        "made-worse",
    ),
    Sabotage(
        "Both engines refuse alike whatever they are asked",
        HOUSE,
        (Edit("old/turn.py", "5 <= to <= 30", "50 <= to <= 30"),
         Edit(NEW, "5 <= to <= 30", "50 <= to <= 30")),
        "branch-not-taken",
    ),
)  # fmt: skip
