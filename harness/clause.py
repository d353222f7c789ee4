"""One clause of a ruling: a field, and the one value it must have on each side.

A value is a literal, or one of the mappings of OPERATORS, also inside a literal: `{is: before}`
and `{unchanged: true}` the same field before the act, `{is: <expression>}`, `{absent: true}`,
`{plus: $i}` and `{minus: $i}` the list of before with an id more or less, sorted, and
`{literal: …}` data that looks like one of these. Text is always text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from harness.difference import Keys, Steps, bound, steps_of
from harness.document import Document, Place
from harness.expression import Expression, Scope, Unevaluable, parse_expression
from harness.model import ABSENT, FACETS
from harness.names import hint
from harness.ports import Data
from harness.text import quoted

BOOKS: Final = "books"
RACE: Final = "race"


class Value(Protocol):
    """What a field must be; resolved from the state before the act, never from a side."""

    def resolve(self, context: Context, keys: Keys) -> Data:
        """The value of the field that `keys` (inside its facet) lead to.

        Raises:
            Unevaluable: there is none.
        """


@dataclass(frozen=True, slots=True)
class Context:
    """What values are resolved from: names of expressions, and the books before the act."""

    scope: Scope
    before: Mapping[str, Data]

    def was(self, keys: Keys) -> Data:
        """The field before the act, or ABSENT."""
        node: Data = self.before
        for key in keys:
            if not isinstance(node, Mapping) or key not in node:
                return ABSENT
            node = node[key]
        return node


@dataclass(frozen=True, slots=True)
class Literal:
    data: Data

    def resolve(self, context: Context, keys: Keys) -> Data:  # noqa: ARG002  # always the same
        return self.data


@dataclass(frozen=True, slots=True)
class Computed:
    expression: Expression

    def resolve(self, context: Context, keys: Keys) -> Data:  # noqa: ARG002  # no field's value
        return self.expression.evaluate(context.scope)


@dataclass(frozen=True, slots=True)
class Before:
    def resolve(self, context: Context, keys: Keys) -> Data:
        return context.was(keys)


@dataclass(frozen=True, slots=True)
class Changed:
    """The list of before with an id added or removed; an id that is there already is a misfit."""

    expression: Expression
    adds: bool

    def resolve(self, context: Context, keys: Keys) -> Data:
        was = context.was(keys)
        ids = [] if was is ABSENT else was
        if not isinstance(ids, list | tuple) or not all(type(item) is str for item in ids):
            raise Unevaluable(f"{quoted(ids)} is no list of ids")
        changed = self.expression.evaluate(context.scope)
        if type(changed) is not str or (changed in ids) is self.adds:
            raise Unevaluable(f"{quoted(changed)} cannot change {quoted(ids)}")
        if self.adds:
            return sorted([*ids, changed])
        return sorted(item for item in ids if item != changed)


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping some of whose values are computed; a key whose value is ABSENT is not there."""

    entries: tuple[tuple[str, Value], ...]

    def resolve(self, context: Context, keys: Keys) -> Data:
        data = {key: value.resolve(context, (*keys, key)) for key, value in self.entries}
        return {key: value for key, value in data.items() if value is not ABSENT}


@dataclass(frozen=True, slots=True)
class Row:
    items: tuple[Value, ...]

    def resolve(self, context: Context, keys: Keys) -> Data:
        return [item.resolve(context, keys) for item in self.items]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """`at` as it was written; `steps` without the facet; `where` is `file:line`."""

    at: str
    facet: str
    steps: Steps
    control: Value
    candidate: Value
    where: str

    def keys(self, each: str | None) -> Keys:
        """The field's keys, with `$i` bound."""
        return bound(self.steps, each)


class ClauseReader:
    """Reads the clauses of one document; `each` tells whether its ruling binds `$i`."""

    def __init__(self, document: Document, *, each: bool) -> None:
        self.document, self.each = document, each

    def clause(self, place: Place, at: str, control: Data, candidate: Data) -> Clause:
        """Read a clause.

        Raises:
            InputError: it pins no single field, or a value is of no known form.
        """
        document = self.document
        try:
            facet, *steps = steps_of(at)
        except ValueError as error:
            raise document.error("clause-field", (*place, "at"), str(error)) from None
        if facet not in (*FACETS, RACE):
            message, advice = f"unknown facet {quoted(facet)}", hint(str(facet), (*FACETS, RACE))
            raise document.error("clause-field", (*place, "at"), message, advice)
        if None in steps and not self.each:
            message, advice = "$i is bound to nothing", "name what it stands for in scope.each"
            raise document.error("clause-unbound", (*place, "at"), message, advice)
        books = facet == BOOKS
        return Clause(
            at=at,
            facet=facet,
            steps=tuple(steps),
            control=self.value((*place, "control"), control, before=books, listed=False),
            candidate=self.value((*place, "candidate"), candidate, before=books, listed=False),
            where=document.where(place),
        )

    def value(self, place: Place, data: Data, *, before: bool, listed: bool) -> Value:
        """Read a value; `before` and `listed` say whether its field was there and is in a list."""
        if isinstance(data, list):
            items = tuple(
                self.value((*place, number), item, before=before, listed=True)
                for number, item in enumerate(data)
            )
            return Literal(data) if _as_written(items, data) else Row(items)
        if not isinstance(data, Mapping):
            return Literal(data)
        if len(data) == 1 and (name := next(iter(data))) in OPERATORS:
            if name == "literal":
                return Literal(data[name])
            return self.operator((*place, name), name, data[name], before=before, listed=listed)
        entries = tuple(
            (key, self.value((*place, key), item, before=before, listed=listed))
            for key, item in data.items()
        )
        values = [value for _, value in entries]
        return Literal(data) if _as_written(values, data.values()) else Table(entries)

    def operator(
        self, place: Place, name: str, argument: Data, *, before: bool, listed: bool
    ) -> Value:
        """Read the argument of an operator."""
        if name == "is" and argument != "before":
            return Computed(self.expression(place, argument))
        if listed or (not before and name != "absent"):
            message = "an item of a list" if listed else "a facet other than books"
            message = f"{message} has no such value: {quoted(name)}"
            raise self.document.error("clause-value", place, message, "write the value itself")
        return OPERATORS[name](self, place, argument)

    def expression(self, place: Place, text: Data) -> Expression:
        """Read an expression of this document.

        Raises:
            InputError: it is none, or names `$i` where nothing is bound.
        """
        if type(text) is not str:
            raise self.document.error("expression", place, f"{quoted(text)} is no expression")
        parsed = parse_expression(text, self.document.where(place))
        if parsed.each and not self.each:
            message, advice = "$i is bound to nothing", "name what it stands for in scope.each"
            raise self.document.error("clause-unbound", place, message, advice)
        return parsed

    def only_true(self, place: Place, argument: Data, value: Value) -> Value:
        if argument is not True:
            raise self.document.error("clause-value", place, f"{quoted(argument)} is not true")
        return value


def _as_written(values: Iterable[Value], parts: Iterable[Data]) -> bool:
    return all(
        isinstance(value, Literal) and value.data is part
        for value, part in zip(values, parts, strict=True)
    )


OPERATORS: Final[Mapping[str, Callable[[ClauseReader, Place, Any], Value]]] = {
    "is": lambda reader, place, argument: Before(),  # noqa: ARG005  # only `before` comes here
    "unchanged": lambda reader, place, argument: reader.only_true(place, argument, Before()),
    "absent": lambda reader, place, argument: reader.only_true(place, argument, Literal(ABSENT)),
    "plus": lambda reader, place, argument: Changed(reader.expression(place, argument), adds=True),
    "minus": lambda reader, place, argument: Changed(
        reader.expression(place, argument), adds=False
    ),
    "literal": lambda reader, place, argument: Literal(argument),  # noqa: ARG005  # any data
}
"""Mappings with one key that are not taken literally."""
