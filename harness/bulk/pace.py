"""How far long work is, how fast it goes, and how long it still takes; only on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

MINUTE: Final = 60
HOUR: Final = 3_600
CLEARED: Final = "\r\x1b[K"


class Pace:
    """A line that says how far it is; silent where nobody looks.

    Processes are forked while it is shown, so nothing here runs in a thread of its own.
    """

    def __init__(
        self, stream: TextIO | None, what: str, total: int, clock: Callable[[], float]
    ) -> None:
        self._stream, self._what, self._total, self._clock = stream, what, total, clock
        self._began = clock() if stream is not None else 0.0
        self._done = self._under_way = 0

    def step(self, count: int) -> None:
        """So many accounts more are done; they are not under way any more."""
        self._done += count
        self._under_way = max(0, self._under_way - count)
        self._show()

    def under_way(self, count: int) -> None:
        """So many accounts are replayed and not stored; a worker that is lost takes its own."""
        self._under_way = count
        self._show()

    def clear(self) -> None:
        """Make room for something that is said beside."""
        if self._stream is not None:
            self._stream.write(CLEARED)
            self._stream.flush()

    def _show(self) -> None:
        if self._stream is None:
            return
        done = min(self._done + self._under_way, self._total)
        said = told(done, self._total, self._clock() - self._began)
        self._stream.write(f"{CLEARED}{self._what} {said}")
        self._stream.flush()


@contextmanager
def pace(
    stream: TextIO, what: str, total: int, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Pace]:
    """Show a line, and take it away again.

    Args:
        stream: standard error, so that the report itself stays clean; a log gets nothing.
        what: what is being done, in a word or two.
        total: how many accounts there are to do.
        clock: seconds.
    """
    shown = Pace(stream if stream.isatty() else None, what, total, clock)
    try:
        shown.step(0)
        yield shown
    finally:
        shown.clear()


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
