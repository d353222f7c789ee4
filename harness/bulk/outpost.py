"""An outpost: a process beside a worker of a cluster, started for one run, that replays ranges.

The worker itself replays nothing. Whatever it imported before this run has no say, an account
that ends the process does not end the worker, and engines run in the main thread of a process of
their own as they do elsewhere. The process works out its own proof of what it runs; the worker
hands it on with each part.

Run by workers; `harness.bulk.cluster` is what calls it, from another machine.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, NamedTuple

from harness.bulk.proof import Proof, proof
from harness.bulk.range_replay import Replaying
from harness.bulk.ranges import Range, taken
from harness.bulk.serving import Done, Said, Step, Tell, serve, worked
from harness.compose import compose
from harness.store.part import Part

IDLE: Final = 300.0
"""Seconds without a task after which a process ends: whoever asked may be gone for good."""

BEGUN: Final = 300.0
"""Seconds that a process may take to compose and to prove itself, from slow storage."""

PROGRAM: Final = (
    "import sys; before = frozenset(sys.modules); "
    "from harness.bulk.outpost import main; main(before)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What all processes of a run are started with.

    Attributes:
        name: the same for all of them, and no other run.
        config: the configuration file of the machine that the run began on; where it is not
            there, the worker's own folder says which.
        today: the day that rulings are held against.
        patience: seconds without a word after which a process is ended.
        idle: seconds without a task after which it ends by itself.
    """

    name: str
    config: Path
    today: date
    patience: float
    idle: float = IDLE


class Errand(NamedTuple):
    """A range to replay, and the digest of its bytes."""

    piece: Range
    sha256: str


class Told(NamedTuple):
    """What a worker hands on.

    Attributes:
        proof: of the process that was asked; None where it never gave one.
        said: what it came to; None where the process is lost.
    """

    proof: Proof | None
    said: Said | None


class Outpost:
    """One process, and the pipe to it."""

    def __init__(self, job: Job, folder: Path | None = None) -> None:
        """Start it.

        Args:
            job: what it is started with.
            folder: where its temporary files go; None for the system's own.
        """
        self._patience = job.patience
        self.folder = Path(mkdtemp(prefix="shadow-replay-", dir=folder))
        ours, its = socket.socketpair()
        with its:
            words = [sys.executable, "-c", PROGRAM, str(its.fileno())]
            self.process = subprocess.Popen(  # noqa: S603  # our own module, no shell
                words,
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._conn = Connection(ours.detach())
        with suppress(OSError):  # it is heard that it is gone
            self._conn.send((job, self.folder))
        self.proof: Proof | None = None
        begun = self._heard(BEGUN)
        self.refused = begun
        if isinstance(begun, Done):
            self.proof, self.refused = begun.answer, None

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.proof is not None and self.process.poll() is None

    def ask(self, errand: Errand) -> Told:
        """Have a range replayed; a process that dies over it, or hangs, is lost and ended."""
        with suppress(OSError):  # likewise
            self._conn.send(errand)
        said = self._heard(self._patience)
        if said is None:
            self.end()
        return Told(self.proof, said)

    def end(self) -> None:
        """End it, with whatever it started and wrote."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        with suppress(OSError):
            self._conn.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _heard(self, patience: float) -> Said | None:
        """What it comes to; None once it is gone, or said nothing for too long."""
        try:
            while self._conn.poll(patience):
                said = self._conn.recv()
                if not isinstance(said, Step):
                    return said  # type: ignore[no-any-return]  # `serve` says nothing else
        except (EOFError, OSError, pickle.UnpicklingError):
            return None
        return None


class _Posts:
    """The processes of this worker, by run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, list[Outpost]] = {}
        self._all: dict[str, list[Outpost]] = {}
        self._over: set[str] = set()

    def took(self, job: Job) -> Outpost:
        """One that has nothing to do, or a new one."""
        with self._lock:
            if job.name in self._over:
                raise RuntimeError("the run is over")
            self._bury()
            if idle := self._idle.get(job.name):
                return idle.pop()
        post = Outpost(job, _scratch())
        with self._lock:
            self._all.setdefault(job.name, []).append(post)
            over = job.name in self._over
        if over:
            post.end()
        return post

    def gave(self, job: Job, post: Outpost) -> None:
        """It has nothing to do any more."""
        with self._lock:
            if post.alive and job.name not in self._over:
                self._idle.setdefault(job.name, []).append(post)
            else:
                self._drop(job.name, post)

    def end(self, name: str) -> None:
        """End those of a run, also in the middle of a range."""
        with self._lock:
            self._over.add(name)
            self._idle.pop(name, None)
            for post in self._all.pop(name, ()):
                post.end()

    def _bury(self) -> None:
        """Forget those that ended while they had nothing to do, of whatever run."""
        for name, posts in self._idle.items():
            for post in [one for one in posts if not one.alive]:
                posts.remove(post)
                self._drop(name, post)

    def _drop(self, name: str, post: Outpost) -> None:
        post.end()
        with suppress(ValueError):
            self._all.get(name, []).remove(post)


_POSTS: Final = _Posts()


def proved(job: Job) -> bytes:
    """Start a process and have it prove what it runs; in a worker."""
    return _asked(job, lambda post: Told(post.proof, None))


def replayed(job: Job, errand: Errand) -> bytes:
    """Have a range replayed; in a worker."""
    return _asked(job, lambda post: post.ask(errand))


def over(name: str) -> None:
    """End what was started for a run; in a worker."""
    _POSTS.end(name)


def _asked(job: Job, ask: Callable[[Outpost], Told]) -> bytes:
    post = _POSTS.took(job)
    told = Told(None, post.refused) if post.proof is None else ask(post)
    _POSTS.gave(job, post)
    return pickle.dumps(told)


def _scratch() -> Path | None:
    """The worker's own folder, which the cluster clears where the worker cannot any more."""
    dask = sys.modules.get("distributed")
    try:
        return Path(dask.get_worker().local_directory) if dask is not None else None
    except ValueError:  # this is no worker
        return None


def main(before: Collection[str]) -> None:
    """Be that process: compose, prove it, and replay one range after the other."""
    conn = Connection(int(sys.argv[1]))
    with suppress(EOFError, OSError):
        job, folder = conn.recv()
        try:
            begun = worked(lambda _, __: _begun(job, folder, before), None, lambda _: None)
            if not isinstance(begun, Done):
                conn.send(begun)
                return
            replay, found = begun.answer
            conn.send(Done(found))
            serve(conn, (), replay, idle=job.idle)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _begun(
    job: Job, folder: Path, before: Collection[str]
) -> tuple[Callable[[Any, Tell], Part], Proof]:
    """What replays an errand, and the proof of what it does that with."""
    composition = compose(job.config if job.config.is_file() else None, ())
    replaying = replace(Replaying.of(composition, job.today), folder=folder)

    def replay(errand: Errand, tell: Tell) -> Part:
        return replaying.part(taken(*errand), tell)

    return replay, proof(composition, before)
