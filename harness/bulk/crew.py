"""A crew: worker processes that are given one task each, and may be lost without losing one.

A task is handed out again when its worker is gone. Each worker holds one task at most, and the
next is not asked for before somebody is free, so that no more than that is ever under way.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, NamedTuple, TypeVar

from harness.errors import InputError

Task = TypeVar("Task")
Answer = TypeVar("Answer")

TRIES: Final = 3
"""How many workers a task is given to, one after the other."""

TICK: Final = 0.2
"""Seconds after which somebody who asked to stop is heard."""


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

    def __init__(self, work: Callable[[Task], Answer], size: int) -> None:
        self._work, self._size = work, size
        self._workers: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, Task]] = {}
        self._tries: Counter[int] = Counter()

    def answers(
        self, tasks: Sequence[Task], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Task, Answer | None]]:
        """Give each task with what came of it, in the order in which they are done.

        Args:
            tasks: what is to be done.
            stop: asked again and again; once it says so nothing more is given, and whatever is
                under way is left.

        Yields:
            Task and answer; None for a task that cost as many workers as it may.

        Raises:
            InputError: a worker raised it.
            RuntimeError: a worker raised anything else.
        """
        waiting = list(range(len(tasks)))[::-1]
        numbers: dict[Connection, int] = {}
        try:
            while not stop():
                self._hand_out(tasks, waiting, numbers)
                if not self._busy:
                    return
                for conn in wait(list(self._busy), TICK):
                    assert isinstance(conn, Connection)  # noqa: S101  # nothing else was given
                    worker, task = self._busy.pop(conn)
                    number = numbers.pop(conn)
                    try:
                        said = conn.recv()
                    except (EOFError, OSError, pickle.UnpicklingError):
                        worker.end()
                        self._workers.remove(worker)
                        if self._again(number):
                            waiting.append(number)
                        else:
                            yield task, None
                        continue
                    if not stop():
                        self._hand_out(tasks, waiting, numbers)  # before the answer is looked at
                    yield task, _answer(said)
        finally:
            self.close()

    def close(self) -> None:
        """End all workers."""
        self._busy.clear()
        while self._workers:
            self._workers.pop().end()

    def _again(self, number: int) -> bool:
        self._tries[number] += 1
        return self._tries[number] < TRIES

    def _hand_out(
        self, tasks: Sequence[Task], waiting: list[int], numbers: dict[Connection, int]
    ) -> None:
        """Give a task to each worker that has none; who is missing is forked first."""
        while waiting and len(self._busy) < self._size:
            number = waiting[-1]
            worker = next((one for one in self._workers if one.conn not in self._busy), None)
            if worker is None:
                worker = self._forked()
            try:
                worker.conn.send(tasks[number])
            except OSError:  # it was lost while it had nothing to do, and cost no task
                worker.end()
                self._workers.remove(worker)
                continue
            waiting.pop()
            numbers[worker.conn] = number
            self._busy[worker.conn] = (worker, tasks[number])

    def _forked(self) -> _Worker:
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


def _answer(said: Any) -> Any:
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


def _serve(conn: Connection, others: Iterable[Connection], work: Callable[[Any], Any]) -> None:
    """Work on one task after the other, until nobody asks any more.

    A group of its own keeps what a terminal sends to all away from it: the parent decides.
    """
    with suppress(PermissionError):
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for one in others:  # else nobody would notice that the parent is gone
        one.close()
    while True:
        try:
            task = conn.recv()
        except (EOFError, OSError):
            return
        said: _Done | _Refused | _Failed
        try:
            said = _Done(work(task))
        except InputError as error:
            said = _Refused(error.slug, error.message, error.where, error.hint)
        except Exception:  # noqa: BLE001  # it is raised again where it is told
            said = _Failed(traceback.format_exc())
        try:
            conn.send(said)
        except OSError:
            return
