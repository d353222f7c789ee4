"""The policy over a range: what it asks less of than before, and whether a record says why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from harness.guarding.refusal import Refusal
from harness.policy import LEVELS, SECTIONS, THRESHOLDS
from harness.reason import Reason
from harness.text import quoted, visible

YOUNG: Final = timedelta(days=7)
"""How long a relaxation stands before anything may be deleted under it."""

RECORDS: Final = frozenset({"relaxations", "no_sound_case"})
"""Sections that hold records, not thresholds."""

_FLOORS: Final[Mapping[str, bool]] = {
    one.key: one.floor
    for one in (*THRESHOLDS, *(each for section in SECTIONS.values() for each in section))
}
"""Threshold → whether less of it is looser; otherwise more is."""

_SHARE: Final = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosening:
    """One thing that the policy asked and asks no longer, or less of.

    Attributes:
        key: dotted, as a relaxation names it.
        was, now: as they are written.
    """

    key: str
    was: str
    now: str


def loosened(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Loosening, ...]:
    """Everything that a policy asks less of; what nobody knows the direction of counts as well."""
    return (*_level(before, after), *_approvers(before, after), *_thresholds(before, after))


def unrecorded(
    found: Iterable[Loosening],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    file: str,
    since: date,
    today: date,
) -> Iterator[Refusal]:
    """Loosenings without a record that was written for them.

    Args:
        found: what is looser.
        before: the policy at the merge base.
        after: the policy at the head.
        file: the policy's file.
        since: the day of the merge base: an older record is of another loosening.
        today: the day in UTC.
    """
    known = [_plain(one) for one in _records(before)]
    for one in found:
        fresh = [
            record
            for record in _records(after)
            if record.get("key") == one.key
            and _plain(record) not in known
            and _was(record, one.key, before)
        ]
        days = [day for record in fresh if (day := _day(record.get("date"))) is not None]
        if any(since <= day <= today for day in days):
            continue
        found_text = f"{visible(one.key)} = {one.now}, was {one.was}"
        if days:
            found_text += f"; its record is dated {min(days)}"
        yield Refusal(
            reason=Reason(
                slug="policy-loosened",
                found=found_text,
                needed=f"{visible(one.key)} as it was, or a relaxation of it that this range "
                f"adds, dated {since} to {today}",
            ),
            file=file,
        )


def relaxed(policy: Mapping[str, Any]) -> frozenset[str]:
    """Relaxations as texts, so that one that was changed is another one."""
    return frozenset(map(_plain, _records(policy)))


def _records(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = policy.get("relaxations")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _plain(record: Mapping[str, Any]) -> str:
    """What a record is told by: its key, when and by what decision."""
    return "; ".join(f"{key} {record.get(key)}" for key in ("key", "date", "decision"))


def _was(record: Mapping[str, Any], key: str, before: Mapping[str, Any]) -> bool:
    """Whether a record that says what something was says what it was at the merge base."""
    if "was" not in record:
        return True
    if key == "approvers":
        return _names(record["was"]) == _names(before.get(key))
    there = dict(_leaves(before)).get(key)
    return _exact(record["was"]) == _exact(there) is not None


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _level(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Loosening]:
    was, now = before.get("level"), after.get("level")
    ranks = {level: rank for rank, level in enumerate(LEVELS)}
    if ranks.get(str(now), -1) < ranks.get(str(was), -1):
        yield Loosening(key="level", was=str(was), now=quoted(now))


def _approvers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Loosening]:
    there, here = (_names(one.get("approvers")) for one in (before, after))
    added = sorted(here - there)
    if added:
        yield Loosening(key="approvers", was=f"without {', '.join(added)}", now="with")


def _names(value: Any) -> set[str]:
    return {str(one) for one in value} if isinstance(value, list) else set()


def _thresholds(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Loosening]:
    there, here = dict(_leaves(before)), dict(_leaves(after))
    gone = [key for key in SECTIONS if key in before and key not in after]
    for key in gone:
        yield Loosening(key=key, was="asked for", now="missing")
    for key, was in there.items():
        if key.partition(".")[0] in gone:
            continue
        if key not in here:
            yield Loosening(key=key, was=str(was), now="missing")
        elif _is_looser(key, was, here[key]):
            yield Loosening(key=key, was=str(was), now=quoted(here[key]))


def _leaves(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if place or key not in (*RECORDS, "approvers", "level"):
                yield from _leaves(value, (*place, key))
    else:
        yield ".".join(place), node


def _is_looser(key: str, was: Any, now: Any) -> bool:
    old, new = _exact(was), _exact(now)
    if old == new and old is not None:
        return False
    if key not in _FLOORS or old is None or new is None:
        return bool(was != now)  # nobody knows which way is looser
    return new < old if _FLOORS[key] else new > old


def _exact(node: Any) -> Fraction | None:
    if isinstance(node, int) and not isinstance(node, bool):
        return Fraction(node)
    found = _SHARE.fullmatch(node) if isinstance(node, str) else None
    return Fraction(int(found[1]), int(found[2])) if found and int(found[2]) else None
