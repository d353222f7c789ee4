"""A replay that was interrupted, or whose store failed: what is done stays, and goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.bulk import crew, range_replay
from harness.cli import main
from harness.errors import ExitCode, InputError
from harness.store import reader, writer
from harness.store.opening import opened
from tests.harness.kept_runs import fresh_database, running
from tests.harness.line_desk import (
    DEADLY,
    PLAIN,
    Ran,
    desk,
    kept,
    killed,
    line,
    lines,
    numbers,
)
from tests.harness.planted import edit, said
from tests.harness.toy_project import KIT

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
SEVEN = numbers(7)


# --- interrupted, and taken up again


def interrupting(
    patch: pytest.MonkeyPatch, after: int, by: signal.Signals = signal.SIGINT
) -> None:
    """Press Ctrl-C after so many parts were written."""
    write, written = writer.write, []

    def writing(*args: Any) -> None:
        write(*args)
        written.append(args)
        if len(written) == after:
            os.kill(os.getpid(), by)

    patch.setattr(writer, "write", writing)


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_leaves_a_run_that_resume_finishes(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN) + b"{\n")
    Ran(file, store="whole.db")
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        interrupting(patch, after=2)
        half = Ran(file, workers=workers)

    assert signal.getsignal(signal.SIGINT) is before
    assert half.code == ExitCode.INTERRUPTED
    assert half.told["complete"] is False
    assert 2 <= half.told["parts"]["done"] < half.told["parts"]["announced"] == 4
    counted = half.told["accounts"]["counted"]

    replayed: list[str] = []
    write = writer.write
    monkeypatch.setattr(
        writer, "write", lambda *args: (replayed.append(args[2].place.id), write(*args))[1]
    )
    rest = Ran(file, resume=half.run)

    assert rest.run == half.run
    assert len(replayed) == 4 - half.told["parts"]["done"]
    assert rest.told["accounts"]["counted"] == 8 > counted
    assert rest.code == ExitCode.INPUT  # the half that had the line was the other one
    assert rest.slugs == ["line-syntax"]
    assert kept("runs.db") == kept("whole.db")


def test_a_line_that_is_none_counts_more_than_that_somebody_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, b"{\n" + lines(SEVEN))
    interrupting(monkeypatch, after=1)

    half = Ran(file)

    assert half.code == ExitCode.INPUT
    assert half.slugs == ["line-syntax"]
    assert half.told["complete"] is False
    assert half.told["parts"]["done"] == 1


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_a_process_politely_leaves_a_run_that_resume_finishes(
    by: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    before = signal.signal(by, signal.SIG_DFL)  # these tests may be run by `nohup`
    try:
        with monkeypatch.context() as patch:
            interrupting(patch, after=1, by=by)
            half = Ran(file, workers=2)
        after = signal.getsignal(by)
    finally:
        signal.signal(by, before)

    assert half.code == ExitCode.INTERRUPTED
    assert half.told["complete"] is False
    assert after is signal.SIG_DFL
    assert Ran(file, resume=half.run).told["complete"] is True


def test_who_is_not_to_hear_the_terminal_go_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `nohup` has it."""
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interrupting(monkeypatch, after=1, by=signal.SIGHUP)
        assert Ran(file).told["complete"] is True
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_from_a_worker_s_terminal_is_heard_while_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = lines(SEVEN[:3]) + line(killed(SEVEN[3])) + lines(SEVEN[4:])
    file = desk(tmp_path, monkeypatch, content)
    parent, load = os.getpid(), type(KIT).load

    def loading(self: Any, given: Any) -> Any:
        if given.loans[0].due == DEADLY:
            os.kill(parent, signal.SIGINT)
            signal.pause()  # until the parent ends it
        return load(self, given)

    monkeypatch.setattr(type(KIT), "load", loading)
    half = Ran(file)

    assert half.code == ExitCode.INTERRUPTED
    assert half.told["parts"]["done"] == 1


def test_who_asks_twice_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk(tmp_path, monkeypatch, lines(SEVEN))

    def writing(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(writer, "write", writing)

    code = main(["replay", PLAIN, "--store", "runs.db", "--workers", "1"])

    assert code == ExitCode.INTERRUPTED
    (known,) = reader.known(opened("runs.db", make=False))
    assert not known.complete


OTHERWISE = {
    "the file": (lambda at: (at / PLAIN).write_bytes(lines([*SEVEN[:-1], 500])), "scenarios"),
    "the candidate": (lambda at: edit(at / "desk_candidate/engine.py", ("", "\nX = 1\n")), ""),
    "the policy": (lambda at: edit(at / "scenarios/gate.yaml", ("1/50", "1/60")), "policy"),
    "a ruling": (lambda at: put(at / "scenarios/rulings/r.yaml", "id: x\n"), "rulings"),
}


def put(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize("case", OTHERWISE.values(), ids=OTHERWISE)
def test_a_run_is_not_resumed_with_anything_else(
    case: tuple[Callable[[Path], object], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, what = case
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    with monkeypatch.context() as patch:
        interrupting(patch, after=1)
        half = Ran(file)
    change(tmp_path)

    with pytest.raises(InputError) as caught:
        Ran(file, resume=half.run)

    assert caught.value.slug == "run-otherwise"
    assert f"was begun with other {what}" in caught.value.message


def test_another_cut_is_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    with monkeypatch.context() as patch:
        interrupting(patch, after=1)
        half = Ran(file)

    with pytest.raises(InputError, match="was begun with other parts"):
        Ran(file, resume=half.run, by=3)


def test_what_is_complete_or_was_no_replay_is_not_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN[:2]))
    whole = Ran(file)
    with pytest.raises(InputError, match="is complete") as caught:
        Ran(file, resume=whole.run)
    assert caught.value.slug == "run-complete"

    (tmp_path / "scenarios" / f"desk-{SEVEN[0]}.yaml").write_bytes(lines(SEVEN[:1]))
    said("run", "--store", "run.db")
    (other,) = reader.known(opened("run.db", make=False))
    with pytest.raises(InputError, match="is one of `shadow run`"):
        Ran(file, store="run.db", resume=other.run.id)


# --- a store that fails


def test_a_full_disk_loses_nothing_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    Ran(file, store="whole.db")
    with monkeypatch.context() as patch:
        write, written = writer.insert_many, []

        def full(connection: Any, table: Any, found: Any) -> int:
            if table.name == "tally":
                written.append(table)
                if len(written) == 3:
                    connection.exec_driver_sql("PRAGMA max_page_count = 1")
                    found = [(*row[:-1], "0" * 3_000_000) for row in found]
            return write(connection, table, found)

        patch.setattr(writer, "insert_many", full)
        half = Ran(file)

    assert half.code == ExitCode.INPUT
    assert half.slugs == ["store-failed"]
    assert "full" in half.complaints[0].message
    assert half.told["parts"]["done"] == 2
    assert half.told["complete"] is False

    rest = Ran(file, resume=half.run)

    assert rest.told["complete"] is True
    assert kept("runs.db") == kept("whole.db")


def test_a_part_that_lost_an_account_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever replays does not decide what is expected of it."""
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    real = range_replay.records
    monkeypatch.setattr(range_replay, "records", lambda piece: list(real(piece))[1:])

    ran = Ran(file)

    assert ran.code == ExitCode.INPUT
    assert ran.slugs == ["store-sums"]
    assert "2 accounts were read before and 1 now" in ran.complaints[0].message
    assert ran.told["parts"]["done"] == 0


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_no_more_than_two_parts_a_worker_are_ever_under_way(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(numbers(12)))
    written, most = [], []
    hand_out, write = crew.Crew._hand_out, writer.write

    def handing(self: Any, tasks: Any, waiting: list[int]) -> None:
        hand_out(self, tasks, waiting)
        most.append(len(tasks) - len(waiting) - len(written))

    def writing(*args: Any) -> None:
        write(*args)
        written.append(args[2].place.id)

    monkeypatch.setattr(crew.Crew, "_hand_out", handing)
    monkeypatch.setattr(writer, "write", writing)
    Ran(file, workers=workers, by=1)

    assert len(written) == 12
    assert workers <= max(most) <= 2 * workers


def test_a_server_keeps_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN) + b"{\n")
    here = Ran(file)
    with running() as server:
        url = fresh_database(server, "replayed")
        with monkeypatch.context() as patch:
            interrupting(patch, after=1)
            half = Ran(file, store=url)
        there = Ran(file, store=url, resume=half.run)
        assert kept("runs.db") == kept(url)

    for key in ("accounts", "cells", "free", "by_kind", "signatures", "files"):
        assert here.told[key] == there.told[key], key
