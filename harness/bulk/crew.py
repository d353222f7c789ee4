"""A crew: worker processes that are given one task each, and may be lost without losing one.

A task is handed out again when its worker is gone. Each worker holds one task at most, and the
next is not asked for before somebody is free, so that no more than that is ever under way.
Workers are forked once and stay, with whatever they loaded.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, NamedTuple, TypeVar

from harness.bulk.stopping import ENDING
from harness.errors import InputError
from harness.text import visible

Task = TypeVar("Task")
Answer = TypeVar("Answer")

TRIES: Final = 3
"""How many workers a task is given to, one after the other."""

TICK: Final = 0.2
"""Seconds after which somebody who asked to stop is heard, and a worker says how far it is."""

PATIENCE: Final = 900.0
"""Seconds without a word after which a worker is taken for lost; an account takes a second."""


Tell = Callable[[int], None]
"""Called by work with how much of its task is done."""


class _Step(NamedTuple):
    done: int


class _Done(NamedTuple):
    answer: Any


class _Refused(NamedTuple):
    """An InputError, which does not travel by itself."""

    slug: str
    message: str
    where: str
    hint: str


class _Failed(NamedTuple):
    trace: str


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    conn: Connection
    done: int = 0
    heard: float = 0.0

    def end(self) -> None:
        """End it, with whatever it started."""
        self.conn.close()
        if self.process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()


class Crew(Generic[Task, Answer]):
    """Processes that work on tasks side by side; forked, so that they have what is composed."""

    def __init__(
        self,
        work: Callable[[Task, Tell], Answer],
        size: int,
        under_way: Tell = lambda _: None,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """Nobody is forked yet.

        Args:
            work: done in a worker; told what to call as it goes along.
            size: how many workers.
            under_way: called now and then with how much of all tasks is done that have no answer.
            patience: seconds without a word after which a worker is ended.
        """
        self._work, self._size, self._under_way = work, size, under_way
        self._patience = patience
        self._workers: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, int]] = {}

    def answers(
        self,
        tasks: Sequence[Task],
        stop: Callable[[], bool] = lambda: False,
        *,
        tries: int = TRIES,
    ) -> Iterator[tuple[Task, Answer | None]]:
        """Give each task with what came of it, in the order in which they are done.

        Args:
            tasks: what is to be done.
            stop: asked again and again; once it says so nothing more is given, and whatever is
                under way is left.
            tries: how many workers a task may cost.

        Yields:
            Task and answer; None for a task that cost as many workers as it may.

        Raises:
            InputError: a worker raised it; or `worker-failed`, the system refuses it something.
            RuntimeError: a worker raised anything else.
        """
        waiting = list(range(len(tasks)))[::-1]
        lost: Counter[int] = Counter()
        try:
            while not stop():
                self._hand_out(tasks, waiting)
                if not self._busy:
                    return
                for number, said in self._said():
                    if said is not None:
                        if not stop():
                            self._hand_out(tasks, waiting)  # before the answer is looked at
                        yield tasks[number], _answer(said)
                        continue
                    lost[number] += 1
                    if lost[number] < tries:
                        waiting.append(number)
                    else:
                        yield tasks[number], None
        finally:
            self.close()

    def _said(self) -> Iterator[tuple[int, _Said | None]]:
        """What workers came to since somebody listened last; None for a task that lost its own."""
        ready = wait(list(self._busy), TICK)
        for silent in self._silent(ready):
            worker, number = self._busy.pop(silent)
            self._end(worker)
            yield number, None
        for conn in ready:
            assert isinstance(conn, Connection)  # noqa: S101  # nothing else was given
            worker, number = self._busy[conn]
            try:
                said = conn.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                del self._busy[conn]
                self._end(worker)
                yield number, None
                continue
            if isinstance(said, _Step):
                worker.done, worker.heard = said.done, time.monotonic()
                self._under_way(sum(one.done for one, _ in self._busy.values()))
                continue
            del self._busy[conn]
            yield number, said

    def _silent(self, ready: Collection[object]) -> list[Connection]:
        """Workers that have nothing to say, and had nothing for too long."""
        since = time.monotonic() - self._patience
        return [c for c, (one, _) in self._busy.items() if c not in ready and one.heard < since]

    def close(self) -> None:
        """End all workers."""
        self._busy.clear()
        while self._workers:
            self._workers.pop().end()

    def _end(self, worker: _Worker) -> None:
        worker.end()
        self._workers.remove(worker)

    def _hand_out(self, tasks: Sequence[Task], waiting: list[int]) -> None:
        """Give a task to each worker that has none; who is missing is forked first."""
        while waiting and len(self._busy) < self._size:
            worker = next((one for one in self._workers if one.conn not in self._busy), None)
            if worker is None:
                worker = self._forked()
            try:
                worker.conn.send(tasks[waiting[-1]])
            except OSError:  # it was lost while it had nothing to do, and cost no task
                self._end(worker)
                continue
            worker.done, worker.heard = 0, time.monotonic()
            self._busy[worker.conn] = (worker, waiting.pop())

    def _forked(self) -> _Worker:
        """One worker more.

        Raises:
            InputError: `worker-failed`, the system has no process left.
        """
        try:
            return self._started()
        except OSError as error:
            raise _no_room(error) from error

    def _started(self) -> _Worker:
        context = multiprocessing.get_context("fork")
        ours, its = context.Pipe()
        others = [ours, *(one.conn for one in self._workers)]
        process = context.Process(target=_serve, args=(its, others, self._work), daemon=True)
        process.start()
        its.close()
        if process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.setpgid(process.pid, process.pid)  # so does the child: whoever is first
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker


_Said = _Done | _Refused | _Failed


def _no_room(error: OSError) -> InputError:
    """What the system refuses is nothing that an account did, and ends no account."""
    reason = (error.strerror or str(error)).lower()
    what = f": {visible(error.filename)}" if isinstance(error.filename, str) else ""
    hint = "make room for processes and temporary files (TMPDIR), and resume the run"
    return InputError("worker-failed", f"a worker could not go on: {reason}{what}", hint=hint)


def _answer(said: _Said) -> Any:
    """What a worker came to.

    Raises:
        InputError: as `Crew.answers`.
        RuntimeError: likewise.
    """
    if isinstance(said, _Refused):
        raise InputError(said.slug, said.message, said.where, said.hint)
    if isinstance(said, _Failed):
        raise RuntimeError(f"in a worker:\n{said.trace}")
    return said.answer


def _serve(
    conn: Connection, others: Iterable[Connection], work: Callable[[Any, Tell], Any]
) -> None:
    """Work on one task after the other, until nobody asks any more.

    A group of its own keeps what a terminal sends to all away from it: the parent decides.
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
            task = conn.recv()
        except (EOFError, OSError):
            return
        try:
            conn.send(_worked(work, task, _telling(conn)))
        except OSError:
            return


def _worked(work: Callable[[Any, Tell], Any], task: Any, tell: Tell) -> _Said:
    """What becomes of a task; not kept here, where the next one needs the room."""
    refused: InputError
    try:
        return _Done(work(task, tell))
    except InputError as error:
        refused = error
    except MemoryError:  # as if the system had ended it: another one may have more
        os._exit(1)
    except OSError as error:
        refused = _no_room(error)
    except Exception:  # noqa: BLE001  # it is raised again where it is told
        return _Failed(traceback.format_exc())
    return _Refused(refused.slug, refused.message, refused.where, refused.hint)


def _telling(conn: Connection) -> Tell:
    """Says how much of a task is done, not too often."""
    last = time.monotonic()

    def tell(done: int) -> None:
        nonlocal last
        at = time.monotonic()
        if at - last >= TICK:
            conn.send(_Step(done))
            last = at

    return tell
