"""Text from files is shown, never obeyed; unknown names get the nearest known one."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from harness.names import hint, nearest
from harness.report.terminal import Look, printed, words
from harness.text import quoted, unmarked, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Ärger: 30 €", "Ärger: 30 €"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b31m", "\\x9b31m"),
        ("\ufeff", "\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_newlines_stay_where_lines_are_wanted() -> None:
    assert visible("a\nb\x1b", lines=True) == "a\nb\\x1b"


@given(st.text())
def test_nothing_invisible_is_ever_left(text: str) -> None:
    assert not [c for c in visible(text) if unicodedata.category(c)[0] == "C"]
    assert visible(visible(text)) == visible(text)


@given(st.text(alphabet="[]/\\abcred#", max_size=30))
def test_rich_shows_markup_as_it_stands(text: str) -> None:
    out = io.StringIO()
    console = Console(file=out, width=200, color_system=None)

    console.print(unmarked(text), end="", highlight=False, emoji=False, soft_wrap=True)

    assert out.getvalue() == text


def test_a_value_in_a_message_is_cut() -> None:
    assert len(quoted("x" * 1000)) == 80
    assert quoted(True) == "True"


def test_the_nearest_name_is_offered_else_the_few_there_are() -> None:
    assert nearest("titel", ["title", "ticket"]) == "title"
    assert hint("titel", ["title", "ticket"]) == "did you mean 'title'?"
    assert hint("zzz", ["b", "a"]) == "known: a, b"
    assert hint("zzz", []) == "none is known here"
    assert hint("zzz", [f"n{i}" for i in range(99)]).endswith(", …")


@pytest.mark.parametrize("command", ["::error::planted", "##[error]planted", "  ::set-output"])
def test_no_line_of_a_report_is_a_command_to_what_runs_it(command: str) -> None:
    wrapped = "x" * 79 + " " + command

    shown = printed(Look(width=80), [words(wrapped), words(command.strip()), words("a::b")])

    assert not [line for line in shown.split("\n") if line.lstrip().startswith(("::", "##["))]
    assert "\n\\" in shown
    assert shown.endswith("a::b")
