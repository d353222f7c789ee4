"""What the harness asks of two engines, a world's kit and invariants: Protocols only.

A team that brings its own engines reads this file. Nothing here knows a domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Data = Any  # plain data: None, bool, int, str, and lists and string-keyed dicts of these


class Trigger(NamedTuple):
    """What a handler is called for: an act of somebody, or the delivery of an event."""

    name: str
    args: Mapping[str, Data]
    event: Mapping[str, Data] | None


class Handler(Protocol):
    """One handler is one actor: the harness sets it before each call."""

    @property
    def path(self) -> str: ...

    @property
    def call(self) -> Callable[[Any, Trigger], Mapping[str, Data] | None]: ...


class Path(Protocol):
    """A piece of control code that is to be deleted."""

    @property
    def id(self) -> str: ...
    @property
    def module(self) -> str: ...
    @property
    def triggers(self) -> Sequence[str]: ...
    @property
    def origin(self) -> str: ...
    @property
    def reads(self) -> Sequence[str]: ...
    @property
    def writes(self) -> Sequence[str]: ...


class Quirk(Protocol):
    """A numbered fault of the control; `crash` names the exception type it lets escape."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def crash(self) -> str | None: ...


class Engine(Protocol):
    """Either engine. `refusals` are exception types that are decisions, with `kind` and `code`."""

    @property
    def name(self) -> str: ...
    @property
    def handlers(self) -> Mapping[str, Sequence[Handler]]: ...
    @property
    def refusals(self) -> tuple[type[Exception], ...]: ...


class Control(Engine, Protocol):
    @property
    def paths(self) -> Mapping[str, Path]: ...
    @property
    def quirks(self) -> Mapping[str, Quirk]: ...


class Candidate(Engine, Protocol):
    def look(self, ports: Any) -> None:
        """Look at the state without a trigger."""


class Write(Protocol):
    """One effective change of one field; `at` is its path inside the books."""

    @property
    def actor(self) -> str: ...
    @property
    def at(self) -> str: ...
    @property
    def before(self) -> Data: ...
    @property
    def after(self) -> Data: ...


class Access(Protocol):
    """One port call about to happen; `key` is None where it touches a whole table."""

    @property
    def table(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def write(self) -> bool: ...
    @property
    def op(self) -> str: ...


class Event(Protocol):
    """Something that happened in the world and may be delivered, more than once."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def object(self) -> str: ...
    def payload(self) -> Mapping[str, Data]: ...


class World(Protocol):
    """The state an engine acts on, behind ports that journal what they do."""

    actor: str
    on_port: Callable[[Access], None] | None
    reverse: bool
    answers: list[tuple[str, Data]]
    """What the engine answered to acts in this episode; the harness notes it for the kit."""

    @property
    def locked_by(self) -> str | None:
        """Who holds the world's lock; None where nobody does."""

    @property
    def puts(self) -> Sequence[tuple[str, str]]:
        """Rows replaced since the fork, as (table, key): what a race can conflict over.

        A row that was replaced by an equal one counts. What a call reads has to lie in the place
        that its access names: reading is seen nowhere else.
        """

    @property
    def now(self) -> int: ...
    @property
    def ports(self) -> Any: ...
    @property
    def writes(self) -> Sequence[Write]: ...
    @property
    def calls(self) -> Sequence[Any]: ...
    @property
    def reasons(self) -> Sequence[Mapping[str, Data]]:
        """The engine's reasons in order, each with `rule` and the figures it used."""

    @property
    def traps(self) -> Sequence[str]: ...
    @property
    def emitted(self) -> Sequence[Event]: ...
    def fork(self) -> World:
        """A world that shares nothing mutable with this one; its journal starts empty."""

    def advance(self, to: int) -> None: ...
    def drain(self) -> Sequence[Event]: ...
    def foreign(self, type: str, object: Mapping[str, Data]) -> Event: ...


class ActSpec(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def args(self) -> type: ...
    @property
    def engine(self) -> bool: ...


class Kit(Protocol):
    """A domain: how to make a world, change it from outside, and judge what it shows."""

    @property
    def Given(self) -> type: ...
    @property
    def acts(self) -> Mapping[str, ActSpec]: ...
    @property
    def ActImpossible(self) -> type[Exception]: ...
    @property
    def fields(self) -> Mapping[str, Sequence[str]]: ...

    def load(self, given: Any) -> World: ...
    def apply(self, world: World, name: str, args: Any) -> None: ...
    def intent(self, world: World, name: str, args: Any) -> Any | None: ...
    def books(self, world: World) -> dict[str, Data]: ...
    def money(self, world: World) -> dict[str, Data]: ...
    def effects(self, world: World) -> dict[str, Data]: ...
    def truth(self, world: World) -> dict[str, Data]: ...
    def outcome(self, world: World) -> dict[str, Data]: ...
    def entitled(self, world: World) -> tuple[str, ...] | None: ...
    def wrongs(self, world: World) -> tuple[str, ...]: ...
    def harm(self, control: Data, candidate: Data) -> tuple[str, ...]: ...
    def loss(self, control: World, candidate: World) -> dict[str, int]: ...
    def expectable(self, world: World) -> dict[str, dict[str, Data]]: ...
    def scope(self, world: World) -> dict[str, Data]: ...
    def deferrals(self, world: World) -> tuple[str, ...]: ...
    def stratum(self, world: World) -> dict[str, str]: ...


class Facts(NamedTuple):
    """What an invariant sees of a world; it never computes the truth itself."""

    books: Mapping[str, Data]
    truth: Mapping[str, Data]
    outcome: Mapping[str, Data]
    calls: Sequence[Any]
    now: int


class Invariant(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def every_effect(self) -> bool: ...
    def check(self, facts: Facts) -> tuple[str, ...]: ...
