"""A population replayed on a real cluster of Dask: as on this machine, to the byte."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import ExitCode
from harness.store import reader
from harness.store.opening import opened
from tests.harness.dask_cluster import ROOT, SECONDS, Command, cluster, needs_dask, worker
from tests.harness.line_desk import DEADLY, desk, kept, killed, line, lines, numbers, packed
from tests.harness.planted import edit

KIT = "desk_world/kit.py"
LOAD = "        loans: dict[str, desk.Loan] = {}\n"
ACCOUNTS = sorted([*numbers(28), *numbers(2, sampled=True)])
HALF = len(ACCOUNTS) // 2
PIECES = (
    lines(ACCOUNTS[:4]) + b"{\n",
    lines(ACCOUNTS[4:8]),
    lines(ACCOUNTS[8:HALF]) + line(killed(9_999)) + lines(ACCOUNTS[HALF:20]),
    lines(ACCOUNTS[20:24]),
    lines(ACCOUNTS[24:]),
)
"""Thirty-one accounts and a line that is none; every piece becomes a range."""

KILLS = """
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


def project(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """The loan desk with a population; gives its file."""
    desk(folder, patch, b"")
    return packed(folder / "desk.jsonl.zst", *PIECES)


def plant(folder: Path, *then: str) -> None:
    """Let the world do something when it loads the account that `killed` makes."""
    head = f"        if given.loans[0].due == {DEADLY!r}:\n"
    inside = "".join(f"            {one}\n" for one in then)
    imports = "        import os\n        from pathlib import Path\n"
    edit(folder / KIT, (LOAD, f"{imports}{head}{inside}{LOAD}"))


def ran(at: Path, *words: str) -> tuple[int, str, str]:
    return Command(at, *words).heard()


def anonymous(out: str, store: str) -> str:
    """What was printed, without the run's name."""
    (run,) = {known.run.id for known in reader.known(opened(store, make=False))}
    assert run in out
    return out.replace(run, "RUN")


def locally(folder: Path, *words: str) -> tuple[int, str, str]:
    """What this machine makes of it; its store is put aside."""
    code, out, err = ran(folder, *words)
    out = anonymous(out, "runs.db")
    os.replace("runs.db", "local.db")
    return code, out, err


def assert_same_as_local(local: tuple[int, str, str], code: int, out: str) -> None:
    assert (code, anonymous(out, "runs.db")) == local[:2]
    assert kept("runs.db") == kept("local.db")


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_cluster_says_and_keeps_what_this_machine_does(
    form: list[str], two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)
    local = locally(tmp_path, str(file), *form)

    code, out, err = ran(tmp_path, str(file), *form, "--cluster", two)

    assert code == ExitCode.INPUT  # for the line that is none
    assert "line-syntax" in err
    assert err == local[2]
    assert_same_as_local(local, code, out)
    if form:
        assert json.loads(out)["checked_against_itself"]["accounts"] >= 2


def test_lines_and_frames_behind_urls_are_read_by_the_workers(
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of both forms, side by side; a plain file is read by its bytes."""
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


def test_a_worker_killed_midway_loses_nothing(
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker of Dask itself, by its process id, while a range of it is half done."""
    file = project(tmp_path, monkeypatch)
    reached, go = tmp_path / "reached", tmp_path / "go"
    plant(
        tmp_path,
        f"Path({str(reached)!r}).write_text(str(os.getppid()))",
        f"while not Path({str(go)!r}).exists(): __import__('time').sleep(0.05)",
    )
    go.touch()
    local = locally(tmp_path, str(file))
    go.unlink()
    reached.unlink()

    command = Command(tmp_path, str(file), "--cluster", two)
    victim = int(waited(reached))
    assert os.readlink(f"/proc/{victim}/exe")
    os.kill(victim, signal.SIGKILL)
    reached.unlink()
    successor = int(waited(reached))
    go.touch()
    code, out, _ = command.heard()

    assert successor != victim
    assert_same_as_local(local, code, out)


def waited(file: Path) -> str:
    """What is written to a file once it is there."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text()):
            return text
        time.sleep(0.05)
    raise AssertionError(f"{file.name} was never written")


def test_an_account_that_ends_every_process_costs_no_other_account_and_no_worker(
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)
    parents = tmp_path / "parents"
    plant(
        tmp_path,
        f"print(os.getppid(), file=Path({str(parents)!r}).open('a'))",
        "os.kill(os.getpid(), 9)",
    )
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
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)
    local = locally(tmp_path, str(file))
    with worker(two, tmp_path / "other", changed_harness(tmp_path / "changed")):
        registered(tmp_path / "other")
        code, out, err = ran(tmp_path, str(file), "--cluster", two)

    assert_same_as_local(local, code, out)
    (line_,) = [one for one in err.splitlines() if "tcp://" in one]
    assert "it runs other harness: nothing of it is taken" in line_


def registered(folder: Path) -> None:
    """Wait for a worker to have joined."""
    end = time.monotonic() + SECONDS
    while b"Registered to" not in (folder / "worker.log").read_bytes():
        assert time.monotonic() < end, (folder / "worker.log").read_text()
        time.sleep(0.05)


def test_a_cluster_that_only_runs_other_code_replays_nothing_until_one_joins_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)
    local = locally(tmp_path, str(file))
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

    assert_same_as_local(local, code, out)


def test_ctrl_c_leaves_no_process_and_a_run_that_is_finished_later(
    two: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)
    reached, go = tmp_path / "reached", tmp_path / "go"
    plant(
        tmp_path,
        f"Path({str(reached)!r}).write_text(str(os.getpid()))",
        f"while not Path({str(go)!r}).exists(): __import__('time').sleep(0.05)",
    )
    go.touch()
    local = locally(tmp_path, str(file))
    go.unlink()
    reached.unlink()

    command = Command(tmp_path, str(file), "--cluster", two)
    at_work = int(waited(reached))
    command.process.send_signal(signal.SIGINT)
    code, out, _ = command.heard()

    assert code == ExitCode.INTERRUPTED
    (half,) = reader.known(opened("runs.db", make=False))
    assert not half.complete
    assert out.endswith(
        f"Next: shadow replay {file.name} --store runs.db --cluster {two} --resume {half.run.id}\n"
    )
    with pytest.raises(ProcessLookupError):
        os.kill(at_work, 0)
    go.touch()
    code, out, _ = ran(tmp_path, str(file), "--cluster", two, "--resume", half.run.id)
    assert_same_as_local(local, code, out)


def test_a_cluster_that_goes_away_leaves_a_run_that_this_machine_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path, monkeypatch)
    local = locally(tmp_path, str(file))
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
    assert_same_as_local(local, code, out)


def test_an_address_at_which_nobody_answers_begins_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_dask()
    file = project(tmp_path, monkeypatch)

    code, out, err = ran(tmp_path, str(file), "--cluster", "tcp://127.0.0.1:9")

    assert code == ExitCode.INPUT
    assert out == ""
    assert "no cluster answers there" in err
    assert not (tmp_path / "runs.db").exists()


def test_a_cluster_has_its_own_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = project(tmp_path, monkeypatch)

    code, _, err = ran(tmp_path, str(file), "--cluster", "tcp://127.0.0.1:9", "--workers", "2")

    assert code == ExitCode.INPUT
    assert "a cluster has its own workers" in err
