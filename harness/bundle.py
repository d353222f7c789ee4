"""A ruling tried on one cell: which values it pins there, before anyone looks at the candidate.

Everything here is computed from the cell's scope and the books before the act, so what a ruling
demands of a candidate cannot depend on what the candidate did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.clause import Context
from harness.difference import Keys, at_of
from harness.expression import EACH, Expression, Unevaluable
from harness.model import Episode
from harness.ports import Data
from harness.ruling import Ruling, Rulings, Scope

CURATED = "curated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One field and the exact value it has on either side; ABSENT is a value."""

    facet: str
    keys: Keys
    path: str
    control: Data
    candidate: Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A ruling's clauses, resolved for one object (`each`) or for the cell as a whole (None).

    Attributes:
        fault: why it cannot hold whatever the candidate does; empty where it can.
    """

    ruling: Ruling
    each: str | None
    pins: tuple[Pin, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A ruling tried on a cell.

    Attributes:
        listed: whether the ruling lists the cell, so that it has to match.
        bundles: one for each object in scope; none where the scope does not hold.
        outside: why the scope does not hold; empty where it does.
    """

    ruling: Ruling
    listed: bool
    bundles: tuple[Bundle, ...] = ()
    outside: str = ""


def trials(episode: Episode, rulings: Rulings) -> tuple[Trial, ...]:
    """Try the rulings that list this cell, and in bulk evidence those that are valid there."""
    return tuple(_trials(episode, rulings))


def _trials(episode: Episode, rulings: Rulings) -> Iterator[Trial]:
    for ruling in rulings.tried_in(episode.id, bulk=episode.provenance != CURATED):
        if ruling.scope is None:
            continue
        listed = episode.id in ruling.cells
        outside = _outside(ruling.scope, episode)
        bundles = () if outside else tuple(_bundles(ruling, ruling.scope, episode))
        if not bundles and not outside:
            outside = "no object in scope meets scope.when"
        yield Trial(ruling=ruling, listed=listed, bundles=bundles, outside=outside)


def _outside(scope: Scope, episode: Episode) -> str:
    others = sorted(set(episode.paths) - scope.paths)
    if others:
        return f"scope.paths: {', '.join(others)} ran"
    segment = episode.stratum.get("segment")
    if segment not in scope.segments:
        return f"scope.segments: the segment is {segment}"
    return ""


def _bundles(ruling: Ruling, scope: Scope, episode: Episode) -> Iterator[Bundle]:
    objects: tuple[str | None, ...] = (None,)
    if scope.each:
        objects = bound_ids(scope.each, scope.ids, episode.scope)
    for each in objects:
        names = episode.scope if each is None else {**episode.scope, EACH: each}
        if all(condition.holds(names) for condition in scope.when):
            yield _resolved(ruling, each, Context(names, episode.before))


def _resolved(ruling: Ruling, each: str | None, context: Context) -> Bundle:
    pins = []
    for clause in ruling.expect:
        keys = clause.keys(each)
        try:
            control = clause.control.resolve(context, keys)
            candidate = clause.candidate.resolve(context, keys)
        except Unevaluable as error:
            return Bundle(ruling=ruling, each=each, fault=f"{clause.at}: {error}")
        path = f"{clause.facet}.{at_of(keys)}" if keys else clause.facet
        pins.append(
            Pin(facet=clause.facet, keys=keys, path=path, control=control, candidate=candidate)
        )
    return Bundle(ruling=ruling, each=each, pins=tuple(pins))


def bound_ids(
    name: str, ids: Expression | None, scope: Mapping[str, Data]
) -> tuple[str | None, ...]:
    """The ids that `$i` stands for.

    `name` is an expression (`truth.owed`), then parsed as `ids`, or a plain name (`invoice`): the
    trigger's field of that name, else truth's field of that name or with an `s` added. A mapping
    gives its keys, a list its items, text itself; nothing else is an id.
    """
    if ids is not None:
        try:
            return _as_ids(ids.evaluate(scope))
        except Unevaluable:
            return ()
    trigger, truth = _mapping(scope.get("trigger")), _mapping(scope.get("truth"))
    for holder, key in (
        (trigger, name),
        (_mapping(trigger.get("args")), name),
        (truth, name),
        (truth, f"{name}s"),
    ):
        found = _as_ids(holder.get(key))
        if found:
            return found
    return ()


def _mapping(value: Data) -> Mapping[str, Data]:
    return value if isinstance(value, Mapping) else {}


def _as_ids(value: Data) -> tuple[str | None, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list | tuple | Mapping):
        return ()
    return tuple(sorted({item for item in found if isinstance(item, str)}))
