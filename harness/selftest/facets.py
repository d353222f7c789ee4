"""Plants for every facet, for every way of not being equal, and for whose a difference is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from harness.plain.journal import Refused
from harness.selftest.lamps import FELL, TURN, TURNED, Handle
from harness.selftest.plant import DUSK, WHEN, Plant
from harness.selftest.ways import (
    also,
    answering,
    hall,
    in_the_hall,
    note,
    only,
    raising,
    spend,
)

TOGETHER: Final[dict[str, Any]] = {
    "when": """
  - {at: +1m, act: dusk.falls, over: hall}
  - together:
    - {at: +2m, act: lamp.turn, lamp: hall, to: 4}
    - {at: +2m, act: lamp.turn, lamp: yard, to: 1}
""",
    "ran": ("", "tag", "turn"),
    "then": "{customer: {light: {hall: 0, yard: 0}}}",
}
"""Two lamps turned at once, both counted by one meter."""

QUIET: Final = """
  - together:
    - {at: +2m, webhook: lamp.stolen, object: {id: hall}}
    - {at: +2m, webhook: lamp.stolen, object: {id: yard}}
"""

BLOCK: Final = "together lamp.turn + dusk.falls#2"
NOWHERE: Final = """
  - {at: +1m, act: lamp.turn, lamp: yard, to: 2}
  - together:
    - {at: +2m, act: lamp.turn, lamp: hall, to: 4}
    - {at: +2m, act: dusk.falls, over: attic}
"""

HELD: Final[dict[str, Any]] = {
    "when": """
  - {at: +1m, act: lamp.turn, lamp: yard, to: 2}
  - {at: +2m, act: lamp.turn, lamp: hall, to: 4, hold: {lamp.turned: +1h}}
""",
    "ran": ("", "turn tag", "turn", "tag"),
}
"""An event that is held back for an hour."""

AGAIN: Final[dict[str, Any]] = {
    "when": f"{WHEN}  - {{at: +3m, deliver: lamp.turned, of: hall}}",
    "ran": ("", "turn tag", "turn tag", "tag"),
}
"""An event that is delivered once more."""

FOREIGN: Final[dict[str, Any]] = {
    "when": f"{WHEN}  - {{at: +3m, webhook: lamp.turned, object: {{id: hall}}}}",
    "ran": ("", "turn tag", "turn tag", "tag"),
}
"""An event of somebody else."""


NEAR: Final[Mapping[str, tuple[str | int | bool | None, str | int | bool | None]]] = {
    "a": (1, True),
    "b": (1, "1"),
    "c": (None, ""),
    "d": (0, False),
    "e": ("on", "On"),
    "f": ("on", "on "),
    "g": (None, 0),
    "h": ("0", 0),
}
"""Lamp → two values that are near and not equal."""

LAMPS: Final = ", ".join(f"{name}: {{}}" for name in ("hall", "yard", *NEAR))


def tagging(side: int) -> Callable[[Any], None]:
    """Tag each lamp with the control's (0) or the candidate's (1) of two near values."""

    def tagged(ports: Any) -> None:
        for name, pair in NEAR.items():
            ports.lamps.update(name, tag=pair[side])

    return tagged


def telling(hall: Sequence[str], yard: Sequence[str], *, attic: bool) -> Callable[[Any], None]:
    """Send messages, and one to the attic or to the cellar."""

    def told(ports: Any) -> None:
        for word in hall:
            ports.send("porter", "told", word=word)
        for word in yard:
            ports.send("gardener", "told", word=word)
        ports.send("attic" if attic else "cellar", "told")

    return told


def refusing(code: str) -> dict[str, Handle]:
    """A lamp that is not turned."""

    def refused(ports: Any) -> None:  # noqa: ARG001  # nobody is asked
        raise Refused(code, "refused")

    return only(TURN, refused)


def once(ports: Any, asked: Any) -> None:
    """Tag a lamp that has no tag; whoever has one is tagged as one that was told twice."""
    name = asked.event["object"]
    ports.lamps.update(name, tag="on" if ports.lamps.get(name).tag is None else "twice")


def unlocked(ports: Any, asked: Any) -> None:
    """Count without a lock: what another counts in between is lost."""
    ports.meter.update("main", spent=ports.meter.get("main").spent + asked.args["to"])


def locked(ports: Any, asked: Any) -> None:
    """Count, and let nobody come in between."""
    with ports.lock():
        unlocked(ports, asked)


def overspent(ports: Any, asked: Any) -> None:
    """Count what is below 0 where another came in between."""
    spent = ports.meter.get("main").spent
    between = ports.meter.get("main").spent != spent
    ports.meter.update("main", spent=-1 if between else spent + asked.args["to"])


def chatty(ports: Any, asked: Any) -> None:
    """Read the meter again and again before anything is done."""
    for _ in range(4):
        ports.meter.get("main")
    unlocked(ports, asked)


CLEAN_FACETS: Final = (
    Plant(
        name="a clean race",
        again=True,
        control={TURN: unlocked},
        candidate={TURN: unlocked},
        **TOGETHER,
    ),
    Plant(name="a clean event that is held", **HELD),
    Plant(name="a clean event that comes again", **AGAIN),
    Plant(name="a clean event of somebody else", **FOREIGN),
    Plant(
        name="a clean refusal",
        when=f"{WHEN}  - {{at: +3m, act: lamp.turn, lamp: hall, to: 10}}",
        ran=("", "turn tag", "turn tag", "turn"),
    ),
)

FACETS: Final = (
    Plant(
        name="values of books that are near and not equal",
        given=f"lamps: {{{LAMPS}}}, meter: {{main: {{}}}}",
        control=also(FELL, tagging(0)),
        candidate=also(FELL, tagging(1)),
        **DUSK,
    ),
    Plant(
        name="answers that are near and not equal",
        control=answering({"a": None, "b": [1, 2], "c": [], "d": {"e": {"f": 1}}, "g": 1}),
        candidate=answering({"b": [2, 1], "c": [None], "d": {"e": {"f": 2}}, "g": True}),
    ),
    Plant(
        name="rows more, less and taken out",
        given="lamps: {hall: {}, yard: {}}, meter: {main: {}}, notes: {n2: {}}",
        control=also(TURN, lambda ports: ports.notes.add("n3")),
        candidate=also(TURN, lambda ports: (ports.notes.add("n1"), ports.notes.remove("n2"))),
    ),
    Plant(name="a write dropped", candidate=only(TURNED, lambda _: None)),
    Plant(name="another answer", candidate=answering({"level": 5})),
    Plant(name="no answer", candidate=answering(None)),
    Plant(name="a refusal in place of an answer", candidate=refusing("no")),
    Plant(
        name="another refusal",
        control=refusing("no"),
        candidate=refusing("never"),
        ran=("", "turn tag", "turn"),
        then="{customer: {light: {hall: 0, yard: 2}}}",
    ),
    Plant(
        name="messages in another order, of another word, to others",
        control=also(TURN, telling("ab", "c", attic=True)),
        candidate=also(TURN, telling("ba", "C", attic=False)),
    ),
    Plant(
        name="a message more and a message less",
        control=also(TURN, telling("ab", "c", attic=True)),
        candidate=also(TURN, telling("a", "cc", attic=True)),
    ),
    Plant(
        name="an event that nobody handles",
        candidate=also(TURN, lambda ports: ports.emit("lamp.shone", "hall")),
    ),
    Plant(name="a figure of money", candidate=also(TURN, spend(3))),
    Plant(name="a figure of money the other way", control=also(TURN, spend(3))),
    Plant(
        name="other light for people",
        candidate=also(TURN, hall(level=6)),
        then="{truth: {light: {hall: 4, yard: 2}}}",
    ),
    Plant(
        name="a difference of the path that wrote last",
        candidate=also(TURNED, hall(tag="dim")),
    ),
    Plant(
        name="a difference that the next act only repeats",
        candidate={**also(TURN, note()), **also(FELL, note())},
        **DUSK,
    ),
    Plant(
        name="a new difference in a field that differed before",
        candidate={
            **also(TURN, note()),
            **also(FELL, note(2)),
        },
        **DUSK,
    ),
    Plant(
        name="a difference that the control writes anew",
        control={**also(TURN, hall(broken=None)), **also(FELL, hall(broken=False))},
        candidate={**also(TURN, hall(broken=False)), **also(FELL, hall(broken=None))},
        **DUSK,
    ),
    Plant(
        name="an event of a candidate that the control does not handle",
        when="[{at: +1m, webhook: lamp.turned, object: {id: hall}}]",
        ran=("", "tag"),
        then="{customer: {light: {hall: 0, yard: 0}}}",
        candidate=only(TURNED, hall(tag="dim")),
    ),
    Plant(name="a held event handled otherwise", candidate=also(TURNED, hall(tag="x")), **HELD),
    Plant(
        name="a held event that crashes the candidate",
        candidate=also(TURNED, raising(ValueError)),
        **HELD,
    ),
    Plant(
        name="a held event that was never emitted",
        when="[{at: +1m, act: lamp.turn, lamp: hall, to: 4, hold: {lamp.lost: +1h}}]",
        ran=("", "turn tag", ""),
        then="{customer: {light: {hall: 4, yard: 0}}}",
    ),
    Plant(
        name="an event once more that is not taken for the same",
        candidate=in_the_hall(TURNED, once),
        **AGAIN,
    ),
    Plant(
        name="an event of somebody else handled otherwise",
        candidate=in_the_hall(TURNED, once),
        **FOREIGN,
    ),
    Plant(
        name="an end of a race that only the candidate comes to",
        control={TURN: locked},
        candidate={TURN: unlocked},
        **TOGETHER,
    ),
    Plant(
        name="an end of a race that only the control comes to",
        control={TURN: unlocked},
        candidate={TURN: locked},
        **TOGETHER,
    ),
    Plant(
        name="an end of a race that breaks an invariant",
        control={TURN: locked},
        candidate={TURN: overspent},
        **TOGETHER,
    ),
    Plant(
        name="acts that touch nothing in common",
        when=QUIET,
        ran=("", ""),
        then="{customer: {light: {hall: 0, yard: 0}}}",
    ),
    Plant(
        name="a race that is too long to explore",
        control={TURN: unlocked},
        candidate={TURN: chatty},
        **TOGETHER,
    ),
    Plant(
        name="an act of a race that is impossible",
        when=NOWHERE,
        ran=("", "turn tag", "turn tag"),
        then=f"{{customer: {{light: {{hall: 4, yard: 2}}}}, moot: [{BLOCK}]}}",
    ),
)
