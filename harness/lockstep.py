"""Lockstep replay: each episode starts both engines from the control's state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from harness.canonical import canonical
from harness.difference import differences, keys_of
from harness.episode import placed
from harness.judge import blamed, classify, judge, new
from harness.living import Held, Living, hold_of, keep_held, live, play
from harness.model import Difference, Episode, Finding, Observation, Outcome
from harness.objection import objections
from harness.ownership import owned, untouched, value_at
from harness.ports import Data, World
from harness.race import race_episode
from harness.scenario import EpisodeSpec, Scenario, episodes
from harness.setup import Setup, Side
from harness.twin import twin


@dataclass(slots=True)
class Lockstep:
    """A scenario on its way through lockstep: the control's state and what is carried along."""

    setup: Setup
    scenario: Scenario
    state: World
    held: Held = field(default_factory=dict)
    previous: Episode | None = None

    def play(self, spec: EpisodeSpec) -> Episode:
        """Replay one episode on both sides and move the state on to the control's world."""
        before = twin(self.state, reload=self.setup.reload)
        before.advance(spec.at)
        if spec.item is not None and spec.item.kind == "together":
            episode, self.state = race_episode(self.setup, self.scenario, spec, before)
        else:
            episode = self.single(spec, before)
        self.previous = episode
        return episode

    def single(self, spec: EpisodeSpec, before: World) -> Episode:
        reload = self.setup.reload
        control_world, candidate_world = (twin(before, reload=reload) for _ in range(2))
        mine = self.living(self.setup.control, control_world, spec)
        control = live(mine, lambda: play(mine, spec, self.held))
        its = self.living(self.setup.candidate, candidate_world, spec)
        candidate = live(its, lambda: play(its, spec, self.held))
        keep_held(mine, spec, self.held)
        worlds = (before, control_world, candidate_world)
        episode = assemble(self.setup, self.scenario, spec, worlds, control, candidate)
        episode = with_repeats(self.setup, episode, self.previous, before)
        if mine.moot:
            lost = Finding(outcome=Outcome.NOT_RUN, slug="act-impossible", detail=mine.moot)
            episode = replace(episode, findings=(*episode.findings, lost))
        self.state = before if mine.moot else control_world
        return episode

    def living(self, side: Side, world: World, spec: EpisodeSpec) -> Living:
        return Living(setup=self.setup, side=side, world=world, hold=hold_of(spec))


def lockstep(setup: Setup, scenario: Scenario) -> Iterator[Episode]:
    """Replay a scenario in lockstep, an episode at a time."""
    run = Lockstep(setup=setup, scenario=scenario, state=setup.kit.load(scenario.given))
    for spec in episodes(scenario):
        yield run.play(spec)


def assemble(
    setup: Setup,
    scenario: Scenario,
    spec: EpisodeSpec,
    worlds: tuple[World, World, World],
    control: Observation,
    candidate: Observation,
) -> Episode:
    """Compare two observations and judge the worlds they were made in."""
    kit, (before, control_world, candidate_world) = setup.kit, worlds
    episode = placed(setup, scenario, spec, before, control_world, control.handlers)
    was, is_, would = (judge(setup, world) for world in worlds)
    blame = partial(blamed, seen=candidate, looked=spec.item is None)
    return replace(
        episode,
        control=control,
        candidate=candidate,
        differences=tuple(
            owned(difference, control, episode.paths)
            for difference in differences(control.facets, candidate.facets)
        ),
        klass=classify(was, is_, told=control.told),
        control_broken=is_.broken,
        candidate_broken=blame(would.broken, was.broken),
        unmet=would.unmet,
        wrongs=blame(would.wrongs, was.wrongs),
        harm=kit.harm(control.facets["customer"], candidate.facets["customer"]),
        loss=kit.loss(control_world, candidate_world),
        deferrals=kit.deferrals(candidate_world),
        findings=(
            *objections(setup.control, control),
            *objections(setup.candidate, candidate),
        ),
    )


def with_repeats(
    setup: Setup, episode: Episode, previous: Episode | None, before: World
) -> Episode:
    """Mark the differences that only repeat what differed before this act."""
    if previous is None or not episode.differences:
        return episode
    earlier = {difference.path: difference for difference in previous.differences}
    glance = Glance(setup=setup, before=before)
    marked = tuple(
        _repeat(difference, episode, earlier.get(difference.path), previous.id, glance)
        for difference in episode.differences
    )
    harm, loss = episode.harm, episode.loss
    if harm or loss:
        harm = new(harm, glance.harm())
        known = glance.loss()
        loss = {unit: more for unit in loss if (more := loss[unit] - known.get(unit, 0)) > 0}
    return replace(episode, differences=marked, harm=harm, loss=loss)


@dataclass(slots=True)
class Glance:
    """The candidate's look just before an act, made only when somebody asks."""

    setup: Setup
    before: World
    seen: tuple[World, Observation] | None = None

    def look(self) -> tuple[World, Observation]:
        if self.seen is None:
            world = twin(self.before, reload=self.setup.reload)
            living = Living(setup=self.setup, side=self.setup.candidate, world=world)
            self.seen = (world, live(living, living.look))
        return self.seen

    def facets(self) -> Mapping[str, Data]:
        return self.look()[1].facets

    def plain(self) -> Mapping[str, Data]:
        """Customer and money as they stand before anybody acts."""
        kit = self.setup.kit
        return {"customer": kit.outcome(self.before), "money": kit.money(self.before)}

    def harm(self) -> tuple[str, ...]:
        return self.setup.kit.harm(self.plain()["customer"], self.facets()["customer"])

    def loss(self) -> Mapping[str, int]:
        return self.setup.kit.loss(self.before, self.look()[0])


def _repeat(
    difference: Difference,
    episode: Episode,
    earlier: Difference | None,
    previous: str,
    glance: Glance,
) -> Difference:
    if earlier is None or episode.control is None:
        return difference
    keys = keys_of(difference.at)
    if not untouched(difference, episode.control, keys, glance.plain()):
        return difference
    same = canonical(difference.candidate) == canonical(earlier.candidate)
    if not same:
        moved = value_at(glance.facets(), difference.facet, keys)
        same = canonical(difference.candidate) == canonical(moved)
    return replace(difference, origin=earlier.origin or previous) if same else difference
