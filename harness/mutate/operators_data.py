"""Operators on data: rows of tables, members of lists, words of a closed set, fields of a row."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any, Final

from harness.mutate.replacement import Operator, Replacement, like, one, swapped, without
from harness.mutate.site import Site, called
from harness.mutate.vocabulary import Vocabulary

MOST: Final = 2
"""Other words tried for one: it may belong to several sets."""

COLLECTING: Final = frozenset(("frozenset", "set", "tuple", "list", "any", "all", "sum"))
LITERAL: Final = (ast.Constant, ast.Attribute, ast.Name)


def _dropped(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Dict(keys=keys, values=values) as table:
            for index in range(len(keys)):
                rest = like(table, keys=without(keys, index), values=without(values, index))
                yield one(rest, str(index))
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items) as display:
            if len(items) > 1 and _is_collection(site, items):
                for index in range(len(items)):
                    yield one(like(display, elts=without(items, index)), str(index))


def _is_collection(site: Site, items: list[ast.expr]) -> bool:
    """Tell items that are looked through; those of a record each have a meaning of their own."""
    if any(isinstance(item, ast.Starred) for item in items):
        return False
    match site.parent:
        case ast.Compare(ops=[ast.In() | ast.NotIn()]):
            return True
        case ast.For() | ast.comprehension():
            return site.field == "iter"
        case ast.Call() as call:
            return called(call) in COLLECTING
        case ast.Dict():
            return all(isinstance(item, LITERAL) and _is_text(item) for item in items)
    return site.is_table


def _is_text(item: ast.expr) -> bool:
    return isinstance(item, ast.Constant) and isinstance(item.value, str)


def _swapped(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    if not site.is_table:
        return
    match site.node:
        case ast.Dict(values=values) as table:
            for index in _unequal(values):
                yield one(like(table, values=swapped(values, index)), str(index))
        case ast.Tuple(elts=items) | ast.List(elts=items) as display:
            for index in _unequal(items):
                yield one(like(display, elts=swapped(items, index)), str(index))


def _unequal(items: list[ast.expr]) -> Iterator[int]:
    """Places at which an item and the next one differ."""
    told = [ast.dump(item) for item in items]
    return (index for index in range(len(items) - 1) if told[index] != told[index + 1])


def _word(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    match site.node, site.parent:
        case ast.Constant(value=str()), ast.Dict() if site.field == "keys":
            return  # a row by another name: the rows are swapped and dropped as such
        case ast.Constant(value=str() as text), parent:
            if not isinstance(parent, ast.Subscript) and not _is_field(site):
                for other in _others(text, words.words):
                    yield one(ast.Constant(other), other)


def _field(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Attribute(attr=name, ctx=ast.Load()) as node:
            if not (isinstance(site.parent, ast.Call) and site.field == "func"):
                for other in _others(name, words.attributes):
                    yield one(like(node, attr=other), other)
        case ast.Constant(value=str() as text) if _is_field(site):
            for other in _others(text, words.attributes):
                yield one(ast.Constant(other), other)


def _is_field(site: Site) -> bool:
    """Tell a text that names a field: a key, or the first argument of `get`."""
    match site.parent:
        case ast.Subscript():
            return True
        case ast.Call(args=[first, *_]) as call:
            return called(call) == "get" and first is site.node
    return False


def _others(word: str, sets: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The next word of each set that has it, a few at most."""
    nexts: dict[str, Any] = {
        known[(known.index(word) + 1) % len(known)]: None for known in sets if word in known
    }
    yield from list(nexts)[:MOST]


OPERATORS: Final = (
    Operator("word", "a word becomes the next of its closed set", _word),
    Operator("field", "another field of the same sort is read", _field),
    Operator("row-dropped", "a row of a table, or a member of a list, is left out", _dropped),
    Operator("rows-swapped", "two rows of a table change their values", _swapped),
)
