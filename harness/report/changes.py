"""What became of each difference since an earlier run: new, changed, resolved, or still there."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from harness.canonical import SHORT
from harness.model import Cell, Free, FreeRun, Outcome
from harness.ports import Data
from harness.report.free_remarks import free_remarks
from harness.report.json_report import plain
from harness.report.told import Told
from harness.report.weight import weight

GOOD: Final = (Outcome.AGREE, Outcome.RULED)
RESOLVES: Final = (*GOOD, Outcome.DIVERGE)
"""Outcomes of cells in which a difference that is not seen is gone: both sides gave one result.

Not DRIFT: where the control is no longer what was recorded, its part of a difference may be gone.
"""

LISTED: Final = frozenset({"no-ruling", "repeat-of-unruled"})
"""Findings that say no more than their differences do."""


class Kind(enum.StrEnum):
    """What became of a difference."""

    NEW = "new"  # it was not there before
    CHANGED = "changed"  # with another value on a side, or under another ruling or none
    STANDING = "standing"  # as before, and without a ruling
    RULED = "ruled"  # as before, under the ruling it had
    RESOLVED = "resolved"  # its cell was compared, and it is no longer there
    LOST = "lost"  # its cell was not compared this time, or asks something else: nobody knows


class Key(NamedTuple):
    """A difference's name: the cell and `facet.at`."""

    cell: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A difference as a run showed it.

    Attributes:
        control, candidate: ABSENT where a side lacks the field.
        ruling: empty where none covers it.
        repeat: whether it only repeats one of an earlier cell.
        harm, loss: told at the customer's differences; loss per currency in minor units.
    """

    cell: str
    facet: str
    at: str
    control: Data
    candidate: Data
    ruling: str = ""
    repeat: bool = False
    harm: tuple[str, ...] = ()
    loss: Mapping[str, int] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"{self.facet}.{self.at}" if self.at else self.facet

    @property
    def key(self) -> Key:
        return Key(self.cell, self.path)

    @property
    def values(self) -> tuple[str, str]:
        """Both values, exact by type: `1`, `1.0`, `true` and `"1"` are four texts."""
        return _exact(self.control), _exact(self.candidate)

    def same(self, other: Seen) -> bool:
        """Whether nothing that a reviewer would have to look at again is different."""
        return self.ruling == other.ruling and self.values == other.values


class Asked(NamedTuple):
    """What a cell asks of both engines: the act, and a digest of it and the state before it."""

    act: str
    state: str = ""

    def same(self, other: Asked) -> bool:
        """Whether the question is the same one, as far as both say."""
        stated = self.state and other.state
        return self.act == other.act and (not stated or self.state == other.state)


class Remark(NamedTuple):
    """What is to be said of a cell or a free run beside its differences."""

    cell: str
    outcome: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """An earlier run.

    Attributes:
        name: the file's name as messages show it.
        asked: cell → what it asked.
    """

    name: str
    asked: Mapping[str, Asked]
    differences: tuple[Seen, ...]
    remarks: frozenset[Remark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference and what became of it; `was` is how the earlier run showed it."""

    kind: Kind
    seen: Seen
    was: Seen | None = None

    @property
    def ruled(self) -> bool:
        return bool(self.seen.ruling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A run against an earlier one.

    Attributes:
        baseline: name of the earlier run's file; None where there is none.
        all: unruled before ruled, then by weight; nothing is left out.
        remarks: of this run, each with whether it is new; None without a baseline.
    """

    baseline: str | None
    all: tuple[Change, ...]
    remarks: tuple[tuple[Remark, bool | None], ...]

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Those of one kind, in order."""
        return tuple(one for one in self.all if one.kind is kind)


def changes(told: Told, before: Baseline | None) -> Changes:
    """Compare a run with an earlier one.

    A difference counts as resolved only where its cell was compared again and asked the same: what
    was not compared, or is another question by the same name, resolves nothing. Without an earlier
    run nothing is called new; what no ruling covers stands.
    """
    now = tuple(one for cell in told.cells for one in differences_of(cell))
    found = remarks_of(told.cells, (*told.free, *_never_free(told)))
    if before is None:
        kinds = (Change(kind=_unchanged(one), seen=one) for one in now)
        return Changes(
            baseline=None,
            all=_sorted(kinds),
            remarks=tuple((one, None) for one in found),
        )
    compared = {
        cell.episode.id
        for cell in told.cells
        if cell.outcome in RESOLVES
        and asked_in(cell).same(before.asked.get(cell.episode.id, asked_in(cell)))
    }
    return Changes(
        baseline=before.name,
        all=_sorted(between(now, before.differences, compared)),
        remarks=tuple((one, one not in before.remarks) for one in found),
    )


def asked_in(cell: Cell) -> Asked:
    """What a cell of this run asks, as a written run says it."""
    return Asked(cell.episode.act, cell.episode.state[:SHORT])


def between(
    now: Iterable[Seen], before: Iterable[Seen], compared: Iterable[str]
) -> Iterator[Change]:
    """What became of every difference of two runs; `compared` are the cells compared now."""
    earlier = {one.key: one for one in before}
    still = set()
    for seen in now:
        still.add(seen.key)
        was = earlier.get(seen.key)
        if was is None:
            yield Change(kind=Kind.NEW, seen=seen)
        elif seen.same(was):
            yield Change(kind=_unchanged(seen), seen=seen, was=was)
        else:
            yield Change(kind=Kind.CHANGED, seen=seen, was=was)
    again = frozenset(compared)
    for key, was in earlier.items():
        if key not in still:
            kind = Kind.RESOLVED if key.cell in again else Kind.LOST
            yield Change(kind=kind, seen=was, was=was)


def differences_of(cell: Cell) -> Iterator[Seen]:
    """The differences of a cell, as they are compared with another run's."""
    for one in cell.differences:
        customer = one.facet == "customer"
        yield Seen(
            cell=cell.episode.id,
            facet=one.facet,
            at=one.at,
            control=one.control,
            candidate=one.candidate,
            ruling=one.ruling,
            repeat=one.repeat,
            harm=cell.episode.harm if customer else (),
            loss=cell.episode.loss if customer else {},
        )


def remarks_of(cells: Iterable[Cell], free: Iterable[FreeRun]) -> tuple[Remark, ...]:
    """Everything else that keeps cells and free runs from being good; none is left out."""
    listed = [
        remark
        for cell in cells
        if cell.outcome not in GOOD
        for remark in said_of(
            cell.episode.id,
            cell.outcome,
            [(one.slug, one.detail) for one in cell.findings],
            unruled=any(not one.ruling for one in cell.differences),
        )
    ]
    for run in free:
        if run.outcome is not Free.KEPT:
            texts = [*free_remarks(run)]
            listed.extend(said_of(f"{run.scenario} free run", run.outcome, texts, unruled=False))
    return tuple(listed)


def _never_free(told: Told) -> Iterator[FreeRun]:
    """Scenarios of which nobody has a free run."""
    ran = {run.scenario for run in told.free}
    for scenario in told.scenarios:
        if scenario.id not in ran:
            yield FreeRun(scenario=scenario.id, outcome=Free.NOT_RUN)


def said_of(
    name: str, outcome: str, said: Iterable[tuple[str, str]], *, unruled: bool
) -> Iterator[Remark]:
    """What was said; where neither that nor a difference tells why, the outcome alone."""
    texts = [(what, detail) for what, detail in said if what not in LISTED]
    yield from (Remark(name, str(outcome), what, detail) for what, detail in texts)
    if not texts and not unruled:
        yield Remark(name, str(outcome), "no reason", "none was given")


def _unchanged(seen: Seen) -> Kind:
    return Kind.RULED if seen.ruling else Kind.STANDING


def _sorted(found: Iterable[Change]) -> tuple[Change, ...]:
    """Unruled first: a list that is cut short must lose what is ruled before what is not."""

    def place(one: Change) -> tuple[Any, ...]:
        seen = one.seen
        name, _, number = seen.cell.partition("#")
        cell = (name, number.zfill(9), seen.at)
        return (seen.repeat, one.ruled, weight(seen.facet, seen.at), cell)

    return tuple(sorted(found, key=place))


def _exact(value: Data) -> str:
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=True)
