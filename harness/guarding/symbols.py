"""The symbols of a package: each function, class, method, constant and row that a module binds.

Only what importing a module binds counts, so what stands behind a condition that never holds is no
symbol. Of a name bound twice the last binding is the symbol.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from textwrap import shorten
from typing import Final

from harness.clearance.normal_form import syntax
from harness.errors import InputError
from harness.guarding.live import FUNCTIONS, Flags, is_inert, leaves, truth

SHOWN: Final = 60
"""Characters of code that a name of a row shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One binding.

    Attributes:
        name: `f`, `C.m`, `TABLE`, or for a statement that binds nothing its own text.
        node: the definition, or the statement.
        value: what a constant is bound to.
        under: conditions that the binding stands behind, as they are written.
        times: how often the module binds the name.
    """

    name: str
    node: ast.stmt
    value: ast.expr | None = None
    under: tuple[str, ...] = ()
    times: int = 1

    @property
    def kind(self) -> str:
        """In a word what it is."""
        if isinstance(self.node, FUNCTIONS):
            return "method" if "." in self.name else "function"
        if isinstance(self.node, ast.ClassDef):
            return "class"
        return "constant" if self.value is not None else "statement"

    @property
    def line(self) -> int:
        return self.node.lineno


@dataclass(frozen=True)
class Module:
    """One file of a package.

    Attributes:
        file: its path from the root of the tree.
        name: its dotted name.
        tree: None where the text is no Python.
        is_package: whether it is the `__init__` of a package.
    """

    file: str
    name: str
    content: bytes
    is_package: bool = False
    flags: Flags = field(default_factory=dict, compare=False)

    @cached_property
    def tree(self) -> ast.Module | None:
        try:
            return syntax(self.content, self.file)
        except InputError:
            return None

    @cached_property
    def body(self) -> Sequence[ast.stmt]:
        return self.tree.body if self.tree is not None else ()

    @cached_property
    def symbols(self) -> Mapping[str, Symbol]:
        """Name → symbol."""
        found: dict[str, Symbol] = {}
        for one in _bound(self.body, self.flags):
            times = found[one.name].times + 1 if one.name in found else 1
            found[one.name] = Symbol(
                name=one.name, node=one.node, value=one.value, under=one.under, times=times
            )
        return found

    @cached_property
    def deeds(self) -> tuple[Symbol, ...]:
        """Statements that importing runs and that bind no name: calls, `del`, changed tables."""
        return tuple(
            Symbol(name=shown(statement), node=statement, under=under)
            for statement, under in executed(self.body, self.flags)
            if isinstance(statement, ast.Expr | ast.Delete | ast.AugAssign)
            or (isinstance(statement, ast.Assign) and not all(map(_is_name, statement.targets)))
        )


def shown(node: ast.AST) -> str:
    """Code in a line."""
    return shorten(ast.unparse(node), SHOWN, placeholder=" …")


def executed(
    block: Sequence[ast.stmt], flags: Flags, under: tuple[str, ...] = ()
) -> Iterator[tuple[ast.stmt, tuple[str, ...]]]:
    """Statements that importing runs, at any depth, with the conditions that they stand behind."""
    for statement in block:
        if not is_inert(statement) or isinstance(statement, ast.AnnAssign):  # a class's field
            yield statement, under
        for inner, condition in _inside(statement, flags):
            yield from executed(inner, flags, (*under, condition) if condition else under)
        if leaves(statement, flags):
            return


def _inside(statement: ast.stmt, flags: Flags) -> Iterator[tuple[Sequence[ast.stmt], str]]:
    match statement:
        case ast.If() | ast.While():
            held, text = truth(statement.test, flags), shown(statement.test)
            if held is not False:
                yield statement.body, text if held is None else ""
            if held is not True:
                yield statement.orelse, f"not {text}" if held is None else ""
        case ast.With():
            yield statement.body, ""
        case ast.For():
            yield statement.body, f"for {shown(statement.iter)}"
            yield statement.orelse, ""
        case ast.Try() | ast.TryStar():
            yield statement.body, ""
            yield from ((one.body, "except") for one in statement.handlers)
            yield statement.orelse, ""
            yield statement.finalbody, ""
        case ast.Match():
            yield from ((case.body, f"case {shown(case.pattern)}") for case in statement.cases)


def _bound(
    block: Sequence[ast.stmt], flags: Flags, prefix: str = "", under: tuple[str, ...] = ()
) -> Iterator[Symbol]:
    for statement, conditions in executed(block, flags, under):
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield Symbol(name=f"{prefix}{name}", node=statement, under=conditions)
            case ast.ClassDef(name=name):
                yield Symbol(name=f"{prefix}{name}", node=statement, under=conditions)
                yield from _bound(statement.body, flags, f"{prefix}{name}.", conditions)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    for name, part in _targets(target, value):
                        yield Symbol(
                            name=f"{prefix}{name}", node=statement, value=part, under=conditions
                        )
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                held = value or statement.annotation
                yield Symbol(name=f"{prefix}{name}", node=statement, value=held, under=conditions)


def _targets(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Names of a target, each with its part of the value where that can be told apart."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        same = len(parts) == len(target.elts)
        for number, one in enumerate(target.elts):
            yield from _targets(one, parts[number] if same else value)


def _is_name(target: ast.expr) -> bool:
    return isinstance(target, ast.Name | ast.Tuple | ast.List)
