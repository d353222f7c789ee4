"""A real cluster of Dask on this machine: a scheduler, workers, and the command that asks them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = "import sys; from harness.cli import main; sys.exit(main())"
SECONDS = 120
"""Until a test gives up; on a quiet machine none needs ten."""

LOCAL = """
import os, sys
from distributed import LocalCluster
with LocalCluster(
    n_workers=int(sys.argv[1]), threads_per_worker=1, processes=True, dashboard_address=None,
    local_directory=sys.argv[2], scheduler_port=0,
) as cluster:
    with open("scheduler.pid", "w") as stream:  # it lives in this process
        stream.write(str(os.getpid()))
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""


def environ(*more: Path) -> dict[str, str]:
    """The environment of a worker: the project's own packages are found in `more` first."""
    path = os.pathsep.join(map(str, (*more, ROOT)))
    return {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}


def needs_dask() -> None:
    """Skip a test where Dask is missing; nothing of it is imported beside the tests."""
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("the extra `cluster` is not installed")


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """The address of a scheduler with so many workers, which are processes with a nanny each."""
    needs_dask()
    folder.mkdir()
    words = [sys.executable, "-c", LOCAL, str(workers), str(folder)]
    pipe = subprocess.PIPE
    with (
        (folder / "cluster.log").open("wb") as log,
        subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=log, cwd=folder, env=environ()
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.stdin.close()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def worker(address: str, folder: Path, *path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker more, started from a shell; its own packages are in folders of `path`."""
    folder.mkdir()
    words = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard",
             "--nthreads", "1", "--no-nanny", "--local-directory", str(folder)]  # fmt: skip
    with (
        (folder / "worker.log").open("wb") as log,
        subprocess.Popen(words, stdout=log, stderr=log, cwd=folder, env=environ(*path)) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


class Command:
    """`shadow replay` as a process of its own, begun at once and heard at the end.

    Attributes:
        complaints: the file to which it complains, from the first on.
    """

    def __init__(self, at: Path, *words: str, program: str = PROGRAM) -> None:
        self.complaints = at / "complaints"
        with self.complaints.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-c", program, "replay", *words, "--store", "runs.db"],
                cwd=at,
                env=environ(),
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )

    def heard(self) -> tuple[int, str, str]:
        """Its exit code, and what it printed where."""
        try:
            out, _ = self.process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, out, self.complaints.read_text()
