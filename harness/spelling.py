"""What a scalar was meant to be where a file spells it as another kind of value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from harness.moment import AFTER
from harness.names import Hint, nearest

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_UNZONED: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_NO_TIME: Final = "RFC3339"
"""What msgspec calls a text that is no time at all; it names no type there."""

_REGEX: Final = re.compile(r"matching regex '(.*)'")
_NAMED: Final = re.compile(r"`([^`]*)`")
_TRUTHS: Final[Mapping[str, bool]] = MappingProxyType(
    {
        **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
        **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    }
)
"""Texts that other readers of YAML take for a boolean."""


def spelling(said: str, value: Any) -> str:
    """How to write a value as the type that msgspec expected, or nothing where that is a guess.

    Args:
        said: msgspec's words, which name the types in backticks.
        value: the scalar that stands there.
    """
    named = _NAMED.search(said)
    wanted = named[1].split(" | ") if named else ["datetime"] if _NO_TIME in said else []
    if isinstance(value, bool | int) and "str" in wanted:
        text = str(value).lower()
        return Hint.of(f'write "{text}": it is text here', value, text)
    if not isinstance(value, str):
        return ""
    cased = _in_other_case(said, value)
    if cased is not None:
        return Hint.of(f"write {cased}", value, cased)
    for kind, meant in _MEANT.items():
        new = meant(value) if kind in wanted else None
        if new is not None:
            return Hint.of(f"write {str(new).lower() if kind == 'bool' else new}", value, new)
    return ""


def timed(text: str) -> str:
    """What to do about a time that lacks its `+` or its zone; no text about any other."""
    if AFTER.fullmatch(f"+{text}"):
        return Hint.of(f"after given.now it is +{text}", text, f"+{text}")
    new = _with_zone(text)
    return "" if new is None else Hint.of(f"a time has a zone; in UTC it is {new}", text, new)


def _with_zone(text: str) -> str | None:
    """A time to the second and with its zone; a day alone begins at midnight, UTC."""
    found = _UNZONED.fullmatch(text)
    if found is None:
        return None
    day, time, seconds, zone = found.groups()
    return f"{day}T{time or '00:00'}{seconds or ':00'}{(zone or 'Z').upper()}"


def _in_other_case(said: str, value: str) -> str | None:
    """The value in small or capital letters, where the pattern that msgspec names asks for it."""
    pattern = _REGEX.search(said)
    cases = (value.lower(), value.upper()) if pattern else ()
    return next((one for one in cases if pattern and re.search(pattern[1], one)), None)


def _truth(text: str) -> bool | None:
    """Other spellings of a boolean, and slips of the hand; not `1`, which may be an amount."""
    if text in _TRUTHS:
        return _TRUTHS[text]
    near = nearest(text, ("true", "false"))
    return None if near is None else _TRUTHS[near]


_MEANT: Final[Mapping[str, Callable[[str], str | int | None]]] = MappingProxyType(
    {
        "bool": _truth,
        "int": lambda text: int(text) if _INTEGER.fullmatch(text) else None,
        "datetime": _with_zone,
    }
)
"""A type as msgspec names it → what a text was meant to be, or None."""
