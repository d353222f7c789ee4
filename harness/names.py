"""Known names, with the nearest one for a name that is unknown, and hints that know it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from harness.text import quoted

MOST_LISTED = 12


class Hint(str):
    """What to do next, which may also know what to write instead of what stands there.

    It is text wherever a hint is; only a document, which knows the place, asks for more.
    """

    old: str | int | None = None
    new: str | int | None = None

    @classmethod
    def of(cls, text: str, old: str | int, new: str | int) -> Hint:
        """A hint that proposes the scalar `new`, a key or a value, where `old` stands."""
        hint = cls(text)
        hint.old, hint.new = old, new
        return hint


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be, or None."""
    found = difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return found[0] if found else None


def hint(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the nearest known one, or all where there are few."""
    names = sorted(set(known))
    near = nearest(name, names)
    if near is not None:
        return Hint.of(f"did you mean {quoted(near)}?", name, near)
    if not names:
        return "none is known here"
    listed = ", ".join(names[:MOST_LISTED])
    return f"known: {listed}" + (", …" if len(names) > MOST_LISTED else "")
