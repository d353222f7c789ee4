"""The timeline of a scenario as data for the page: episodes, and fields side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from harness.canonical import same
from harness.difference import keys_of
from harness.model import ABSENT, Cell, Difference, Observation
from harness.moment import iso
from harness.ownership import value_at
from harness.ports import Data
from harness.report.deeds import deeds, reasons
from harness.report.json_report import Json
from harness.report.overview import MARKS
from harness.report.timeline import changed_alike, mark, remarks
from harness.values import EVERY, brief, explained, last_name

ORDER: Final = ("first cause", "new cause", "given damage", "follows")
"""Marks in the order in which their fields are listed; repeats come next, agreement last."""

BOTH: Final = "both"
NO_RULING: Final = "no ruling"


Told = str | tuple[str, tuple[str, ...]]
"""A value in words; where it is long, in few words and then whole, an entry a line."""


class Change(NamedTuple):
    """One field, with what it was and what each side made of it, in words.

    Attributes:
        mark: what the difference is; `both` where the two sides agree.
        at: the field.
        was: the value before the act; empty where nobody can say.
        control, candidate: the values after it.
        kept: the side that left the field as it was; empty where neither or nobody can say.
        ruling: the ruling, or `no ruling`; empty where nothing differs.
    """

    mark: str
    at: str
    was: Told
    control: Told
    candidate: Told
    kept: str
    ruling: str


def episode_document(cell: Cell, first: str) -> Json:
    """One episode: when, act, paths, what each side did, the fields, what else is to be said."""
    episode = cell.episode
    found = changes(cell, first)
    return {
        "cell": episode.id,
        "at": iso(episode.at),
        "act": episode.act,
        "outcome": str(cell.outcome),
        "class": str(episode.klass),
        "ran": list(_ran(episode.control)) or list(episode.paths),
        "own": {path: str(outcome) for path, outcome in cell.own.items()},
        "control": list(deeds(episode.control, most=EVERY)),
        "candidate": list(deeds(episode.candidate, most=EVERY)),
        "reasons": list(reasons(episode.candidate, most=EVERY)),
        "changes": [list(change) for change in found],
        "stores": stores(found),
        "remarks": list(remarks(cell)),
    }


def _ran(observation: Observation | None) -> Iterator[str]:
    for path, trigger in observation.handlers if observation is not None else ():
        yield f"{path} (on {trigger})"


def changes(cell: Cell, first: str) -> list[Change]:
    """Differences, causes first, then fields of the books that both sides changed alike."""
    found = [change for one in cell.differences for change in _differing(one, cell, first)]
    found.sort(key=lambda change: _rank(change.mark))
    return found + [_alike(one) for one in changed_alike(cell)]


def told(value: Data, name: str) -> Told:
    """A value so that nothing is missing: what few words leave out is told entry by entry."""
    few = brief(value, name=name)
    if few == brief(value, name=name, most=EVERY):
        return few
    if isinstance(value, Mapping):
        named = value.items()
        return few, tuple(f"{brief(k)}: {brief(v, name=str(k), most=EVERY)}" for k, v in named)
    return few, tuple(brief(item, name=name, most=EVERY) for item in value)


def _rank(word: str) -> int:
    return ORDER.index(word) if word in ORDER else len(ORDER)


def _differing(difference: Difference, cell: Cell, first: str) -> Iterator[Change]:
    """A field, or each place inside it where lists and mappings differ."""
    word, ruling = mark(difference, cell, first), difference.ruling or NO_RULING
    books = difference.facet == "books"
    at = difference.at if books else difference.path
    leaves = explained(difference.control, difference.candidate)
    for leaf in leaves:
        place = at + leaf.at
        name = last_name(place)
        control, candidate = (told(side, name) for side in (leaf.control, leaf.candidate))
        yield Change(word, place, "", control, candidate, "", ruling)
    if leaves:
        return
    before: Data = ABSENT
    if books:
        before = value_at({"books": cell.episode.before}, "books", keys_of(difference.at))
    name = last_name(at)
    sides = {"control": difference.control, "candidate": difference.candidate}
    kept = next((side for side, value in sides.items() if books and same(before, value)), "")
    was = told(before, name) if books else ""
    control, candidate = (told(value, name) for value in sides.values())
    yield Change(word, at, was, control, candidate, kept, ruling)


def _alike(change: Difference) -> Change:
    name = last_name(change.at)
    was, after = told(change.control, name), told(change.candidate, name)
    return Change(BOTH, change.at, was, after, after, "", "")


def stores(found: Sequence[Change]) -> dict[str, str]:
    """Store, or another facet in which something differs → the short word of its first mark."""
    ranks = {word: rank for rank, (word, _) in enumerate(MARKS)}
    best: dict[str, int] = {}
    for change in found:
        word = "repeat" if change.mark.startswith("repeat") else change.mark
        if word in ranks:
            name = change.at.partition(".")[0]
            best[name] = min(best.get(name, len(MARKS)), ranks[word])
    return {name: MARKS[rank][1] for name, rank in sorted(best.items())}


def fields(cells: Iterable[Cell]) -> list[str]:
    """Names of all fields that differ somewhere, for whoever searches for one."""
    return sorted({difference.path for cell in cells for difference in cell.differences})
