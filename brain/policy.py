"""The segment rules: how long each kind of account may owe, and what follows when.

A table to be read by a person. Days are 86 400 s and count from an anchor, inclusive: a threshold
is reached at exactly that second. Minimums are multiples of the least amount that can be charged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One segment's rules.

    grace_days: after `due_at`, service runs on; then the invoice is written off. None: a person
        writes off.
    longer_days: how much longer while a retry is scheduled or a payment is on its way.
    block_days, ban_days: after the oldest bad debt was written off. None: never.
    block_minimum, ban_minimum: in least chargeable amounts.
    case_days: after `due_at`, where a person writes off, a case asks for that person.
    """

    grace_days: int | None
    longer_days: int = 7
    block_days: int | None
    ban_days: int | None
    block_minimum: int = 1
    ban_minimum: int = 10
    case_days: int = 30

    @property
    def ends_service(self) -> bool:
        """False where a contract keeps service running whatever is owed."""
        return self.grace_days is not None

    def grace_ends(self, due_at: int, *, waits: bool) -> int | None:
        """When the invoice is written off, UTC epoch seconds; None where a person does it."""
        if self.grace_days is None:
            return None
        return due_at + (self.grace_days + (self.longer_days if waits else 0)) * DAY


SEGMENTS: Mapping[str, Policy] = {
    "free": Policy(grace_days=14, block_days=0, ban_days=30),
    "pro": Policy(grace_days=14, block_days=0, ban_days=30),
    "business": Policy(
        grace_days=30, block_days=14, ban_days=60, block_minimum=10, ban_minimum=100
    ),
    "enterprise": Policy(grace_days=None, block_days=None, ban_days=None),
}

OVERRIDE_DAYS = 30
"""How long support's promise holds that neither ban nor block falls."""


def policy_of(segment: str) -> Policy:
    """The segment's rules; a segment nobody wrote rules for gets the most patient ones."""
    return SEGMENTS.get(segment, SEGMENTS["enterprise"])
