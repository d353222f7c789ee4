"""One mutant on trial: does a cell or a free run come out so that the gate would close?"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from harness.branches import CREDITED
from harness.canonical import canonical
from harness.evidence import objects, own_outcomes
from harness.importing import LoadedEngine
from harness.model import Cell, Free, Outcome
from harness.mutate.ground import Arcs, Ground, Start, printed, run_alone
from harness.mutate.mutant import Mutant
from harness.mutate.subject import NotSwapped, Subject
from harness.scenario import episodes
from harness.setup import Setup, Side
from harness.stability import fingerprint

TELLING = frozenset({Outcome.DIVERGE, Outcome.DRIFT})
"""Outcomes by which a cell tells a mutant apart."""

TELLING_FREE = frozenset({Free.BROKEN, Free.THEN_FAILED, Free.MOOT})
"""Outcomes by which a free run does."""


class Fate(enum.StrEnum):
    """What came of a mutant: a closed set; only the first is a success."""

    TOLD_APART = "told-apart"
    HIDDEN = "hidden"
    SURVIVED = "survived"
    UNREACHED = "unreached"
    CRASH = "crash"
    TIMEOUT = "timeout"
    IMPORT = "import"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one mutant.

    Attributes:
        where: the cell, or the scenario of the free run, that says so; empty where none does.
        why: the slug by which the gate would close, or what was seen instead.
        took: its module's arcs that were taken where it was told apart.
    """

    mutant: str
    fate: Fate
    where: str = ""
    why: str = ""
    took: tuple[int, ...] = ()


@dataclass(slots=True)
class Trial:
    """A mutant in its engine, and what was seen of it so far.

    Attributes:
        setup: with the mutant in place.
        classes: ruling → class.
        later: scenario that it left in another state though nobody saw it at once → the cells
            that did so, in their order: what a later cell shows was done there.
        ruled: first cell that changed and is ruled all the same.
        ended: crash or time-out → first cell that ended so.
    """

    ground: Ground
    setup: Setup
    role: str
    mutant: Mutant
    classes: Mapping[str, str]
    later: dict[str, list[Start]] = field(default_factory=dict)
    ruled: str = ""
    ended: dict[Fate, str] = field(default_factory=dict)

    @property
    def side(self) -> Side:
        return self.setup.control if self.role == "control" else self.setup.candidate

    def run(self) -> Result:
        """Try it where it is reached, until something tells it apart."""
        starts = self.starts()
        reached = bool(starts)
        for start in starts:
            if found := self.cell(start):
                return self.told(start.id, found, start.arcs[self.role])
            if Fate.TIMEOUT in self.ended:
                return self.result(reached=True)
        for result in self.replays() if self.role == "control" else self.alone():
            reached = True
            if result is not None:
                return result
        return self.result(reached=reached)

    def starts(self) -> list[Start]:
        """The cells in which what is changed ran, as far as anybody can tell."""
        mutant = self.mutant
        if not mutant.runs or not mutant.arcs:
            return [one for one in self.ground.starts if any(one.arcs[self.role].values())]
        there = self.ground.taking(self.role, mutant.module)
        return [
            one for one in there if not mutant.arcs.isdisjoint(one.arcs[self.role][mutant.module])
        ]

    def reached(self, arcs: Arcs) -> bool:
        """Whether what is changed ran there, as far as anybody can tell."""
        mutant = self.mutant
        if not mutant.runs or not mutant.arcs:
            return any(arcs.values())
        return not mutant.arcs.isdisjoint(arcs.get(mutant.module, ()))

    def cell(self, start: Start) -> str:
        """Play one cell; the slug that tells the mutant apart, else empty."""
        was = start.prints[self.role]
        now = printed(self.setup, self.side, start, left=self.role == "control")
        if now.seen == was.seen:
            if now.left != was.left:
                self.left_otherwise(start)
            return ""
        self.left_otherwise(start)
        court = self.ground.court
        episode = start.lockstep(self.setup).play(start.spec)
        judged = court.judged_after(episode, start.earlier)
        return self.weigh(judged, start.cell)

    def left_otherwise(self, start: Start) -> None:
        """Note a cell whose end is another one, to look at what comes of it."""
        self.later.setdefault(start.scenario.id, []).append(start)

    def weigh(self, now: Cell, was: Cell) -> str:
        """What a cell that changed says; what ends it without an answer is noted."""
        if now.outcome in TELLING:
            return now.findings[0].slug
        if self.ends(now):
            return ""
        if self.against(now) and not self.against(was):
            return "figures"
        if now.rulings and not self.ruled and weighed(now) != weighed(was):
            self.ruled = now.episode.id
        return ""

    def moved(self, now: Cell, was: Cell) -> bool:
        """Whether anything that the gate weighs is otherwise than it was."""
        return self.vector(now) != self.vector(was)

    def vector(self, cell: Cell) -> object:
        """What the gate weighs of a cell, with all that the changed side showed."""
        episode = cell.episode
        seen = episode.control if self.role == "control" else episode.candidate
        return cell.outcome, cell.rulings, fingerprint(seen)

    def against(self, cell: Cell) -> bool:
        """Whether the figures hold anything against a path of this cell."""
        return any(objects(own, self.classes) for own in own_outcomes(cell))

    def replays(self) -> Iterator[Result | None]:
        """Replay on from what the mutant left otherwise; None where it tells nothing.

        A scenario in which it crashes tells nothing: what comes of a crash is no other answer.
        """
        for starts in self.later.values():
            cells = self.replayed(starts[0])
            if any(self.ends(cell) for cell in cells):
                yield None
                continue
            module = self.mutant.module
            arcs = frozenset[int]().union(*(one.taken(self.role, module) for one in starts))
            for cell in cells:
                start = self.ground.by_id.get(cell.episode.id)
                if start is None or not self.moved(cell, start.cell):
                    continue
                if found := self.weigh(cell, start.cell):
                    yield self.told(start.id, found, {module: arcs})
            yield None

    def replayed(self, start: Start) -> tuple[Cell, ...]:
        """The scenario's cells: those before this one as they were, the others replayed."""
        run, court = start.lockstep(self.setup), self.ground.court
        judged = dict(start.earlier)
        for spec in episodes(start.scenario)[len(judged) :]:
            episode = run.play(spec)
            judged[episode.id] = court.judged_after(episode, judged)
        return court.with_faults(start.scenario, tuple(judged.values()))

    def ends(self, cell: Cell) -> bool:
        """Whether a cell came to no answer; which one is noted."""
        if cell.outcome in TELLING or cell.outcome in CREDITED:
            return False
        fate = Fate.TIMEOUT if cell.outcome is Outcome.TIMEOUT else Fate.CRASH
        self.ended.setdefault(fate, cell.episode.id)
        return True

    def alone(self) -> Iterator[Result | None]:
        """Let the candidate run free wherever it is reached; None where that tells nothing."""
        for name, alone in self.ground.alone.items():
            if alone.free.outcome is not Free.KEPT or not self.reached(alone.arcs):
                continue
            free = run_alone(self.setup, alone)
            if free.outcome in TELLING_FREE:
                yield self.told(name, f"free-{free.outcome.lower()}", alone.arcs)
            elif free.outcome is Free.TIMEOUT:
                self.ended.setdefault(Fate.TIMEOUT, name)
                yield self.result(reached=True)
            elif free.outcome is not Free.KEPT:
                self.ended.setdefault(Fate.CRASH, name)
            yield None

    def told(self, where: str, why: str, arcs: Arcs) -> Result:
        """The mutant is told apart."""
        took = tuple(sorted(arcs.get(self.mutant.module, ())))
        return Result(mutant=self.mutant.id, fate=Fate.TOLD_APART, where=where, why=why, took=took)

    def result(self, *, reached: bool) -> Result:
        """Nothing told it apart."""
        for fate in (Fate.TIMEOUT, Fate.CRASH):
            if fate in self.ended:
                return Result(mutant=self.mutant.id, fate=fate, where=self.ended[fate])
        if self.ruled:
            return Result(mutant=self.mutant.id, fate=Fate.HIDDEN, where=self.ruled)
        fate = Fate.SURVIVED if reached else Fate.UNREACHED
        return Result(mutant=self.mutant.id, fate=fate)


def weighed(cell: Cell) -> object:
    """What rulings are held against; reasons and fields that nobody compares are not among it."""
    return canonical([[one.path, one.control, one.candidate] for one in cell.differences])


def try_one(
    ground: Ground, subject: Subject, mutant: Mutant, classes: Mapping[str, str]
) -> Result:
    """Put a mutant into its engine, try it, and take it out again; `classes` are the rulings'.

    What no cell reaches may have run while the engine was loaded, so it is loaded once more.
    """
    result = _tried(ground, subject, mutant, classes)
    if result.fate is Fate.UNREACHED and mutant.runs:
        anew = replace(mutant, runs=False, arcs=frozenset())
        result = _tried(ground, subject, anew, classes)
        if result.fate is Fate.SURVIVED:
            return replace(result, fate=Fate.UNREACHED)
    return result


def told_in(
    ground: Ground, subject: Subject, mutant: Mutant, start: Start, classes: Mapping[str, str]
) -> bool:
    """Whether this one cell tells a mutant apart."""
    with subject.mutated(mutant) as loaded:
        return bool(_trial(ground, subject, loaded, mutant, classes).cell(start))


def _tried(ground: Ground, subject: Subject, mutant: Mutant, classes: Mapping[str, str]) -> Result:
    trial = None
    try:
        with subject.mutated(mutant) as loaded:
            trial = _trial(ground, subject, loaded, mutant, classes)
            return trial.run()
    except NotSwapped as error:
        return Result(mutant=mutant.id, fate=Fate.LOST, why=str(error))
    except Exception as error:  # noqa: BLE001  # executing changed code may fail in any way
        fate = Fate.IMPORT if trial is None else Fate.CRASH
        return Result(mutant=mutant.id, fate=fate, why=type(error).__name__)


def _trial(
    ground: Ground,
    subject: Subject,
    loaded: LoadedEngine,
    mutant: Mutant,
    classes: Mapping[str, str],
) -> Trial:
    """The trial of a mutant that is in its engine: in the one that runs, or in another loading."""
    setup = ground.setup
    if loaded is not subject.loaded:
        setup = with_engine(setup, subject.role, loaded)
    return Trial(ground=ground, setup=setup, role=subject.role, mutant=mutant, classes=classes)


def with_engine(setup: Setup, role: str, loaded: LoadedEngine) -> Setup:
    """The setup with another loading of one engine in its place."""
    if role == "control":
        side = replace(setup.control, engine=loaded.engine, drain_traps=loaded.guard.drain)
        return replace(setup, control=side)
    side = replace(
        setup.candidate,
        engine=loaded.engine,
        look=loaded.engine.look,
        drain_traps=loaded.guard.drain,
    )
    return replace(setup, candidate=side)
