"""Serving: one task after the other from a pipe, in a process that is there for nothing else.

Whoever forked it, or started it beside a worker of a cluster, says what there is to do and hears
how far it is, what came of it, or why nothing did.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple

from harness.bulk.stopping import ENDING
from harness.errors import InputError, os_reason
from harness.text import visible

TICK: Final = 0.2
"""Seconds after which somebody who asked to stop is heard, and a worker says how far it is."""

Tell = Callable[[int], None]
"""Called by work with how much of its task is done."""


class Step(NamedTuple):
    done: int


class Done(NamedTuple):
    answer: Any


class Refused(NamedTuple):
    """An InputError, which does not travel by itself."""

    slug: str
    message: str
    where: str
    hint: str


class Failed(NamedTuple):
    trace: str


Said = Done | Refused | Failed


def no_room(error: OSError) -> InputError:
    """What the system refuses is nothing that an account did, and ends no account."""
    reason = os_reason(error)
    what = f": {visible(error.filename)}" if isinstance(error.filename, str) else ""
    hint = "make room for processes and temporary files (TMPDIR), and resume the run"
    return InputError("worker-failed", f"a worker could not go on: {reason}{what}", hint=hint)


def answer_of(said: Said) -> Any:
    """What a worker came to.

    Raises:
        InputError: as `Crew.answers`.
        RuntimeError: likewise.
    """
    if isinstance(said, Refused):
        raise InputError(said.slug, said.message, said.where, said.hint)
    if isinstance(said, Failed):
        raise RuntimeError(f"in a worker:\n{said.trace}")
    return said.answer


def serve(
    conn: Connection,
    others: Iterable[Connection],
    work: Callable[[Any, Tell], Any],
    *,
    idle: float | None = None,
) -> None:
    """Work on one task after the other, until nobody asks any more.

    A group of its own keeps what a terminal sends to all away from it: the parent decides.

    Args:
        conn: where tasks come from, and answers go.
        others: what else was inherited, and is nothing of its own.
        work: done with each task.
        idle: seconds after which it ends where nobody asked; None waits for ever.
    """
    with suppress(PermissionError):
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    for one in others:  # else nobody would notice that the parent is gone
        one.close()
    while True:
        try:
            if idle is not None and not conn.poll(idle):
                return
            task = conn.recv()
        except (EOFError, OSError):
            return
        try:
            conn.send(worked(work, task, _telling(conn)))
        except OSError:
            return


def worked(work: Callable[[Any, Tell], Any], task: Any, tell: Tell) -> Said:
    """What becomes of a task; not kept here, where the next one needs the room."""
    refused: InputError
    try:
        return Done(work(task, tell))
    except InputError as error:
        refused = error
    except MemoryError:  # as if the system had ended it: another one may have more
        os._exit(1)
    except OSError as error:
        refused = no_room(error)
    except Exception:  # noqa: BLE001  # it is raised again where it is told
        return Failed(traceback.format_exc())
    return Refused(refused.slug, refused.message, refused.where, refused.hint)


def _telling(conn: Connection) -> Tell:
    """Says how much of a task is done, not too often."""
    last = time.monotonic()

    def tell(done: int) -> None:
        nonlocal last
        at = time.monotonic()
        if at - last >= TICK:
            conn.send(Step(done))
            last = at

    return tell
