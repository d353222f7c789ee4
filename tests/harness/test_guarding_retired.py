"""Paths that were deleted: read from their file, and counted for ever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.document import parse_document
from harness.errors import InputError
from harness.guarding.retired import Retired, census, load_retired, read_retired, row_text

ROW = (
    "{path: desk.fine, clearance: clearances/a.json, sha256: " + "ab" * 32 + ", "
    "date: 2026-03-02, cells: 2, branches: 6, decision: docs/decisions/0001-go.md}"
)


def read(text: str) -> tuple[Retired, ...]:
    return read_retired(parse_document(text.encode(), "retired.yaml"))


def test_a_row_is_read_and_written_alike() -> None:
    (one,) = read(f"retired:\n  - {ROW}\n")

    assert (one.path, one.cells, one.branches, one.recording) == ("desk.fine", 2, 6, "")
    assert str(one.date) == "2026-03-02"
    assert row_text(one) == ROW


def test_a_row_may_name_the_recording_that_answers_instead() -> None:
    text = ROW.replace("go.md}", f"go.md, recording: {'cd' * 32}}}")
    (one,) = read(f"retired:\n  - {text}\n")

    assert one.recording == "cd" * 32
    assert row_text(one) == text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("desk.fine", '" "', "retired[0].path: is blank"),
        ("ab" * 32, "ab", "retired[0].sha256: 'ab' is no SHA-256"),
        ("2026-03-02", "2026-02-30", "retired[0].date: '2026-02-30' is no date"),
        ("2026-03-02", "soon", "retired[0].date: 'soon' is no date"),
        ("cells: 2", "cells: -1", "retired[0].cells: is below 0"),
        ("go.md}", "go.md, recording: x}", "retired[0].recording: 'x' is no SHA-256"),
    ],
)
def test_what_is_malformed_is_named_with_its_place(old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        read(f"retired:\n  - {ROW.replace(old, new)}\n")

    assert raised.value.slug == "retired-malformed"
    assert raised.value.message == said
    assert raised.value.where == "retired.yaml:2"


def test_nobody_is_buried_twice_by_one_clearance() -> None:
    with pytest.raises(InputError) as raised:
        read(f"retired:\n  - {ROW}\n  - {ROW}\n")

    assert raised.value.message == "retired[1]: 'desk.fine' stands twice"


def test_unknown_and_missing_keys_are_refused() -> None:
    with pytest.raises(InputError):
        read(f"retired:\n  - {ROW.replace('cells: 2', 'cell: 2')}\n")
    with pytest.raises(InputError):
        read("retired:\n  - {path: desk.fine}\n")


def test_without_a_file_nothing_is_retired(tmp_path: Path) -> None:
    assert load_retired(tmp_path) == ()
    (tmp_path / "retired.yaml").write_text(f"retired:\n  - {ROW}\n")
    assert [one.path for one in load_retired(tmp_path)] == ["desk.fine"]


def test_deleting_a_path_never_makes_the_rest_look_better() -> None:
    rows = read(f"retired:\n  - {ROW}\n")

    before = census({"desk.fine", "desk.lost"}, ["desk.fine"], ())
    after = census({"desk.lost"}, [], rows)

    assert before.said(2) == "2 of 2 paths open"
    assert after.said(1) == "1 of 2 paths open, 1 retired"
    assert (before.missing, after.missing) == ({}, {})


def test_a_pinned_path_that_is_neither_registered_nor_buried_is_named() -> None:
    found = census({"desk.lost"}, ["desk.lost", "desk.fine"], ())

    assert found.said(1) == "1 of 2 paths open"
    reason = found.missing["desk.fine"]
    assert (reason.slug, reason.found) == (
        "path-removed",
        "desk.fine is pinned in the manifest, and the control has it not",
    )


def test_a_path_that_lives_again_is_counted_as_living() -> None:
    found = census({"desk.fine"}, [], read(f"retired:\n  - {ROW}\n"))

    assert found.said(0) == "0 of 1 paths open"


def test_a_path_that_a_recording_answers_for_stays_retired() -> None:
    rows = read(f"retired:\n  - {ROW}\n")

    found = census({"desk.fine", "desk.lost"}, ["desk.fine"], rows, recorded=True)

    assert found.said(2) == "2 of 2 paths open, 1 retired"
    assert found.living == {"desk.lost"}


def test_what_a_gate_judges_besides_is_counted_once() -> None:
    found = census({"desk.fine"}, [], ())

    assert found.said(1, ("(given)", "desk.fine")) == "1 of 2 paths open"


def test_a_decision_that_is_no_path_is_quoted() -> None:
    (one,) = read(f"retired:\n  - {ROW}\n")
    told = replace(one, decision='yes: "all", {now}')

    assert read(f"retired:\n  - {row_text(told)}\n") == (told,)
