"""A plain world: stores that are named tables of frozen rows, behind ports that journal.

It is for a domain that needs nothing special: a kit names its stores and the type of their rows,
and everything that `harness.ports.World` asks is here. Times are epoch seconds, UTC.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

import msgspec

from harness.canonical import same
from harness.plain.journal import (
    EFFECTS,
    OUTSIDE,
    Access,
    BadType,
    Call,
    Event,
    UnknownState,
    Write,
)
from harness.plain.ports import Ports
from harness.plain.rows import Row, faults_of
from harness.ports import Data

Table = dict[str, Row]


class PlainWorld:
    """The stores of one scenario, and the journal of what was done to them.

    A row is replaced, never edited, and a table is copied on the first write after a fork.
    Attributes are those of `harness.ports.World`; `unknown` names the stores nobody recorded.
    """

    def __init__(
        self,
        now: int,
        kinds: Mapping[str, type[Row]],
        tables: Mapping[str, Mapping[str, Row]],
        unknown: Sequence[str] = (),
    ) -> None:
        """Make a world of rows; `kinds` has the type of the rows of each store.

        Raises:
            BadType: a row holds what its store does not admit.
        """
        self.now = now
        self.kinds = dict(kinds)
        self.unknown = frozenset(unknown)
        self._tables: dict[str, Table] = {store: dict(tables.get(store, {})) for store in kinds}
        self._owned: set[str] = set(kinds)
        self._emitted: tuple[Event, ...] = ()
        self._drained = 0
        self.traps: list[str] = []
        self.reverse = False
        self._begin()
        for store, table in self._tables.items():
            for key, row in table.items():
                self._admit(store, key, row)

    def _begin(self) -> None:
        """An empty journal, nobody acting, nobody watching."""
        self.actor = OUTSIDE
        self.on_port: Callable[[Access], None] | None = None
        self.locked_by: str | None = None
        self.writes: list[Write] = []
        self.calls: list[Call] = []
        self.reasons: list[Mapping[str, Data]] = []
        self.puts: list[tuple[str, str]] = []
        self.answers: list[tuple[str, Data]] = []
        self._ports: Ports | None = None

    def fork(self) -> PlainWorld:
        """A world of its own in the same state: its journal is empty, its traps stay sprung."""
        twin = PlainWorld.__new__(PlainWorld)
        twin.now, twin.kinds, twin.unknown = self.now, dict(self.kinds), self.unknown
        twin._tables = self._tables.copy()
        twin._owned, self._owned = set(), set()
        twin._emitted, twin._drained = self._emitted, self._drained
        twin.traps, twin.reverse = self.traps.copy(), self.reverse
        twin._begin()
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """Give to bytes what the world is; who watches it, and its ports, are no part of it."""
        return {**vars(self), "on_port": None, "_ports": None, "_owned": set(self.kinds)}

    @property
    def ports(self) -> Ports:
        """What an engine sees of this world."""
        if self._ports is None:
            self._ports = Ports(self)
        return self._ports

    def advance(self, to: int) -> None:
        """Move the clock; ValueError where that is the past."""
        if to < self.now:
            raise ValueError(f"the clock goes forward only: {to} is before {self.now}")
        self.now = to

    # --- rows

    def table(self, store: str) -> Mapping[str, Row]:
        """The rows of a store, to read only.

        Raises:
            UnknownState: nobody recorded it.
        """
        if store in self.unknown:
            raise UnknownState(store)
        return MappingProxyType(self._tables[store])

    def put(self, store: str, key: str, row: Row | None) -> None:
        """Replace a row (None takes it out) and journal what changed.

        Raises:
            BadType: the row holds what its store does not admit; the trap stays sprung.
        """
        before = self._tables[store].get(key)
        if row is not None:
            self._admit(store, key, row)
        if store not in self._owned:
            self._tables[store] = self._tables[store].copy()
            self._owned.add(store)
        if row is None:
            del self._tables[store][key]
        else:
            self._tables[store][key] = row
        self.puts.append((store, key))
        self.writes.extend(
            Write(self.actor, *change) for change in _changes(store, key, before, row)
        )

    def _admit(self, store: str, key: object, row: Row) -> None:
        if type(key) is not str or not key:
            self.misfit(f"{store} key {type(key).__name__}")
        for fault in faults_of(self.kinds[store], row):
            self.misfit(f"{store}.{key}.{fault}")

    def misfit(self, what: str) -> NoReturn:
        """Remember, whatever the engine swallows, that it brought what no store holds."""
        self.traps.append(f"bad-type {what}")
        raise BadType(what)

    # --- what happens

    @property
    def emitted(self) -> tuple[Event, ...]:
        """All events since the world was loaded, delivered or not."""
        return self._emitted

    def emit(self, type: str, of: str, data: Mapping[str, Data]) -> None:
        """Say that something happened; its id derives from the object, not from who was first."""
        number = sum(event.object == of for event in self._emitted) + 1
        event = Event(f"evt_{of}_{number}", type, of, self.now, self._json(type, data))
        self._emitted = (*self._emitted, event)

    def drain(self) -> tuple[Event, ...]:
        """Events emitted since the last drain."""
        fresh = self._emitted[self._drained :]
        self._drained = len(self._emitted)
        return fresh

    def foreign(self, type: str, object: Mapping[str, Data]) -> Event:
        """An event with somebody else's payload; the world itself does not change."""
        body = json.dumps(object, sort_keys=True)
        mark = hashlib.sha256(f"{type} {self.now} {body}".encode()).hexdigest()[:12]
        return Event(f"evt_foreign_{mark}", type, str(object.get("id", "")), self.now, body)

    def tell(self, object: str, op: str, params: Mapping[str, Data]) -> None:
        """Journal what an engine sent to somebody, as it is now.

        Raises:
            BadType: it is no plain data, or hides its own name; the trap stays sprung.
        """
        if "call" in params:
            self.misfit(f"{op} has a figure named call")
        self.calls.append(Call(self.actor, object, op, self._json(op, params)))
        self.puts.append((EFFECTS, object))

    def _json(self, what: str, data: Mapping[str, Data]) -> str:
        if not _is_data(data):
            self.misfit(f"{what} holds what is no plain data")
        return json.dumps(data)

    def touch(self, table: str, key: str | None, op: str, *, write: bool = False) -> None:
        """Begin a port call.

        Raises:
            UnknownState: nobody recorded the store; the trap stays sprung.
        """
        if self.on_port is not None:
            self.on_port(Access(table, key, write, op))
        if table in self.unknown:
            self.traps.append(f"unknown-state {table}")
            raise UnknownState(table)


def _changes(
    store: str, key: str, before: Row | None, after: Row | None
) -> Iterator[tuple[str, Data, Data]]:
    """Each effective change as (place in the books, before, after); null means absent too."""
    at = f"{store}.{key}"
    if before is None or after is None:
        yield at, _data(before), _data(after)
        return
    for name in after.__struct_fields__:
        old, new = getattr(before, name), getattr(after, name)
        if not same(old, new):
            yield f"{at}.{name}", old, new


def _data(row: Row | None) -> Data:
    return None if row is None else row_data(row)


def row_data(row: Row) -> dict[str, Data]:
    """A row as plain data of the caller's own."""
    return msgspec.structs.asdict(row)


def _is_data(value: object) -> bool:
    """Whether a value is plain data to its last part: no floats, no objects, text for keys."""
    if type(value) is dict:
        return all(type(key) is str and _is_data(item) for key, item in value.items())
    if type(value) in (list, tuple):
        return all(map(_is_data, value))  # type: ignore[call-overload]  # the line above says so
    return type(value) in (str, int, bool, type(None))
