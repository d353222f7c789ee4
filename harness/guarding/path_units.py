"""Which code each path of the control is made of, read from text alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from harness.guarding.package import Package, Place
from harness.guarding.reach import references
from harness.guarding.rows import Row, rows
from harness.guarding.symbols import Module


@dataclass(frozen=True)
class PathUnits:
    """The paths of one state of the control.

    Attributes:
        registry: the engine's name.
        pinned: paths that the manifest names.
        told: path → its module, where a clearance says it.
    """

    package: Package
    registry: Place
    pinned: frozenset[str]
    told: Mapping[str, str]

    @cached_property
    def every(self) -> frozenset[str]:
        """Every path, pinned or cleared."""
        return self.pinned | frozenset(self.told)

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """Path → its module; a path of which nobody can tell it is not in it."""
        found = {**self._by_row(), **self.told}
        for path in self.every - set(found):
            module = f"{self.package.name}.{path}"
            if module in self.package.modules:
                found[path] = module
        return found

    @cached_property
    def reach(self) -> Mapping[str, frozenset[str]]:
        """Path → modules that its own module leads to."""
        return {path: self.package.reached(module) for path, module in self.modules.items()}

    @cached_property
    def loose(self) -> frozenset[str]:
        """Modules that no path leads to, and files that are no modules.

        None as long as the module of any path is unknown: it may be one of them.
        """
        if self.every - set(self.modules):
            return frozenset()
        owned = frozenset[str]().union(*self.reach.values())
        return (frozenset(self.package.modules) - owned) | frozenset(self.package.data)

    @cached_property
    def words(self) -> Mapping[str, frozenset[str]]:
        """Text in the row of a path → that path, where the row stands in a loose table."""
        found: dict[str, frozenset[str]] = {}
        for _, row in self._rows():
            paths = frozenset(row.keys) & self.every
            for word in row.keys:
                if paths and word not in self.every:
                    found[word] = found.get(word, frozenset()) | paths
        return found

    def of(self, module: str) -> frozenset[str]:
        """Paths that lead to a module."""
        return frozenset(path for path, reach in self.reach.items() if module in reach)

    def _rows(self) -> Iterator[tuple[Module, Row]]:
        for module in self.package.modules.values():
            for symbol in module.symbols.values():
                if symbol.value is not None:
                    yield from ((module, row) for row in rows(symbol.name, symbol.value))

    def _by_row(self) -> dict[str, str]:
        """Path → the module of the first name in a row that stands under it."""
        found: dict[str, str] = {}
        for module, row in self._rows():
            for path in frozenset(row.keys[-1:]) & self.every:
                places = references(self.package, module, ast.walk(row.node))
                others = [one.module for one in places if one.module != module.name]
                if others:
                    found.setdefault(path, others[0])
        return found
