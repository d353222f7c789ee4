"""Plants for every reason of the gate that nothing in a cell is behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from harness.arcs import Arc
from harness.errors import InputError
from harness.loading import Loaded
from harness.manifest import Manifest, ScenarioPin, Tombstone
from harness.run import RunResult
from harness.selftest.lamps import TURN
from harness.selftest.plant import Parts, Plant
from harness.selftest.ruled import GOOD, ruling
from harness.selftest.ways import also, hall
from harness.selftest.workbench import DECISION, POLICY

STRICT: Final = """
level: rehearsal
approvers: ["mia"]
floors: {distinct_cells: 8, sound_agree: 3}
agreement_where_sound: 1/1
intended_change_max: 1/50
repairs_proven: 1/1
"""
NOT_SOUND: Final[dict[str, Any]] = {
    "control": also(TURN, hall(level=0)),
    "rulings": (GOOD,),
    "when": """
  - {at: +1m, act: dusk.falls, over: yard}
  - {at: +2m, act: lamp.turn, lamp: hall, to: 4}
""",
    "ran": ("", "tag", "turn tag"),
    "then": "{customer: {light: {hall: 4, yard: 0}}}",
}
"""A path whose one cell is not sound, and ruled."""

SEEN: Final = f"{POLICY}fidelity: {{seen: 9/10}}\n"
ASKS_YOUNG: Final = "freshness: {recording_days: 90}\n"
YOUNG: Final = f"{POLICY}{ASKS_YOUNG}"
SHOWN: Final = """
observed:
  - {}
  - {books.lamps.yard.level: 2, books.lamps.hall.level: 0}
"""
OFF: Final = "{level: 0, wanted: 0, lit: false, tag: null, broken: false}"
YARD: Final = "{level: 2, wanted: 2, lit: false, tag: 'on', broken: false}"
HALL: Final = "{level: 4, wanted: 4, lit: false, tag: 'on', broken: false}"
SHOWN_WHOLE: Final = f"""
observed:
  - {{}}
  - books.lamps: {{hall: {OFF}, yard: {YARD}}}
    books.meter: {{main: {{spent: 2}}}}
    books.notes: {{}}
    books.tasks: {{}}
    money.spent: {{main: 2}}
    response.level: 2
    effects.yard: [{{to: 2, call: turned}}, {{call: emit lamp.turned}}]
  - books.lamps: {{hall: {HALL}, yard: {YARD}}}
    books.meter: {{main: {{spent: 6}}}}
    books.notes: {{}}
    books.tasks: {{}}
    money.spent: {{main: 6}}
    response.level: 4
    effects.hall: [{{to: 4, call: turned}}, {{call: emit lamp.turned}}]
"""
NO_SOUND: Final = f"reason: planted, decision: {DECISION}, approver: mia"


def turns(count: int) -> dict[str, Any]:
    """So many cells that are not alike."""
    acts = [
        f"  - {{at: +{number}m, act: lamp.turn, lamp: hall, to: {number}}}"
        for number in range(1, count + 1)
    ]
    return {
        "when": "\n" + "\n".join(acts),
        "ran": ("", *["turn tag"] * count),
        "then": f"{{customer: {{light: {{hall: {count}, yard: 0}}}}}}",
        "gate": STRICT,
    }


def stated(path: str, expires: str) -> str:
    """A policy with a signed statement that a path has no sound case."""
    return f"{POLICY}no_sound_case: {{{path}: {{{NO_SOUND}, expires: {expires}}}}}\n"


def without(*numbers: int) -> Callable[[RunResult], RunResult]:
    """A result that has lost cells on its way."""

    def lose(result: RunResult) -> RunResult:
        lost = {f"{result.scenarios[0].id}#{number}" for number in numbers}
        return replace(result, cells=tuple(c for c in result.cells if c.episode.id not in lost))

    return lose


def twice(result: RunResult) -> RunResult:
    """A result in which a cell came back twice."""
    return replace(result, cells=(*result.cells, result.cells[-1]))


def no_cells(result: RunResult) -> RunResult:
    """A result without any cell."""
    return replace(result, cells=())


def no_free(result: RunResult) -> RunResult:
    """A result without its free run."""
    return replace(result, free=())


def two_free(result: RunResult) -> RunResult:
    """A result with its free run twice."""
    return replace(result, free=result.free * 2)


def pinned(change: Callable[[Manifest], Manifest | None]) -> Callable[[Parts], Parts]:
    """Another manifest."""
    return lambda parts: {"manifest": change(parts["manifest"])}


def first_pin(change: Callable[[ScenarioPin], ScenarioPin]) -> Callable[[Parts], Parts]:
    """A manifest with another pin of the scenario."""
    return pinned(lambda was: replace(was, scenarios=tuple(map(change, was.scenarios))))


def arcs(
    unit: str = "", more: int = 1, taken: Mapping[str, frozenset[int]] | None = None
) -> Callable[[Parts], Parts]:
    """More branches in the control: of the path `turn`, or of a unit that paths share."""

    def change(parts: Parts) -> Parts:
        coverage = parts["control"].coverage
        name = unit or next(iter(coverage.arcs))
        added = tuple(Arc(2 + number, "if", "planted") for number in range(more))
        coverage.arcs[name] = (*coverage.arcs.get(name, ()), *added)
        coverage.more = dict(taken or {})
        was = parts["manifest"]
        branches = {one: len(found) for one, found in coverage.arcs.items()}
        return {"manifest": replace(was, branches=branches)}

    return change


def no_arcs(parts: Parts) -> Parts:
    """A control in which no branch is counted."""
    parts["control"].coverage.arcs.clear()
    return {"manifest": replace(parts["manifest"], branches={})}


def no_paths(parts: Parts) -> Parts:
    """A control that names no path."""
    control = parts["control"]
    return {
        "control": SimpleNamespace(
            **{**vars(control), "engine": replace(control.engine, paths={})}
        )
    }


def unowned(parts: Parts) -> Parts:
    """A control with a module that no path reaches."""
    return {"control": SimpleNamespace(**{**vars(parts["control"]), "unowned": ("old.attic",)})}


def unusable(parts: Parts) -> Parts:
    """A file beside the scenario that cannot be read."""
    failure = InputError("yaml-syntax", "planted", "planted.yaml:1")
    good = parts["loaded"].scenarios
    return {"loaded": Loaded(scenarios=good, failures=(failure,), unusable=("no-such",))}


GATES_CLEAN: Final = (
    Plant(name="a clean pair that meets every floor", **turns(8)),
    Plant(
        name="a clean recording that is young and shows everything",
        kind="recorded, recorded: @-90",
        now="@-90T10:00:00Z",
        more=SHOWN_WHOLE,
        gate=f"{SEEN}{ASKS_YOUNG}",
    ),
)

GATES: Final = (
    Plant(name="a cell less than the floor", **turns(7)),
    Plant(
        weighed=True, name="a part of the scenarios", change=lambda _: {"paths": (Path("a-part"),)}
    ),
    Plant(weighed=True, name="a cell that is lost", lost=without(1)),
    Plant(weighed=True, name="all cells lost", lost=no_cells),
    Plant(weighed=True, name="a cell that came twice", lost=twice),
    Plant(weighed=True, name="a free run that is lost", lost=no_free),
    Plant(weighed=True, name="a free run that came twice", lost=two_free),
    Plant(weighed=True, name="no manifest", change=pinned(lambda _: None)),
    Plant(weighed=True, name="an empty manifest", change=pinned(lambda _: Manifest())),
    Plant(
        weighed=True,
        name="a scenario that is not the pinned one",
        change=first_pin(lambda pin: replace(pin, sha256="0" * 64)),
    ),
    Plant(
        weighed=True,
        name="a cell that is not pinned",
        change=first_pin(lambda pin: replace(pin, cells=pin.cells[:-1])),
    ),
    Plant(
        weighed=True,
        name="a pinned cell that is not there",
        change=first_pin(
            lambda pin: replace(pin, cells=(*pin.cells, replace(pin.cells[0], id=f"{pin.id}#9")))
        ),
    ),
    Plant(
        weighed=True,
        name="a pinned path that is gone and has no tombstone",
        change=first_pin(
            lambda pin: replace(
                pin,
                cells=(*pin.cells[:-1], replace(pin.cells[-1], paths=("attic",))),
            )
        ),
    ),
    Plant(
        weighed=True,
        name="a pinned scenario that is gone",
        change=pinned(
            lambda was: replace(
                was, scenarios=(*was.scenarios, replace(was.scenarios[0], id="gone", cells=()))
            )
        ),
    ),
    Plant(
        weighed=True,
        name="a tombstone without a word",
        change=pinned(lambda was: replace(was, tombstones=(Tombstone(id="gone", reason=" "),))),
    ),
    Plant(name="other paths than pinned", ran=("", "turn tag", "turn")),
    Plant(
        weighed=True,
        name="other branches than pinned",
        change=pinned(lambda was: replace(was, branches={})),
    ),
    Plant(name="a branch that nobody takes", change=arcs()),
    Plant(
        name="a shared branch that nobody takes",
        change=arcs("old.shared", 2, {"old.shared": frozenset({0})}),
    ),
    Plant(
        name="a branch that nobody counts",
        change=arcs("old.shared", 1, {"old.shared": frozenset({0, 1})}),
    ),
    Plant(name="no branch at all", change=no_arcs),
    Plant(
        name="a dead branch that lives",
        change=arcs("old.shared", 1, {"old.shared": frozenset({0})}),
        rulings=(
            ruling(
                klass="dead-branch",
                quirk="",
                scope="",
                cells="",
                subjects='["old.shared:2 if planted"]',
            ),
        ),
    ),
    Plant(
        name="too many dead branches",
        change=arcs("old.shared", 4, {"old.shared": frozenset({0})}),
        rulings=(
            ruling(
                klass="dead-branch",
                quirk="",
                scope="",
                cells="",
                subjects=json.dumps([f"old.shared:{line} if planted" for line in (3, 4, 5)]),
            ),
        ),
    ),
    Plant(name="a control without paths", change=no_paths),
    Plant(weighed=True, name="a module that no path reaches", change=unowned),
    Plant(name="a file that cannot be read", change=unusable),
    Plant(
        weighed=True,
        name="a gate at level production",
        gate=POLICY.replace("level: rehearsal", "level: production"),
    ),
    Plant(weighed=True, name="paths that nobody recorded", gate=f"{SEEN}{ASKS_YOUNG}"),
    Plant(
        name="a recording that is too old",
        kind="recorded, recorded: @-91",
        now="@-91T10:00:00Z",
        gate=YOUNG,
    ),
    Plant(name="a recording without a day", kind="recorded", gate=YOUNG),
    Plant(
        name="a recording of a day to come",
        kind="recorded, recorded: @+1",
        now="@+1T10:00:00Z",
        gate=YOUNG,
    ),
    Plant(name="a recording that shows too little", kind="recorded", more=SHOWN, gate=SEEN),
    Plant(
        name="a control that left what was recorded",
        kind="recorded",
        more=SHOWN.replace("2", "3"),
        gate=SEEN,
    ),
    Plant(weighed=True, name="a statement that nobody needs", gate=stated("@turn", "@+30")),
    Plant(weighed=True, name="a statement about no path", gate=stated("attic", "@+30")),
    Plant(name="a signed statement", **NOT_SOUND, gate=stated("@turn", "@+30")),
    Plant(name="no statement where none is sound", **NOT_SOUND),
    Plant(name="a statement that has run out", **NOT_SOUND, gate=stated("@turn", "@-1")),
    Plant(name="a statement that runs too long", **NOT_SOUND, gate=stated("@turn", "@+181")),
)
