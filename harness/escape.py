"""Running an engine so that it can always be left, even inside a bare `except:`.

An exception cannot end `while True: try: … except: pass`. A greenlet can be left for good: over
budget, control switches back to the caller and the looping code is never resumed. The wall clock
(SIGALRM) is the backstop for code that never comes to a port. Code that loops inside one C call
is beyond both; only the end of the process stops it.
"""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

import greenlet

_LEFT: Final = object()


def keep(runner: greenlet.greenlet) -> None:
    """Never collect a greenlet that will not be resumed, not even when the process ends.

    Collecting it would throw into its code, and a bare `except:` would go on from there for ever.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(runner))


def leave(reason: str) -> None:
    """Leave the running greenlet for its parent, never to return; `reason` says why."""
    current = greenlet.getcurrent()
    if current.parent is None:
        raise RuntimeError(f"nothing to leave: {reason}")
    keep(current)
    while True:  # an abandoned greenlet that is resumed by mistake leaves again
        current.parent.switch((_LEFT, reason))


def reason_left(result: Any) -> str | None:
    """The reason given to `leave`, or None where the result is an ordinary one."""
    if isinstance(result, tuple) and len(result) == 2 and result[0] is _LEFT:
        return str(result[1])
    return None


def bounded(body: Callable[[], None], *, seconds: float) -> str | None:
    """Run `body` to its end or until it is left; return why it was left, else None.

    Exceptions of `body` propagate. The wall clock counts only in the main thread; it comes back
    every `seconds`, since what is left may be one of several greenlets that all loop.
    """
    runner = greenlet.greenlet(body)
    clock = threading.current_thread() is threading.main_thread()
    if not clock:
        return reason_left(runner.switch())

    def late(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001  # signal's signature
        if greenlet.getcurrent().parent is not None:
            leave(f"wall clock: over {seconds:g} s")

    previous = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        return reason_left(runner.switch())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
