from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.canonical import NotCanonical
from harness.difference import at_of, bound, differences, keys_of, steps_of
from harness.model import ABSENT, FACETS

KEYS = st.text(st.sampled_from('ab1.$i["]\\ é*\n\u202e_:-'), max_size=4)
LEAVES = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a"])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
SEEN = st.dictionaries(st.sampled_from([*FACETS, "race"]), TREES, max_size=4)


@given(SEEN)
def test_nothing_differs_from_itself(seen: dict[str, Any]) -> None:
    assert differences(seen, dict(seen)) == ()


@given(SEEN, SEEN)
def test_the_sides_are_symmetric(one: dict[str, Any], other: dict[str, Any]) -> None:
    there = [(d.path, d.control, d.candidate) for d in differences(one, other)]
    back = [(d.path, d.candidate, d.control) for d in differences(other, one)]
    assert there == back


@given(st.lists(KEYS.filter(bool), max_size=4))
def test_a_name_leads_back_to_its_keys(keys: list[str]) -> None:
    assert keys_of(at_of(tuple(keys))) == tuple(keys)


def found(control: Any, candidate: Any, facet: str = "books") -> list[tuple[str, Any, Any]]:
    return [
        (d.path, d.control, d.candidate) for d in differences({facet: control}, {facet: candidate})
    ]


def test_an_object_that_one_side_lacks_is_one_difference() -> None:
    assert found({"invoices": {"in_1": {"due": 1}}}, {"invoices": {}}) == [
        ("books.invoices.in_1", {"due": 1}, ABSENT)
    ]


def test_null_is_not_absent() -> None:
    assert found({"a": None}, {}) == [("books.a", None, ABSENT)]


def test_a_list_is_one_value() -> None:
    assert found({"a": [{"x": 1}, 2]}, {"a": [{"x": 2}, 2]}) == [
        ("books.a", [{"x": 1}, 2], [{"x": 2}, 2])
    ]


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), ("1", 1), ([2], [2.0]), (0, None)]
)
def test_types_count(one: Any, other: Any) -> None:
    assert found({"a": one}, {"a": other}) == [("books.a", one, other)]


def test_all_facets_are_looked_at_in_their_order() -> None:
    control = {facet: {"a": 1} for facet in ("race", "effects", "books", "customer", "response")}
    candidate = {facet: {"a": 2} for facet in control}
    assert [d.facet for d in differences(control, candidate)] == [
        "customer", "response", "books", "effects", "race",
    ]  # fmt: skip


def test_a_facet_that_only_one_side_has_is_a_difference() -> None:
    assert [d.path for d in differences({"money": {}}, {})] == ["money"]


def test_odd_keys_are_quoted() -> None:
    paths = [
        d.path for d in differences({"books": {"a.b": 1, "$i": 1, "k:in_1": 1}}, {"books": {}})
    ]
    assert paths == ['books.["$i"]', 'books.["a.b"]', "books.k:in_1"]


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(NotCanonical):
        found({"a": float("nan")}, {"a": 1})
    with pytest.raises(NotCanonical):
        found({1: 1}, {})


def test_an_object_of_the_act_is_bound() -> None:
    assert bound(steps_of("invoices[$i].due"), "in_1") == ("invoices", "in_1", "due")
    assert bound(steps_of("invoices.$i"), "a.b") == ("invoices", "a.b")
    with pytest.raises(ValueError, match="stands for no object"):
        keys_of("invoices[$i]")


@pytest.mark.parametrize(
    "at", ["a..b", "a.", ".a b", "a[1]", "a.*", "a['b']", "a.$ix", 'a["b"]c', 'a["\\x"]']
)
def test_what_names_no_field_is_refused(at: str) -> None:
    with pytest.raises(ValueError, match="no name of a field"):
        steps_of(at)
