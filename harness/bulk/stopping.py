"""Ctrl-C, heard between two steps of long work: what is done is kept, and the rest is left."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
"""What ends a process when a machine is shut down, or a terminal is gone: likewise heard."""


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Note that somebody asked to stop; who asks twice stops at once.

    Yields a function that says whether anybody did. Outside the main thread nobody can. What was
    to be ignored (`nohup`) is.
    """
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    heard = (signal.SIGINT, *(n for n in ENDING if signal.getsignal(n) is not signal.SIG_IGN))
    before = {}
    try:
        for number in heard:
            before[number] = signal.signal(number, note)
    except ValueError:
        yield lambda: False
        return
    try:
        yield lambda: bool(asked)
    finally:
        for number, was in before.items():
            signal.signal(number, was)
