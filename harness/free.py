"""Free-running replay: two worlds to the end, each with its own consequences.

Invariants, `then:` and the customer's outcome are judged here, on the candidate; the control's
world is shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from harness.canonical import canonical, digest
from harness.judge import breaches, facts, judge, new
from harness.living import Held, Living, hold_of, keep_held, live, play
from harness.model import ABSENT, Free, FreeRun, Observation
from harness.ports import Access, Data, World
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
    """One side's world on its way to the end."""

    setup: Setup
    side: Side
    world: World
    held: Held = field(default_factory=dict)
    moot: dict[int, str] = field(default_factory=dict)
    broken: list[Breach] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    timeouts: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def play(self, spec: EpisodeSpec, *, judged: bool) -> None:
        """Live through one episode in this world; judge it where asked."""
        before, self.world = self.world, self.world.fork()
        self.world.advance(spec.at)
        if spec.item is not None and spec.item.kind == "together":
            self.race(spec, judged=judged)
            return
        item, why = self.meant(spec)
        if why:
            self.moot[spec.index] = why
            return
        living = Living(
            setup=self.setup, side=self.side, world=self.world, hold=hold_of(spec)
        )
        effects = EveryEffect(self.setup, living) if judged else None
        if effects is not None:
            living.watch = effects.check
        observation = live(living, lambda: play(living, replace(spec, item=item), self.held))
        if effects is not None:
            effects.check(None)
        keep_held(living, spec, self.held)
        if living.moot:
            self.moot[spec.index] = living.moot
            self.world = before.fork()
            self.world.advance(spec.at)
            return
        self.note(spec, observation, living.traps)
        if judged:
            inherited = judge(self.setup, before).broken if not observation.handlers else ()
            if spec.item is None:
                inherited = ()
            now = judge(self.setup, self.world).broken
            where = f"#{spec.index}"
            self.broken.extend(Breach(where, text) for text in new(now, inherited))
            if effects is not None:
                self.broken.extend(Breach(f"{where} after an effect", t) for t in effects.found)

    def meant(self, spec: EpisodeSpec) -> tuple[Item | None, str]:
        """The item as this world understands it, or why it makes no sense here."""
        item = spec.item
        if item is None or item.kind != "act" or spec.held is not None:
            return item, ""
        args = self.setup.kit.intent(self.world, item.name, item.args)
        return (item, f"{item.name} has nothing to act on") if args is None else (
            replace(item, args=args),
            "",
        )

    def race(self, spec: EpisodeSpec, *, judged: bool) -> None:
        """Explore the race from this world; go on with the serial order as listed."""
        assert spec.item is not None  # noqa: S101  # a race is always a listed item
        exploration = explore(self.setup, self.side, spec.item.together, self.world)
        for finding in exploration.findings.values():
            self.errors.append(f"#{spec.index} {finding.slug}: {finding.detail}")
        if judged:
            for end in exploration.ends.values():
                where = f"#{spec.index} end {end.key}"
                self.broken.extend(Breach(where, text) for text in end.judgement.broken)
        if exploration.first is not None:
            self.world = exploration.first
        self.seen.append(digest(sorted(exploration.ends)))

    def note(self, spec: EpisodeSpec, observation: Observation, traps: list[str]) -> None:
        """Keep what argues against this run and the digest of what was seen."""
        for trap in traps:
            kept = self.unknown if trap.startswith("unknown-state") else self.errors
            kept.append(f"#{spec.index} {trap}")
        if observation.timeout:
            self.timeouts.append(f"#{spec.index} {observation.timeout}")
        crash = observation.crash
        if crash is not None and crash[:2] not in self.side.crashes:
            self.errors.append(f"#{spec.index} {': '.join(crash)}")
        self.seen.append(digest([observation.facets, list(observation.reasons)]))


class EveryEffect:
    """Invariants that must hold after every single effect, checked before the next port call."""

    def __init__(self, setup: Setup, living: Living) -> None:
        self.setup, self.living = setup, living
        self.invariants = tuple(inv for inv in setup.invariants if inv.every_effect)
        self.known: tuple[str, ...] | None = None
        self.counted = (-1, -1)
        self.found: list[str] = []

    def check(self, access: Access | None) -> None:
        """Judge the world where something was written since last asked."""
        del access
        world = self.living.world
        counted = (len(world.writes), len(world.calls))
        if counted == self.counted:
            return
        self.counted = counted
        broken = breaches(self.invariants, facts(self.setup.kit, world))
        if self.known is not None:
            fresh = new(new(broken, self.known), tuple(self.found))
            self.found.extend(fresh)
        else:
            self.known = broken


def free_run(setup: Setup, scenario: Scenario) -> FreeRun:
    """Replay a scenario to the end in both worlds and judge the candidate's."""
    control = Running(setup=setup, side=setup.control, world=setup.kit.load(scenario.given))
    candidate = candidate_run(setup, scenario)
    for spec in episodes(scenario):
        control.play(spec, judged=False)
    ends = {
        "control": end_of(setup, control.world),
        "candidate": end_of(setup, candidate.world),
    }
    return conclude(scenario, control, candidate, ends)


def candidate_run(setup: Setup, scenario: Scenario) -> Running:
    """The candidate's world alone, to the end; it needs no control at all."""
    run = Running(setup=setup, side=setup.candidate, world=setup.kit.load(scenario.given))
    points = dict(scenario.then.after) if scenario.then is not None else {}
    for spec in episodes(scenario):
        run.play(spec, judged=True)
        if spec.index in points:
            run.failed.extend(unheld(setup, run.world, points[spec.index], f"after {spec.index}: "))
    if scenario.then is not None:
        run.failed.extend(unheld(setup, run.world, scenario.then, ""))
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
    scenario: Scenario, control: Running, candidate: Running, ends: Mapping[str, Data]
) -> FreeRun:
    """Fold both runs into the scenario's free outcome: the first that applies."""
    then = scenario.then
    excused = dict(then.excused) if then is not None else {}
    allowed = set(then.moot) if then is not None else set()
    broken = [str(breach) for breach in candidate.broken if breach.invariant not in excused]
    moot = [f"#{index}: {why}" for index, why in sorted(candidate.moot.items())]
    unlisted = [text for text in moot if text.partition(":")[0] not in allowed]
    stale = sorted(allowed - {text.partition(":")[0] for text in moot})
    failed = [*candidate.failed, *(f"then.moot lists {label}, which made sense" for label in stale)]
    decided: tuple[tuple[Free, list[str]], ...] = (
        (Free.NOT_RUN, candidate.unknown),
        (Free.ERROR, [*candidate.errors, *(f"control {text}" for text in control.errors)]),
        (Free.TIMEOUT, [*candidate.timeouts, *control.timeouts]),
        (Free.MOOT, unlisted),
        (Free.BROKEN, broken),
        (Free.THEN_FAILED, failed),
    )
    outcome = next((outcome for outcome, texts in decided if texts), Free.KEPT)
    return FreeRun(
        scenario=scenario.id,
        outcome=outcome,
        moot=(*moot, *(f"control #{i}: {why}" for i, why in sorted(control.moot.items()))),
        broken=tuple(broken),
        then=tuple(failed),
        findings=tuple(text for kind, texts in decided[:3] for text in texts if kind),
        digest=digest(candidate.seen),
        ends=ends,
    )
