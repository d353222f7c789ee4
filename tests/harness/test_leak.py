from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import matching
from harness.adjudicate import decide, docket, outcome_of
from harness.canonical import same
from harness.difference import differences
from harness.leak import measure, put, variants, wrong_values
from harness.matching import Demands
from harness.model import ABSENT, Cell, Outcome
from harness.ruling import Ruling
from tests.harness.episode_builder import (
    BEFORE,
    FLAG,
    episode,
    flag,
    flagged,
    judged,
    race,
    ruling,
)

GONE = {"absent": True}
RULED = Outcome.RULED


def everything() -> tuple[Cell, Ruling]:
    """A cell in which every kind of value is pinned."""
    control = {
        **flag(True),
        "money": {"captured": {"in_1": 6000}},
        "response": {"status": 200, "invoice": "in_1"},
        "effects": {"in_1": [{"call": "pay", "result": "ok"}, {"call": "void"}]},
        "customer": {"asks": {"usd": 60}},
    }
    invoices = {**BEFORE["invoices"], "in_3": {"status": "draft", "lines": [1, 2]}}
    candidate = {
        "books": {**BEFORE, "db": {"flag": False, "since": None}, "invoices": invoices},
        "money": {"captured": {}},
        "response": {"status": 402, "invoice": "in_2"},
        "effects": {"in_1": [{"call": "pay", "result": "declined"}]},
        "customer": {"asks": {"usd": 0}},
    }
    expect: list[dict[str, Any]] = [
        FLAG,
        {"at": "books.db.since", "control": {"is": "before"}, "candidate": None},
        {"at": "books.invoices[$i].due", "control": {"is": "before"}, "candidate": 6000},
        {"at": "books.invoices.in_3", "control": GONE, "candidate": invoices["in_3"]},
        {"at": "money.captured.in_1", "control": 6000, "candidate": GONE},
        {"at": "response.status", "control": 200, "candidate": 402},
        {"at": "response.invoice", "control": "in_1", "candidate": "in_2"},
        {
            "at": "effects.in_1",
            "control": control["effects"]["in_1"],
            "candidate": candidate["effects"]["in_1"],
        },
    ]
    one = ruling(expect=expect, scope={"each": "trigger.invoice"})
    return judged(episode(control, candidate), one), one


def test_a_pinned_bundle_leaks_nothing() -> None:
    cell, one = everything()
    assert cell.outcome is RULED
    found = measure(cell, [one], {})
    assert found.leaks == ()
    assert found.tried > 50


def test_every_field_is_tried_and_the_controls_value_too() -> None:
    cell, one = everything()
    tried = [(w.path, w.value) for w in variants(cell, docket(cell.episode, [one], {}))]
    paths = {path for path, _ in tried}
    assert paths == {one.path for one in cell.differences if one.facet != "customer"} | {
        "books.invoices.in_1.due"
    }
    for difference in cell.differences:
        if difference.facet != "customer":
            mine = [value for path, value in tried if path == difference.path]
            assert any(same(value, difference.control) for value in mine)


def test_a_changed_value_gives_the_differences_that_a_replay_would() -> None:
    cell, one = everything()
    for variant in variants(cell, docket(cell.episode, [one], {})):
        path, wrong = variant.path, variant.episode
        assert wrong.control is not None
        assert wrong.candidate is not None
        whole = differences(wrong.control.facets, wrong.candidate.facets)
        ours = sorted((d.path, repr(d.control), repr(d.candidate)) for d in wrong.differences)
        assert ours == sorted((d.path, repr(d.control), repr(d.candidate)) for d in whole), path


class Anything:
    """What no file can say: a value that is whatever the candidate has."""

    def resolve(self, context: Any, keys: Any) -> Any:
        return self


@pytest.fixture
def _lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    def lenient(one: Any, other: Any) -> bool:
        return isinstance(other, Anything) or same(one, other)

    monkeypatch.setattr(matching, "same", lenient)


@pytest.mark.usefixtures("_lenient")
def test_a_loose_clause_leaks() -> None:
    tight = ruling()
    loose = replace(tight, expect=(replace(tight.expect[0], candidate=Anything()),))
    found = measure(judged(flagged(), loose), [loose], {})
    assert {leak.path for leak in found.leaks} == {"books.db.flag"}
    assert {leak.rulings for leak in found.leaks} == {("R-flag",)}
    passed = [leak.value for leak in found.leaks]
    assert None in passed
    assert ABSENT in passed
    assert measure(judged(flagged(), tight), [tight], {}).leaks == ()


@pytest.mark.usefixtures("_lenient")
def test_a_loose_clause_beside_pinned_ones_leaks() -> None:
    cell, one = everything()
    loose = replace(one, expect=(replace(one.expect[0], candidate=Anything()), *one.expect[1:]))
    found = measure(judged(cell.episode, loose), [loose], {})
    assert {leak.path for leak in found.leaks} == {"books.db.flag"}


def test_what_the_demands_refuse_diverges_and_they_refuse_what_is_pinned() -> None:
    cell, one = everything()
    judged_by = docket(cell.episode, [one], {})
    demands = Demands(cell.episode, judged_by.trials)
    refused = [w for w in variants(cell, judged_by) if demands.refuse(w.path, w.value)]

    assert len(refused) > 50
    for wrong in refused:
        assert decide(wrong.episode, judged_by).outcome is Outcome.DIVERGE, wrong.path
        assert outcome_of(wrong.episode, judged_by) is Outcome.DIVERGE, wrong.path
    for difference in cell.differences:
        assert not demands.refuse(difference.path, difference.candidate)


def test_a_ruling_that_need_not_match_demands_nothing() -> None:
    bulk = {"max_share": "1/2", "max_accounts": 3}
    elsewhere = ruling(bulk=bulk, cells=["s#9"], scope={"when": ["now > 3"]})
    found = flagged(provenance="simulated")
    tried = docket(found, [elsewhere], {}).trials

    assert [trial.listed for trial in tried] == [False]
    assert Demands(found, tried).refuse("books.db.flag", None)  # the control shows it
    other = episode(flag(None), flag(False), provenance="simulated")
    assert not Demands(other, docket(other, [elsewhere], {}).trials).refuse("books.db.flag", None)


def test_the_outcome_alone_is_that_of_the_whole_cell() -> None:
    cell, one = everything()
    judged_by = docket(cell.episode, [one], {})
    for wrong in variants(cell, judged_by):
        whole = decide(wrong.episode, judged_by)
        assert outcome_of(wrong.episode, judged_by) is whole.outcome


def test_only_ruled_cells_are_measured() -> None:
    assert measure(judged(flagged()), [], {}).tried == 0
    assert measure(judged(episode()), [], {}).tried == 0
    assert measure(judged(flagged(id="s#0")), [], {}).tried == 0


def test_repeats_are_measured_but_need_no_fault_to_copy() -> None:
    cell = judged(flagged(repeats={"books.db.flag": "s#0"}))
    found = measure(cell, [], {})
    assert (cell.outcome, found.leaks) == (RULED, ())
    assert found.tried >= 3


def test_what_followed_at_the_first_look_already_has_no_value_of_its_own() -> None:
    repeats = {"books.db.flag": "s#0", "customer.asks.usd": "s#0"}
    control = {**flag(True), "customer": {"asks": {"usd": 60}}}
    candidate = {**flag(False), "customer": {"asks": {"usd": 0}}}
    cell = judged(episode(control, candidate, repeats=repeats))
    tried = {one.path for one in variants(cell, docket(cell.episode, [], {}))}
    assert (cell.outcome, tried) == (RULED, {"books.db.flag"})


def test_an_end_of_a_race_is_measured() -> None:
    end = {"broken": ["I1"], "serial": False}
    clause = {"at": "race.e1", "control": end, "candidate": GONE}
    one = ruling(**{"class": "race-removed"}, expect=[clause])
    found = measure(judged(race({"e1": end}), one), [one], {})
    assert found.leaks == ()
    assert found.tried > 3


def test_a_pin_inside_an_object_that_one_side_lacks_is_measured() -> None:
    below = {"at": "books.invoices.in_2.due", "control": 40, "candidate": GONE}
    whole = {"at": "books.invoices.in_2", "control": {"is": "before"}, "candidate": GONE}
    one = ruling(expect=[below, whole])
    without = {**BEFORE, "invoices": {"in_1": BEFORE["invoices"]["in_1"]}}
    cell = judged(episode(None, {"books": without}), one)
    assert cell.outcome is RULED
    assert measure(cell, [one], {}).leaks == ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 200) | st.sampled_from(["", "in_1", "12", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=2),
    max_leaves=5,
)


@given(VALUES)
def test_wrong_values_are_wrong_and_all_different(value: Any) -> None:
    found = wrong_values(value, ["in_1", "in_2", "cus_1"])
    assert not any(same(value, wrong) for wrong in found)
    assert not any(same(a, b) for i, a in enumerate(found) for b in found[:i])
    assert any(same(wrong, ABSENT) for wrong in found)


def test_the_promised_wrong_values_are_among_them() -> None:
    def have(value: Any, *wrong: Any) -> bool:
        found = wrong_values(value, ["cus_1", "in_1", "in_2", "in_3"])
        return all(any(same(one, other) for other in found) for one in wrong)

    assert have(60, ABSENT, None, 61, 59, 6000, "60")
    assert have(True, ABSENT, None, False, 1)
    assert have("in_2", "in_1", "in_3", "", None)
    assert not have("in_2", "cus_1")
    assert have("6000", "6001", "5999", "600000", 6000)
    assert have({"a": 1, "b": 2}, {"a": 1}, {"a": None, "b": 2}, {})
    assert have([1, 2], [1], [2, 1], [1, 2, 2], [])
    assert have(ABSENT, None, 0, False, "")


def test_a_value_is_put_without_touching_the_tree() -> None:
    tree: dict[str, Any] = {"a": {"b": 1}, "c": 2}
    assert put(tree, ("a", "b"), 3) == {"a": {"b": 3}, "c": 2}
    assert put(tree, ("a", "b"), ABSENT) == {"a": {}, "c": 2}
    assert put(tree, ("a", "x", "y"), 1) == {"a": {"b": 1, "x": {"y": 1}}, "c": 2}
    assert put(tree, ("x", "y"), ABSENT) == tree
    assert put(tree, ("c", "d"), 1) == {"a": {"b": 1}, "c": {"d": 1}}
    assert tree == {"a": {"b": 1}, "c": 2}


def test_measuring_is_fast() -> None:
    cell, one = everything()
    start = time.perf_counter()
    found = measure(cell, [one], {})
    assert (time.perf_counter() - start) / found.tried < 0.002  # seconds a value, with room
