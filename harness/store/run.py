"""A run as the store knows it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is known of a run before it has found anything.

    Attributes:
        id: unique, and sorted by when it began.
        begun: epoch seconds.
        command: `run` or `gate`.
        partial: which part of the scenarios was asked for; empty for all.
        harness: the harness's version.
        made_of: what it is made of → digest.
    """

    id: str
    begun: int
    command: str
    level: str
    partial: str
    harness: str
    made_of: Mapping[str, str] = field(default_factory=dict)

    def made_otherwise(self, before: Run) -> tuple[str, ...]:
        """What this run is made of, and another one was not; sorted."""
        mine, theirs = self.made_of, before.made_of
        return tuple(w for w in sorted({**mine, **theirs}) if mine.get(w) != theirs.get(w))


def new_id(at: float, chance: str | None = None) -> str:
    """An id for a run: the moment in UTC, to a fraction of a second, and a little chance.

    Ids are sorted as the runs began, also those of one second.

    Args:
        at: epoch seconds.
        chance: three hexadecimal digits in place of random ones.
    """
    moment = datetime.fromtimestamp(int(at), UTC).strftime("%Y%m%d-%H%M%S")
    fraction = int(at % 1 * 4096)
    return f"{moment}-{fraction:03x}{chance or secrets.token_hex(2)[1:]}"
