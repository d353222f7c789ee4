"""Files of the control that are no Python: tables in JSON, YAML or TOML, lines, and the rest."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from harness.document import parse_document
from harness.errors import InputError
from harness.guarding.loss import Kind, Loss
from harness.text import quoted, visible

PROSE: Final = frozenset({".md", ".rst", ".txt"})
"""Files that people read: they may be written anew, not emptied."""

_MARKERS: Final = frozenset({"py.typed"})
_IDS: Final = ("id", "key", "name", "path", "trigger")
"""Keys by which an item of a list is known again."""


def lost_data(file: str, before: bytes, after: bytes | None) -> Iterator[Loss]:
    """What a data file loses."""
    if after is None:
        yield _loss(Kind.REMOVED, "file", file, "", "the file is gone, or is no regular file")
        return
    if before == after or PurePosixPath(file).name in _MARKERS:
        return
    suffix = PurePosixPath(file).suffix.lower()
    there, here = (_table(suffix, one) for one in (before, after))
    if there is not None:
        if here is None:
            yield _loss(
                Kind.GUTTED, "unreadable", file, "", f"is no {suffix[1:].upper()} any more"
            )
            return
        yield from _rows(file, there, here)
    elif suffix in PROSE or b"\0" in before:
        if len(after) * 2 <= len(before):
            said = f"keeps {len(after)} of {len(before)} bytes"
            yield _loss(Kind.GUTTED, "half-lost", file, "", said)
    else:
        yield from _lines(file, before, after)


def _table(suffix: str, content: bytes) -> Any:
    read = READERS.get(suffix)
    if read is None:
        return None
    try:
        return read(content)
    except (ValueError, RecursionError, InputError):
        return None


READERS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    ".json": json.loads,
    ".toml": lambda content: tomllib.loads(content.decode("utf-8-sig")),
    ".yaml": lambda content: parse_document(content, "").data,
    ".yml": lambda content: parse_document(content, "").data,
}
"""Suffix → reader; a file that it refuses is compared line by line."""


def _rows(file: str, before: Any, after: Any, place: tuple[str, ...] = ()) -> Iterator[Loss]:
    """Keys and items that are gone, and values that were switched off."""
    there, here = _keyed(before), _keyed(after)
    if there is None:
        if _is_on(before) and not _is_on(after):
            said = f"is {quoted(after)}, was {quoted(before)}"
            yield _loss(Kind.UNREACHABLE, "switched-off", file, _name(place), said, place)
        return
    for key, value in there.items():
        inner = (*place, key)
        if here is None or key not in here:
            yield _loss(Kind.REMOVED, "row", file, _name(inner), "the row is gone", inner)
        else:
            yield from _rows(file, value, here[key], inner)


def _keyed(value: Any) -> Mapping[str, Any] | None:
    """A mapping as it is, a list by what its items are known by; None for anything else."""
    if isinstance(value, dict):
        return {str(key): one for key, one in value.items()}
    if not isinstance(value, list):
        return None
    seen: Counter[str] = Counter()
    found: dict[str, Any] = {}
    for one in value:
        known = _known_by(one)
        seen[known] += 1
        found[known if seen[known] == 1 else f"{known} ({seen[known]})"] = one
    return found


def _known_by(item: Any) -> str:
    if isinstance(item, dict):
        for key in _IDS:
            if isinstance(item.get(key), str):
                return str(item[key])
    text = json.dumps(item, sort_keys=True, default=str)
    return text if len(text) <= 60 else hashlib.sha256(text.encode()).hexdigest()[:12]


def _is_on(value: Any) -> bool:
    """Whether a value is anything but off: `false`, null, nothing in it, `off`."""
    return value not in (False, None, "", "off", "no", "false", "disabled")


def _lines(file: str, before: bytes, after: bytes) -> Iterator[Loss]:
    """Lines that are gone, as many as the file became shorter by; its first line is always one."""
    there, here = (_counted(one) for one in (before, after))
    gone = [line for line in there if there[line] > here[line]]
    shorter = max(0, there.total() - here.total())
    for line in gone[:shorter]:
        text = visible(line.decode("utf-8", "replace"))
        words = tuple(part.strip() for part in text.replace(";", ",").split(","))
        yield _loss(Kind.REMOVED, "row", file, quoted(text), "the line is gone", words)


def _counted(content: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in content.splitlines() if line.strip())


def _name(place: tuple[str, ...]) -> str:
    return visible(".".join(place))


def _loss(
    kind: Kind, rule: str, file: str, symbol: str, said: str, words: tuple[str, ...] = ()
) -> Loss:
    return Loss(
        kind=kind, rule=rule, module=file, symbol=symbol, file=file, line=1, said=said, words=words
    )
