"""Plants about rulings: what they cover, what they may not, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from harness.selftest.facets import TOGETHER, locked, unlocked
from harness.selftest.lamps import FELL, TURN, TURNED, Handle
from harness.selftest.plant import DUSK, Plant
from harness.selftest.ways import also, hall, note, spend

SIGNED: Final[Mapping[str, str]] = {
    "id": "R-dim",
    "class": "control-bug",
    "quirk": "Q1",
    "title": "A lamp shines when it is turned",
    "reason": "planted",
    "ticket": "planted",
    "owner": "jo",
    "approver": "mia",
    "created": "@today",
    "expires": "@+30",
    "scope": "{paths: [@turn, @tag], segments: [all]}",
    "cells": '["@id#2"]',
    "harm": "none",
    "loss": "none",
}
LEVEL: Final = (
    "{at: books.lamps.hall.level, control: {is: before}, candidate: {is: trigger.args.to}}"
)
TAG: Final = '{at: books.lamps.hall.tag, control: "off", candidate: "on"}'
NOTE: Final = "{at: books.notes.n1, control: {absent: true}, candidate: {value: 0}}"
HARM: Final = "{acknowledged: planted}"
LOSS: Final = "{acknowledged: planted, max: {kwh: 3}}"


def ruling(*clauses: str, **changed: str) -> str:
    """A ruling's file: what is signed, in other words where they are given; `klass` is `class`."""
    keys = {**SIGNED, **{key.replace("klass", "class"): text for key, text in changed.items()}}
    head = "".join(f"{key}: {text}\n" for key, text in keys.items() if text)
    expect = "".join(f"  - {clause}\n" for clause in clauses)
    return f"{head}expect:\n{expect}" if expect else head


DIM: Final = also(TURN, hall(level=0))
"""A control that notes what is wanted and leaves the hall dark."""

NOTED: Final = also(TURN, note())
"""A candidate that writes a row that nobody else writes."""

TWICE: Final[dict[str, Any]] = {
    "candidate": {**NOTED, **also(FELL, note())},
    **DUSK,
}
"""A difference that the next cell repeats."""


def dim(name: str, *rulings: str, candidate: Mapping[str, Handle] | None = None) -> Plant:
    """A control that leaves the hall dark, and rulings about it."""
    return Plant(name=name, control=DIM, candidate=candidate or {}, rulings=rulings)


def noted(name: str, *rulings: str) -> Plant:
    """A candidate that writes a row more, and rulings about it."""
    return Plant(name=name, candidate=NOTED, rulings=rulings)


BULK: Final = "{max_share: 1/1, max_accounts: 3}"
NARROW: Final = "{paths: [@turn, @tag], segments: [all], when: [trigger.args.to == 4]}"
LOST_ENDS: Final = ("156d69a389f5", "b450fb3d8b23")
"""The ends of a race in which what one of two lamps costs is lost."""


def pinned(at: str, value: str, control: str = '"on"') -> str:
    """A clause about a field of the hall that the control leaves as usual."""
    return f"{{at: {at}, control: {control}, candidate: {value}}}"


def lost_end(key: str) -> str:
    """A clause about an end that only the control comes to."""
    return pinned(f"race.{key}", "{absent: true}", "{broken: [], serial: false}")


def lenient(name: str, tag: str | int, *wrong: str) -> Plant:
    """A tag that a ruling pins, and rulings that let wrong values of it pass.

    A control that does what a ruling says binds the candidate, so each says something of it that
    is asked only where the two differ, and that it does not do.
    """
    at, never = (
        "books.lamps.hall.tag",
        "{at: books.lamps.yard.lit, control: true, candidate: false}",
    )
    beyond = {"cells": "", "bulk": BULK, "scope": NARROW}
    loose = [
        ruling(pinned(at, value), never, id=f"R-{number}", **beyond)
        for number, value in enumerate(wrong)
    ]
    return Plant(
        name=f"rulings that let {name} pass",
        kind="recorded",
        then="",
        given="lamps: {hall: {}, yard: {}}, meter: {main: {}}, notes: {n_1: {}, n_2: {}}",
        candidate=also(TURNED, hall(tag=tag)),
        rulings=(ruling(pinned(at, json.dumps(tag)), never, id="R-tag", **beyond), *loose),
    )


GOOD: Final = ruling(LEVEL, TAG)
OTHER: Final = {"id": "R-other", "quirk": "Q2"}

RULED: Final = (
    Plant(name="a ruled repair", control=DIM, rulings=(GOOD,), more="faults: [Q1]"),
    Plant(
        name="a ruled repair of two causes",
        control=DIM,
        rulings=(ruling(LEVEL), ruling(TAG, **OTHER)),
        more="faults: [Q1, Q2]",
    ),
    Plant(
        name="a listed fault that only another ruling names",
        control=DIM,
        rulings=(GOOD,),
        more="faults: [Q2]",
    ),
    dim("a clause too few", ruling(LEVEL)),
    dim(
        "a clause with another value of the candidate", ruling(LEVEL, TAG.replace('"on"', '"On"'))
    ),
    dim("a clause with another value of the control", ruling(LEVEL, TAG.replace('"off"', "null"))),
    dim(
        "a clause about a field that does not differ as it says",
        ruling(LEVEL, TAG, "{at: books.lamps.hall.lit, control: true, candidate: true}"),
    ),
    dim(
        "a clause that nobody can evaluate",
        ruling(
            LEVEL,
            TAG,
            "{at: books.lamps.hall.lit, control: false, "
            "candidate: {is: trigger.args.to < trigger.args.lamp}}",
        ),
    ),
    dim("a ruling that lists another cell", ruling(LEVEL, TAG, cells='["@id#1"]')),
    dim("a ruling of another path", ruling(LEVEL, TAG, scope="{paths: [@turn], segments: [all]}")),
    dim(
        "a ruling of another segment",
        ruling(LEVEL, TAG, scope="{paths: [@turn, @tag], segments: [few]}"),
    ),
    dim(
        "a ruling under a condition that does not hold",
        ruling(
            LEVEL,
            TAG,
            scope="{paths: [@turn, @tag], segments: [all], when: [trigger.args.to == 9]}",
        ),
    ),
    dim(
        "a ruling for each of some",
        ruling(
            LEVEL.replace("books.lamps.hall.level", '"books.lamps[$i].level"'),
            TAG.replace("books.lamps.hall.tag", '"books.lamps[$i].tag"'),
            scope="{paths: [@turn, @tag], segments: [all], each: lamp}",
        ),
    ),
    dim("a ruling that has run out", ruling(LEVEL, TAG, created="@-60", expires="@-1")),
    dim("a ruling of tomorrow", ruling(LEVEL, TAG, created="@+1")),
    dim("a ruling on its last day", ruling(LEVEL, TAG, created="@-30", expires="@today")),
    dim("a ruling that runs too long", ruling(LEVEL, TAG, created="@-1", expires="@+180")),
    dim("a ruling that its owner approved", ruling(LEVEL, TAG, owner="Mia")),
    dim("a ruling of a stranger", ruling(LEVEL, TAG, approver="somebody")),
    dim("a ruling that cannot be read", ruling(LEVEL, TAG, quirk="Q9")),
    dim("two rulings on one difference", GOOD, ruling(TAG, **OTHER)),
    Plant(name="a ruling that nothing needs", rulings=(GOOD,)),
    dim("a ruled difference beside one that is not", GOOD, candidate=also(TURN, hall(lit=True))),
    dim(
        "a ruled difference in a cell of a broken invariant",
        ruling(LEVEL.replace("{is: trigger.args.to}", "12"), TAG),
        candidate=also(TURN, hall(level=12)),
    ),
    dim(
        "a ruled difference that is worse than due",
        ruling(LEVEL.replace("{is: trigger.args.to}", "3"), TAG),
        candidate=also(TURN, hall(level=3)),
    ),
    noted(
        "an intended change of too many",
        ruling(
            NOTE,
            id="R-note",
            klass="intended-change",
            quirk="",
            decision="docs/decisions/0001-planted.md",
        ),
    ),
    Plant(
        name="a ruled loss that is too much",
        control=DIM,
        candidate=also(TURN, spend(4)),
        rulings=(
            ruling(
                LEVEL,
                TAG,
                "{at: books.meter.main.spent, control: 6, candidate: 10}",
                "{at: money.spent.main, control: 6, candidate: 10}",
                loss=LOSS,
            ),
        ),
    ),
    Plant(
        name="a ruled loss",
        control=DIM,
        candidate=also(TURN, spend(3)),
        rulings=(
            ruling(
                LEVEL,
                TAG,
                "{at: books.meter.main.spent, control: 6, candidate: 9}",
                "{at: money.spent.main, control: 6, candidate: 9}",
                loss=LOSS,
            ),
        ),
    ),
    Plant(
        name="a harm that a ruling does not acknowledge",
        control=also(TURN, hall(level=6)),
        rulings=(ruling(LEVEL.replace("{is: before}", "6")),),
    ),
    Plant(
        name="a harm that a ruling acknowledges",
        control=also(TURN, hall(level=6)),
        rulings=(ruling(LEVEL.replace("{is: before}", "6"), harm=HARM),),
    ),
    Plant(name="a repeat of a ruled difference", rulings=(ruling(NOTE, id="R-note"),), **TWICE),
    Plant(
        name="a ruled difference that comes anew",
        candidate={**NOTED, **also(FELL, note(2))},
        rulings=(ruling(NOTE, id="R-note"),),
        **DUSK,
    ),
    lenient("another text", "n_1", "{absent: true}", "null", '""', '"n_10"', '"n_2"'),
    lenient("another figure", 4, "5", "3", "400", "-4", '"4"', "true"),
    Plant(
        name="a ruling that covers too many accounts",
        kind="recorded",
        candidate=NOTED,
        rulings=(ruling(NOTE, id="R-note", bulk=BULK.replace("1/1", "1/2"), scope=NARROW),),
        then="",
    ),
    Plant(
        name="a ruling beyond its cells",
        candidate=NOTED,
        rulings=(ruling(NOTE, id="R-note", cells="", bulk=BULK, scope=NARROW),),
    ),
    Plant(
        name="an end of a race that a ruling says is removed",
        control={TURN: unlocked},
        candidate={TURN: locked},
        rulings=(ruling(*map(lost_end, LOST_ENDS), klass="race-removed", quirk=""),),
        **TOGETHER,
    ),
    Plant(
        name="a ruling of dead branches",
        rulings=(
            ruling(
                klass="dead-branch",
                quirk="",
                scope="",
                cells="",
                subjects='["no such branch"]',
            ),
        ),
    ),
)
