"""The form in which an account's replay is kept: plain data, each tree of it once.

What is kept is what was seen: what each side did, what the kit, invariants and truth say of the
worlds that it left. Whatever sets one side against the other, or either against a ruling, a date
or `then`, is worked out again from that by the same code as ever.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import Final, NamedTuple, cast

import msgspec

from harness.canonical import UNSHARED, digest
from harness.difference import Compare, Keys, compare, differences
from harness.free import Breach, Running, conclude
from harness.kept.packing import Form, NotKeepable
from harness.lockstep import is_race
from harness.model import Class, Difference, Episode, Finding, FreeRun, Observation
from harness.ownership import owners
from harness.ports import Data, World
from harness.scenario import Provenance, Scenario, Then, episodes
from harness.setup import Setup

NOBODY: Final = cast("World", None)
"""The world of a run that is over: nobody asks for it."""

Against = tuple[tuple[int, Finding], ...]

_Found = tuple[Difference, ...]


class Live(NamedTuple):
    """An account as it was replayed.

    Attributes:
        against: what argues against the control, after the number of its episode.
    """

    scenario: Scenario
    episodes: tuple[Episode, ...]
    running: Running
    against: Against

    @property
    def free(self) -> FreeRun:
        """The free run, concluded from what was seen in it."""
        return conclude(self.scenario, self.running, {}, self.against)


def form_of(live: Live) -> Form:
    """What is kept of an account.

    Raises:
        NotKeepable: it holds what may come out otherwise, or what is not compared side by side.
    """
    scenario, run = live.scenario, live.running
    if any(map(is_race, episodes(scenario))):
        raise NotKeepable("in it several things happen at once")
    if run.timeouts:
        raise NotKeepable("a budget was exceeded")
    cells, trees = zip(*map(_episode, live.episodes), strict=True)
    free = (
        tuple(run.moot.items()),
        tuple(tuple(one) for one in run.broken),
        tuple(run.not_run),
        tuple(run.errors),
        tuple(run.failed),
    )
    against = tuple((number, _finding(one)) for number, one in live.against)
    return (_head(scenario), cells, free, against), (trees, tuple(run.seen))


def live_of(form: Form, setup: Setup, name: str, sha256: str) -> Live:
    """An account from what was kept of it; as a scenario, as far as judging asks for one."""
    (head, cells, free, against), (trees, seen) = form
    scenario = scenario_of(head, name, sha256)
    both, by = enumerate(zip(cells, trees, strict=True)), _Compared()
    return Live(
        scenario=scenario,
        episodes=tuple(cell_of(*one, number, scenario, by) for number, one in both),
        running=running_of(free, seen, setup),
        against=against_of(against),
    )


def running_of(form: Form, seen: Form, setup: Setup) -> Running:
    """The candidate's run that is over, from the front's part of it.

    Args:
        form: what was kept of it.
        seen: digest of each episode's observation.
        setup: what it was replayed with.
    """
    moot, broken, not_run, errors, failed = form
    return Running(
        setup=setup,
        side=setup.candidate,
        world=NOBODY,
        moot=dict(moot),
        broken=[Breach(*one) for one in broken],
        not_run=list(not_run),
        errors=list(errors),
        seen=list(seen),
        failed=list(failed),
    )


def against_of(form: Form) -> Against:
    """What argues against the control, from the front's part of it."""
    return tuple((number, _found(one)) for number, one in form)


def cells_in(form: Form) -> int:
    """How many episodes there were."""
    (_, cells, *_), _ = form
    return len(cells)


def unlike(one: Form, other: Form) -> str:
    """Where two accounts of one scenario are not the same; empty where they are.

    Raises:
        NotCanonical: either holds what is no plain data.
    """
    if marshal.dumps(one, UNSHARED) == marshal.dumps(other, UNSHARED):
        return ""
    for what, mine, its in zip(
        ("scenario", "cells", "free run", "control"), _parts(one), _parts(other), strict=True
    ):
        if what != "cells":
            if digest(mine) != digest(its):
                return what
        elif len(mine) != len(its):
            return "number of cells"
        else:
            for number, (left, right) in enumerate(zip(mine, its, strict=True)):
                if digest(left) != digest(right):
                    return f"cell #{number}"
    return ""


def _parts(form: Form) -> Iterator[Form]:
    """A form by what it tells of: scenario, cells, free run, control."""
    (head, cells, free, against), (trees, seen) = form
    yield from (head, tuple(zip(cells, trees, strict=True)), (free, seen), against)


def _head(scenario: Scenario) -> Form:
    then = scenario.then
    told = None if then is None else (tuple(then.moot), tuple(then.excused.items()))
    return (
        scenario.provenance.kind,
        tuple(scenario.faults),
        tuple(scenario.assumed),
        told,
    )


def scenario_of(head: Form, name: str, sha256: str) -> Scenario:
    """A scenario, as far as judging asks for one, from the front's part of it."""
    kind, faults, assumed, told = head
    return Scenario(
        id=name,
        title="",
        family="",
        ticket="",
        deliverable="",
        provenance=Provenance(kind=kind, source=""),
        faults=faults,
        given=None,
        now=0,
        when=(),
        then=None if told is None else Then(moot=told[0], excused=dict(told[1])),
        observed=(),
        file=f"{name}.yaml",
        sha256=sha256,
        assumed=assumed,
    )


def _episode(one: Episode) -> tuple[Form, Form]:
    """An episode's front, and its trees."""
    if one.control is None or one.candidate is None:
        raise NotKeepable("a side gave no result")
    if one.control.timeout or one.candidate.timeout:
        raise NotKeepable("a budget was exceeded")
    return (
        one.act,
        one.paths,
        str(one.klass),
        (one.control_broken, one.candidate_broken, one.unmet, one.wrongs, one.harm),
        tuple(one.loss.items()),
        tuple(map(_finding, one.findings)),
        tuple(sorted(one.observed)),
    ), (
        _side(one.control),
        _side(one.candidate),
        one.at,
        dict(one.before),
        dict(one.scope),
        dict(one.stratum),
        one.deferrals,
        one.state,
        tuple((each.path, each.origin) for each in one.differences if each.origin),
    )


def cell_of(
    form: Form, trees: Form, number: int, scenario: Scenario, by: Compare = compare
) -> Episode:
    """An episode; its differences are found anew in what both sides did."""
    act, paths, klass, judged, loss, findings, observed = form
    mine, its, at, before, scope, stratum, deferrals, state, marks = trees
    control_broken, candidate_broken, unmet, wrongs, harm = judged
    control, candidate = _observation(mine), _observation(its)
    return Episode(
        id=f"{scenario.id}#{number}",
        scenario=scenario.id,
        act=act,
        at=at,
        paths=paths,
        control=control,
        candidate=candidate,
        before=before,
        scope=scope,
        stratum=stratum,
        differences=_differences(control, candidate, paths, marks, by),
        klass=Class(klass),
        control_broken=control_broken,
        candidate_broken=candidate_broken,
        unmet=unmet,
        wrongs=wrongs,
        harm=harm,
        loss=dict(loss),
        deferrals=deferrals,
        findings=tuple(map(_found, findings)),
        state=state,
        provenance=scenario.evidence,
        observed=frozenset(observed),
    )


def _differences(
    control: Observation, candidate: Observation, paths: tuple[str, ...], marks: Form, by: Compare
) -> _Found:
    if control.facets is candidate.facets:  # equal, so that it was written once
        return ()
    origins = dict(marks)
    return tuple(
        one.of(owners(one, control, paths), origins.get(one.path, ""))
        for one in differences(control.facets, candidate.facets, by)
    )


class _Compared:
    """Compares each pair of trees once: what is alike in several cells is one object."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Keys, int, int], tuple[Data, Data, _Found]] = {}

    def __call__(self, facet: str, keys: Keys, control: Data, candidate: Data) -> _Found:
        key = (facet, keys, id(control), id(candidate))
        known = self._known.get(key)
        if known is None:
            found = tuple(compare(facet, keys, control, candidate))
            known = (control, candidate, found)  # held, so that no other takes its place
            self._known[key] = known
        return known[2]


def _side(seen: Observation) -> Form:
    """Without the branches that it took: whoever counts them replays."""
    return (
        dict(seen.facets),
        dict(seen.written),
        tuple(seen.reasons),
        seen.handlers,
        seen.told,
        None if seen.refusal is None else dict(seen.refusal),
        seen.crash,
        seen.traps,
        seen.writes,
    )


def _observation(form: Form) -> Observation:
    facets, written, reasons, handlers, told, refusal, crash, traps, writes = form
    return Observation(
        facets=facets,
        written=written,
        reasons=reasons,
        handlers=handlers,
        told=told,
        refusal=refusal,
        crash=crash,
        traps=traps,
        writes=writes,
    )


class _Kept(msgspec.Struct, array_like=True):
    """A finding as plain data."""

    finding: Finding


def _finding(one: Finding) -> Form:
    return tuple(msgspec.to_builtins(one).items())


def _found(form: Form) -> Finding:
    return msgspec.convert((dict(form),), _Kept).finding
