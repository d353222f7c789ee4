"""What the harness asks of two engines, a world's kit and invariants: Protocols only.

A team that brings its own engines reads this file. Nothing here knows a domain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
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
    """An act. One may have `answers`: whether what the engine answers to it is compared.

    Without it the act's name decides (`harness.living`).
    """

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
    def scope(self, before: World, after: World) -> dict[str, Data]:
        """Names for a ruling: `before`, as it was before an act, and `truth`, as it is after."""

    def deferrals(self, world: World) -> tuple[str, ...]: ...
    def stratum(self, world: World) -> dict[str, str]: ...


class Template(Protocol):
    """A scenario to begin with: one of a family, with everything written but its `then`."""

    @property
    def family(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def folder(self) -> str:
        """Folder below the scenarios in which such a scenario belongs."""

    @property
    def text(self) -> str:
        """The file's text; `$id` and `$title` stand for what is asked for."""


class Raw(NamedTuple):
    """One object of a recording as it was read; `where` is `file:line` or `file[3]`."""

    data: Mapping[str, Data]
    where: str


class Unused(NamedTuple):
    """Something of a recording that no scenario holds, and why."""

    where: str
    what: str
    reason: str


class Happened(NamedTuple):
    """One recorded event, ready to be written as an item of `when`.

    Attributes:
        at: epoch seconds, never before the one above it.
        type: the event's type.
        object: id of its object, as it is written.
        payload: its object as it is written: nothing in it that may not be kept.
        requested: whether an API request caused it; what nobody requested is never an echo.
        ours: whether that request is among the recorded calls of the control.
        shows: `books.store.key` → value that the object shows, for an echo; named as differences
            are (`harness.difference`).
        where: where it was read.
    """

    at: int
    type: str
    object: str
    payload: Mapping[str, Data]
    requested: bool
    ours: bool
    shows: Mapping[str, Data]
    where: str


class Recording(NamedTuple):
    """What was recorded of one account.

    Attributes:
        id: a scenario's id, from a pseudonym.
        title: a sentence.
        given: as a scenario's `given`, plain data.
        happened: in their order.
        order: `recorded`, or `assumed` where nobody recorded it.
        notes: what a person should know of it, in sentences.
    """

    id: str
    title: str
    given: Mapping[str, Data]
    happened: Sequence[Happened]
    order: str
    notes: Sequence[str]


class Recordings(NamedTuple):
    recordings: Sequence[Recording]
    unused: Sequence[Unused]


class Recorder(Protocol):
    """What a kit brings that can make scenarios of recordings."""

    @property
    def owner(self) -> str:
        """The column of a row that names its account as the events do."""

    def read(
        self,
        found: Sequence[Raw],
        *,
        accounts: Sequence[Raw],
        calls: Collection[str],
        pseudonym: Callable[[str], str],
        delivered: bool,
    ) -> Recordings:
        """Make recordings of what was read.

        Args:
            found: events in the order in which they were read; anything else among them is unused.
            accounts: rows of stores that the events do not tell of.
            calls: ids and keys of requests that the control itself made.
            pseudonym: a text → 16 hexadecimal digits in its place, always the same in a recording.
            delivered: whether `found` is in the order of delivery.
        """

    def replace(self, world: Any, type: str, object: Mapping[str, Data]) -> None:
        """Let a recorded event's object stand where the world's own stood.

        Raises:
            ActImpossible: the world has no place for such an object.
        """

    def assumed(self, given: Mapping[str, Data], assume: Mapping[str, Data]) -> Mapping[str, Data]:
        """`given` with what a person assumes of stores that nobody recorded.

        Raises:
            Exception: with the text attributes `path` (below `assume`) and `message`, where what
                is assumed was recorded, or is no store.
        """


class RecordingKit(Kit, Protocol):
    """A kit that can make scenarios of recordings."""

    @property
    def recorder(self) -> Recorder: ...


class TemplateKit(Kit, Protocol):
    """A kit with scenarios to begin with."""

    @property
    def templates(self) -> Mapping[str, Template]:
        """Name → template."""


class Words(Protocol):
    """What a kit's words mean, for those who write scenarios."""

    @property
    def fields(self) -> Mapping[str, Mapping[str, str]]:
        """Name of a Struct of `given` or of an act's arguments → field → what it means."""

    @property
    def values(self) -> Mapping[str, Mapping[str, str]]:
        """`Struct.field` → a value → what it means; `facet.name` of `then` → all of its values."""

    @property
    def acts(self) -> Mapping[str, str]:
        """Act → what happens."""

    @property
    def then(self) -> Mapping[str, Mapping[str, str]]:
        """Facet → name that `then` may use → what it means."""


class WordKit(Kit, Protocol):
    """A kit that says what its words mean."""

    @property
    def words(self) -> Words: ...


class Facts(NamedTuple):
    """What an invariant sees of a world; it never computes the truth itself."""

    books: Mapping[str, Data]
    truth: Mapping[str, Data]
    outcome: Mapping[str, Data]
    calls: Sequence[Any]
    now: int


class Invariant(Protocol):
    """It may bring facts that break it and keep it, `broken_by` and `kept_by` (as `Facts`)."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def every_effect(self) -> bool: ...
    def check(self, facts: Facts) -> tuple[str, ...]: ...
