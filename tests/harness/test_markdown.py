"""The comment on a pull request: what it lists, how much of it fits, and what it never obeys."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec import structs

from harness.difference import at_of
from harness.errors import InputError
from harness.model import Cell, Difference, Finding, Free, FreeRun, Outcome
from harness.reason import Reason
from harness.report.baseline import parse_baseline
from harness.report.block import Section, code, fitted, row, size, span
from harness.report.changes import Baseline, changes
from harness.report.json_report import dumped, run_document
from harness.report.markdown import LIMIT, MARKER, comment
from harness.report.told import Told
from harness.text import visible
from tests.golden_files import golden
from tests.harness.cell_builder import Run, cell, difference, open_cells
from tests.harness.story import RULING
from tests.harness.told_run import HOSTILE, of_cells, story_run, told_of

TAGS: Final = {"h2", "ul", "li", "ol", "p", "strong", "b", "i", "br", "code", "details", "summary",
               "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
TITLES = ("New", "Changed", "Resolved", "Standing", "Not compared any more")


def before(told: Told) -> Baseline:
    document = run_document(told.cells, told.free, totals={}, free_totals={})
    return parse_baseline(dumped(document).encode(), "base.json")


def written(told: Told, then: Told | None = None) -> str:
    """The comment, after what every comment keeps to was checked."""
    text = comment(told, changes(told, before(then) if then else None))
    assert text.startswith(f"{MARKER}\n\n## ")
    assert re.fullmatch(r"Next: `+ ?shadow .*", text.splitlines()[-1])
    assert size(text) <= LIMIT
    return text


class Reader(HTMLParser):
    """What GitHub would see: the elements, and the text outside of `<code>`."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.bare: list[str] = []
        self.coded: list[str] = []
        self.feed(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert attrs in ([], [("open", None)]), (tag, attrs)
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.coded if "code" in self.open else self.bare).append(data)


def harmless(text: str) -> Reader:
    """Read it as GitHub does; nothing but our own elements and words may come of it."""
    reader = Reader(text)
    assert set(reader.tags) <= TAGS
    assert reader.open == []
    bare = "".join(reader.bare)
    assert "@" not in bare
    assert not re.search(r"#\d|GH-\d|https?:|www\.|:\w+:", bare), bare
    return reader


def sections(text: str) -> list[str]:
    return re.findall(r"<summary>(?:<b>)?([^<]*)", text)


def moved() -> tuple[Told, Told]:
    """A run and an earlier one, between which something of every kind happened."""

    def one(name: str, *listed: Difference, outcome: Outcome = Outcome.DIVERGE) -> Cell:
        return cell(name, outcome=outcome, differences=listed)

    money = difference(facet="money", at="in_1.paid", control=6000, candidate=5000)
    asks = difference(facet="customer", at="asks.usd", control=0, candidate=100)
    flag, ruled = difference(), difference(at="store.since", ruling="R-since")
    error = (Finding(outcome=Outcome.ERROR, slug="world-failed", detail="boom"),)
    harmed = cell("s#1", outcome=Outcome.DIVERGE, differences=(flag, asks, money, ruled),
                  harm=("charged twice",), loss={"usd": 1000})  # fmt: skip
    lost = replace(one("s#3", outcome=Outcome.ERROR), findings=error)
    now = (
        harmed,
        one("s#2", structs.replace(flag, ruling="")),
        lost,
        one("s#4", outcome=Outcome.AGREE),
    )
    then = (
        one("s#1", structs.replace(flag, candidate=None), ruled),
        one("s#2", flag, structs.replace(flag, at="store.gone", ruling="R-gone")),
        one("s#3", money),
        one("s#4", asks),
    )
    ends = [FreeRun(scenario="s", outcome=Free.KEPT)]
    return of_cells(*now, free=ends), of_cells(*then, free=ends)


def test_a_closed_gate_against_an_earlier_run() -> None:
    error = InputError("yaml-syntax", "no YAML: oh", "scenarios/bad.yaml:3", "correct the line")
    told = told_of(story_run(), failures=[error])
    text = written(told, told_of(Run(cells=story_run().cells[:2]), scenarios=()))

    harmless(text)
    golden("comment-gate.md", text.rstrip("\n"))


def test_a_run_in_which_something_of_every_kind_happened() -> None:
    text = written(*moved())

    harmless(text)
    golden("comment-run.md", text.rstrip("\n"))
    listed = [title.strip() for title in sections(text)]
    assert [one for one in listed if one in TITLES] == list(TITLES)


def test_an_open_gate_without_a_baseline_says_that_there_is_none() -> None:
    text = written(told_of(Run(), scenarios=()))

    harmless(text)
    golden("comment-open.md", text.rstrip("\n"))
    assert "Gate open" in text
    assert "No baseline was given" in text


def test_the_four_figures_stand_each_on_its_own() -> None:
    for judged in (True, False):
        text = written(told_of(story_run(), judged=judged))
        assert re.findall(r"^(\d)\. .*: \*\*([\d/]+)", text, re.M) == [
            ("1", "6/6"), ("2", "4/4"), ("3", "0"), ("4", "0"),
        ]  # fmt: skip
        assert "%" not in text


def test_money_comes_first_and_ruled_last() -> None:
    text = written(moved()[0])

    rows = [re.sub("<[^>]*>", " ", one) for one in re.findall("<tr><td>.*", text)]
    order = [next(n for n, one in enumerate(rows) if name in one)
             for name in ("money.in_1.paid", "customer.asks.usd", "books.store.flag")]  # fmt: skip
    assert order == sorted(order)
    assert "store.since" not in text
    assert "1 more difference under a ruling that stands" in text


def test_harm_and_loss_are_named() -> None:
    text = written(*moved())

    assert "harm charged twice" in text
    assert "loss usd 1000" in text


def test_a_cell_that_failed_is_told_though_it_has_no_difference() -> None:
    text = written(*moved())

    assert "<code>world-failed</code>" in text
    assert "Not compared any more" in text


def test_repeats_are_counted() -> None:
    again = difference(origin="s#1")
    first = cell("s#1", outcome=Outcome.DIVERGE, differences=(difference(),))
    second = cell("s#2", outcome=Outcome.DIVERGE, differences=(again,))
    text = written(of_cells(first, second))

    assert text.count("<code>books.store.flag</code>") == 1
    assert "1 more repeat an earlier one" in text


def test_two_long_values_are_never_told_in_the_same_words() -> None:
    long = "x" * 500
    many = [{"id": f"in_{n}", "amount": n} for n in range(40)]
    for one, other in ((f"{long}a", f"{long}b"), (many, [*many[:39], {"id": "in_39"}])):
        bad = difference(control=one, candidate=other)
        text = written(of_cells(cell("s#1", outcome=Outcome.DIVERGE, differences=(bad,))))
        told = next(line for line in text.splitlines() if "store.flag" in line)
        cells = re.findall("<td>(.*?)</td>", told)
        assert cells[2] != cells[3]


def test_what_does_not_fit_is_counted_and_named() -> None:
    listed = tuple(difference(at=f"store.field_{n:05}", control="x" * 90) for n in range(2000))
    end = FreeRun(scenario="s", outcome=Free.BROKEN, broken=tuple(f"I{n}" for n in range(2000)))
    told = of_cells(cell("s#1", outcome=Outcome.DIVERGE, differences=listed), free=[end])
    text = written(told)

    shown = len(re.findall(r"books\.store\.field_\d{5}", text))
    besides = text.count("<code>breaks</code>")
    left = [int(n) for n in re.findall(r"<p>(\d+) more do not fit here: <code>shadow run", text)]
    assert shown >= 15  # each part has its share
    assert besides >= 15
    assert size(text) > LIMIT * 0.97
    assert sorted(left) == sorted([2000 - shown, 2000 - besides])
    harmless(text)


def test_the_last_line_is_about_what_is_new() -> None:
    assert written(*moved()).endswith("Next: `shadow show s#1`\n")
    assert written(of_cells()).endswith("Next: `shadow lint`\n")
    kept = [FreeRun(scenario="s", outcome=Free.KEPT)]
    assert written(of_cells(cell("s#1"), free=kept)).endswith("Next: `shadow gate`\n")


def test_nothing_compared_is_never_told_as_no_difference() -> None:
    assert "## Nothing was compared" in written(of_cells())


def test_every_reason_of_a_closed_gate_is_there() -> None:
    told = told_of(replace(story_run(), leak=3))
    text = harmless(written(told)).coded

    for one in (*told.decided.reasons, *told.decided.paths["cron.ban_flagged"].reasons):
        assert one.slug in text or one.slug == "whole-gate"


def hostile(text: str) -> Told:
    """A run in which the text stands wherever text of others can stand."""
    found = (Finding(outcome=Outcome.ERROR, slug="world-failed", detail=text),)
    listed = (difference(at=at_of((text,)), control=text, candidate=[text], ruling=""),
              difference(facet="customer", at="asks", control={text: 1}, ruling=text))  # fmt: skip
    bad = cell("s#1", (text,), Outcome.ERROR, act=text, differences=listed,
               harm=(text,), loss={text: 1})  # fmt: skip
    bad = replace(bad, findings=found, episode=replace(bad.episode, id=f"{text}#1"))
    free = FreeRun(scenario=text, outcome=Free.BROKEN, broken=(text,))
    run = Run(cells=(*open_cells(), bad), free=(free,), partial=text,
              rulings=(Reason(slug="x", found=text, needed=text),))  # fmt: skip
    failures = [InputError("unreadable", text, text, text)]
    return told_of(run, failures=failures, rulings=[replace(RULING, id=text, title=text)])


@pytest.mark.parametrize("judged", [True, False])
def test_hostile_text_is_shown_and_never_obeyed(judged: bool) -> None:
    told = hostile(HOSTILE)
    if not judged:
        told = replace(told, verdict=None)

    text = written(told, told)
    reader = harmless(text)

    assert visible(HOSTILE)[:100] in "".join(reader.coded)
    assert not set(text) & set("\x00\x1b\x85\u2028\u202e\ufffe")


@settings(max_examples=60, deadline=None)
@given(st.text(st.one_of(st.sampled_from("`<>|&@#[]()!*_\\:\n\r \"'~-w.h/1x"), st.characters()),
               max_size=25))  # fmt: skip
def test_no_text_comes_out_of_its_place(text: str) -> None:
    told = hostile(text)

    harmless(written(told, told))


@given(st.text(max_size=300))
def test_code_is_one_element_that_holds_all_or_says_how_much_is_missing(text: str) -> None:
    reader = Reader(f"<p>{code(text, longest=100)}</p>")

    shown, whole = "".join(reader.coded), visible(text)
    assert shown == whole or shown == f"{whole[:100]}…"
    assert ("more characters" in "".join(reader.bare)) == (len(whole) > 100)


@given(st.text(st.sampled_from("`ab #"), max_size=12))
def test_a_command_stays_one_span(command: str) -> None:
    (inline,) = MarkdownIt().parse(f"Next: {span(f'x{command}x')}")[1:2]

    spans = [one.content for one in inline.children or () if one.type == "code_inline"]
    assert spans == [f"x{command}x"]


@given(st.lists(st.lists(st.integers(1, 4000), max_size=30), max_size=6), st.integers(0, 60_000))
def test_sections_keep_to_their_room_and_count_what_they_leave_out(
    lengths: list[list[int]], room: int
) -> None:
    listed = [
        Section(f"s{rank}", ("a",), tuple(row(["x" * n]) for n in rows), rank, "elsewhere")
        for rank, rows in enumerate(lengths)
    ]
    frames = sum(size(one._replace(rows=()).html(0)) + 200 for one in listed)

    texts = fitted(listed, room=room)

    assert sum(size(text) + 2 for text in texts) <= max(room, frames)
    for one, text in zip(listed, texts, strict=True):
        shown = text.count("<tr><td>")
        counted = re.findall(r"(\d+) more do not fit here: elsewhere", text)
        assert counted == ([str(len(one.rows) - shown)] if shown < len(one.rows) else [])
