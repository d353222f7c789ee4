"""A plant made into a composition, under the names of the real one, and replayed like any run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Final, NamedTuple

from harness.compose import Composition
from harness.court import Court, Heard
from harness.document import Document, parse_document
from harness.errors import InputError
from harness.fields import Fields
from harness.loading import Loaded
from harness.manifest import CellPin, Manifest, ScenarioPin, cells_of
from harness.model import Episode, FreeRun
from harness.plain.engine import PlainControl
from harness.policy import Policy, read_policy
from harness.ruling import Ruling
from harness.ruling_files import Known, Rulings, read_ruling
from harness.run import Replayed, RunResult, replay, run
from harness.scenario import Scenario
from harness.scenario_file import Vocabulary, scenario_of
from harness.second import Replays, Watch
from harness.selftest.engines import (
    Names,
    NoGuard,
    PlantedCoverage,
    candidate_of,
    control_of,
)
from harness.selftest.lamps import INVARIANTS, LampKit
from harness.selftest.plant import Parts, Plant
from harness.selftest.sighting import sighted
from harness.setup import Budget, Setup
from harness.stability import Second, fingerprint
from harness.verdict import verdict

DECISION: Final = "docs/decisions/0001-planted.md"
"""The decision record that plants may cite; nobody looks whether it is there."""

POLICY: Final = f"""
level: rehearsal
approvers: ["mia"]
floors: {{distinct_cells: 1, sound_agree: 1}}
agreement_where_sound: 1/1
intended_change_max: 1/50
repairs_proven: 1/1
relaxations:
  - {{key: floors.distinct_cells, reason: small, decision: {DECISION}, date: 2026-03-02}}
  - {{key: floors.sound_agree, reason: small, decision: {DECISION}, date: 2026-03-02}}
"""

NOWHERE: Final = ".planted"
"""A folder that nobody has: what lies beside the real scenarios is no evidence of a plant."""

SMALL: Final = Budget(deliveries=8, port_calls=150, schedules=25)
"""Counted budgets of a plant: enough for its acts, and soon exceeded."""

_MARK: Final = re.compile(r"@(id|turn|tag|today|[+-]\d+)")


class Unwatched(Watch):
    """A watch that leaves the process's profile hook alone."""

    def taken(self) -> tuple[str, ...]:
        return ()


Noted = tuple[tuple[Episode, ...], FreeRun]


@dataclass(frozen=True, kw_only=True)
class NotingCourt(Court):
    """A court that judges like any other, and notes what it was told."""

    noted: list[Noted]

    def hear(self, scenario: Scenario, episodes: tuple[Episode, ...], free: FreeRun) -> Heard:
        self.noted.append((episodes, free))
        return Court.hear(self, scenario, episodes, free)


@dataclass(frozen=True, kw_only=True)
class Planted(Composition):
    """A composition whose parts are all there, with small budgets."""

    noted: list[Noted] = field(default_factory=list)

    def setup(self, *, reverse: bool = False, reload: bool = False) -> Setup:
        return replace(super().setup(reverse=reverse, reload=reload), budget=SMALL)

    def candidate_only(self, *, reverse: bool) -> Setup:
        return replace(super().candidate_only(reverse=reverse), budget=SMALL)

    def court(self, today: date) -> Court:
        real = super().court(today)
        return NotingCourt(
            rulings=real.rulings, paths=real.paths, crashes=real.crashes, noted=self.noted
        )


@dataclass(slots=True)
class Again:
    """The second process of a plant, in this process: the other order, and worlds from bytes."""

    planted: Planted
    plant: Plant

    def result(self, *, seconds: float) -> Second:  # noqa: ARG002  # nobody waits
        second = replays(self.planted) if self.plant.again else mirrored(self.planted.noted)
        return second if self.plant.second is None else self.plant.second(second)

    def stop(self) -> None:
        """There is nothing to stop."""


def replays(planted: Planted) -> Second:
    """What comes of everything, replayed as the second process would."""
    again = Replays(planted.loaded.scenarios)
    again.each(partial(again.free, planted.candidate_only(reverse=True)))
    setup = planted.setup(reverse=True, reload=True)
    again.each(partial(again.lockstep, setup, Unwatched()))
    return again.second


def mirrored(noted: Iterable[Noted]) -> Second:
    """What the first process has seen, as if the second had seen it too."""
    cells: dict[str, tuple[str, str]] = {}
    alone: dict[str, str] = {}
    for episodes, free in noted:
        alone[free.scenario] = free.digest
        for one in episodes:
            if one.control is not None:
                cells[one.id] = (fingerprint(one.control), fingerprint(one.candidate))
    return Second(cells=cells, alone=alone)


def names_of(composition: Composition) -> Names:
    """What a composition calls its parts; where it has too few, names of the plants' own."""
    scenarios = composition.loaded.scenarios
    control, kit = composition.control.engine, composition.kit
    paths = sorted(control.paths) or ["tag"]
    turn = paths[0]
    stores = kit.books(kit.load(scenarios[0].given)) if scenarios else {}
    return Names(
        control=control.name,
        candidate=composition.candidate.engine.name,
        turn=turn,
        tag=paths[1] if paths[1:] else f"{turn} tag",  # in order: paths are told by their names
        scenarios=tuple(one.id for one in scenarios) or ("planted",),
        stores=tuple(stores),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """Where plants are made into compositions and run.

    Attributes:
        real: the composition whose names they bear.
        kits: more stores of a world → its kit.
        scenarios: shape of a plant → its scenario, as it was read.
        clean: what a run of the first clean pair found, for plants that are only weighed.
        replays: engines and scenario of plants → their replays; plants that differ in rulings
            or policy alone are replayed once.
    """

    real: Composition
    names: Names
    today: date
    kits: dict[tuple[str, ...], LampKit] = field(default_factory=dict)
    scenarios: dict[tuple[str, ...], Scenario] = field(default_factory=dict)
    clean: list[RunResult] = field(default_factory=list)
    replays: dict[object, Replayed] = field(default_factory=dict)

    def composed(self, plant: Plant) -> Planted:
        """The composition of one plant."""
        nowhere = self.real.config.scenarios / NOWHERE
        planted = Planted(config=replace(self.real.config, scenarios=nowhere, gate=nowhere))
        control, coverage = control_of(plant, self.names)
        guarded: Parts = {"guard": NoGuard()}
        parts = vars(planted)
        parts.update(
            kit=self.kit(plant.stores),
            invariants=INVARIANTS,
            control=SimpleNamespace(engine=control, coverage=coverage, unowned=(), **guarded),
            candidate=SimpleNamespace(engine=candidate_of(plant, self.names), **guarded),
            fields=Fields(),
        )
        scenario = self.scenario(plant, planted.vocabulary)
        text = Text(self.names, scenario.id, self.today)
        parts.update(
            loaded=Loaded(scenarios=(scenario,)),
            policy=policy_of(text.dated(plant.gate or POLICY)),
            recording=None,
            retired=(),
            rulings=rulings_of(plant, text, known_of(control)),
            manifest=manifest_of(scenario, plant, self.names, coverage),
        )
        if plant.change is not None:
            parts.update(plant.change(parts))
        return planted

    def kit(self, stores: tuple[str, ...]) -> LampKit:
        """The domain with these stores beside its own."""
        if stores not in self.kits:
            self.kits[stores] = LampKit(stores)
        return self.kits[stores]

    def scenario(self, plant: Plant, vocabulary: Vocabulary) -> Scenario:
        """The scenario of a plant; each shape has the id of another real one."""
        if plant.shape not in self.scenarios:
            ids = self.names.scenarios
            text = Text(self.names, ids[len(self.scenarios) % len(ids)], self.today)
            self.scenarios[plant.shape] = scenario_of(text.scenario(plant), vocabulary)
        return self.scenarios[plant.shape]

    def replayed(self, plant: Plant, setup: Setup, scenario: Scenario) -> Replayed:
        """The replays of a plant's engines; where it changes other parts, its own."""
        if plant.change is not None:
            return replay(setup, scenario)
        engines = (frozenset(plant.control.items()), frozenset(plant.candidate.items()))
        key = (plant.shape, *engines)
        if key not in self.replays:
            self.replays[key] = replay(setup, scenario)
        return self.replays[key]

    def found(self, plant: Plant) -> frozenset[str]:
        """Replay a plant, judge and weigh it like any run; everything that was found."""
        planted = self.composed(plant)
        if plant.weighed:
            result = self.clean[0]
        else:
            other, replayed = Again(planted, plant), partial(self.replayed, plant)
            result = run(planted, today=self.today, other=other, replayed=replayed)
            self.clean.append(result)
        if plant.lost is not None:
            result = plant.lost(result)
        return sighted(result, verdict(planted, result, today=self.today), self.names.plain)


class Text(NamedTuple):
    """Texts of a plant, with the marks in them replaced."""

    names: Names
    id: str
    today: date

    def document(self, stem: str, text: str) -> Document:
        return parse_document(self.dated(text).encode(), f"{stem}.yaml")

    def dated(self, text: str) -> str:
        """A text with its marks replaced."""
        return _MARK.sub(self.marked, text)

    def marked(self, mark: re.Match[str]) -> str:
        match mark[1]:
            case "id":
                return self.id
            case "turn" | "tag" as path:
                return json.dumps(self.names.real(path))
            case "today":
                return self.today.isoformat()
            case days:
                return (self.today + timedelta(days=int(days))).isoformat()

    def scenario(self, plant: Plant) -> Document:
        then = f"then: {plant.then}" if plant.then else ""
        source = f"""
id: "@id"
title: Somebody turns a lamp
provenance: {{kind: {plant.kind}, source: planted}}
given: {{now: "{plant.now}", {plant.given}}}
when: {plant.when}
{then}
{plant.more}
"""
        return self.document(self.id, source)


@lru_cache(maxsize=8)
def policy_of(text: str) -> Policy:
    """A policy; most plants have the same."""
    return read_policy(parse_document(text.encode(), "gate.yaml"))


def rulings_of(plant: Plant, text: Text, known: Known) -> Rulings:
    """The plant's rulings, read as files are; a bad one is refused."""
    good, refused = [], []
    for number, file in enumerate(plant.rulings):
        try:
            good.append(ruling_of(text.dated(file), f"R-{number}.yaml", known))
        except InputError as error:
            refused.append(error)
    return Rulings(good=tuple(good), refused=tuple(refused))


@lru_cache(maxsize=32)
def ruling_of(text: str, file: str, known: Known) -> Ruling:
    """A ruling; many plants have the same.

    Raises:
        InputError: it cannot be read.
    """
    return read_ruling(parse_document(text.encode(), file), known)


def known_of(control: PlainControl) -> Known:
    """What rulings of plants may name."""
    return Known(
        paths=frozenset(control.paths),
        quirks=frozenset(control.quirks),
        decisions=frozenset({DECISION}),
    )


def manifest_of(
    scenario: Scenario, plant: Plant, names: Names, coverage: PlantedCoverage
) -> Manifest:
    """The manifest that a person would have pinned of the clean pair."""
    cells = tuple(
        CellPin(id=cell, label=label, paths=tuple(map(names.real, ran.split())))
        for (cell, label), ran in zip(cells_of(scenario), plant.ran, strict=True)
    )
    pin = ScenarioPin(id=scenario.id, sha256=scenario.sha256, cells=cells)
    return Manifest(scenarios=(pin,), branches=dict.fromkeys(coverage.arcs, 1))
