"""Generated accounts for laws: how many are drawn, and one that begins to journal as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generated_accounts import account
from hypothesis import HealthCheck, example, settings
from hypothesis import strategies as st

from fixtures.world import World

DEPTH = settings.default.max_examples // 100
"""1, and 100 in the nightly profile."""

NUMBERS = st.integers(0, 10**9)


def many(examples: int) -> settings:
    """Settings of a law over so many accounts, the same in every run."""
    return settings(
        max_examples=examples * DEPTH,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


def met(*numbers: int) -> Callable[[Any], Any]:
    """Accounts that broke a law once: asked first in every run, as they are too rare to be met."""

    def asked(law: Any) -> Any:
        for number in numbers:
            law = example(number)(law)
        return law

    return asked


def drawn(number: int) -> World:
    """The account of this number, begun: from here on it journals what is written."""
    of = account(3, number)
    of.begin()
    return of
