from __future__ import annotations

import enum
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.canonical import NotCanonical, canonical, digest, is_flat, same
from harness.model import ABSENT

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, -0.0, 1.0, Decimal(1), Decimal("1.0"), ABSENT, 2**70])
    | st.sampled_from(["", "1", "n", "s1:", "é", "\ud800", "t"])
)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["a", "b", "1"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def equal(one: Any, other: Any) -> bool:
    """Type-exact equality, said once more in another way."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return type(one) is type(other) and repr(one) == repr(other)


@given(DATA, DATA)
def test_bytes_are_equal_exactly_where_values_are_type_by_type(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) is equal(one, other)
    assert same(one, other) is equal(one, other)


@given(DATA)
def test_a_value_has_one_form_however_its_keys_came(value: Any) -> None:
    def turned(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: turned(part[key]) for key in reversed(part)}
        return [turned(item) for item in part] if isinstance(part, list | tuple) else part

    assert canonical(value) == canonical(turned(value))
    assert digest(value) == digest(turned(value))


def test_look_alikes_all_differ() -> None:
    alike = [1, 1.0, True, "1", Decimal(1), None, ABSENT, [1], {"1": 1}, 0, False, 0.0, "", [], {}]
    assert len({canonical(value) for value in alike}) == len(alike)


def test_lists_keep_their_order_and_their_doubles() -> None:
    assert canonical([1, 2]) != canonical([2, 1])
    assert canonical([1, 1, 2]) != canonical([1, 2])
    assert canonical((1, [2])) == canonical([1, (2,)])


class Colour(enum.StrEnum):
    RED = "red"


NO_DATA = (
    *(float("nan"), float("inf"), Decimal("NaN"), 1j, b"x", {1}, object(), [object()]),
    *({1: 2}, {"a": {None: 1}}, Colour.RED, {Colour.RED: 1}),
)


@pytest.mark.parametrize("value", NO_DATA)
def test_what_is_no_plain_data_is_refused_by_name(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_a_value_inside_itself_is_refused_by_name() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(NotCanonical, match="inside itself"):
        canonical(circle)


def test_a_digest_is_the_hash_of_the_bytes() -> None:
    assert len(digest({"a": 1})) == 64
    assert digest({"a": 1}) != digest({"a": True})


@pytest.mark.parametrize("value", [{}, {"a": 1, "b": None, "c": True, "d": "x"}])
def test_a_dict_of_text_to_scalars_is_flat(value: object) -> None:
    assert is_flat(value)


@pytest.mark.parametrize(
    "value",
    [{"a": []}, {"a": {}}, {"a": 1.0}, {1: "a"}, {"a": object()}, [], None, MappingProxyType({})],
)
def test_what_can_change_inside_or_is_no_plain_scalar_is_not_flat(value: object) -> None:
    assert not is_flat(value)
