"""What a port answers, as text: equal texts exactly where a control could tell no difference.

Scalars keep their exact type, a list and a tuple are one, a mapping keeps its order, and a row is
its fields with whatever its class works out of them (as a property). Anything else is no plain
data: a control that is given it cannot be recorded.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property, lru_cache
from json.encoder import encode_basestring_ascii as as_text
from typing import Any, Final

import msgspec

LENGTH: Final = 32
"""Hexadecimal digits of an answer's digest: 128 bits."""

BLOCK: Final = '{"$with":true}'
"""Text of an answer that is no data, but to be entered by a `with` statement."""

_PYTHONS: Final = frozenset(("args", "obj"))
"""What Python adds to exceptions: their text again, and whatever object lacked an attribute."""

_EXACT: Final = (Decimal, bytes, datetime.datetime, datetime.date, datetime.timedelta)
_PLAIN: Final = (
    bool, int, float, str, tuple, list, Mapping, msgspec.Struct, enum.Enum, *_EXACT,
)  # fmt: skip


class NotPlain(TypeError):
    """A value of which no text tells everything."""


def text_of(value: Any) -> str:
    """The value as JSON.

    Raises:
        NotPlain: it is no plain data.
    """
    try:
        return _text(value)
    except RecursionError:
        raise NotPlain("nested too deeply, or inside itself") from None


def text_of_error(error: BaseException) -> str:
    """An exception that a port raised: its type, its text, and what it says of itself.

    Raises:
        NotPlain: it says what is no plain data.
    """
    head = f'{{"$raised":{as_text(type(error).__name__)},"text":{as_text(str(error))}'
    return f'{head},"has":{_named((name, getattr(error, name)) for name in _told_by(error))}}}'


def _text(value: Any) -> str:
    kind: Any = type(value)
    if kind is str:
        return as_text(value)
    if kind is int:
        return str(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is tuple or kind is list:
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, msgspec.Struct):
        return _named((name, getattr(value, name)) for name in _names(kind))
    if isinstance(value, Mapping):
        return _named(value.items())
    return _other(value)


def _named(items: Iterable[tuple[Any, Any]]) -> str:
    parts = []
    for name, value in items:
        if type(name) is not str:
            raise NotPlain(f"a {type(name).__name__} for a key")
        parts.append(f"{as_text(name)}:{_text(value)}")
    return "{" + ",".join(parts) + "}"


def _other(value: Any) -> str:
    kind: Any = type(value)
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return _named((name, getattr(value, name)) for name in _names(kind))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _named((name, getattr(value, name)) for name in _names(kind))
    if kind is float and math.isfinite(value):
        return repr(value)
    if isinstance(value, enum.Enum) or kind in _EXACT:
        return f"{{{as_text('$' + kind.__name__)}:{as_text(repr(value))}}}"
    raise NotPlain(f"a {kind.__name__}")


def named(text: str) -> str:
    """The name of an answer: a digest of its text."""
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def is_plain(value: Any) -> bool:
    """Whether a value is data by its type: no place to ask further, and nothing to call."""
    if value is None or isinstance(value, _PLAIN):
        return True
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


@lru_cache(maxsize=1024)
def _names(kind: type) -> tuple[str, ...]:
    """Fields of a row, and what its class works out of them: a control may read either."""
    if issubclass(kind, msgspec.Struct):
        fields: tuple[str, ...] = tuple(kind.__struct_fields__)
    elif dataclasses.is_dataclass(kind):
        fields = tuple(field.name for field in dataclasses.fields(kind))
    else:
        fields = tuple(getattr(kind, "_fields", ()))
    worked_out = (
        name
        for name in dir(kind)
        if not name.startswith("_")
        and isinstance(_of_class(kind, name), (property, cached_property))
    )
    return (*fields, *(name for name in worked_out if name not in fields))


def _of_class(kind: type, name: str) -> Any:
    """An attribute as a class has it, not as it answers."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


def _told_by(error: BaseException) -> Iterator[str]:
    """Names of what an exception says of itself, beside its text."""
    for name in dir(error):
        if name.startswith("_") or name in _PYTHONS or callable(getattr(error, name)):
            continue
        yield name
