"""The JSON Schema of a ruling: the keys of its file, as strict as a schema can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from harness.json_schema.definitions import (
    NOT_BLANK,
    Json,
    definitions,
    matching,
    meanings,
    one_of,
    text,
    whole,
)
from harness.ownership import UNHANDLED
from harness.ruling import OF_SUBJECTS, RulingClass
from harness.ruling_files import DATE, ID, MOST_CLAUSES, SHARE
from harness.ruling_shape import RulingShape

CELL: Final = "^[a-z0-9][a-z0-9._-]*#[1-9][0-9]*$"
"""A cell that a ruling may list: the first look, `#0`, needs none."""

RECORD: Final = r"^(docs/decisions/[0-9]{4}-.*\.md)?$"
ONE: Final = text(r"^[^*]*$", "one name, without *")
"""One thing is named, not any number of them."""

_FILLED: Final[Json] = {"minItems": 1}
_EMPTY: Final[Json] = {"maxItems": 0}


def ruling_schema(*, paths: Iterable[str], quirks: Mapping[str, str]) -> Json:
    """The schema of a ruling's file.

    Args:
        paths: ids of the control's paths.
        quirks: id of a fault of the control → its title.
    """
    known = meanings()
    defs = definitions((RulingShape,), known)
    root = defs.pop("RulingShape")
    classes = known.values["RulingShape.class"]
    # a class's meaning stands beside it, in the order of the classes themselves
    of_class = one_of({str(one): classes[one] for one in RulingClass})
    _put(root, {"class": of_class, "quirk": one_of({"": "none", **quirks}), **_signed()})
    _put(
        root,
        {
            "decision": text(RECORD, "a decision record, as docs/decisions/0007-name.md"),
            "expect": {"maxItems": MOST_CLAUSES},
        },
    )
    _put(root, {"cells": _cells(quirks), "subjects": {"items": ONE}})
    _put(
        defs["ScopeShape"],
        {
            "paths": {"items": one_of((*paths, UNHANDLED)), "minItems": 1},
            "segments": {"items": ONE, "minItems": 1},
        },
    )
    _put(defs["ClauseShape"], {"at": ONE})
    _put(
        defs["BulkShape"],
        {
            "max_share": text(matching(SHARE), "an exact share, as 1/50"),
            "max_accounts": {"minimum": 1},
        },
    )
    for name in ("HarmShape", "LossShape"):
        _put(defs[name], {"acknowledged": NOT_BLANK})
    amounts = {"type": "integer", "minimum": 1}
    _put(defs["LossShape"], {"max": {"additionalProperties": amounts, "minProperties": 1}})
    return whole(
        "ruling",
        "Ruling",
        {
            **root,
            "description": "A signed, expiring, exactly pinned acceptance of differences.",
            "allOf": [_of_subjects(), *_of_classes()],
        },
        defs,
    )


def _put(part: Json, stricter: Mapping[str, Json]) -> None:
    """Make fields as strict as their reader is."""
    for key, more in stricter.items():
        part["properties"][key] = {**part["properties"][key], **more}


def _signed() -> dict[str, Json]:
    day = text(matching(DATE), "a day, as 2026-03-02")
    texts = ("title", "reason", "ticket", "owner", "approver")
    return {
        "id": text(matching(ID), "R- and a short name in small letters, as R-fine-forgiven"),
        **dict.fromkeys(texts, NOT_BLANK),
        "created": day,
        "expires": day,
    }


def _cells(quirks: Mapping[str, str]) -> Json:
    cells: Json = {
        "type": "array",
        "items": text(CELL, "a cell, as late-and-paid#1; the look, #0, needs none"),
        "uniqueItems": True,
    }
    by_quirk = {"type": "object", "propertyNames": one_of(quirks), "additionalProperties": cells}
    return {"anyOf": [cells, by_quirk]}


def _of_subjects() -> Json:
    """Branches and mutants on the one hand, cells and clauses on the other: never both."""
    return {
        "if": _is(*OF_SUBJECTS),
        "then": {
            "required": ["subjects"],
            "properties": {
                "subjects": _FILLED,
                "expect": _EMPTY,
                "cells": {**_EMPTY, "maxProperties": 0},
                "scope": {"type": "null"},
                "bulk": {"type": "null"},
            },
        },
        "else": {
            "required": ["scope", "expect"],
            "properties": {
                "subjects": _EMPTY,
                "expect": _FILLED,
                "scope": {"type": "object"},
            },
            "anyOf": [
                {
                    "required": ["cells"],
                    "properties": {"cells": {**_FILLED, "minProperties": 1}},
                },
                {"required": ["bulk"], "properties": {"bulk": {"type": "object"}}},
            ],
        },
    }


def _of_classes() -> tuple[Json, ...]:
    """What a class needs: a fault of the control, or a decision record."""
    listed = {"required": ["cells"], "properties": {"cells": {"type": "object"}}}
    return (
        {
            "if": _is(RulingClass.CONTROL_BUG),
            "then": {"anyOf": [listed, _needs("quirk")]},
            "else": {"properties": {"cells": {"type": "array"}}},
        },
        {"if": _is(RulingClass.INTENDED_CHANGE), "then": _needs("decision")},
    )


def _is(*classes: RulingClass) -> Json:
    names = sorted(map(str, classes))
    return {"properties": {"class": {"enum": names}}, "required": ["class"]}


def _needs(key: str) -> Json:
    return {"required": [key], "properties": {key: {"minLength": 1}}}
