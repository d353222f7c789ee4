"""Reasons: the rules that fired in a decision, in the order in which they fired.

What each rule means stands in this package's README, for the person who reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Reason(NamedTuple):
    """A rule that fired, and the figures it used, by name."""

    rule: str
    figures: Mapping[str, int | str | bool | None]


def because(rule: str, **figures: int | str | bool | None) -> Reason:
    """A reason: a rule of the README's table, and its figures."""
    return Reason(rule, figures)
