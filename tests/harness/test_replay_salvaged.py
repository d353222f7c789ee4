"""Workers that are lost, accounts that raise, a system that refuses: what ends by it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.adjudicate import adjudicate
from harness.bulk import replay, salvage
from harness.bulk.crew import TICK, TRIES, Crew, Tell
from harness.bulk.range_replay import Replaying
from harness.bulk.ranges import Range, cut, pieces, records, sources_of
from harness.errors import ExitCode, InputError
from harness.store import writer
from harness.store.id_sum import IdSum
from harness.store.opening import opened
from tests.harness.kept_runs import rows
from tests.harness.line_desk import (
    DEADLY,
    PLAIN,
    Ran,
    deadly,
    desk,
    kept,
    killed,
    line,
    lines,
    numbers,
    packed,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
SEVEN = numbers(7)
DEADLY_AMONG = lines(SEVEN[:3]) + line(killed(SEVEN[3])) + lines(SEVEN[4:])
BYTE = len(lines(SEVEN[:3]))


# --- workers that are killed


@pytest.mark.parametrize(("deaths", "by"), [(1, 2), (2, 2), (3, 7), (4, 7)])
def test_a_killed_worker_loses_nothing(
    deaths: int, by: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed so often that its range is replayed as a whole, in pieces, and account by account."""
    file = desk(tmp_path, monkeypatch, DEADLY_AMONG)
    quiet = Ran(file, by=by)
    log = tmp_path / "deaths"
    log.write_text("")

    def dies() -> bool:
        with log.open("a") as stream:
            stream.write("x")
        return len(log.read_text()) <= deaths

    deadly(monkeypatch, DEADLY, dies)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    ran = Ran(file, store="other.db", workers=2, by=by)

    assert list(temporary.iterdir()) == []
    assert len(log.read_text()) > deaths
    assert ran.code == quiet.code
    assert not ran.complaints
    assert kept("runs.db") == kept("other.db")


@pytest.mark.parametrize("by", [1, 2, 7])
@pytest.mark.parametrize("frames", [False, True], ids=["lines", "frames"])
def test_an_account_that_ends_every_worker_costs_no_other_account(
    by: int, frames: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, DEADLY_AMONG)
    if frames:
        file = packed(tmp_path / f"{PLAIN}.zst", DEADLY_AMONG)
    monkeypatch.setattr(salvage, "PIECES", 2)
    whole = Ran(file, by=by)
    deadly(monkeypatch, DEADLY, lambda: True)

    ran = Ran(file, store="other.db", workers=2, by=by)

    assert ran.code == ExitCode.INPUT
    assert ran.told["complete"] is True
    assert ran.told["accounts"]["ids"] == whole.told["accounts"]["ids"]
    assert ran.told["cells"]["expected"] == whole.told["cells"]["expected"]
    assert ran.told["accounts"]["not_run"] == {"account-lost": 1}
    assert ran.told["free"]["NOT_RUN"] == 1
    (told,) = ran.complaints
    assert told.where == f"desk-{SEVEN[3]}"
    assert f"{TRIES} workers or more were lost" in told.message
    assert f"{file.name}:4: " in told.message
    assert f"in the line at byte {BYTE}" in told.message
    assert_others_are_the_same(f"desk-{SEVEN[3]}")


def assert_others_are_the_same(account: str) -> None:
    """Rows of all other accounts are those of the run that lost nothing."""
    for table in ("cell", "difference", "free"):
        found = [
            sorted((row[1:] for row in rows(opened(name, make=False))[table] if account not in
                    {str(cell).split("#")[0] for cell in row}), key=repr)
            for name in ("runs.db", "other.db")
        ]  # fmt: skip
        assert found[0] == found[1], table


def test_where_everything_ends_workers_it_is_given_up_and_counted_by_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"".join(line(killed(number)) for number in SEVEN)
    file = desk(tmp_path, monkeypatch, content)
    whole = Ran(file, by=7)
    deadly(monkeypatch, DEADLY, lambda: True)
    monkeypatch.setattr(salvage, "MOST", 1)
    monkeypatch.setattr(salvage, "PIECES", 2)

    ran = Ran(file, store="other.db", by=7)

    assert ran.told["complete"] is True
    assert ran.told["accounts"]["not_run"] == {"range-lost": 7}
    assert ran.told["accounts"]["ids"] == whole.told["accounts"]["ids"]
    assert ran.told["free"]["NOT_RUN"] == 7
    assert "more than 1 workers were lost over bytes 0 to" in ran.complaints[0].message


def test_ctrl_c_while_a_range_is_in_pieces_leaves_it_to_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, DEADLY_AMONG)
    Ran(file, store="whole.db", by=7)
    joined, join = [], replay.Part.join
    parent = os.getpid()

    def joining(self: Any, other: Any) -> None:
        if os.getpid() == parent and other.expected and not joined:
            joined.append(other)
            os.kill(parent, signal.SIGINT)
        join(self, other)

    with monkeypatch.context() as patch:
        deadly(patch, DEADLY, lambda: True)
        patch.setattr(replay.Part, "join", joining)
        half = Ran(file, by=7)

    assert joined
    assert half.code == ExitCode.INTERRUPTED
    assert half.told["parts"]["done"] == 0
    assert Ran(file, by=7, resume=half.run).told["complete"] is True
    assert kept("runs.db") == kept("whole.db")


LINES = st.lists(st.sampled_from([b'{"id":"a"}', b"", b"  ", b"x" * 40]), max_size=12)


@given(LINES, st.integers(1, 9), st.integers(1, 4))
def test_pieces_hold_every_account_of_a_range_once_however_often_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, found: list[bytes], first: int, then: int
) -> None:
    file = tmp_path_factory.mktemp("pieces") / "x.jsonl"
    file.write_bytes(b"".join(one + b"\n" for one in found))
    for whole in cut(sources_of([file])[0]):
        small = [one for piece in pieces(whole, first) for one in pieces(piece, then)]

        assert [one for piece in small for one in records(piece)] == list(records(whole))
        assert all(list(records(piece)) for piece in small)
        assert {piece.place for piece in small} <= {whole.place}
        assert len(pieces(whole, first)) <= first


# --- accounts that raise, and a system that refuses


def raising(patch: pytest.MonkeyPatch, error: Exception, when: Callable[[], bool]) -> None:
    """Let the fourth account be one over which the court raises."""

    def judging(self: Any, episode: Any, earlier: Any) -> Any:
        if episode.scenario == f"desk-{SEVEN[3]}" and when():
            raise error
        return adjudicate(episode, self.rulings, earlier)

    patch.setattr("harness.court.Court.judged_after", judging)


@pytest.mark.parametrize(
    ("error", "slug"),
    [(LookupError("no such\x1b thing"), "account-failed"), (InputError("r", "no"), "r")],
)
def test_an_account_that_cannot_be_judged_is_not_run_and_the_others_are(
    error: Exception, slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    whole = Ran(file)
    raising(monkeypatch, error, lambda: True)

    ran = Ran(file, store="other.db")

    assert ran.code == ExitCode.INPUT
    assert ran.told["complete"] is True
    assert ran.told["accounts"]["not_run"] == {slug: 1}
    assert ran.told["accounts"]["ids"] == whole.told["accounts"]["ids"]
    assert ran.told["cells"]["expected"] == whole.told["cells"]["expected"]
    (told,) = ran.complaints
    assert f"in the line at byte {BYTE}" in told.message
    if slug == "account-failed":
        assert "LookupError at test_replay_salvaged.py:" in told.message
        assert "\x1b" not in told.message
    assert_others_are_the_same(f"desk-{SEVEN[3]}")


def test_an_account_that_raises_while_it_is_counted_is_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    monkeypatch.setattr("harness.store.part.signature", lambda act, one: 1 // 0)

    ran = Ran(file)

    late = sum(number % 3 == 0 for number in SEVEN)
    assert late
    assert ran.told["complete"] is True
    assert ran.told["accounts"]["not_run"] == {"account-failed": late}
    assert ran.told["free"]["NOT_RUN"] == late


def test_a_sampled_account_that_cannot_be_heard_again_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (drawn,) = numbers(1, sampled=True)
    file = desk(tmp_path, monkeypatch, lines([drawn, *SEVEN]))

    def failing(*_: object) -> None:
        raise LookupError("no")

    monkeypatch.setattr("harness.court.Court.hear_again", failing)
    ran = Ran(file)

    assert ran.told["accounts"]["not_run"] == {"account-failed": 1}
    assert [one.where for one in ran.complaints] == [f"desk-{drawn}"]


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device", "/tmp/x"), OSError("gone")]
)
def test_what_the_system_refuses_ends_the_run_and_costs_no_account(
    error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    Ran(file, store="whole.db")
    with monkeypatch.context() as patch:
        raising(patch, error, lambda: True)
        half = Ran(file)

    assert half.code == ExitCode.INPUT
    assert half.slugs == ["worker-failed"]
    assert (error.strerror or str(error)).lower() in half.complaints[0].message
    assert half.told["parts"]["done"] == 1
    assert Ran(file, resume=half.run).told["complete"] is True
    assert kept("runs.db") == kept("whole.db")


def test_no_room_for_temporary_files_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))

    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replay, "TemporaryDirectory", full)
    half = Ran(file)

    assert half.slugs == ["replay-room"]
    assert "no space left on device" in half.complaints[0].message
    assert half.told["complete"] is False


def test_no_process_left_is_said() -> None:
    crew: Crew[int, int] = Crew(lambda number, _: number, 1)

    def none() -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    crew._started = none  # type: ignore[method-assign,assignment]  # nothing is forked
    with pytest.raises(InputError, match="resource temporarily unavailable") as caught:
        list(crew.answers([1]))
    assert caught.value.slug == "worker-failed"


def test_a_worker_without_memory_is_a_worker_lost(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("")

    def work(number: int, _: Tell) -> int:
        if number == 2 and len(log.read_text()) < TRIES - 1:
            with log.open("a") as stream:
                stream.write("x")
            raise MemoryError
        return number

    assert sorted(Crew(work, 1).answers([1, 2, 3])) == [(1, 1), (2, 2), (3, 3)]


def test_a_worker_that_hangs_is_a_worker_lost() -> None:
    def work(number: int, _: Tell) -> int:
        if number == 2:
            signal.pause()
        return number

    found = dict(Crew(work, 2, patience=1.0).answers([1, 2, 3], tries=2))

    assert found == {1: 1, 2: None, 3: 3}


def test_only_who_says_nothing_for_too_long_is_taken_for_lost() -> None:
    crew: Crew[int, int] = Crew(lambda number, _: number, 2, patience=1_000)
    crew._hand_out([1, 2, 3], [2, 1, 0])
    (slow, first), (good, second) = crew._busy.items()
    first[0].heard -= 1_001
    second[0].heard -= 500

    assert crew._silent([]) == [slow]
    assert crew._silent([slow]) == []
    assert crew._silent([good]) == [slow]
    crew.close()


# --- what is told meanwhile


def test_what_cannot_be_replayed_is_told_before_the_rest_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, b"{\n" + lines(SEVEN))
    happened: list[str] = []
    write = writer.write

    def writing(*args: Any) -> None:
        write(*args)
        happened.append("stored")

    monkeypatch.setattr(writer, "write", writing)
    tell = replay.Work._tell

    def telling(self: Any, part: Any, shown: Any) -> None:
        self.complain = lambda error: happened.append(error.slug)
        tell(self, part, shown)

    monkeypatch.setattr(replay.Work, "_tell", telling)
    ran = Ran(file)

    assert happened == ["stored", "line-syntax", *["stored"] * 3]
    assert ran.complaints == []  # nothing is told twice
    assert ran.code == ExitCode.INPUT


def test_no_more_are_told_than_people_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, b"{\n" * 5 + lines(SEVEN))
    monkeypatch.setattr(replay, "TOLD", 3)

    ran = Ran(file)

    assert ran.slugs == ["line-syntax"] * 3
    assert ran.told["accounts"]["not_run"] == {"line-syntax": 5}


def test_a_worker_says_how_far_it_is_and_a_lost_one_takes_that_back() -> None:
    seen: list[int] = []

    def work(number: int, tell: Tell) -> int:
        for done in range(1, number + 1):
            time.sleep(1.5 * TICK)  # else it is too early to say so again
            tell(done)
        return number

    assert list(Crew(work, 1, seen.append).answers([3])) == [(3, 3)]
    assert seen == [1, 2, 3]


def test_a_run_is_complete_only_with_the_accounts_that_were_counted_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    monkeypatch.setattr(replay, "total", lambda _: IdSum.of(f"desk-{n}" for n in range(7)))

    ran = Ran(file)

    assert ran.slugs == ["store-sums"]
    assert "7 accounts were counted before and 7 are stored, or not the same" in (
        ran.complaints[0].message
    )
    assert ran.told["complete"] is False


def test_a_part_says_how_many_accounts_of_it_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN) + b"{\n")
    told: list[int] = []
    part = Replaying.part

    def telling(self: Replaying, piece: Range, _: Tell) -> Any:
        found = part(self, piece, told.append)
        (tmp_path / "told").write_text(repr(told))
        return found

    monkeypatch.setattr(Replaying, "part", telling)
    Ran(file, by=10)

    assert (tmp_path / "told").read_text() == repr(list(range(1, 9)))
