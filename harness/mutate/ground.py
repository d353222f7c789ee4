"""The proving ground: every cell and free run as it was, ready to be played again by a mutant.

A cell begins in the control's state, which is kept. So a mutant is tried in that cell alone:
nothing before it has to be replayed. Where a mutant of the control leaves each cell as it was, it
leaves the states between them as they were, too.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from harness.branches import CREDITED
from harness.court import Court
from harness.free import candidate_run, conclude
from harness.garbage import uncollected
from harness.living import Held, Living, hold_of, live, play
from harness.lockstep import Lockstep, begun, is_race
from harness.model import Cell, Episode, FreeRun, Observation
from harness.ports import World
from harness.race import explore
from harness.scenario import EpisodeSpec, Scenario, episodes
from harness.setup import Setup, Side
from harness.stability import fingerprint

Arcs = Mapping[str, frozenset[int]]
"""Unit → arcs that were taken."""


@dataclass(frozen=True, slots=True)
class Print:
    """What one side did in one cell.

    Attributes:
        seen: digest of all that is compared, and of what argues against it.
        left: digest of what it wrote and of the world it left, also where nobody compares it.
    """

    seen: str
    left: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A cell, and what it takes to play it again.

    Attributes:
        state: the control's world before the episode.
        held: events held back until then.
        previous, drifted: as `Lockstep` carries them.
        cell: what came of it, unchanged.
        earlier: the scenario's cells before it.
        prints: role whose mutants are tried → what it did.
        arcs: role → arcs that it took.
    """

    scenario: Scenario
    spec: EpisodeSpec
    state: World
    held: Held
    previous: Episode | None
    drifted: str
    cell: Cell
    earlier: Mapping[str, Cell]
    prints: Mapping[str, Print]
    arcs: Mapping[str, Arcs]

    @property
    def id(self) -> str:
        return self.cell.episode.id

    def taken(self, role: str, module: str) -> frozenset[int]:
        """The arcs of a module that one side took in this cell."""
        return self.arcs[role].get(module, frozenset())

    def lockstep(self, setup: Setup) -> Lockstep:
        """The scenario on its way, just before this episode."""
        return Lockstep(
            setup=setup,
            scenario=self.scenario,
            state=self.state,
            held={key: list(events) for key, events in self.held.items()},
            previous=self.previous,
            drifted=self.drifted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """A scenario's free run, and what it takes to judge another one.

    Attributes:
        free: what came of the candidate's.
        arcs: arcs that the candidate took.
    """

    scenario: Scenario
    free: FreeRun
    arcs: Arcs


@dataclass(slots=True)
class Noted:
    """A side that adds up the arcs of all its episodes."""

    side: Side
    arcs: dict[str, frozenset[int]] = field(default_factory=dict)

    def taken(self) -> Arcs:
        """Arcs since the last reset, and a note of them."""
        taken = self.side.taken_arcs()
        for unit, arcs in taken.items():
            self.arcs[unit] = self.arcs.get(unit, frozenset()) | arcs
        return taken


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Everything that mutants are tried on.

    Attributes:
        setup: both engines, probed.
        court: what cells are judged by.
        starts: the cells in which both agree or a ruling says why not; others can tell nothing.
        left_out: the ids of the others.
        scenarios: all of them, by id.
        alone: scenario → its free run, where the candidate's mutants are tried.
    """

    setup: Setup
    court: Court
    starts: tuple[Start, ...]
    left_out: tuple[str, ...]
    scenarios: Mapping[str, Scenario]
    alone: Mapping[str, Alone]

    def ran(self, role: str) -> frozenset[str]:
        """The modules of which one side took an arc in any cell."""
        every = (name for one in self.starts for name, arcs in one.arcs[role].items() if arcs)
        return frozenset(every)

    @cached_property
    def by_id(self) -> Mapping[str, Start]:
        """Cell → what it takes to play it again."""
        return {start.id: start for start in self.starts}

    def taking(self, role: str, module: str) -> tuple[Start, ...]:
        """The cells in which one side took any arc of a module."""
        found = self._taking.get((role, module))
        if found is None:
            found = tuple(start for start in self.starts if start.taken(role, module))
            self._taking[role, module] = found
        return found

    @cached_property
    def _taking(self) -> dict[tuple[str, str], tuple[Start, ...]]:
        return {}

    def within(self, scenarios: Collection[str]) -> Ground:
        """These scenarios of it."""
        starts = tuple(one for one in self.starts if one.scenario.id in scenarios)
        alone = {name: one for name, one in self.alone.items() if name in scenarios}
        return replace(self, starts=starts, alone=alone)


def blind(side: Side) -> Side:
    """The side, with nobody looking at which arcs it takes."""
    return replace(side, reset_arcs=lambda: None, taken_arcs=dict)


def printed(setup: Setup, side: Side, start: Start, *, left: bool = True) -> Print:
    """What this side does in a cell, played alone; what it `left` only if somebody asks."""
    before = start.state.fork()
    before.advance(start.spec.at)
    if is_race(start.spec):
        return _raced(setup, side, start.spec, before, left=left)
    living = Living(setup=setup, side=side, world=before.fork(), hold=hold_of(start.spec))
    seen = live(living, partial(play, living, start.spec, dict(start.held)))
    against = repr((seen.traps, seen.timeout, living.moot))
    return Print(fingerprint(seen) + against, _left(living.world, seen.writes) if left else "")


def _left(world: World | None, writes: object = ()) -> str:
    """Digest of a world, and of how it came about."""
    ended = pickle.dumps(world and world.fork(), pickle.HIGHEST_PROTOCOL)
    return hashlib.sha256(repr(writes).encode() + ended).hexdigest()


def _raced(setup: Setup, side: Side, spec: EpisodeSpec, before: World, *, left: bool) -> Print:
    assert spec.item is not None  # noqa: S101  # a race is always a listed item
    race = explore(setup, side, spec.item.together, before)
    against = repr((race.findings, race.moot, race.schedules))
    return Print(repr(sorted(race.ends)) + against, _left(race.first) if left else "")


def ground(
    setup: Setup, court: Court, scenarios: Iterable[Scenario], roles: Collection[str]
) -> Ground:
    """Replay everything once, unchanged, and keep what is needed to replay it in parts.

    `roles` are those whose mutants are tried; only the candidate's are tried in free runs.

    Raises:
        Exception: of kit or world; a run tells of such a scenario.
    """
    starts: list[Start] = []
    left_out: list[str] = []
    known = {scenario.id: scenario for scenario in scenarios}
    alone: dict[str, Alone] = {}
    setup = replace(setup, digests=False)
    with uncollected() as tidy:
        for name, scenario in known.items():
            for start in _starts(setup, court, scenario, roles):
                if start.cell.outcome in CREDITED:
                    starts.append(start)
                else:
                    left_out.append(start.id)
            if "candidate" in roles:
                alone[name] = _alone(setup, scenario)
            tidy()
    blinded = replace(setup, control=blind(setup.control), candidate=blind(setup.candidate))
    return Ground(
        setup=blinded,
        court=court,
        starts=tuple(starts),
        left_out=tuple(left_out),
        scenarios=known,
        alone=alone,
    )


def _starts(
    setup: Setup, court: Court, scenario: Scenario, roles: Collection[str]
) -> Iterator[Start]:
    run = begun(setup, scenario)
    kept: list[tuple[EpisodeSpec, World, Held, Episode | None, str]] = []
    played: list[Episode] = []
    for spec in episodes(scenario):
        held = {key: list(events) for key, events in run.held.items()}
        kept.append((spec, run.state, held, run.previous, run.drifted))
        played.append(run.play(spec))
    judged = court.with_faults(scenario, tuple(court.judged(played).values()))
    for number, ((spec, state, held, previous, drifted), cell) in enumerate(
        zip(kept, judged, strict=True)
    ):
        start = Start(
            scenario=scenario,
            spec=spec,
            state=state,
            held=held,
            previous=previous,
            drifted=drifted,
            cell=cell,
            earlier={one.episode.id: one for one in judged[:number]},
            prints={},
            arcs={
                "control": _arcs(cell.episode.control),
                "candidate": _arcs(cell.episode.candidate),
            },
        )
        sides = {"control": setup.control, "candidate": setup.candidate}
        # What the candidate leaves matters to its next look alone, and that reads all anew.
        prints = {
            role: printed(setup, side, start, left=side is setup.control)
            for role, side in sides.items()
            if role in roles
        }
        yield replace(start, prints=prints)


def _arcs(seen: Observation | None) -> Arcs:
    return {} if seen is None else seen.arcs


def _alone(setup: Setup, scenario: Scenario) -> Alone:
    noted = Noted(setup.candidate)
    noting = replace(setup, candidate=replace(setup.candidate, taken_arcs=noted.taken))
    run = candidate_run(noting, scenario, setup.kit.load(scenario.given))
    return Alone(scenario=scenario, free=conclude(scenario, run, {}), arcs=noted.arcs)


def run_alone(setup: Setup, alone: Alone) -> FreeRun:
    """Let the candidate as it is now make the free run again."""
    run = candidate_run(setup, alone.scenario, setup.kit.load(alone.scenario.given))
    return conclude(alone.scenario, run, {})
