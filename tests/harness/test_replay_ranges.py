"""Ranges, the census and the crew: every byte belongs to one range, every id to one account."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bulk import ranges
from harness.bulk.census import census, is_sampled
from harness.bulk.crew import TRIES, Crew, Tell
from harness.bulk.line import name_of
from harness.bulk.pace import pace, told
from harness.bulk.ranges import Range, Source, cut, records, sources_of
from harness.errors import InputError
from harness.store.id_sum import IdSum
from tests.harness.line_desk import packed

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def source(file: Path, content: bytes) -> Source:
    file.write_bytes(content)
    return sources_of([file])[0]


LINES = st.lists(
    st.sampled_from([b"{}", b"", b"  ", b'{"id":"a"}', b"x" * 40, b"\r"]), max_size=12
)


@given(LINES, st.integers(1, 5), st.integers(1, 60), st.booleans())
def test_any_cut_holds_every_line_once_with_its_number_and_its_byte(
    tmp_path_factory: pytest.TempPathFactory, found: list[bytes], lines: int, size: int, last: bool
) -> None:
    content = b"\n".join(found) + (b"\n" if last else b"")
    file = tmp_path_factory.mktemp("cut") / "x.jsonl"
    one = source(file, content)

    pieces = list(cut(one, lines=lines, size=size))
    counted = census([one], cutting=lambda _: iter(pieces)) if unique(content) else ()

    assert b"".join(content[piece.first : piece.last] for piece in pieces) == content
    for piece in (entry.piece for entry in counted):
        for record in records(piece):
            at = piece.first + record.offset
            assert content[at:].startswith(record.content or b"?")
            assert content[:at].count(b"\n") + 1 == record.line


def unique(content: bytes) -> bool:
    return content.count(b'"a"') < 2


def test_a_line_that_is_too_long_is_not_held_and_the_next_is_read(tmp_path: Path) -> None:
    long = b'{"id":"a' + b"a" * ranges.LARGEST + b'"}'
    one = source(tmp_path / "x.jsonl", b'{"id":"b"}\n' + long + b'\n{"id":"c"}\n')

    (counted,) = census([one])
    found = list(records(counted.piece))

    assert [(entry.line, entry.content is None) for entry in found] == [
        (1, False), (2, True), (3, False),
    ]  # fmt: skip
    assert [name_of(counted.piece, entry) for entry in found] == ["b", "x.jsonl@0+11", "c"]


def test_the_census_counts_ids_and_not_only_lines(tmp_path: Path) -> None:
    one = source(tmp_path / "x.jsonl", b'{"id":"a"}\n\n{"id":"B"}\n{"id":7}\n{"id":"c"')

    (counted,) = census([one])

    names = ["a", "x.jsonl@0+12", "x.jsonl@0+23", "x.jsonl@0+32"]
    assert counted.ids == IdSum.of(names)


def test_an_id_is_found_twice_in_other_files_and_in_frames(tmp_path: Path) -> None:
    one = packed(tmp_path / "x.jsonl.zst", b'{"id":"a"}\n{"id":"b"}\n', b'{"id":"c"}\n')
    (tmp_path / "y.jsonl").write_bytes(b'{"id":"d"}\n{"id":"c"}\n{"id":"b"}\n')

    with pytest.raises(InputError) as caught:
        census(sources_of([one, tmp_path / "y.jsonl"]))

    assert "the id 'c' is already that of" in caught.value.message
    assert "x.jsonl.zst:3, byte 0 of the frame at byte " in caught.value.message
    assert caught.value.message.endswith("; so do 'b'")
    assert caught.value.where.endswith("y.jsonl:2, byte 11")


def test_behind_a_frame_that_cannot_be_read_nobody_knows_the_line(tmp_path: Path) -> None:
    file = packed(tmp_path / "x.jsonl.zst", b'{"id":"a"}\n' * 2, b'{"id":"c"}\n', b'{"id":"d"}\n')
    first, second, third = cut(sources_of([file])[0])
    content = bytearray(file.read_bytes())
    content[first.first + 14] ^= 0xFF
    file.write_bytes(content)

    counted = census(sources_of([file]))

    assert [entry.piece.line for entry in counted] == [1, 0, 0]
    assert counted[0].damage is not None
    assert [name_of(entry.piece, *records(entry.piece)) for entry in counted[1:]] == ["c", "d"]
    assert (second.first, third.last) == (counted[1].piece.first, counted[2].piece.last)


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for day in ("a", "b"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "x.jsonl").write_bytes(b"{\n")

    found = census(sources_of([tmp_path / "a" / "x.jsonl", tmp_path / "b" / "x.jsonl"]))

    assert [entry.piece.source.label for entry in found] == ["1-x.jsonl", "2-x.jsonl"]
    assert len({entry.piece.place.id for entry in found}) == 2


def test_no_room_for_ids_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = source(tmp_path / "x.jsonl", b'{"id":"a"}\n')
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))

    with pytest.raises(InputError) as caught:
        census([one])

    assert caught.value.slug == "census-failed"


def test_one_account_in_sixty_four_is_sampled_whoever_asks() -> None:
    drawn = [number for number in range(64_000) if is_sampled(f"sim-1-{number}")]

    assert 900 < len(drawn) < 1_100
    assert drawn[:3] == [n for n in range(drawn[2] + 1) if is_sampled(f"sim-1-{n}")]


# --- the crew


def squares(size: int, tasks: list[int]) -> list[tuple[int, int | None]]:
    def work(number: int, _: Tell) -> int:
        return number * number

    return sorted(Crew(work, size).answers(tasks))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_each_task_is_answered_once(size: int) -> None:
    assert squares(size, [3, 1, 2]) == [(1, 1), (2, 4), (3, 9)]
    assert squares(size, []) == []


def test_a_task_that_kills_is_given_up_and_the_others_are_not(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("")

    def work(number: int, _: Tell) -> int:
        if number == 2:
            with log.open("a") as stream:
                stream.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    found = dict(Crew(work, 2).answers([1, 2, 3, 4]))

    assert found == {1: 1, 2: None, 3: 3, 4: 4}
    assert log.read_text() == "x" * TRIES


def test_a_worker_that_is_gone_while_it_has_nothing_to_do_costs_no_task() -> None:
    crew: Crew[int, int] = Crew(lambda number, _: number, 1)

    def some() -> Iterator[int]:
        for task, answer in crew.answers([1, 2, 3]):
            assert task == answer
            for worker in crew._workers:
                worker.process.kill()
                worker.process.join()
            yield task

    assert list(some()) == [1, 2, 3]


def test_what_a_worker_raises_is_raised_here() -> None:
    def refuses(_: int, __: Tell) -> int:
        raise InputError("unreadable", "no", "x", "do")

    def fails(_: int, __: Tell) -> int:
        raise LookupError("oh")

    with pytest.raises(InputError) as caught:
        list(Crew(refuses, 1).answers([1]))
    assert (caught.value.slug, caught.value.where, caught.value.hint) == ("unreadable", "x", "do")
    with pytest.raises(RuntimeError, match="LookupError: oh"):
        list(Crew(fails, 1).answers([1]))


def test_no_worker_stays_behind(tmp_path: Path) -> None:
    crew: Crew[int, int] = Crew(lambda _, __: os.getpid(), 2)
    found = crew.answers([1, 2, 3])
    _, pid = next(found)
    found.close()  # type: ignore[attr-defined]  # a generator, to whoever stops early

    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


# --- how far it is


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_pace_is_told_where_somebody_looks() -> None:
    seconds = iter((0.0, 0.0, 5.0))
    stream = Terminal()
    with pace(stream, "replaying", 4_000, clock=lambda: next(seconds)) as shown:
        shown.step(1_000)

    assert "replaying 1,000 of 4,000 accounts, 200 a second, 15 s left" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_log_gets_nothing() -> None:
    stream = io.StringIO()
    with pace(stream, "replaying", 4) as shown:
        shown.step(1)

    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("done", "seconds", "left"),
    [
        (100, 10.0, ", 10 a second, 1 min left"),
        (10, 10.0, ", 1.0 a second, 12 min left"),
        (1, 60.0, ", 0.0 a second, 11.7 h left"),
        (0, 60.0, "0 of 700 accounts"),
    ],
)
def test_the_time_left_is_in_words(done: int, seconds: float, left: str) -> None:
    assert told(done, 700, seconds).endswith(left)


def test_a_range_is_known_by_file_and_bytes(tmp_path: Path) -> None:
    one = source(tmp_path / "x.jsonl", b"{}\n")
    place = Range(source=one, first=0, last=3, line=1).place

    assert (place.id, place.first, place.last) == ("1:000000000000-000000000003", 0, 3)
