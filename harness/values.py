"""Values as people read them: short, safe to show, and never two values in the same words."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from harness.model import ABSENT
from harness.moment import iso
from harness.ports import Data
from harness.text import visible

MOST: Final = 6
"""How many entries of a mapping or list are shown before the rest is counted."""

EVERY: Final = sys.maxsize
"""`most` where nothing may be left out."""

_BARE: Final = re.compile(r"[A-Za-z_(][A-Za-z0-9_.:/#@()-]*")
_WORDS: Final = frozenset({"true", "false", "null", "absent"})
_TIMES: Final = re.compile(
    r"(.*_)?(at|since|until|created|due|date|start|end|from|to|now|attempt|intervals)"
)
_EPOCHS: Final = range(946_684_800, 4_102_444_800)  # the years 2000 to 2099


class Leaf(NamedTuple):
    """One place inside a value; ABSENT where a side has nothing there."""

    at: str
    control: Data
    candidate: Data


def brief(value: Data, *, name: str = "", most: int = MOST) -> str:
    """A value in few words: of each mapping and list `most` entries, the others counted.

    Text that could be taken for something else is quoted, so `true` and `"true"` differ. A number
    in a field named like a time (`paid_at`, `since`) is shown as that time in UTC.
    """
    if value is ABSENT:
        return "absent"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        timely = _TIMES.fullmatch(name) and value in _EPOCHS
        return iso(value) if timely else str(value)
    if isinstance(value, str):
        bare = _BARE.fullmatch(value) and value not in _WORDS
        return value if bare else visible(json.dumps(value, ensure_ascii=False))
    if isinstance(value, Mapping):
        named = (f"{brief(k)}: {brief(v, name=str(k), most=most)}" for k, v in value.items())
        return _listed("{}", [*named], most)
    if isinstance(value, Sequence):
        return _listed("[]", [brief(item, name=name, most=most) for item in value], most)
    return visible(f"{type(value).__name__} {value!r}")


def _listed(marks: str, parts: Sequence[str], most: int) -> str:
    rest = len(parts) - most
    shown = ", ".join(parts[:most]) + (f" and {rest} more" if rest > 0 else "")
    return f"{marks[0]}{shown}{marks[1]}"


def last_name(at: str) -> str:
    """The name that says what kind of value stands at a path: `since` of `customer.since`."""
    names = [part for part in re.split(r"[.\[\]]", at) if part and not part.isdigit()]
    return names[-1] if names else ""


def explained(control: Data, candidate: Data) -> tuple[Leaf, ...]:
    """Where inside two lists or mappings the difference is; empty where nobody can say.

    It only explains. What differs is decided elsewhere, from canonical bytes.
    """
    if not (_nested(control) and _nested(candidate)) or type(control) is not type(candidate):
        return ()
    from deepdiff import DeepDiff

    tree = DeepDiff(
        _plain(control), _plain(candidate), view="tree", ignore_private_variables=False
    )
    found = [
        Leaf(_steps(level.path(output_format="list")), _side(level.t1), _side(level.t2))
        for group in tree.values()
        for level in group
    ]
    return tuple(sorted(found, key=lambda leaf: leaf.at))


def _nested(value: Data) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _plain(value: Data) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _side(value: Any) -> Data:
    return ABSENT if type(value).__name__ == "NotPresent" else value


def _steps(path: Sequence[Any]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
