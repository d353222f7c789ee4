"""Symbols: the names that a module defines at its top, which a clearance allows to delete."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping

from harness.clearance.modules import SUFFIX
from harness.clearance.normal_form import syntax
from harness.clearance.project import Project


def symbols(project: Project, module: str) -> tuple[str, ...]:
    """`module:NAME` of everything that a module of the project defines at its top, sorted.

    It follows from what is fingerprinted, so whoever relies on a clearance's list makes it anew.

    Raises:
        InputError: the module is no Python.
    """
    files = [file for file in project.modules.files_of(module) if file.endswith(SUFFIX)]
    names = {name for file in files for name in defined(syntax(project.tree.read(file), file))}
    return tuple(sorted(f"{module}:{name}" for name in names))


def shared_symbols(
    project: Project, modules: Mapping[str, str], cleared: Collection[str]
) -> Mapping[str, tuple[str, ...]]:
    """Module → symbols of what only cleared paths reach, their own modules left out.

    A shared module goes with the last path that reaches it. Where every path is cleared, the rest
    of the control's package goes too: its registry, and what belongs to no path.

    Args:
        project: the tree that holds the control.
        modules: every path of the control → its module.
        cleared: paths that are cleared.
    """
    known = project.modules
    package = known.package(project.package("control"))
    reach = {path: known.reached(known.files_of(module)).files for path, module in modules.items()}
    kept = {file for path, files in reach.items() if path not in cleared for file in files}
    gone = {file for path in cleared for file in reach[path]} - kept
    if set(modules) <= set(cleared):
        gone = set(package)
    own = {file for module in modules.values() for file in known.files_of(module)}
    inside = (file for file in package if file in gone - own and file.endswith(SUFFIX))
    names = sorted(known.name_of(file) for file in inside)
    return {name: symbols(project, name) for name in names}


def defined(tree: ast.Module) -> frozenset[str]:
    """Names that a module binds at its top by defining or assigning; imports define nothing."""
    return frozenset(_bound(tree.body))


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case _:
                yield from _assigned(statement)
                yield from _bound(_nested(statement))


def _assigned(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement itself assigns, `x.y = …` and what runs inside of it left out."""
    targets: list[ast.expr | None] = []
    match statement:
        case ast.Assign(targets=many):
            targets.extend(many)
        case ast.AnnAssign(target=one) | ast.AugAssign(target=one) | ast.For(target=one):
            targets.append(one)
        case ast.With(items=items):
            targets.extend(item.optional_vars for item in items)
        case ast.stmt() if type(statement).__name__ == "TypeAlias":  # a node since Python 3.12
            targets.append(getattr(statement, "name", None))
    for target in filter(None, targets):
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _nested(statement: ast.stmt) -> Iterator[ast.stmt]:
    """Statements of a block that runs where the module does: of `if`, `try`, `with` and such."""
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.stmt):
            yield node
        elif isinstance(node, ast.ExceptHandler | ast.match_case):
            yield from node.body
