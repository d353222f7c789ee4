"""A part of a run as it is stored: what was expected, what agreed as counts, the rest as rows."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from harness.canonical import canonical, digest
from harness.errors import InputError
from harness.evidence import own_outcomes
from harness.model import ABSENT, Cell, Difference, Finding, Free, FreeRun, Outcome
from harness.report.json_report import plain
from harness.store.id_sum import IdSum
from harness.store.signature import signature
from harness.text import visible

CELL: Final = "(cell)"
"""Pseudo-path under which every cell is counted once, whatever paths ran in it."""

GIVEN_RULINGS: Final = frozenset({"", "follows", "(given)"})
"""What a difference's `ruling` holds where no ruling's clause covers it."""


class Expected(NamedTuple):
    """A scenario that a part has to answer for; its cells are `scenario#0` and so on."""

    scenario: str
    sha256: str
    cells: int

    def ids(self) -> Iterable[str]:
        return (f"{self.scenario}#{number}" for number in range(self.cells))


class Sums(NamedTuple):
    """Sums of the ids of what is expected."""

    cells: IdSum
    scenarios: IdSum


class TallyKey(NamedTuple):
    path: str
    kind: str
    klass: str
    outcome: str


class FreeKey(NamedTuple):
    kind: str
    outcome: str


class CellRow(NamedTuple):
    """As the table `cell`, without run and part."""

    id: str
    scenario: str
    act: str
    kind: str
    klass: str
    outcome: str
    paths: str
    findings: str
    digest: str


DifferenceRow = tuple[str, int, str, str, str, str, str, str, str]
"""As the table `difference`, without run and part; without names too, since there are many."""


class FreeRow(NamedTuple):
    """As the table `free`, without run and part."""

    scenario: str
    kind: str
    outcome: str
    remarks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which part of a run it is, and where it is read from.

    Attributes:
        id: its name in the run.
        source: a folder or file.
        first, last: the bytes of the file that are its own, the last excluded; None for all.
    """

    id: str
    source: str
    first: int | None = None
    last: int | None = None


@dataclass(slots=True, kw_only=True)
class Part:
    """What was found in a part; fed cell by cell, and never larger than what differs in it.

    Attributes:
        reused: how it was come by, as counts; told and not stored.
        otherwise: accounts that came out otherwise than they were kept: then nothing holds.
        trouble: why nothing could be kept; empty where it could.
    """

    place: Place
    expected: tuple[Expected, ...]
    tallies: dict[TallyKey, IdSum] = field(default_factory=dict)
    cells: list[CellRow] = field(default_factory=list)
    differences: list[DifferenceRow] = field(default_factory=list)
    free_tallies: dict[FreeKey, IdSum] = field(default_factory=dict)
    free: list[FreeRow] = field(default_factory=list)
    used: Counter[str] = field(default_factory=Counter)
    reused: Counter[str] = field(default_factory=Counter)
    otherwise: list[str] = field(default_factory=list)
    trouble: str = ""

    @property
    def roster(self) -> str:
        """The digest of what is expected, the same for the same scenarios in any order."""
        lines = "\n".join(dumped(line) for line in sorted(self.expected))
        return hashlib.sha256(lines.encode("ascii")).hexdigest()

    def take(self, cell: Cell) -> None:
        """Count a cell; one that does not simply agree is kept."""
        episode, name = cell.episode, cell.episode.id
        for key in tally_keys(cell):
            self._count(key, name)
        self.used.update(visible(ruling) for ruling in rulings_of(cell))
        if agrees(cell):
            return
        bodies = [dumped(body_of(one)) for one in cell.differences]
        findings = dumped([[str(f.outcome), f.slug, f.detail] for f in cell.findings])
        row = CellRow(
            id=name,
            scenario=episode.scenario,
            act=visible(episode.act),
            kind=episode.provenance,
            klass=str(episode.klass),
            outcome=str(cell.outcome),
            paths="\n".join(map(visible, episode.paths)),
            findings=findings,
            digest=hashlib.sha256(canonical([findings, bodies])).hexdigest(),  # met but once
        )
        self.cells.append(row)
        self.differences.extend(_rows(cell, bodies))

    def take_free(self, run: FreeRun, kind: str) -> None:
        """Count a free run; one that was not kept is kept here."""
        outcome = str(run.outcome)
        self.free_tallies.setdefault(FreeKey(kind, outcome), IdSum()).add(run.scenario)
        if run.outcome is not Free.KEPT:
            remarks = {
                "moot": list(run.moot),
                "broken": list(run.broken),
                "then": list(run.then),
                "findings": list(run.findings),
            }
            self.free.append(FreeRow(run.scenario, kind, outcome, dumped(remarks)))

    def take_agreed(
        self, cells: Iterable[tuple[str, Iterable[TallyKey]]], scenario: str, kind: str
    ) -> None:
        """Count an account of which it is known that its cells agree and its free run was kept.

        Args:
            cells: the id of each, and what it is counted under.
            scenario: its id.
            kind: of evidence.
        """
        for name, keys in cells:
            for key in keys:
                self._count(key, name)
        self.free_tallies.setdefault(FreeKey(kind, str(Free.KEPT)), IdSum()).add(scenario)

    def lose(self, name: str, paths: Iterable[str] = (), findings: Sequence[Finding] = ()) -> None:
        """Count a cell that was expected and not run, for each path that was to run in it.

        Args:
            name: its id.
            paths: that were to run in it.
            findings: why it was not run, where somebody knows.
        """
        outcome = str(Outcome.NOT_RUN)
        ran = sorted(set(paths))
        for path in (CELL, *map(visible, ran)):
            self._count(TallyKey(path, "", "", outcome), name)
        scenario = name.rpartition("#")[0]
        listed = "\n".join(map(visible, ran))
        found = dumped([[str(f.outcome), f.slug, f.detail] for f in findings])
        seen = digest([found, []] if findings else [])
        self.cells.append(CellRow(name, scenario, "", "", "", outcome, listed, found, seen))

    def lose_free(self, scenario: str) -> None:
        """Count a free run that was expected and not run."""
        self.take_free(FreeRun(scenario=scenario, outcome=Free.NOT_RUN), "")

    def join(self, other: Part) -> None:
        """Take what another part of the same place found in other accounts."""
        self.expected += other.expected
        for key, found in other.tallies.items():
            self.tallies.setdefault(key, IdSum()).take(found)
        for ended, runs in other.free_tallies.items():
            self.free_tallies.setdefault(ended, IdSum()).take(runs)
        self.cells += other.cells
        self.differences += other.differences
        self.free += other.free
        self.used.update(other.used)
        self.reused.update(other.reused)
        self.otherwise += other.otherwise
        self.trouble = self.trouble or other.trouble

    def check(self) -> Sums:
        """Hold what was counted against what is expected, by id; give what is expected.

        Raises:
            InputError: `store-sums`.
        """
        cells = IdSum.of(name for one in self.expected for name in one.ids())
        free = IdSum.of(one.scenario for one in self.expected)
        found = total(count for key, count in self.tallies.items() if key.path == CELL)
        ended = total(self.free_tallies.values())
        for what, wanted, counted in (("cells", cells, found), ("free runs", free, ended)):
            if wanted != counted:
                more = "" if wanted.count != counted.count else ", and not the same ones"
                message = f"{wanted.count} {what} expected and {counted.count} counted{more}"
                raise sums(f"part {visible(self.place.id)}: {message}")
        return Sums(cells=cells, scenarios=free)

    def _count(self, key: TallyKey, name: str) -> None:
        found = self.tallies.get(key)
        if found is None:
            found = self.tallies[key] = IdSum()
        found.add(name)


def sums(message: str) -> InputError:
    """What was counted is not what was expected."""
    hint = "nothing of it was stored; replay it again, and report it if it happens again"
    return InputError("store-sums", message, hint=hint)


def total(counts: Iterable[IdSum]) -> IdSum:
    """The sum of sums."""
    whole = IdSum()
    for one in counts:
        whole.take(one)
    return whole


def agrees(cell: Cell) -> bool:
    """Whether a cell simply agrees: then it is counted, and nothing else is kept of it."""
    return cell.outcome is Outcome.AGREE and not cell.differences and not cell.findings


def tally_keys(cell: Cell) -> tuple[TallyKey, ...]:
    """What a cell is counted under: once by itself, once for each path that answers for it."""
    kind, klass = cell.episode.provenance, str(cell.episode.klass)
    return (
        TallyKey(CELL, kind, klass, str(cell.outcome)),
        *(
            TallyKey(visible(own.path), kind, klass, str(own.outcome))
            for own in own_outcomes(cell)
        ),
    )


def rulings_of(cell: Cell) -> frozenset[str]:
    """Rulings whose clauses cover a difference of a cell."""
    found = {one.ruling for one in cell.differences} | set(cell.rulings)
    return frozenset(found - GIVEN_RULINGS)


def body_of(difference: Difference) -> dict[str, Any]:
    """A difference as plain data; a side that lacks the field has no key of its own."""
    sides: Mapping[str, Any] = {
        "control": difference.control,
        "candidate": difference.candidate,
    }
    return {
        "facet": difference.facet,
        "at": difference.at,
        "owners": list(difference.owners),
        "origin": difference.origin,
        "ruling": difference.ruling,
        **{side: plain(value) for side, value in sides.items() if value is not ABSENT},
    }


_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False
)


def dumped(value: Any) -> str:
    """Canonical JSON: sorted, ASCII, without blanks."""
    return _ENCODER.encode(value)


def _rows(cell: Cell, bodies: Sequence[str]) -> Iterator[DifferenceRow]:
    episode, outcome = cell.episode, str(cell.outcome)
    for number, (one, body) in enumerate(zip(cell.differences, bodies, strict=True)):
        yield (
            episode.id,
            number,
            episode.scenario,
            outcome,
            visible(" ".join(one.owners)),
            visible(one.path),
            signature(episode.act, one),
            visible(one.ruling),
            body,
        )
