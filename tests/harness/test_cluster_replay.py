"""A population replayed on a real cluster of Dask: as on this machine, to the byte."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from harness.errors import ExitCode
from harness.store import reader
from harness.store.opening import opened
from tests.harness.dask_cluster import (
    PROGRAM,
    ROOT,
    SECONDS,
    Command,
    cluster,
    needs_dask,
    worker,
)
from tests.harness.line_desk import DEADLY, desk, kept, killed, line, lines, numbers, packed
from tests.harness.planted import edit

KIT = "desk_world/kit.py"
LOAD = "        loans: dict[str, desk.Loan] = {}\n"
ACCOUNTS = sorted([*numbers(28), *numbers(2, sampled=True)])
HALF = len(ACCOUNTS) // 2
PIECES = (
    lines(ACCOUNTS[:4]),
    lines(ACCOUNTS[4:8]),
    lines(ACCOUNTS[8:HALF]) + line(killed(9_999)) + b"{\n" + lines(ACCOUNTS[HALF:20]),
    lines(ACCOUNTS[20:24]),
    lines(ACCOUNTS[24:]),
)
"""Thirty-one accounts and a line that is none; every piece becomes a range."""

WAITS = (
    "at = Path(__file__).parents[1]",
    "(at / 'reached').write_text(f'{os.getpid()} {os.getppid()}')",
    "while not (at / 'go').exists(): __import__('time').sleep(0.05)",
)
"""Done with one account: says who has it, and holds its range until somebody lets it go."""

IMPATIENT = "from harness.bulk import cluster; cluster.CONNECT = {};"
"""Seconds that a scheduler is given in which nobody will answer."""

KILLS = f"""
{IMPATIENT.format(3.0)}
import os, signal, sys
from harness.store import writer
write, written = writer.write, []
def writing(*args):
    write(*args)
    written.append(args)
    if len(written) == 2:
        os.kill(int(os.environ["VICTIM"]), signal.SIGKILL)
writer.write = writing
from harness.cli import main
sys.exit(main())
"""
"""Kills somebody once two parts are stored."""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of two workers."""
    with cluster(tmp_path_factory.mktemp("two") / "cluster", 2) as address:
        yield address


class Local(NamedTuple):
    """What this machine makes of a population: code, what was printed where, rows of its store."""

    code: int
    out: str
    err: str
    rows: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Local:
    """The project as it is replayed without a cluster: the same wherever it lies."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        return locally(folder, str(project(folder, patch)))


def project(folder: Path, patch: pytest.MonkeyPatch, *then: str) -> Path:
    """The loan desk with a population; gives its file.

    Args:
        folder: of the project.
        patch: goes there.
        then: what the world does when it loads the account that `killed` makes.
    """
    desk(folder, patch, b"")
    head = f"        if given.loans[0].due == {DEADLY!r}:\n"
    inside = "".join(f"            {one}\n" for one in then or WAITS)
    imports = "        import os\n        from pathlib import Path\n"
    edit(folder / KIT, (LOAD, f"{imports}{head}{inside}{LOAD}"))
    (folder / "go").touch()
    return packed(folder / "desk.jsonl.zst", *PIECES)


def ran(at: Path, *words: str) -> tuple[int, str, str]:
    return Command(at, *words).heard()


def anonymous(out: str) -> str:
    """What was printed, without the run's name."""
    (run,) = {known.run.id for known in reader.known(opened("runs.db", make=False))}
    assert run in out
    return out.replace(run, "RUN")


def locally(folder: Path, *words: str) -> Local:
    """What this machine makes of it, in a store that is put aside."""
    code, out, err = ran(folder, *words)
    local = Local(code, anonymous(out), err, kept("runs.db"))
    os.replace("runs.db", "local.db")
    return local


def assert_same_as_local(local: Local, code: int, out: str) -> None:
    assert (code, anonymous(out)) == (local.code, local.out)
    assert kept("runs.db") == local.rows


def test_a_cluster_says_and_keeps_what_this_machine_does(
    two: str, whole: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)

    code, out, err = ran(tmp_path, str(file), "--cluster", two)

    assert code == ExitCode.INPUT  # for the line that is none
    assert "line-syntax" in err
    assert err == whole.err
    assert_same_as_local(whole, code, out)


def test_lines_and_frames_behind_urls_are_read_by_the_workers(
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of both forms, side by side, and told as JSON; a plain file is read by its bytes."""
    file = project(tmp_path, monkeypatch)
    plain = tmp_path / "plain.jsonl"
    plain.write_bytes(lines(range(5_001, 5_011)))
    urls = [f"file://{file}", f"file://{plain}"]
    local = locally(tmp_path, *urls, "--json")

    code, out, _ = ran(tmp_path, *urls, "--json", "--cluster", two)

    assert_same_as_local(local, code, out)
    found = json.loads(out)
    assert [one["file"] for one in found["files"]] == urls
    assert found["accounts"]["counted"] == len(ACCOUNTS) + 12
    assert found["checked_against_itself"]["accounts"] >= 2


def test_a_worker_killed_midway_loses_nothing(
    two: str, whole: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker of Dask itself, by its process id, while a range of it is half done."""
    file = project(tmp_path, monkeypatch)
    (tmp_path / "go").unlink()

    command = Command(tmp_path, str(file), "--cluster", two)
    _, victim = at_work(tmp_path)
    (tmp_path / "reached").unlink()
    os.kill(victim, signal.SIGKILL)
    _, successor = at_work(tmp_path)
    (tmp_path / "go").touch()
    code, out, _ = command.heard()

    assert successor != victim
    assert_same_as_local(whole, code, out)


def at_work(folder: Path) -> tuple[int, int]:
    """The process that has the account which waits, and the worker beside it."""
    process, worker_ = waited(folder / "reached").split()
    return int(process), int(worker_)


def waited(file: Path, what: str = "") -> str:
    """The text of a file, once there is some and something particular is in it."""
    end, text = time.monotonic() + SECONDS, ""
    while time.monotonic() < end:
        text = file.read_text() if file.exists() else ""
        if text and what in text:
            return text
        time.sleep(0.05)
    raise AssertionError(f"{file.name} never said {what}: {text}")


def test_an_account_that_ends_every_process_costs_no_other_account_and_no_worker(
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parents = tmp_path / "parents"
    said = f"print(os.getppid(), file=Path({str(parents)!r}).open('a'))"
    file = project(tmp_path, monkeypatch, said, "os.kill(os.getpid(), 9)")
    local = locally(tmp_path, str(file))
    parents.unlink()

    code, out, err = ran(tmp_path, str(file), "--cluster", two)

    assert code == ExitCode.INPUT
    assert "error: desk-9999: not run" in err
    assert "account-lost" in out
    assert_same_as_local(local, code, out)
    for parent in set(parents.read_text().split()):
        os.kill(int(parent), 0)  # the worker is still there


def changed_harness(folder: Path) -> Path:
    """A copy of the harness with one byte more; its folder."""
    shutil.copytree(
        ROOT / "harness", folder / "harness", ignore=shutil.ignore_patterns("__pycache__")
    )
    with (folder / "harness" / "bulk" / "pace.py").open("ab") as stream:
        stream.write(b"\n")
    return folder


def test_a_worker_with_other_code_is_named_and_given_nothing(
    two: str, whole: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One account waits until it is: else all may be done before it said what it runs."""
    file = project(tmp_path, monkeypatch)
    (tmp_path / "go").unlink()
    with worker(two, tmp_path / "other", changed_harness(tmp_path / "changed")):
        registered(tmp_path / "other")
        command = Command(tmp_path, str(file), "--cluster", two)
        waited(command.complaints, "tcp://")
        (tmp_path / "go").touch()
        code, out, err = command.heard()

    assert_same_as_local(whole, code, out)
    (line_,) = [one for one in err.splitlines() if "tcp://" in one]
    assert "it runs other harness: nothing of it is taken" in line_


def registered(folder: Path) -> None:
    """Wait for a worker to have joined."""
    waited(folder / "worker.log", "Registered to")


def test_a_cluster_that_only_runs_other_code_replays_nothing_until_one_joins_that_does_not(
    whole: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)
    with cluster(tmp_path / "cluster", 0) as address:
        with worker(address, tmp_path / "other", changed_harness(tmp_path / "changed")):
            registered(tmp_path / "other")
            code, out, err = ran(tmp_path, str(file), "--cluster", address, "--json")
        half = json.loads(out)
        assert code == ExitCode.INPUT
        assert "none of its 1 workers can be given anything" in err
        assert half["complete"] is False
        assert half["parts"]["done"] == 0

        command = Command(tmp_path, str(file), "--cluster", address, "--resume", half["run"])
        with worker(address, tmp_path / "late"):
            code, out, _ = command.heard()

    assert_same_as_local(whole, code, out)


def test_ctrl_c_leaves_no_process_and_a_run_that_is_finished_later(
    two: str, whole: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the range is under way that holds a line which is none: else that would count more."""
    file = project(tmp_path, monkeypatch)
    (tmp_path / "go").unlink()

    command = Command(tmp_path, str(file), "--cluster", two)
    process, _ = at_work(tmp_path)
    command.process.send_signal(signal.SIGINT)
    code, out, err = command.heard()

    assert (code, err) == (ExitCode.INTERRUPTED, "")
    (half,) = reader.known(opened("runs.db", make=False))
    assert not half.complete
    assert out.endswith(
        f"Next: shadow replay {file.name} --store runs.db --cluster {two} --resume {half.run.id}\n"
    )
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    (tmp_path / "go").touch()
    code, out, _ = ran(tmp_path, str(file), "--cluster", two, "--resume", half.run.id)
    assert_same_as_local(whole, code, out)


def test_a_cluster_that_goes_away_leaves_a_run_that_this_machine_finishes(
    whole: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)
    with cluster(tmp_path / "cluster", 1) as address:
        scheduler = int((tmp_path / "cluster" / "scheduler.pid").read_text())
        monkeypatch.setenv("VICTIM", str(scheduler))
        words = [str(file), "--cluster", address, "--json"]
        code, out, err = Command(tmp_path, *words, program=KILLS).heard()

    half = json.loads(out)
    assert code == ExitCode.INPUT
    assert "the cluster does not answer any more" in err
    assert half["complete"] is False
    code, out, _ = ran(tmp_path, str(file), "--resume", half["run"])
    assert_same_as_local(whole, code, out)


def test_an_address_at_which_nobody_answers_begins_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_dask()
    file = project(tmp_path, monkeypatch)
    words = [str(file), "--cluster", "tcp://127.0.0.1:9"]

    code, out, err = Command(tmp_path, *words, program=IMPATIENT.format(0.5) + PROGRAM).heard()

    assert (code, out) == (ExitCode.INPUT, "")
    assert "no cluster answers there" in err
    assert not (tmp_path / "runs.db").exists()


def test_without_its_packages_the_option_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)
    missing = f"import sys; sys.modules['distributed'] = None; {PROGRAM}"
    words = [str(file), "--cluster", "tcp://127.0.0.1:9"]

    code, out, err = Command(tmp_path, *words, program=missing).heard()

    assert (code, out) == (ExitCode.INPUT, "")
    assert "--cluster: a cluster needs Dask" in err
    assert "install the extra `cluster`" in err
    assert not (tmp_path / "runs.db").exists()


def test_a_cluster_has_its_own_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = project(tmp_path, monkeypatch)

    code, _, err = ran(tmp_path, str(file), "--cluster", "tcp://127.0.0.1:9", "--workers", "2")

    assert code == ExitCode.INPUT
    assert "a cluster has its own workers" in err
