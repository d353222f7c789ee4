"""What a range's accounts came to before, where nothing is changed that could make it otherwise.

Of what is found one in a hundred is replayed all the same, and one of each range at least. Which
ones hangs on the run's id, so that nobody can know before and, in time, each has its turn.
"""

from __future__ import annotations

import hashlib
import marshal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from harness.bulk.line import sha256_of
from harness.compose import Composition, package
from harness.errors import HarnessError, InputError, Void
from harness.kept import fingerprint
from harness.kept.control import Lived, control_bytes, control_lived, half, noted
from harness.kept.form import Live, cells_in, form_of, live_of, unlike
from harness.kept.imports import Unknowable
from harness.kept.packing import Form, Kept, NotKeepable, alike, packed, unpacked
from harness.kept.shelf import Open, Shelf
from harness.scenario import Scenario, episodes
from harness.setup import Setup
from harness.stability import Second
from harness.text import quoted, shown_path, visible

PAIR: Final = "pair"
CONTROL: Final = "control"
"""The kinds of shelves on which is kept what both sides did, and what the control did."""

SHOWN: Final = 3
"""Accounts that are named where they came out otherwise."""

ONE_IN: Final = 100
"""Of so many accounts that are found one is replayed all the same."""

AT_ONCE: Final = 100
"""Accounts that are written together; until then they are in memory, not yet compressed."""

FOUND: Final = "found"
AGAIN: Final = "replayed_again"
REPLAYED: Final = "replayed"
HALF: Final = "control_found"
NOT_KEPT: Final = "not_kept"
DAMAGED: Final = "damaged"
CONTROL_NOT_KEPT: Final = "control_not_kept"
COUNTS: Final = (FOUND, AGAIN, REPLAYED, HALF, NOT_KEPT, CONTROL_NOT_KEPT, DAMAGED)
"""What is counted: accounts that were found kept; those that were found, in whole or half, and
replayed all the same; those that were not found; and of these, such as the control was found of
and not run, such as cannot be kept, such as the control cannot be kept of; and damaged rows."""


class Shelves(NamedTuple):
    """Where it is kept: what both sides did, and what the control did by itself.

    Attributes:
        world: the world's package.
    """

    pair: Shelf
    control: Shelf
    world: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An account that was kept.

    Attributes:
        kept: what was kept of it.
        second: what the other process saw of it; None where it is not sampled.
        again: whether it is replayed all the same.
    """

    kept: Kept
    second: Second | None
    again: bool


@dataclass(slots=True, kw_only=True)
class Reuse:
    """What was kept of a range's accounts, and what is to be kept of it.

    Attributes:
        open: where both sides are kept.
        control: where the control is by itself.
        world: the world's package.
        drawn: keys of accounts that are replayed all the same.
        counts: as `COUNTS`.
        otherwise: accounts that did not come out as they were kept, and where.
    """

    open: Open
    control: Open
    world: str = ""
    drawn: frozenset[bytes] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)
    otherwise: list[str] = field(default_factory=list)
    _new: dict[bytes, Any] = field(default_factory=dict)
    _later: dict[bytes, Form] = field(default_factory=dict)
    _controls: dict[bytes, bytes] = field(default_factory=dict)

    def draw(self, contents: Iterable[bytes], run: str) -> None:
        """Draw those that are replayed all the same, among what is there."""
        keys = [key_of(content) for content in contents]
        whole = self.open.known(keys)
        halves = self.control.known(key for key in keys if key not in whole)
        self.drawn = frozenset((*_drawn(whole, run), *_drawn(halves, run)))

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
                kept=unpacked(form),
                second=None if second is None else _second(second),
                again=key in self.drawn,
            )
        except (ValueError, EOFError, TypeError):
            self.open.damaged.add(key)
            return None
        return None if sampled and found.second is None else found

    def live(self, found: Found, setup: Setup, name: str, content: bytes) -> Live | None:
        """The account, from what was kept of it; None where that has another form."""
        try:
            live = live_of(found.kept.form, setup, name, sha256_of(content))
        except Exception:  # noqa: BLE001  # of another form anything can be raised
            self.open.damaged.add(key_of(content))
            return None
        self.counts[FOUND] += 1
        return live

    def replayed(self, setup: Setup, scenario: Scenario, content: bytes) -> Live | None:
        """An account replayed, by the candidate alone where the control was kept.

        None where harness or world fails, which whoever replays it once more tells.
        """
        key = key_of(content)
        mine = self._control(key)
        try:
            if mine is None or len(mine) != len(episodes(scenario)):
                return self._whole(setup, scenario, key)
            live = half(setup, scenario, mine)
            self.counts[HALF] += 1
            if key in self.drawn:
                self._hold(live, setup, scenario)
            return live
        except Exception:  # noqa: BLE001  # it is replayed once more, and told then
            return None

    def compare(self, found: Found, setup: Setup, scenario: Scenario) -> None:
        """Replay an account all the same, and hold it against what was kept of it."""
        form = found.kept.form
        self._hold(form, setup, scenario)
        if found.kept.alike != alike(form[1]):
            self.otherwise.append(f"{scenario.id} (what is alike)")

    def _hold(self, kept: Form | Live, setup: Setup, scenario: Scenario) -> None:
        self.counts[AGAIN] += 1
        try:
            form = form_of(kept) if isinstance(kept, Live) else kept
            where = unlike(form, form_of(noted(setup, scenario)[0]))
        except Exception as error:  # noqa: BLE001  # it did not come to what was kept
            where = f"{type(error).__name__}: {error}"
        if where:
            self.otherwise.append(f"{scenario.id} ({where})")

    def _control(self, key: bytes) -> tuple[Lived, ...] | None:
        """What the control lived through; None where it has to be run."""
        content = self.control.take(key)
        if content is None:
            return None
        try:
            return control_lived(content, self.world)
        except Exception:  # noqa: BLE001  # bytes that are no world can raise anything
            self.control.damaged.add(key)
            return None

    def _whole(self, setup: Setup, scenario: Scenario, key: bytes) -> Live:
        live, lived = noted(setup, scenario)
        try:
            self._controls[key] = control_bytes(scenario, lived, self.world)
        except NotKeepable:
            self.counts[CONTROL_NOT_KEPT] += 1
        return live

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
            if max(len(self._new), len(self._controls)) >= AT_ONCE:
                self._write()
        except NotKeepable:
            self.counts[NOT_KEPT] += 1

    def keep_sampled(self, content: bytes, scenario: str, seen: Second | None) -> None:
        """Keep what waits for the other process; nothing where that has nothing to say of it."""
        form = self._later.pop(key_of(content), None)
        if form is None:
            return
        mine = None if seen is None else _of(seen, scenario, cells_in(form))
        try:
            if mine is None:
                raise NotKeepable("it was not checked against itself")
            self._new[key_of(content)] = (packed(form), mine)
        except NotKeepable:
            self.counts[NOT_KEPT] += 1

    def close(self) -> None:
        """Write what is left to be kept."""
        self._write()
        self.counts[DAMAGED] = len(self.open.damaged) + len(self.control.damaged)

    def _write(self) -> None:
        self.open.put({key: marshal.dumps(entry) for key, entry in self._new.items()})
        self.control.put(self._controls)
        self._new.clear()
        self._controls.clear()

    @property
    def trouble(self) -> str:
        """Why a file could not be read or written; empty where it could."""
        return self.open.trouble or self.control.trouble


def _drawn(keys: Iterable[bytes], run: str) -> Iterator[bytes]:
    """One in a hundred, and one at least."""
    ranked = sorted((hashlib.sha256(run.encode() + key).digest(), key) for key in keys)
    for number, (lot, key) in enumerate(ranked):
        if not number or int.from_bytes(lot, "big") % ONE_IN == 0:
            yield key


@contextmanager
def reusing(shelves: Shelves | None) -> Iterator[Reuse | None]:
    """A range's accounts as they were kept; None where nothing is."""
    if shelves is None:
        yield None
        return
    with shelves.pair.opened() as pair, shelves.control.opened() as control:
        yield Reuse(open=pair, control=control, world=shelves.world)


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


def shelves_of(
    folder: Path, composition: Composition, complain: Callable[[HarnessError], None]
) -> Shelves | None:
    """Where is kept what these engines do; None where nobody can tell whether they still are.

    Raises:
        InputError: `kept-folder`.
    """
    try:
        found = Shelves(
            pair=Shelf(folder.absolute(), PAIR, fingerprint.pair(composition).name),
            control=Shelf(folder.absolute(), CONTROL, fingerprint.control(composition).name),
            world=package(composition.config.world),
        )
    except (Unknowable, OSError) as error:
        message = f"nothing is kept, and nothing that was is used: {visible(str(error))}"
        hint = "nobody could tell whether it is still the same code"
        complain(InputError("kept-unknowable", message, hint=hint))
        return None
    found.pair.begin()
    found.control.begin()
    return found


def not_kept(trouble: str) -> InputError:
    """Why nothing could be kept of an account, or found."""
    hint = (
        "accounts are replayed as if nothing had been kept; delete the file if this happens again"
    )
    return InputError("kept-trouble", trouble, hint=hint)


def otherwise(accounts: Sequence[str], shelves: Shelves) -> Void:
    """That accounts are not what was kept of them; the files they were kept in are set aside."""
    aside = " and ".join(shown_path(one.set_aside()) for one in (shelves.pair, shelves.control))
    listed = ", ".join(map(quoted, accounts[:SHOWN]))
    more = f" and {len(accounts) - SHOWN} more" if len(accounts) > SHOWN else ""
    message = f"replayed again, accounts are not what was kept of them: {listed}{more}"
    hint = (
        f"nothing of the run is stored; what was kept is {aside} now. An engine may differ from"
        " itself, or somebody has written to the file"
    )
    return Void("kept-otherwise", message, shown_path(shelves.pair.folder), hint)
