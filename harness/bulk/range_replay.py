"""A range replayed: its lines read, both engines run, each cell judged and counted in a part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from harness.bulk.census import Counted, is_sampled, unnamed
from harness.bulk.line import name_of, placed, read_line
from harness.bulk.ranges import Range, records
from harness.compose import Composition
from harness.court import Court, Heard
from harness.errors import InputError
from harness.leak import Measured
from harness.missing import refused
from harness.model import Episode, Finding, FreeRun, Outcome
from harness.run import SECONDS_FOR_SECOND, replay
from harness.scenario import Scenario, episodes
from harness.setup import Setup
from harness.stability import SecondProcess
from harness.store.part import Expected, Part


@dataclass(frozen=True, kw_only=True)
class Replaying:
    """What every range is replayed with; made once, before any process is forked.

    Attributes:
        folder: where temporary files go, so that none outlives the run whatever dies; None for
            the system's own.
    """

    composition: Composition
    setup: Setup
    court: Court
    folder: Path | None = None

    @classmethod
    def of(cls, composition: Composition, today: date) -> Replaying:
        """Compose it.

        Raises:
            InputError: engines, world, fields or rulings cannot be used.
        """
        _ = composition.vocabulary  # likewise
        return cls(
            composition=composition, setup=composition.setup(), court=composition.court(today)
        )

    def part(self, piece: Range) -> Part:
        """Replay a range, in this process.

        Raises:
            InputError: its file is no longer the one that it was cut from.
        """
        filling = Filling(piece)
        with (
            self._second(piece) as second,
            refused(*self.composition.strangers("world")),
        ):
            later = [one for one in self._heard(piece, filling) if not filling.take(one)]
            seen = second.result(seconds=SECONDS_FOR_SECOND) if second is not None else None
            for one in later:
                filling.count(one if seen is None else self.court.hear_again(one, seen))
        return filling.part()

    def _heard(self, piece: Range, filling: Filling) -> Iterator[Heard]:
        """Each account as it was judged; lines that are none are counted as such."""
        for record in records(piece):
            name = name_of(piece, record)
            try:
                scenario = read_line(record.content, name, self.composition.vocabulary)
            except InputError as error:
                filling.refuse(name, placed(error, piece, record))
                continue
            yield self._judged(scenario, *replay(self.setup, scenario))

    def _judged(self, scenario: Scenario, done: tuple[Episode, ...], free: FreeRun) -> Heard:
        """The cells as the court judges them; wrong values are not tried, no gate asks for it."""
        cells = self.court.with_faults(scenario, tuple(self.court.judged(done).values()))
        nothing = Measured(tried=0, leaks=())
        return Heard(scenario=scenario, episodes=done, free=free, cells=cells, leaks=nothing)

    @contextmanager
    def _second(self, piece: Range) -> Iterator[SecondProcess | None]:
        """The other process, at work on the accounts that are sampled; None without any."""
        with TemporaryDirectory(dir=self.folder) as folder:
            files = self._sampled(piece, Path(folder))
            if not files:
                yield None
                return
            second = SecondProcess(self.composition.config.file, files)
            try:
                yield second
            finally:
                second.stop()

    def _sampled(self, piece: Range, folder: Path) -> list[Path]:
        """Sampled accounts as files of their own, which the other process reads."""
        files = []
        for record in records(piece):
            name = name_of(piece, record)
            if record.content is None or not is_sampled(name) or "@" in name:
                continue
            try:
                read_line(record.content, name, self.composition.vocabulary)
            except InputError:
                continue  # it is counted as what it is when its turn comes
            file = folder / f"{name}.yaml"
            file.write_bytes(record.content + b"\n")
            files.append(file)
        return files


class Filling:
    """A part on its way to be whole."""

    def __init__(self, piece: Range) -> None:
        self._part = Part(place=piece.place, expected=())
        self._expected: list[Expected] = []

    def take(self, heard: Heard) -> bool:
        """Count an account, unless it is sampled: then the other process has a say."""
        if is_sampled(heard.scenario.id):
            return False
        self.count(heard)
        return True

    def count(self, heard: Heard) -> None:
        """Count an account's cells and its free run."""
        scenario = heard.scenario
        cells = len(episodes(scenario))
        self._expected.append(Expected(scenario.id, scenario.sha256, cells))
        for cell in heard.cells:
            self._part.take(cell)
        self._part.take_free(heard.free, scenario.evidence)

    def refuse(self, name: str, error: InputError) -> None:
        """Count a line that is no scenario: as one cell, and one free run, that were not run."""
        self.lose(Expected(name, "", 1), error)

    def lose(self, expected: Expected, error: InputError) -> None:
        """Count an account that was not run, with the reason."""
        detail = f"{error.where}: {error.message}" if error.where else error.message
        finding = Finding(outcome=Outcome.NOT_RUN, slug=error.slug, detail=detail)
        self._expected.append(expected)
        for name in expected.ids():
            self._part.lose(name, findings=(finding,))
        self._part.lose_free(expected.scenario)

    def part(self) -> Part:
        """The part, with all that it has to answer for."""
        self._part.expected = tuple(self._expected)
        return self._part


def not_replayed(counted: Counted, error: InputError) -> Part:
    """A range that nobody could replay: each of its accounts NOT_RUN, by id.

    Raises:
        InputError: its file is no longer the one that it was cut from.
    """
    filling = Filling(counted.piece)
    if counted.damage is not None:
        filling.refuse(unnamed(counted.piece), error)
        return filling.part()
    for record in records(counted.piece):
        name = name_of(counted.piece, record)
        cells = _cells(record.content or b"")
        filling.lose(Expected(name, "", cells), placed(error, counted.piece, record))
    return filling.part()


class _Item(msgspec.Struct):
    hold: dict[str, Any] = msgspec.field(default_factory=dict)


class _Story(msgspec.Struct):
    when: list[_Item] = msgspec.field(default_factory=list)


def _cells(content: bytes) -> int:
    """Cells of an account that is not read by anybody who could fail: look, acts, held events."""
    try:
        items: Iterable[_Item] = msgspec.json.decode(content, type=_Story).when
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 1
    return 1 + sum(1 + len(item.hold) for item in items)
