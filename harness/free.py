"""Free-running replay: the candidate's world to the end, with its own consequences.

Invariants, `then:` and the customer's outcome are judged here. The control's own consequences are
what lockstep goes through, since each of its episodes begins where the control left the last one;
so its world at that end is shown beside the candidate's, and nothing of it is replayed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

from harness.canonical import canonical, digest
from harness.judge import Judgement, blamed, breaches, facts, new, unrecorded
from harness.living import Held, Living, Moot, hold_of, keep_held, live, play
from harness.lockstep import Lockstep
from harness.model import ABSENT, Finding, Free, FreeRun, Observation, Outcome
from harness.objection import UNKNOWN, objections
from harness.ports import Access, Data, Facts, Kit, World
from harness.race import explore
from harness.scenario import EpisodeSpec, Item, Scenario, Then, episodes
from harness.setup import Setup, Side


class Breach(NamedTuple):
    """An invariant breach (`I1: …`) and where in the run it showed."""

    where: str
    text: str

    @property
    def invariant(self) -> str:
        return self.text.partition(":")[0]

    def __str__(self) -> str:
        return f"{self.where} {self.text}"


@dataclass(slots=True)
class Running:
    """One side's world on its way to the end.

    Attributes:
        moot: `label#episode` → why the act made no sense in this world.
        broken: the breaches of invariants; only where this side is judged.
        not_run, errors, timeouts: what argues against this run, by what it makes of it.
        seen: digest of each episode's observation; only where digests are asked for.
        failed: statements of `then` that did not hold.
    """

    setup: Setup
    side: Side
    world: World
    held: Held = field(default_factory=dict)
    moot: dict[str, str] = field(default_factory=dict)
    broken: list[Breach] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    timeouts: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def play(self, spec: EpisodeSpec, *, judged: bool) -> None:
        """Live through one episode in this world; judge it where asked."""
        before, self.world = self.world, self.world.fork()
        self.world.advance(spec.at)
        try:
            item = self.meant(spec)
        except Moot as moot:
            self.moot[named(spec)] = str(moot)
            return
        if item is not None and item.kind == "together":
            self.race(spec, item, judged=judged)
            return
        living = Living(setup=self.setup, side=self.side, world=self.world, hold=hold_of(spec))
        effects = EveryEffect(self.setup, living) if judged else None
        if effects is not None:
            living.watch = effects.check
        meant = spec if item is spec.item else replace(spec, item=item)
        body = partial(play, living, meant, self.held)
        observation = live(living, body, compared=self.setup.digests)
        if effects is not None:
            effects.check(None)
        keep_held(living, spec, self.held)
        if living.moot:
            self.moot[named(spec)] = living.moot
            self.world = before.fork()
            self.world.advance(spec.at)
            return
        self.note(spec, objections(self.side, observation))
        if self.setup.digests:
            self.seen.append(digest([observation.facets, list(observation.reasons)]))
        if effects is not None:
            self.weigh(spec, before, observation, effects)

    def weigh(
        self, spec: EpisodeSpec, before: World, seen: Observation, effects: EveryEffect
    ) -> None:
        """Judge the episode by what this engine answers for, and after each of its effects."""
        self.note(spec, self.unjudged(before, self.world))
        now = Judgement(self.setup, self.world).broken
        where = f"#{spec.index}"
        was = Judgement(self.setup, before)
        broken = blamed(now, lambda: was.broken, seen, looked=spec.item is None)
        self.broken.extend(Breach(where, text) for text in broken)
        self.broken.extend(Breach(f"{where} after an effect", text) for text in effects.found)

    def meant(self, spec: EpisodeSpec) -> Item | None:
        """The item as this world understands it.

        Raises:
            Moot: it makes no sense here.
        """
        item = spec.item
        if item is None or spec.held is not None:
            return item
        if item.kind == "together":
            return replace(item, together=tuple(map(self.intended, item.together)))
        return self.intended(item)

    def intended(self, item: Item) -> Item:
        """An act with the arguments that it has in this world; anything else as it is."""
        if item.kind != "act":
            return item
        args = self.setup.kit.intent(self.world, item.name, item.args)
        if args is None:
            raise Moot(f"{item.name} has nothing to act on")
        return replace(item, args=args)

    def race(self, spec: EpisodeSpec, item: Item, *, judged: bool) -> None:
        """Explore the race from this world; go on with the serial order as listed."""
        exploration = explore(self.setup, self.side, item.together, self.world)
        if exploration.moot:
            self.moot[named(spec)] = "; ".join(exploration.moot.values())
        self.note(spec, exploration.findings)
        if self.setup.digests:
            self.seen.append(digest(sorted(exploration.ends)))
        if judged:
            self.note(spec, self.unjudged(self.world, exploration.first or self.world))
            for end in exploration.ends.values():
                where = f"#{spec.index} end {end.key}"
                self.broken.extend(Breach(where, text) for text in end.judgement.broken)
        if exploration.first is not None:
            self.world = exploration.first

    def unjudged(self, *worlds: World) -> Iterator[Finding]:
        """That nobody can judge this run, said once: what is not judged is not kept."""
        if any(map(unrecorded, worlds)) and not self.not_run:
            detail = "nobody recorded every store, so nobody can judge what comes of this"
            yield Finding(outcome=Outcome.NOT_RUN, slug=UNKNOWN, detail=detail)

    def note(self, spec: EpisodeSpec, findings: Iterable[Finding]) -> None:
        """Keep what argues against this run."""
        lists = {Outcome.NOT_RUN: self.not_run, Outcome.TIMEOUT: self.timeouts}
        for finding in findings:
            kept = lists.get(finding.outcome, self.errors)
            kept.append(said(spec.index, finding))


def said(number: int, finding: Finding) -> str:
    """A finding after the number of its episode."""
    return f"#{number} {finding.slug}: {finding.detail}"


def named(spec: EpisodeSpec) -> str:
    """An episode as `then.moot` lists it: `act#episode`."""
    return f"{spec.label}#{spec.index}"


class EveryEffect:
    """Invariants that must hold after every single effect, checked before the next port call."""

    def __init__(self, setup: Setup, living: Living) -> None:
        self.setup, self.living = setup, living
        self.invariants = tuple(inv for inv in setup.invariants if inv.every_effect)
        self.start: Start | None = None
        self.known: tuple[str, ...] | None = None
        self.counted = 0
        self.found: list[str] = []

    def check(self, access: Access | None) -> None:
        """Judge the world where something was written since last asked."""
        del access
        world = self.living.world
        if self.start is None:
            self.start, self.counted = Start.of(world), len(world.puts)
        if len(world.puts) == self.counted or unrecorded(world):
            return
        self.counted = len(world.puts)
        if self.known is None:  # most episodes write nothing, and nobody asks how they began
            self.known = breaches(self.invariants, self.start.facts(self.setup.kit))
        broken = breaches(self.invariants, facts(self.setup.kit, world))
        self.found.extend(new(new(broken, self.known), tuple(self.found)))


class Start(NamedTuple):
    """A world as it was before an engine's first effect; a fork begins with an empty journal."""

    world: World
    calls: tuple[Any, ...]

    @classmethod
    def of(cls, world: World) -> Start:
        """Keep a world as it is now."""
        fork = world.fork()
        fork.answers.extend(world.answers)
        return cls(fork, tuple(world.calls))

    def facts(self, kit: Kit) -> Facts:
        """What an invariant would have seen of it then."""
        return facts(kit, self.world)._replace(calls=self.calls)


def free_run(setup: Setup, scenario: Scenario, control: Lockstep | None = None) -> FreeRun:
    """Replay a scenario to the end in the candidate's own world and judge that.

    `control` went through lockstep; where nobody saw its end, or None did, none is shown.
    """
    given = setup.kit.load(scenario.given) if control is None else control.began
    run = candidate_run(setup, scenario, given)
    control_end = None if control is None else control.end
    worlds = {"control": control_end, "candidate": run.world}
    ends = {role: end_of(setup, world) for role, world in worlds.items() if world is not None}
    return conclude(scenario, run, ends, () if control is None else control.against)


def candidate_run(
    setup: Setup, scenario: Scenario, given: World, *, judged: bool = True
) -> Running:
    """The candidate alone, to the end, in forks of the `given` world; it needs no control at all.

    Where it is not judged, only what it did is noted, and nobody asks what that is worth.
    """
    run = Running(setup=setup, side=setup.candidate, world=given)
    then = scenario.then if judged else None
    points = dict(then.after) if then is not None else {}
    for spec in episodes(scenario):
        run.play(spec, judged=judged)
        if spec.index in points:
            where = f"after {spec.index}: "
            run.failed.extend(unheld(setup, run.world, points[spec.index], where))
    if then is not None:
        run.failed.extend(unheld(setup, run.world, then, ""))
    return run


def end_of(setup: Setup, world: World) -> dict[str, Data]:
    """A world's end as reports show it."""
    return {"truth": setup.kit.truth(world), "customer": setup.kit.outcome(world)}


def unheld(setup: Setup, world: World, then: Then, where: str) -> list[str]:
    """Statements of `then` that do not hold in this world, with both values."""
    shown = setup.kit.expectable(world)
    found = []
    for part, wanted in (("truth", then.truth), ("customer", then.customer)):
        for key, value in wanted.items():
            have = shown[part].get(key, ABSENT)
            if canonical(plain(have)) != canonical(plain(value)):
                found.append(f"{where}{part}.{key}: expected {value!r}, found {have!r}")
    return found


def plain(value: Any) -> Any:
    """Zero amounts of a currency mapping say nothing: `{usd: 0}` is `{}`."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items() if v != 0 or isinstance(v, bool)}
    return list(value) if isinstance(value, tuple) else value


def conclude(
    scenario: Scenario,
    run: Running,
    ends: Mapping[str, Data],
    against: Iterable[tuple[int, Finding]] = (),
) -> FreeRun:
    """Fold the candidate's run into the scenario's free outcome: the first that applies.

    What argues `against` the control, by episode, ends it too: its end is then nobody's example.
    """
    controls = defaultdict[Outcome, list[str]](list)
    for number, one in against:
        controls[one.outcome].append(said(number, one))
    then = scenario.then
    excused = dict(then.excused) if then is not None else {}
    allowed = set(then.moot) if then is not None else set()
    broken = [str(breach) for breach in run.broken if breach.invariant not in excused]
    unlisted = run.moot.keys() - allowed
    kept = sorted(excused.keys() - {breach.invariant for breach in run.broken})
    failed = [
        *run.failed,
        *(f"then.moot lists {act}, which made sense" for act in sorted(allowed - run.moot.keys())),
        *(f"then.excused lists {invariant}, which was kept" for invariant in kept),
    ]
    objected = (
        (Free.NOT_RUN, run.not_run),
        (Free.ERROR, [*run.errors, *controls[Outcome.ERROR]]),
        (Free.TIMEOUT, [*run.timeouts, *controls[Outcome.TIMEOUT]]),
    )
    decided: tuple[tuple[Free, Collection[str]], ...] = (
        *objected,
        (Free.MOOT, unlisted),
        (Free.BROKEN, broken),
        (Free.THEN_FAILED, failed),
    )
    return FreeRun(
        scenario=scenario.id,
        outcome=next((outcome for outcome, texts in decided if texts), Free.KEPT),
        moot=tuple(f"{run.side.role} {act}: {why}" for act, why in run.moot.items()),
        broken=tuple(broken),
        then=tuple(failed),
        findings=tuple(text for _, texts in objected for text in texts),
        digest=digest(run.seen) if run.setup.digests else "",
        ends=ends,
    )
