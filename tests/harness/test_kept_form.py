"""The kept form: what comes back of an account is what went in, whatever of it is alike."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from harness.kept.form import Live, form_of, live_of, running_of, scenario_of
from harness.kept.packing import packed, unpacked
from harness.model import FACETS
from harness.setup import Setup
from tests.harness.episode_builder import episode

SETUP = cast("Setup", SimpleNamespace(candidate=None))
HEAD: Any = ("simulated", (), (), None)
TREES = st.sampled_from([{}, {"room": 1}, {"room": 2}, {"room": {"key": 1}}, {"hall": 1}])
SIDES = st.fixed_dictionaries(dict.fromkeys(FACETS, TREES))
ORIGINS = st.dictionaries(st.just("books.room"), st.just("desk#0"))


@given(st.lists(st.tuples(SIDES, SIDES, ORIGINS), min_size=1, max_size=5))
def test_each_cell_comes_back_with_its_own_differences(
    cells: list[tuple[dict[str, Any], dict[str, Any], dict[str, str]]],
) -> None:
    """Trees are few, so that the same pair is met in several cells, and in several facets."""
    live = Live(
        scenario=scenario_of(HEAD, "desk", ""),
        episodes=tuple(
            episode(mine, its, id=f"desk#{number}", repeats=repeats)
            for number, (mine, its, repeats) in enumerate(cells)
        ),
        running=running_of(((), (), (), (), ()), (), SETUP),
        against=(),
    )

    back = live_of(unpacked(packed(form_of(live))).form, SETUP, "desk", "")

    assert [one.differences for one in back.episodes] == [one.differences for one in live.episodes]
    assert [one.control for one in back.episodes] == [one.control for one in live.episodes]
