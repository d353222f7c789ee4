"""How far long work is, how fast it goes, and how long it still takes; only on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

MINUTE: Final = 60
HOUR: Final = 3_600


@contextmanager
def pace(
    stream: TextIO, what: str, total: int, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Show a line; yields what is called with each step's number of accounts.

    Processes are forked while it is shown, so nothing here runs in a thread of its own.

    Args:
        stream: standard error, so that the report itself stays clean; a log gets nothing.
        what: what is being done, in a word or two.
        total: how many accounts there are to do.
        clock: seconds.
    """
    if not stream.isatty():
        yield lambda _: None
        return
    began, done = clock(), 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        stream.write(f"\r\x1b[K{what} {told(done, total, clock() - began)}")
        stream.flush()

    try:
        step(0)
        yield step
    finally:
        stream.write("\r\x1b[K")
        stream.flush()


def told(done: int, total: int, seconds: float) -> str:
    """`12,000 of 73,000 accounts, 210 a second, 5 min left`."""
    said = f"{done:,} of {total:,} accounts"
    if not done or seconds <= 0:
        return said
    rate = done / seconds
    shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    return f"{said}, {shown} a second, {_left((total - done) / rate)} left"


def _left(seconds: float) -> str:
    if seconds >= HOUR:
        return f"{seconds / HOUR:.1f} h"
    return f"{seconds / MINUTE:.0f} min" if seconds >= MINUTE else f"{seconds:.0f} s"
