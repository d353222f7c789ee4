"""What became of each difference: laws over drawn runs, and every way a baseline can be wrong."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.model import ABSENT, Cell, Difference, Finding, Free, FreeRun, Outcome
from harness.report.baseline import parse_baseline, read_baseline
from harness.report.changes import Baseline, Changes, Kind, changes
from harness.report.json_report import dumped, run_document
from harness.report.told import Told
from tests.harness.cell_builder import cell, difference
from tests.harness.story import cells, free_run
from tests.harness.told_run import HOSTILE, of_cells

HERE = (Kind.NEW, Kind.CHANGED, Kind.STANDING, Kind.RULED)
VALUES = st.sampled_from(
    [ABSENT, None, True, False, 0, 1, 1.0, "1", "true", [], [1], {}, {"a": 1}]
)
FIELDS = st.sampled_from(["a", "b", "c.d"])
COMPARED = st.sampled_from([Outcome.AGREE, Outcome.RULED, Outcome.DIVERGE])
ANY = st.sampled_from(list(Outcome))


@st.composite
def told(draw: st.DrawFn, outcomes: st.SearchStrategy[Outcome] = ANY) -> Told:
    """A run of some of three cells, each with some differences."""
    found = []
    for name in draw(st.sets(st.sampled_from(["s#1", "s#2", "t#1"]))):
        listed = tuple(
            Difference(facet=facet, at=at, control=draw(VALUES), candidate=draw(VALUES),
                       ruling=draw(st.sampled_from(["", "R-a", "follows"])))
            for facet, at in draw(st.sets(st.tuples(st.sampled_from(["money", "books"]), FIELDS)))
        )  # fmt: skip
        found.append(cell(name, outcome=draw(outcomes), differences=listed))
    return of_cells(*found)


def before(told: Told) -> Baseline:
    """The same run, written and read back."""
    document = run_document(told.cells, told.free, totals={}, free_totals={})
    return parse_baseline(dumped(document).encode(), "base.json")


def keys(found: Changes, *kinds: Kind) -> list[tuple[str, str]]:
    return sorted(one.seen.key for kind in kinds for one in found.of(kind))


def one(**values: Any) -> Cell:
    """A cell with one difference."""
    return cell("s#1", outcome=Outcome.DIVERGE, differences=(difference(**values),))


def kinds(now: Cell, *, then: Cell) -> list[Kind]:
    found = changes(of_cells(now), before(of_cells(then)))
    return [change.kind for change in found.all]


@given(now=told(), then=told())
def test_whatever_differs_now_is_in_one_list(now: Told, then: Told) -> None:
    found = changes(now, before(then))

    there = sorted((one.episode.id, d.path) for one in now.cells for d in one.differences)
    assert keys(found, *HERE) == there
    assert len(found.all) == len({change.seen.key for change in found.all})


@given(now=told(), then=told())
def test_whatever_differed_before_is_still_accounted_for(now: Told, then: Told) -> None:
    found = changes(now, before(then))

    there = sorted((one.episode.id, d.path) for one in then.cells for d in one.differences)
    known = (Kind.CHANGED, Kind.STANDING, Kind.RULED, Kind.RESOLVED, Kind.LOST)
    assert keys(found, *known) == there


@given(run=told())
def test_a_run_against_itself_changes_nothing(run: Told) -> None:
    found = changes(run, before(run))

    assert {change.kind for change in found.all} <= {Kind.STANDING, Kind.RULED}
    assert not any(new for _, new in found.remarks)


@given(run=told(), other=told())
def test_unchanged_is_standing_exactly_where_no_ruling_covers_it(run: Told, other: Told) -> None:
    found = changes(run, before(other))

    assert not any(change.ruled for change in found.of(Kind.STANDING))
    assert all(change.ruled for change in found.of(Kind.RULED))


@given(now=told(COMPARED), then=told(COMPARED))
def test_the_other_way_round_new_and_resolved_change_places(now: Told, then: Told) -> None:
    there, back = changes(now, before(then)), changes(then, before(now))

    gone = (Kind.RESOLVED, Kind.LOST)
    assert keys(there, Kind.NEW) == keys(back, *gone)
    assert keys(there, *gone) == keys(back, Kind.NEW)
    assert keys(there, Kind.CHANGED) == keys(back, Kind.CHANGED)


@given(now=told(), then=told())
def test_nothing_is_resolved_where_nothing_was_compared(now: Told, then: Told) -> None:
    compared = {one.episode.id: one.outcome for one in now.cells}

    for change in changes(now, before(then)).of(Kind.RESOLVED):
        assert compared[change.seen.cell] in (Outcome.AGREE, Outcome.RULED, Outcome.DIVERGE)


@given(run=told())
def test_without_a_baseline_nothing_is_called_new(run: Told) -> None:
    found = changes(run, None)

    assert found.baseline is None
    assert {change.kind for change in found.all} <= {Kind.STANDING, Kind.RULED}
    bare = [d for one in run.cells for d in one.differences if not d.ruling]
    assert len(found.of(Kind.STANDING)) == len(bare)


@pytest.mark.parametrize(
    ("value", "other"),
    [(1, True), (1, "1"), (1, 1.0), (None, ABSENT), (0, False), ([], {}), ("", None), (0.0, -0.0)],
)
def test_values_are_told_apart_by_type(value: object, other: object) -> None:
    assert kinds(one(candidate=value), then=one(candidate=other)) == [Kind.CHANGED]
    assert kinds(one(control=value), then=one(control=other)) == [Kind.CHANGED]


def test_the_order_of_keys_is_no_change() -> None:
    now, then = one(candidate={"a": 1, "b": (2,)}), one(candidate={"b": [2], "a": 1})

    assert kinds(now, then=then) == [Kind.STANDING]


@pytest.mark.parametrize(("now", "then"), [("", "R-a"), ("R-a", ""), ("R-a", "R-b")])
def test_another_ruling_or_none_is_a_change(now: str, then: str) -> None:
    assert kinds(one(ruling=now), then=one(ruling=then)) == [Kind.CHANGED]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome.AGREE, Kind.RESOLVED),
        (Outcome.DRIFT, Kind.LOST),
        (Outcome.NOT_RUN, Kind.LOST),
        (Outcome.ERROR, Kind.LOST),
        (Outcome.TIMEOUT, Kind.LOST),
        (Outcome.UNSTABLE, Kind.LOST),
    ],
)
def test_only_a_cell_that_was_compared_resolves(outcome: Outcome, kind: Kind) -> None:
    assert kinds(cell("s#1", outcome=outcome), then=one()) == [kind]


def test_a_cell_that_is_asked_something_else_resolves_nothing() -> None:
    """A scenario that was edited, or another project's by the same name, mends no difference."""
    for edited in ({"act": "invoice.paid"}, {"state": "another"}):
        assert kinds(cell("s#1", **edited), then=one()) == [Kind.LOST]
    assert kinds(cell("s#1"), then=one()) == [Kind.RESOLVED]


def test_a_baseline_that_says_no_state_is_held_against_the_act_alone() -> None:
    made = json.loads(dumped(run_document((one(),), (), totals={}, free_totals={})))
    del made["scenarios"][0]["cells"][0]["state"]
    earlier = parse_baseline(json.dumps(made).encode(), "base.json")

    assert [change.kind for change in changes(of_cells(cell("s#1")), earlier).all] == [
        Kind.RESOLVED
    ]


def test_a_cell_that_is_not_there_any_more_resolves_nothing() -> None:
    assert kinds(cell("t#1"), then=one()) == [Kind.LOST]


def test_unruled_comes_before_ruled_and_money_before_the_rest() -> None:
    listed = tuple(
        difference(facet=facet, at=at, ruling=ruling)
        for facet, at, ruling in [
            ("race", "x", ""), ("books", "x", ""), ("customer", "blocked", ""),
            ("customer", "asks.usd", ""), ("customer", "charged", ""), ("money", "x", "R-a"),
            ("money", "y", ""),
        ]
    )  # fmt: skip

    found = changes(of_cells(cell("s#1", differences=listed)), None)

    assert [change.seen.path for change in found.all] == [
        "money.y", "customer.charged", "customer.asks.usd", "customer.blocked", "books.x",
        "race.x", "money.x",
    ]  # fmt: skip


def test_what_is_no_difference_is_told_too_and_known_as_new() -> None:
    found = (Finding(outcome=Outcome.ERROR, slug="world-failed", detail="boom"),)
    now = replace(cell("s#1", outcome=Outcome.ERROR), findings=found)
    end = FreeRun(scenario="s", outcome=Free.BROKEN, broken=("#1: I1",))
    then = of_cells(now, free=[FreeRun(scenario="s", outcome=Free.KEPT)])

    told = changes(of_cells(now, free=[end]), before(then))

    assert [(one.cell, one.what, one.detail, new) for one, new in told.remarks] == [
        ("s#1", "world-failed", "boom", False),
        ("s free run", "breaks", "#1: I1", True),
    ]


def test_a_bad_cell_without_any_reason_is_not_passed_over() -> None:
    told = changes(of_cells(cell("s#1", outcome=Outcome.DIVERGE)), None)

    assert [(one.cell, one.outcome) for one, _ in told.remarks] == [("s#1", "DIVERGE")]


def document(**changed: Any) -> dict[str, Any]:
    made = run_document(cells(), [free_run()], totals={}, free_totals={})
    return {**made, **changed}


def refused(content: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        parse_baseline(content, "base.json")
    assert caught.value.where == "base.json"
    assert "shadow run --json" in caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "baseline-json"),
        (b"\xff", "baseline-json"),
        (b"[" * 100_000, "baseline-json"),
        (b'{"schema": "shadow.run/1", "schema": "x"}', "baseline-json"),
        (b'{"schema": NaN}', "baseline-json"),
        (b"[]", "baseline-schema"),
        (b'{"schema": "shadow.gate/1"}', "baseline-schema"),
        (b'{"schema": "shadow.run/2"}', "baseline-schema"),
        (b'{"schema": ["\\u001b"]}', "baseline-schema"),
        (b'{"schema": "shadow.run/1"}', "baseline-shape"),
        (b'{"schema": "shadow.run/1", "a": ' + b"[" * 900 + b"]" * 900 + b"}", "baseline-shape"),
    ],
)
def test_what_is_no_run_is_refused_by_name(content: bytes, slug: str) -> None:
    assert refused(content).slug == slug


def test_a_missing_key_never_means_that_all_was_well() -> None:
    made = document()
    for key in ("facet", "at", "control", "candidate", "repeat", "ruling"):
        broken = json.loads(dumped(made))
        del broken["scenarios"][0]["cells"][1]["differences"][0][key]
        error = refused(json.dumps(broken).encode())
        assert error.slug == "baseline-shape"
        assert f"`{key}`" in error.message
        assert "$.scenarios[0].cells[1].differences[0]" in error.message


def test_an_unknown_outcome_and_a_cell_that_stands_twice_are_refused() -> None:
    made = json.loads(dumped(document()))
    made["scenarios"][0]["cells"][1]["outcome"] = "FINE"
    assert "FINE" in refused(json.dumps(made).encode()).message

    made = json.loads(dumped(document()))
    made["scenarios"] *= 2
    assert "stands twice" in refused(json.dumps(made).encode()).message


def test_keys_that_a_later_version_adds_are_no_error() -> None:
    made = json.loads(dumped(document(later=1)))
    made["scenarios"][0]["cells"][0]["later"] = 1

    assert parse_baseline(json.dumps(made).encode(), "base.json").differences


def test_a_file_that_cannot_be_read_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_baseline(tmp_path / "none.json")

    assert caught.value.slug == "unreadable"
    assert "shadow run --json" in caught.value.hint


@settings(max_examples=20)
@given(text=st.text(alphabet=st.sampled_from(HOSTILE), max_size=30))
def test_text_of_any_kind_survives_being_written_and_read(text: str) -> None:
    told = of_cells(one(candidate=text))

    assert [c.kind for c in changes(told, before(told)).all] == [Kind.STANDING]


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InputError) as caught:
        read_baseline(tmp_path / "pipe")

    assert caught.value.slug == "not-a-file"
    assert "shadow run --json" in caught.value.hint
