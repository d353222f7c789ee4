"""Invariants after every effect: what was so before the first one is worked out only if asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from harness.free import EveryEffect
from harness.living import Living
from harness.ports import Facts
from tests.harness.register_world import START, Given, Kit, World, setup


class Calls(NamedTuple):
    """Broken by each call that was made, and by each answer the kit was told of."""

    id: str = "I9"
    every_effect: bool = True
    title: str = "nobody calls"

    def check(self, facts: Facts) -> tuple[str, ...]:
        told = facts.outcome["answers"]
        return (*(f"called {call.object}" for call in facts.calls), *(f"told {n}" for n in told))


class Answering(Kit):
    """A kit that looks at what the engine answered, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def outcome(self, world: World) -> dict[str, Any]:
        self.asked += 1
        return {"asks": 0, "answers": [name for name, _ in world.answers]}


class Effects(NamedTuple):
    """An episode in the making, and its invariants."""

    world: World
    effects: EveryEffect

    def check(self) -> None:
        self.effects.check(None)


def watched(kit: Kit) -> Effects:
    world = kit.load(Given(regs={"a": 1}))
    made = replace(setup({}, kit=kit), invariants=(Calls(),))
    return Effects(world, EveryEffect(made, Living(setup=made, side=made.candidate, world=world)))


def test_an_episode_without_an_effect_asks_for_nothing() -> None:
    kit = Answering()
    one = watched(kit)

    for _ in range(3):
        one.check()

    assert (kit.asked, one.world.now, one.effects.found) == (0, START, [])


def test_what_was_broken_before_the_first_effect_is_no_effects_fault() -> None:
    one = watched(Answering())
    one.world.ports.tell("before")
    one.world.answers.append(("api.do", None))

    one.check()
    one.world.ports.put("a", 2)
    one.check()
    assert one.effects.found == []

    one.world.ports.tell("after")
    one.world.answers.append(("api.undo", None))
    one.world.ports.put("a", 3)
    one.check()
    assert one.effects.found == ["I9: called after", "I9: told api.undo"]
