"""The ledger only grows: whatever is done to a line that stands in it is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.errors import InputError
from harness.sampling.burned import read_burned
from harness.sampling.ledger import (
    BEGIN,
    Count,
    Drawn,
    Evaluated,
    Ledger,
    Size,
    continues,
    list_name,
    read_ledger,
)
from harness.sampling.lines import line_of

DAY = date(2026, 4, 2)
STRATA = {"segment=pro": Size(accounts=9, burned=0, drawn=4, ids="i" * 64)}


def drawn(previous: str = BEGIN, sample: str = "a", **changes: Any) -> Drawn:
    values: dict[str, Any] = {
        "date": DAY, "frame": "f" * 64, "candidate": "c" * 64, "acceptances": "r" * 64,
        "sample": sample * 64, "strata": STRATA, "previous": previous,
        "burned": 0, "burned_sha256": "b" * 64,
    }  # fmt: skip
    return Drawn(**{**values, **changes})


def evaluated(previous: str, sample: str = "a", *, wrong: int = 0, **changes: Any) -> Evaluated:
    count = Count(ran=3, agree=4 - wrong, ruled=0, wrong=wrong, wrong_apart=0)
    values: dict[str, Any] = {
        "date": DAY, "frame": "f" * 64, "candidate": "c" * 64, "acceptances": "r" * 64,
        "sample": sample * 64, "strata": STRATA, "previous": previous,
        "recorded": {"segment=pro": 4}, "results": {"api.pay": {"segment=pro": count}},
    }  # fmt: skip
    return Evaluated(**{**values, **changes})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Two draws, each evaluated, with their lists."""
    kept = read_ledger(tmp_path / "ledger.jsonl")
    for sample in "ab":
        kept = kept.enter(drawn(kept.last, sample))
        kept = kept.enter(evaluated(kept.last, sample))
    (tmp_path / "samples").mkdir()
    for sample in "ab":
        (tmp_path / "samples" / list_name(sample * 64)).write_text("")
    return read_ledger(kept.file)


def chained(entries: list[dict[str, Any]]) -> bytes:
    """Lines written anew, so that each follows the one before."""
    out, previous = b"", BEGIN
    for entry in entries:
        kind = Drawn if entry["act"] == "drawn" else Evaluated
        record = msgspec.convert({**entry, "previous": previous}, kind)
        line = line_of(record)
        out, previous = out + line, hashlib.sha256(line).hexdigest()
    return out


def test_a_ledger_is_read_back_as_it_was_entered(ledger: Ledger) -> None:
    assert ledger.broken == ""
    assert [type(entry).__name__ for entry in ledger.entries] == ["Drawn", "Evaluated"] * 2
    assert [draw.sample[0] for draw in ledger.draws()] == ["a", "b"]
    assert (ledger.number("a" * 64), ledger.number("b" * 64)) == (1, 2)
    assert len(ledger.evaluations("a" * 64)) == 1
    assert ledger.sound() is ledger


def test_without_a_file_a_ledger_is_empty_and_begins_with_nothing(tmp_path: Path) -> None:
    empty = read_ledger(tmp_path / "ledger.jsonl")

    assert (empty.entries, empty.broken, empty.last) == ((), "", BEGIN)


FAULTS: dict[str, tuple[Callable[[list[str]], list[str]], int]] = {
    "a count is made better": (
        lambda rows: [rows[0], rows[1].replace('"ran":3', '"ran":4'), *rows[2:]], 3,
    ),
    "a line is taken out": (lambda rows: [rows[0], *rows[2:]], 2),
    "the first line is taken out": (lambda rows: rows[1:], 1),
    "two lines change places": (lambda rows: [rows[0], rows[2], rows[1], rows[3]], 2),
    "a line is doubled": (lambda rows: [rows[0], rows[0], *rows[1:]], 2),
    "a blank is put in": (lambda rows: [rows[0].replace(":", ": ", 1), *rows[1:]], 1),
    "an empty line is put in": (lambda rows: [rows[0], "\n", *rows[1:]], 2),
    "a key is added": (lambda rows: [rows[0].replace("{", '{"x":1,', 1), *rows[1:]], 1),
    "a line is cut": (lambda rows: [*rows[:3], rows[3][:-9]], 4),
    "the last end of line is gone": (lambda rows: [*rows[:3], rows[3][:-1]], 4),
    "text is put in": (lambda rows: ["once upon a time\n", *rows], 1),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_done_to_a_line_is_found_with_its_place(fault: str, ledger: Ledger) -> None:
    change, line = FAULTS[fault]
    ledger.file.write_text("".join(change(ledger.file.read_text().splitlines(keepends=True))))

    broken = read_ledger(ledger.file)

    assert f"ledger.jsonl:{line}: " in broken.broken
    assert len(broken.entries) == line - 1
    with pytest.raises(InputError) as error:
        broken.enter(drawn(broken.last, "c"))
    assert error.value.slug == "ledger-broken"
    assert error.value.where.endswith(f"ledger.jsonl:{line}")


@pytest.mark.parametrize("kept", [0, 1, 2], ids="{} lines stay".format)
def test_last_lines_that_are_taken_out_leave_their_list_behind(kept: int, ledger: Ledger) -> None:
    rows = ledger.file.read_text().splitlines(keepends=True)
    ledger.file.write_text("".join(rows[:kept]))

    assert "no line of the ledger draws this list" in read_ledger(ledger.file).broken


def test_a_ledger_that_is_taken_away_leaves_its_lists_behind(ledger: Ledger) -> None:
    ledger.file.unlink()

    assert "one is gone" in read_ledger(ledger.file).broken


def test_of_a_last_evaluation_that_is_taken_out_only_an_earlier_state_can_tell(
    ledger: Ledger,
) -> None:
    """What the guard has to compare: nothing in the files themselves shows it."""
    before = ledger.file.read_bytes()
    rows = before.splitlines(keepends=True)

    ledger.file.write_bytes(b"".join(rows[:3]))

    assert read_ledger(ledger.file).broken == ""
    assert not continues(before, b"".join(rows[:3]))
    assert continues(b"".join(rows[:3]), before)


REWRITTEN: dict[str, tuple[Callable[[list[dict[str, Any]]], Any], str]] = {
    "more accounts are counted than were drawn": (
        lambda rows: rows[1]["results"]["api.pay"]["segment=pro"].update(agree=40), "counts",
    ),
    "a stratum is evaluated that was not drawn": (
        lambda rows: rows[1]["results"]["api.pay"].update(
            {"x=y": rows[1]["results"]["api.pay"]["segment=pro"]}
        ),
        "strata are not those",
    ),
    "a stratum is left out": (
        lambda rows: rows[1]["results"]["api.pay"].clear(), "strata are not those",
    ),
    "fewer than none are wrong": (
        lambda rows: rows[1]["results"]["api.pay"]["segment=pro"].update(agree=5, wrong=-1),
        "counts",
    ),
    "it ran in more than were drawn": (
        lambda rows: rows[1]["results"]["api.pay"]["segment=pro"].update(ran=5), "counts",
    ),
    "burned accounts are wrong that there are not": (
        lambda rows: rows[1]["results"]["api.pay"]["segment=pro"].update(wrong_apart=1), "counts",
    ),
    "more are recorded than were drawn": (
        lambda rows: rows[1]["recorded"].update({"segment=pro": 5}), "recorded is not of the draw",
    ),
    "nobody says how many are recorded": (
        lambda rows: rows[1]["recorded"].clear(), "recorded is not of the draw",
    ),
    "more are drawn than there are": (
        lambda rows: [
            row["strata"]["segment=pro"].update(accounts=3) for row in rows[:2]
        ],
        "other accounts than it can have",
    ),
    "a sample is evaluated that nobody drew": (
        lambda rows: rows[1].update(sample="z" * 64), "no line before it draws",
    ),
    "the frame of an evaluation is another": (
        lambda rows: rows[1].update(frame="0" * 64), "not those of the draw",
    ),
    "a sample is drawn twice": (
        lambda rows: rows[2].update(sample="a" * 64), "drawn already",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", REWRITTEN)
def test_a_chain_that_is_made_anew_has_to_make_sense(fault: str, ledger: Ledger) -> None:
    change, said = REWRITTEN[fault]
    rows = [json.loads(line) for line in ledger.file.read_text().splitlines()]
    change(rows)
    ledger.file.write_bytes(chained(rows))

    assert said in read_ledger(ledger.file).broken


def test_nothing_is_entered_over_what_somebody_else_entered_meanwhile(ledger: Ledger) -> None:
    mine = read_ledger(ledger.file)
    ledger.enter(drawn(ledger.last, "c"))

    with pytest.raises(InputError) as error:
        mine.enter(drawn(mine.last, "d"))

    assert error.value.slug == "file-changed"


# --- burned accounts


def test_an_account_is_burned_once_with_a_reason(tmp_path: Path) -> None:
    burned = read_burned(tmp_path / "burned.jsonl")
    empty = burned.sha256
    burned = burned.burn("recorded-1", "looked at in the debugger", DAY)
    burned = burned.burn("recorded-2", "shown in the review", DAY)

    again = read_burned(burned.file)
    assert again == burned
    assert again.accounts == ("recorded-1", "recorded-2")
    assert again.first(0).sha256 == empty
    assert again.first(1).accounts == ("recorded-1",)
    assert again.first(2) == again
    with pytest.raises(InputError) as error:
        again.burn("recorded-1", "once more", DAY)
    assert error.value.slug == "burned-already"
    assert error.value.where.endswith("burned.jsonl:1")
    with pytest.raises(InputError) as error:
        again.burn("recorded-3", " ", DAY)
    assert error.value.slug == "burn-reason"


@pytest.mark.parametrize(
    "line",
    [
        "{}\n",
        "recorded-1\n",
        '{"account":"a","date":"2026-04-02","reason":""}\n',
        '{"account":"a","date":"2026-04-31","reason":"x"}\n',
        '{"account":"a","date":"2026-04-02","reason":"x"}',
        '{"account":"a","date":"2026-04-02","reason":"x","y":1}\n',
        '{"account":"a","date":"2026-04-02","reason":"x"}\n' * 2,
    ],
)
def test_a_list_of_burned_accounts_that_cannot_be_read_is_no_empty_one(
    line: str, tmp_path: Path
) -> None:
    file = tmp_path / "burned.jsonl"
    file.write_text(line)

    with pytest.raises(InputError) as error:
        read_burned(file)

    assert error.value.slug == "burned-malformed"
