"""What the probes ask of a syntax tree: pure predicates on its nodes."""

from __future__ import annotations

import ast


def is_constant(test: ast.expr) -> bool:
    """Tell a test that only one way leads out of; coverage.py sees no branch there either."""
    match test:
        case ast.Constant() | ast.Name(id="__debug__" | "TYPE_CHECKING"):
            return True
        case ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return is_constant(operand)
        case ast.BoolOp(values=values):
            return all(is_constant(value) for value in values)
    return False


def is_decision(node: ast.expr) -> bool:
    """Tell an expression whose own operands carry the probes for its truth."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return is_decision(operand)
        case ast.BoolOp():
            return True
    return False


def is_truth(node: ast.expr) -> bool:
    """Tell an expression that is True or False, whose truth may be asked wherever it stands."""
    match node:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
    return False


def is_filled(node: ast.expr) -> bool:
    """Tell a display that has at least one item in it as it is written."""
    match node:
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return any(not isinstance(item, ast.Starred) for item in items)
    return False


def table_of(node: ast.expr) -> ast.expr:
    """Return the table behind a view that only keeps others from writing to it."""
    match node:
        case ast.Call(func=ast.Name("MappingProxyType"), args=[table], keywords=[]):
            return table
    return node


def table_rows(node: ast.expr) -> list[ast.expr]:
    """Return what stands for the rows of a table: a dict's keys, or a tuple's items.

    Names are no rows: a tuple of classes, say, is read where no probe can see it.
    """
    match node:
        case ast.Dict(keys=keys):
            rows = [key for key in keys if key is not None]
            return rows if len(rows) == len(keys) else []
        case ast.Tuple(elts=items):
            named = (ast.Name, ast.Attribute, ast.Starred)
            return [] if any(isinstance(item, named) for item in items) else items
    return []


def choices(node: ast.Subscript) -> list[ast.expr]:
    """Return the rows between which `{…}[x]` or `(…)[x]` chooses; none where nothing is chosen."""
    match node:
        case ast.Subscript(slice=ast.Constant() | ast.Slice() | ast.UnaryOp(op=ast.USub())):
            rows = []
        case ast.Subscript(value=ast.Dict() as table):
            rows = table_rows(table)
        case ast.Subscript(value=ast.Tuple(elts=rows) | ast.List(elts=rows)):
            rows = [] if any(isinstance(row, ast.Starred) for row in rows) else rows
        case _:
            rows = []
    return rows if len(rows) > 1 else []


def is_stub(body: list[ast.stmt]) -> bool:
    """Tell a body of nothing but a docstring or an ellipsis."""
    return all(isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in body)


def after_docstring(body: list[ast.stmt]) -> int:
    """Return the index of a body's first statement that is not its docstring."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *_]:
            return 1
    return 0


def leaves(body: list[ast.stmt]) -> bool:
    """Tell a body whose end is never reached."""
    match body[-1]:
        case ast.Return() | ast.Break() | ast.Continue() | ast.Raise():
            return True
        case ast.If(body=then, orelse=[_, *_] as otherwise):
            return leaves(then) and leaves(otherwise)
    return False


def is_irrefutable(pattern: ast.pattern) -> bool:
    """Tell a pattern that matches anything."""
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return is_irrefutable(inner)
        case ast.MatchOr(patterns=patterns):
            return any(is_irrefutable(one) for one in patterns)
    return False
