"""What importing a module does besides binding names: deeds that are gone, and deeds that undo."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Final

from harness.guarding.loss import Kind, Loss
from harness.guarding.symbols import Module, Symbol

UNDOING: Final = frozenset(
    {"clear", "difference_update", "discard", "insert", "intersection_update", "pop", "popitem",
     "remove", "reverse", "setdefault", "sort", "update", "__delattr__", "__delitem__",
     "__setattr__", "__setitem__"}
)  # fmt: skip
"""Methods that change a table in place."""

REACHING: Final = frozenset({"setattr", "delattr", "exec", "eval", "globals", "vars", "locals"})
"""Functions by which names are bound or taken away where no reader sees it."""


def rewired(before: Module, after: Module) -> Iterator[Loss]:
    """Deeds that the base has and the head has not, and new ones that undo what stands.

    Args:
        before: the module at the base, an empty one where it is new.
        after: the module at the head.
    """
    there = Counter(ast.dump(deed.node) for deed in before.deeds)
    here = Counter(ast.dump(deed.node) for deed in after.deeds)
    own = set(after.symbols) - set(before.symbols)
    for deed in before.deeds:
        if there[ast.dump(deed.node)] > here[ast.dump(deed.node)]:
            yield _loss(Kind.REMOVED, "deed", before, deed, "is no longer done")
    for deed in after.deeds:
        new = here[ast.dump(deed.node)] > there[ast.dump(deed.node)]
        if new and _undoes(deed) and not _root(deed.node) & own:
            yield _loss(Kind.UNREACHABLE, "undone", after, deed, "undoes what stands")


def _undoes(deed: Symbol) -> bool:
    """Whether a statement changes what something else has bound."""
    node = deed.node
    if isinstance(node, ast.Delete | ast.AugAssign | ast.Assign):
        return True  # what it changes was bound before: by name, item or attribute
    return any(isinstance(one, ast.Call) and _is_undoing(one.func) for one in ast.walk(node))


def _root(node: ast.AST) -> set[str]:
    """The name that a statement changes something of; none where it is not one name's alone."""
    targets: list[ast.expr] = []
    match node:
        case ast.Assign(targets=many) | ast.Delete(targets=many):
            targets.extend(many)
        case ast.AugAssign(target=one) | ast.Expr(value=ast.Call(func=ast.Attribute(value=one))):
            targets.append(one)
    names = set()
    for target in targets:
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        names.add(target.id if isinstance(target, ast.Name) else "")
    return names if len(names) == 1 else set()


def _is_undoing(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(attr=attr):
            return attr in UNDOING
        case ast.Name(id=name):
            return name in REACHING
    return False


def _loss(kind: Kind, rule: str, module: Module, deed: Symbol, said: str) -> Loss:
    return Loss(
        kind=kind, rule=rule, module=module.name, symbol=deed.name, file=module.file,
        line=deed.line, said=said, words=_words(deed.node) if kind is Kind.REMOVED else (),
    )  # fmt: skip


def _words(node: ast.AST) -> tuple[str, ...]:
    """Texts in a deed; what registers a path names it."""
    texts = (
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )
    return tuple(dict.fromkeys(texts))
