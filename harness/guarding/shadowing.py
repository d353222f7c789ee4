"""Shadows: names of a module that are bound otherwise than by defining or assigning them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from harness.guarding.package import Package
from harness.guarding.symbols import Module, executed, shown

_PATTERNS = (ast.MatchAs, ast.MatchStar)


def shadows(module: Module) -> Mapping[str, int]:
    """Name → line where an import, a loop, a `with`, a `global` or the like binds it.

    Of imports only those count that bind a name again: the module has it already.
    """
    found: dict[str, int] = {}
    known: set[str] = set()
    for statement, _ in executed(module.body, module.flags):
        for name, line in _bound(statement):
            if name in known or not isinstance(statement, ast.Import | ast.ImportFrom):
                found.setdefault(name, line)
            known.add(name)
        known.update(_defined(statement))
    for node in ast.walk(module.tree) if module.tree is not None else ():
        if isinstance(node, ast.Global):
            found.update((name, node.lineno) for name in node.names if name not in found)
    return found


def stars(module: Module, package: Package) -> frozenset[str]:
    """Imports with a star from outside the package, as they are written."""
    return frozenset(
        shown(statement)
        for statement, _ in executed(module.body, module.flags)
        if isinstance(statement, ast.ImportFrom)
        and any(alias.name == "*" for alias in statement.names)
        and not package.is_known(module, statement)
    )


def _defined(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement defines or assigns, as symbols are."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _bound(statement: ast.stmt) -> Iterator[tuple[str, int]]:
    """Names that a statement binds in any other way."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0], statement.lineno
    if isinstance(statement, ast.Try | ast.TryStar):
        yield from ((one.name, one.lineno) for one in statement.handlers if one.name)
    for node in (inner for part in _targets(statement) for inner in ast.walk(part)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, _PATTERNS) and node.name:
            yield node.name, node.lineno


def _targets(statement: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement in which names are bound."""
    match statement:
        case ast.For(target=target) | ast.AsyncFor(target=target):
            yield target
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from (one.optional_vars for one in items if one.optional_vars is not None)
        case ast.Match(cases=cases):
            yield from (one.pattern for one in cases)
        case ast.Expr(value=value) | ast.If(test=value) | ast.While(test=value):
            yield value
