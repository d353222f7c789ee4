"""Registers: the smallest domain that replay can be proven on, and engines of plain functions.

A world is a few named integers, given by name. What invariants, truth and the customer's outcome
say is read off registers of their own, so that a test makes any of it come true by one `put`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec

from harness.fields import Fields
from harness.scenario import Item, Provenance, Scenario, Then
from harness.setup import Budget, Setup, Side

START = 1_000_000  # epoch seconds at which every scenario begins
MINUTE = 60


class Act(NamedTuple):
    name: str
    args: type
    engine: bool


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


class Access(NamedTuple):
    table: str
    key: str | None
    write: bool
    op: str


class Event(NamedTuple):
    id: str
    type: str
    object: str
    body: str

    def payload(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, "data": {"object": json.loads(self.body)}}


class Given(msgspec.Struct, frozen=True):
    regs: dict[str, int]


class SetArgs(msgspec.Struct, frozen=True):
    reg: str
    to: int = 1


class EmitArgs(msgspec.Struct, frozen=True):
    type: str
    of: str = "it"


class DoArgs(msgspec.Struct, frozen=True):
    n: int = 0


class ActImpossible(Exception):
    """The act makes no sense in this world."""


class Refused(Exception):
    """A decision not to."""

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(code)
        self.kind, self.code = kind, code


class World:
    """Registers, and the journal of what was done to them."""

    def __init__(self, now: int, regs: dict[str, int]) -> None:
        self.now, self.regs = now, regs
        self.actor = ""
        self.on_port: Callable[[Any], None] | None = None
        self.reverse = False
        self.locked_by: str | None = None
        self.emitted: list[Event] = []
        self.drained = 0
        self.traps: list[str] = []
        self.writes: list[Write] = []
        self.calls: list[Call] = []
        self.reasons: list[Mapping[str, Any]] = []
        self.puts: list[tuple[str, str]] = []
        self.answers: list[tuple[str, Any]] = []
        self.ports = Ports(self)

    def fork(self) -> World:
        world = type(self)(self.now, dict(self.regs))
        world.emitted, world.drained = list(self.emitted), self.drained
        world.traps, world.reverse = list(self.traps), self.reverse
        return world

    def advance(self, to: int) -> None:
        self.now = to

    def drain(self) -> tuple[Event, ...]:
        fresh = tuple(self.emitted[self.drained :])
        self.drained = len(self.emitted)
        return fresh

    def emit(self, type_: str, of: str) -> None:
        number = len(self.emitted) + 1
        self.emitted.append(Event(f"evt_{number}", type_, of, json.dumps({"id": of})))

    def foreign(self, type: str, object: Mapping[str, Any]) -> Event:
        return Event("evt_foreign", type, str(object["id"]), json.dumps(dict(object)))

    def touch(self, table: str, key: str | None, op: str, *, write: bool = False) -> None:
        if self.on_port is not None:
            self.on_port(Access(table, key, write, op))

    def put(self, reg: str, to: int) -> None:
        before = self.regs.get(reg)
        self.regs[reg] = to
        self.puts.append(("regs", reg))
        if before != to:
            self.writes.append(Write(self.actor, f"regs.{reg}", before, to))


class Ports:
    """What an engine sees."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, reg: str) -> int:
        self._world.touch("regs", reg, "get")
        return self._world.regs.get(reg, 0)

    def put(self, reg: str, to: int) -> None:
        self._world.touch("regs", reg, "put", write=True)
        self._world.put(reg, to)

    def sneak(self, reg: str, to: int) -> None:
        """A call that writes elsewhere than where it says."""
        self._world.touch("sneaks", None, "sneak", write=True)
        self._world.put(reg, to)

    def all(self) -> tuple[str, ...]:
        """The registers' names, in no promised order."""
        self._world.touch("regs", None, "all")
        names = tuple(self._world.regs)
        return names[::-1] if self._world.reverse else names

    def tell(self, who: str, **params: Any) -> None:
        self._world.touch("calls", who, "tell", write=True)
        self._world.calls.append(Call(self._world.actor, who, "tell", params))

    def emit(self, type_: str, of: str = "it") -> None:
        self._world.touch("events", None, "emit", write=True)
        self._world.emit(type_, of)

    def trap(self, text: str) -> None:
        self._world.traps.append(text)

    def reason(self, rule: str, **figures: Any) -> None:
        self._world.reasons.append({"rule": rule, **figures})

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """One lock; whoever comes second waits."""
        world = self._world
        world.touch("lock", None, "lock.acquire", write=True)
        if world.locked_by is not None:
            world.touch("lock", None, "lock.wait", write=True)
        world.locked_by = world.actor
        try:
            yield
        finally:
            world.touch("lock", None, "lock.release", write=True)
            world.locked_by = None


class Invariant(NamedTuple):
    """Holds while a register is not above 0."""

    id: str
    reg: str
    every_effect: bool
    title: str = "a register is never above 0"

    def check(self, facts: Any) -> tuple[str, ...]:
        found = facts.books["regs"].get(self.reg, 0)
        return (f"{self.reg} is {found}",) if found > 0 else ()


INVARIANTS = (Invariant("I1", "never", False), Invariant("I2", "not_even_once", True))


class Kit:
    """Meets `harness.ports.Kit`."""

    Given = Given
    ActImpossible = ActImpossible
    world: type[World] = World
    fields: Mapping[str, Sequence[str]] = {"truth": ("owes",), "customer": ("asks",)}
    acts: Mapping[str, Act] = {
        act.name: act
        for act in (
            Act("set", SetArgs, False),
            Act("emit", EmitArgs, False),
            Act("api.do", DoArgs, True),
            Act("api.undo", DoArgs, True),
            Act("sweep", DoArgs, True),
        )
    }

    def load(self, given: Given) -> World:
        return self.world(START, dict(given.regs))

    def apply(self, world: World, name: str, args: Any) -> None:
        if world.regs.get("jammed"):
            raise ActImpossible("jammed")
        if name == "emit":
            world.emit(args.type, args.of)
        else:
            world.put(args.reg, args.to)

    def intent(self, world: World, name: str, args: Any) -> Any | None:
        return None if name.startswith("api.") and world.regs.get("closed") else args

    def books(self, world: World) -> dict[str, Any]:
        return {"regs": dict(world.regs)}

    def money(self, world: World) -> dict[str, Any]:
        return {"captured": {"it": world.regs["till"]}} if "till" in world.regs else {}

    def effects(self, world: World) -> dict[str, Any]:
        found: dict[str, list[Any]] = {}
        for call in world.calls:
            found.setdefault(call.object, []).append({"call": call.op, **call.params})
        return found

    def truth(self, world: World) -> dict[str, Any]:
        return {"owes": {"usd": world.regs.get("owes", 0)}}

    def outcome(self, world: World) -> dict[str, Any]:
        return {"asks": world.regs.get("asks", 0)}

    def entitled(self, world: World) -> tuple[str, ...] | None:
        if world.regs.get("unsure"):
            return None
        return ("unmet",) if world.regs.get("unmet") else ()

    def wrongs(self, world: World) -> tuple[str, ...]:
        return ("wrong",) if world.regs.get("wrong") else ()

    def harm(self, control: Any, candidate: Any) -> tuple[str, ...]:
        return ("asks more",) if candidate["asks"] > control["asks"] else ()

    def loss(self, control: World, candidate: World) -> dict[str, int]:
        less = control.regs.get("till", 0) - candidate.regs.get("till", 0)
        return {"usd": less} if less > 0 else {}

    def expectable(self, world: World) -> dict[str, dict[str, Any]]:
        return {"truth": self.truth(world), "customer": self.outcome(world)}

    def scope(self, before: World, after: World) -> dict[str, Any]:
        return {"before": self.books(before), "truth": self.truth(after)}

    def deferrals(self, world: World) -> tuple[str, ...]:
        return ()

    def stratum(self, world: World) -> dict[str, str]:
        return {"segment": "pro", "currency": "usd"}


Do = Callable[[Any, Any], Any]


class Handler(NamedTuple):
    path: str
    call: Do


class Engine(NamedTuple):
    """An engine of plain functions; a trigger with several has paths `trigger:0`, `trigger:1`…"""

    name: str
    handlers: Mapping[str, tuple[Handler, ...]]
    refusals: tuple[type[Exception], ...] = (Refused,)


Doing = Mapping[str, Do | Sequence[Do]]


def engine(name: str, doing: Doing) -> Engine:
    handlers: dict[str, tuple[Handler, ...]] = {}
    for trigger, calls in doing.items():
        if callable(calls):
            handlers[trigger] = (Handler(trigger, calls),)
        else:
            handlers[trigger] = tuple(Handler(f"{trigger}:{n}", c) for n, c in enumerate(calls))
    return Engine(name, handlers)


def setup(
    control: Doing | None = None,
    candidate: Doing | None = None,
    *,
    look: Callable[[Any], None] | None = None,
    crashes: Mapping[tuple[str, str], str] | None = None,
    kit: Kit | None = None,
    budget: Budget | None = None,
    **more: Any,
) -> Setup:
    """Both sides; without a candidate of its own both do what the control does."""
    doing = control or {}
    left = Side(role="control", engine=engine("control", doing), crashes=crashes or {})
    right = Side(
        role="candidate",
        engine=engine("candidate", doing if candidate is None else candidate),
        look=look or (lambda ports: None),
        crashes={},
    )
    return Setup(
        control=left,
        candidate=right,
        kit=kit or Kit(),
        invariants=INVARIANTS,
        fields=Fields(),
        budget=budget or Budget(seconds=2.0),
        **more,
    )


def act(name: str, *, hold: Mapping[str, int] | None = None, **args: Any) -> Item:
    """An act; the times of `hold` are minutes after the start."""
    made = Kit.acts[name].args(**args)
    held = {type_: START + minute * MINUTE for type_, minute in (hold or {}).items()}
    return Item(kind="act", at=0, name=name, args=made, hold=held)


def deliver(type_: str, of: str | None = None) -> Item:
    return Item(kind="deliver", at=0, name=type_, of=of)


def webhook(type_: str, **body: Any) -> Item:
    return Item(kind="webhook", at=0, name=type_, object={"id": "it", **body})


def together(*items: Item) -> Item:
    return Item(kind="together", at=0, together=items)


def scenario(*items: Item, then: Then | None = None, **regs: int) -> Scenario:
    """A scenario named `s`; the nth item happens n minutes after the start."""
    timed = tuple(_at(item, START + n * MINUTE) for n, item in enumerate(items, 1))
    return Scenario(
        id="s",
        title="s",
        family="",
        ticket="",
        deliverable="",
        provenance=Provenance(kind="curated", source="test"),
        faults=(),
        given=Given(regs=regs),
        now=START,
        when=timed,
        then=then,
        observed=(),
        file="s.yaml",
        sha256="",
    )


def _at(item: Item, at: int) -> Item:
    return replace(item, at=at, together=tuple(_at(one, at) for one in item.together))
