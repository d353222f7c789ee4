"""The form in which an account's replay is kept: plain data, each tree of it once.

What is kept is what was seen: what each side did, what the kit, invariants and truth say of the
worlds that it left. Whatever sets one side against the other, or either against a ruling, a date
or `then`, is worked out again from that by the same code as ever.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

import msgspec

from harness.canonical import digest
from harness.difference import differences
from harness.free import Breach, Running, conclude
from harness.lockstep import is_race
from harness.model import Class, Difference, Episode, Finding, FreeRun, Observation
from harness.ownership import owned
from harness.ports import World
from harness.scenario import Provenance, Scenario, Then, episodes
from harness.setup import Setup

PLAIN: Final = 2
"""The form of `marshal` in which equal bytes are equal trees: without references."""

NOBODY: Final = cast("World", None)
"""The world of a run that is over: nobody asks for it."""

Form = tuple[Any, ...]
"""Plain data: tuples of text, numbers, tuples and trees."""

Against = tuple[tuple[int, Finding], ...]


class NotKeepable(Exception):
    """An account that cannot be kept; the text says why."""


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
    return (
        _head(scenario),
        tuple(map(_episode, live.episodes)),
        (
            tuple(run.moot.items()),
            tuple(tuple(one) for one in run.broken),
            tuple(run.not_run),
            tuple(run.errors),
            tuple(run.seen),
            tuple(run.failed),
        ),
        (
            tuple(number for number, _ in live.against),
            _findings(one for _, one in live.against),
        ),
    )


def live_of(form: Form, setup: Setup, name: str, sha256: str) -> Live:
    """An account from what was kept of it; as a scenario, as far as judging asks for one."""
    head, cells, free, against = form
    scenario = _scenario(head, name, sha256)
    moot, broken, not_run, errors, seen, failed = free
    running = Running(
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
    return Live(
        scenario=scenario,
        episodes=tuple(_cell(one, number, scenario) for number, one in enumerate(cells)),
        running=running,
        against=tuple(zip(against[0], _found(against[1]), strict=True)),
    )


def unlike(one: Form, other: Form) -> str:
    """Where two accounts of one scenario are not the same; empty where they are.

    Raises:
        NotCanonical: either holds what is no plain data.
    """
    if _bytes(one) == _bytes(other):
        return ""
    for what, mine, its in zip(
        ("scenario", "cells", "free run", "control"), one, other, strict=True
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


def packed(form: Form) -> bytes:
    """A form as bytes, in which what is alike is written once, and is one object when read.

    Raises:
        NotKeepable: it holds what is no plain data.
    """
    try:
        return marshal.dumps(_Sharing().shared(form))
    except ValueError:
        raise NotKeepable("it holds what is no plain data") from None


def unpacked(content: bytes) -> Form:
    """What `packed` wrote.

    Raises:
        ValueError: or EOFError, or TypeError: it did not.
    """
    found = marshal.loads(content)  # noqa: S302  # what is kept is looked at before it is read
    if not isinstance(found, tuple):
        raise ValueError("no form")
    return found


class _Sharing:
    """Trees that were met; of equal ones the first stands for all."""

    def __init__(self) -> None:
        self._known: dict[bytes, Any] = {}
        self._by_id: dict[int, tuple[Any, Any]] = {}

    def shared(self, value: Any) -> Any:
        """A tree in which every mapping is the first one that was equal to it."""
        kind = type(value)
        if kind is dict:
            return self._mapping(value)
        if kind is tuple:
            return tuple(map(self.shared, value))
        if kind is list:
            return list(map(self.shared, value))
        return value

    def _mapping(self, value: dict[str, Any]) -> Any:
        met = self._by_id.get(id(value))
        if met is not None:
            return met[1]
        key = _bytes(value)
        found = self._known.get(key)
        if found is None:
            found = {name: self.shared(each) for name, each in value.items()}
            self._known[key] = found
        self._by_id[id(value)] = (value, found)  # held, so that no other takes its place
        return found


def _bytes(tree: Any) -> bytes:
    return marshal.dumps(tree, PLAIN)


def _head(scenario: Scenario) -> Form:
    then = scenario.then
    told = None if then is None else (tuple(then.moot), dict(then.excused))
    return (
        scenario.provenance.kind,
        tuple(scenario.faults),
        tuple(scenario.assumed),
        told,
    )


def _scenario(head: Form, name: str, sha256: str) -> Scenario:
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
        then=None if told is None else Then(moot=told[0], excused=told[1]),
        observed=(),
        file=f"{name}.yaml",
        sha256=sha256,
        assumed=assumed,
    )


def _episode(one: Episode) -> Form:
    if one.control is None or one.candidate is None:
        raise NotKeepable("a side gave no result")
    if one.control.timeout or one.candidate.timeout:
        raise NotKeepable("a budget was exceeded")
    return (
        one.act,
        one.at,
        one.paths,
        _side(one.control),
        _side(one.candidate),
        dict(one.before),
        dict(one.scope),
        dict(one.stratum),
        str(one.klass),
        (one.control_broken, one.candidate_broken, one.unmet, one.wrongs, one.harm),
        dict(one.loss),
        one.deferrals,
        _findings(one.findings),
        one.state,
        tuple(sorted(one.observed)),
        tuple((each.path, each.origin) for each in one.differences if each.origin),
    )


def _cell(form: Form, number: int, scenario: Scenario) -> Episode:
    """An episode; its differences are found anew in what both sides did."""
    act, at, paths, mine, its, before, scope, stratum, klass, judged, loss, *rest = form
    deferrals, findings, state, observed, marks = rest
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
        differences=_differences(control, candidate, paths, dict(marks)),
        klass=Class(klass),
        control_broken=control_broken,
        candidate_broken=candidate_broken,
        unmet=unmet,
        wrongs=wrongs,
        harm=harm,
        loss=loss,
        deferrals=deferrals,
        findings=_found(findings),
        state=state,
        provenance=scenario.evidence,
        observed=frozenset(observed),
    )


def _differences(
    control: Observation, candidate: Observation, paths: tuple[str, ...], marks: Mapping[str, str]
) -> tuple[Difference, ...]:
    if control.facets is candidate.facets:  # equal, so that it was written once
        return ()
    found = (owned(one, control, paths) for one in differences(control.facets, candidate.facets))
    return tuple(one.of(one.owners, marks.get(one.path, "")) if marks else one for one in found)


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
    """Findings as plain data."""

    findings: tuple[Finding, ...]


def _findings(many: Iterable[Finding]) -> Form:
    return tuple(msgspec.to_builtins(one) for one in many)


def _found(form: Form) -> tuple[Finding, ...]:
    return msgspec.convert((form,), _Kept).findings if form else ()
