"""Rows of plain data: what a store of a plain world may hold, and how a scenario writes it."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Final

import msgspec
from msgspec import inspect

from harness.moment import FORM, moment


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all rows. A field holds text, integers, booleans, null, or tuples of these."""


Time = Annotated[int, msgspec.Meta(description="epoch seconds, UTC")]
"""A field that a scenario writes as a time, and that holds epoch seconds."""

_WRITTEN: Final = Annotated[str, msgspec.Meta(description=f"a time: {FORM}")]
_EXACT: Final = frozenset({str, int, bool, type(None)})
_SCALARS: Final = (
    inspect.StrType, inspect.IntType, inspect.BoolType, inspect.NoneType, inspect.LiteralType,
)  # fmt: skip


def unfit_fields(kind: type) -> Iterator[str]:
    """Fields of a row type that could hold what is no frozen plain data, each with why."""
    for field in msgspec.structs.fields(kind):
        if not _holds_plain(inspect.type_info(field.type)):
            yield f"{field.name}: {field.type!r}"


def is_plain_type(type_: Any) -> bool:
    """Whether values of a type are text, integers, booleans, null, or tuples of these."""
    return _holds_plain(inspect.type_info(type_))


def _holds_plain(info: inspect.Type) -> bool:
    if isinstance(info, inspect.Metadata):
        return _holds_plain(info.type)
    if isinstance(info, inspect.UnionType):
        return all(map(_holds_plain, info.types))
    if isinstance(info, inspect.VarTupleType):
        return _holds_plain(info.item_type)
    if isinstance(info, inspect.TupleType):
        return all(map(_holds_plain, info.item_types))
    return isinstance(info, _SCALARS)


@cache
def _types(kind: type) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.type) for field in msgspec.structs.fields(kind))


def faults_of(kind: type[Row], row: Row) -> Iterator[str]:
    """Fields that hold what they must not, as `field type`; a row of another type is one fault."""
    if type(row) is not kind:
        yield f"row {type(row).__name__}"
        return
    for name, type_ in _types(kind):
        value = getattr(row, name)
        if not _is_exact(value) or not _fits(value, type_):
            yield f"{name} {type(value).__name__}"


def _is_exact(value: object) -> bool:
    """Whether a value is frozen to its last part, and of no subclass that could be more."""
    if type(value) is tuple:
        return all(map(_is_exact, value))
    return type(value) in _EXACT


def _fits(value: object, type_: Any) -> bool:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True


@cache
def _hints(kind: type[Row]) -> dict[str, Any]:
    """Field → its type, worked out once: each row of each scenario asks."""
    return typing.get_type_hints(kind, include_extras=True)


@cache
def written(kind: type[Row]) -> type[msgspec.Struct]:
    """The type of a row as a scenario writes it: a time is text, and a default may be left out."""
    hints = _hints(kind)
    fields: list[Any] = []
    for field in msgspec.structs.fields(kind):
        type_ = _as_text(hints[field.name])
        if field.required:
            fields.append((field.name, type_))
        else:
            fields.append((field.name, type_ | msgspec.UnsetType, msgspec.UNSET))
    return msgspec.defstruct(
        kind.__name__,
        fields,
        module=kind.__module__,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def _as_text(hint: Any) -> Any:
    if hint == Time:
        return _WRITTEN
    if Time in typing.get_args(hint):
        return typing.Union[tuple(map(_as_text, typing.get_args(hint)))]  # noqa: UP007  # of a tuple
    return hint


def row_of(kind: type[Row], given: msgspec.Struct, *, now: int) -> Row:
    """The row that a scenario wrote; times count from `now`, epoch seconds.

    Raises:
        ValueError: a text is no time; the message names the field.
    """
    hints = _hints(kind)
    values = msgspec.structs.asdict(given)
    told = {name: value for name, value in values.items() if value is not msgspec.UNSET}
    for name, value in told.items():
        if type(value) is str and _as_text(hints[name]) != hints[name]:
            try:
                told[name] = moment(value, now=now)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
    return kind(**told)
