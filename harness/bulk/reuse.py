"""What a range's accounts came to before, where nothing is changed that could make it otherwise.

Of what is found one in a hundred is replayed all the same, and one of each range at least. Which
ones hangs on the run's id, so that nobody can know before and, in time, each has its turn.
"""

from __future__ import annotations

import hashlib
import marshal
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from harness.canonical import NotCanonical
from harness.free import candidate_run
from harness.kept.form import (
    Form,
    Live,
    NotKeepable,
    form_of,
    live_of,
    packed,
    unlike,
    unpacked,
)
from harness.kept.shelf import Open, Shelf
from harness.lockstep import begun
from harness.scenario import Scenario, episodes
from harness.setup import Setup
from harness.stability import Second

ONE_IN: Final = 100
"""Of so many accounts that are found one is replayed all the same."""

FOUND: Final = "found"
AGAIN: Final = "replayed_again"
REPLAYED: Final = "replayed"
NOT_KEPT: Final = "not_kept"
DAMAGED: Final = "damaged"
COUNTS: Final = (FOUND, AGAIN, REPLAYED, NOT_KEPT, DAMAGED)
"""What is counted: accounts that were found kept, those of them that were replayed all the same,
those that were not found; and of these, such as cannot be kept, and such as were damaged."""


def lived(setup: Setup, scenario: Scenario) -> Live | None:
    """An account replayed; None where harness or world fails, which whoever replays it tells."""
    try:
        run = begun(setup, scenario)
        done = tuple(run.play(spec) for spec in episodes(scenario))
        free = candidate_run(setup, scenario, setup.kit.load(scenario.given))
        return Live(scenario, done, free, tuple(run.against))
    except Exception:  # noqa: BLE001  # it is replayed once more, and told then
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An account that was kept.

    Attributes:
        form: what was kept of it.
        second: what the other process saw of it; None where it is not sampled.
        again: whether it is replayed all the same.
    """

    form: Form
    second: Second | None
    again: bool


@dataclass(slots=True, kw_only=True)
class Reuse:
    """What was kept of a range's accounts, and what is to be kept of it.

    Attributes:
        drawn: keys of accounts that are replayed all the same.
        counts: as `COUNTS`.
        otherwise: accounts that did not come out as they were kept, and where.
    """

    open: Open
    drawn: frozenset[bytes] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)
    otherwise: list[str] = field(default_factory=list)
    _new: dict[bytes, Any] = field(default_factory=dict)
    _later: dict[bytes, Form] = field(default_factory=dict)

    def draw(self, contents: Iterable[bytes], run: str) -> None:
        """Draw those that are replayed all the same, among what is there."""
        known = self.open.known(map(key_of, contents))
        ranked = sorted((hashlib.sha256(run.encode() + key).digest(), key) for key in known)
        self.drawn = frozenset(
            key
            for number, (lot, key) in enumerate(ranked)
            if not number or int.from_bytes(lot, "big") % ONE_IN == 0
        )

    def find(self, content: bytes, *, sampled: bool) -> Found | None:
        """What was kept of a line; None where it has to be replayed.

        Args:
            content: the line.
            sampled: whether each engine is checked against itself: then that has to be there too.
        """
        key = key_of(content)
        stored = self.open.take(key)
        if stored is None:
            return None
        try:
            form, second = marshal.loads(stored)  # noqa: S302  # its digest was looked at
            found = Found(
                form=unpacked(form),
                second=None if second is None else _second(second),
                again=key in self.drawn,
            )
        except (ValueError, EOFError, TypeError):
            self.open.damaged.add(key)
            return None
        return None if sampled and found.second is None else found

    def live(self, found: Found, setup: Setup, name: str, sha256: str) -> Live:
        """The account, from what was kept of it."""
        self.counts[FOUND] += 1
        return live_of(found.form, setup, name, sha256)

    def compare(self, found: Found, live: Live | None, name: str) -> None:
        """Hold an account that was replayed all the same against what was kept of it."""
        self.counts[AGAIN] += 1
        try:
            where = "it fails" if live is None else unlike(found.form, form_of(live))
        except (NotKeepable, NotCanonical) as error:
            where = str(error)
        if where:
            self.otherwise.append(f"{name} ({where})")

    def keep(self, content: bytes, live: Live | None, *, sampled: bool) -> None:
        """Keep what was replayed; of what is sampled, once the other process said what it saw."""
        self.counts[REPLAYED] += 1
        try:
            if live is None:
                raise NotKeepable("it fails")
            form = form_of(live)
            if sampled:
                self._later[key_of(content)] = form
            else:
                self._new[key_of(content)] = (packed(form), None)
        except NotKeepable:
            self.counts[NOT_KEPT] += 1

    def keep_sampled(self, content: bytes, scenario: str, seen: Second | None) -> None:
        """Keep what waits for the other process; nothing where that has nothing to say of it."""
        form = self._later.pop(key_of(content), None)
        if form is None:
            return
        mine = None if seen is None else _of(seen, scenario, len(form[1]))
        try:
            if mine is None:
                raise NotKeepable("it was not checked against itself")
            self._new[key_of(content)] = (packed(form), mine)
        except NotKeepable:
            self.counts[NOT_KEPT] += 1

    def close(self) -> None:
        """Write what is to be kept, in one piece."""
        self.open.put({key: marshal.dumps(entry) for key, entry in self._new.items()})
        self._new.clear()
        self.counts[DAMAGED] = len(self.open.damaged)


@contextmanager
def reusing(shelf: Shelf | None) -> Iterator[Reuse | None]:
    """A range's accounts as they were kept; None where nothing is."""
    if shelf is None:
        yield None
        return
    with shelf.opened() as opened:
        yield Reuse(open=opened)


def key_of(content: bytes) -> bytes:
    """The key of a line: its digest. What it is replayed by names the shelf."""
    return hashlib.sha256(content).digest()


def _of(seen: Second, scenario: str, cells: int) -> tuple[Any, ...] | None:
    """What the other process saw of one account; None where something of it is missing."""
    names = [f"{scenario}#{number}" for number in range(cells)]
    if seen.lost or scenario in seen.failed or not {*names} <= seen.cells.keys():
        return None
    if scenario not in seen.alone:
        return None
    ambient = {name: tuple(seen.ambient[name]) for name in names if name in seen.ambient}
    return (
        {name: tuple(seen.cells[name]) for name in names},
        seen.alone[scenario],
        ambient,
        scenario,
    )


def _second(form: Any) -> Second:
    cells, alone, ambient, scenario = form
    return Second(cells=cells, alone={scenario: alone}, ambient=ambient)
