"""Canonical bytes of plain data: equal bytes if and only if the values are equal type by type.

`1`, `1.0`, `True`, `"1"`, `Decimal("1")`, `None` and ABSENT all differ. The order of a mapping's
keys means nothing, the order of a list does, and a tuple is a list.
"""

from __future__ import annotations

import hashlib
import marshal
import math
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from harness.model import ABSENT
from harness.ports import Data

SHORT: Final = 16
"""How many characters of a digest are shown where a whole one is too long."""

_CONSTANTS: Final[Mapping[Any, str]] = {type(None): "n", type(ABSENT): "a"}
KEPT: Final = 16 * 1024
"""Bytes of the largest state whose digest is kept for when it is met again."""

UNSHARED: Final = 2
"""The newest version of `marshal` whose bytes do not tell which parts are one object.

It knows types exactly and keeps the order of keys: of equal bytes the canonical bytes are equal.
"""

_TEXT: Final = frozenset({str})
_SCALARS: Final = frozenset({str, int, bool, type(None), type(ABSENT)})


class NotCanonical(ValueError):
    """A value that is no plain data: NaN, a key that is no text, an unknown type, a cycle."""


def canonical(data: Data) -> bytes:
    """Canonical bytes: tagged by type, prefix-free.

    Decimals differ where their scale differs (`1` and `1.0`); floats where their sign does.

    Raises:
        NotCanonical: the value, or a part of it, is no plain data.
    """
    out: list[str] = []
    try:
        _write(data, out)
    except RecursionError:
        raise NotCanonical("nested too deeply, or inside itself") from None
    return "".join(out).encode("utf-8", "surrogatepass")


def digest(data: Data) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits; `[:SHORT]` where it is shown.

    Raises:
        NotCanonical: as `canonical`.
    """
    try:
        raw = marshal.dumps(data, UNSHARED)
    except ValueError:  # ABSENT, Decimal, a mapping that is no dict, a cycle
        return _digested(data)
    return _digest_of(raw) if len(raw) <= KEPT else _digested(data)


@lru_cache(maxsize=1024)
def _digest_of(raw: bytes) -> str:
    """The digest of what these bytes hold; the same state is met again and again."""
    return _digested(marshal.loads(raw))  # noqa: S302  # made two lines above, from no file


def _digested(data: Data) -> str:
    return hashlib.sha256(canonical(data)).hexdigest()


def same(one: Data, other: Data) -> bool:
    """Whether two values have equal canonical bytes.

    Raises:
        NotCanonical: as `canonical`, unless both are the very same object.
    """
    if at_once(one, other):
        return True
    if type(one) in _SCALARS and type(other) in _SCALARS:
        return False
    return digest(one) == digest(other)


def at_once(one: Data, other: Data) -> bool:
    """Whether two values are seen to be the same without a look inside them."""
    return one is other or (type(one) is type(other) and type(one) in _SCALARS and one == other)


def is_flat(value: object) -> bool:
    """Whether a value is a dict of text to scalars: plain data without a part that can change."""
    return (
        type(value) is dict
        and _TEXT.issuperset(map(type, value))
        and _SCALARS.issuperset(map(type, value.values()))
    )


def _write(value: Any, out: list[str]) -> None:
    kind = type(value)
    if kind is str:
        out.append(f"s{len(value)}:{value}")
    elif kind is bool:
        out.append("t" if value else "f")
    elif kind is int:
        out.append(f"i{value:x};")
    elif kind in _CONSTANTS:
        out.append(_CONSTANTS[kind])
    elif kind is list or kind is tuple:
        out.append(f"l{len(value)}:")
        for item in value:
            _write(item, out)
    elif kind is dict or isinstance(value, Mapping):
        _write_mapping(value, out)
    else:
        out.append(_number(value))


def _write_mapping(value: Mapping[Any, Any], out: list[str]) -> None:
    out.append(f"m{len(value)}:")
    for key in sorted_keys(value):
        item = value[key]
        if type(item) is str:  # most values are text: one piece for both
            out.append(f"s{len(key)}:{key}s{len(item)}:{item}")
        else:
            out.append(f"s{len(key)}:{key}")
            _write(item, out)


def sorted_keys(mapping: Mapping[Any, Any]) -> list[str]:
    """All keys of a mapping, in the one order that does not depend on how they were made.

    Raises:
        NotCanonical: a key is no text.
    """
    check_keys(mapping)
    return sorted(mapping)


def check_keys(mapping: Mapping[Any, Any]) -> None:
    """See to it that every key is text.

    Raises:
        NotCanonical: one is not.
    """
    if not _TEXT.issuperset(map(type, mapping)):
        key = next(key for key in mapping if type(key) is not str)
        raise NotCanonical(f"the key {key!r} is a {type(key).__name__}, not text")


def _number(value: Any) -> str:
    """Numbers that no book should hold: told apart from integers, never mistaken for them."""
    if type(value) is float and math.isfinite(value):
        return f"d{value.hex()};"
    if type(value) is Decimal and value.is_finite():
        return f"D{value};"
    raise NotCanonical(f"{value!r} is a {type(value).__name__}, not plain data")
