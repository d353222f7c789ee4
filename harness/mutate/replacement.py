"""A replacement: what an operator puts where a node, or several side by side, stood."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from harness.mutate.site import Site
from harness.mutate.vocabulary import Vocabulary


class Replacement(NamedTuple):
    """What stands in place of the site's node, and of the `width - 1` nodes after it.

    Attributes:
        variant: tells replacements of one site apart; empty where there can be but one.
    """

    new: tuple[ast.AST, ...]
    variant: str = ""
    width: int = 1


Find = Callable[[Site, Vocabulary], Iterator[Replacement]]
"""Says what an operator makes of a site; most sites are nothing to it."""


class Operator(NamedTuple):
    """One way to change code: its stable name, what it does, and how it finds its places."""

    name: str
    what: str
    find: Find


def one(node: ast.AST, variant: str = "") -> Replacement:
    """Return the replacement of a node by one other."""
    return Replacement((node,), variant)


def constant(value: Any) -> ast.expr:
    """Return the expression of a constant, as it would be written: -1 is a minus and a 1."""
    if type(value) is int and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def like(node: ast.AST, **fields: Any) -> Any:
    """Return a copy of a node with other values in some fields."""
    kept = {name: getattr(node, name) for name in node._fields if hasattr(node, name)}
    return ast.copy_location(type(node)(**{**kept, **fields}), node)


def without(items: list[Any], index: int) -> list[Any]:
    """Return a list without one of its items."""
    return [*items[:index], *items[index + 1 :]]


def swapped(items: list[Any], index: int) -> list[Any]:
    """Return a list with an item and the next one in each other's place."""
    return [*items[:index], items[index + 1], items[index], *items[index + 2 :]]
