"""Points in time as a scenario writes them: after `given.now`, or absolute."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
FORM = "+1h, +2d, +1d12h or 2026-03-02T10:00:00Z"

AFTER: Final = re.compile(r"\+(?:\d{1,6}[wdhms])+", re.ASCII)
_PART: Final = re.compile(r"(\d+)([wdhms])")
ABSOLUTE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def moment(text: str, *, now: int) -> int:
    """Epoch seconds of `+1d12h` (counted from `now`) or of an ISO time with a zone.

    Raises:
        ValueError: neither form, a unit twice, or a date that no calendar has; the message says
            which.
    """
    if AFTER.fullmatch(text):
        parts = _PART.findall(text)
        units = [unit for _, unit in parts]
        if len(set(units)) != len(units):
            raise ValueError("a unit stands twice")
        return now + sum(int(count) * SECONDS[unit] for count, unit in parts)
    if not ABSOLUTE.fullmatch(text):
        raise ValueError(f"no time; expected {FORM}")
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        raise ValueError(f"no such time: {error}") from None


def iso(epoch: int) -> str:
    """`2026-03-02T10:00:00Z` for epoch seconds."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> date:
    """The day, in UTC, that rulings' dates are compared with."""
    return datetime.now(UTC).date()
