"""The differences between two observations, field by field, and how a field is named.

A field's name joins the keys that lead to it with dots; a key that holds a dot or anything else
out of the ordinary is written as `["…"]`: `stripe_metadata.["a.b"]`. A name with `$i`, as in
`invoices[$i].status`, stands for one field of each object that a ruling is bound to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from harness.canonical import at_once, check_keys, same
from harness.model import ABSENT, FACETS, Difference
from harness.ports import Data

Keys = tuple[str, ...]
Steps = tuple[str | None, ...]
"""Keys in which None stands for `$i`."""

Compare = Callable[[str, Keys, Data, Data], Iterable[Difference]]
"""Facet, the keys that lead into it, and what both sides have there → the differences."""

_PLAIN: Final = re.compile(r'[^\s.\[\]"\\$*]+')
_STEP: Final = re.compile(
    r'(?:^|\.)(?P<plain>[^\s.\[\]"\\$*]+)'
    r'|(?:^|\.?)\[(?P<quoted>"(?:[^"\\]|\\.)*")\]'
    r"|(?P<each>\.\$i(?![^.\[])|\.?\[\$i\])"
)


def compare(facet: str, keys: Keys, control: Data, candidate: Data) -> Iterator[Difference]:
    """The differences at and below one field.

    Raises:
        NotCanonical: something compared is no plain data.
    """
    if control is candidate:
        return
    if isinstance(control, Mapping) and isinstance(candidate, Mapping):
        for key in _unlike(control, candidate):
            left, right = control.get(key, ABSENT), candidate.get(key, ABSENT)
            yield from compare(facet, (*keys, key), left, right)
    elif not same(control, candidate):
        yield Difference(facet=facet, at=at_of(keys), control=control, candidate=candidate)


def differences(
    control: Mapping[str, Data], candidate: Mapping[str, Data], by: Compare = compare
) -> tuple[Difference, ...]:
    """Every difference of every facet, in the facets' order and then by field.

    Mappings are compared key by key; a key that only one side has is one difference with the whole
    value, and ABSENT on the other side. Lists are compared as one value. A facet that FACETS does
    not list (`race`) comes after those that it does.

    Args:
        control: one side's facets.
        candidate: the other's.
        by: compares what both have in one facet, as `compare` does.

    Raises:
        NotCanonical: something compared is no plain data.
    """
    facets = [*FACETS, *sorted((control.keys() | candidate.keys()) - set(FACETS))]
    return tuple(
        difference
        for facet in facets
        for difference in by(facet, (), control.get(facet, ABSENT), candidate.get(facet, ABSENT))
    )


def _unlike(control: Mapping[str, Data], candidate: Mapping[str, Data]) -> list[str]:
    """Sorted keys of what has to be looked into; most is the very same: both share their rows.

    Raises:
        NotCanonical: a key is no text.
    """
    for mapping in (control, candidate):
        check_keys(mapping)
    found = [
        key
        for key, left in control.items()
        if (right := candidate.get(key, ABSENT)) is not left and not at_once(left, right)
    ]
    found.extend(key for key in candidate if key not in control)
    return sorted(found)


def at_of(keys: Keys) -> str:
    """The name of the field that some keys lead to; `keys_of` reads it back."""
    return ".".join(_step(key) for key in keys)


@lru_cache(maxsize=4096)
def keys_of(at: str) -> Keys:
    """The keys that lead to a named field.

    Raises:
        ValueError: it is no name of one field.
    """
    return bound(steps_of(at), None)


def steps_of(at: str) -> Steps:
    """The keys of a name that may hold `$i`.

    Raises:
        ValueError: it is no name of a field.
    """
    steps: list[str | None] = []
    end = 0
    while end < len(at):
        found = _STEP.match(at, end)
        if found is None:
            raise ValueError(f"no name of a field: {at!r} from character {end + 1} on")
        if found["quoted"] is not None:
            steps.append(_unquoted(found["quoted"], at))
        else:
            steps.append(found["plain"])
        end = found.end()
    return tuple(steps)


def bound(steps: Steps, each: str | None) -> Keys:
    """Keys in which `$i` has its value.

    Raises:
        ValueError: there is a `$i` and no value for it.
    """
    if each is None and None in steps:
        raise ValueError("$i stands for no object here")
    return tuple(each if step is None else step for step in steps)  # type: ignore[misc]  # checked


def _step(key: str) -> str:
    if _PLAIN.fullmatch(key) and key.isprintable():
        return key
    return f"[{json.dumps(key)}]"


def _unquoted(text: str, at: str) -> str:
    try:
        key: Any = json.loads(text)
    except ValueError as error:
        raise ValueError(f"no name of a field: {at!r}: {error}") from None
    return str(key)
