"""Annotations: read back as GitHub's runner reads them, whatever text is in them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.model import Cell, Finding, Free, FreeRun, Outcome
from harness.report.annotations import MOST, annotations
from harness.report.places import Places, Spot
from harness.report.told import Told
from tests.golden_files import golden
from tests.harness.cell_builder import Run, cell, difference
from tests.harness.story import RULING, SCENARIO
from tests.harness.test_junit import hostile
from tests.harness.told_run import HOSTILE, STORY, of_cells, story_run, told_of

TODAY = date(2026, 3, 2)
KEPT = (FreeRun(scenario="s", outcome=Free.KEPT),)


class Read(NamedTuple):
    level: str
    properties: dict[str, str]
    message: str


def read(line: str) -> Read:
    """A line as the runner reads it: `::name key=value,…::message`, then unescaped."""
    assert len(re.split(r"[\r\n]", line)) == 1
    found = re.fullmatch(r"::(error|warning|notice) (.*?)::(.*)", line)
    assert found, line
    pairs = dict(pair.split("=", 1) for pair in found[2].split(","))
    return Read(found[1], {key: unescaped(one) for key, one in pairs.items()}, unescaped(found[3]))


def unescaped(text: str) -> str:
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def said(told: Told, today: date = TODAY) -> list[Read]:
    return [read(line) for line in annotations(told, today=today)]


def test_a_closed_gate_with_a_bad_file_and_an_old_ruling() -> None:
    error = InputError("yaml-syntax", "no YAML: oh", "scenarios/bad.yaml:3", "correct the line")
    old = replace(RULING, expires=date(2026, 3, 12), where="scenarios/rulings/R-x.yaml:1")
    told = told_of(story_run(), failures=[error], rulings=[old])

    golden("annotations.txt", "\n".join(annotations(told, today=TODAY)))


def test_an_open_gate_has_nothing_to_say() -> None:
    assert said(told_of(Run(), scenarios=())) == []


def test_a_cell_is_shown_at_the_line_of_its_item() -> None:
    told = told_of(story_run(), judged=False)

    ban = next(one for one in said(told) if one.properties["title"].startswith(f"{STORY.id}#2"))
    assert ban.level == "error"
    assert (ban.properties["file"], ban.properties["line"]) == (STORY.file, "15")
    assert "enforcement.ban" in ban.message
    assert ban.message.endswith(f"shadow show {STORY.id}#2")


def test_a_file_that_cannot_be_used_is_shown_at_its_own_line() -> None:
    error = InputError("yaml-syntax", "no YAML: oh", "scenarios/bad.yaml:3", "correct the line")
    (one,) = said(told_of(Run(), judged=False, scenarios=(), failures=[error]))

    assert one.properties["file"] == "scenarios/bad.yaml"
    assert one.properties["line"] == "3"
    assert "correct the line" in one.message


def test_worst_come_first_and_among_equals_money() -> None:
    def bad(name: str, facet: str, outcome: Outcome = Outcome.DIVERGE, **more: str) -> Cell:
        return cell(name, outcome=outcome, differences=(difference(facet=facet, **more),))

    listed = (bad("s#1", "books"), bad("s#2", "customer", at="asks"), bad("s#3", "money"),
              bad("s#4", "money", origin="s#3"), bad("s#5", "books", Outcome.ERROR))  # fmt: skip

    titles = [one.properties["title"] for one in said(of_cells(*listed, free=KEPT))]
    order = [title.partition(" ")[0] for title in titles]
    assert order == ["s#5", "s#3", "s#2", "s#1", "s#4"]


def test_the_rest_is_counted() -> None:
    listed = [cell(f"s#{n}", outcome=Outcome.DIVERGE) for n in range(1, MOST + 4)]
    found = said(of_cells(*listed, free=KEPT))

    assert [one.level for one in found] == ["error"] * MOST + ["notice"]
    assert found[-1].properties["title"].startswith("3 more")
    assert found[-1].message.endswith("shadow run")


def test_every_outcome_that_is_not_good_is_an_error() -> None:
    for outcome in Outcome:
        found = said(of_cells(cell("s#1", outcome=outcome), free=KEPT))
        good = outcome in (Outcome.AGREE, Outcome.RULED)
        assert [one.level for one in found] == ([] if good else ["error"])


def test_a_free_run_that_did_not_end_well_or_never_was_is_an_error() -> None:
    end = FreeRun(scenario="s", outcome=Free.THEN_FAILED, then=("customer.asks: 1, not 0",))
    (one,) = said(of_cells(cell("s#1"), free=[end]))
    assert "then does not hold: customer.asks: 1, not 0" in one.message

    (never,) = said(told_of(Run(cells=(), free=()), judged=False, scenarios=(STORY,)))
    assert never.properties["title"] == f"{STORY.id} free run NOT_RUN"


def test_a_closed_gate_is_told_even_where_no_cell_is_bad() -> None:
    (one,) = said(told_of(Run(leak=None), scenarios=()))

    assert one.properties["title"].startswith("Gate closed")
    assert "leak-unmeasured" in one.message


@pytest.mark.parametrize(("days", "count"), [(-1, 0), (0, 1), (1, 1), (14, 1), (15, 0)])
def test_a_ruling_is_warned_of_in_its_last_days(days: int, count: int) -> None:
    today = RULING.expires - timedelta(days=days)
    found = said(told_of(Run(), scenarios=()), today)

    assert [one.level for one in found] == ["warning"] * count


def test_the_look_and_the_free_run_stand_at_given_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    below = tmp_path / "sub"
    below.mkdir()
    monkeypatch.chdir(below)
    content = b"id: x\ntitle: y\ngiven:\n  a: 1\nthen:\n  b: 2\n"
    (below / "x.yaml").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    known = replace(SCENARIO, id="x", file="x.yaml", sha256=digest)
    places = Places([known])
    assert places.cell("x#0") == Spot("sub/x.yaml", 3)
    assert places.free("x") == Spot("sub/x.yaml", 5)

    edited = Places([replace(known, sha256="0")])
    assert edited.cell("x#0") == edited.free("x") == Spot("sub/x.yaml", 1)


def test_no_file_outside_of_the_repository_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repo")
    outside = str(tmp_path / "x.yaml")
    places = Places([replace(SCENARIO, id="x", file=outside)])

    assert places.cell("x#1") == places.named(f"{outside}:3") == Spot()
    assert places.named(str(tmp_path / "repo" / "y.yaml") + ":3") == Spot("y.yaml", 3)
    (one,) = said(of_cells(failures=[InputError("a", "b", f"{outside}:3")]))
    assert set(one.properties) == {"title"}


def test_hostile_text_never_ends_its_command() -> None:
    found = said(hostile(HOSTILE))

    text = "".join(one.message for one in found)
    assert r"\x00\x1b[2J" in text
    assert "::error::x %0A" in text  # shown as it is, since the runner reads one command a line


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=30))
def test_no_text_begins_a_command_of_its_own(text: str) -> None:
    for one in said(hostile(text)):
        assert set(one.properties) <= {"file", "line", "title"}


def test_a_message_of_any_length_is_cut() -> None:
    found = (Finding(outcome=Outcome.ERROR, slug="world-failed", detail="x" * 100_000),)
    bad = replace(cell("s#1", outcome=Outcome.ERROR), findings=found)

    (one,) = said(of_cells(bad, free=KEPT))
    assert len(one.message) <= 2000
