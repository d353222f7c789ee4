"""The rows of tables in code: what is registered, listed or configured, row by row."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from harness.guarding.symbols import shown

TRIGGER: Final = re.compile(r"[A-Za-z_]\w*(\.\w+)+")
"""How triggers and paths are written as a rule: two words or more, joined by dots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row.

    Attributes:
        name: the steps to it as code, `TABLE['key']`.
        keys: the texts that it stands under, the outermost first.
        node: what it is bound to.
    """

    name: str
    keys: tuple[str, ...]
    node: ast.expr


def rows(name: str, value: ast.expr, keys: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows of a table, those of tables inside it after their own."""
    match value:
        case ast.Dict(keys=names, values=values):
            for key, one in zip(names, values, strict=True):
                yield from _row(name, key, one, keys)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            for count, (text, one) in _numbered(items):
                again = f" ({count})" if count > 1 else ""
                yield Row(name=f"{name}[{text}]{again}", keys=(*keys, *_text(one)), node=one)
        case ast.Call(args=args, keywords=named):
            for one in args:
                if not isinstance(one, ast.Constant | ast.Name):
                    yield from rows(name, one, keys)
            for keyword in named:
                key = ast.Constant(keyword.arg) if keyword.arg else None
                yield from _row(name, key, keyword.value, keys)


def _row(name: str, key: ast.expr | None, value: ast.expr, keys: tuple[str, ...]) -> Iterator[Row]:
    text = shown(key) if key is not None else f"**{shown(value)}"
    row = Row(name=f"{name}[{text}]", keys=(*keys, *_text(key)), node=value)
    yield row
    if isinstance(value, ast.Dict | ast.Call):
        yield from rows(row.name, value, row.keys)


def _numbered(items: list[ast.expr]) -> Iterator[tuple[int, tuple[str, ast.expr]]]:
    seen: Counter[str] = Counter()
    for one in items:
        text = shown(one)
        seen[text] += 1
        yield seen[text], (text, one)


def _text(node: ast.expr | None) -> tuple[str, ...]:
    known = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return (str(node.value),) if isinstance(node, ast.Constant) and known else ()


def triggers(node: ast.AST) -> frozenset[str]:
    """Texts in a row that are written like a trigger or a path."""
    return frozenset(text for text in texts(node) if TRIGGER.fullmatch(text))


def texts(node: ast.AST) -> Iterator[str]:
    """Every text constant."""
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def filters(node: ast.AST) -> Counter[str]:
    """Conditions of comprehensions: what they leave out is not registered."""
    return Counter(
        ast.unparse(test)
        for one in ast.walk(node)
        if isinstance(one, ast.comprehension)
        for test in one.ifs
    )


def holders(node: ast.expr) -> Mapping[str, frozenset[tuple[str, ...]]]:
    """Name in a row → what stands around it: calls by their function, conditions, lambdas."""
    found: dict[str, set[tuple[str, ...]]] = {}
    _hold(node, (), found)
    return {name: frozenset(ways) for name, ways in found.items()}


def _hold(node: ast.AST, around: tuple[str, ...], found: dict[str, set[tuple[str, ...]]]) -> None:
    match node:
        case ast.Name(id=name):
            found.setdefault(name, set()).add(around)
            return
        case ast.Attribute():
            found.setdefault(ast.unparse(node), set()).add(around)
            return
        case ast.Call():
            inner = (*around, f"{shown(node.func)}(…)")
        case ast.IfExp() | ast.BoolOp():
            inner = (*around, shown(node))
        case ast.Lambda():
            inner = (*around, "lambda")
        case _:
            inner = around
    for child in ast.iter_child_nodes(node):
        outside = isinstance(node, ast.Call) and child is node.func
        _hold(child, around if outside else inner, found)
