"""The process beside a worker: it proves what it runs, replays ranges, leaves nothing behind."""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from harness.bulk import outpost
from harness.bulk.outpost import Errand, Job, Outpost, Told
from harness.bulk.proof import unlike
from harness.bulk.range_replay import Replaying
from harness.bulk.ranges import Range, bytes_of, cut, sources_of
from harness.bulk.serving import Done, Refused, answer_of
from harness.compose import compose
from harness.store.made_of import judged_by
from tests.harness.line_desk import desk, lines, numbers
from tests.harness.planted import edit

TODAY = date(2026, 3, 1)
SECONDS = 120.0


@pytest.fixture
def piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Range:
    """A project, and a range of its accounts."""
    file = desk(tmp_path, monkeypatch, lines(numbers(3)))
    return next(iter(cut(sources_of([file])[0])))


def job(folder: Path, **more: float) -> Job:
    config = folder / "pyproject.toml"
    return Job(name="mine", config=config, today=TODAY, **{"patience": SECONDS, **more})  # type: ignore[arg-type]  # they are of one kind


def errand(piece: Range) -> Errand:
    return Errand(piece, hashlib.sha256(bytes_of(piece)).hexdigest())


def told_by(worker: bytes) -> Told:
    found: Told = pickle.loads(worker)  # noqa: S301  # this process is the worker
    return found


@pytest.fixture
def post(piece: Range, tmp_path: Path) -> Iterator[Outpost]:
    found = Outpost(job(tmp_path))
    yield found
    found.end()


def test_it_proves_what_runs_here_and_makes_the_same_part(
    post: Outpost, piece: Range, tmp_path: Path
) -> None:
    composition = compose(tmp_path / "pyproject.toml", ())

    proof, said = post.ask(errand(piece))

    assert said is not None
    assert proof == post.proof
    other = unlike(proof or {}, judged_by(composition))
    # the world is a namespace, and these tests have a second folder of it on their path
    assert set(other) <= {"dependencies", "world", "invariants"}
    assert answer_of(said) == Replaying.of(composition, TODAY).part(piece)


def test_other_bytes_are_refused_and_it_goes_on(post: Outpost, piece: Range) -> None:
    refused = post.ask(Errand(piece, "0" * 64)).said

    assert isinstance(refused, Refused)
    assert refused.slug == "range-otherwise"
    assert isinstance(post.ask(errand(piece)).said, Done)


def test_one_that_is_killed_is_lost_and_leaves_no_folder(post: Outpost, piece: Range) -> None:
    assert post.alive
    assert post.folder.is_dir()
    os.kill(post.process.pid, signal.SIGKILL)

    assert post.ask(errand(piece)) == Told(post.proof, None)
    assert not post.alive
    assert not post.folder.exists()


def test_one_that_hangs_is_ended(piece: Range, tmp_path: Path) -> None:
    load = "        loans: dict[str, desk.Loan] = {}\n"
    edit(tmp_path / "desk_world/kit.py", (load, f"        __import__('time').sleep(600)\n{load}"))
    post = Outpost(job(tmp_path, patience=1.0))

    assert post.ask(errand(piece)).said is None
    assert not post.alive


def test_one_that_nobody_asks_ends_by_itself(piece: Range, tmp_path: Path) -> None:
    post = Outpost(job(tmp_path, idle=0.2))

    assert post.process.wait(SECONDS) == 0
    assert not post.alive
    assert not post.folder.exists()
    post.end()


def test_one_that_cannot_compose_says_why(piece: Range, tmp_path: Path) -> None:
    (tmp_path / "desk_world/kit.py").write_text("(\n")

    told = told_by(outpost.proved(job(tmp_path)))

    outpost.over("mine")
    assert told.proof is None
    assert isinstance(told.said, Refused)
    assert told.said.slug == "config-import-failed"


def test_a_worker_keeps_its_process_until_the_run_is_over(
    piece: Range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outpost, "_POSTS", outpost._Posts())
    made: list[Outpost] = []
    begin = Outpost.__init__

    def beginning(self: Outpost, *args: object) -> None:
        begin(self, *args)  # type: ignore[arg-type]  # as they were given
        made.append(self)

    monkeypatch.setattr(Outpost, "__init__", beginning)
    mine = job(tmp_path)
    first = told_by(outpost.proved(mine))
    second = told_by(outpost.replayed(mine, errand(piece)))
    (post,) = made

    assert first.proof == second.proof == post.proof
    os.kill(post.process.pid, signal.SIGKILL)
    end = time.monotonic() + SECONDS
    while post.alive and time.monotonic() < end:
        time.sleep(0.01)
    third = told_by(outpost.replayed(mine, errand(piece)))
    assert isinstance(third.said, Done)  # one that died idle costs no range
    assert [one.alive for one in made] == [False, True]

    outpost.over(mine.name)
    assert [one.alive for one in made] == [False, False]
    assert not any(one.folder.exists() for one in made)
    with pytest.raises(RuntimeError, match="over"):
        outpost.proved(mine)
