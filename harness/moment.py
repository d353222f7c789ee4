"""Moments: as a scenario writes them (after `given.now`, or absolute), and the one that is now."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
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


DAY: Final = 86_400
LATEST: Final = 253_402_300_799
"""The last second that a calendar has, 9999-12-31T23:59:59Z."""

GIT_SECONDS: Final = 5.0
"""How long git may take to read one object; it takes milliseconds."""

_COMMITTER: Final = re.compile(rb"^committer .* (\d{1,20}) [-+]\d{4}$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What time it is: the later of the clock and the newest commit.

    A clock that is set back revives no ruling and makes no recording young again: time has gone on
    at least as far as the last commit says.

    Attributes:
        clock: what this machine's clock says, epoch seconds.
        commit: committer's time of the newest commit, epoch seconds; None where none can be read.
    """

    clock: int
    commit: int | None = None

    @classmethod
    def of(cls, day: date) -> Now:
        """The beginning of a day, by the clock alone."""
        return cls(clock=int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()))

    @property
    def at(self) -> int:
        """Epoch seconds."""
        return self.clock if self.commit is None else max(self.clock, self.commit)

    @property
    def today(self) -> date:
        """The day in UTC."""
        return day_of(self.at)

    @property
    def behind(self) -> int:
        """Seconds by which the clock is behind the newest commit; 0 where it is not."""
        return self.at - self.clock

    @property
    def told(self) -> str:
        """The day, and who says so."""
        if self.commit is None:
            return f"{self.today} by the clock alone, no commit could be read"
        if self.behind:
            return f"{self.today} by the newest commit, the clock says {day_of(self.clock)}"
        return f"{self.today} by the clock"


def now(root: Path | None = None, *, clock: float | None = None) -> Now:
    """What time it is.

    Args:
        root: a folder of the repository whose newest commit counts; None asks the clock alone.
        clock: epoch seconds in place of this machine's clock.
    """
    seconds = int(time.time() if clock is None else clock)
    return Now(clock=seconds, commit=None if root is None else committed(root))


def today(root: Path | None = None) -> date:
    """The day, in UTC, that dates of rulings and recordings are compared with; as `now`."""
    return now(root).today


def committed(root: Path) -> int | None:
    """Committer's time of the newest commit of a folder's repository, epoch seconds.

    The commit is read as it is stored: no setting of the user's, no variable of a hook and no
    replacement of objects has a say. None where there is no git, no repository or no commit.
    """
    git = shutil.which("git")
    if git is None:
        return None
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    words = [git, "--no-replace-objects", "-C", str(root), "cat-file", "commit", "HEAD"]
    try:
        done = subprocess.run(  # noqa: S603  # git's own path, no shell
            words,
            env={**own, "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    head = done.stdout.partition(b"\n\n")[0]
    found = _COMMITTER.search(head) if done.returncode == 0 else None
    # a commit from beyond all calendars must not do away with the newest commit altogether
    return None if found is None else min(int(found[1]), LATEST)


def day_of(epoch: int) -> date:
    """The day of epoch seconds, in UTC; the last of all calendars for what lies beyond."""
    return datetime.fromtimestamp(min(epoch, LATEST), UTC).date()
