"""A view: plain data read as an object, or an object read as plain data, whatever code expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PLAIN = (str, int, float, bool, bytes, type(None))


class View:
    """Stands in a mutant for a payload where an object was read anew, and the other way round.

    `view.total`, `view["total"]` and `view.get("total")` are the same; what they hold is seen
    through a view again, and lists of it. What is missing raises what the held value would raise:
    `AttributeError` for an attribute, `KeyError` for a key.
    """

    __slots__ = ("_held",)

    def __init__(self, held: Any) -> None:
        self._held: Any = held._held if isinstance(held, View) else held

    def __getattr__(self, name: str) -> Any:
        found = self._find(name)
        if found is not MISSING:
            return seen(found)
        return getattr(self._held, name)  # a method of the mapping, or its own complaint

    def __getitem__(self, key: Any) -> Any:
        found = self._find(key)
        if found is MISSING:
            raise KeyError(key)
        return seen(found)

    def get(self, key: Any, default: Any = None) -> Any:
        found = self._find(key)
        return default if found is MISSING else seen(found)

    def _find(self, key: Any) -> Any:
        if isinstance(self._held, Mapping):
            return self._held.get(key, MISSING)
        return getattr(self._held, key, MISSING) if isinstance(key, str) else MISSING

    def __contains__(self, key: Any) -> bool:
        return self._find(key) is not MISSING

    def __iter__(self) -> Iterator[Any]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __bool__(self) -> bool:
        return bool(self._held)

    def __eq__(self, other: object) -> bool:
        return bool(self._held == (other._held if isinstance(other, View) else other))

    def __hash__(self) -> int:
        return hash(self._held)

    def __repr__(self) -> str:
        return f"View({self._held!r})"


MISSING = object()
"""Nothing is held under a name; None may be."""


def seen(value: Any) -> Any:
    """Return a value of a view: plain as it is, lists item by item, anything else as a view."""
    if isinstance(value, PLAIN) or callable(value):
        return value
    if isinstance(value, list | tuple):
        return [seen(item) for item in value]
    return View(value)
