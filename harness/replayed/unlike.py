"""In what an answer differs from those that were recorded, for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from harness.text import quoted

MOST_TRIED: Final = 50
"""Recorded answers that one is held against."""

MOST_SHOWN: Final = 3


def unlike(text: str, recorded: Iterable[str]) -> str:
    """The fields in which an answer differs from the recorded one that is most like it."""
    here = dict(_leaves(json.loads(text), ""))
    found: list[str] | None = None
    for _, other in zip(range(MOST_TRIED), recorded, strict=False):
        differing = _differing(here, dict(_leaves(json.loads(other), "")))
        if found is None or len(differing) < len(found):
            found = differing
    if found is None:
        return "none is recorded"
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return "; ".join(found[:MOST_SHOWN]) + more


def _differing(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    names = list(dict.fromkeys((*here, *there)))
    return [
        f"{name or 'it'} is {_told(here, name)}, recorded is {_told(there, name)}"
        for name in names
        if json.dumps(here.get(name)) != json.dumps(there.get(name))
        or (name in here) != (name in there)
    ] or ["the order of its fields"]


def _told(leaves: Mapping[str, Any], name: str) -> str:
    return quoted(leaves[name]) if name in leaves else "not there"


def _leaves(data: Any, place: str) -> Iterator[tuple[str, Any]]:
    parts: Iterable[tuple[str, Any]] = ()
    if isinstance(data, dict):
        parts = ((f"{place}.{key}" if place else key, item) for key, item in data.items())
    elif isinstance(data, list):
        parts = ((f"{place}[{number}]", item) for number, item in enumerate(data))
    parts = list(parts)
    if not parts:
        yield place, data
    for name, item in parts:
        yield from _leaves(item, name)
