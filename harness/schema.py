"""Typed values from a document's parts; a misfit names file, line, place and nearest name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from harness.document import Document, Place, place_of
from harness.errors import InputError
from harness.names import hint, nearest
from harness.spelling import spelling
from harness.text import quoted, visible

T = TypeVar("T")

_MISSING: Final = object()
_AT: Final = re.compile(r"(?P<what>.*?)(?: - at .*?`\$(?P<place>[^`]*)`)?", re.DOTALL)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_LACKS: Final = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_VALUE: Final = re.compile(r"Invalid enum value")
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything that is read from a file: an unknown key is an error."""


def convert(
    document: Document,
    place: Place,
    type_: type[T],
    *,
    data: Any = _MISSING,
    also: Iterable[str] = (),
) -> T:
    """Read the part of a document at `place` as `type_`, without any coercion.

    Args:
        document: where the part stands.
        place: the part's place.
        type_: a msgspec Struct type, or anything msgspec converts to.
        data: the part itself, where it is not simply what stands at `place`.
        also: names that may stand beside the Struct's own, offered for a mistyped key.

    Raises:
        InputError: the part does not fit; the first misfit is named.
    """
    if data is _MISSING:
        data = document.at(place)
    try:
        return msgspec.convert(data, type_)
    except msgspec.ValidationError as error:
        raise _located(document, place, type_, str(error), tuple(also), data) from None


def given_error(document: Document, place: Place, error: Exception) -> InputError | None:
    """A domain's own complaint as an InputError, or None where `error` is no such complaint.

    A domain raises an exception with the text attributes `path` (below `place`, `$` and a leading
    repetition of `place` are allowed) and `message`.
    """
    path, message = getattr(error, "path", None), getattr(error, "message", None)
    if not isinstance(path, str) or not isinstance(message, str):
        return None
    steps = place_of(path.removeprefix("$"))
    if steps[: len(place)] == place:
        steps = steps[len(place) :]
    return document.error("given-impossible", (*place, *steps), visible(message))


def unknown_name(
    document: Document, place: Place, kind: str, name: str, known: Iterable[str]
) -> InputError:
    """`name` at `place` is none of the `known` names of its kind."""
    slug = f"unknown-{kind.replace(' ', '-')}"
    return document.error(slug, place, f"unknown {kind} {quoted(name)}", hint(name, known))


def _located(
    document: Document, place: Place, type_: Any, said: str, also: tuple[str, ...], data: Any
) -> InputError:
    match = _AT.fullmatch(said)
    what, below = (match["what"], match["place"] or "") if match else (said, "")
    steps = _steps(said, below, data, type_)
    here, value = (*place, *steps), _value_at(data, steps)
    names = tuple(_names_at(inspect.type_info(type_), steps))
    if found := _UNKNOWN.fullmatch(what):
        key = found[1]
        known = {*names, *also}
        free = known - set(value)  # what stands there already was hardly meant again
        offered = free if nearest(key, free) else known
        message = f"unknown key {quoted(key)}"
        return document.error("unknown-key", (*here, key), message, hint(key, offered))
    if found := _LACKS.fullmatch(what):
        return document.error("missing-key", here, f"the key {quoted(found[1])} is missing")
    if _VALUE.match(what):
        message = f"{quoted(value)} is none of the allowed values"
        return document.error("wrong-value", here, message, hint(str(value), names))
    expected = what.replace("`", "")
    expected = expected[:1].lower() + expected[1:]
    shown = "" if isinstance(value, dict | list) else f", here {written(value)}"
    return document.error("wrong-type", here, f"{visible(expected)}{shown}", spelling(what, value))


def written(value: Any) -> str:
    """A scalar as a message shows it: text as it is quoted everywhere, else as YAML has it."""
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def _steps(said: str, below: str, data: Any, type_: Any) -> Place:
    """The place msgspec names. It writes `[...]` for a key of a free mapping, so ask each key.

    The key is the one that alone gets the same complaint: other misfits may follow elsewhere.
    """
    steps: Place = ()
    for key, number, _ in _STEP.findall(below):
        mapping = _value_at(data, steps)
        if key or number:
            steps = (*steps, key or int(number))
        elif isinstance(mapping, dict):
            alone = ((one, _replaced(data, steps, {one: mapping[one]})) for one in mapping)
            found = [one for one, trial in alone if _complaint(trial, type_) == said][:1]
            if not found:
                break
            steps = (*steps, *found)
    return steps


def _replaced(data: Any, steps: Place, new: Any) -> Any:
    """A copy of the data with `new` at a place."""
    if not steps:
        return new
    copy = data.copy()
    copy[steps[0]] = _replaced(data[steps[0]], steps[1:], new)
    return copy


def _complaint(data: Any, type_: Any) -> str:
    try:
        msgspec.convert(data, type_)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _value_at(data: Any, steps: Place) -> Any:
    for step in steps:
        data = data[step]
    return data


def _names_at(info: inspect.Type, steps: Place) -> Iterator[str]:
    """Names that a schema knows at a place: a Struct's fields, or the allowed texts."""
    if isinstance(info, inspect.UnionType):
        for one in info.types:
            yield from _names_at(one, steps)
    elif not steps:
        yield from _own_names(info)
    elif isinstance(info, inspect.StructType):
        for field in info.fields:
            if field.encode_name == steps[0]:
                yield from _names_at(field.type, steps[1:])
    elif isinstance(info, inspect.ListType | inspect.VarTupleType):
        yield from _names_at(info.item_type, steps[1:])
    elif isinstance(info, inspect.DictType):
        yield from _names_at(info.value_type, steps[1:])


def _own_names(info: inspect.Type) -> Iterator[str]:
    if isinstance(info, inspect.StructType):
        yield from (field.encode_name for field in info.fields)
    elif isinstance(info, inspect.LiteralType):
        yield from (value for value in info.values if isinstance(value, str))
