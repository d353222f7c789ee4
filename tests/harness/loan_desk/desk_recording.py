"""The loan desk with a recorder: a world with unknown stores, in which marking a loan is news."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec
from desk_world import domain as desk
from desk_world.kit import Kit


class FineInvariant(NamedTuple):
    id: str
    title: str
    every_effect: bool

    def check(self, facts: Any) -> tuple[str, ...]:
        fine = facts.books.get("member", {}).get("fine", 0)
        return () if fine >= 0 else ("the fine is below zero",)


INVARIANTS = (FineInvariant("L1", "a fine is never negative", True),)


class UnknownStore(Exception):
    """Nobody recorded what was asked for."""


class Given(desk.Given):
    unknown: tuple[Literal["member"], ...] = ()


class World(desk.World):
    """A world that may lack stores, and tells of each loan that is marked as fined."""

    unknown: frozenset[str] = frozenset()

    def fork(self) -> World:
        world = World(self._now, self.member, dict(self.loans), dict(self.till))
        world.emitted, world._drained = list(self.emitted), self._drained
        world.traps, world.reverse = list(self.traps), self.reverse
        world.unknown = self.unknown
        return world

    def touch(self, table: str, key: str | None, *, write: bool, op: str) -> None:
        super().touch(table, key, write=write, op=op)
        if table in self.unknown:
            self.traps.append(f"unknown-state {table}")
            raise UnknownStore(table)

    def wrote(self, at: str, before: desk.Row | None, after: desk.Row) -> None:
        super().wrote(at, before, after)
        if isinstance(after, desk.Loan) and after.fined:
            self.emit("loan.fined", after.id, msgspec.to_builtins(after))


class Happened(NamedTuple):
    at: int
    type: str
    object: str
    payload: Mapping[str, Any]
    requested: bool
    ours: bool
    shows: Mapping[str, Any]
    where: str


class Recording(NamedTuple):
    id: str
    title: str
    given: Mapping[str, Any]
    happened: Sequence[Happened]
    order: str
    notes: Sequence[str]


class Unused(NamedTuple):
    where: str
    what: str
    reason: str


class Recordings(NamedTuple):
    recordings: Sequence[Recording]
    unused: Sequence[Unused]


class RecordingError(ValueError):
    def __init__(self, path: str, message: str, where: str = "") -> None:
        super().__init__(message)
        self.path, self.message, self.where = path, message, where


class Recorder:
    """Meets `harness.ports.Recorder`: an event is `{object: event, member, type, created, …}`."""

    owner = "member"

    def read(
        self,
        found: Sequence[Any],
        *,
        accounts: Sequence[Any],
        calls: Collection[str],
        pseudonym: Callable[[str], str],
        delivered: bool,
    ) -> Recordings:
        rows: dict[str, Mapping[str, Any]] = {}
        for row in accounts:
            if "member" not in row.data:
                raise RecordingError("member", "a row names no member", row.where)
            rows[str(row.data["member"])] = row.data
        unused = [
            Unused(raw.where, str(raw.data.get("object")), "no event")
            for raw in found
            if raw.data.get("object") != "event"
        ]
        events = [raw for raw in found if raw.data.get("object") == "event"]
        if not delivered:
            events.sort(key=lambda raw: (raw.data["created"], raw.data["id"]))
        members = sorted({raw.data["member"] for raw in events})
        return Recordings(
            tuple(
                self.recording(
                    pseudonym(member),
                    [raw for raw in events if raw.data["member"] == member],
                    rows.get(member),
                    calls,
                    "recorded" if delivered else "assumed",
                )
                for member in members
            ),
            tuple(unused),
        )

    def recording(
        self,
        name: str,
        events: Sequence[Any],
        row: Mapping[str, Any] | None,
        calls: Collection[str],
        order: str,
    ) -> Recording:
        start = datetime.fromtimestamp(events[0].data["created"], UTC)
        given: dict[str, Any] = {"now": start.isoformat().replace("+00:00", "Z")}
        if row is None:
            given["unknown"] = ["member"]
        else:
            given["member"] = {"blocked": str(row.get("blocked", "")).lower() in ("true", "1")}
        return Recording(
            id=f"member-{name}",
            title="A member of the library",
            given=given,
            happened=[self.happened(raw, calls) for raw in events],
            order=order,
            notes=() if row else ("nobody recorded the member's row",),
        )

    def happened(self, raw: Any, calls: Collection[str]) -> Happened:
        data = raw.data
        payload = data["data"]["object"]
        request = data.get("request")
        shows = {}
        if "fined" in payload:
            shows = {f"books.loans.{payload['id']}.fined": payload["fined"]}
        return Happened(
            at=data["created"],
            type=data["type"],
            object=payload["id"],
            payload=payload,
            requested=request is not None,
            ours=request in calls,
            shows=shows,
            where=raw.where,
        )

    def replace(self, world: World, type: str, object: Mapping[str, Any]) -> None:
        if not type.startswith("loan."):
            raise desk.ActImpossible(f"no store holds what {type} is about")
        world.loans[object["id"]] = desk.Loan(
            id=object["id"],
            due=object["due"],
            returned_at=object.get("returned_at"),
            fined=object.get("fined", False),
        )
        world.puts.append(("loans", object["id"]))

    def assumed(self, given: Mapping[str, Any], assume: Mapping[str, Any]) -> Mapping[str, Any]:
        unknown = given.get("unknown", [])
        for store in assume:
            if store not in unknown:
                raise RecordingError(store, f"{store} was recorded")
        rest = [store for store in unknown if store not in assume]
        return {**given, **assume, "unknown": rest}


class RecordingDesk(Kit):
    Given = Given
    recorder = Recorder()

    def load(self, given: Any) -> World:
        loaded = super().load(given)
        world = World(loaded.now, loaded.member, loaded.loans, {})
        world.unknown = frozenset(given.unknown)
        return world

    def books(self, world: Any) -> dict[str, Any]:
        books = super().books(world)
        return {store: rows for store, rows in books.items() if store not in world.unknown}


KIT = RecordingDesk()
