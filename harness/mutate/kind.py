"""What kind of value an expression has, as far as its shape and annotations tell."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from harness.mutate.site import Function, Site

KINDS: Final[Mapping[str, str]] = {
    "bool": "bool",
    "int": "number",
    "float": "number",
    "sum": "number",
    "len": "number",
    "abs": "number",
    "str": "sequence",
    "list": "sequence",
    "tuple": "sequence",
    "sorted": "sequence",
    "Sequence": "sequence",
    "set": "set",
    "frozenset": "set",
    "AbstractSet": "set",
    "dict": "mapping",
    "Mapping": "mapping",
    "defaultdict": "mapping",
}
"""Name of a type, or of a function that makes a value of it → kind."""


DISPLAYS: Final[Mapping[type[ast.expr], str]] = {
    ast.JoinedStr: "sequence",
    ast.List: "sequence",
    ast.ListComp: "sequence",
    ast.Tuple: "sequence",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Dict: "mapping",
    ast.DictComp: "mapping",
    ast.Compare: "bool",
}
"""What is written so that its kind can be seen → kind."""


def kind(node: ast.expr, site: Site) -> str:
    """Return number, bool, sequence, set or mapping; empty where nothing tells."""
    match node:
        case ast.Constant(value=value):
            return KINDS.get(type(value).__name__, "")
        case ast.UnaryOp(op=op):
            return "bool" if isinstance(op, ast.Not) else "number"
        case ast.Call(func=ast.Name(id=name)):
            return KINDS.get(name, "")
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            return kind(one, site) or kind(other, site)
        case ast.Name(id=name):
            return _of_name(name, site)
    return DISPLAYS.get(type(node), "")


def _of_name(name: str, site: Site) -> str:
    """Return the kind of a local name: by its annotation, else by what it is first given."""
    if site.scope.function is None:
        return ""
    for given, annotation, value in _bindings(site.scope.function):
        if given != name:
            continue
        if annotation is not None:
            return KINDS.get(next(iter(names_of(annotation)), ""), "")
        if value is not None and not isinstance(value, ast.Name | ast.BinOp | ast.IfExp):
            return kind(value, site)
    return ""


def _bindings(
    function: Function,
) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    """Name, annotation and value of each argument and plain assignment."""
    for arg in arguments(function):
        yield arg.arg, arg.annotation, None
    for node in ast.walk(function):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                yield name, annotation, value
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, None, value


def arguments(function: Function | ast.Lambda) -> tuple[ast.arg, ...]:
    """Return a function's arguments."""
    args = function.args
    rest = [one for one in (args.vararg, args.kwarg) if one is not None]
    return (*args.posonlyargs, *args.args, *args.kwonlyargs, *rest)


def names_of(annotation: ast.expr | None) -> tuple[str, ...]:
    """Return the names of the types that an annotation allows; None is `None`."""
    match annotation:
        case None:
            return ()
        case ast.Constant(value=None):
            return ("None",)
        case ast.Constant(value=str() as text):
            try:
                return names_of(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return ()
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return (name,)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return (*names_of(inner), "None")
        case ast.Subscript(value=value):
            return names_of(value)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return (*names_of(left), *names_of(right))
    return ()


def stored(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names that these nodes give values to."""
    return frozenset(
        node.id
        for top in nodes
        for node in ast.walk(top)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


def loaded(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names that these nodes read."""
    return frozenset(
        node.id
        for top in nodes
        for node in ast.walk(top)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )
