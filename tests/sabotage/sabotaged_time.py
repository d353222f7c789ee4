"""Sabotages of time, and of what production showed: recordings too old, undated, or to come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from harness.condition import Condition
from harness.moment import DAY, Now
from harness.moment import today as today_in
from tests.harness.cleared_project import committed
from tests.harness.recorded_registers import (
    DO,
    NOW,
    SEEN,
    TODAY,
    WHOLE,
    YOUNG,
    Replayed,
    asking,
    fidelity_of,
    freshness_of,
    replayed,
)
from tests.sabotage.asked_piece import Done, Weighed, of_values
from tests.sabotage.planted_project import HOUSE
from tests.sabotage.planted_row import Sabotage

PRODUCTION = asking(level="production")


def recording(
    day: date | None = TODAY, observed: Mapping[str, Any] = WHOLE, **more: Any
) -> Replayed:
    """A recording of today that shows all stores, or what is said otherwise."""
    return replayed(day=day, observed=({}, observed), **more)


def fresh() -> Condition:
    return freshness_of(recording())


def faithful() -> Condition:
    return fidelity_of(recording(), policy=PRODUCTION)


FRESH = of_values("a recording's age", fresh, DO)
FAITHFUL = of_values("a recording's fields", faithful, DO)


def aged(what: str, slug: str, told: str, day: date | None, **more: Any) -> Sabotage:
    """The only recording of a path is of another day, or the clock says another."""

    def condition() -> Condition:
        return freshness_of(recording(day, **more.get("flaw", {})), now=more.get("now", NOW))

    return Sabotage(what, FRESH, (Weighed(told, condition),), slug)


def shown(what: str, slug: str, told: str, found: Replayed, *, asked: bool = False) -> Sabotage:
    """The only recording of a path shows something else."""
    policy = asking(SEEN, YOUNG) if asked else PRODUCTION
    deed = Weighed(told, lambda: fidelity_of(found, policy=policy))
    return Sabotage(what, FAITHFUL, (deed,), slug)


def committed_later(root: Path) -> None:
    """The newest commit is a month ahead of this machine's clock."""
    committed(root, day=(today_in() + timedelta(days=30)).isoformat())


DATE = "`provenance.recorded`"

ROWS = (
    Sabotage(
        "The clock is set back, so that an expired ruling holds again",
        HOUSE,
        (Done("the clock, a month behind the newest commit", committed_later),),
        "ruling-expired",
    ),
    aged("The clock is set back, so that old recordings are young", "clock-behind", "the clock",
         TODAY - timedelta(days=91), now=Now(clock=NOW.clock - 300 * DAY, commit=NOW.clock)),
    aged("A recording is of the future", "recording-to-come", DATE, TODAY + timedelta(days=1)),
    aged("A recording names no day", "recording-undated", DATE, None),
    aged("A recording is a day too old", "recording-stale", DATE, TODAY - timedelta(days=91)),
    aged("What is young rests on assumptions", "recording-missing", "`assumed`", TODAY,
         flaw={"assumed": ("ledger",)}),
    shown("The level is production, and no recording stands behind it", "level-unproven",
          "`provenance.kind`", recording(None, kind="curated")),
    shown("The level is production, and the recording lacks a store", "level-unproven",
          "`unknown`", recording(unknown=("ledger",))),
    shown("A recording shows too few of the fields that are compared", "fidelity-low",
          "`observed`", recording(observed={"books.regs.a": 1}), asked=True),
    shown("A recording shows all but what the control wrote", "fidelity-written-low",
          "`observed`", recording(observed={"books.regs.b": 5}), asked=True),
    shown("A recording shows that the control does something else in production",
          "fidelity-drifts", "`observed`", recording(observed={**WHOLE, "books.regs.a": 2}),
          asked=True),
)  # fmt: skip
