"""Known names, with the nearest one for a name that is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from harness.text import quoted

MOST_LISTED = 12


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be, or None."""
    found = difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return found[0] if found else None


def hint(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the nearest known one, or all where there are few."""
    names = sorted(set(known))
    near = nearest(name, names)
    if near is not None:
        return f"did you mean {quoted(near)}?"
    if not names:
        return "none is known here"
    listed = ", ".join(names[:MOST_LISTED])
    return f"known: {listed}" + (", …" if len(names) > MOST_LISTED else "")
