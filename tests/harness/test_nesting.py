"""How deep data is nested, counted without recursion."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.nesting import is_deeper


def nested(levels: int, inner: Any, *, mapping: bool) -> Any:
    for _ in range(levels):
        inner = {"a": 1, "b": inner} if mapping else [inner, 1]
    return inner


@given(st.integers(0, 50), st.integers(0, 50), st.sampled_from([0, "x", None]), st.booleans())
def test_levels_are_lists_and_mappings_inside_one_another(
    deep: int, levels: int, inner: Any, mapping: bool
) -> None:
    assert is_deeper(nested(deep, inner, mapping=mapping), levels) == (deep > levels)


def test_an_empty_list_is_a_level_and_no_depth_is_too_much_to_count() -> None:
    assert is_deeper([[]], 1)
    assert not is_deeper([[]], 2)
    assert is_deeper(nested(50_000, 0, mapping=True), 100)
