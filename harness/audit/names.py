"""What a name or a dotted name of a tree says outright: a function, a class, a module."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from harness.audit.code import Binding, Code, Scope
from harness.audit.value import DEEPEST, Chain, Instance, Module, Ref, Value


class Names:
    """Looks names up as Python would, without following any value."""

    def __init__(self, code: Code) -> None:
        """Look up in all of a tree."""
        self.code = code
        self._busy: set[tuple[object, str]] = set()

    def bindings(self, name: str, scope: Scope) -> tuple[list[Binding], Scope] | None:
        """What a name is bound to where it is seen from a scope, and in which scope that is."""
        seen: Scope | None = scope
        while seen is not None:
            visible = seen is scope or seen.kind != "class"
            if visible and name not in seen.elsewhere and name in seen.names:
                return seen.names[name], seen
            seen = seen.parent
        return None

    def direct(self, node: ast.expr, scope: Scope) -> Iterator[Value]:
        """Functions, classes and modules that a name or a dotted name says outright."""
        if isinstance(node, ast.Name):
            found = self.bindings(node.id, scope)
            for binding in found[0] if found else ():
                if binding.how == "scope":
                    yield Ref(binding.name)
                elif binding.how == "import":
                    yield from self.imported(binding.name)
        elif isinstance(node, ast.Attribute):
            for base in self._bases(node.value, scope):
                yield from (
                    v for v in self._outright(base, node.attr) if isinstance(v, Ref | Module)
                )

    def _bases(self, node: ast.expr, scope: Scope) -> Iterator[Value]:
        yield from self.direct(node, scope)
        owner = scope.of_class()
        if owner is not None and isinstance(node, ast.Name) and node.id in scope.parameters[:1]:
            yield Instance(owner.id)

    def _outright(self, base: Value, name: str) -> Iterator[Value]:
        if isinstance(base, Module):
            if f"{base.module}.{name}" in self.code.modules:
                yield Module(f"{base.module}.{name}")
            if f"{base.module}:{name}" in self.code.scopes:
                yield from self._scope(f"{base.module}:{name}")
            else:
                body = self.code.modules[base.module]
                for binding in body.names.get(name, ()):
                    if binding.how == "import":
                        yield from self.imported(binding.name)
        elif isinstance(base, Ref | Instance):
            yield from self.method(base.id, name)

    def _scope(self, id_: str) -> Iterator[Value]:
        if self.code.scopes[id_].kind in ("function", "class"):
            yield Ref(id_)

    def method(self, owner: str, name: str, depth: int = 0) -> Iterator[Value]:
        """A class's method or inner class, its own or of the classes above it in the tree."""
        scope = self.code.scopes.get(owner)
        if scope is None or depth > DEEPEST or scope.kind != "class":
            return
        if f"{owner}.{name}" in self.code.scopes:
            yield Ref(f"{owner}.{name}")
            return
        for above in self.above(scope):
            yield from self.method(above, name, depth + 1)

    def above(self, scope: Scope) -> Iterator[str]:
        """The classes of the tree that a class inherits from."""
        if isinstance(scope.definition, ast.ClassDef) and scope.parent is not None:
            for base in scope.definition.bases:
                found = self.direct(base, scope.parent)
                yield from (one.id for one in found if isinstance(one, Ref) and one.id != scope.id)

    def imported(self, dotted: str) -> Iterator[Value]:
        """What an import names: of the tree where it can be, else a chain."""
        key = ("import", dotted)
        if key in self._busy:
            return
        self._busy.add(key)
        try:
            yield from self._imported(dotted)
        finally:
            self._busy.discard(key)

    def _imported(self, dotted: str) -> Iterator[Value]:
        modules = self.code.named(dotted)
        if modules:
            yield from map(Module, modules)
            return
        base, _, name = dotted.rpartition(".")
        modules = self.code.named(base) if base else ()
        found = [one for module in modules for one in self._outright(Module(module), name)]
        if found:
            yield from found
        elif modules:
            yield Chain("import", (*modules[0].split("."), name))
        else:
            yield Chain("import", tuple(filter(None, dotted.split("."))))


def is_static(scope: Scope) -> bool:
    """Whether a method is given no object of its class."""
    return scope.definition is not None and any(
        isinstance(one, ast.Name) and one.id == "staticmethod"
        for one in scope.definition.decorator_list
    )
