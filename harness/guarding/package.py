"""A package as text: its Python modules, who imports whom, and all its other files."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from harness.guarding.live import Flags, blocks, truth
from harness.guarding.symbols import Module, Symbol
from harness.units import absolute


class Place(NamedTuple):
    """A symbol of the package: dotted module and name; no name means the module itself."""

    module: str
    symbol: str


FOREIGN: Final = Place("", "")
"""What stands for a name that is imported from elsewhere: the last import of a name counts."""


@dataclass(frozen=True)
class Package:
    """The files of one package.

    Attributes:
        name: dotted, `a.b`.
        modules_of: path of a Python file → its dotted name.
        files: path → content; a link or a submodule is not in it, whatever it stands for.
    """

    name: str
    modules_of: Mapping[str, str]
    files: Mapping[str, bytes]

    @cached_property
    def modules(self) -> Mapping[str, Module]:
        """Dotted name → module."""
        bare = {
            name: Module(
                file=file,
                name=name,
                content=self.files[file],
                is_package=PurePosixPath(file).name == "__init__.py",
            )
            for file, name in sorted(self.modules_of.items())
            if file in self.files
        }
        flags = _flags(bare)
        return {name: replace(one, flags=flags[name]) for name, one in bare.items()}

    @cached_property
    def data(self) -> Mapping[str, bytes]:
        """Files that are no Python."""
        return {file: one for file, one in self.files.items() if file not in self.modules_of}

    @cached_property
    def imports(self) -> Mapping[str, Mapping[str, Place]]:
        """Module → local name → what it stands for in this package."""
        return {
            name: {
                local: place
                for local, place in dict(_imported(module, self.modules)).items()
                if place != FOREIGN
            }
            for name, module in self.modules.items()
        }

    def is_known(self, module: Module, node: ast.ImportFrom) -> bool:
        """Whether an import takes from this package."""
        return absolute(node, module=module.name, is_package=module.is_package) in self.modules

    def reached(self, module: str) -> frozenset[str]:
        """A module and all of the package that importing it runs."""
        found: set[str] = set()
        waiting = [module]
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.modules:
                found.add(name)
                waiting.extend(place.module for place in self.imports[name].values())
        return frozenset(found)


def _imported(module: Module, known: Mapping[str, Module]) -> Iterator[tuple[str, Place]]:
    """Local names that a module's live imports bind, in functions as well."""
    for node in _import_statements(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name
                yield local, Place(alias.name, "") if alias.name in known else FOREIGN
            continue
        base = absolute(node, module=module.name, is_package=module.is_package)
        for alias in node.names:
            part, local = f"{base}.{alias.name}", alias.asname or alias.name
            if part in known:
                yield local, Place(part, "")
            elif base in known:
                yield (f"{base}.*" if alias.name == "*" else local), Place(base, alias.name)
            elif alias.name != "*":
                yield local, FOREIGN


def _import_statements(module: Module) -> Iterator[ast.Import | ast.ImportFrom]:
    waiting = list(module.body)
    while waiting:
        statement = waiting.pop(0)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement
        for block in blocks(statement, module.flags):
            waiting.extend(block)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            waiting.extend(statement.body)


def _flags(modules: Mapping[str, Module]) -> Mapping[str, Flags]:
    """Module → names that it, or a module it imports them from, binds once to a constant."""
    own = {name: dict(_constants(module)) for name, module in modules.items()}
    found: dict[str, Flags] = {}
    for name, module in modules.items():
        taken = {
            local: own[place.module][place.symbol]
            for local, place in _imported(module, modules)
            if place.symbol in own.get(place.module, {})
        }
        found[name] = {**taken, **own[name]}
    return found


def _constants(module: Module) -> Iterator[tuple[str, bool]]:
    rebound = _rebound(module)
    for name, symbol in module.symbols.items():
        if symbol.value is None or symbol.times > 1 or symbol.under or name in rebound:
            continue
        held = truth(symbol.value)
        if held is not None:
            yield name, held


def _rebound(module: Module) -> set[str]:
    """Names that a function of the module may bind anew."""
    walked = ast.walk(module.tree) if module.tree is not None else ()
    return {name for node in walked if isinstance(node, ast.Global) for name in node.names}


def symbol_at(package: Package, place: Place) -> Symbol | None:
    """The symbol at a place; None where there is none."""
    module = package.modules.get(place.module)
    return module.symbols.get(place.symbol) if module is not None else None
