"""Fidelity: how much of what the control does in recordings is known to be what production did.

A field is seen where the recording names it after that very episode; what it showed earlier says
nothing of what a path has done since. Every field that is compared counts, and those that the
control wrote count once more by themselves: dull fields that nobody touched pay for none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple

from harness.canonical import same, sorted_keys
from harness.condition import CONDITIONS, Condition
from harness.difference import Keys, at_of, compare, keys_of
from harness.evidence import COMPARED, PSEUDO
from harness.figures import Share
from harness.freshness import Recorded, credited, recorded
from harness.model import ABSENT, FACETS, Cell, Finding, Observation, Outcome
from harness.moment import Now
from harness.origin import Source
from harness.ownership import value_at
from harness.policy import SECTIONS, Policy
from harness.ports import Data
from harness.reason import SHOWN, Reason, some
from harness.recorded import OBSERVED
from harness.scenario import Scenario

KEY: Final = "fidelity"
AFTER_DRIFT: Final = "after-drift"
LISTED: Final = 20
"""How many unseen fields a path's figures name; how many there are the shares say."""


class Field(NamedTuple):
    """One field of a cell: its name, whether production showed it, and which paths wrote it."""

    name: str
    seen: bool
    wrote: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """What production showed of what one path, or all together, left behind.

    Attributes:
        seen: fields that were seen, of all that are compared, summed over cells.
        written: likewise of those alone that the control wrote.
        cells: cells of recordings in which it ran and was compared.
        recordings: their scenarios.
        accounts: of these, those whose history no other has: a copy adds nothing.
        whole: of these scenarios, those that hold all stores.
        unseen, unseen_written: the first of those not seen, as cell and field.
        drifts: cell and what the control does otherwise there.
    """

    seen: Share
    written: Share
    cells: int
    recordings: int
    accounts: int
    whole: int
    unseen: tuple[str, ...]
    unseen_written: tuple[str, ...]
    drifts: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"seen {self.seen} fields, {self.written} of those written, in {self.cells} cells of"
            f" {self.recordings} recordings, {self.accounts} accounts;"
            f" {self.whole} hold all stores"
        )

    @property
    def data(self) -> dict[str, Data]:
        """The figures as plain data."""
        return {
            "seen": str(self.seen),
            "written": str(self.written),
            "cells": self.cells,
            "recordings": self.recordings,
            "accounts": self.accounts,
            "hold_all_stores": self.whole,
            "unseen": list(self.unseen),
            "unseen_written": list(self.unseen_written),
            "drifts": list(self.drifts),
        }


def fields_of(cell: Cell, lacking: Iterable[str] = (), money: Data = ABSENT) -> tuple[Field, ...]:
    """Every compared field of a cell, as the control left it.

    A row that is gone is one field; so is a store that nobody recorded, which is never seen. The
    customer's outcome is a function of books and money (`harness.adjudicate`), so a field of it is
    seen where it is named, and where all of those are.

    Args:
        cell: one with a control.
        lacking: stores that nobody recorded.
        money: what was moved before this episode; ABSENT where nobody knows.
    """
    control = cell.episode.control
    if control is None:
        return ()
    named = frozenset(keys_of(name) for name in cell.episode.observed)
    pen = _Pen(control=control, paths=cell.episode.paths, money=money)
    causes: list[Field] = [_missing(store) for store in sorted(lacking)]
    others: list[Field] = []
    customer: list[tuple[Keys, bool]] = []
    for keys in _compared(cell, control):
        seen = any(keys[:length] in named for length in range(2, len(keys) + 1))
        if keys[0] == "customer":
            customer.append((keys, seen))
            continue
        one = Field(at_of(keys), seen, pen.wrote(keys))
        (causes if keys[0] in ("books", "money") else others).append(one)
    follows = bool(causes) and all(one.seen for one in causes)
    outcome = [Field(at_of(keys), seen or follows, ()) for keys, seen in customer]
    return (*causes, *others, *outcome)


def _missing(store: str) -> Field:
    return Field(f"books.{store} (not recorded)", seen=False, wrote=())


def _compared(cell: Cell, control: Observation) -> Iterator[Keys]:
    """Keys of every field that the control has, and of what it has no longer; facets first."""
    facets = control.facets
    for facet in (*FACETS, *sorted(facets.keys() - set(FACETS))):
        yield from _leaves((facet,), facets.get(facet, {}))
    left = facets.get("books", cell.episode.before)  # a race leaves ends, and no books
    for gone in compare("books", (), cell.episode.before, left):
        if gone.candidate is ABSENT:
            yield ("books", *keys_of(gone.at))


def _leaves(keys: Keys, value: Data) -> Iterator[Keys]:
    """Fields at and below one; an empty mapping is one, and an empty facet has none."""
    if isinstance(value, Mapping) and value:
        for key in sorted_keys(value):
            yield from _leaves((*keys, key), value[key])
    elif len(keys) > 1:
        yield keys


@dataclass(slots=True, kw_only=True)
class _Pen:
    """Which paths wrote a field in an episode."""

    control: Observation
    paths: tuple[str, ...]
    money: Data
    places: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        written = self.control.written.items()
        self.places = {at: who for at, who in written if who in self.paths}

    def wrote(self, keys: Keys) -> tuple[str, ...]:
        """Whose field it is: of books, who last wrote it; else every path that ran."""
        facet, *below = keys
        if facet == "books":
            return self._books(below)
        if facet == "money":
            before = value_at({"money": self.money}, "money", tuple(below))
            if same(before, value_at(self.control.facets, "money", tuple(below))):
                return ()
        return self.paths

    def _books(self, keys: Sequence[str]) -> tuple[str, ...]:
        place = ".".join(keys)  # the journal joins keys and quotes none
        above = (".".join(keys[:length]) for length in range(1, len(keys) + 1))
        found = [self.places[at] for at in above if at in self.places]
        found += [who for at, who in self.places.items() if at.startswith(f"{place}.")]
        return tuple(dict.fromkeys(found))


def fidelity(
    cells: Iterable[Cell],
    scenarios: Iterable[Scenario],
    policy: Policy,
    *,
    paths: Iterable[str],
    now: Now,
) -> Condition:
    """Weigh how much of what the control does in recordings is known to be what production did.

    Args:
        cells: every judged cell.
        scenarios: those that were replayed.
        policy: asks for it by the section `fidelity`, and for whole recordings by its level.
        paths: those that the control registers.
        now: the time of the run.
    """
    known = recorded(scenarios)
    good = credited(known, policy, now.today)
    found = measured(cells, known, good, paths)
    figures, whole, total = found.paths, found.whole, found.total
    section = policy.sections.get(KEY)
    needed = SECTIONS[KEY][0].default if section is None else section["seen"]
    source = Source(
        measured=True, when=now.today, what=f"{len(good)} of {len(known)} recorded scenarios"
    )
    return Condition(
        key=KEY,
        what=CONDITIONS[KEY],
        asked=policy.asks(KEY),
        evidence=f"{total}; {source}" if known else "",
        whole=level_reasons(policy.level, figures, whole),
        paths={path: tuple(_short(one, needed)) for path, one in figures.items()},
        detail={
            **total.data,
            "credited": sorted(good),
            "not_credited": sorted(known.keys() - good.keys()),
            "paths": {
                path: {**one.data, "held_whole": path in whole} for path, one in figures.items()
            },
        },
    )


def level_reasons(
    level: str, paths: Collection[str], whole: Collection[str]
) -> tuple[Reason, ...]:
    """What speaks against a level: production needs recordings that hold all stores.

    Args:
        level: as the policy says.
        paths: those that the control registers.
        whole: paths with a credited recording that holds all stores, in which they ran.
    """
    bare = sorted(set(paths) - set(whole))
    if level != "production" or not bare:
        return ()
    found = f"{len(bare)} of {len(paths)} paths ran in no recording that holds all stores: "
    needed = "at level production every path has one"
    return (Reason(slug="level-unproven", found=found + some(bare), needed=needed),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Fidelity over all paths together, by path, and paths with a recording of all stores."""

    total: Fidelity
    paths: Mapping[str, Fidelity]
    whole: frozenset[str]


def measured(
    cells: Iterable[Cell],
    known: Mapping[str, Recorded],
    good: Mapping[str, Recorded],
    paths: Iterable[str],
) -> Measured:
    """Measure all recorded cells: those of `good` speak for a path, every one against it."""
    listed = sorted(
        (cell for cell in cells if cell.episode.scenario in known), key=lambda c: _place(c)
    )
    sums = {path: _Sum(path) for path in sorted(set(paths) - set(PSEUDO))}
    total = _Sum("")
    histories: dict[str, list[str]] = {}
    money: dict[str, tuple[int, Data]] = {}
    for cell in listed:
        name, number = _place(cell)
        histories.setdefault(name, []).append(cell.episode.state)
        mine = [sums[path] for path in cell.episode.paths if path in sums]
        for one in (*mine, *([total] if mine else [])):
            one.object(cell)
        if mine and name in good and cell.outcome in COMPARED:
            last, moved = money.get(name, (-1, ABSENT))
            before = moved if last == number - 1 else ABSENT
            fields = fields_of(cell, good[name].lacking, before)
            for one in (*mine, total):
                one.add(cell, fields, good[name])
        if cell.episode.control is not None:
            money[name] = (number, cell.episode.control.facets.get("money", ABSENT))
    same_as = {name: tuple(states) for name, states in histories.items()}
    return Measured(
        total=total.fidelity(same_as),
        paths={path: one.fidelity(same_as) for path, one in sums.items()},
        whole=frozenset(path for path, one in sums.items() if one.whole),
    )


def _place(cell: Cell) -> tuple[str, int]:
    return cell.episode.scenario, int(cell.episode.id.rpartition("#")[2])


@dataclass(slots=True)
class _Sum:
    """Cells of one path, summed up; of all of them where `path` is empty."""

    path: str
    seen: int = 0
    fields: int = 0
    seen_written: int = 0
    written: int = 0
    cells: int = 0
    scenarios: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    unseen: list[str] = field(default_factory=list)
    unseen_written: list[str] = field(default_factory=list)
    drifts: list[str] = field(default_factory=list)

    def object(self, cell: Cell) -> None:
        """Take down in what the control is known to do otherwise than production."""
        self.drifts += [f"{cell.episode.id}: {one.detail}" for one in cell.findings if drift(one)]

    def add(self, cell: Cell, fields: Sequence[Field], of: Recorded) -> None:
        """Count a cell."""
        self.cells += 1
        self.scenarios.add(of.scenario)
        if of.whole and cell.outcome not in (Outcome.DRIFT, Outcome.UNSTABLE):
            self.whole.add(of.scenario)
        for one in fields:
            mine = bool(one.wrote) and (not self.path or self.path in one.wrote)
            self.fields += 1
            self.seen += one.seen
            self.written += mine
            self.seen_written += mine and one.seen
            for listed in () if one.seen else (self.unseen, *([self.unseen_written] * mine)):
                if len(listed) < LISTED:
                    listed.append(f"{cell.episode.id} {one.name}")

    def fidelity(self, histories: Mapping[str, tuple[str, ...]]) -> Fidelity:
        return Fidelity(
            seen=Share(self.seen, self.fields),
            written=Share(self.seen_written, self.written),
            cells=self.cells,
            recordings=len(self.scenarios),
            accounts=len({histories[name] for name in self.scenarios}),
            whole=len(self.whole),
            unseen=tuple(self.unseen),
            unseen_written=tuple(self.unseen_written),
            drifts=tuple(self.drifts),
        )


def drift(finding: Finding) -> bool:
    """Whether a finding says that the control left what production showed."""
    return finding.outcome is Outcome.DRIFT and finding.slug in (OBSERVED, AFTER_DRIFT)


def _short(found: Fidelity, needed: Fraction) -> Iterator[Reason]:
    """What closes a path."""
    if found.drifts:
        said = f"{len(found.drifts)}: {some(found.drifts)}"
        yield Reason(slug="fidelity-drifts", found=said, needed="fields that differ = 0")
    if not found.seen.d:
        said = "0 fields of 0 recordings that count"
        yield Reason(slug="fidelity-unmeasured", found=said, needed="fields compared >= 1")
    elif not found.seen.at_least(needed):
        said = f"{found.seen} fields compared were seen, not {_not(found.seen, found.unseen)}"
        yield Reason(slug="fidelity-low", found=said, needed=f"{found.seen} >= {needed}")
    share = found.written
    if not share.at_least(needed):
        said = f"{share} fields written were seen, not {_not(share, found.unseen_written)}"
        yield Reason(slug="fidelity-written-low", found=said, needed=f"{share} >= {needed}")


def _not(share: Share, names: Sequence[str]) -> str:
    """The first fields that were not seen, and how many more there are."""
    shown = names[:SHOWN]
    rest = share.d - share.n - len(shown)
    return f"{', '.join(shown)} and {rest} more" if rest else ", ".join(shown)
