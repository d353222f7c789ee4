"""Freshness: when each figure was measured or asserted, and how old the recordings are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from harness.condition import CONDITIONS, Condition
from harness.evidence import SPOILED
from harness.model import Cell
from harness.moment import DAY, Now
from harness.origin import Source
from harness.ownership import GIVEN, UNHANDLED
from harness.policy import SECTIONS, Policy
from harness.ports import Data
from harness.reason import Reason, some
from harness.scenario import Scenario

KEY: Final = "freshness"
RECORDED: Final = "recorded"
ASSUMED: Final = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recorded scenario as evidence.

    Attributes:
        day: of its newest event, in UTC; None where nobody wrote it.
        lacking: stores that nobody recorded.
        assumed: stores that nobody recorded and a person assumed.
    """

    scenario: str
    day: date | None
    lacking: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it holds all stores."""
        return not self.lacking and not self.assumed

    def young(self, today: date, days: Fraction) -> bool:
        """Whether its newest event is of these last days: of a known day, and none to come."""
        return self.day is not None and 0 <= (today - self.day).days <= days


def recorded(scenarios: Iterable[Scenario]) -> dict[str, Recorded]:
    """Id → recorded scenario, of all that are recorded."""
    return {
        one.id: Recorded(
            scenario=one.id,
            day=one.provenance.recorded,
            lacking=one.unknown,
            assumed=one.assumed,
        )
        for one in scenarios
        if one.provenance.kind == RECORDED
    }


def days_of(policy: Policy) -> Fraction:
    """How many days old a recording may be; built in where the policy has no such section."""
    section = policy.sections.get(KEY)
    return SECTIONS[KEY][0].default if section is None else section["recording_days"]


def credited(known: Mapping[str, Recorded], policy: Policy, today: date) -> dict[str, Recorded]:
    """The recordings that speak for a path; what is assumed or too old only speaks against one."""
    asked, days = policy.asks(KEY), days_of(policy)
    return {
        name: one
        for name, one in known.items()
        if not one.assumed and (not asked or one.young(today, days))
    }


def ran(cells: Iterable[Cell]) -> dict[str, set[str]]:
    """Path → recorded scenarios in which it ran with a result, what is assumed left out."""
    found: dict[str, set[str]] = {}
    for cell in cells:
        if cell.episode.provenance == RECORDED and cell.outcome not in SPOILED:
            for path in cell.episode.paths:
                found.setdefault(path, set()).add(cell.episode.scenario)
    return found


def to_come(scenarios: Iterable[Scenario], today: date) -> Iterator[Reason]:
    """Recordings of days that have not come: these close the gate, whatever the policy asks."""
    days = ((one.id, one.provenance.recorded) for one in scenarios)
    late = [f"{name} of {day}" for name, day in days if day is not None and day > today]
    if late:
        found = some(late)
        yield Reason(slug="recording-to-come", found=found, needed=f"every day <= {today}")


def freshness(
    cells: Iterable[Cell],
    scenarios: Iterable[Scenario],
    policy: Policy,
    *,
    paths: Iterable[str],
    now: Now,
) -> Condition:
    """Weigh how old the recordings are.

    A path needs one that is young enough: of older ones only what speaks against a path counts
    (docs/decisions/0036), so that none is deleted for its age.

    Args:
        cells: every judged cell.
        scenarios: those that were replayed.
        policy: asks for it by the section `freshness`.
        paths: those that the control registers.
        now: the time of the run.
    """
    known, days, today = recorded(scenarios), days_of(policy), now.today
    runs = ran(cells)
    young = [one for one in known.values() if not one.assumed and one.young(today, days)]
    by_path = {path: [known[name] for name in sorted(runs.get(path, ()))] for path in paths}
    return Condition(
        key=KEY,
        what=CONDITIONS[KEY],
        asked=policy.asks(KEY),
        evidence=_evidence(known.values(), len(young), days, now),
        whole=tuple(_clock(now)),
        paths={
            path: tuple(_aged(found, days, today))
            for path, found in by_path.items()
            if path not in (GIVEN, UNHANDLED)
        },
        detail=_detail(known, by_path, days, now),
    )


def _evidence(known: Iterable[Recorded], young: int, days: Fraction, now: Now) -> str:
    listed = list(known)
    if not listed:
        return ""
    dated = sorted(one.day for one in listed if one.day is not None)
    span = f"newest of {dated[-1]}, oldest of {dated[0]}, " if dated else ""
    bare = len(listed) - len(dated)
    source = Source(measured=True, when=now.today, what="the days that the recordings name")
    return (
        f"{young} of {len(listed)} recordings are young (at most {days} days), {span}"
        f"{bare} without a day; {source}; today is {now.told}"
    )


def _clock(now: Now) -> Iterator[Reason]:
    if now.behind > DAY:
        found = f"the clock is {now.behind} seconds behind the newest commit; today is {now.told}"
        needed = f"{now.behind} <= {DAY} seconds"
        yield Reason(slug="clock-behind", found=found, needed=needed)


def _aged(found: Iterable[Recorded], days: Fraction, today: date) -> Iterator[Reason]:
    """What closes a path: no recording of it at all, or none that is young."""
    listed = list(found)
    if any(one.young(today, days) for one in listed):
        return
    if not listed:
        needed = f"recordings of at most {days} days >= 1"
        yield Reason(slug="recording-missing", found="it ran in 0 recordings", needed=needed)
    late = [one.scenario for one in listed if one.day is not None and one.day > today]
    if late:
        yield Reason(slug="recording-to-come", found=some(late), needed=f"every day <= {today}")
    aged = [(one.day, one.scenario) for one in listed if one.day is not None and one.day <= today]
    if aged:
        day, name = max(aged)
        age = (today - day).days
        said = f"the newest of {len(aged)}, {name}, is of {day}: {age} days old"
        yield Reason(slug="recording-stale", found=said, needed=f"{age} <= {days} days")
    bare = [one.scenario for one in listed if one.day is None]
    if bare:
        needed = "provenance.recorded: the day of its newest event"
        yield Reason(slug="recording-undated", found=some(bare), needed=needed)


def _detail(
    known: Mapping[str, Recorded],
    by_path: Mapping[str, list[Recorded]],
    days: Fraction,
    now: Now,
) -> dict[str, Data]:
    return {
        "recording_days": str(days),
        "today": str(now.today),
        "clock_behind_seconds": now.behind,
        "recordings": {
            name: {
                "recorded": str(one.day) if one.day else None,
                "young": not one.assumed and one.young(now.today, days),
            }
            for name, one in sorted(known.items())
        },
        "paths": {
            path: {
                "recordings": len(found),
                "newest": max((str(one.day) for one in found if one.day), default=None),
                "young": sum(one.young(now.today, days) for one in found),
            }
            for path, found in sorted(by_path.items())
        },
    }
