"""A difference's signature: the same for differences that are alike but for ids and amounts.

It groups what a person looks at first, among a million accounts; nothing is ever decided by it. A
step of a field that holds a digit names an object (`in_7f3`), and so does a text that holds one;
what a step or text without a digit says is a name of the schema, or a word of a closed set.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from harness.canonical import SHORT, UNSHARED, digest
from harness.difference import keys_of
from harness.model import ABSENT, Difference

_DIGIT: Final = re.compile(r"\d")
_AS_IT_IS: Final = frozenset({bool, type(None)})
Words = tuple[str, ...]

LONGEST: Final = 40
"""Characters of a text that may still be a word of a closed set."""


def signature(act: str, difference: Difference) -> str:
    """16 hexadecimal digits for what a difference has in common with others like it.

    Args:
        act: what happened in the cell; its words with a digit name what it happened to.
        difference: of that cell.
    """
    return _digested(
        _steps(act.split()),
        difference.owners,
        difference.facet,
        _steps(keys_of(difference.at)),
        _form(difference.control),
        _form(difference.candidate),
    )


@lru_cache(maxsize=4096)
def _digested(
    words: Words, owners: Words, facet: str, field: Words, control: bytes, candidate: bytes
) -> str:
    """The digest of what many have in common; few are unlike all others."""
    sides = [marshal.loads(one) if one else ABSENT for one in (control, candidate)]  # noqa: S302  # of `_form`
    return digest([words, owners, facet, field, *sides])[:SHORT]


def _form(value: Any) -> bytes:
    """What a side has in common with others, as bytes; none where it lacks the field."""
    return b"" if value is ABSENT else marshal.dumps(_alike(value), UNSHARED)


def _steps(keys: Iterable[str]) -> Words:
    return tuple(map(_step, keys))


@lru_cache(maxsize=4096)
def _step(key: str) -> str:
    return "*" if _DIGIT.search(key) else key


def _alike(value: Any) -> Any:
    """What a value has in common with others of its sort."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, str):
        word = len(value) <= LONGEST and not _DIGIT.search(value)
        return value if word else {"text": None}
    if isinstance(value, Mapping):
        return {_step(str(key)): _alike(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        found = [_alike(item) for item in value]
        return [one for at, one in enumerate(found) if one not in found[:at]]
    return {type(value).__name__: (value > 0) - (value < 0)} if _number(value) else {"other": None}


def _number(value: Any) -> bool:
    return isinstance(value, int | float)
