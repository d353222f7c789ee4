"""The files in which people describe a surface: what a write is, who owns what, what they know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from harness.audit.acknowledged import Acknowledgement, AcknowledgementShape, acknowledgements
from harness.audit.declared import Declaration
from harness.audit.described import Call, Description
from harness.correction import corrected
from harness.document import Document, Place, read_document
from harness.schema import Strict, convert
from harness.text import quoted

NAME: Final = "surface.yaml"
"""The file of acknowledgements, beside the scenarios."""


class OwnShape(Strict, frozen=True, kw_only=True):
    acknowledged: tuple[AcknowledgementShape, ...] = ()


class CallShape(Strict, frozen=True, kw_only=True):
    call: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    outside: bool = False


class RegistrationsShape(Strict, frozen=True, kw_only=True):
    decorators: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()


class OwnedShape(Strict, frozen=True, kw_only=True):
    functions: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    reads: tuple[str, ...] | None = None
    writes: tuple[str, ...] | None = None


class ForeignShape(Strict, frozen=True, kw_only=True):
    calls: tuple[CallShape, ...]
    paths: dict[str, OwnedShape]
    package: str = ""
    registrations: RegistrationsShape = RegistrationsShape()
    tables: dict[str, str] = msgspec.field(default_factory=dict)
    harmless: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    left_out: dict[str, str] = msgspec.field(default_factory=dict)
    approvers: tuple[str, ...] = ()
    acknowledged: tuple[AcknowledgementShape, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """What is said of a tree outside of this repository.

    Attributes:
        package: the name that its folder is imported by.
        description: what a write is, and how functions are registered.
        handlers: path → `module:function`, or `module:*` for all of a module.
        declared: path → what it is said to read and write.
        left_out: folder or file → why it is not looked at.
        acknowledged: signed statements.
    """

    package: str
    description: Description
    handlers: Mapping[str, tuple[str, ...]]
    declared: Mapping[str, Declaration]
    left_out: Mapping[str, str] = field(default_factory=dict)
    acknowledged: tuple[Acknowledgement, ...] = ()


def read_acknowledged(file: Path, approvers: Sequence[str]) -> tuple[Acknowledgement, ...]:
    """Read the statements beside the scenarios; a file that is not there has none.

    Raises:
        InputError: it cannot be read, or says something that cannot be.
    """
    if not file.exists():
        return ()

    def read(document: Document) -> tuple[Acknowledgement, ...]:
        shape = convert(document, (), OwnShape)
        return acknowledgements(document, ("acknowledged",), shape.acknowledged, approvers)

    return corrected(read_document(file), read)


def read_foreign(file: Path) -> Foreign:
    """Read what is said of a foreign tree.

    Raises:
        InputError: it cannot be read, or says something that cannot be.
    """
    return corrected(read_document(file), _foreign)


def _foreign(document: Document) -> Foreign:
    shape = convert(document, (), ForeignShape)
    _check_calls(document, shape.calls)
    _check_reasons(document, shape.left_out)
    registrations = shape.registrations
    handled = {name: True for owned in shape.paths.values() for name in owned.triggers}
    description = Description(
        calls=tuple(
            Call(
                name=one.call,
                reads=one.reads,
                writes=one.writes,
                follows=one.follows,
                outside=one.outside,
            )
            for one in shape.calls
        ),
        decorators=registrations.decorators,
        registering=registrations.calls,
        wrappers=registrations.wrappers,
        tables=registrations.tables,
        bases=registrations.classes,
        tables_of={name.lower(): store for name, store in shape.tables.items()},
        harmless=shape.harmless,
        triggers={**dict.fromkeys(shape.triggers, False), **handled},
    )
    return Foreign(
        package=shape.package,
        description=description,
        handlers={path: _owned(document, path, owned) for path, owned in shape.paths.items()},
        declared={
            path: Declaration(reads=owned.reads, writes=owned.writes)
            for path, owned in shape.paths.items()
        },
        left_out=shape.left_out,
        acknowledged=acknowledgements(
            document, ("acknowledged",), shape.acknowledged, shape.approvers
        ),
    )


def _check_calls(document: Document, calls: Sequence[CallShape]) -> None:
    if not calls:
        message = "nothing says what a write is"
        hint = "name at least one call that writes: {call: session.commit, writes: [db]}"
        raise document.error("surface-calls", ("calls",), message, hint)
    known: set[str] = set()
    for number, one in enumerate(calls):
        place: Place = ("calls", number, "call")
        steps = one.call.split(".")
        if not all(step.isidentifier() for step in steps):
            message = f"{quoted(one.call)} is no dotted name"
            raise document.error("surface-call", place, message, "as in billing_db.update")
        if one.call in known:
            message = f"{quoted(one.call)} stands twice"
            raise document.error("surface-doubled", place, message, "keep one")
        known.add(one.call)


def _check_reasons(document: Document, left_out: Mapping[str, str]) -> None:
    for name, reason in left_out.items():
        if not reason.strip():
            message = f"nothing says why {quoted(name)} is not looked at"
            raise document.error("surface-blank", ("left_out", name), message, "say why")


def _owned(document: Document, path: str, owned: OwnedShape) -> tuple[str, ...]:
    place: Place = ("paths", path)
    if not owned.functions and not owned.modules:
        message = "neither functions nor modules: the path owns nothing"
        raise document.error("surface-path", place, message, "functions: [shop.pay:pay]")
    for number, name in enumerate(owned.functions):
        if name.count(":") != 1:
            message = f"{quoted(name)} is no function"
            here = (*place, "functions", number)
            raise document.error("surface-path", here, message, "as in shop.pay:pay")
    return (*owned.functions, *(f"{module}:*" for module in owned.modules))
