"""How deep plain data is nested: whoever reads strangers' data bounds it before others recurse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.ports import Data


def is_deeper(data: Data, levels: int) -> bool:
    """Whether more lists and mappings than `levels` stand inside one another."""
    level = [one for one in (data,) if _holds(one)]
    for _ in range(levels):
        level = [inner for one in level for inner in _inside(one) if _holds(inner)]
        if not level:
            return False
    return bool(level)


def _holds(data: Data) -> bool:
    return isinstance(data, list | tuple | Mapping)


def _inside(data: Data) -> Iterable[Data]:
    return data.values() if isinstance(data, Mapping) else data
