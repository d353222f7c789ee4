"""The fields policy: facts that only one side keeps, left out of the comparison and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from harness.correction import corrected
from harness.document import Document, read_document
from harness.model import FACETS
from harness.ports import Data
from harness.ruling_files import decision_records
from harness.schema import Strict, convert, unknown_name
from harness.text import quoted

ANY: Final = "*"
"""Stands for every key of one collection, as in `books.invoices.*.attempt_count`."""


class _Entry(Strict, frozen=True, kw_only=True):
    field: str
    status: Literal["retired", "added"]
    reason: str
    decision: str


class _File(Strict, frozen=True, kw_only=True):
    fields: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field that is not compared.

    Attributes:
        path: `facet.key.key`; one key may be `*`, for every key of that collection.
        status: retired (the candidate stops keeping it) or added (only the candidate answers it).
        reason: why.
        decision: the decision's record, `docs/decisions/NNNN-name.md`.
        keys: the path's.
    """

    path: str
    status: Literal["retired", "added"]
    reason: str
    decision: str
    keys: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        keys = tuple(self.path.split("."))
        object.__setattr__(self, "keys", keys)  # asked for in every observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """All fields that are not compared; none by default."""

    fields: tuple[Field, ...] = ()

    def project(self, facets: Mapping[str, Data]) -> dict[str, Data]:
        """Facets without these fields; what is given is left as it is."""
        projected = dict(facets)
        for one in self.fields:
            _without(projected, one.keys)
        return projected

    def covers(self, path: str) -> bool:
        """Whether `facet.key.key`, or a place above it, is left out."""
        keys = tuple(path.split("."))
        return any(_matches(one.keys, keys) for one in self.fields)


def read_fields(path: Path, *, root: Path) -> Fields:
    """Read `fields.yaml`; a file that is not there means that every field is compared.

    Args:
        path: the file.
        root: the folder in which docs/decisions stands.

    Raises:
        InputError: the file is malformed, names no facet, names a field twice, or a decision has
            no record.
    """
    if not path.exists():
        return Fields()
    return fields_of(read_document(path), root=root)


def fields_of(document: Document, *, root: Path) -> Fields:
    """Read the policy from a document: a list of fields, or a mapping that holds it.

    Raises:
        InputError: as `read_fields`.
    """
    return corrected(document, partial(_fields, root=root))


def _fields(document: Document, *, root: Path) -> Fields:
    listed = isinstance(document.data, list)
    place = () if listed else ("fields",)
    if listed:
        entries = convert(document, (), tuple[_Entry, ...])
    else:
        entries = convert(document, (), _File).fields
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        _check(document, (*place, number), entry, seen, root)
    return Fields(
        fields=tuple(
            Field(path=e.field, status=e.status, reason=e.reason, decision=e.decision)
            for e in entries
        )
    )


def _check(
    document: Document, place: tuple[str | int, ...], entry: _Entry, seen: set[str], root: Path
) -> None:
    at = (*place, "field")
    facet, *keys = entry.field.split(".")
    if facet not in FACETS:
        raise unknown_name(document, at, "facet", facet, FACETS)
    if not keys or not all(keys):
        message = f"{quoted(entry.field)} names no field of {facet}"
        raise document.error("field-path", at, message, "name one, as in books.store.key")
    if keys.count(ANY) > 1 or keys[-1] == ANY or keys[0] == ANY:
        message = f"{quoted(entry.field)}: {ANY} may stand once, between two keys"
        raise document.error("field-path", at, message, "name the fields")
    if entry.field in seen:
        raise document.error("field-twice", at, f"{quoted(entry.field)} stands twice")
    seen.add(entry.field)
    if not entry.reason.strip():
        raise document.error("field-reason", (*place, "reason"), "no reason is given")
    records = decision_records(root)
    if entry.decision not in records:
        at = (*place, "decision")
        raise unknown_name(document, at, "decision record", entry.decision, records)


def _without(tree: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Leave a field out of a tree that may be edited; what hangs below is copied, not edited."""
    key, rest = keys[0], keys[1:]
    for one in list(tree) if key == ANY else [key]:
        if one not in tree:
            continue
        if not rest:
            del tree[one]
        elif isinstance(tree[one], Mapping):
            tree[one] = dict(tree[one])
            _without(tree[one], rest)


def _matches(pattern: tuple[str, ...], keys: tuple[str, ...]) -> bool:
    """Whether the pattern names these keys or a place above them."""
    return len(pattern) <= len(keys) and all(
        one in (ANY, key) for one, key in zip(pattern, keys, strict=False)
    )
