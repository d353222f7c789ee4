"""A cluster: workers of Dask on other machines, given ranges once they have proved their code.

Each worker is asked for its proof before it is given anything, also one that joins later; each
part comes with the proof of the process that made it. Who cannot prove to run what this process
runs is named and left out, and its range goes to somebody else. A worker that is gone costs its
ranges one try, as a forked one does.

Ranges are handed out here, as many to a worker as it has threads, and not by Dask's scheduler: who
is given what depends on proofs. What the scheduler sees are functions of the standard library and
bytes, so it needs no harness.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import pickle
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from harness.bulk import outpost
from harness.bulk.claim import claimed, given_up, otherwise
from harness.bulk.crew import TRIES
from harness.bulk.outpost import Errand, Job, Outpost
from harness.bulk.proof import Proof, unlike
from harness.bulk.ranges import Range, bytes_of
from harness.bulk.serving import TICK, Said, answer_of, no_room
from harness.bulk.turns import Turns
from harness.errors import HarnessError, InputError
from harness.store.part import Part
from harness.text import visible

OPTION: Final = "--cluster"

CONNECT: Final = 10.0
"""Seconds after which an address that does not answer is given up."""

LOOK: Final = 1.0
"""Seconds between two looks at who is there."""

WAIT: Final = 60.0
"""Seconds to wait for a worker where there is none; one that was lost is soon started again."""


class _Call:
    """A call that is made where it is unpickled."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self._function, self._args = function, args

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._function, self._args

    @property
    def packed(self) -> bytes:
        return pickle.dumps(self)


@dataclass(slots=True)
class _Worker:
    """A worker, and what is known of it.

    Attributes:
        slots: ranges that it is given at a time.
        proved: whether it may be given any; None until it said.
        busy: of its slots.
    """

    slots: int
    proved: bool | None = None
    busy: int = 0


@dataclass(frozen=True, slots=True)
class _Sent:
    """A task under way; without a number it asks for a proof."""

    address: str
    future: Any
    number: int | None = None


@contextmanager
def reached(address: str) -> Iterator[Any]:
    """A client of the cluster at an address.

    Raises:
        InputError: `cluster-packages`, `cluster-unreachable`.
    """
    try:
        import distributed
    except ImportError as error:
        message = f"a cluster needs Dask: {visible(str(error))}"
        hint = "install the extra `cluster`"
        raise InputError("cluster-packages", message, OPTION, hint) from None
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is told here
    connected: Any = distributed.Client
    try:
        client = connected(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        message = f"no cluster answers there: {visible(str(error) or type(error).__name__)}"
        hint = "name the scheduler as it says itself: tcp://host:8786"
        raise InputError("cluster-unreachable", message, visible(address), hint) from None
    try:
        yield client
    finally:
        with suppress(OSError, asyncio.TimeoutError):
            client.close(timeout=5)


def own_proof(job: Job, judged: Proof) -> Proof:
    """What a process that is started here proves, with the dependencies that it imports.

    Args:
        job: what processes are started with.
        judged: what this process replays with.

    Raises:
        InputError: `worker-otherwise`, it runs something else than this one; or it cannot run.
    """
    try:
        post = Outpost(job)
    except OSError as error:
        raise no_room(error) from error
    try:
        if post.proof is None:
            answer_of(given_up(post.refused))
        found = post.proof or {}
    finally:
        post.end()
    other = set(unlike({**judged, "dependencies": ""}, {**found, "dependencies": ""}))
    if other:
        raise otherwise("this machine", tuple(sorted(other)), "a process that is started here")
    return found


@dataclass(kw_only=True)
class Cluster:
    """Who is there, what they work on, and what they said.

    Attributes:
        client: of Dask.
        job: what processes are started with.
        expected: what each has to prove.
        complain: told of each worker that is left out.
        wait: seconds to wait for a worker where there is none.
    """

    client: Any
    job: Job
    expected: Proof
    complain: Callable[[HarnessError], None]
    wait: float = WAIT
    _workers: dict[str, _Worker] = field(default_factory=dict)
    _sent: dict[str, _Sent] = field(default_factory=dict)
    _ready: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    _looked: float = float("-inf")
    _alone: float | None = None
    _refused: list[InputError] = field(default_factory=list)

    def answers(
        self,
        tasks: Sequence[Range],
        stop: Callable[[], bool] = lambda: False,
        *,
        tries: int = TRIES,
    ) -> Iterator[tuple[Range, Part | None]]:
        """As `Crew.answers`: ranges and what came of them, None where workers were lost over it.

        Raises:
            InputError: `cluster-lost`, `cluster-empty`, `cluster-refused`; or a file cannot be
                read here.
            RuntimeError: a process raised something else.
        """
        turns = Turns(tasks, tries)

        def hand_out() -> None:
            if not stop():
                self._hand_out(tasks, turns.waiting)

        try:
            while not stop():
                self._look()
                self._hand_out(tasks, turns.waiting)
                if not turns.waiting and not self._at_work():
                    return
                self._check_who_is_left()
                yield from turns.ended(self._heard(turns.waiting), hand_out)
        finally:
            self._leave()

    def close(self) -> None:
        """End every process that was started for the run, also in the middle of a range."""
        self._leave()
        with suppress(Exception):  # who is gone, or never had a harness, has nothing to end
            self.client.sync(
                self.client._run,
                pickle.loads,
                _Call(outpost.over, self.job.name).packed,
                on_error="ignore",
                callback_timeout=CONNECT,
            )

    def _leave(self) -> None:
        """Ask no more for what is under way; who has not proved anything is asked again."""
        for sent in self._sent.values():
            with suppress(Exception):  # of a cluster that is gone
                sent.future.cancel(force=True)
        self._sent.clear()
        for address, worker in list(self._workers.items()):
            worker.busy = 0
            if worker.proved is None:
                del self._workers[address]

    def _at_work(self) -> bool:
        return any(sent.number is not None for sent in self._sent.values())

    # --- who is there

    def _look(self) -> None:
        """Note who joined, and who is gone; ask who joined for a proof."""
        if time.monotonic() - self._looked < LOOK:
            return
        with self._reaching():
            there = self.client.nthreads()
        if self.client.status != "running":
            raise self._gone(None)
        self._looked = time.monotonic()
        for address in self._workers.keys() - there.keys():
            del self._workers[address]
        for address, slots in there.items():
            if address not in self._workers:
                self._workers[address] = _Worker(max(1, slots))
                self._send(address, _Call(outpost.proved, self.job))

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Ask Dask for something; a client that gave its scheduler up raises whatever it likes.

        Raises:
            InputError: `cluster-lost`.
        """
        try:
            yield
        except (TimeoutError, OSError, RuntimeError) as error:
            raise self._gone(error) from None
        except Exception as error:
            if self.client.status != "closed":
                raise
            raise self._gone(None) from error

    def _gone(self, error: BaseException | None) -> InputError:
        reason = f": {visible(str(error))}" if error is not None and str(error) else ""
        hint = "what is done is stored: resume the run"
        message = f"the cluster does not answer any more{reason}"
        return InputError("cluster-lost", message, visible(self._address), hint)

    @property
    def _address(self) -> str:
        scheduler = self.client.scheduler
        return str(scheduler.address) if scheduler is not None else OPTION

    def _check_who_is_left(self) -> None:
        """Go on only as long as somebody works, or may be expected to.

        Raises:
            InputError: `cluster-refused`, `cluster-empty`.
        """
        if self._sent or any(one.proved for one in self._workers.values()):
            self._alone = None
            return
        if self._workers:
            message = f"none of its {len(self._workers)} workers can be given anything"
            hint = f"the first: {self._refused[0].message}" if self._refused else ""
            raise InputError("cluster-refused", message, visible(self._address), hint)
        self._alone = self._alone or time.monotonic()
        if time.monotonic() - self._alone >= self.wait:
            message = f"nobody works there, for {self.wait:.0f} seconds now"
            hint = "start workers, and resume the run"
            raise InputError("cluster-empty", message, visible(self._address), hint)

    def _leave_out(self, address: str, error: InputError) -> None:
        """Give a worker nothing more, and say so once."""
        worker = self._workers.get(address)
        if worker is None or worker.proved is False:
            return
        worker.proved = False
        where = f"{visible(address)}: {error.where}" if error.where else visible(address)
        told = InputError(error.slug, error.message, where, error.hint)
        self._refused.append(told)
        self.complain(told)

    # --- what they are given

    def _hand_out(self, tasks: Sequence[Range], waiting: list[int]) -> None:
        for address, worker in self._workers.items():
            while waiting and worker.proved and worker.busy < worker.slots:
                errand = _errand(tasks[waiting[-1]])
                self._send(address, _Call(outpost.replayed, self.job, errand), waiting.pop())
                worker.busy += 1

    def _send(self, address: str, call: _Call, number: int | None = None) -> None:
        key = f"shadow-{self.job.name}-{uuid4().hex}"
        with self._reaching():
            future = self.client.submit(
                pickle.loads, call.packed, key=key, workers=[address], pure=False
            )
        self._sent[key] = _Sent(address, future, number)
        future.add_done_callback(lambda one: self._ready.put(one.key))

    # --- what they say

    def _heard(self, waiting: list[int]) -> Iterator[tuple[int, Said | None]]:
        """What came of tasks since somebody listened; who is gone loses those that it had."""
        for key in [k for k, one in self._sent.items() if one.address not in self._workers]:
            sent = self._sent.pop(key)
            with suppress(Exception):  # likewise
                sent.future.cancel(force=True)
            if sent.number is not None:
                yield sent.number, None
        for key in self._done():
            sent = self._sent.pop(key)
            worker = self._workers[sent.address]
            worker.busy -= sent.number is not None
            told = claimed(sent.future, self.expected, proving=sent.number is None)
            if isinstance(told, InputError):
                self._leave_out(sent.address, told)
            elif sent.number is None:
                worker.proved = True
            if sent.number is None:
                continue
            if isinstance(told, InputError):
                waiting.append(sent.number)  # it cost no try: nothing was replayed over it
            else:
                yield sent.number, told.said if told is not None else None

    def _done(self) -> Iterator[str]:
        """Tasks of which something came; waits a little for the first."""
        with suppress(queue.Empty):
            key = self._ready.get(timeout=TICK)
            while True:
                if key in self._sent and self._sent[key].address in self._workers:
                    yield key
                key = self._ready.get_nowait()


def _errand(piece: Range) -> Errand:
    """A range as another machine can find it, with the digest of its bytes as they are here."""
    source = piece.source
    if isinstance(source.file, Path):
        source = replace(source, file=source.file.absolute())
    return Errand(replace(piece, source=source), hashlib.sha256(bytes_of(piece)).hexdigest())
