"""The JSON Schema of a scenario: the harness's keys around the kit's `given`, acts and `then`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from harness.json_schema.definitions import (
    Json,
    Meanings,
    definitions,
    explained,
    field_schema,
    matching,
    meanings,
    one_of,
    whole,
)
from harness.moment import ABSOLUTE, AFTER
from harness.ports import Kit
from harness.scenario_file import ID, PointShape, ScenarioShape, ThenShape
from harness.when import FORMS

ITEM: Final = "Item"
TIME: Final[Json] = {"type": "string", "pattern": matching(AFTER, ABSOLUTE)}


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
        "id": {"type": "string", "pattern": matching(ID)},
        "given": {"$ref": f"#/$defs/{given}"},
        "when": {"type": "array", "items": {"$ref": f"#/$defs/{ITEM}"}},
        "faults": {"type": "array", "items": one_of(quirks), "default": []},
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
    "properties": {"observed": {"maxItems": 0}, "assume": {"type": "null"}},
}


def _facets(part: Json, names: Mapping[str, Any], known: Meanings) -> None:
    """`truth` and `customer` hold the kit's names and no other."""
    for facet in ("truth", "customer"):
        said = known.then.get(facet, {})
        part["properties"][facet] = {
            **_said(part["properties"][facet]),
            "type": "object",
            "properties": {
                name: {"description": said[name]} if name in said else {}
                for name in names.get(facet, ())
            },
            "additionalProperties": False,
        }


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
    return {key: part[key] for key in ("description", "examples", "default") if key in part}


def _item(forms: Mapping[str, Json], args: Mapping[str, Json], known: Meanings) -> Json:
    """An item is of exactly one form; which one decides what may stand beside it."""
    properties: Json = {}
    for form in forms.values():
        for key, part in form["properties"].items():
            properties[key] = _key(key, part, known)
    properties["act"] = {
        **properties["act"],
        "enum": list(args),
        "enumDescriptions": [known.acts.get(name, "") for name in args],
    }
    others = [form for form in forms if form != "act"]
    return {
        "title": ITEM,
        "description": "What happens: one of `act`, `deliver`, `webhook`, `together`.",
        "type": "object",
        "properties": properties,
        "oneOf": [{"required": [form]} for form in forms],
        "allOf": [
            *(
                {"if": {"required": [form]}, "then": {"$ref": f"#/$defs/{form}"}}
                for form in others
            ),
            *(
                {
                    "if": {"properties": {"act": {"const": name}}, "required": ["act"]},
                    "then": {"$ref": f"#/$defs/act.{name}"},
                }
                for name in args
            ),
        ],
    }


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
    text = known.fields[ITEM][form]
    return {**part, "title": form, "description": text, "properties": properties}


def _act(name: str, args: Json, form: Json, known: Meanings) -> Json:
    """One act with its time and its own arguments."""
    text = known.acts.get(name, "")
    own = {key: _key(key, part, known) for key, part in form["properties"].items()}
    own["act"] = explained({"const": name}, text or known.fields[ITEM]["act"])
    return {
        "title": name,
        "description": text or f"The act {name}.",
        "type": "object",
        "properties": {**own, **args["properties"]},
        "required": [*form["required"], *args.get("required", [])],
        "additionalProperties": False,
    }
