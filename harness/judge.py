"""What invariants and truth say of a world; never what the other engine did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.model import Class, Observation
from harness.ports import Facts, Invariant, Kit, World
from harness.setup import Setup


def facts(kit: Kit, world: World) -> Facts:
    """What an invariant may see of this world."""
    return Facts(
        books=kit.books(world),
        truth=kit.truth(world),
        outcome=kit.outcome(world),
        calls=world.calls,
        now=world.now,
    )


def breaches(invariants: Sequence[Invariant], seen: Facts) -> tuple[str, ...]:
    """Every breach of every invariant, each named by its invariant."""
    return tuple(f"{inv.id}: {text}" for inv in invariants for text in inv.check(seen))


def unrecorded(world: World) -> bool:
    """Whether nobody recorded some of the stores: then nobody knows what is true here."""
    return bool(getattr(world, "unknown", ()))


@dataclass(frozen=True, eq=False)
class Judgement:
    """One world at one moment, asked no more than what somebody wants to know.

    A world that lacks stores cannot be judged: nothing is broken in it, and nothing decided.
    """

    setup: Setup
    world: World

    @cached_property
    def broken(self) -> tuple[str, ...]:
        """Invariant breaches, `I1: …`."""
        if unrecorded(self.world):
            return ()
        return breaches(self.setup.invariants, facts(self.setup.kit, self.world))

    @cached_property
    def unmet(self) -> tuple[str, ...] | None:
        """What truth entitles the customer to and is not given; None where undecidable."""
        return None if unrecorded(self.world) else self.setup.kit.entitled(self.world)

    @cached_property
    def wrongs(self) -> tuple[str, ...]:
        """What is worse than truth for the customer."""
        return () if unrecorded(self.world) else self.setup.kit.wrongs(self.world)


def classify(before: Judgement, after: Judgement, *, told: bool) -> Class:
    """The class of a cell, from the control's world before and after the act.

    Where nothing reached the control there was nothing to decide.
    """
    if after.unmet is None or not told:
        return Class.UNDECIDABLE
    if after.broken or before.broken:
        return Class.REPAIR
    return Class.TWIST if after.unmet else Class.SOUND


def blamed(
    now: tuple[str, ...],
    before: Callable[[], tuple[str, ...]],
    seen: Observation,
    *,
    looked: bool,
) -> tuple[str, ...]:
    """Of what is wrong now, that which the engine answers for; `before` says what was wrong then.

    All of it once the engine has acted; what is new where something reached it that it did not
    handle; nothing where nothing reached it, as when sales move an account to another segment.
    """
    if seen.handlers or looked or not now:
        return now
    return new(now, before()) if seen.told else ()


def new(found: tuple[Any, ...], known: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is in `found` and was not there before, order kept."""
    return tuple(item for item in found if item not in known)
