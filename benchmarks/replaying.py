"""`shadow simulate` and `shadow replay` as they are called: time, and the largest process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import houses
from alone import ROOT
from measured import Measured, Row

LAUNCH = """
import json, os, signal, sys, threading, time
out, *words = sys.argv[1:]
to = [(os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
began = time.monotonic()
child = os.posix_spawnp(words[0], words, os.environ, file_actions=to)
def end_with_the_benchmark():
    os.read(0, 1)
    os.kill(child, signal.SIGINT)
threading.Thread(target=end_with_the_benchmark, daemon=True).start()
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - began
cpu = used.ru_utime + used.ru_stime
print(json.dumps([os.waitstatus_to_exitcode(status), wall, cpu, used.ru_maxrss]))
"""
"""Starts a command from a process that is small itself: a child's peak begins at its parent's.

Its standard input ends with the benchmark, however that ends; then the command is interrupted, so
that a benchmark that was killed leaves nothing at work behind it.
"""

UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes that `ru_maxrss` counts by."""


class Ran(NamedTuple):
    """What a command took, with all processes that it started and waited for.

    wall, cpu: seconds. peak: MiB of the largest process. said: its report.
    """

    wall: float
    cpu: float
    peak: float
    said: dict[str, Any]


def shadow(folder: Path, *words: str, project: Path = ROOT) -> Ran:
    """Run `shadow` in a project; its report is JSON.

    Raises:
        SystemExit: it could not be used; 1 is a difference, which is what is looked for.
    """
    report = folder / "report.json"
    program = str(Path(sys.executable).with_name("shadow"))
    command = [sys.executable, "-S", "-c", LAUNCH, str(report), program, *words, "--json"]
    with end_of_a_pipe() as end:
        done = subprocess.run(
            command, cwd=project, stdin=end, capture_output=True, text=True, check=True
        )
    code, wall, cpu, peak = json.loads(done.stdout)
    if code not in (0, 1):
        raise SystemExit(f"shadow {words[0]} ended with {code}:\n{done.stderr[-2000:]}")
    return Ran(wall, cpu, peak * UNIT / 2**20, json.loads(report.read_text()))


@contextmanager
def end_of_a_pipe() -> Iterator[int]:
    """A file to read that ends when this process does, and holds nothing before."""
    reader, writer = os.pipe()
    try:
        yield reader
    finally:
        os.close(reader)
        os.close(writer)


def population(folder: Path, accounts: int, seed: int) -> Path:
    """A file of simulated accounts."""
    file = folder / f"{accounts}.jsonl.zst"
    say(f"simulating {accounts:,} accounts")
    asked = ("--accounts", str(accounts), "--seed", str(seed), "--out", str(file))
    shadow(folder, "simulate", *asked)
    return file


def replayed(
    folder: Path,
    file: Path,
    accounts: int,
    workers: int,
    kept: Path | None = None,
    project: Path = ROOT,
) -> Ran:
    """Replay a file of a project into a new store, with what was `kept` of its accounts.

    Raises:
        SystemExit: not all of it was replayed.
    """
    store = folder / "runs.db"
    store.unlink(missing_ok=True)
    named = ("--store", str(store), "--workers", str(workers))
    keeping = () if kept is None else ("--kept", str(kept))
    ran = shadow(folder, "replay", str(file), *named, *keeping, project=project)
    if not ran.said["complete"] or ran.said["accounts"]["counted"] != accounts:
        raise SystemExit(f"{accounts:,} accounts were to be replayed: {ran.said['accounts']}")
    say(
        f"{accounts:,} accounts by {workers}: {ran.wall:.1f} s, CPU {ran.cpu:.1f} s,"
        f" {ran.peak:.0f} MiB"
    )
    return ran


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr)


def scaling(*, accounts: int, seed: int, rounds: int) -> Measured:
    """One worker and two, in turns; time as it passes, so that it wants a machine to itself."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = population(folder, accounts, seed)
        for number in range(rounds):
            for workers in (1, 2)[:: 1 if number % 2 else -1]:
                walls[workers].append(replayed(folder, file, accounts, workers).wall)
    faster = median(one / two for one, two in zip(walls[1], walls[2], strict=True))
    rate = accounts / median(walls[2])
    return Measured(
        how=f"`shadow replay` of {accounts:,} accounts of seed {seed} with one worker and with"
        f" two, each engine checked against itself in 1 of 64, wall clock, in turns, medians"
        f" over {rounds}.",
        rows=(
            Row(what="two workers, times as fast as one", value=faster, least=1.85),
            Row(what="accounts a second, two workers", value=rate, form="{:.0f}"),
        ),
    )


def again(*, accounts: int, seed: int, workers: int) -> Measured:
    """A population replayed, and replayed again where nothing has changed.

    Raises:
        SystemExit: the second run replayed more than its lots.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = population(folder, accounts, seed)
        first, second = (
            replayed(folder, file, accounts, workers, folder / "kept") for _ in range(2)
        )
        size = sum(one.stat().st_size for one in (folder / "kept").rglob("*") if one.is_file())
    reused = second.said["kept"]
    if reused["found"] != accounts:
        raise SystemExit(f"{accounts:,} accounts were to be found kept: {reused}")
    return Measured(
        how=f"`shadow replay --kept` of {accounts:,} accounts of seed {seed}, workers: {workers},"
        f" and once more where nothing has changed, which replayed {reused['replayed_again']:,}"
        " all the same; whole processes, start and report included.",
        rows=(
            Row(what="first, CPU an account", value=first.cpu / accounts * 1e3, form="{:.1f} ms"),
            Row(what="again, CPU an account", value=second.cpu / accounts * 1e3, form="{:.2f} ms"),
            Row(what="first / again, CPU", value=first.cpu / second.cpu, form="{:.1f}", least=20),
            Row(
                what="first / again, time", value=first.wall / second.wall, form="{:.1f}", least=20
            ),
            Row(
                what="first, peak memory of a process",
                value=first.peak,
                form="{:.0f} MiB",
                most=120,
            ),
            Row(what="kept of an account", value=size / accounts / 1024, form="{:.1f} KiB"),
        ),
    )


def growth(*, sizes: Sequence[int], seed: int, workers: int) -> Measured:
    """Populations of several sizes: CPU time an account, and the largest process."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        found = _grown(folder, ROOT, sizes, workers, lambda size: population(folder, size, seed))
    return _growth(found, f"accounts of seed {seed}, workers: {workers}")


def streets(*, sizes: Sequence[int], seed: int, workers: int) -> Measured:
    """The same of houses, which two small engines are soon done with."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        project = folder / "project"
        houses.project(project)
        found = _grown(
            folder, project, sizes, workers, lambda size: houses.street(folder, size, seed)
        )
    return _growth(
        found,
        f"houses of seed {seed}, workers: {workers}, by the two engines of"
        " [the guide](own-engines.md), a look and three acts each",
    )


def _grown(
    folder: Path,
    project: Path,
    sizes: Sequence[int],
    workers: int,
    written: Callable[[int], Path],
) -> dict[int, Ran]:
    """Files of several sizes, replayed one after the other."""
    found = {}
    for accounts in sorted(sizes):
        file = written(accounts)
        found[accounts] = replayed(folder, file, accounts, workers, project=project)
        file.unlink()
    return found


def _growth(found: Mapping[int, Ran], of: str) -> Measured:
    small, large = min(found), max(found)
    more = (found[large].cpu / large) / (found[small].cpu / small)
    listed = ", ".join(f"{one:,}" for one in sorted(found))
    return Measured(
        how=f"`shadow replay` of {listed} {of}, each engine checked against itself in 1 of 64;"
        " CPU time of all processes, resident memory of the largest.",
        rows=(
            *(row for accounts in sorted(found) for row in _sized(accounts, found[accounts])),
            Row(what=f"CPU an account, {large:,} / {small:,}", value=more, most=1.1),
            Row(
                what=f"peak memory, {large:,} / {small:,}",
                value=found[large].peak / found[small].peak,
                most=1.2,
            ),
        ),
        points={str(one): (ran.cpu / one * 1_000, ran.peak) for one, ran in found.items()},
    )


def _sized(accounts: int, ran: Ran) -> tuple[Row, Row]:
    cpu = ran.cpu / accounts * 1_000
    return (
        Row(what=f"{accounts:,} accounts: CPU an account", value=cpu, form="{:.1f} ms"),
        Row(
            what=f"{accounts:,} accounts: peak memory of a process",
            value=ran.peak,
            form="{:.0f} MiB",
            most=120,
        ),
    )
