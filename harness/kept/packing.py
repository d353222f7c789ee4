"""How a form is packed into bytes: what is alike is written once, and is one object when read.

A form has a front and a back. Judging asks for no more than the front wherever both sides left
the same and no ruling is tried; the trees are in the back, which is read where it is asked for.
"""

from __future__ import annotations

import marshal
from typing import Any, Final, NamedTuple

from harness.canonical import UNSHARED

Form = tuple[Any, ...]
"""Plain data: tuples of text, numbers, tuples and trees."""

TREES: Final = 0
"""Where the back of a form has each episode's trees."""

FACETS: Final = 0
"""Where a side has its facets."""


class NotKeepable(Exception):
    """An account that cannot be kept; the text says why."""


class Kept(NamedTuple):
    """An account as it was kept, its back unread.

    Attributes:
        front: head, cells, free run and what argues against the control; hashable throughout.
        alike: whether both sides left the same, by episode: one tree was written for both.
        back: the form's, as bytes.
    """

    front: Form
    alike: tuple[bool, ...]
    back: bytes

    @property
    def form(self) -> Form:
        """All of it.

        Raises:
            ValueError: or EOFError, or TypeError: `packed` did not write it.
        """
        return self.front, marshal.loads(self.back)  # noqa: S302  # as in `unpacked`


def packed(form: Form) -> bytes:
    """A form as bytes, in which what is alike is written once, and is one object when read.

    Raises:
        NotKeepable: it holds what is no plain data.
    """
    try:
        front, back = _Sharing().shared(form)
        return marshal.dumps((front, alike(back), marshal.dumps(back)))
    except ValueError:
        raise NotKeepable("it holds what is no plain data") from None


def unpacked(content: bytes) -> Kept:
    """What `packed` wrote.

    Raises:
        ValueError: or EOFError, or TypeError: it did not.
    """
    return Kept(*marshal.loads(content))  # noqa: S302  # it is looked at before it is read


def alike(back: Form) -> tuple[bool, ...]:
    """Whether one tree stands for what both sides left, by episode; of a back that was packed."""
    return tuple(mine[FACETS] is its[FACETS] for mine, its, *_ in back[TREES])


class _Sharing:
    """Trees that were met; of equal ones the first stands for all."""

    def __init__(self) -> None:
        self._known: dict[bytes, Any] = {}
        self._by_id: dict[int, tuple[Any, Any]] = {}

    def shared(self, value: Any) -> Any:
        """A tree in which every mapping is the first one that was equal to it."""
        kind = type(value)
        if kind is dict:
            return self._mapping(value)
        if kind is tuple:
            return tuple(map(self.shared, value))
        if kind is list:
            return list(map(self.shared, value))
        return value

    def _mapping(self, value: dict[str, Any]) -> Any:
        met = self._by_id.get(id(value))
        if met is not None:
            return met[1]
        key = marshal.dumps(value, UNSHARED)
        found = self._known.get(key)
        if found is None:
            found = {name: self.shared(each) for name, each in value.items()}
            self._known[key] = found
        self._by_id[id(value)] = (value, found)  # held, so that no other takes its place
        return found
