"""A ruling: a signed, expiring, exactly pinned acceptance of differences."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property

from harness.clause import Clause
from harness.expression import Expression


class RulingClass(enum.StrEnum):
    """Why a difference is accepted."""

    CONTROL_BUG = "control-bug"
    INTENDED_CHANGE = "intended-change"
    RACE_REMOVED = "race-removed"
    RETIRED_FIELD = "retired-field"
    DEAD_BRANCH = "dead-branch"
    EQUIVALENT_MUTANT = "equivalent-mutant"


OF_SUBJECTS = frozenset({RulingClass.DEAD_BRANCH, RulingClass.EQUIVALENT_MUTANT})
"""Classes that name branches or mutants and pin no differences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """How far a ruling reaches beyond its cells: in recorded, simulated or found evidence.

    Attributes:
        max_share: of the accounts whose cells ran the ruling's paths; above 0, at most 1.
        max_accounts: accounts with a difference under this ruling.
    """

    max_share: Fraction
    max_accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a ruling holds at all; judged from the state before the act, never from a side.

    Attributes:
        paths: of the control; none but these ran.
        segments: of the account.
        each: what `$i` stands for, a name or an expression; empty where nothing is bound.
        when: conditions, all of which hold.
    """

    paths: frozenset[str]
    segments: tuple[str, ...]
    each: str = ""
    ids: Expression | None = None
    when: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A bundle of clauses that hold together or not at all.

    Attributes:
        quirks: cell → id of the control's fault that shows in it; control-bug only.
        quirk: the one fault behind the whole ruling, cells that it does not list included; empty
            where each cell has its own, and unless the class is control-bug.
        decision: file of the decision record; empty unless there is one.
        created, expires: both days are inside.
        scope: None for the classes OF_SUBJECTS.
        cells: ids of the cells it covers, no more and no fewer.
        subjects: ids of branches or mutants, for the classes OF_SUBJECTS.
        bulk: None means that it is not valid beyond its cells.
        harm: why the customer may be worse off than under the control; empty means no harm.
        loss: why the company may lose; empty means no loss.
        max_loss: currency → minor units.
        where: `file:line`.
    """

    id: str
    klass: RulingClass
    quirk: str = ""
    quirks: Mapping[str, str] = field(default_factory=dict)
    decision: str = ""
    title: str
    reason: str
    ticket: str
    owner: str
    approver: str
    created: date
    expires: date
    scope: Scope | None = None
    expect: tuple[Clause, ...] = ()
    cells: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    bulk: Bulk | None = None
    harm: str = ""
    loss: str = ""
    max_loss: Mapping[str, int] = field(default_factory=dict)
    where: str = ""

    @property
    def causes(self) -> tuple[str, ...]:
        """The faults, or else the decision record, that it rests on."""
        faults = tuple(sorted({*self.quirks.values(), self.quirk} - {""}))
        return faults or ((self.decision,) if self.decision else ())

    def in_force(self, today: date) -> bool:
        """Whether a day lies between `created` and `expires`, both inside."""
        return self.created <= today <= self.expires


class Rulings(tuple[Ruling, ...]):
    """Rulings in their order, found by id and by cell without a look at each."""

    @classmethod
    def of(cls, rulings: Iterable[Ruling]) -> Rulings:
        """These rulings; themselves where they are such."""
        return rulings if isinstance(rulings, Rulings) else cls(rulings)

    @cached_property
    def by_id(self) -> Mapping[str, Ruling]:
        """Id → ruling."""
        return {one.id: one for one in self}

    @cached_property
    def _by_cell(self) -> Mapping[str, tuple[Ruling, ...]]:
        found: dict[str, tuple[Ruling, ...]] = {}
        for one in self:
            for cell in dict.fromkeys(one.cells):
                found[cell] = (*found.get(cell, ()), one)
        return found

    @cached_property
    def _in_bulk(self) -> tuple[Ruling, ...]:
        return tuple(one for one in self if one.bulk is not None)

    def tried_in(self, cell: str, *, bulk: bool) -> tuple[Ruling, ...]:
        """Those that list a cell; in bulk evidence also those that are valid beyond cells."""
        listing = self._by_cell.get(cell, ())
        if not bulk or not listing:
            return self._in_bulk if bulk else listing
        return tuple(one for one in self if one.bulk is not None or cell in one.cells)


def in_force(rulings: Iterable[Ruling], today: date) -> Rulings:
    """The rulings that may cover anything today; the others are for `ruling_health` to name."""
    return Rulings(ruling for ruling in rulings if ruling.in_force(today))


def subjects_of(rulings: Iterable[Ruling], klass: RulingClass) -> tuple[str, ...]:
    """What the rulings of one class name: branches or mutants."""
    return tuple(
        subject for ruling in rulings if ruling.klass is klass for subject in ruling.subjects
    )
