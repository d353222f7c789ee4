"""Races: the ends that concurrent acts can come to, compared as sets.

The search is depth first over schedules and switches actors only at shared places. The set of
shared places starts empty and grows until no schedule shows a conflict outside it, so leaving the
other places out loses no order that could end differently. The bound on schedules is counted, and
a search that reached it proves nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from harness.canonical import digest
from harness.difference import differences
from harness.episode import placed
from harness.escape import bounded
from harness.judge import Judgement
from harness.living import facets_of
from harness.model import (
    ABSENT,
    Class,
    Difference,
    Episode,
    Finding,
    Observation,
    Outcome,
)
from harness.objection import budget, crash, trap
from harness.ports import Data, World
from harness.scenario import EpisodeSpec, Item, Scenario
from harness.schedule import Place, Schedule
from harness.setup import Setup, Side
from harness.twin import twin


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One way a race can end.

    Attributes:
        key: short digest of what the race changed in the compared facets, at quiescence.
        facets: what was compared.
        judgement: what invariants and truth say of it.
        serial: whether some order of whole acts ends the same.
    """

    key: str
    facets: dict[str, Data]
    judgement: Judgement
    serial: bool

    def summary(self) -> dict[str, Data]:
        """What reports and rulings see of this end."""
        return {"broken": list(self.judgement.broken), "serial": self.serial}


@dataclass(slots=True)
class Exploration:
    """One engine's race as it is explored.

    Attributes:
        shared: places before which actors are switched, of those in `conflicts` so far.
        conflicts: places that two actors touched, one of them writing.
        exhausted: every schedule over `shared` was run.
        moot: item → why it made no sense, of those that made none in any schedule.
        first: the world at the end of the serial order as listed.
    """

    setup: Setup
    side: Side
    items: Sequence[Item]
    start: World
    shared: set[Place] = field(default_factory=set)
    ends: dict[str, End] = field(default_factory=dict)
    schedules: int = 0
    conflicts: set[Place] = field(default_factory=set)
    exhausted: bool = False
    findings: dict[Finding, None] = field(default_factory=dict)
    moot: dict[int, str] = field(default_factory=dict)
    arcs: dict[str, frozenset[int]] = field(default_factory=dict)
    handlers: tuple[tuple[str, str], ...] = ()
    first: World | None = None
    began: dict[str, Data] = field(init=False)
    first_facets: dict[str, Data] = field(default_factory=dict)

    def __post_init__(self) -> None:
        began = facets_of(self.setup.kit, self.start, {})
        self.began = self.setup.fields.project(began)

    def explore(self) -> None:
        """Run the serial orders, then every schedule, until no new conflict shows."""
        for order in itertools.permutations(range(len(self.items))):
            self.run(partial(serially, order), serial=True)
        while True:
            self.shared = set(self.conflicts)
            self.depth_first()
            if self.conflicts <= self.shared:
                break
        if not self.exhausted:
            detail = f"{self.side.role}: {self.schedules} schedules and more to come"
            self.found(Finding(outcome=Outcome.NOT_RUN, slug="race-not-exhausted", detail=detail))

    def depth_first(self) -> None:
        """Every schedule over the shared places known so far, up to the bound."""
        prefix: list[int] = []
        self.exhausted = False
        for _ in range(self.setup.budget.schedules):
            trail: list[tuple[list[int], int]] = []
            self.run(partial(follow, prefix, trail), serial=False)
            while trail and trail[-1][1] + 1 >= len(trail[-1][0]):
                trail.pop()
            if not trail:
                self.exhausted = True
                return
            options, chosen = trail[-1]
            prefix = [o[c] for o, c in trail[:-1]] + [options[chosen + 1]]

    def run(self, drive: Callable[[Schedule], str], *, serial: bool) -> None:
        """Run one schedule from the start and record its end."""
        world = twin(self.start, reload=self.setup.reload)
        world.reverse = self.setup.reverse
        schedule = Schedule(setup=self.setup, side=self.side, world=world, shared=self.shared)
        self.side.reset_arcs()
        self.side.drain_traps()
        stuck: list[str] = []

        def body() -> None:  # actors must be born inside, their parent is who they switch back to
            schedule.start(self.items)
            stuck.append(drive(schedule))

        late = bounded(body, seconds=self.setup.budget.seconds)
        world.on_port = None
        schedule.give_up()
        self.schedules += 1
        self.conflicts |= schedule.conflicts()
        self.note(schedule, late or "".join(stuck))
        self.record(schedule, serial=serial)

    def note(self, schedule: Schedule, stuck: str) -> None:
        """Keep what argues against this engine, and the arcs it took."""
        for unit, taken in self.side.taken_arcs().items():
            self.arcs[unit] = self.arcs.get(unit, frozenset()) | taken
        livings = [actor.living for actor in schedule.actors]
        for text in (stuck, *(actor.left for actor in schedule.actors)):
            self.found(*([budget(self.side, text)] if text else []))
        for traps in (
            self.side.drain_traps(),
            schedule.world.traps,
            *(one.traps for one in livings),
        ):
            self.found(*(trap(self.side, text) for text in traps))
        for number, living in enumerate(livings):
            self.found(*crash(self.side, living.crash))
            if self.schedules == 1 and living.moot:
                self.moot[number] = living.moot
            elif not living.moot:
                self.moot.pop(number, None)

    def found(self, *findings: Finding) -> None:
        """Keep findings, each once, in the order in which they were made."""
        self.findings.update(dict.fromkeys(findings))

    def record(self, schedule: Schedule, *, serial: bool) -> None:
        """Remember this end under the digest of what is compared."""
        kit, world = self.setup.kit, schedule.world
        facets = self.setup.fields.project(facets_of(kit, world, answers(schedule)))
        key = self.key(facets)
        if self.first is None:
            self.first, self.first_facets = schedule.world, facets
            self.handlers = tuple(h for a in schedule.actors for h in a.living.handlers)
        if key not in self.ends:
            judgement = Judgement(self.setup, schedule.world)
            self.ends[key] = End(key=key, facets=facets, judgement=judgement, serial=serial)

    def key(self, facets: dict[str, Data]) -> str:
        """Short digest of what an end changed; what nobody touched has no say in its name."""
        changed = differences(self.began, facets)
        return digest([[one.path, one.candidate] for one in changed])[:12]


def serially(order: Sequence[int], schedule: Schedule) -> str:
    """Whole acts, one after the other."""
    return schedule.finish(order)


def follow(prefix: Sequence[int], trail: list[tuple[list[int], int]], schedule: Schedule) -> str:
    """Follow the prefix's choices, then always the first; write the choices into `trail`."""
    schedule.come_in()
    while True:
        options = schedule.runnable()
        if not options:
            return "" if all(actor.done for actor in schedule.actors) else "deadlock"
        if len(options) == 1:
            schedule.step(options[0])
            continue
        chosen = options.index(prefix[len(trail)]) if len(trail) < len(prefix) else 0
        trail.append((options, chosen))
        schedule.step(options[chosen])


def answers(schedule: Schedule) -> dict[str, Data]:
    """Each actor's response, by its number in the block."""
    return {
        str(index): actor.living.response
        for index, actor in enumerate(schedule.actors)
        if actor.living.response is not None
    }


def explore(setup: Setup, side: Side, items: Sequence[Item], start: World) -> Exploration:
    """Explore one engine's race from `start`."""
    exploration = Exploration(setup=setup, side=side, items=items, start=start)
    exploration.explore()
    return exploration


def race_differences(
    control: Exploration, candidate: Exploration, paths: tuple[str, ...]
) -> tuple[Difference, ...]:
    """Ends that vanish or appear, each one difference."""
    keys = sorted(control.ends.keys() ^ candidate.ends.keys())
    return tuple(
        Difference(
            facet="race",
            at=key,
            control=control.ends[key].summary() if key in control.ends else ABSENT,
            candidate=candidate.ends[key].summary() if key in candidate.ends else ABSENT,
            owners=paths,
        )
        for key in keys
    )


def race_findings(control: Exploration, candidate: Exploration) -> tuple[Finding, ...]:
    """Why a race is no evidence, beside what went wrong in it."""
    found = [*control.findings, *candidate.findings]
    for why in control.moot.values():
        found.append(Finding(outcome=Outcome.NOT_RUN, slug="act-impossible", detail=why))
    if control.schedules < 2 or not control.conflicts:
        detail = f"{control.schedules} schedules, {len(control.conflicts)} conflicts"
        found.append(Finding(outcome=Outcome.NOT_RUN, slug="no-race", detail=detail))
    return tuple(found)


def race_class(before: Judgement, ends: Sequence[End]) -> Class:
    """The class of a race cell: every end that the control can come to counts."""
    if any(end.judgement.unmet is None for end in ends):
        return Class.UNDECIDABLE
    if any(end.judgement.broken for end in ends) or before.broken:
        return Class.REPAIR
    return Class.TWIST if any(end.judgement.unmet for end in ends) else Class.SOUND


def race_episode(
    setup: Setup, scenario: Scenario, spec: EpisodeSpec, before: World
) -> tuple[Episode, World]:
    """Explore both engines' races; the next state is the control's serial order as listed."""
    assert spec.item is not None  # noqa: S101  # a race is always a listed item
    items = spec.item.together
    was = Judgement(setup, before)
    control = explore(setup, setup.control, items, before)
    candidate = explore(setup, setup.candidate, items, before)
    assert control.first is not None  # noqa: S101  # explore runs at least one order
    assert candidate.first is not None  # noqa: S101  # likewise
    episode = placed(setup, scenario, spec, before, control.first, control.handlers)
    ends, ours = tuple(control.ends.values()), tuple(candidate.ends.values())
    unmet = [end.judgement.unmet for end in ours]
    return replace(
        episode,
        control=_race_observation(control),
        candidate=_race_observation(candidate),
        differences=race_differences(control, candidate, episode.paths),
        klass=race_class(was, ends),
        control_broken=_union(end.judgement.broken for end in ends),
        candidate_broken=_union(end.judgement.broken for end in ours),
        unmet=None if None in unmet else _union(u for u in unmet if u is not None),
        wrongs=_union(end.judgement.wrongs for end in ours),
        deferrals=setup.kit.deferrals(candidate.first),
        findings=race_findings(control, candidate),
    ), control.first


def _union(many: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for one in many for text in one))


def _race_observation(side: Exploration) -> Observation:
    race = {key: end.summary() for key, end in sorted(side.ends.items())}
    return Observation(
        facets={**side.first_facets, "race": race},
        handlers=side.handlers,
        reasons=({"rule": "race", "schedules": side.schedules, "conflicts": len(side.conflicts)},),
        arcs=side.arcs,
    )
