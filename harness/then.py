"""The `then` of a scenario, read from its document: what must be true, written by a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from harness.document import Document, Place
from harness.errors import InputError
from harness.names import hint
from harness.ports import Kit, Words, World
from harness.scenario import EpisodeSpec, Then
from harness.schema import Strict, convert, unknown_name, written
from harness.spelling import spelling
from harness.text import quoted

FACETS: Final = ("truth", "customer")

Names = Mapping[str, Mapping[str, Any]]
"""Facet → name → value."""

KINDS: Final[Mapping[type, tuple[str, tuple[type, ...]]]] = {
    bool: ("bool", (bool,)),
    dict: ("object", (Mapping,)),
    list: ("array", (list, tuple)),
    tuple: ("array", (list, tuple)),
}
"""Type that a world shows → its name, and the types that can equal it; of others nobody knows."""


class PointShape(Strict, frozen=True, kw_only=True):
    truth: dict[str, Any] = msgspec.field(default_factory=dict)
    customer: dict[str, Any] = msgspec.field(default_factory=dict)


class ThenShape(PointShape, frozen=True, kw_only=True):
    moot: tuple[str, ...] = ()
    excused: dict[str, str] = msgspec.field(default_factory=dict)
    after: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThenReader:
    """Reads `then`.

    Attributes:
        document: where it stands.
        kit: tells what `then` may name, and where it has words, with which values.
        world: what is given; its values are looked at for their types alone.
        specs: the scenario's episodes.
        invariants: what `excused` may name.
    """

    document: Document
    kit: Kit
    world: World
    specs: Sequence[EpisodeSpec]
    invariants: Collection[str]

    def then(self) -> Then:
        """All of it.

        Raises:
            InputError: it names what nobody knows, or says what can never hold.
        """
        said = convert(self.document, ("then",), ThenShape)
        shown = self.kit.expectable(self.world)
        self.check_names(("then",), shown, {"truth": said.truth, "customer": said.customer})
        for invariant in said.excused:
            if invariant not in self.invariants:
                excused = ("then", "excused", invariant)
                known = self.invariants
                raise unknown_name(self.document, excused, "invariant", invariant, known)
        acts = [f"{spec.label}#{spec.index}" for spec in self.specs]
        for number, moot in enumerate(said.moot):
            if moot not in acts:
                message = f"{quoted(moot)} is no act of this scenario"
                place = ("then", "moot", number)
                raise self.document.error("then-moot", place, message, hint(moot, acts))
        return Then(
            truth=said.truth,
            customer=said.customer,
            moot=said.moot,
            excused=said.excused,
            after=dict(self.after(shown, tuple(said.after))),
        )

    def after(self, shown: Names, keys: Sequence[str]) -> Iterator[tuple[int, Then]]:
        """Points on the way: number of an episode, and what holds after it."""
        count = len(self.specs)
        for key in keys:
            place = ("then", "after", key)
            if key not in map(str, range(count)):
                message = f"{quoted(key)} is no episode, they are numbered 0 to {count - 1}"
                raise self.document.error("then-after", place, message)
            point = convert(self.document, place, PointShape)
            if not (point.truth or point.customer):
                message = "names nothing, so that nothing is compared there"
                fix = "write what is true after it, or leave the number out"
                raise self.document.error("then-after", place, message, fix)
            self.check_names(place, shown, {"truth": point.truth, "customer": point.customer})
            yield int(key), Then(truth=point.truth, customer=point.customer)

    def check_names(self, place: Place, shown: Names, said: Names) -> None:
        """Whether each name is known, and its value one that it can have."""
        for facet, values in said.items():
            known = shown.get(facet, {})
            for name, value in values.items():
                named = (*place, facet, name)
                if name not in known:
                    raise unknown_name(self.document, named, f"{facet} field", name, known)
                self.check_value(named, f"{facet}.{name}", known[name], value)

    def check_value(self, place: Place, name: str, shown: Any, value: Any) -> None:
        """Refuse a value that a world can never show, where that is certain."""
        words: Words | None = getattr(self.kit, "words", None)
        listed = words.values.get(name) if words is not None else None
        if listed is not None and not (isinstance(value, str) and value in listed):
            message = f"{quoted(value)} is none of the values that it can have"
            raise self.document.error("wrong-value", place, message, hint(str(value), listed))
        if type(shown) in KINDS:
            kind, types = KINDS[type(shown)]
            if not isinstance(value, types):
                raise self.misfit(place, f"Expected `{kind}`", value, words)

    def misfit(self, place: Place, said: str, value: Any, words: Words | None) -> InputError:
        """A complaint about a value of another type; a kit's words tell what is meant."""
        facet, name = place[-2:]
        meant = words.then.get(str(facet), {}).get(str(name), "") if words is not None else ""
        message = f"{said.lower().replace('`', '')}, here {written(value)}"
        fix = spelling(said, value) or meant
        return self.document.error("wrong-type", place, message, fix)
