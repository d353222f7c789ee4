"""Builders of judged cells and of the smallest run whose gate is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from msgspec import structs

from harness.branches import Unit
from harness.document import parse_document
from harness.evidence import Evidence, Pinned, fold
from harness.gate import Verdict, decide
from harness.model import Cell, Class, Difference, Episode, Free, FreeRun, Observation, Outcome
from harness.policy import Policy, read_policy
from harness.reason import Reason

TODAY = date(2026, 3, 2)
START = 1_772_445_600  # 2026-03-02T10:00:00Z
PATH, OTHER = "webhook.voided", "api.pay"
UNITS = {
    "own": Unit(
        id="own", path=PATH, arcs={1: "voided.py:4 none open", 2: "voided.py:6 some open"}
    ),
    "pay": Unit(id="pay", path=OTHER, arcs={1: "pay.py:9 declined"}),
    "gate": Unit(id="gate", arcs={1: "gate.py:3 no method", 2: "gate.py:5 method"}),
}
ARCS = {"own": frozenset({1, 2}), "pay": frozenset({1}), "gate": frozenset({1, 2})}
POLICY = """\
approvers: [ledger]
level: rehearsal
floors: {distinct_cells: 8, sound_agree: 3}
agreement_where_sound: 1/1
intended_change_max: 1/50
repairs_proven: 1/1
"""


def policy(text: str = POLICY) -> Policy:
    return read_policy(parse_document(text.encode(), "gate.yaml"))


def observation(**changes: Any) -> Observation:
    facets: dict[str, Any] = {
        "customer": {},
        "money": {},
        "response": {},
        "books": {},
        "effects": {},
    }
    return structs.replace(Observation(facets=facets), **changes)


def cell(
    id: str,
    paths: Sequence[str] = (PATH,),
    outcome: Outcome = Outcome.AGREE,
    *,
    own: Mapping[str, Outcome] | None = None,
    differences: Sequence[Difference] = (),
    rulings: Sequence[str] = (),
    **changes: Any,
) -> Cell:
    """A judged cell; `changes` go to its episode."""
    scenario, _, number = id.partition("#")
    values: dict[str, Any] = {
        "id": id,
        "scenario": scenario,
        "act": "look" if number == "0" else "invoice.voided",
        "at": START + 3600 * int(number),
        "paths": tuple(paths),
        "control": observation(arcs=ARCS),
        "candidate": observation(),
        "before": {},
        "scope": {},
        "stratum": {"segment": "pro", "currency": "usd"},
        "differences": tuple(differences),
        "klass": Class.SOUND,
        "state": id,
    }
    episode = Episode(**{**values, **changes})
    return Cell(
        episode=episode,
        outcome=outcome,
        own=own if own is not None else dict.fromkeys(paths, outcome),
        differences=tuple(differences),
        findings=(),
        rulings=tuple(rulings),
    )


def difference(at: str = "store.flag", **changes: Any) -> Difference:
    values: dict[str, Any] = {
        "facet": "books", "at": at, "control": True, "candidate": False, "owners": (PATH,),
    }  # fmt: skip
    return Difference(**{**values, **changes})


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything the gate is decided from; `Run()` is open, `replace(Run(), …)` plants a fault."""

    cells: tuple[Cell, ...] = field(default_factory=lambda: open_cells())
    free: tuple[FreeRun, ...] = (FreeRun(scenario="voids", outcome=Free.KEPT),)
    paths: tuple[str, ...] = (PATH,)
    units: Mapping[str, Unit] = field(
        default_factory=lambda: {k: unit for k, unit in UNITS.items() if unit.path != OTHER}
    )
    pinned: Pinned | None = None
    ruling_classes: Mapping[str, str] = field(default_factory=dict)
    dead: tuple[str, ...] = ()
    policy: Policy = field(default_factory=policy)
    manifest: tuple[Reason, ...] = ()
    rulings: tuple[Reason, ...] = ()
    leak: int | None = 0
    partial: str = ""

    def evidence(self) -> Evidence:
        return fold(
            self.cells,
            self.free,
            paths=self.paths,
            units=self.units,
            pinned=self.pinned or pinned(self.cells),
            ruling_classes=self.ruling_classes,
            dead=self.dead,
        )

    def verdict(self) -> Verdict:
        return decide(
            self.evidence(),
            self.policy,
            today=TODAY,
            manifest=self.manifest,
            rulings=self.rulings,
            leak=self.leak,
            partial=self.partial,
        )

    def adding(self, *cells: Cell) -> Run:
        return replace(self, cells=(*self.cells, *cells))


def pinned(cells: Iterable[Cell]) -> Pinned:
    cells = tuple(cells)
    return Pinned(
        cells={one.episode.id: one.episode.paths for one in cells},
        scenarios=tuple(dict.fromkeys(one.episode.scenario for one in cells)),
    )


def open_cells() -> tuple[Cell, ...]:
    """Eight distinct cells, six of them SOUND, and the first look."""
    arcs = {unit: taken for unit, taken in ARCS.items() if unit != "pay"}
    control = observation(arcs=arcs)
    look = cell("voids#0", ("(given)",), control=observation())
    sound = tuple(cell(f"voids#{n}", control=control) for n in range(1, 7))
    repaired = tuple(
        cell(
            f"voids#{n}",
            outcome=Outcome.RULED,
            klass=Class.REPAIR,
            control=control,
            control_broken=("I5: stores disagree",),
            differences=(difference(ruling="R-flag"),),
            rulings=("R-flag",),
        )
        for n in (7, 8)
    )
    return (look, *sound, *repaired)


def slugs(run: Run, path: str | None = None) -> set[str]:
    """The slugs that close the whole gate, or one path."""
    verdict = run.verdict()
    reasons = verdict.paths[path].reasons if path else verdict.reasons
    return {reason.slug for reason in reasons}
