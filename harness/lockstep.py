"""Lockstep replay: each episode starts both engines from the control's state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from harness.canonical import same
from harness.difference import differences, keys_of
from harness.episode import cell_id, placed
from harness.judge import Judgement, blamed, classify, new
from harness.living import Held, Living, facets_of, hold_of, keep_held, live, one_response, play
from harness.model import Class, Difference, Episode, Finding, Observation, Outcome
from harness.objection import NOT_RECORDED, objections
from harness.ownership import owners, untouched, value_at
from harness.ports import Data, World
from harness.race import race_episode
from harness.recorded import OBSERVED, unlike
from harness.scenario import EpisodeSpec, Scenario, episodes
from harness.setup import Setup
from harness.twin import twin


class Pair(NamedTuple):
    """One episode lived by both sides: the world before, the two after it, what each did.

    `moot` says why the item made no sense in the control's world; empty where it did.
    """

    worlds: tuple[World, World, World]
    control: Observation
    candidate: Observation
    moot: str


@dataclass(slots=True)
class Lockstep:
    """A scenario on its way through lockstep: the control's state and what is carried along.

    Attributes:
        drifted: the first cell in which the control differed from what was observed, else empty.
        unknown: the first cell in which nobody recorded what the control does, else empty.
        against: what argues against the control, after the number of its episode.
        began: the world in which it begins; nothing changes it, so that others may begin there.
    """

    setup: Setup
    scenario: Scenario
    state: World
    held: Held = field(default_factory=dict)
    previous: Episode | None = None
    drifted: str = ""
    unknown: str = ""
    against: list[tuple[int, Finding]] = field(default_factory=list)
    began: World = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.state

    @property
    def end(self) -> World | None:
        """The control's world by now; None where nobody recorded how it comes about."""
        return None if self.unknown else self.state

    def play(self, spec: EpisodeSpec) -> Episode:
        """Replay one episode on both sides, judge it, and move on to the control's world."""
        before = self.before(spec)
        if is_race(spec):
            episode, self.state = race_episode(self.setup, self.scenario, spec, before)
        else:
            pair = self.pair(spec, before)
            episode = assemble(self.setup, self.scenario, spec, pair)
            episode = with_repeats(self.setup, episode, self.previous, before)
            episode = self.faithful(spec, episode, pair)
        mine = (one for one in episode.findings if one.role == self.setup.control.role)
        self.against.extend((spec.index, one) for one in mine)
        if self.drifted:
            detail = f"in {self.drifted} the control left what was observed"
            finding = Finding(outcome=Outcome.DRIFT, slug="after-drift", detail=detail)
            episode = replace(episode, findings=(*episode.findings, finding))
        if self.unknown and not first_with(NOT_RECORDED, episode):
            detail = f"nobody recorded what the control did in {self.unknown}"
            finding = Finding(outcome=Outcome.NOT_RUN, slug=NOT_RECORDED, detail=detail)
            episode = replace(episode, findings=(*episode.findings, finding))
        self.drifted = self.drifted or first_with(OBSERVED, episode)
        self.unknown = self.unknown or first_with(NOT_RECORDED, episode)
        episode = without_control(episode) if self.unknown else episode
        self.previous = episode
        return episode

    def faithful(self, spec: EpisodeSpec, episode: Episode, pair: Pair) -> Episode:
        """Hold the control against what was observed, once it has a result.

        Every field counts that the control keeps, also one that is not compared with the
        candidate: what is asked here is whether the control is what ran in production.
        """
        seen = self.scenario.observed[spec.index : spec.index + 1]
        if not seen or not seen[0] or pair.moot or pair.control.traps or pair.control.timeout:
            return episode
        world = pair.worlds[1]
        response = one_response(answer for _, answer in world.answers)
        facets = facets_of(self.setup.kit, world, {} if response is None else response)
        found = unlike(seen[0], facets)
        findings = (*episode.findings, *found)
        return replace(episode, findings=findings, observed=frozenset(seen[0]))

    def observe(self, spec: EpisodeSpec) -> tuple[Observation | None, Observation | None]:
        """Replay one episode likewise and judge nothing: what control and candidate did."""
        before = self.before(spec)
        control: Observation | None
        if is_race(spec):
            episode, self.state = race_episode(self.setup, self.scenario, spec, before)
            control, candidate = episode.control, episode.candidate
            self.unknown = self.unknown or first_with(NOT_RECORDED, episode)
        else:
            _, control, candidate, _ = self.pair(spec, before)
            lost = any(text.startswith(NOT_RECORDED) for text in control.traps)
            self.unknown = self.unknown or (cell_id(self.scenario, spec) if lost else "")
        return None if self.unknown else control, candidate

    def before(self, spec: EpisodeSpec) -> World:
        """The state in which the episode begins, at its time."""
        world = self.state.fork()
        world.advance(spec.at)
        return world

    def pair(self, spec: EpisodeSpec, before: World) -> Pair:
        """Let both sides live through an episode from the same state."""
        # one of two is enough to part them: a loaded world shares nothing with the other side's
        worlds = (before.fork(), twin(before, reload=self.setup.reload))
        mine, its = (
            Living(setup=self.setup, side=side, world=world, hold=hold_of(spec))
            for side, world in zip((self.setup.control, self.setup.candidate), worlds, strict=True)
        )
        control, candidate = (
            live(living, partial(play, living, spec, self.held)) for living in (mine, its)
        )
        keep_held(mine, spec, self.held)
        self.state = before if mine.moot else worlds[0]
        return Pair((before, worlds[0], worlds[1]), control, candidate, mine.moot)


def first_with(slug: str, episode: Episode) -> str:
    """The episode's id where something of that name was found in it, else empty."""
    return episode.id if any(one.slug == slug for one in episode.findings) else ""


def without_control(episode: Episode) -> Episode:
    """The episode where nobody recorded what the control did: nothing in it was compared."""
    return replace(
        episode,
        control=None,
        differences=(),
        klass=Class.UNDECIDABLE,
        control_broken=(),
        candidate_broken=(),
        unmet=(),
        wrongs=(),
        harm=(),
        loss={},
        deferrals=(),
    )


def is_race(spec: EpisodeSpec) -> bool:
    """Whether several things happen at once in this episode."""
    return spec.item is not None and spec.item.kind == "together"


def begun(setup: Setup, scenario: Scenario) -> Lockstep:
    """A scenario before its first episode."""
    return Lockstep(setup=setup, scenario=scenario, state=setup.kit.load(scenario.given))


def lockstep(setup: Setup, scenario: Scenario) -> Iterator[Episode]:
    """Replay a scenario in lockstep, an episode at a time."""
    run = begun(setup, scenario)
    for spec in episodes(scenario):
        yield run.play(spec)


def observations(
    setup: Setup, scenario: Scenario
) -> Iterator[tuple[str, Observation | None, Observation | None]]:
    """Replay a scenario in lockstep and judge nothing: cell id, what control and candidate did."""
    run = begun(setup, scenario)
    for spec in episodes(scenario):
        yield (cell_id(scenario, spec), *run.observe(spec))


def assemble(
    setup: Setup,
    scenario: Scenario,
    spec: EpisodeSpec,
    pair: Pair,
) -> Episode:
    """Compare two observations and judge the worlds they were made in."""
    worlds, control, candidate, moot = pair
    kit, (before, control_world, candidate_world) = setup.kit, worlds
    episode = placed(setup, scenario, spec, before, control_world, control.handlers)
    was, is_, would = (Judgement(setup, world) for world in worlds)
    blame = partial(blamed, seen=candidate, looked=spec.item is None)
    return replace(
        episode,
        control=control,
        candidate=candidate,
        differences=tuple(
            difference.of(owners(difference, control, episode.paths))
            for difference in differences(control.facets, candidate.facets)
        ),
        klass=classify(was, is_, told=control.told),
        control_broken=is_.broken,
        candidate_broken=blame(would.broken, lambda: was.broken),
        unmet=would.unmet,
        wrongs=blame(would.wrongs, lambda: was.wrongs),
        harm=kit.harm(control.facets["customer"], candidate.facets["customer"]),
        loss=kit.loss(control_world, candidate_world),
        deferrals=kit.deferrals(candidate_world),
        findings=(
            *objections(setup.control, control),
            *objections(setup.candidate, candidate),
            *_impossible(moot),
        ),
    )


def _impossible(moot: str) -> Iterator[Finding]:
    if moot:
        yield Finding(outcome=Outcome.NOT_RUN, slug="act-impossible", detail=moot)


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
    if not same(difference.candidate, earlier.candidate):
        moved = value_at(glance.facets(), difference.facet, keys)
        if not same(difference.candidate, moved):
            return difference
    return difference.of(difference.owners, earlier.origin or previous)
