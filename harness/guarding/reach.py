"""What the registry gets to: from the engine's name through every reference that can run.

A reference is a name, a module's attribute or a module's dotted name as text. Whatever cannot be
followed is taken to be reached where its module is, so a symbol counts as out of reach only where
every way to it that was there is gone.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from harness.guarding.live import FUNCTIONS, bound_in, nodes, own, statements
from harness.guarding.package import Package, Place
from harness.guarding.symbols import Module, Symbol

WHOLE: Final = ""
"""In place of a symbol's name: whatever the module has."""


def reached(
    package: Package, registry: Place, but: Collection[Place] = frozenset()
) -> frozenset[Place]:
    """The symbols that the registry gets to, those of importing among them.

    Args:
        package: the code.
        registry: the engine's name.
        but: symbols through which no way leads.
    """
    found: set[Place] = set()
    waiting = [registry, *_at_import(package, registry.module)]
    while waiting:
        place = waiting.pop()
        if place in found or place in but or place.module not in package.modules:
            continue
        found.add(place)
        waiting.extend(_from(package, place))
    return frozenset(found)


def _at_import(package: Package, registry: str) -> Iterator[Place]:
    """What importing itself runs: statements that bind nothing, and decorated definitions."""
    for name in sorted(package.reached(registry)):
        module = package.modules[name]
        for symbol in module.deeds:
            yield from references(package, module, own(symbol.node, module.flags))
        for symbol in module.symbols.values():
            if getattr(symbol.node, "decorator_list", []) and "." not in symbol.name:
                yield Place(name, symbol.name)


def _from(package: Package, place: Place) -> Iterator[Place]:
    """Where one symbol leads; a class leads to all that is in it."""
    module = package.modules[place.module]
    if place.symbol == WHOLE:
        yield from (Place(place.module, name) for name in module.symbols)
        return
    symbol = module.symbols.get(place.symbol)
    if symbol is None:
        yield from _imported_as(package, place)
        return
    if isinstance(symbol.node, ast.ClassDef):
        inside = f"{symbol.name}."
        yield from (Place(place.module, one) for one in module.symbols if one.startswith(inside))
    local = bound_in(symbol.node) if isinstance(symbol.node, FUNCTIONS) else frozenset()
    yield from references(package, module, _code(symbol, module), local)


def _imported_as(package: Package, place: Place) -> Iterator[Place]:
    """A name that a module has from another one; with a star, it may be any of that."""
    taken = package.imports[place.module]
    if place.symbol in taken:
        yield _whole(taken[place.symbol])
    yield from (Place(one.module, WHOLE) for one in taken.values() if one.symbol == "*")


def _code(symbol: Symbol, module: Module) -> Iterator[ast.AST]:
    """The nodes of a symbol that can run once it is used."""
    yield from own(symbol.node, module.flags)
    if isinstance(symbol.node, FUNCTIONS):
        yield from nodes(symbol.node.body, module.flags)
    elif isinstance(symbol.node, ast.ClassDef):
        for statement in statements(symbol.node.body, module.flags):
            yield from own(statement, module.flags)


def references(
    package: Package,
    module: Module,
    found: Iterable[ast.AST],
    local: frozenset[str] = frozenset(),
) -> Iterator[Place]:
    """The symbols of the package that nodes of a module name; `local` names mean others."""
    for node in found:
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name not in local:
                yield from named(package, module, name)
            case ast.Attribute():
                yield from _attribute(package, module, node)
            case ast.Constant(value=str(text)):
                yield from _dotted(package, text)


def named(package: Package, module: Module, name: str) -> Iterator[Place]:
    """What a bare name stands for."""
    taken = package.imports[module.name]
    if name in module.symbols:
        yield Place(module.name, name)
    elif name in taken and taken[name].symbol:
        yield taken[name]
    yield from (Place(one.module, name) for one in taken.values() if one.symbol == "*")


def _attribute(package: Package, module: Module, node: ast.Attribute) -> Iterator[Place]:
    """`module.name`, however deep; the module as a value may lead anywhere in it."""
    steps = _steps(node)
    taken = package.imports[module.name]
    for count in range(len(steps) - 1, 0, -1):
        place = taken.get(".".join(steps[:count]))
        if place is not None and not place.symbol:
            yield _deeper(package, place.module, steps[count:])
            return


def _deeper(package: Package, module: str, steps: list[str]) -> Place:
    while len(steps) > 1 and f"{module}.{steps[0]}" in package.modules:
        module, steps = f"{module}.{steps[0]}", steps[1:]
    if f"{module}.{steps[0]}" in package.modules:
        return Place(f"{module}.{steps[0]}", WHOLE)
    return Place(module, steps[0])


def _steps(node: ast.expr) -> list[str]:
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=of, attr=attr):
            before = _steps(of)
            return [*before, attr] if before else []
    return []


def _dotted(package: Package, text: str) -> Iterator[Place]:
    """`a.b`, or `a.b:c`, in a text: somebody may import it by that name."""
    module, _, name = text.partition(":")
    if module in package.modules and module != package.name:
        yield Place(module, name or WHOLE)


def _whole(place: Place) -> Place:
    return Place(place.module, WHOLE if place.symbol == "*" else place.symbol)
