"""A range replayed: its lines read, both engines run, each cell judged and counted in a part."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from harness.bulk.census import Counted, is_sampled, unnamed
from harness.bulk.line import name_of, placed, read_line, sha256_of
from harness.bulk.precedent import Precedents
from harness.bulk.ranges import Range, Record, records
from harness.bulk.reuse import FOUND, Found, Reuse, Shelves, reusing
from harness.bulk.serving import Tell
from harness.compose import Composition
from harness.court import Court, Heard
from harness.errors import InputError
from harness.garbage import uncollected
from harness.kept.form import Live
from harness.leak import Measured
from harness.missing import refused
from harness.model import Episode, Finding, FreeRun, Outcome
from harness.run import SECONDS_FOR_SECOND, replay
from harness.scenario import Scenario, episodes
from harness.setup import Setup
from harness.stability import Second, SecondProcess
from harness.store.part import Expected, Part
from harness.text import visible


@dataclass(frozen=True, kw_only=True)
class Replaying:
    """What every range is replayed with; made once, before any process is forked.

    Attributes:
        folder: where temporary files go, so that none outlives the run whatever dies; None for
            the system's own.
        shelves: where is kept what was seen of accounts; None where nothing is.
        run: the run's id.
    """

    composition: Composition
    setup: Setup
    court: Court
    folder: Path | None = None
    shelves: Shelves | None = None
    run: str = ""

    @cached_property
    def precedents(self) -> Precedents:
        """What was judged in this process."""
        return Precedents(self.court, self.unheld)

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

    @cached_property
    def unheld(self) -> Setup:
        """For who is not held against another process: nothing to be held by is made."""
        return replace(self.setup, digests=False)

    def part(self, piece: Range, tell: Tell = lambda _: None) -> Part:
        """Replay a range, in this process.

        Args:
            piece: of a file.
            tell: called after each account with how many there were.

        Raises:
            InputError: its file is no longer the one that it was cut from.
        """
        with reusing(self.shelves) as reuse:
            filling = Filling(piece, reuse)
            if reuse is not None:
                reuse.draw((one.content for one in records(piece) if one.content), self.run)
            self._fill(filling, tell)
            if reuse is not None:
                reuse.close()
            return filling.part()

    def _fill(self, filling: Filling, tell: Tell) -> None:
        piece, later = filling.piece, list[_Sampled]()
        with (
            self._second(filling) as second,
            refused(*self.composition.strangers("world")),
            uncollected() as tidy,
        ):
            for number, record in enumerate(records(piece), 1):
                heard = self._heard(record, filling)
                if heard is not None:  # it is sampled: then the other process has a say
                    later.append(heard)
                tidy()
                tell(number)
            seen = second.result(seconds=SECONDS_FOR_SECOND) if second is not None else None
            for one in later:
                with filling.whole(one.record, one.heard.scenario):
                    filling.count(self._again(one, seen), one.cells)
                    filling.keep_sampled(one, seen)

    def _again(self, one: _Sampled, seen: Second | None) -> Heard:
        mine = seen if one.seen is None else one.seen
        return one.heard if mine is None else self.court.hear_again(one.heard, mine)

    def _heard(self, record: Record, filling: Filling) -> _Sampled | None:
        """An account judged and counted; given back uncounted where it is sampled.

        A line that is no account is counted as such.
        """
        name = name_of(filling.piece, record)
        sampled = is_sampled(name)
        found = filling.found(record, sampled=sampled)
        alike = found if not sampled else None  # whoever is sampled is held against more
        if alike is not None and filling.agreed(alike, self.precedents, name, record):
            return None
        setup = self.setup if sampled else self.unheld
        live = None if found is None else filling.live(found, setup, name, record)
        if found is not None and live is not None:
            return self._reused(record, found, live, filling)
        try:
            scenario = read_line(record.content, name, self.composition.vocabulary)
        except InputError as error:
            filling.refuse(name, placed(error, filling.piece, record))
            return None
        with filling.whole(record, scenario):
            replayed = self._replayed(scenario, record, filling, sampled=sampled)
            heard = self._judged(scenario, *replayed)
            cells = len(episodes(scenario))
            if sampled:
                return _Sampled(record, heard, cells)
            filling.count(heard, cells)
        return None

    def _replayed(
        self, scenario: Scenario, record: Record, filling: Filling, *, sampled: bool
    ) -> tuple[tuple[Episode, ...], FreeRun]:
        """Both replays, kept if something is."""
        if filling.reuse is None or record.content is None:
            return replay(self.setup if sampled else self.unheld, scenario)
        live = filling.reuse.replayed(self.setup, scenario, record.content)
        filling.reuse.keep(record.content, live, sampled=sampled)
        return replay(self.setup, scenario) if live is None else (live.episodes, live.free)

    def _reused(
        self, record: Record, found: Found, live: Live, filling: Filling
    ) -> _Sampled | None:
        """An account judged by what was kept of it."""
        reuse, content = filling.reuse, record.content
        assert reuse is not None  # noqa: S101  # something was found
        assert content is not None  # noqa: S101  # likewise
        name = live.scenario.id
        with filling.whole(record, live.scenario):
            heard = self._judged(live.scenario, live.episodes, live.free)
            if found.again:
                scenario = read_line(content, name, self.composition.vocabulary)
                reuse.compare(found, self.setup, scenario)
            if is_sampled(name):
                return _Sampled(record, heard, _cells(content), found.second)
            filling.count(heard, _cells(content))
        return None

    def _judged(self, scenario: Scenario, done: tuple[Episode, ...], free: FreeRun) -> Heard:
        """The cells as the court judges them; wrong values are not tried, no gate asks for it."""
        cells = self.court.with_faults(scenario, tuple(self.court.judged(done).values()))
        nothing = Measured(tried=0, leaks=())
        return Heard(scenario=scenario, episodes=done, free=free, cells=cells, leaks=nothing)

    @contextmanager
    def _second(self, filling: Filling) -> Iterator[SecondProcess | None]:
        """The other process, at work on the accounts that are sampled; None without any."""
        with TemporaryDirectory(dir=self.folder) as folder:
            files = self._sampled(filling, Path(folder))
            if not files:
                yield None
                return
            second = SecondProcess(self.composition.config.file, files)
            try:
                yield second
            finally:
                second.stop()

    def _sampled(self, filling: Filling, folder: Path) -> list[Path]:
        """Sampled accounts as files of their own, which the other process reads.

        What it saw before it is not asked again.
        """
        piece, files = filling.piece, []
        for record in records(piece):
            name = name_of(piece, record)
            if record.content is None or not is_sampled(name) or "@" in name:
                continue
            if filling.found(record, sampled=True) is not None:
                continue
            try:
                read_line(record.content, name, self.composition.vocabulary)
            except InputError:
                continue  # it is counted as what it is when its turn comes
            file = folder / f"{name}.yaml"
            file.write_bytes(record.content + b"\n")
            files.append(file)
        return files


class _Sampled(NamedTuple):
    """An account that waits for the other process.

    Attributes:
        seen: what that saw of it before; None where it is asked now.
    """

    record: Record
    heard: Heard
    cells: int
    seen: Second | None = None


class Filling:
    """A part on its way to be whole, and what was kept of its accounts."""

    def __init__(self, piece: Range, reuse: Reuse | None = None) -> None:
        self.piece, self.reuse = piece, reuse
        self._part = Part(place=piece.place, expected=())
        self._expected: list[Expected] = []

    @contextmanager
    def whole(self, record: Record, scenario: Scenario) -> Iterator[None]:
        """An account that is counted inside; if that raises it was not run, and nobody else ends.

        What the system refuses is raised: it is nothing that the account did.
        """
        try:
            yield
        except (MemoryError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  # of one account: the others are replayed
            self.lose(_expected(scenario), placed(_failure(error), self.piece, record))

    def found(self, record: Record, *, sampled: bool) -> Found | None:
        """What was kept of an account; None where it has to be replayed."""
        if self.reuse is None or record.content is None:
            return None
        return self.reuse.find(record.content, sampled=sampled)

    def agreed(self, found: Found, precedents: Precedents, name: str, record: Record) -> bool:
        """Count an account that agrees throughout; False where it has to be judged by itself."""
        reuse, content = self.reuse, record.content
        if reuse is None or content is None or found.again:
            return False
        try:
            agreed = precedents.of(found.kept, name)
        except Exception:  # noqa: BLE001  # of another form: whoever reads all of it says so
            return False
        if agreed is None or len(agreed.cells) != _cells(content):
            return False
        expected = Expected(name, sha256_of(content), len(agreed.cells))
        self._part.take_agreed(zip(expected.ids(), agreed.cells, strict=True), name, agreed.kind)
        self._expected.append(expected)
        reuse.counts[FOUND] += 1
        return True

    def live(self, found: Found, setup: Setup, name: str, record: Record) -> Live | None:
        """The account, from what was kept of it; None where nobody can read that."""
        if self.reuse is None or record.content is None:
            return None
        return self.reuse.live(found, setup, name, record.content)

    def keep_sampled(self, one: _Sampled, seen: Second | None) -> None:
        """Keep an account that waited for the other process."""
        if self.reuse is not None and one.record.content is not None and one.seen is None:
            self.reuse.keep_sampled(one.record.content, one.heard.scenario.id, seen)

    def count(self, heard: Heard, cells: int) -> None:
        """Count an account's cells and its free run; nothing at all where one of them raises."""
        one = Part(place=self._part.place, expected=())
        for cell in heard.cells:
            one.take(cell)
        one.take_free(heard.free, heard.scenario.evidence)
        self._part.join(one)
        scenario = heard.scenario
        self._expected.append(Expected(scenario.id, scenario.sha256, cells))

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
        if self.reuse is not None:
            self._part.reused = self.reuse.counts
            self._part.otherwise = self.reuse.otherwise
            self._part.trouble = self.reuse.trouble
        return self._part


def _expected(scenario: Scenario) -> Expected:
    return Expected(scenario.id, scenario.sha256, len(episodes(scenario)))


def _failure(error: Exception) -> InputError:
    """What was raised while an account was judged, with the place."""
    if isinstance(error, InputError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    at = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    message = f"{type(error).__name__}{at}: {visible(str(error))}"
    return InputError("account-failed", message, hint="`shadow run` of the line shows more")


def unread(counted: Counted, error: InputError) -> Part:
    """A range of which nothing can be read: one account that was NOT_RUN."""
    filling = Filling(counted.piece)
    filling.refuse(unnamed(counted.piece), error)
    return filling.part()


def not_replayed(piece: Range, error: InputError) -> Part:
    """A range that nobody could replay: each of its accounts NOT_RUN, by id.

    Raises:
        InputError: its file is no longer the one that it was cut from.
    """
    filling = Filling(piece)
    for record in records(piece):
        name = name_of(piece, record)
        cells = _cells(record.content or b"")
        filling.lose(Expected(name, "", cells), placed(error, piece, record))
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
