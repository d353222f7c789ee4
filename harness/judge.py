"""What invariants and truth say of a world; never what the other engine did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.model import Class, Observation
from harness.ports import Facts, Invariant, Kit, World
from harness.setup import Setup


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One world at one moment.

    Attributes:
        broken: invariant breaches, `I1: …`.
        unmet: what truth entitles the customer to and is not given; None where undecidable.
        wrongs: what is worse than truth for the customer.
    """

    broken: tuple[str, ...]
    unmet: tuple[str, ...] | None
    wrongs: tuple[str, ...]


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


def judge(setup: Setup, world: World) -> Judgement:
    """Judge a world as it stands; one that lacks stores cannot be judged."""
    kit = setup.kit
    if unrecorded(world):
        return Judgement(broken=(), unmet=None, wrongs=())
    return Judgement(
        broken=breaches(setup.invariants, facts(kit, world)),
        unmet=kit.entitled(world),
        wrongs=kit.wrongs(world),
    )


def classify(before: Judgement, after: Judgement, *, told: bool) -> Class:
    """The class of a cell, from the control's world before and after the act.

    Where nothing reached the control there was nothing to decide.
    """
    if after.unmet is None or not told:
        return Class.UNDECIDABLE
    if before.broken or after.broken:
        return Class.REPAIR
    return Class.TWIST if after.unmet else Class.SOUND


def blamed(
    now: tuple[str, ...], before: tuple[str, ...], seen: Observation, *, looked: bool
) -> tuple[str, ...]:
    """Of what is wrong now, that which the engine answers for.

    All of it once the engine has acted; what is new where something reached it that it did not
    handle; nothing where nothing reached it, as when sales move an account to another segment.
    """
    if seen.handlers or looked:
        return now
    return new(now, before) if seen.told else ()


def new(found: tuple[Any, ...], known: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is in `found` and was not there before, order kept."""
    return tuple(item for item in found if item not in known)
