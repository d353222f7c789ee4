"""What of a piece of code can run at all; dead branches and what stands after a return cannot.

A condition is decided where it is written from constants, or from names that a module binds to a
constant once and for all. Whatever cannot be decided so is taken to run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES: Final = (*FUNCTIONS, ast.Lambda, ast.ClassDef)

Flags = Mapping[str, bool]
"""Name → whether the constant that a module binds it to is true."""

NO_FLAGS: Final[Flags] = {}
_ALWAYS: Final[Flags] = {"TYPE_CHECKING": False, "__debug__": True}


def truth(test: ast.expr, flags: Flags = NO_FLAGS) -> bool | None:
    """Whether a condition always holds or never; None where that depends on what happens."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Name(id=name):
            return {**_ALWAYS, **flags}.get(name)
        case ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            held = truth(operand, flags)
            return None if held is None else not held
        case ast.BoolOp(op=op, values=values):
            return _joined([truth(one, flags) for one in values], ends=isinstance(op, ast.Or))
        case ast.Tuple(elts=[]) | ast.List(elts=[]) | ast.Dict(keys=[]):
            return False
        case ast.NamedExpr(value=value):
            return truth(value, flags)
        case ast.Compare():
            return _compared(test)
    return None


def _joined(held: Sequence[bool | None], *, ends: bool) -> bool | None:
    """`and` is over with the first that never holds, `or` with the first that always does."""
    if ends in held:
        return ends
    return None if None in held else not ends


def _compared(test: ast.Compare) -> bool | None:
    """A comparison of constants, or of a name with itself."""
    sides = [test.left, *test.comparators]
    if all(isinstance(one, ast.Constant) for one in sides):
        try:
            return (
                bool(_EVALUATED[type(test.ops[0])](*_values(sides))) if len(sides) == 2 else None
            )
        except (KeyError, TypeError):
            return None
    if (
        len(sides) == 2
        and isinstance(sides[0], ast.Name)
        and ast.dump(sides[0]) == ast.dump(sides[1])
    ):
        return isinstance(test.ops[0], ast.Eq | ast.Is | ast.GtE | ast.LtE)
    return None


def _values(sides: Sequence[ast.expr]) -> list[object]:
    return [one.value for one in sides if isinstance(one, ast.Constant)]


_EVALUATED: Final[Mapping[type[ast.cmpop], Callable[..., object]]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


def is_inert(statement: ast.stmt) -> bool:
    """Tell a statement that does nothing: `pass`, `...`, a text that nobody reads."""
    match statement:
        case ast.Pass() | ast.Global() | ast.Nonlocal():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.AnnAssign(value=None):
            return True
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=same)):
            return name == same
    return False


def leaves(statement: ast.stmt, flags: Flags = NO_FLAGS) -> bool:
    """Tell a statement after which nothing of the same block runs."""
    match statement:
        case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
            return True
        case ast.If():
            held = truth(statement.test, flags)
            then = any(leaves(one, flags) for one in statement.body)
            otherwise = any(leaves(one, flags) for one in statement.orelse)
            return (then or held is False) and (otherwise or held is True)
        case ast.With() | ast.AsyncWith():
            return any(leaves(one, flags) for one in statement.body)
        case ast.While():
            endless = truth(statement.test, flags) is True
            return endless and not any(isinstance(one, ast.Break) for one in ast.walk(statement))
        case ast.Assert():
            return truth(statement.test, flags) is False
        case ast.Try() | ast.TryStar():
            return _try_leaves(statement, flags)
    return False


def _try_leaves(statement: ast.Try | ast.TryStar, flags: Flags) -> bool:
    """Whether the body and every handler leave, or what is done finally does."""

    def left(block: Sequence[ast.stmt]) -> bool:
        return any(leaves(one, flags) for one in block)

    body = left(statement.body) or left(statement.orelse)
    every = body and all(left(one.body) for one in statement.handlers)
    return every or left(statement.finalbody)


def running(block: Sequence[ast.stmt], flags: Flags = NO_FLAGS) -> Iterator[ast.stmt]:
    """The statements of one block that can run and do something, not those inside of them."""
    for statement in block:
        if not is_inert(statement):
            yield statement
        if leaves(statement, flags):
            return


def blocks(statement: ast.stmt, flags: Flags = NO_FLAGS) -> Iterator[Sequence[ast.stmt]]:
    """The blocks inside a statement that can run; those of a definition are not among them."""
    match statement:
        case ast.If() | ast.While():
            held = truth(statement.test, flags)
            yield from (statement.body,) if held is not False else ()
            yield from (statement.orelse,) if held is not True else ()
        case ast.For() | ast.AsyncFor():
            yield from (statement.body,) if not _is_empty(statement.iter) else ()
            yield statement.orelse
        case ast.With() | ast.AsyncWith():
            yield statement.body
        case ast.Try() | ast.TryStar():
            yield statement.body
            yield from (one.body for one in statement.handlers)
            ended = any(leaves(one, flags) for one in statement.body)
            yield from (() if ended else statement.orelse, statement.finalbody)
        case ast.Match():
            yield from (one.body for one in statement.cases if _may_match(one, flags))


def _may_match(case: ast.match_case, flags: Flags) -> bool:
    return case.guard is None or truth(case.guard, flags) is not False


def _is_empty(node: ast.expr) -> bool:
    return truth(node) is False or (isinstance(node, ast.Tuple | ast.List) and not node.elts)


def statements(block: Sequence[ast.stmt], flags: Flags = NO_FLAGS) -> Iterator[ast.stmt]:
    """Every statement that can run, at any depth; those of a function inside, if it is named."""
    named = {node.id for one in running(block, flags) for node in names(one, flags) if node.id}
    for statement in running(block, flags):
        if not is_shell(statement, flags):
            yield statement
        for inner in blocks(statement, flags):
            yield from statements(inner, flags)
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)) and (
            statement.name in named or statement.decorator_list
        ):
            yield from statements(statement.body, flags)


def is_shell(statement: ast.stmt, flags: Flags = NO_FLAGS) -> bool:
    """Tell a decided condition, or a loop over nothing: by themselves they do nothing."""
    match statement:
        case ast.If(test=test):
            return truth(test, flags) is not None
        case ast.While(test=test):
            return truth(test, flags) is False
        case ast.For(iter=over) | ast.AsyncFor(iter=over):
            return _is_empty(over)
    return False


def own(statement: ast.stmt, flags: Flags = NO_FLAGS) -> Iterator[ast.AST]:
    """The nodes of a statement that can run, without annotations and the statements inside it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(_children(node, flags))


def _children(node: ast.AST, flags: Flags) -> Iterator[ast.AST]:
    if isinstance(node, ast.IfExp) and (held := truth(node.test, flags)) is not None:
        yield node.body if held else node.orelse
        return
    if isinstance(node, ast.BoolOp):
        yield from _operands(node, flags)
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST) and not isinstance(
                one, ast.stmt | ast.excepthandler | ast.match_case
            ):
                yield one
            elif isinstance(one, ast.ExceptHandler) and one.type is not None:
                yield one.type
            elif isinstance(one, ast.match_case):
                yield one.pattern


def _operands(node: ast.BoolOp, flags: Flags) -> Iterator[ast.AST]:
    """The operands of `and` or `or` up to the one that always decides."""
    ends = isinstance(node.op, ast.Or)
    for one in node.values:
        yield one
        if truth(one, flags) is ends:
            return


def nodes(block: Sequence[ast.stmt], flags: Flags = NO_FLAGS) -> Iterator[ast.AST]:
    """Every node that can run in a block, at any depth."""
    for statement in statements(block, flags):
        yield from own(statement, flags)


def names(statement: ast.stmt, flags: Flags = NO_FLAGS) -> Iterator[ast.Name]:
    """Names that are read in a statement, at any depth."""
    for node in own(statement, flags):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node
    for block in blocks(statement, flags):
        for inner in running(block, flags):
            yield from names(inner, flags)
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        for inner in running(statement.body, flags):
            yield from names(inner, flags)


def bound_in(function: Function) -> frozenset[str]:
    """Names that a function binds: parameters, and what it assigns; globals are not its own."""
    walked = list(ast.walk(function))
    given = (node.arg for node in walked if isinstance(node, ast.arg))
    stored = (
        node.id
        for node in walked
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    shared = (name for node in walked if isinstance(node, ast.Global) for name in node.names)
    return frozenset({*given, *stored} - {*shared})
