"""Four figures that stay meaningful where the control itself is at fault.

They are printed in this order and never as one percentage: agreement where the control was right,
repairs proven, cells made worse, decisions left to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from harness.model import Cell, Class, Outcome
from harness.ownership import GIVEN

FAULTY: Final = (Class.REPAIR, Class.TWIST)
INTENDED: Final = "intended-change"
NO_RULING: Final = ("", "follows", GIVEN)
"""What a difference's `ruling` holds where no ruling's clause covers it."""


class Share(NamedTuple):
    """An exact share; 0 of 0 is no share at all and meets only a demand that all of them do."""

    n: int
    d: int

    def at_least(self, needed: Fraction) -> bool:
        return self.n >= needed * self.d

    def at_most(self, allowed: Fraction) -> bool:
        return self.n <= allowed * self.d

    def __str__(self) -> str:
        return f"{self.n}/{self.d}"


class Own(NamedTuple):
    """A cell as one path answers for it; `path` is empty where all its paths answer together."""

    cell: Cell
    path: str
    outcome: Outcome

    @property
    def id(self) -> str:
        return self.cell.episode.id

    @property
    def klass(self) -> Class:
        return self.cell.episode.klass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The four figures, with the ids of the cells that speak against them.

    Attributes:
        agreement_where_sound: AGREE of the cells in which the control was right. At the first look
            the control only stands by: there is nothing to agree with.
        intended: RULED of them, by rulings that all are intended changes; of the distinct ones,
            since copies of a cell that agrees would thin them out.
        repairs_proven: of the cells in which the control was at fault, those in which the
            candidate ends with every invariant kept and everything that truth entitles to.
        made_worse: cells in which the candidate is worse than truth, breaks an invariant that the
            control keeps, or harms or loses without a ruling; of all cells.
        left_to_a_person: cells with a case though truth can be decided; of all cells.
    """

    agreement_where_sound: Share
    intended: Share
    repairs_proven: Share
    made_worse: Share
    left_to_a_person: Share
    disagreeing: tuple[str, ...]
    unproven: tuple[str, ...]
    worse: tuple[str, ...]
    deferred: tuple[str, ...]


def figures(owned: Sequence[Own], ruling_classes: Mapping[str, str]) -> Figures:
    """Count the figures over cells; `ruling_classes` gives each ruling's class by its id."""
    sound = [own for own in owned if own.klass is Class.SOUND and own.path != GIVEN]
    faulty = [own for own in owned if own.klass in FAULTY]
    intended = _ids(sound, lambda own: _intended(own, ruling_classes))
    agreed = _ids(sound, lambda own: own.outcome is Outcome.AGREE)
    proven = _ids(faulty, _proven)
    worse = _ids(owned, made_worse)
    deferred = _ids(owned, _deferred)
    return Figures(
        agreement_where_sound=Share(len(agreed), len(sound)),
        intended=Share(len(intended), len({_alike(own) for own in sound})),
        repairs_proven=Share(len(proven), len(faulty)),
        made_worse=Share(len(worse), len(owned)),
        left_to_a_person=Share(len(deferred), len(owned)),
        disagreeing=_without(sound, {*agreed, *intended}),
        unproven=_without(faulty, set(proven)),
        worse=worse,
        deferred=deferred,
    )


def made_worse(own: Own) -> bool:
    """Whether the candidate did worse here than truth or the control allow.

    At the first look the control does nothing, so harm and loss against it mean nothing there.
    """
    episode = own.cell.episode
    broken = set(episode.candidate_broken) - set(episode.control_broken)
    against = bool(episode.harm or episode.loss) and own.path != GIVEN
    unasked = against and own.cell.outcome is not Outcome.RULED
    return bool(episode.wrongs or broken or unasked)


def _proven(own: Own) -> bool:
    episode = own.cell.episode
    observed = episode.candidate is not None
    return observed and not episode.candidate_broken and episode.unmet == ()


def _deferred(own: Own) -> bool:
    return bool(own.cell.episode.deferrals) and own.klass is not Class.UNDECIDABLE


def _intended(own: Own, ruling_classes: Mapping[str, str]) -> bool:
    """Whether the path's own differences are all covered by intended changes, and there is one."""
    if own.outcome is not Outcome.RULED:
        return False
    rulings = {
        difference.ruling
        for difference in own.cell.differences
        if not difference.repeat and (not own.path or own.path in difference.owners)
    }
    classes = {ruling_classes.get(ruling) for ruling in rulings.difference(NO_RULING)}
    return classes == {INTENDED}


def _alike(own: Own) -> tuple[str, str]:
    """What copies of a cell have in common: the kind of evidence, and (state before, act)."""
    episode = own.cell.episode
    return episode.provenance, episode.state or episode.id


def _ids(owned: Iterable[Own], holds: Callable[[Own], bool]) -> tuple[str, ...]:
    return tuple(own.id for own in owned if holds(own))


def _without(owned: Iterable[Own], ids: set[str]) -> tuple[str, ...]:
    return tuple(own.id for own in owned if own.id not in ids)
