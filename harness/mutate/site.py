"""A site: a node of a module's tree that may be changed, and what it stands in.

Left out is what no mutant of could be told from the module itself, or not by what it does:
annotations, types, imports, decorators, docstrings, stubs, dunder names, blocks for type checkers,
the text between the braces of an f-string, and calls that only explain.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from harness.mutate.mutant import Step
from harness.syntax import is_constant, is_stub, table_of

Function = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.AsyncFor | ast.While

TYPE_MAKERS: Final = frozenset(
    ("TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "TypedDict", "attrgetter", "getLogger")
)
"""Calls whose texts are names of the program itself: another text is no other behaviour."""

BUILTIN_TYPES: Final = frozenset(("dict", "frozenset", "list", "set", "tuple", "type"))

SKIPPED: Final = frozenset(
    ("annotation", "returns", "decorator_list", "bases", "type_params", "ctx", "op", "ops")
)
TARGETS: Final = frozenset(("target", "targets", "optional_vars", "names"))


class Scope(NamedTuple):
    """What a node stands in.

    Attributes:
        qualname: of the innermost function or class, as `__qualname__` has it; empty: the module.
        function: the innermost function, None where there is none.
        loop: the innermost loop of that function.
    """

    qualname: str = ""
    function: Function | None = None
    loop: Loop | None = None

    def inner(self, name: str) -> str:
        """Return the qualified name of something defined here."""
        if not self.qualname:
            return name
        return f"{self.qualname}.<locals>.{name}" if self.function else f"{self.qualname}.{name}"


@dataclass(frozen=True, slots=True)
class Site:
    """A node, the way to it, and what it stands in.

    Attributes:
        above: the nodes above it, the module first.
        asked: whether nothing but its truth is asked for.
        runs: whether it runs when a function is called; else when the module is imported.
    """

    node: ast.AST
    steps: tuple[Step, ...]
    above: tuple[ast.AST, ...]
    scope: Scope
    asked: bool = False
    runs: bool = False

    @property
    def parent(self) -> ast.AST:
        return self.above[-1]

    @property
    def field(self) -> str:
        """The field of the parent that holds it."""
        return self.steps[-1].field

    @property
    def after(self) -> ast.stmt | None:
        """The statement that follows it in the same block."""
        name, index = self.steps[-1]
        held = getattr(self.parent, name)
        if index is None or not isinstance(self.node, ast.stmt) or index + 1 >= len(held):
            return None
        found: ast.stmt = held[index + 1]
        return found

    @property
    def is_table(self) -> bool:
        """Whether it is the table of a constant of the module, rows and all."""
        match self.parent:
            case ast.Assign() | ast.AnnAssign():
                return len(self.above) == 2
            case ast.Call() as call if len(self.above) == 3:
                return table_of(call) is self.node
        return False


def sites(module: ast.Module, told: Collection[str]) -> Iterator[Site]:
    """Go through what may be changed, in the order of the tree.

    Args:
        module: a module's tree.
        told: names of functions and methods that only explain.
    """
    root = Site(module, (), (), Scope())
    for index, statement in enumerate(module.body):
        yield from _visit(_below(root, statement, Step("body", index)), told)


def _visit(site: Site, told: Collection[str]) -> Iterator[Site]:
    if _is_left_alone(site, told):
        return
    yield site
    for child in _children(site):
        yield from _visit(child, told)


def _children(site: Site) -> Iterator[Site]:
    node = site.node
    if isinstance(node, ast.pattern) and not isinstance(node, ast.MatchValue):
        fields: tuple[str, ...] = ("patterns", "pattern", "kwd_patterns")
    else:
        fields = node._fields
    for name in fields:
        held = getattr(node, name, None)
        if name in SKIPPED or (name in TARGETS and not isinstance(node, ast.Match)):
            continue
        if isinstance(held, ast.AST):
            yield _below(site, held, Step(name, None))
        elif isinstance(held, list):
            for index, child in enumerate(held):
                if isinstance(child, ast.AST):
                    yield _below(site, child, Step(name, index))


def _below(site: Site, child: ast.AST, step: Step) -> Site:
    scope, runs = site.scope, site.runs
    if step.field == "body" and isinstance(site.node, Function):
        runs = True
    if step.field == "body" and isinstance(site.node, Loop):
        scope = site.scope._replace(loop=site.node)
    match child:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            scope = Scope(site.scope.inner(child.name), child)
        case ast.ClassDef():
            scope = Scope(site.scope.inner(child.name))
    asked = _is_asked(site, step)
    return Site(child, (*site.steps, step), (*site.above, site.node), scope, asked, runs)


def _is_asked(site: Site, step: Step) -> bool:
    """Tell where nothing but a node's truth is asked for."""
    match site.node:
        case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
            return step.field == "test"
        case ast.comprehension():
            return step.field == "ifs"
        case ast.match_case():
            return step.field == "guard"
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp():
            return site.asked
    return False


def _is_left_alone(site: Site, told: Collection[str]) -> bool:
    node = site.node
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal() | ast.Pass():
            return True
        case ast.Expr(value=ast.Constant()):  # a docstring, or an ellipsis
            return True
        case ast.If(test=test) | ast.IfExp(test=test):
            return is_constant(test)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return is_stub(node.body) or node.name in told
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            dunder = name.startswith("__") and name.endswith("__")
            return dunder or (len(site.above) == 1 and _is_type(node.value))
        case ast.Call():
            return called(node) in told or called(node) in TYPE_MAKERS
        case ast.Expr(value=ast.Call() as call):
            explains = any(called(one) in told for one in (call, *call.args))
            return explains or (_is_inherited(call) and _is_exception(site))
        case ast.Constant():
            return isinstance(site.parent, ast.JoinedStr)
    return site.field == "format_spec" or (site.field == "slice" and _is_type(site.parent))


def _is_inherited(call: ast.Call) -> bool:
    """Tell `super().__init__(...)`."""
    match call.func:
        case ast.Attribute(value=ast.Call(func=ast.Name("super")), attr="__init__"):
            return True
    return False


def _is_exception(site: Site) -> bool:
    """Tell a class of exceptions: what it hands to its base is its text, for people."""
    classes = [node for node in site.above if isinstance(node, ast.ClassDef)]
    bases = [ast.unparse(base) for one in classes[-1:] for base in one.bases]
    return any(base.endswith(("Exception", "Error")) for base in bases)


def _is_type(value: ast.AST | None) -> bool:
    """Tell a type: `Callable[...]`, `tuple[...]`, `Row | None`; not `TABLE[0]`, not `rows[0]`."""
    match value:
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in BUILTIN_TYPES or (name[0].isupper() and not name.isupper())
        case ast.BinOp(op=ast.BitOr(), right=ast.Constant(value=None)):
            return True
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return all(isinstance(one, ast.Name) and not one.id.isupper() for one in (left, right))
    return False


def called(node: ast.AST) -> str:
    """Return the last name of what a call calls; empty where it has none, or is no call."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def within(site: Site, *kinds: type[ast.AST]) -> bool:
    """Tell whether it stands in a node of one of these kinds."""
    return any(isinstance(node, kinds) for node in site.above)
