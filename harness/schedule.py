"""One schedule of a race: concurrent acts interleaved at port calls in a chosen order.

Each item of a `together` block is an actor in a greenlet of its own. Actors are switched before a
port call that touches something another actor touches too, at least one of them writing
(`harness.race` finds out which places those are).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import greenlet

from harness.escape import keep, reason_left
from harness.living import Living
from harness.ports import Access, World
from harness.scenario import Item
from harness.setup import Setup, Side

LOCKING = ("lock.acquire", "lock.wait")
"""Port calls that take the world's lock, or wait for it."""

Place = tuple[str, str | None]
"""A table and a row of it; no row means the table as a whole."""


@dataclass(slots=True)
class Actor:
    """One item of the block with its own handlers, queue and greenlet.

    Attributes:
        waiting: the port call before which it was switched away.
        name: the handler that acts for it.
        left: why it was left for good, else empty.
        call: the place of its last port call; what is replaced next is replaced by that call.
    """

    living: Living
    item: Item
    runner: greenlet.greenlet = field(init=False)
    waiting: Access | None = None
    name: str = "outside"
    started: bool = False
    left: str = ""
    call: Place | None = None

    def __post_init__(self) -> None:
        play = partial(self.living.play, self.item)
        self.runner = greenlet.greenlet(partial(self.living.attempt, play))

    @property
    def done(self) -> bool:
        return bool(self.left) or (self.started and self.runner.dead)


@dataclass(slots=True)
class Schedule:
    """One schedule being run: who is where, and who touched what.

    Attributes:
        shared: places before which actors are switched.
        touched: place → actor → whether it wrote there.
        through: place of a port call → places of the rows that such calls replaced.
        noted: how many of the world's replaced rows are in `touched`.
    """

    setup: Setup
    side: Side
    world: World
    shared: set[Place]
    actors: list[Actor] = field(default_factory=list)
    touched: dict[Place, dict[int, bool]] = field(default_factory=dict)
    through: dict[Place, set[Place]] = field(default_factory=dict)
    noted: int = 0
    current: int = 0

    def start(self, items: Sequence[Item]) -> None:
        """Give each item an actor of its own and watch the ports."""
        for item in items:
            living = Living(setup=self.setup, side=self.side, world=self.world)
            self.actors.append(Actor(living=living, item=item))
        self.world.on_port = self.at_port

    def come_in(self) -> None:
        """Let whoever only calls the engine come to its first shared place.

        Nothing it does before can matter to others, so beginning later would end no differently.
        What changes the double, or hands over what another may just emit, waits for its turn.
        """
        for index, actor in enumerate(self.actors):
            item, acts = actor.item, self.setup.kit.acts
            told = item.kind == "webhook" and not item.replaces
            if told or (item.kind == "act" and acts[item.name].engine):
                self.step(index)

    def at_port(self, access: Access) -> None:
        """Before a port call: switch away where another actor could come between."""
        actor = self.actors[self.current]
        self.note_rows(actor)
        actor.living.count(access)
        place = actor.call = (access.table, access.key)
        self.touch(place, write=access.write)
        if access.op == "lock.wait" or any(_overlap(place, shared) for shared in self.shared):
            actor.waiting = access
            parent = greenlet.getcurrent().parent
            if parent is not None:
                parent.switch(None)
            actor.waiting = None

    def touch(self, place: Place, *, write: bool) -> None:
        """Note that the running actor touches a place."""
        writes = self.touched.setdefault(place, {})
        writes[self.current] = writes.get(self.current, False) or write

    def note_rows(self, actor: Actor) -> None:
        """Note the rows that were replaced since last asked, and by which call."""
        for place in self.world.puts[self.noted :]:
            self.touch(place, write=True)
            if actor.call is not None:
                self.through.setdefault(actor.call, set()).add(place)
        self.noted = len(self.world.puts)

    def runnable(self) -> list[int]:
        """Actors that can go on; one that waits for the lock cannot until it is free."""
        return [
            index
            for index, actor in enumerate(self.actors)
            if not actor.done and not self.blocked(actor)
        ]

    def blocked(self, actor: Actor) -> bool:
        """Whether the actor could only wait: it stands before the lock and somebody holds it."""
        return (
            actor.waiting is not None
            and actor.waiting.op in LOCKING
            and self.world.locked_by is not None
        )

    def step(self, index: int) -> None:
        """Let one actor run to its next switch point; events it emits are its own."""
        self.current = index
        actor = self.actors[index]
        self.world.actor = actor.name
        actor.started = True
        result = actor.runner.switch()
        actor.left = reason_left(result) or actor.left
        actor.name = self.world.actor
        actor.living.absorb()
        self.note_rows(actor)

    def finish(self, order: Sequence[int]) -> str:
        """Run actors to their ends one by one; say what stands in the way, if anything."""
        for index in order:
            while not self.actors[index].done:
                if self.blocked(self.actors[index]):
                    return "deadlock"
                self.step(index)
        return ""

    def give_up(self) -> None:
        """Keep the actors that stand still for good: collecting one would throw into its code."""
        for actor in self.actors:
            if actor.started and not actor.done:
                keep(actor.runner)

    def conflicts(self) -> set[Place]:
        """Places that two actors touched, one of them writing, and of calls that wrote there."""
        found: set[Place] = set()
        places = list(self.touched.items())
        for (place, who), (other, others) in itertools.product(places, places):
            if not _overlap(place, other):
                continue
            for one, writes in who.items():
                for two, writes_too in others.items():
                    if one != two and (writes or writes_too):
                        found.update((place, other))
        hidden = {call for call, rows in self.through.items() if not found.isdisjoint(rows)}
        return found | hidden


def _overlap(one: Place, other: Place) -> bool:
    return one[0] == other[0] and (one[1] is None or other[1] is None or one[1] == other[1])
