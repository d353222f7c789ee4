"""Measuring by mutants: which there are, what each is tried on, what came of all of them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final

from harness.canonical import digest
from harness.compose import Composition
from harness.court import Court
from harness.errors import NothingCompared
from harness.importing import LoadedEngine
from harness.lockstep import is_race
from harness.moment import today
from harness.mutate import bound
from harness.mutate.gate_condition import asked
from harness.mutate.generated import Donors
from harness.mutate.ground import Ground, ground
from harness.mutate.measurement import (
    SCHEMA,
    Measurement,
    row,
)
from harness.mutate.mutant import Mutant
from harness.mutate.operators import OPERATORS, mutants
from harness.mutate.pinning import pinned_besides
from harness.mutate.pool import Batch, Opened, Trials, batches, run_all
from harness.mutate.remembered import Depends, Remembered, Written, both
from harness.mutate.score import Score, Tried, score
from harness.mutate.subject import Subject
from harness.mutate.trial import Fate, Result, with_engine
from harness.mutate.vocabulary import vocabulary_of
from harness.mutate.waiver import Doubt, Held, doubted, held, sorted_out, subject_of, waivers
from harness.ruling import Scope
from harness.setup import Setup
from harness.units import units

SECONDS: Final = 2.0
"""Wall clock of one episode under a mutant; a loop that asks nobody anything is left then."""

CANDIDATE: Final = "candidate"
ROLES: Final = ("control", CANDIDATE)

Scores = Mapping[str, tuple[Score, ...]]
"""Role → the score of each module."""


@dataclass(frozen=True)
class Measuring:
    """A measurement in the making.

    Attributes:
        units: modules that are measured; empty means all.
        workers: processes.
    """

    composition: Composition
    units: tuple[str, ...] = ()
    workers: int = 1

    @property
    def roles(self) -> tuple[str, ...]:
        """The engines that there is code of: a recorded control was measured before."""
        return ROLES if self.composition.recording is None else (CANDIDATE,)

    @cached_property
    def tried_roles(self) -> tuple[str, ...]:
        """Those of which a module may be among the ones to measure."""
        asked = frozenset(self.units)
        sources = {role: self.subjects[role].loaded.sources.keys() for role in self.roles}
        return tuple(role for role in self.roles if not asked or asked & sources[role])

    @cached_property
    def subjects(self) -> Mapping[str, Subject]:
        """The engines, with probes in each."""
        engine = self.composition.engine
        loaded = {CANDIDATE: engine(CANDIDATE, probed=True)}
        if "control" in self.roles:
            loaded["control"] = self.composition.control
        called = vocabulary_of(self.composition.kit).injected()  # by what templates put in
        for module in (module for one in loaded.values() for module in one.modules.values()):
            vars(module).update(called)
        return {
            role: Subject(role, one, partial(_again, self.composition, role))
            for role, one in loaded.items()
        }

    @cached_property
    def mutants(self) -> Mapping[str, tuple[Mutant, ...]]:
        """Role → the mutants of all modules that are measured."""
        words = vocabulary_of(self.composition.kit)
        return {
            role: tuple(
                mutant
                for name in self.modules(role)
                for mutant in mutants(name, self.subjects[role].loaded.sources[name].text, words)
            )
            for role in self.roles
        }

    def modules(self, role: str) -> tuple[str, ...]:
        """The modules of an engine that count: the paths' code, and what decides elsewhere.

        An engine without paths is all that it imports, and all that it runs however it came by
        it. Code beside it, which judges both engines or is not compared, no cell can tell apart.
        """
        loaded = self.subjects[role].loaded
        if loaded.units is None:
            engine = self.composition.config.candidate.partition(":")[0]
            imported = units(loaded.sources, engine, {}).reached(engine)
            known = imported | self.ground.ran(role)
        else:
            known = loaded.units.owned
        return tuple(sorted(name for name in known if not self.units or name in self.units))

    @cached_property
    def probed(self) -> Setup:
        """Both engines, with somebody who reads the probes of both."""
        loaded = self.subjects[CANDIDATE].loaded
        setup = with_engine(self.composition.setup(), CANDIDATE, loaded)
        coverage = loaded.coverage
        side = replace(setup.candidate, reset_arcs=coverage.reset, taken_arcs=coverage.taken)
        return replace(setup, candidate=side, budget=replace(setup.budget, seconds=SECONDS))

    @cached_property
    def court(self) -> Court:
        """What cells are judged by today."""
        return self.composition.court(today(self.composition.config.root))

    @cached_property
    def ground(self) -> Ground:
        """Everything replayed once.

        Raises:
            NothingCompared: there is no cell that could tell anything.
        """
        scenarios = self.composition.loaded.scenarios
        found = ground(self.probed, self.court, scenarios, self.tried_roles)
        if not found.starts:
            message = "no cell agrees or is ruled, so none can tell a mutant apart"
            raise NothingCompared("nothing-compared", message, hint="see shadow run")
        return found

    @property
    def classes(self) -> Mapping[str, str]:
        return {one.id: str(one.klass) for one in self.composition.rulings.good}

    def results(self, opened: Opened, remembered: Remembered) -> dict[str, Result]:
        """Mutant → what came of it; what is remembered of the same code is not tried again."""
        asked = [(role, batch) for role in self.roles for batch in batches(self.mutants[role])]
        whole = {one.id: batch for _, batch in asked for one in batch}
        depends = {batch[0].id: self.depends(role, batch) for role, batch in asked}
        found: dict[str, Result] = {}
        rest: dict[str, Result] = {}
        only: dict[str, frozenset[str]] = {}
        new: list[tuple[str, Batch]] = []
        for role, batch in asked:
            # Of the control it counts where a mutant is told apart, so a new scenario has a say.
            exact = role != CANDIDATE
            recalled = remembered.of(batch, depends[batch[0].id], exact=exact)
            found |= recalled.done
            rest |= recalled.rest
            only |= dict.fromkeys(recalled.rest, recalled.new)
            if again := tuple(one for one in batch if one.id not in recalled.done):
                new.append((role, again))
        trials = Trials(
            ground=self.ground, subjects=self.subjects, classes=self.classes, only=only
        )
        for batch, results in run_all(trials, new, workers=self.workers, opened=opened):
            for one in results:
                found[one.mutant] = both(one, rest.get(one.mutant, one))
            entire = whole[batch[0].id]
            ordered = [found[one.id] for one in entire]
            remembered.keep(entire, depends[entire[0].id], ordered)
        return found

    def written(self, known: Measurement | None) -> Written | None:
        """What the file says, as long as no scenario in it went or changed."""
        if known is None or not known.scenarios.items() <= self.judged.items():
            return None
        return Written(known.code, known.scenarios, known.fates)

    def depends(self, role: str, batch: Batch) -> Depends:
        """All that a batch's results depend on: code, and the scenarios that it reaches."""
        arcs = frozenset().union(*(mutant.arcs for mutant in batch))
        module = batch[0].module
        everywhere = any(not mutant.runs or not mutant.arcs for mutant in batch)
        reached = {
            start.scenario.id
            for start in self.ground.starts
            if everywhere or arcs & start.taken(role, module)
        }
        alone = {
            name
            for name, one in self.ground.alone.items()
            if role == CANDIDATE and (everywhere or arcs & one.arcs.get(module, frozenset()))
        }
        return Depends(self.code, {name: self.judged[name] for name in sorted(reached | alone)})

    @cached_property
    def judged(self) -> Mapping[str, str]:
        """Scenario → digest of what it is, and of the rulings that list a cell of it."""
        of = defaultdict[str, list[object]](list)
        for ruling in sorted(self.court.rulings, key=lambda one: one.id):
            scope = ruling.scope or Scope(paths=frozenset(), segments=())
            said = [
                sorted(scope.paths),
                repr(replace(scope, paths=frozenset())),  # a set has no order that stays
                repr(replace(ruling, cells=(), subjects=(), quirks={}, scope=None, where="")),
            ]
            for cell in ruling.cells:
                of[cell.partition("#")[0]].append([said, cell, ruling.quirks.get(cell, "")])
        return {
            name: digest([scenario.sha256, of[name]])
            for name, scenario in self.ground.scenarios.items()
        }

    @cached_property
    def marks(self) -> bound.Modules:
        """The modules that it all rests on."""
        return bound.modules(self.composition)

    @cached_property
    def code(self) -> str:
        """Digest of everything but the scenarios, and the rulings that list their cells."""
        said = bound.parts(self.composition)
        parts = {name: said[name] for name in said.keys() - {"rulings", "scenarios"}}
        forms = sorted([name, form] for name, (_, form) in self.marks.items())
        return digest([parts, forms])

    def held(self, results: Mapping[str, Result]) -> Held:
        """Which mutants need not be told apart: rulings say why, and states were tried."""
        subjects = {
            mutant.id: subject_of(mutant, self.subjects[role].trees[mutant.module])
            for role in self.roles
            for mutant in self.mutants[role]
        }
        mine = [
            one
            for one in waivers(self.court.rulings)
            if (one.mutant in results or not self.units) and not self.is_kept(one.mutant)
        ]
        good, wrong = sorted_out(mine, subjects, results)
        found = held(self.doubts({one.mutant for one in good}))
        return Held(
            mutants=found.mutants | self.on_dead_branches(results),
            faults=(*wrong, *found.faults),
        )

    def is_kept(self, text: str) -> bool:
        """Whether a mutant is one of a recorded control: it was measured while there was code."""
        return "control" not in self.roles and any(f"{unit}:" in text for unit in self.recorded)

    @cached_property
    def recorded(self) -> frozenset[str]:
        """Modules of the control, its code or its recording's."""
        return frozenset(self.composition.control.coverage.arcs)

    def doubts(self, waived: Collection[str]) -> Iterator[Doubt]:
        """Every waived mutant, tried on states that nobody wrote, a function at a time."""
        setup = self.probed
        donors = Donors.of(self.composition.loaded.scenarios)
        for role in self.roles:
            for batch in batches(one for one in self.mutants[role] if one.id in waived):
                arcs = frozenset().union(*(mutant.arcs for mutant in batch))
                starts = tuple(
                    start
                    for start in self.ground.starts
                    if not is_race(start.spec) and arcs & start.taken(role, batch[0].module)
                )
                yield from doubted(setup, self.subjects[role], batch, starts, donors)

    def on_dead_branches(self, results: Mapping[str, Result]) -> frozenset[str]:
        """Mutants of code that a ruling calls dead; nothing can reach what is wrong with them."""
        dead, units = asked(self.composition).dead, self.composition.units()
        return frozenset(
            mutant.id
            for mutant in self.mutants.get("control", ())
            if results[mutant.id].fate is Fate.UNREACHED
            and mutant.arcs
            and all(units[mutant.module].arcs.get(arc) in dead for arc in mutant.arcs)
        )

    def scores(self, results: Mapping[str, Result], waived: Collection[str]) -> Scores:
        """Role → the score of each module; branches that nothing pins yet are tried once more."""
        found = {role: self.scored(role, results, waived) for role in self.roles}
        if "control" in found:
            besides = self.besides(results, found["control"])
            found["control"] = tuple(
                replace(one, pinned=one.pinned | besides.get(one.unit, frozenset()))
                for one in found["control"]
            )
        return found

    def scored(
        self, role: str, results: Mapping[str, Result], waived: Collection[str]
    ) -> tuple[Score, ...]:
        """The score of each module, as far as the first look tells."""
        sensitive = self.sensitive(results)
        mine = defaultdict[str, list[Tried]](list)
        for mutant in self.mutants[role]:
            mine[mutant.module].append(self.tried(role, mutant, results[mutant.id]))
        return tuple(
            score(name, mine[name], waived, frozenset(sensitive[name]))
            for name in self.modules(role)
        )

    def besides(
        self, results: Mapping[str, Result], scores: Iterable[Score]
    ) -> dict[str, frozenset[int]]:
        """Module → arcs that some cell pins though nobody asked it before."""
        units = self.composition.units()
        unpinned = [
            (one.unit, arc)
            for one in scores
            if one.unit in units
            for arc in sorted(set(units[one.unit].arcs) - one.pinned - units[one.unit].at_import)
        ]
        told = [
            mutant
            for mutant in self.mutants["control"]
            if mutant.runs and results[mutant.id].fate is Fate.TOLD_APART
        ]
        on = {(mutant.module, arc) for mutant in self.mutants["control"] for arc in mutant.arcs}
        found = defaultdict[str, set[int]](set)
        subject = self.subjects["control"]
        for (unit, arc), own in pinned_besides(self.ground, subject, told, unpinned, self.classes):
            if own or (unit, arc) not in on:
                found[unit].add(arc)
        return {unit: frozenset(arcs) for unit, arcs in found.items()}

    def tried(self, role: str, mutant: Mutant, result: Result) -> Tried:
        """A result with the arcs that its module took where it says what it says."""
        if result.fate is Fate.TOLD_APART:
            return Tried(result, mutant.arcs, frozenset(result.took))
        there = self.ground.by_id.get(result.where)
        took = there.taken(role, mutant.module) if there is not None else frozenset[int]()
        return Tried(result, mutant.arcs, took)

    def sensitive(self, results: Mapping[str, Result]) -> Mapping[str, set[int]]:
        """Module of the control → its arcs in cells that tell any of its mutants apart."""
        found = defaultdict[str, set[int]](set)
        for mutant in self.mutants.get("control", ()):
            result = results[mutant.id]
            if result.fate is Fate.TOLD_APART and result.where in self.ground.by_id:
                for unit, arcs in self.ground.by_id[result.where].arcs["control"].items():
                    found[unit] |= arcs
        return found

    def measurement(
        self,
        results: Mapping[str, Result],
        scores: Scores,
        held: Held,
        before: Measurement | None,
    ) -> Measurement:
        """What is written down; of a recorded control, what was written `before`."""
        kept = {} if before is None or "control" in self.roles else before.of_control()
        units = self.composition.units()
        known = [
            [one.mutant, str(one.fate)]
            for one in sorted(results.values(), key=lambda one: one.mutant)
        ]
        return Measurement(
            schema=SCHEMA,
            measured=today(self.composition.config.root).isoformat(),
            operators=len(OPERATORS),
            code=self.code,
            scenarios=dict(self.judged),
            parts=bound.parts(self.composition),
            modules=dict(self.marks),
            units={
                one.unit: row(
                    one, role=role, path=units[one.unit].path if one.unit in units else ""
                )
                for role, found in scores.items()
                for one in found
            }
            | kept,
            left_out=self.ground.left_out,
            waivers=(
                *((one.what, one.found, one.needed) for one in held.faults),
                *(one for one in (before.waivers if before else ()) if self.is_kept(one[1])),
            ),
            results=digest(known),
        )


def _again(composition: Composition, role: str, trees: Mapping[str, ast.Module]) -> LoadedEngine:
    return composition.engine(role, probed=False, trees=trees)
