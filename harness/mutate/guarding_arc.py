"""The guarding arc: the innermost arc without which a piece of code is not reached.

The instrumented tree is walked, since it says where each arc is noted: what comes after a note in
the same block, or in the expression that a note stands before, is reached through that arc alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Final, NamedTuple

from harness.probes import BOTH, EACH, FALSY, HITS, MARK, ROWS, TRUTHY, probed
from harness.syntax import leaves

Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
NOTING: Final = frozenset((BOTH, EACH, FALSY, MARK, ROWS, TRUTHY))
IDLE: Final = "__probe_idle_"
SORTING: Final = frozenset(("max", "min", "sort", "sorted"))
"""Calls that are done with their `key` when they return."""

NONE: Final[frozenset[int]] = frozenset()


class Guard(NamedTuple):
    """How a node and arcs belong together.

    Attributes:
        on: the arc without which the node is not reached; None where there is none.
        decides: arcs of tests, operands, loops and handlers that the node is a part of.
    """

    on: int | None
    decides: frozenset[int] = NONE

    @property
    def arcs(self) -> frozenset[int]:
        """All of them; none where nothing guards the node, since then it is always reached."""
        return NONE if self.on is None else self.decides | {self.on}


FREE: Final = Guard(None)


class Guards:
    """The guard of each node of a module's tree; arcs are numbered as `instrument` does."""

    def __init__(self, module: ast.Module, text: str) -> None:
        twin = ast.parse(text)
        nodes = list(ast.walk(twin))  # held for as long as their ids are asked for
        self._twins = {id(one): id(own) for one, own in zip(nodes, ast.walk(module), strict=True)}
        self._found: dict[int, Guard] = {}
        self._at_once: set[int] = set()  # ids of lambdas
        tree, self.arcs = probed(twin)
        self._block(tree.body, FREE)

    def of(self, node: ast.AST) -> Guard:
        """Return a node's guard."""
        return self._found.get(id(node), FREE)

    def _note(self, node: ast.AST, guard: Guard) -> None:
        own = self._twins.get(id(node))
        if own is not None:
            self._found[own] = guard

    # --- statements

    def _block(self, body: list[ast.stmt], guard: Guard) -> None:
        for statement in body:
            noted = _noted(statement)
            if noted is not None:
                guard = Guard(noted)
                continue
            self._walk(statement, guard)
            guard = _after(statement, guard)

    def _walk(self, node: ast.AST, guard: Guard) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, guard)
            case ast.Lambda():
                self._lambda(node, guard)
            case ast.If() | ast.While() | ast.For():
                self._branch(node, guard)
            case ast.Try():
                self._try(node, guard)
            case ast.match_case():
                self._case(node, guard)
            case ast.IfExp():
                self._ternary(node, guard)
            case ast.BoolOp() | ast.Call():
                self._noting(node, guard)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._comprehension(node, guard)
            case _:
                self._note(node, guard)
                self._children(node, guard)

    def _children(self, node: ast.AST, guard: Guard, *, but: Iterable[str] = ()) -> None:
        inner = Guard(guard.on) if isinstance(node, ast.stmt) else guard
        for name, held in ast.iter_fields(node):
            if name in but:
                continue
            if isinstance(held, list) and held and isinstance(held[0], ast.stmt):
                self._block(held, Guard(guard.on))
                continue
            for child in held if isinstance(held, list) else [held]:
                if isinstance(child, ast.AST):
                    self._walk(child, inner)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, guard: Guard) -> None:
        self._note(node, guard)
        self._children(node, guard, but=("body",))
        self._block(node.body, FREE)  # reached by a call and not from here: its entry guards it

    def _lambda(self, node: ast.Lambda, guard: Guard) -> None:
        """Nothing notes the call of a lambda: only one that is called at once is guarded."""
        self._note(node, guard)
        self._walk(node.args, guard)
        self._walk(node.body, Guard(guard.on) if id(node) in self._at_once else FREE)

    def _branch(self, node: ast.If | ast.While | ast.For, guard: Guard) -> None:
        own = guard.decides | _arms(node)
        self._note(node, Guard(guard.on, own))
        asked = Guard(guard.on, own | _idle(node))
        if isinstance(node, ast.For):
            self._walk(node.target, guard)
            self._walk(node.iter, asked)
        else:
            self._walk(node.test, asked)
        self._block(node.body, Guard(guard.on))
        self._block(node.orelse, Guard(guard.on))

    def _try(self, node: ast.Try, guard: Guard) -> None:
        notes = [_notes(handler.body) for handler in node.handlers]
        done = _notes([*node.body, *node.orelse])
        self._note(node, Guard(guard.on, guard.decides.union(done, *notes)))
        self._block(node.body, Guard(guard.on, done.union(*notes)))  # it decides whether it fails
        for body in (node.orelse, node.finalbody):
            self._block(body, Guard(guard.on))
        for handler, own in zip(node.handlers, notes, strict=True):
            asked = Guard(guard.on, own)
            self._note(handler, asked)
            if handler.type is not None:
                self._walk(handler.type, asked)
            self._block(handler.body, Guard(guard.on))

    def _case(self, node: ast.match_case, guard: Guard) -> None:
        asked = Guard(guard.on, _notes(node.body))
        self._note(node, asked)
        self._walk(node.pattern, asked)
        if node.guard is not None:
            self._walk(node.guard, asked)
        self._block(node.body, Guard(guard.on))

    # --- expressions

    def _ternary(self, node: ast.IfExp, guard: Guard) -> None:
        arms = frozenset(
            arc for arm in (node.body, node.orelse) for arc in _called(_first(arm)) or ()
        )
        self._note(node, Guard(guard.on, guard.decides | arms))
        self._walk(node.test, Guard(guard.on, guard.decides | arms))
        self._walk(node.body, guard)
        self._walk(node.orelse, guard)

    def _noting(self, node: ast.BoolOp | ast.Call, guard: Guard) -> None:
        """Look through what notes an arc: it is no part of the module."""
        if isinstance(node, ast.BoolOp) and _is_mark(node.values[0]):
            (arc,) = _called(node.values[0]) or (guard.on,)
            self._walk(node.values[1], Guard(arc, guard.decides))
            return
        arcs = _called(node) if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and arcs is not None:
            if not _is_mark(node):
                self._walk(node.args[-1], Guard(guard.on, guard.decides | arcs))
            return
        operands = node.values if isinstance(node, ast.BoolOp) else ()
        asked = guard.decides.union(*(_called(one) or () for one in operands))
        self._note(node, Guard(guard.on, asked))
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in SORTING:
                self._at_once.update(id(given.value) for given in node.keywords)
        self._children(node, guard)

    def _comprehension(self, node: Comprehension, guard: Guard) -> None:
        self._note(node, guard)
        inner = guard
        for one in node.generators:
            self._note(one, inner)
            self._walk(one.iter, inner)
            self._walk(one.target, inner)
            if _name(one.iter) == EACH:
                inner = Guard(_numbers(one.iter)[0])
            for test in one.ifs:
                self._walk(test, inner)
                if _name(test) == BOTH:
                    inner = Guard(_numbers(test)[0])
        for child in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self._walk(child, inner)


def _noted(statement: ast.stmt) -> int | None:
    """Return the arc that a statement notes, None where it is the module's own."""
    match statement:
        case ast.Assign(
            targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(arc)))]
        ) if name == HITS:
            return arc
    return None


def _after(statement: ast.stmt, guard: Guard) -> Guard:
    """Return what guards what follows: where one arm of an `if` leaves, the other arm does."""
    if not isinstance(statement, ast.If) or not statement.orelse:
        return guard
    arms = _noted(statement.body[0]), _noted(statement.orelse[0])
    for arm, other in ((statement.body, arms[1]), (statement.orelse, arms[0])):
        if other is not None and leaves(arm):
            return Guard(other)
    return guard


def _notes(body: list[ast.stmt]) -> frozenset[int]:
    """Return the arcs noted in a block itself, not in the blocks inside it."""
    return frozenset(arc for arc in map(_noted, body) if arc is not None)


def _arms(node: ast.If | ast.While | ast.For) -> frozenset[int]:
    """Return the arcs of a branch or a loop."""
    return _notes([*node.body[:2], *node.orelse[:2]])


def _idle(node: ast.If | ast.While | ast.For) -> frozenset[int]:
    """Return the arc of a loop that never goes round: no change of its body shows there."""
    return _notes([x.body[0] for x in node.orelse[:1] if isinstance(x, ast.If) and _asks(x)])


def _asks(statement: ast.If) -> bool:
    """Tell the question whether a loop ever went round, which is no part of the module."""
    return isinstance(statement.test, ast.Name) and statement.test.id.startswith(IDLE)


def _name(node: ast.AST) -> str:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in NOTING:
            return name
    return ""


def _is_mark(node: ast.AST) -> bool:
    return _name(node) == MARK


def _numbers(node: ast.AST) -> tuple[int, ...]:
    args = node.args if isinstance(node, ast.Call) else []
    return tuple(
        one.value for one in args if isinstance(one, ast.Constant) and type(one.value) is int
    )


def _called(node: ast.AST) -> frozenset[int] | None:
    """Return the arcs that a call notes, None where it is the module's own."""
    name = _name(node)
    if not name or not isinstance(node, ast.Call):
        return None
    if name == ROWS:
        (first,), table = _numbers(node), node.args[-1]
        rows = table.keys if isinstance(table, ast.Dict) else getattr(table, "elts", [])
        return frozenset(range(first, first + len(rows)))
    return frozenset(_numbers(node)[: 2 if name in (BOTH, EACH) else 1])


def _first(arm: ast.expr) -> ast.AST:
    """Return what an arm of a ternary begins with: its note."""
    return arm.values[0] if isinstance(arm, ast.BoolOp) else arm
