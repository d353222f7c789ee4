"""The parts of a JSON Schema: Structs as msgspec reads them, with what each field means."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from harness.json_schema import words
from harness.names import MOST_LISTED
from harness.ports import Kit

Json = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

NOT_BLANK: Final[Json] = {"pattern": r"\S", "patternErrorMessage": "Expected some text."}

INSTANT: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})$"
)
"""A time as msgspec reads it where it asks for a zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """What words mean, the harness's own and a kit's.

    Attributes:
        fields: Struct → field → meaning.
        values: `Struct.field` → value → meaning.
        acts: act → meaning.
        then: facet → name → meaning.
    """

    fields: Mapping[str, Mapping[str, str]]
    values: Mapping[str, Mapping[str, str]]
    acts: Mapping[str, str] = field(default_factory=dict)
    then: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def meanings(kit: Kit | None = None) -> Meanings:
    """The harness's words, with those of a kit that has some."""
    own = getattr(kit, "words", None)
    if own is None:
        return Meanings(fields=words.FIELDS, values=words.VALUES)
    return Meanings(
        fields={**own.fields, **words.FIELDS},
        values={**own.values, **words.VALUES},
        acts=own.acts,
        then=own.then,
    )


def definitions(types: Iterable[type], known: Meanings) -> dict[str, Json]:
    """Struct name → its schema, with what each field means; as msgspec reads the types."""
    _, found = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    return {name: _described(name, part, known) for name, part in sorted(found.items())}


def explained(part: Json, said: str, *, values: Mapping[str, str] | None = None) -> Json:
    """A schema with its meaning, and with those of its values where it lists some."""
    named = {**part, "description": said}
    listed = part.get("enum")
    if values and listed is not None:
        named["enumDescriptions"] = [values.get(str(value), "") for value in listed]
    return named


def whole(kind: str, title: str, root: Json, defs: Mapping[str, Json]) -> Json:
    """A file's schema; its id has no host, nothing is ever fetched by it."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:shadow:{kind}:1",
        **root,
        "title": title,
        "$defs": dict(defs),
    }


def text(pattern: str, form: str) -> Json:
    """A text that a pattern matches; `form` says to people what an editor would show as one."""
    return {"type": "string", "pattern": pattern, "patternErrorMessage": f"Expected {form}."}


def matching(*patterns: re.Pattern[str]) -> str:
    """A schema's pattern for a text that one of these matches from end to end."""
    either = "|".join(pattern.pattern for pattern in patterns)
    return f"^(?:{either})$"


def one_of(names: Mapping[str, str] | Iterable[str]) -> Json:
    """A text that is one of these, with what each means where that is known."""
    part: Json = {"type": "string", "enum": list(names)}
    if isinstance(names, Mapping):
        part["enumDescriptions"] = list(names.values())
    if len(part["enum"]) > MOST_LISTED:
        part["errorMessage"] = (
            f"None of the {len(part['enum'])} known names; completion lists them."
        )
    return part


def _described(name: str, part: Json, known: Meanings) -> Json:
    of_fields = known.fields.get(name, {})
    named = {**part, "title": name}
    if "description" in part:
        named["description"] = inspect.cleandoc(part["description"]).partition("\n\n")[0]
    named["properties"] = {
        field: field_schema(f"{name}.{field}", _adapted(below), of_fields.get(field), known)
        for field, below in part.get("properties", {}).items()
    }
    return named


def field_schema(place: str, part: Json, said: str | None, known: Meanings) -> Json:
    """One field's schema, with its meaning, its values' meanings and examples."""
    if said is None:
        return part
    named = explained(part, said, values=known.values.get(place))
    if place in words.EXAMPLES:
        named["examples"] = list(words.EXAMPLES[place])
    return named


def _adapted(part: Any) -> Any:
    """The schema as more validators and editors read it.

    A time gets a pattern: few of them look at a format, and those that do allow less than the
    reader. A default would be written out by an editor as if it had to stand there; the words say
    what holds where nothing is written. A pair's `items: false` says no more than its length, and
    forbids both where somebody reads it as draft 7 does.
    """
    if isinstance(part, list):
        return [_adapted(one) for one in part]
    if not isinstance(part, dict):
        return part
    if part.get("format") == "date-time":
        return text(INSTANT, "a time with its zone, as 2026-03-02T10:00:00Z")
    if part.get("format") == "date":
        return text(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a day, as 2026-03-02")
    named = {key: _adapted(one) for key, one in part.items() if key != "default"}
    if "prefixItems" in part:
        del named["items"]
    return named
