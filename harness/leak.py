"""Breadth of rulings, measured: a wrong value of the candidate has to come out as DIVERGE.

In a RULED cell the candidate's fields are replaced one by one: those that differ and those that a
clause pins. Each is made absent, null, one more and one less, a hundredfold, flipped, a
neighbour's id, and the control's own value, since a candidate that copies the control's fault must
not pass either. A customer difference that follows, in this cell or already at the first look, is
a function of the books and has no value of its own to replace; a repeat's replaced value is no
repeat any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from msgspec import structs

from harness.adjudicate import CUSTOMER, FOLLOWS, Docket, docket, is_look, outcome_of
from harness.canonical import same
from harness.difference import Keys, compare, keys_of
from harness.matching import Demands
from harness.model import ABSENT, Cell, Difference, Episode, Observation, Outcome
from harness.ownership import GIVEN, value_at
from harness.ports import Data
from harness.ruling import Ruling

NEIGHBOURS = 2
"""How many other ids of its kind take an id's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A wrong value that passed: in `cell`, the candidate's `path` was `value` instead."""

    cell: str
    path: str
    value: Data
    outcome: Outcome
    rulings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How many wrong values were tried, and those that passed."""

    tried: int
    leaks: tuple[Leak, ...]


def measure(cell: Cell, rulings: Sequence[Ruling], earlier: Mapping[str, Cell]) -> Measured:
    """Try every wrong value in one cell; only RULED cells have any.

    Args:
        cell: as `adjudicate` returned it.
        rulings: what it was adjudicated with.
        earlier: earlier cells of the same scenario, as then.
    """
    if cell.outcome is not Outcome.RULED or is_look(cell.episode):
        return Measured(tried=0, leaks=())
    judged_by = docket(cell.episode, rulings, earlier)
    demands = Demands(cell.episode, judged_by.trials)
    tried = 0
    leaks: list[Leak] = []
    for wrong in variants(cell, judged_by):
        tried += 1
        # Nothing argues for worse than DIVERGE in a RULED cell, so a ruling that has to match and
        # would not settles it; only where none does, the whole cell is decided anew.
        if demands.refuse(wrong.path, wrong.value):
            continue
        outcome = outcome_of(wrong.episode, judged_by)
        if outcome is not Outcome.DIVERGE:
            leaks.append(
                Leak(
                    cell=cell.episode.id,
                    path=wrong.path,
                    value=wrong.value,
                    outcome=outcome,
                    rulings=cell.rulings,
                )
            )
    return Measured(tried=tried, leaks=tuple(leaks))


def variants(cell: Cell, judged_by: Docket) -> Iterator[Wrong]:
    """Each wrong value of each field that differs or is pinned."""
    episode = cell.episode
    if episode.control is None or episode.candidate is None:
        return
    fields = {one.path: _Field.of(one) for one in cell.differences if not _follows(one)}
    for trial in judged_by.trials:
        for bundle in trial.bundles:
            for pin in bundle.pins:
                fields.setdefault(pin.path, _Field(pin.facet, pin.keys, None))
    ids = known_ids(episode)
    inherited = with_inherited(cell)
    for path, field in fields.items():
        control, candidate = field.sides(episode.control, episode.candidate)
        values = [value for value in wrong_values(candidate, ids) if not same(value, control)]
        if not (field.repeat or same(control, candidate)):
            values.append(control)  # of a repeat, the control's value is no fault but its end
        for value in values:
            yield Wrong(inherited, path, field, value)


def with_inherited(cell: Cell) -> Episode:
    """The episode with its repeats under what they inherit, which no wrong value changes."""
    pairs = zip(cell.episode.differences, cell.differences, strict=True)
    kept = tuple(ruled if raw.repeat else raw for raw, ruled in pairs)
    return replace(cell.episode, differences=kept)


def _follows(one: Difference) -> bool:
    """Whether a difference is a function of others that are tried themselves."""
    return one.ruling == FOLLOWS or (one.facet == CUSTOMER and one.ruling == GIVEN)


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of one cell, with its difference where the two sides differ there."""

    facet: str
    keys: Keys
    difference: Difference | None

    @classmethod
    def of(cls, difference: Difference) -> _Field:
        return cls(difference.facet, keys_of(difference.at), difference)

    @property
    def repeat(self) -> bool:
        return self.difference is not None and self.difference.repeat

    def sides(self, control: Observation, candidate: Observation) -> tuple[Data, Data]:
        """Both sides' values."""
        if self.difference is not None:
            return self.difference.control, self.difference.candidate
        return (
            value_at(control.facets, self.facet, self.keys),
            value_at(candidate.facets, self.facet, self.keys),
        )

    def with_value(self, episode: Episode, value: Data) -> Episode:
        """The episode in which the candidate has another value here."""
        assert episode.control is not None  # noqa: S101  # the caller has asked
        assert episode.candidate is not None  # noqa: S101  # likewise
        facets = put(episode.candidate.facets, (self.facet, *self.keys), value)
        kept = [one for one in episode.differences if not self.touches(one)]
        owners = self.difference.owners if self.difference is not None else episode.paths
        made = [one.of(owners) for one in self.compared(episode.control.facets, facets)]
        return replace(
            episode,
            candidate=structs.replace(episode.candidate, facets=facets),
            differences=(*kept, *made),
        )

    def touches(self, one: Difference) -> bool:
        """Whether a difference is at, above or below this field."""
        if one.facet != self.facet:
            return False
        keys = keys_of(one.at)
        shared = min(len(keys), len(self.keys))
        return keys[:shared] == self.keys[:shared]

    def compared(
        self, control: Mapping[str, Data], candidate: Mapping[str, Data]
    ) -> Iterator[Difference]:
        """The differences here, or at the nearest object around that only one side has."""
        left, right = control.get(self.facet, ABSENT), candidate.get(self.facet, ABSENT)
        depth = 0
        for key in self.keys:
            both = isinstance(left, Mapping) and isinstance(right, Mapping)
            if not both:
                break
            left, right = left.get(key, ABSENT), right.get(key, ABSENT)
            depth += 1
        return compare(self.facet, self.keys[:depth], left, right)


class Wrong(NamedTuple):
    """A wrong value of one field; its episode is made only for whoever asks."""

    of: Episode
    path: str
    field: _Field
    value: Data

    @property
    def episode(self) -> Episode:
        """The episode as it would be."""
        return self.field.with_value(self.of, self.value)


def put(tree: Mapping[str, Data], keys: Keys, value: Data) -> dict[str, Data]:
    """A copy of a tree with another value at some keys; ABSENT takes the field out."""
    key, *rest = keys
    copy = dict(tree)
    if rest:
        below = copy.get(key)
        if value is ABSENT and not isinstance(below, Mapping):
            return copy
        copy[key] = put(below if isinstance(below, Mapping) else {}, tuple(rest), value)
    elif value is ABSENT:
        copy.pop(key, None)
    else:
        copy[key] = value
    return copy


def wrong_values(value: Data, ids: Sequence[str] = ()) -> tuple[Data, ...]:
    """Values that are not this one, near enough to be mistaken for it."""
    found: list[Data] = []
    for other in _near(value, ids):
        if not same(other, value) and not _among(other, found):
            found.append(other)
    return tuple(found)


def _near(value: Any, ids: Sequence[str]) -> Iterator[Data]:
    yield from (ABSENT, None)
    if isinstance(value, bool):
        yield not value
        yield int(value)
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value * 100, -value, str(value), bool(value))
    elif isinstance(value, str):
        yield from _near_text(value, ids)
    elif isinstance(value, Mapping):
        yield {}
        for key in value:
            yield {other: value[other] for other in value if other != key}
            yield {**value, key: None}
    elif isinstance(value, list | tuple):
        yield []
        yield from ([*value, *value[-1:]], [*value, None], list(reversed(value)))
        for number in range(len(value)):
            yield [*value[:number], *value[number + 1 :]]
    else:
        yield from (0, 1, False, True, "", {}, [])


def _near_text(value: str, ids: Sequence[str]) -> Iterator[Data]:
    yield from ("", f"{value}0")
    if value.isascii() and value.isdigit():
        yield from (str(int(value) + 1), str(int(value) - 1), f"{value}00", int(value))
    kind = value.partition("_")[0]
    alike = (other for other in ids if other != value and other.partition("_")[0] == kind)
    for _, other in zip(range(NEIGHBOURS), alike, strict=False):
        yield other


def known_ids(episode: Episode) -> tuple[str, ...]:
    """Ids of the objects in the books, before the act and after it on either side."""
    sides = [side.facets.get("books", {}) for side in (episode.control, episode.candidate) if side]
    found = {
        key
        for books in (episode.before, *sides)
        for store in books.values()
        if isinstance(store, Mapping)
        for key in store
    }
    return tuple(sorted(found))


def _among(value: Data, values: Iterable[Data]) -> bool:
    return any(same(value, other) for other in values)
