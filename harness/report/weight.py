"""How much a difference weighs to a reader: money first, then what the customer notices."""

from __future__ import annotations

from typing import Final

from harness.model import FACETS

AMOUNTS: Final = ("charged", "paid", "asks", "owes", "can_pay", "payable")
"""Names of the customer's outcome that are money, under every name a world may tell them."""


def weight(facet: str, at: str) -> tuple[int, int]:
    """Where a field stands in a list, the smallest first.

    The facet `money`, then the customer's amounts, then the other facets in the order of FACETS;
    a facet that FACETS does not list (`race`) comes last.
    """
    if facet == "money":
        return (0, 0)
    name = at.partition(".")[0].partition("[")[0]
    if facet == "customer" and name in AMOUNTS:
        return (1, AMOUNTS.index(name))
    return (2, FACETS.index(facet) if facet in FACETS else len(FACETS))
