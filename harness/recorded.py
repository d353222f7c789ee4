"""What a recording adds to a scenario: the kit's recorder, what is assumed, what was observed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from harness.canonical import same
from harness.difference import keys_of
from harness.document import Document, Place
from harness.model import ABSENT, FACETS, Finding, Outcome
from harness.ownership import value_at
from harness.ports import Data, Kit, Recorder
from harness.schema import given_error, unknown_name
from harness.text import quoted

OBSERVED = "observed-differs"
"""Slug of the finding that the control does not do what was recorded."""

ECHO_SECONDS: Final = 3 * 86_400
"""How long after an act the control may still cause an event: deliveries are tried again."""

Observed = tuple[Mapping[str, Data], ...]
"""By episode: `facet.path` → the value that was seen, ABSENT where there was none."""


def recorder_of(kit: Kit) -> Recorder | None:
    """The kit's recorder; None where it has none."""
    return cast("Recorder | None", getattr(kit, "recorder", None))


def the_recorder(kit: Kit) -> Recorder:
    """The recorder of a kit that has one: whatever needs it was refused at reading elsewhere.

    Raises:
        TypeError: there is none.
    """
    recorder = recorder_of(kit)
    if recorder is None:
        raise TypeError("this kit has no recorder")
    return recorder


def with_assumed(document: Document, kit: Kit, assume: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is given, with what a person assumes of stores that nobody recorded.

    Raises:
        InputError: the kit has no recorder, nothing is assumed, or it is no unknown store.
    """
    recorder = recorder_of(kit)
    if recorder is None:
        message = "this kit has no recorder, so nothing can be assumed"
        raise document.error("assume-unsupported", ("assume",), message, "write it into given")
    if not assume:
        message = "nothing is assumed"
        raise document.error("assume-empty", ("assume",), message, "name a store, or leave it out")
    given = document.at(("given",))
    try:
        return recorder.assumed(given, assume)
    except Exception as error:
        complaint = given_error(document, ("assume",), error)
        if complaint is None:
            raise
        raise replace(complaint, slug="assume-impossible") from None


def observed_of(
    document: Document, seen: Sequence[Mapping[str, Any]], *, races: Sequence[bool]
) -> Observed:
    """What was seen after each episode.

    Args:
        document: where it stands.
        seen: as it was read.
        races: for each episode, whether several things happen at once in it.

    Raises:
        InputError: there are more entries than episodes, or one names no field.
    """
    place: Place = ("observed",)
    if len(seen) > len(races):
        message = f"{len(seen)} entries, and the episodes are numbered 0 to {len(races) - 1}"
        hint = "one entry an episode; the first is that of the look, before anything happens"
        raise document.error("observed-episode", (*place, len(races)), message, hint)
    return tuple(
        _entry(document, (*place, number), fields, race=races[number])
        for number, fields in enumerate(seen)
    )


def _entry(
    document: Document, place: Place, fields: Mapping[str, Any], *, race: bool
) -> dict[str, Data]:
    if race and fields:
        message = "several things happen at once here, in an order that nobody saw"
        raise document.error("observed-race", place, message, "leave the entry empty: {}")
    return {path: _value(document, (*place, path), path, value) for path, value in fields.items()}


def _value(document: Document, place: Place, path: str, value: Any) -> Data:
    try:
        facet, *keys = keys_of(path)
    except ValueError as error:
        raise document.error("observed-field", place, str(error)) from None
    if facet not in FACETS:
        raise unknown_name(document, place, "facet", facet, FACETS)
    if not keys:
        message = f"{quoted(path)} names no field of {facet}"
        raise document.error("observed-field", place, message, "as in books.store.key")
    return ABSENT if value == {"absent": True} else value


def unlike(observed: Mapping[str, Data], facets: Mapping[str, Data]) -> Iterator[Finding]:
    """Where the control differs from what was observed; `facets` with every field it keeps."""
    for path, seen in observed.items():
        facet, *keys = keys_of(path)
        has = value_at(facets, facet, tuple(keys))
        if not same(seen, has):
            detail = f"{path}: observed {_told(seen)}, the control has {_told(has)}"
            yield Finding(outcome=Outcome.DRIFT, slug=OBSERVED, detail=detail)


def _told(value: Data) -> str:
    return "no such field" if value is ABSENT else quoted(value)
