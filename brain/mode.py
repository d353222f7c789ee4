"""How much of a plan is carried out."""

from __future__ import annotations

from dataclasses import dataclass

from brain.effects import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How much of a plan is carried out.

    places: whose changes are made.
    decides_all: service is decided on as if everything were made.
    """

    name: str
    places: frozenset[Place]
    decides_all: bool


FULL = Mode(name="full", places=frozenset(Place), decides_all=True)
"""All of it; the modes on the way there are in `brain.rollout`."""
