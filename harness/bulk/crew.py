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
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Final, Generic, TypeVar

from harness.bulk.serving import TICK, Said, Step, Tell, no_room, serve
from harness.bulk.turns import Turns

Task = TypeVar("Task")
Answer = TypeVar("Answer")

TRIES: Final = 3
"""How many workers a task is given to, one after the other."""

PATIENCE: Final = 900.0
"""Seconds without a word after which a worker is taken for lost; an account takes a second."""


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
        turns = Turns(tasks, tries)

        def hand_out() -> None:
            if not stop():
                self._hand_out(tasks, turns.waiting)

        try:
            while not stop():
                self._hand_out(tasks, turns.waiting)
                if not self._busy:
                    return
                yield from turns.ended(self._said(), hand_out)
        finally:
            self.close()

    def _said(self) -> Iterator[tuple[int, Said | None]]:
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
            if isinstance(said, Step):
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
            raise no_room(error) from error

    def _started(self) -> _Worker:
        context = multiprocessing.get_context("fork")
        ours, its = context.Pipe()
        others = [ours, *(one.conn for one in self._workers)]
        process = context.Process(target=serve, args=(its, others, self._work), daemon=True)
        process.start()
        its.close()
        if process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.setpgid(process.pid, process.pid)  # so does the child: whoever is first
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker
