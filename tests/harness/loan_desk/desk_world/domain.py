"""A library's loan desk: the smallest complete world and kit that meet the harness's ports.

A member borrows; a book that comes back late costs 25 cents a whole day; who owes is blocked. The
shelf (`desk.*`) is outside both engines, the two stores `member` and `loans` belong to them, and
the till moves the money. Times are epoch seconds, UTC; money is in cents.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

DAY = 86_400
CENTS_A_DAY = 25


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all rows and arguments."""


class Member(Row):
    fine: int = 0
    blocked: bool = False


class Loan(Row):
    id: str
    due: int
    returned_at: int | None = None
    fined: bool = False


class GivenLoan(Row):
    id: str
    due: str
    returned_at: str | None = None
    fined: bool = False


class Given(Row):
    now: str
    member: Member = Member()
    loans: tuple[GivenLoan, ...] = ()


class ReturnArgs(Row):
    loan: str


class PayArgs(Row):
    pays: Literal["asked"] | int = "asked"


class NoArgs(Row):
    pass


class GivenError(ValueError):
    """A `given` that no world can be; `path` is the place below `given`."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.message = path, message


class ActImpossible(Exception):
    """The act makes no sense in this world."""


class StaleWrite(Exception):
    """The row is no longer what the writer expected."""


class Write(NamedTuple):
    actor: str
    at: str
    before: Any
    after: Any


class Call(NamedTuple):
    actor: str
    object: str
    op: str
    params: Mapping[str, Any]
    result: Any


class Access(NamedTuple):
    table: str
    key: str | None
    write: bool
    op: str


class Event(NamedTuple):
    id: str
    type: str
    object: str
    created: int
    data: bytes

    def payload(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.type,
            "created": self.created,
            "data": {"object": msgspec.json.decode(self.data)},
        }


class World:
    """All stores of one member, and the journal of what was done to them."""

    def __init__(self, now: int, member: Member, loans: dict[str, Loan], till: dict[str, int]):
        self._now, self.member, self.loans, self.till = now, member, loans, till
        self.actor = ""
        self.on_port: Callable[[Access], None] | None = None
        self.reverse = False
        self.locked_by: str | None = None
        self.writes: list[Write] = []
        self.calls: list[Call] = []
        self.reasons: list[Any] = []
        self.traps: list[str] = []
        self.answers: list[tuple[str, Any]] = []
        self.puts: list[tuple[str, str]] = []
        self.emitted: list[Event] = []
        self._drained = 0
        self.ports = Ports(self)

    @property
    def now(self) -> int:
        return self._now

    def fork(self) -> World:
        world = World(self._now, self.member, dict(self.loans), dict(self.till))
        world.emitted, world._drained = list(self.emitted), self._drained
        world.traps = list(self.traps)
        world.reverse = self.reverse
        return world

    def advance(self, to: int) -> None:
        if to < self._now:
            raise ValueError("the clock never goes back")
        self._now = to

    def drain(self) -> tuple[Event, ...]:
        events = tuple(self.emitted[self._drained :])
        self._drained = len(self.emitted)
        return events

    def foreign(self, type: str, object: Mapping[str, Any]) -> Event:
        return Event(
            f"evt_foreign_{type}", type, str(object["id"]), self._now, msgspec.json.encode(object)
        )

    def emit(self, type: str, object: str, data: Mapping[str, Any]) -> None:
        event_id = f"evt_{len(self.emitted) + 1}"
        self.emitted.append(Event(event_id, type, object, self._now, msgspec.json.encode(data)))

    def touch(self, table: str, key: str | None, *, write: bool, op: str) -> None:
        if self.on_port is not None:
            self.on_port(Access(table, key, write, op))

    def wrote(self, at: str, before: Row | None, after: Row) -> None:
        for name in after.__struct_fields__:
            old, new = getattr(before, name, None), getattr(after, name)
            if old != new:
                self.writes.append(Write(self.actor, f"{at}.{name}", old, new))
                table, _, key = at.partition(".")
                self.puts.append((table, key))


class _Clock:
    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> int:
        return self._world.now


class _Member:
    def __init__(self, world: World) -> None:
        self._world = world

    def get(self) -> Member:
        self._world.touch("member", "member", write=False, op="member.get")
        return self._world.member

    def update(self, *, expect: Member | None = None, **fields: Any) -> Member:
        world = self._world
        world.touch("member", "member", write=True, op="member.update")
        if expect is not None and expect != world.member:
            raise StaleWrite("member")
        after = msgspec.structs.replace(world.member, **fields)
        world.wrote("member", world.member, after)
        world.member = after
        return after


class _Loans:
    def __init__(self, world: World) -> None:
        self._world = world

    def list(self) -> tuple[Loan, ...]:
        self._world.touch("loans", None, write=False, op="loans.list")
        loans = tuple(self._world.loans.values())
        return loans[::-1] if self._world.reverse else loans

    def get(self, id: str) -> Loan | None:
        self._world.touch("loans", id, write=False, op="loans.get")
        return self._world.loans.get(id)

    def mark_fined(self, id: str) -> None:
        world = self._world
        world.touch("loans", id, write=True, op="loans.mark_fined")
        before = world.loans[id]
        after = msgspec.structs.replace(before, fined=True)
        world.wrote(f"loans.{id}", before, after)
        world.loans[id] = after


class _Till:
    def __init__(self, world: World) -> None:
        self._world = world

    def charge(self, amount: int) -> str:
        world = self._world
        world.touch("till", None, write=True, op="till.charge")
        receipt = f"rc_{len(world.till) + 1}"
        world.till[receipt] = amount
        world.writes.append(Write(world.actor, f"receipts.{receipt}", None, amount))
        world.calls.append(Call(world.actor, receipt, "till.charge", {"amount": amount}, "ok"))
        world.emit("fine.paid", receipt, {"id": receipt, "amount": amount})
        return receipt


class _Notifier:
    def __init__(self, world: World) -> None:
        self._world = world

    def send(self, template: str, **params: Any) -> None:
        world = self._world
        world.touch("notices", "member", write=True, op="notifier.send")
        world.calls.append(Call(world.actor, "member", f"notify.{template}", params, "ok"))


class Ports:
    """What an engine sees of a world."""

    StaleWrite = StaleWrite

    def __init__(self, world: World) -> None:
        self._world = world
        self.clock = _Clock(world)
        self.member = _Member(world)
        self.loans = _Loans(world)
        self.till = _Till(world)
        self.notifier = _Notifier(world)

    def reason(self, rule: str, **figures: Any) -> None:
        self._world.reasons.append({"rule": rule, **figures})

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        world = self._world
        world.touch("lock", "member", write=True, op="lock.acquire")
        if world.locked_by is not None:
            world.touch("lock", "member", write=True, op="lock.wait")
        world.locked_by = world.actor
        try:
            yield
        finally:
            world.touch("lock", "member", write=True, op="lock.release")
            world.locked_by = None


def fine_for(loan: Loan) -> int:
    """Cents a returned loan costs: 25 for every whole day after its due time."""
    if loan.returned_at is None:
        return 0
    return max(0, loan.returned_at - loan.due) // DAY * CENTS_A_DAY
