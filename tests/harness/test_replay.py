"""`shadow replay`: nothing is lost, whatever dies or is damaged, and the halves make one run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.bulk import range_replay, replay
from harness.cli import main
from harness.errors import ExitCode, InputError, NothingCompared
from harness.stability import Second
from harness.store import reader, writer
from harness.store.opening import opened
from tests.harness.kept_runs import rows
from tests.harness.line_desk import (
    PLAIN,
    Ran,
    account,
    desk,
    kept,
    line,
    lines,
    numbers,
    packed,
)
from tests.harness.planted import said

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
SEVEN = numbers(7)


# --- the same whoever works, in whatever pieces


@pytest.mark.parametrize(("workers", "by"), [(2, 2), (1, 3), (2, 100), (3, 1)])
def test_one_and_two_workers_and_any_cut_find_the_same(
    workers: int, by: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    one, other = Ran(file), Ran(file, store="other.db", workers=workers, by=by)

    assert one.code == other.code == ExitCode.CLOSED
    assert not one.complaints
    for key in ("accounts", "cells", "free", "by_kind", "signatures", "evidence", "complete"):
        assert one.told[key] == other.told[key], key
    if by == 2:
        assert kept("runs.db") == kept("other.db")


def test_it_finds_what_a_run_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same scenarios as files, checked against themselves there and not here."""
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    ran = Ran(file)
    for number in SEVEN:
        (tmp_path / "scenarios" / f"desk-{number}.yaml").write_bytes(line(account(number)))
    code, told = said("run", "--store", "run.db")

    assert code == ran.code
    assert ran.told["cells"] == {**told["totals"]["cells"]} if "cells" in told["totals"] else True
    mine, its = (rows(opened(name, make=False)) for name in ("runs.db", "run.db"))
    for table, left in (("rostered", 1), ("cell", 3), ("difference", 4), ("free", 3)):
        without = [sorted(row[left:] for row in found[table]) for found in (mine, its)]
        assert without[0] == without[1], table
    assert counts(mine["tally"]) == counts(its["tally"])
    assert counts(mine["used"]) == counts(its["used"])
    assert len(mine["part"]) == 4


def counts(table: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Key → how many, over all parts."""
    found: dict[tuple[Any, ...], int] = {}
    for row in table:
        keys, rest = (row[2:6], row[6]) if len(row) > 4 else (row[2:3], row[3])
        found[keys] = found.get(keys, 0) + rest
    return found


def test_frames_and_plain_lines_find_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    other = packed(tmp_path / "desk.jsonl.zst", lines(SEVEN[:3]), lines(SEVEN[3:]))

    plain, frames = Ran(file), Ran(other, store="other.db")

    assert frames.told["parts"] == {"announced": 2, "done": 2}
    for key in ("accounts", "cells", "free", "signatures"):
        assert plain.told[key] == frames.told[key], key


def test_several_files_are_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Ran(desk(tmp_path, monkeypatch, lines(SEVEN)))
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_bytes(lines(SEVEN[:3]))
    second.write_bytes(lines(SEVEN[3:]))

    both = Ran(first, second, store="other.db")

    assert both.told["accounts"] == whole.told["accounts"]
    assert [one["accounts"] for one in both.told["files"]] == [3, 4]


def test_totals_add_up_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = Ran(desk(tmp_path, monkeypatch, lines(SEVEN)))

    cells = dict(ran.told["cells"])
    late = sum(number % 3 == 0 for number in SEVEN)
    assert cells.pop("expected") == sum(cells.values()) == 2 * 7 + late
    assert ran.told["accounts"]["expected"] == ran.told["accounts"]["counted"] == 7
    assert ran.told["accounts"]["differing"] == late
    assert ran.told["signatures"][0]["accounts"] == late
    assert ran.told["signatures"][0]["example"].split("#")[0] in {f"desk-{n}" for n in SEVEN}


# --- each engine against itself


def test_only_sampled_accounts_are_checked_against_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = numbers(2, sampled=True)
    file = desk(tmp_path, monkeypatch, lines([*SEVEN[:3], *drawn]))

    class Gone:
        def __init__(self, config: Path, files: list[Path]) -> None:
            assert sorted(file.name for file in files) == sorted(f"desk-{n}.yaml" for n in drawn)
            assert all(file.read_bytes() for file in files)

        def result(self, *, seconds: float) -> Second:
            assert seconds
            return Second(lost="it went away")

        def stop(self) -> None: ...

    monkeypatch.setattr(range_replay, "SecondProcess", Gone)
    ran = Ran(file, by=10)

    cells = {row[1]: row[7] for row in rows(opened("runs.db", make=False))["cell"]}
    unstable = {name.split("#")[0] for name, outcome in cells.items() if outcome == "UNSTABLE"}
    assert unstable == {f"desk-{n}" for n in drawn}
    assert ran.told["checked_against_itself"] == {"one_in": 64, "accounts": 2}


def test_a_sampled_account_that_is_stable_is_what_it_would_be_anyway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (drawn,) = numbers(1, sampled=True)

    ran = Ran(desk(tmp_path, monkeypatch, lines([drawn])))

    assert ran.told["checked_against_itself"]["accounts"] == 1
    assert ran.told["cells"]["UNSTABLE"] == 0
    assert ran.told["free"]["UNSTABLE"] == 0


# --- lines and frames that are damaged


def test_a_corrupt_line_is_counted_told_and_closes_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = line(account(SEVEN[3]))[:-20] + b"\n"
    strange = line({**account(SEVEN[4]), "tickt": "x"})
    content = lines(SEVEN[:3]) + broken + strange + b"\n" + lines(SEVEN[5:])
    ran = Ran(desk(tmp_path, monkeypatch, content))

    at = len(lines(SEVEN[:3]))
    assert ran.code == ExitCode.INPUT
    assert ran.told["complete"] is True
    assert ran.told["accounts"]["not_run"] == {"line-syntax": 1, "unknown-key": 1}
    assert ran.told["accounts"]["counted"] == 7
    assert ran.told["free"] == {**ran.told["free"], "expected": 7, "NOT_RUN": 2, "KEPT": 5}
    told = {one.slug: one for one in ran.complaints}
    assert f"{PLAIN}:4: no JSON" in told["line-syntax"].message
    assert f"in the line at byte {at}" in told["line-syntax"].message
    assert told["line-syntax"].where.startswith(f"{PLAIN}@")
    assert told["unknown-key"].where == f"desk-{SEVEN[4]}"
    assert f"{PLAIN}:5: tickt: unknown key 'tickt'" in told["unknown-key"].message
    assert f"in the line at byte {at + len(broken)}" in told["unknown-key"].message


def test_a_blank_line_holds_nothing_but_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"\n" + lines(SEVEN[:2]) + b" \r\n\n" + b"{\n" + lines(SEVEN[2:3]).rstrip()
    ran = Ran(desk(tmp_path, monkeypatch, content))

    assert ran.told["accounts"]["counted"] == 4
    assert f"{PLAIN}:6: " in ran.complaints[0].message


def test_a_damaged_frame_counts_as_one_account_and_the_others_are_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk(tmp_path, monkeypatch, b"")
    file = packed(
        tmp_path / "desk.jsonl.zst", lines(SEVEN[:3]), lines(SEVEN[3:5]), lines(SEVEN[5:])
    )
    found = list(replay.cut(replay.sources_of([file])[0]))
    content = bytearray(file.read_bytes())
    content[found[1].first + 20] ^= 0xFF
    file.write_bytes(content)

    ran = Ran(file)

    assert ran.code == ExitCode.INPUT
    assert ran.told["accounts"]["counted"] == 3 + 1 + 2
    assert ran.told["accounts"]["not_run"] == {"frames-damaged": 1}
    assert f"at byte {found[1].first}" in ran.complaints[0].message
    assert ran.told["free"]["KEPT"] == 5


def test_an_id_that_stands_twice_is_refused_by_name_before_anything_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines([*SEVEN, SEVEN[1]]))

    with pytest.raises(InputError) as caught:
        Ran(file)

    assert caught.value.slug == "account-twice"
    assert f"the id 'desk-{SEVEN[1]}' is already that of {PLAIN}:2" in caught.value.message
    assert caught.value.where.startswith(f"{PLAIN}:8")
    assert reader.known(opened("runs.db", make=False)) == ()


@pytest.mark.parametrize("content", [b"", b"\n\n"], ids=["empty", "blank"])
def test_a_file_without_an_account_is_never_success(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NothingCompared):
        Ran(desk(tmp_path, monkeypatch, content))


def test_a_file_that_is_written_to_meanwhile_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk(tmp_path, monkeypatch, lines(SEVEN))
    write = writer.write

    def and_append(*args: Any) -> None:
        write(*args)
        file.write_bytes(lines([*SEVEN, 500]))

    monkeypatch.setattr(writer, "write", and_append)
    ran = Ran(file)

    assert ran.code == ExitCode.INPUT
    assert ran.slugs == ["file-rewritten"]
    assert ran.told["complete"] is False


# --- as it is typed


def test_the_page_says_what_was_found_and_what_to_type_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk(tmp_path, monkeypatch, lines(SEVEN))

    code = main(["replay", PLAIN, "--store", "runs.db", "--workers", "1"])

    out, err = capsys.readouterr()
    assert code == ExitCode.CLOSED
    assert err == ""
    assert "accounts   7 of 7 are counted, by id" in out
    assert "What is simulated was not recorded" in out
    assert "in 1 of 64 accounts, drawn by their ids: 0 of 7" in out
    assert out.endswith("Next: shadow history --store runs.db\n")


def test_an_interrupted_page_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk(tmp_path, monkeypatch, lines(SEVEN))
    monkeypatch.setattr(replay, "stoppable", always_stopped)

    assert main(["replay", PLAIN, "--store", "runs.db"]) == ExitCode.INTERRUPTED

    out = capsys.readouterr().out
    assert "INCOMPLETE: it decides nothing" in out
    last = out.splitlines()[-1]
    assert last.startswith("Next: shadow replay desk.jsonl --store runs.db --resume 20")


class always_stopped:  # stands for a function
    def __enter__(self) -> Callable[[], bool]:
        return lambda: True

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (["x.json", "--store", "runs.db"], "replay-name"),
        (["gone.jsonl", "--store", "runs.db"], "unreadable"),
        ([PLAIN, f"./{PLAIN}", "--store", "runs.db"], "file-twice"),
        (["plain.jsonl.zst", "--store", "runs.db"], "frames-damaged"),
        ([PLAIN, "--store", "gone.db", "--resume", "2026"], "store-none"),
        ([PLAIN], "usage"),
        (["--store", "runs.db"], "usage"),
        ([PLAIN, "--store", "runs.db", "--workers", "0"], "usage"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_what_cannot_be_replayed_is_said_before_anything_is(
    words: list[str],
    slug: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk(tmp_path, monkeypatch, lines(SEVEN))
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "plain.jsonl.zst").write_bytes(lines(SEVEN))

    assert main(["replay", *words]) == ExitCode.INPUT

    out, err = capsys.readouterr()
    assert out == ""
    assert f"[{slug}]" in err
