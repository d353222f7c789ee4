"""Operators on the way a function takes: statements, returns, exceptions, loops."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from harness.mutate.kind import arguments, names_of, stored
from harness.mutate.replacement import Operator, Replacement, like, one, without
from harness.mutate.site import Loop, Site, called
from harness.mutate.vocabulary import Vocabulary
from harness.syntax import leaves

EMPTIES: Final[Mapping[str, str]] = {
    "None": "None",
    "bool": "False",
    "int": "0",
    "str": "''",
    "tuple": "()",
    "Iterable": "()",
    "Iterator": "iter(())",
    "Sequence": "()",
    "Collection": "()",
    "list": "[]",
    "dict": "{}",
    "Mapping": "{}",
    "set": "set()",
    "frozenset": "frozenset()",
    "Any": "None",
    "object": "None",
}
"""Type that a function is said to return → what it returns by default."""


def _dropped(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    gone = (ast.Pass(),)
    match site.node:
        case ast.Expr(value=ast.Call() as call) if called(call) not in words.writes:
            yield Replacement(gone)
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()) if _yields(site) > 1:
            yield Replacement(gone)
        case ast.Assign(targets=targets) if site.runs and _stays_bound(site, targets):
            yield Replacement(gone)
        case ast.AnnAssign(target=target, value=ast.expr()):
            if site.runs and _stays_bound(site, [target]):
                yield Replacement(gone)
        case ast.AugAssign() | ast.Raise() | ast.Assert():
            yield Replacement(gone)
        case ast.Return(value=None) if not _leaves_anyway(site):
            yield Replacement(gone)


def _yields(site: Site) -> int:
    """Count a function's yields: without any it would be no generator."""
    nodes = ast.walk(site.scope.function) if site.scope.function is not None else ()
    return sum(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes)


def _stays_bound(site: Site, targets: list[ast.expr]) -> bool:
    """Tell an assignment without which every name would still have a value, an earlier one."""
    return stored(targets) <= _bound_before(site)


def _bound_before(site: Site) -> frozenset[str]:
    """Return the names that surely, or in an earlier statement of a block around, got a value."""
    function = site.scope.function
    if function is None:
        return frozenset()
    names = {arg.arg for arg in arguments(function)}
    start = site.above.index(function)
    for node, (name, index) in zip(site.above[start:], site.steps[start:], strict=True):
        held = getattr(node, name)
        if index is not None and held and isinstance(held[0], ast.stmt):
            names |= stored(held[:index])
        if isinstance(node, ast.For):
            names |= stored([node.target])
    return frozenset(names)


def _leaves_anyway(site: Site) -> bool:
    """Tell a `return` that is the last of its function, or all that an `if` does."""
    match site.parent:
        case ast.FunctionDef() | ast.AsyncFunctionDef() as function:
            return function.body[-1] is site.node
        case ast.If(body=[only], orelse=[]):
            return only is site.node
    return False


def _returned(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Return(value=ast.expr()) as node if site.scope.function is not None:
            for text in _defaults(site.scope.function.returns):
                default = ast.parse(text, mode="eval").body
                for inner in ast.walk(default):
                    ast.copy_location(inner, node)
                yield one(like(node, value=default), text)


def _defaults(annotation: ast.expr | None) -> tuple[str, ...]:
    """Return what stands for nothing in a function's type; both for a truth."""
    if annotation is None:
        return ("None",)
    names = names_of(annotation)
    if names[:1] == ("bool",):
        return ("True", "False")
    known = sorted((name for name in names if name in EMPTIES), key=lambda name: name != "None")
    return tuple(EMPTIES[name] for name in known[:1])


def _handler(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.ExceptHandler() as handler:
            yield one(like(handler, body=[ast.Raise()]), "through")
            yield one(like(handler, body=[ast.Pass()]), "swallowed")
        case ast.Try(handlers=handlers) as node:
            if len(handlers) > 1:
                for index in range(len(handlers)):
                    rest = without(handlers, index)
                    yield one(like(node, handlers=rest), f"without-{index}")
            if node.finalbody and handlers:
                yield one(like(node, finalbody=[]), "without-finally")


def _unguarded(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    """The body of a `with` alone, where nothing in it needs what the `with` names."""
    match site.node:
        case ast.With(items=items, body=body):
            if all(item.optional_vars is None for item in items):
                yield Replacement(tuple(body))


def _jump(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Break() if not isinstance(site.scope.loop, ast.While):
            yield one(ast.Continue())  # a `while` might never end
        case ast.Continue():
            yield one(ast.Break())


def _loop(site: Site, _: Vocabulary) -> Iterator[Replacement]:
    if not isinstance(site.node, Loop):
        return
    loop = site.node
    if not leaves(loop.body):
        yield one(like(loop, body=[*loop.body, ast.Break()]), "once")
    if isinstance(loop, ast.For):
        yield one(like(loop, iter=ast.Tuple([], ast.Load())), "never")


OPERATORS: Final = (
    Operator(
        "statement-dropped",
        "a call, a later assignment, a raise or a return is left out",
        _dropped,
    ),
    Operator("return-default", "nothing, or the other truth, is returned", _returned),
    Operator(
        "exception",
        "a handler lets through what it caught, does nothing, or is not there",
        _handler,
    ),
    Operator("unguarded", "what is done in a `with` is done without it", _unguarded),
    Operator("jump", "`break` becomes `continue`, `continue` becomes `break`", _jump),
    Operator("loop", "a loop ends after its first round, or has none", _loop),
)
