"""What a scalar was meant to be where a file spells it as another kind of value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from harness.names import Hint

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_UNZONED: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
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
    wanted = named[1].split(" | ") if named else []
    if isinstance(value, bool | int) and "str" in wanted:
        text = str(value).lower()
        return Hint.of(f'write "{text}": it is text here', value, text)
    if not isinstance(value, str):
        return ""
    for kind, meant in _MEANT.items():
        new = meant(value) if kind in wanted else None
        if new is not None:
            return Hint.of(f"write {str(new).lower() if kind == 'bool' else new}", value, new)
    return ""


def zoned(text: str) -> str:
    """What to do about a time that lacks nothing but its zone; no text about any other."""
    new = _with_zone(text)
    return "" if new is None else Hint.of(f"a time has a zone; in UTC it is {new}", text, new)


def _with_zone(text: str) -> str | None:
    return f"{text}Z" if _UNZONED.fullmatch(text) else None


_MEANT: Final[Mapping[str, Callable[[str], str | int | None]]] = MappingProxyType(
    {
        "bool": _TRUTHS.get,
        "int": lambda text: int(text) if _INTEGER.fullmatch(text) else None,
        "datetime": _with_zone,
    }
)
"""A type as msgspec names it → what a text was meant to be, or None."""
