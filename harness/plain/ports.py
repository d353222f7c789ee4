"""What engines and kits see of a plain world: ports that announce and journal, and a view."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from harness.names import hint
from harness.plain.journal import EFFECTS, OUTSIDE, NoSuchRow, Refused
from harness.plain.rows import Row
from harness.ports import Data

if TYPE_CHECKING:
    from harness.plain.world import PlainWorld


class Store:
    """One store as an engine sees it: rows are read as they are and changed by name."""

    __slots__ = ("_name", "_world")

    def __init__(self, world: PlainWorld, name: str) -> None:
        self._world, self._name = world, name

    def get(self, key: str) -> Any:
        """The row, or None."""
        self._world.touch(self._name, key, f"{self._name}.get")
        return self._world.table(self._name).get(key)

    def items(self) -> tuple[tuple[str, Any], ...]:
        """All rows with their keys, in no promised order."""
        self._world.touch(self._name, None, f"{self._name}.items")
        found = tuple(self._world.table(self._name).items())
        return found[::-1] if self._world.reverse else found

    def add(self, key: str, /, **fields: Any) -> Any:
        """Add a row and return it.

        Raises:
            NoSuchRow: there is one with this key.
            TypeError: a field is unknown or missing.
            BadType: a value is none that its field admits.
        """
        self._world.touch(self._name, key, f"{self._name}.add", write=True)
        if key in self._world.table(self._name):
            raise NoSuchRow(f"{self._name} has {key} already")
        return self._put(key, self._world.kinds[self._name](**fields))

    def update(self, key: str, /, **fields: Any) -> Any:
        """Replace some fields of a row and return it.

        Raises:
            NoSuchRow: there is none with this key.
            TypeError: a field is unknown.
            BadType: a value is none that its field admits.
        """
        self._world.touch(self._name, key, f"{self._name}.update", write=True)
        return self._put(key, msgspec.structs.replace(self._there(key), **fields))

    def remove(self, key: str) -> None:
        """Take a row out.

        Raises:
            NoSuchRow: there is none with this key.
        """
        self._world.touch(self._name, key, f"{self._name}.remove", write=True)
        self._there(key)
        self._world.put(self._name, key, None)

    def _there(self, key: str) -> Row:
        row = self._world.table(self._name).get(key)
        if row is None:
            raise NoSuchRow(f"{self._name} has no {key}")
        return row

    def _put(self, key: str, row: Row) -> Row:
        self._world.put(self._name, key, row)
        return row


class Ports:
    """What an engine sees of a plain world: `ports.seats` and the like, and the names below."""

    __slots__ = ("_stores", "_world")

    def __init__(self, world: PlainWorld) -> None:
        self._world = world
        self._stores = {name: Store(world, name) for name in world.kinds}

    def __getattr__(self, name: str) -> Store:
        try:
            return self._stores[name]
        except KeyError:
            message = f"there is no store {name}: {hint(name, self._stores)}"
            raise AttributeError(message) from None

    @property
    def now(self) -> int:
        """Epoch seconds, UTC."""
        return self._world.now

    def send(self, to: str, what: str, /, **params: Data) -> None:
        """Send a message, or set something off outside; compared, in order, for each `to`."""
        self._world.touch(EFFECTS, to, "send", write=True)
        self._world.tell(to, what, params)

    def emit(self, type: str, of: str, /, **data: Data) -> None:
        """Emit an event about an object. An engine that emits one has an effect by it."""
        self._world.touch(EFFECTS, of, "emit", write=True)
        self._world.emit(type, of, data)
        if self._world.actor != OUTSIDE:
            self._world.tell(of, f"emit {type}", data)

    def reason(self, rule: str, /, **figures: Any) -> None:
        """Say why, for people: shown, never compared."""
        self._world.reasons.append({**figures, "rule": rule})

    def refuse(self, code: str, kind: str = "refused") -> NoReturn:
        """Decide not to.

        Raises:
            Refused: always.
        """
        raise Refused(code, kind)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other handler that asks for the lock waiting; it is not taken twice."""
        world = self._world
        world.touch("lock", None, "lock.acquire", write=True)
        while world.locked_by is not None:
            world.touch("lock", None, "lock.wait", write=True)
        world.locked_by = world.actor
        try:
            yield
        finally:
            world.touch("lock", None, "lock.release", write=True)
            world.locked_by = None


class View:
    """A plain world as a kit's own functions see it: to read only, and nothing is journaled.

    `view.seats` is a mapping of key to row. `now` is epoch seconds; `answers` and `calls` are what
    the engine answered and sent in this episode; answers are copies, to be edited as one likes.
    """

    __slots__ = ("_world", "answers", "calls", "now")

    def __init__(self, world: PlainWorld) -> None:
        self._world = world
        self.now = world.now
        self.answers, self.calls = tuple(deepcopy(world.answers)), tuple(world.calls)

    def __getattr__(self, store: str) -> Mapping[str, Any]:
        if store not in self._world.kinds:
            raise AttributeError(f"there is no store {store}: {hint(store, self._world.kinds)}")
        return self._world.table(store)
