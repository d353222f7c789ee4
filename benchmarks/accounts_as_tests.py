"""A test for each account, as a team would write it: both engines, `==` after each act."""

from __future__ import annotations

from otherwise import Comparing, Found

from harness.scenario import Scenario


def test_both_engines_leave_the_same(
    account: Scenario, comparing: Comparing, found: Found
) -> None:
    """All acts are tried, so that the report names every one that differs."""
    differing = []
    for name, lived in comparing.acts(account):
        mine, its = comparing.outcomes(lived)
        if mine != its:
            differing.append(name)
    found.update(differing)
    assert not differing  # noqa: S101  # a test
