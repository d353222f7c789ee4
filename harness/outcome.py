"""The outcome of a cell: the first of a closed set that applies, and sums that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final, TypeVar

from harness.model import Finding, Free, Outcome

Closed = TypeVar("Closed", Outcome, Free)

_RANK: Final[Mapping[type, Mapping[object, int]]] = {
    kind: {one: number for number, one in enumerate(kind)} for kind in (Outcome, Free)
}


def first(outcomes: Iterable[Closed]) -> Closed:
    """The one that comes first in its closed set.

    Raises:
        ValueError: there is none; AGREE and KEPT are said, never concluded from silence.
    """
    found = tuple(outcomes)
    if not found:
        raise ValueError("no outcome at all")
    return min(found, key=_RANK[type(found[0])].__getitem__)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """All findings, the deciding one first; of one outcome in the order they were made."""
    return tuple(sorted(findings, key=lambda finding: _RANK[Outcome][finding.outcome]))


def tally(
    kind: type[Closed], outcomes: Mapping[str, Closed], expected: Collection[str]
) -> dict[str, int]:
    """Count what each expected id came to; an id without an outcome is NOT_RUN.

    The counts of the set add up to `expected`. Outcomes nobody expected are not counted: see
    `unexpected`.

    Raises:
        ValueError: an id is expected twice.
    """
    if len(set(expected)) < len(expected):
        raise ValueError("an id is expected twice")
    counts = Counter(outcomes.get(name, kind.NOT_RUN) for name in expected)
    return {"expected": len(expected), **{str(one): counts[one] for one in reversed(kind)}}


def unexpected(outcomes: Iterable[str], expected: Collection[str]) -> tuple[str, ...]:
    """Ids that have an outcome and were not expected."""
    return tuple(sorted(set(outcomes) - set(expected)))
