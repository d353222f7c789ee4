"""Probes: a module's syntax tree with a mark on every arc that execution can take.

The tree is changed so that it computes what it computed before and besides notes each arc in a
bytearray. Left alone: annotations (they may be turned back into text), `if TYPE_CHECKING:`,
`finally` and `with` (their ways out are the ways into them), the links of a chained comparison,
and asynchronous loops. In the code under probes `locals()` shows one more name for each loop, and
the truth of an operand of `and` or `or` is asked twice.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from textwrap import shorten
from typing import Any, TypeVar

from harness.arcs import Arc
from harness.syntax import (
    after_docstring,
    choices,
    is_constant,
    is_decision,
    is_filled,
    is_irrefutable,
    is_stub,
    is_truth,
    leaves,
    table_of,
    table_rows,
)
from harness.table_rows import watched

HITS, MARK, FALSY, TRUTHY, BOTH, EACH, ROWS = (
    f"__probe_{name}__" for name in ("hits", "mark", "falsy", "truthy", "both", "each", "rows")
)

T = TypeVar("T")
Function = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.While


def instrument(source: str, filename: str) -> tuple[ast.Module, tuple[Arc, ...]]:
    """Parse a module and put a probe on each of its arcs.

    Raises:
        SyntaxError: the source is no Python.
    """
    return probed(ast.parse(source, filename))


def probed(tree: ast.Module) -> tuple[ast.Module, tuple[Arc, ...]]:
    """Put a probe on each arc of a tree, which is changed and keeps its own nodes."""
    probes = _Probes()
    found = probes.visit(tree)
    return ast.fix_missing_locations(found), tuple(probes.arcs)


def probe_globals(hits: bytearray) -> dict[str, Any]:
    """Return the names that instrumented code finds its probes under; they write into `hits`."""

    def mark(arc: int) -> None:
        hits[arc] = 1

    def falsy(arc: int, value: T) -> T:
        if not value:
            hits[arc] = 1
        return value

    def truthy(arc: int, value: T) -> T:
        if value:
            hits[arc] = 1
        return value

    def both(true: int, false: int, value: T) -> T:
        hits[true if value else false] = 1
        return value

    def each(some: int, none: int, values: Iterable[T]) -> Iterator[T]:
        return _each(hits, some, none, iter(values))  # iter() is asked at once, as without probes

    def rows(first: int, table: Any) -> Any:
        return watched(first, table, mark)

    return {
        HITS: hits,
        MARK: mark,
        FALSY: falsy,
        TRUTHY: truthy,
        BOTH: both,
        EACH: each,
        ROWS: rows,
    }


def _each(hits: bytearray, some: int, none: int, values: Iterator[T]) -> Iterator[T]:
    arc = none
    for value in values:
        arc = some
        hits[some] = 1
        yield value
    hits[arc] = 1


class _Probes(ast.NodeTransformer):
    """Collects arcs while it puts the probes in; one instance a module."""

    def __init__(self) -> None:
        self.arcs: list[Arc] = []
        self.scopes: list[type] = [ast.Module]  # innermost last

    # --- making arcs and probes

    def arc(
        self, at: ast.AST, kind: str, text: str, *, statement: bool = False, line: int = 0
    ) -> int:
        """Add an arc of `at`; `line` where the statement it belongs to begins before it."""
        at_import = not any(issubclass(scope, Function) for scope in self.scopes)
        if isinstance(at, ast.expr | ast.pattern):
            text = f"`{shorten(ast.unparse(at), 60, placeholder=' …')}` {text}"
        line = line or at.lineno  # type: ignore[attr-defined]  # every node that decides has one
        self.arcs.append(Arc(line, kind, text, statement, at_import))
        return len(self.arcs) - 1

    def hit(self, arc: int, at: ast.AST) -> ast.stmt:
        """Make the statement that notes an arc."""
        target = ast.Subscript(ast.Name(HITS, ast.Load()), ast.Constant(arc), ast.Store())
        return ast.copy_location(ast.Assign([target], ast.Constant(1)), at)

    def call(self, probe: str, *args: int | ast.expr) -> ast.Call:
        given = [a if isinstance(a, ast.expr) else ast.Constant(a) for a in args]
        return ast.copy_location(ast.Call(ast.Name(probe, ast.Load()), given, []), given[-1])

    def marked(self, arc: int, value: ast.expr) -> ast.expr:
        """Make the expression that notes an arc and then is `value`."""
        return ast.copy_location(ast.BoolOp(ast.Or(), [self.call(MARK, arc), value]), value)

    # --- walking

    def statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in body:
            result = self.visit(statement)
            found.extend(result if isinstance(result, list) else [result])
        return found

    def inside(self, scope: type, body: list[ast.stmt]) -> list[ast.stmt]:
        self.scopes.append(scope)
        try:
            return self.statements(body)
        finally:
            self.scopes.pop()

    def test(self, node: ast.expr) -> ast.expr:
        """Visit an expression whose truth is asked for."""
        match node:
            case ast.BoolOp():
                return self.operands(node, asked=True)
            case ast.UnaryOp(op=ast.Not()):
                node.operand = self.test(node.operand)
                return node
        visited: ast.expr = self.visit(node)
        return visited

    # --- definitions

    def visit_FunctionDef(self, node: Function) -> Function:
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        args = node.args
        args.defaults = [self.visit(one) for one in args.defaults]
        args.kw_defaults = [one and self.visit(one) for one in args.kw_defaults]
        stub = is_stub(node.body)
        self.scopes.append(type(node))
        entry = None if stub else self.arc(node, "entry", f"{node.name} is called")
        self.scopes.pop()
        node.body = self.inside(type(node), node.body)
        if entry is not None:
            node.body.insert(after_docstring(node.body), self.hit(entry, node))
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        node.args.defaults = [self.visit(one) for one in node.args.defaults]
        self.scopes.append(ast.FunctionDef)
        node.body = self.visit(node.body)
        self.scopes.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        node.bases = [self.visit(one) for one in node.bases]
        node.body = self.inside(ast.ClassDef, node.body)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        if node.value is not None:
            node.value = self.value([node.target], node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        node.value = self.value(node.targets, node.value)
        return node

    def value(self, targets: list[ast.expr], value: ast.expr) -> ast.expr:
        """Visit what is assigned; the rows of a module's constant table are arcs."""
        table = table_of(value)
        rows = table_rows(table)
        constant = all(isinstance(t, ast.Name) and t.id.isupper() for t in targets)
        if self.scopes != [ast.Module] or not constant or len(rows) < 2:
            return self.visit(value)  # type: ignore[no-any-return]  # an expression stays one
        noting = self.noting(table, rows)
        if isinstance(value, ast.Call) and table is not value:
            value.args = [noting]
            return value
        return noting

    def noting(self, table: ast.expr, rows: list[ast.expr]) -> ast.Call:
        """Make the table that notes which of its rows are read."""
        first = len(self.arcs)
        for row in rows:
            text = shorten(ast.unparse(row), 60, placeholder=" …")
            self.arcs.append(Arc(row.lineno, "row", f"`{text}` is read"))
        return self.call(ROWS, first, self.visit(table))

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        """A table that is read where it is written decides like an `if`."""
        rows = [] if self.scopes[-1] is ast.Module else choices(node)
        node.value = self.noting(node.value, rows) if rows else self.visit(node.value)
        node.slice = self.visit(node.slice)
        return node

    # --- statements

    def visit_If(self, node: ast.If) -> ast.If:
        if is_constant(node.test):
            return node  # for type checkers only, or never run
        true = self.arc(node.test, "if", "is true", statement=True, line=node.lineno)
        false = self.arc(node.test, "if", "is false", statement=True, line=node.lineno)
        at = node.test
        node.test = self.test(node.test)
        node.body = [self.hit(true, at), *self.statements(node.body)]
        node.orelse = [self.hit(false, at), *self.statements(node.orelse)]
        return node

    def visit_While(self, node: ast.While) -> Loop | list[ast.stmt]:
        if is_constant(node.test):
            node.body = self.statements(node.body)
            return node
        ways = (
            self.arc(node.test, "while", "goes round", statement=True, line=node.lineno),
            self.arc(node.test, "while", "ends", statement=True, line=node.lineno),
            self.arc(node.test, "iteration", "never goes round"),
        )
        at = node.test
        node.test = self.test(node.test)
        return self.loop(node, at, ways)

    def visit_For(self, node: ast.For) -> Loop | list[ast.stmt]:
        ways = (
            self.arc(node.iter, "for", "has an item", statement=True, line=node.lineno),
            self.arc(node.iter, "for", "is exhausted", statement=True, line=node.lineno),
            None if is_filled(node.iter) else self.arc(node.iter, "iteration", "has no item"),
        )
        at = node.iter
        node.iter = self.visit(node.iter)
        return self.loop(node, at, ways)

    def loop(
        self, node: Loop, at: ast.expr, ways: tuple[int, int, int | None]
    ) -> Loop | list[ast.stmt]:
        """Probe a loop; a name of its own remembers whether it ever went round."""
        enters, ends, never = ways
        node.body = [self.hit(enters, at), *self.statements(node.body)]
        node.orelse = [self.hit(ends, at), *self.statements(node.orelse)]
        if never is None:
            return node
        name = f"__probe_idle_{never}__"

        def idle(*, value: bool) -> ast.stmt:
            target = ast.Name(name, ast.Store())
            return ast.copy_location(ast.Assign([target], ast.Constant(value)), at)

        node.body.insert(0, idle(value=False))
        ask = ast.If(ast.Name(name, ast.Load()), [self.hit(never, at)], [])
        node.orelse.insert(0, ast.copy_location(ask, at))
        if self.scopes[-1] in (ast.FunctionDef, ast.AsyncFunctionDef):
            return [idle(value=True), node]
        # a module's or class's names are seen by others: leave none behind
        forget = ast.Delete([ast.Name(name, ast.Del())])
        return [idle(value=True), node, ast.copy_location(forget, at)]

    def visit_Try(self, node: ast.Try) -> ast.Try:
        self.complete(node)
        for i, handler in enumerate(node.handlers):
            caught = self.arc(handler, "except", "is entered")
            if i:
                passed = self.arc(handler, "except", "is asked after the clause before it")
                if handler.type is not None:
                    handler.type = self.marked(passed, handler.type)
            handler.body = [self.hit(caught, handler), *self.statements(handler.body)]
            if i and handler.type is None:
                handler.body.insert(0, self.hit(passed, handler))
        node.finalbody = self.statements(node.finalbody)
        return node

    def complete(self, node: ast.Try) -> None:
        """Probe the end of a try's body: no exception."""
        last = node.body[-1]
        left = leaves(node.body)
        known = bool(node.handlers) and not (left and isinstance(last, ast.Raise | ast.If))
        done = self.arc(node, "try", "ends without an exception") if known else None
        body, orelse = self.statements(node.body), self.statements(node.orelse)
        if done is not None and isinstance(last, ast.Return) and last.value is not None:
            # the value comes first: its exception is the one that is waited for
            pair = ast.Tuple([last.value, self.call(MARK, done)], ast.Load())
            last.value = ast.Subscript(pair, ast.Constant(0), ast.Load())
            ast.copy_location(pair, last)
            ast.copy_location(last.value, last)
        elif done is not None and left:
            body.insert(-1, self.hit(done, node))
        elif done is not None:
            orelse.insert(0, self.hit(done, node))
        node.body, node.orelse = body, orelse

    def visit_Match(self, node: ast.Match) -> ast.Match:
        node.subject = self.visit(node.subject)
        passed: list[int] = []
        open_end = True
        for case in node.cases:
            sure = is_irrefutable(case.pattern) and case.guard is None
            at = case.pattern
            branch = not (sure and case is node.cases[-1])
            matched = self.arc(at, "case", "matches", statement=branch)
            hits = [self.hit(arc, at) for arc in (*passed, matched)]
            if branch:
                passed.append(self.arc(at, "case", "does not match", statement=True))
            if case.guard is not None:
                case.guard = self.test(case.guard)
            case.body = [*hits, *self.statements(case.body)]
            open_end = branch
        if open_end:
            nothing = ast.copy_location(ast.MatchAs(), node.cases[-1].pattern)
            missed = [self.hit(arc, nothing) for arc in passed]
            node.cases.append(ast.match_case(nothing, None, missed))
        return node

    # --- expressions

    def visit_IfExp(self, node: ast.IfExp) -> ast.IfExp:
        true = self.arc(node.test, "ternary", "is true")
        false = self.arc(node.test, "ternary", "is false")
        node.test = self.test(node.test)
        node.body = self.marked(true, self.visit(node.body))
        node.orelse = self.marked(false, self.visit(node.orelse))
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.BoolOp:
        return self.operands(node, asked=False)

    def operands(self, node: ast.BoolOp, *, asked: bool) -> ast.BoolOp:
        """Probe and/or: each operand that decides, and what the last one says."""
        probe, word = (FALSY, "false") if isinstance(node.op, ast.And) else (TRUTHY, "true")
        *firsts, last = node.values
        values: list[ast.expr] = []
        for value in firsts:
            if is_decision(value):
                values.append(self.test(value))
                continue
            arc = self.arc(value, "operand", f"decides: {word}")
            values.append(self.call(probe, arc, self.test(value)))
        values.append(self.last_operand(last, asked=asked))
        node.values = values
        return node

    def last_operand(self, last: ast.expr, *, asked: bool) -> ast.expr:
        if is_decision(last):
            return self.test(last) if asked else self.visit(last)
        if (asked or is_truth(last)) and not is_constant(last):
            return self.both(last, "operand", "is")
        arc = self.arc(last, "operand", "is asked")
        return self.marked(arc, self.visit(last))

    def both(self, node: ast.expr, kind: str, text: str) -> ast.expr:
        true = self.arc(node, kind, f"{text} true")
        false = self.arc(node, kind, f"{text} false")
        return self.call(BOTH, true, false, self.test(node))

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        if node.is_async or is_filled(node.iter):
            node.iter = self.visit(node.iter)
        else:
            some = self.arc(node.iter, "iteration", "has an item")
            none = self.arc(node.iter, "iteration", "has no item")
            node.iter = self.call(EACH, some, none, self.visit(node.iter))
        node.ifs = [
            self.test(one) if is_decision(one) else self.both(one, "condition", "is")
            for one in node.ifs
        ]
        return node
