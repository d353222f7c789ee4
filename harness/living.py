"""One engine living through one episode: the act, its handlers, and the events they cause."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from harness.canonical import NotCanonical, canonical, is_flat
from harness.escape import bounded, leave
from harness.guard import AmbientRead
from harness.model import Observation
from harness.ports import Access, Data, Event, Handler, Kit, Trigger, World
from harness.recorded import the_recorder
from harness.scenario import EpisodeSpec, Item
from harness.setup import Setup, Side

RESPONDING = ("api.", "support.")
"""Acts whose response is compared."""

Held = dict[tuple[int, str], list[Event]]
"""Events held back, by (episode that emitted them, type)."""


class Moot(Exception):
    """What was to happen makes no sense in this world: no such event, no such object."""


@dataclass(slots=True)
class Living:
    """An episode in the making; it lasts for one act in one world and ends as an Observation.

    Attributes:
        hold: event types taken out of the queue; `held` collects them.
        queue: events still to deliver, first in first out.
        watch: called before each port call that is within budget.
        told: whether anything reached the engine, handled or not.
        moot: why the item made no sense in this world, else empty.
    """

    setup: Setup
    side: Side
    world: World
    hold: frozenset[str] = frozenset()
    queue: deque[Event] = field(default_factory=deque)
    held: list[Event] = field(default_factory=list)
    handlers: list[tuple[str, str]] = field(default_factory=list)
    told: bool = False
    responses: list[Data] = field(default_factory=list)
    refusal: dict[str, str] | None = None
    crash: tuple[str, str, str] | None = None
    traps: list[str] = field(default_factory=list)
    timeout: str = ""
    moot: str = ""
    watch: Callable[[Access], None] | None = None
    deliveries: int = 0
    port_calls: int = 0

    def count(self, access: Access) -> None:
        """Count a port call; over budget, leave the engine for good."""
        self.port_calls += 1
        if self.port_calls > self.setup.budget.port_calls:
            leave(f"over {self.setup.budget.port_calls} port calls, last {access.op}")
        if self.watch is not None:
            self.watch(access)

    def look(self) -> None:
        """Let the candidate look without a trigger; the control does nothing."""
        self.told = True
        look = self.side.look
        if look is not None:
            self.guarded("look", "look", lambda: look(self.world.ports))
        self.settle()

    def play(self, item: Item, events: Sequence[Event] | None = None) -> None:
        """Live through one item. `events` are handed over in place of what the item would emit."""
        if events is not None:
            self.queue.extend(events)
        elif item.kind == "act":
            self.act(item)
        elif item.kind == "webhook":
            self.webhook(item)
        else:
            self.queue.append(emitted(self.world, item.name, item.of))
        self.settle()

    def act(self, item: Item) -> None:
        """Apply an act: call the engine's handlers, or change the world from outside."""
        if self.setup.kit.acts[item.name].engine:
            self.told = True
            self.call(item.name, item.args)
            return
        self.outside(item, partial(self.setup.kit.apply, self.world, item.name, item.args))
        self.absorb()

    def webhook(self, item: Item) -> None:
        """Deliver a foreign payload; where it replaces, the world first stands as it tells."""
        payload = item.object or {}
        if item.replaces:
            replace = the_recorder(self.setup.kit).replace
            self.outside(item, partial(replace, self.world, item.name, payload))
        self.queue.append(self.world.foreign(item.name, payload))

    def outside(self, item: Item, change: Callable[[], None]) -> None:
        """Change the world from outside both engines.

        Raises:
            Moot: the change is impossible in this world.
        """
        self.world.actor = "outside"
        try:
            change()
        except self.setup.kit.ActImpossible as impossible:
            raise Moot(f"{item.name}: {impossible}") from None

    def settle(self) -> None:
        """Deliver events until none is due; the clock stands still."""
        self.absorb()
        while self.queue:
            event = self.queue.popleft()
            self.told = True
            if not self.side.engine.handlers.get(event.type):
                continue
            self.deliveries += 1
            if self.deliveries > self.setup.budget.deliveries:
                leave(f"over {self.setup.budget.deliveries} deliveries, last {event.type}")
            self.call(event.type, {}, event)

    def absorb(self) -> None:
        """Queue the events emitted since last asked, but for those held back."""
        for event in self.world.drain():
            (self.held if event.type in self.hold else self.queue).append(event)

    def call(self, name: str, args: Any, event: Event | None = None) -> None:
        """Call every handler of a trigger; each is an actor of its own.

        Each gets arguments and payload of its own, so that no handler can leave word for another.
        """
        for handler in self.side.engine.handlers.get(name, ()):
            payload = None if event is None else event.payload()
            trigger = Trigger(name, msgspec.to_builtins(args), payload)
            self.handlers.append((handler.path, name))
            self.guarded(handler.path, name, partial(self.answer, handler, trigger))
            self.absorb()

    def answer(self, handler: Handler, trigger: Trigger) -> None:
        """Note what a handler answers, as it is now: the engine may keep the dict and edit it."""
        answered = handler.call(self.world.ports, trigger)
        if not self.responds(trigger.name):
            return
        response = deepcopy(answered)
        canonical(response)
        self.respond(trigger.name, response)

    def respond(self, trigger: str, response: Data) -> None:
        """Note a response, and a copy of it for the kit: it may edit what it is shown."""
        self.responses.append(response)
        self.world.answers.append((trigger, deepcopy(response)))

    @property
    def response(self) -> Data:
        """What is compared: the one answer there is, or all of them in their order."""
        return one_response(self.responses)

    def responds(self, trigger: str) -> bool:
        """Whether what is answered is compared: by the act's name, unless its kit says it."""
        said = getattr(self.setup.kit.acts.get(trigger), "answers", None)
        return trigger.startswith(RESPONDING) if said is None else bool(said)

    def guarded(self, actor: str, trigger: str, body: Callable[[], None]) -> None:
        """Run engine code as `actor`: a refusal is a decision, any other escape is a crash."""
        self.world.actor = actor
        try:
            body()
        except AmbientRead:
            pass  # the guard has it on record, whatever the engine swallows
        except self.side.engine.refusals as refusal:
            kind = str(getattr(refusal, "kind", type(refusal).__name__))
            self.refusal = {"kind": kind, "code": str(getattr(refusal, "code", ""))}
            self.respond(trigger, {"refused": dict(self.refusal)})  # who sent an event hears it
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # an engine's crash is an observation
            self.crash = (actor, type(error).__name__, str(error))
            self.side.crashed(actor, type(error).__name__)
        finally:
            self.traps.extend(self.side.drain_traps())

    def attempt(self, body: Callable[[], None]) -> None:
        """Run what plays this episode; where it makes no sense in this world it is moot."""
        try:
            body()
        except Moot as moot:
            self.moot = str(moot)


def one_response(responses: Iterable[Data]) -> Data:
    """The response that some handlers make together; None where none of them answers."""
    said = [one for one in responses if one is not None]
    return {"answers": said} if len(said) > 1 else next(iter(said), None)


def emitted(world: World, type_: str, of: str | None) -> Event:
    """The latest event of a type (and object) that this world emitted.

    Raises:
        Moot: this world never emitted one.
    """
    for event in reversed(world.emitted):
        if event.type == type_ and (of is None or event.object == of):
            return event
    raise Moot(f"{type_} of {of or 'any object'} was never emitted here")


def live(living: Living, body: Callable[[], None], *, compared: bool = True) -> Observation:
    """Run `body` (which plays `living`) within its budget and observe what came of it.

    What is not `compared` with anything has no facets.
    """
    world = living.world
    world.reverse = living.setup.reverse
    world.on_port = living.count
    living.side.reset_arcs()
    living.side.drain_traps()

    whole = partial(living.attempt, body)
    try:
        living.timeout = bounded(whole, seconds=living.setup.budget.seconds) or ""
    finally:
        world.on_port = None
    living.traps.extend(living.side.drain_traps())
    return observation(living, compared=compared)


def facets_of(kit: Kit, world: World, response: Data) -> dict[str, Data]:
    """What two worlds are compared by, before fields that only one side keeps are left out."""
    return {
        "customer": kit.outcome(world),
        "money": kit.money(world),
        "response": response,
        "books": kit.books(world),
        "effects": kit.effects(world),
    }


def observation(living: Living, *, compared: bool) -> Observation:
    """Freeze what one engine did in this episode."""
    world, setup = living.world, living.setup
    taken = living.side.taken_arcs()
    response = living.response if living.response is not None else {}
    facets = setup.fields.project(facets_of(setup.kit, world, response)) if compared else {}
    return Observation(
        facets=facets,
        written={write.at: write.actor for write in world.writes},
        reasons=tuple(map(shown, world.reasons)),
        handlers=tuple(living.handlers),
        told=living.told,
        refusal=living.refusal,
        crash=living.crash,
        traps=tuple(dict.fromkeys((*living.traps, *world.traps))),
        timeout=living.timeout,
        arcs=dict(taken),
        writes=tuple((w.actor, w.at, w.before, w.after) for w in world.writes),
    )


def shown(reason: Data) -> Data:
    """A reason as it is now; one that is no plain data is shown as Python would show it."""
    if is_flat(reason):  # as most are: nothing in it can change or be anything but plain
        return dict(reason)
    try:
        canonical(reason)
    except NotCanonical:
        return {"rule": repr(reason)}
    return deepcopy(dict(reason))


def play(living: Living, spec: EpisodeSpec, held: Held) -> None:
    """Play an episode: the look, a held event handed over, or a listed item.

    Raises:
        Moot: it makes no sense in this world.
    """
    if spec.item is None:
        living.look()
    elif spec.held is not None:
        events = held.get(spec.held)
        if not events:
            raise Moot(f"{spec.held[1]} was to be held but was never emitted")
        living.play(spec.item, events)
    else:
        living.play(spec.item)


def keep_held(living: Living, spec: EpisodeSpec, held: Held) -> None:
    """Keep the events that this episode held back until their own episode."""
    for event in living.held:
        held.setdefault((spec.index, event.type), []).append(event)


def hold_of(spec: EpisodeSpec) -> frozenset[str]:
    """Event types that this episode holds back; handing one over holds nothing."""
    return frozenset(spec.item.hold) if spec.item and spec.held is None else frozenset()
