"""Which paths a difference belongs to, and whether it only repeats an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.canonical import same
from harness.difference import keys_of
from harness.model import ABSENT, Difference, Observation
from harness.ports import Data

UNHANDLED = "(unhandled)"
"""Pseudo-path of a cell where no control path ran."""

GIVEN = "(given)"
"""Pseudo-path of episode 0, in which the candidate alone looks."""


def value_at(facets: Mapping[str, Data], facet: str, keys: tuple[str, ...]) -> Data:
    """The value of a field, ABSENT where there is none."""
    node: Any = facets.get(facet, ABSENT)
    for key in keys:
        if not isinstance(node, Mapping) or key not in node:
            return ABSENT
        node = node[key]
    return node


def _related(written: str, at: str) -> bool:
    """Whether a write at one path touches the other: same field, or one inside the other."""
    return written == at or at.startswith(f"{written}.") or written.startswith(f"{at}.")


def writers(difference: Difference, control: Observation) -> tuple[str, ...]:
    """Actors that last wrote the field in the control's episode; none for other facets."""
    if difference.facet == "books":
        place = ".".join(keys_of(difference.at))  # the journal joins keys and quotes none
        found = [who for at, who in control.written.items() if _related(at, place)]
        return tuple(dict.fromkeys(found))
    return ()


def owners(
    difference: Difference, control: Observation, paths: tuple[str, ...]
) -> tuple[str, ...]:
    """Whose a difference is: who last wrote its field, else every path that ran."""
    return tuple(who for who in writers(difference, control) if who in paths) or paths


def untouched(
    difference: Difference, control: Observation, keys: tuple[str, ...], before: Mapping[str, Data]
) -> bool:
    """Whether the control left this field alone in the episode."""
    if difference.facet == "books":
        return not writers(difference, control)
    if difference.facet == "response":
        return False
    if difference.facet == "effects":
        return value_at(control.facets, "effects", keys) in (ABSENT, [])
    mine = value_at(control.facets, difference.facet, keys)
    return same(mine, value_at(before, difference.facet, keys))
