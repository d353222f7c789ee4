"""Precedents: cells in which both sides agree are judged once for all that are alike.

Most of what is found kept agrees, cell by cell, and most of these cells are alike in everything
that judging asks for. Nobody has to know what that is: whatever tells two of them apart is
withheld from the one that is judged, and a judge who asks for it sets no precedent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn, cast

from harness.court import Court
from harness.free import conclude
from harness.kept.form import against_of, cell_of, running_of, scenario_of
from harness.kept.packing import Form, Kept
from harness.model import Free
from harness.setup import Setup
from harness.store.part import TallyKey, agrees, tally_keys

KNOWN: Final = 4_096
"""Precedents of either kind that are remembered."""


class Withheld(Exception):
    """Somebody asked for what is not the same in all cells that are judged together."""


class Nothing:
    """Stands for whatever is withheld; asked for anything at all, it raises.

    None outlives the cell it was made for: elsewhere somebody may look through all objects.
    """

    def _refuse(self, *_: object) -> NoReturn:
        raise Withheld

    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __getattr__ = _refuse
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _refuse
    __str__ = __repr__ = __format__ = __int__ = __index__ = __call__ = _refuse
    __class__ = property(_refuse)  # `isinstance` is a question too


class _Earlier(Nothing):
    """Stands for the cells before: whether there are any is nothing that is asked."""

    def __bool__(self) -> bool:  # type: ignore[override]  # the one question with an answer
        return True


def _trees() -> Form:
    """Trees of a cell in which both sides left the same: so no difference repeats another."""
    nothing = Nothing()
    side = (nothing,) * 9
    return side, side, *(nothing,) * 6, ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """An account in which every cell agrees and the free run was kept.

    Attributes:
        kind: of evidence.
        cells: what each is counted under.
    """

    kind: str
    cells: tuple[tuple[TallyKey, ...], ...]


class Precedents:
    """What was judged before."""

    def __init__(self, court: Court, setup: Setup) -> None:
        self._court, self._setup = court, setup
        self._cell = lru_cache(KNOWN)(self._judged)
        self._kept = lru_cache(KNOWN)(self._concluded)

    def of(self, kept: Kept, name: str) -> Agreed | None:
        """What an account comes to by them; None where it has to be judged by itself.

        Args:
            kept: what was kept of it.
            name: its id.

        Raises:
            Exception: what was kept has another form.
        """
        head, cells, free, against = kept.front
        if len(kept.alike) != len(cells) or not all(kept.alike):
            return None
        kind = self._kept(head, free, against)
        if kind is None:
            return None
        found = []
        for number, cell in enumerate(cells):
            if self._court.rulings.tried_in(f"{name}#{number}", bulk=True):
                return None
            agreed = self._cell(head, not number, cell)
            if agreed is None:
                return None
            found.append(agreed)
        return Agreed(kind=kind, cells=tuple(found))

    def _judged(self, head: Form, look: bool, cell: Form) -> tuple[TallyKey, ...] | None:  # noqa: FBT001  # a key of the cache
        """What a cell is counted under; None where it does not agree by what is shown of it."""
        scenario = scenario_of(head, "", "")
        episode = cell_of(cell, _trees(), 0 if look else 1, scenario)
        try:
            judged = self._court.judged_after(episode, cast("Any", _Earlier()))
            return tally_keys(judged) if agrees(judged) else None
        except Withheld:
            return None

    def _concluded(self, head: Form, free: Form, against: Form) -> str | None:
        """The kind of evidence; None where faults are listed or the free run was not kept."""
        scenario = scenario_of(head, "", "")
        run = running_of(free, (), self._setup)
        ended = conclude(scenario, run, {}, against_of(against)).outcome
        return scenario.evidence if ended is Free.KEPT and not scenario.faults else None
