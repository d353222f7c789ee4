"""The JSON Schema of a scenario: the harness's keys around the kit's `given`, acts and `then`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from harness.json_schema.definitions import (
    NOT_BLANK,
    Json,
    Meanings,
    definitions,
    explained,
    field_schema,
    matching,
    meanings,
    one_of,
    text,
    whole,
)
from harness.moment import ABSOLUTE, AFTER, FORM
from harness.ports import Kit
from harness.scenario_file import ID, ID_FORM, ScenarioShape
from harness.then import FACETS, PointShape, ThenShape
from harness.when import FORMS

ITEM: Final = "Item"
TIME: Final = text(matching(AFTER, ABSOLUTE), f"{FORM}")
ANY: Final = ["string", "integer", "boolean", "array", "object", "null"]
"""Every type; an editor writes the `:` only after a key whose value has one."""

FORMLESS: Final = f"One of {', '.join(FORMS)} is expected."


def scenario_schema(kit: Kit, *, quirks: Mapping[str, str], invariants: Mapping[str, str]) -> Json:
    """The schema of a scenario's file.

    Args:
        kit: whose `Given`, acts and names are used; its words are, where it has some.
        quirks: id of a fault of the control → its title.
        invariants: id → title.
    """
    known = meanings(kit)
    acts = {name: spec.args for name, spec in kit.acts.items()}
    shapes: tuple[type, ...] = (ScenarioShape, ThenShape, PointShape, *FORMS.values())
    defs = definitions((kit.Given, *acts.values(), *shapes), known)
    forms = {form: defs.pop(shape.__name__) for form, shape in FORMS.items()}
    given = kit.Given.__name__
    root = _root(defs.pop("ScenarioShape"), given, quirks)
    for name in ("ThenShape", "PointShape"):
        _facets(defs[name], kit.fields, known)
    _then(defs["ThenShape"], invariants)
    args = {name: defs[shape.__name__] for name, shape in acts.items()}
    defs[ITEM] = _item(forms, args, known)
    for form in ("deliver", "webhook", "together"):
        defs[form] = _form(form, forms[form], known)
    for name, part in args.items():
        defs[f"act.{name}"] = _act(name, part, forms["act"], known)
    used = {name: part for name, part in defs.items() if not _only_arguments(part, args)}
    return whole("scenario", "Scenario", root, used)


def _only_arguments(part: Json, args: Mapping[str, Json]) -> bool:
    """Whether this is an act's arguments alone, which stand inside `act.…`."""
    return any(part is one for one in args.values())


def _root(root: Json, given: str, quirks: Mapping[str, str]) -> Json:
    own = root["properties"]
    put: Mapping[str, Json] = {
        "id": text(matching(ID), ID_FORM),
        "title": {"type": "string", **NOT_BLANK},
        "given": {"$ref": f"#/$defs/{given}"},
        "when": {"type": "array", "items": {"$ref": f"#/$defs/{ITEM}"}},
        "faults": {"type": "array", "items": one_of(quirks)},
        "then": {"anyOf": [{"$ref": "#/$defs/ThenShape"}, {"type": "null"}]},
    }
    for key, part in put.items():
        own[key] = {**part, **_said(own[key])}
    return {
        **root,
        "description": "One situation: given a world, when something happens, then what is true.",
        "allOf": [
            {"if": _kind({"const": "curated"}), "then": _CURATED},
            {"if": _kind({"not": {"const": "recorded"}}), "then": _UNRECORDED},
        ],
    }


def _kind(kind: Json) -> Json:
    """What is so where the scenario is of a kind."""
    provenance = {"type": "object", "properties": {"kind": kind}, "required": ["kind"]}
    return {"properties": {"provenance": provenance}, "required": ["provenance"]}


def _has(facet: str) -> Json:
    return {"properties": {facet: {"minProperties": 1}}, "required": [facet]}


_CURATED: Final[Json] = {
    "required": ["then"],
    "properties": {"then": {"type": "object", "anyOf": [_has("truth"), _has("customer")]}},
}
_UNRECORDED: Final[Json] = {
    "properties": {
        "observed": {"maxItems": 0},
        "assume": {"type": "null"},
        "provenance": {"properties": {"recorded": {"type": "null"}}},
    },
}


def _facets(part: Json, names: Mapping[str, Any], known: Meanings) -> None:
    """`truth` and `customer` hold the kit's names and no other."""
    for facet in FACETS:
        said = known.then.get(facet, {})
        part["properties"][facet] = {
            **_said(part["properties"][facet]),
            "type": "object",
            "properties": {
                name: field_schema(
                    f"{facet}.{name}", _any_of(known, facet, name), said.get(name), known
                )
                for name in names.get(facet, ())
            },
            "additionalProperties": False,
        }


def _any_of(known: Meanings, facet: str, name: str) -> Json:
    """The values that a name of `then` may have, where the kit tells them, else any."""
    values = known.values.get(f"{facet}.{name}")
    return {"type": ANY} if values is None else one_of(values)


def _then(part: Json, invariants: Mapping[str, str]) -> None:
    own = part["properties"]
    own["excused"]["propertyNames"] = one_of(invariants)
    own["after"] = {
        **_said(own["after"]),
        "type": "object",
        "patternProperties": {"^(0|[1-9][0-9]*)$": {"$ref": "#/$defs/PointShape"}},
        "additionalProperties": False,
    }


def _said(part: Json) -> Json:
    """What a schema says to people."""
    return {key: part[key] for key in ("description", "examples") if key in part}


def _item(forms: Mapping[str, Json], args: Mapping[str, Json], known: Meanings) -> Json:
    """An item is of exactly one form; which one decides what may stand beside it."""
    timed = {"at": TIME, "hold": {"type": "object"}}
    begun = {key: _key(key, part, known) for key, part in timed.items()}
    for form, part in forms.items():
        begun[form] = _key(form, part["properties"][form], known)
    act = {"act": {**begun["act"], **one_of({name: known.acts.get(name, "") for name in args})}}
    # what an item can begin with is offered only while it has no form; then, what goes with it
    return {
        "title": ITEM,
        "description": "What happens: one of `act`, `deliver`, `webhook`, `together`.",
        "type": "object",
        "anyOf": [{"required": [form], "errorMessage": FORMLESS} for form in forms],
        "if": {"anyOf": [{"required": [form]} for form in forms]},
        "else": {"properties": {**begun, **act}, "additionalProperties": False},
        "allOf": [
            {"if": {"required": ["act"]}, "then": {"properties": act}},
            *(
                {"if": {"required": [form]}, "then": {"$ref": f"#/$defs/{form}"}}
                for form in forms
                if form != "act"
            ),
            *(
                {
                    "if": {"properties": {"act": _just(name)}, "required": ["act"]},
                    "then": {"$ref": f"#/$defs/act.{name}"},
                }
                for name in args
            ),
        ],
    }


def _just(name: str) -> Json:
    """One text; while somebody types, some editors take a `const` for all that begin with it."""
    return {"pattern": f"^{re.escape(name)}$".replace(r"\-", "-")}


def _key(key: str, part: Json, known: Meanings) -> Json:
    """A key of an item, with its meaning; times are stricter than the text they are."""
    if key == "at":
        part = TIME
    elif key == "hold":
        part = {"type": "object", "additionalProperties": TIME}
    elif key == "together":
        apart = {"not": {"anyOf": [{"required": ["hold"]}, {"required": ["together"]}]}}
        item = {"allOf": [{"$ref": f"#/$defs/{ITEM}"}, apart]}
        part = {"type": "array", "minItems": 2, "items": item}
    return field_schema(f"{ITEM}.{key}", part, known.fields[ITEM].get(key), known)


def _form(form: str, part: Json, known: Meanings) -> Json:
    properties = {key: _key(key, below, known) for key, below in part["properties"].items()}
    said = known.fields[ITEM][form]
    return {**part, "title": form, "description": said, "properties": properties}


def _act(name: str, args: Json, form: Json, known: Meanings) -> Json:
    """One act with its time and its own arguments."""
    said = known.acts.get(name, "")
    own = {key: _key(key, part, known) for key, part in form["properties"].items()}
    own["act"] = explained({"const": name}, said or known.fields[ITEM]["act"])
    return {
        "title": name,
        "description": said or f"The act {name}.",
        "type": "object",
        "properties": {**own, **args["properties"]},
        "required": [*form["required"], *args.get("required", [])],
        "additionalProperties": False,
    }
