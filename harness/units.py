"""Units: which modules the control's code is made of, and which of them a path can reach."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.errors import InputError
from harness.ports import Path

NOT_DECLARED: Final = ("not declared",)
"""What a path reads and writes where its engine does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One module of an engine's package as it stands on disk."""

    name: str
    file: str
    text: str
    is_package: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The modules of a package by who reaches them, found in the import statements alone.

    Attributes:
        imports: module → modules of the same package that it imports, wherever in its text.
        registry: the module that names the engine. It counts for no path as long as no path
            imports it; it does not run on a path's behalf then, it only registers.
        paths: modules that paths name.
    """

    imports: Mapping[str, frozenset[str]]
    registry: str
    paths: frozenset[str]

    def reached(self, module: str) -> frozenset[str]:
        """Return the module and all that it imports, directly or not."""
        found: set[str] = set()
        waiting = [module]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.imports[name])
        return frozenset(found)

    @property
    def owned(self) -> frozenset[str]:
        """The units that count: every module that a path reaches."""
        return frozenset().union(*(self.reached(path) for path in self.paths))

    @property
    def loose(self) -> tuple[str, ...]:
        """Modules that no path reaches, but for the registry."""
        return tuple(sorted(set(self.imports) - self.owned - {self.registry}))


def units(sources: Mapping[str, Source], registry: str, paths: Mapping[str, Path]) -> Units:
    """Read the import graph of a package.

    Raises:
        InputError: `path-module-missing`, a path names a module that the package has not;
            `path-module-shared`, two paths name the same one.
    """
    owners: dict[str, str] = {}
    for path in paths.values():
        if path.module not in sources:
            raise InputError(
                "path-module-missing",
                f"path {path.id} names {path.module}, which is no module of its engine's package",
                hint="give the module's full dotted name",
            )
        if path.module in owners:
            raise InputError(
                "path-module-shared",
                f"paths {owners[path.module]} and {path.id} both name {path.module}",
                hint="give every path a module of its own: its branches are counted there",
            )
        owners[path.module] = path.id
    return Units(
        imports={name: imported(source, frozenset(sources)) for name, source in sources.items()},
        registry=registry,
        paths=frozenset(owners),
    )


def imported(source: Source, known: frozenset[str]) -> frozenset[str]:
    """Name the modules among `known` that a module's import statements reach."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.text, source.file)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, module=source.name, is_package=source.is_package)
            for alias in node.names:
                part = f"{base}.{alias.name}"
                found.add(part if part in known else base)
    return frozenset(found & known - {source.name})


def absolute(node: ast.ImportFrom, *, module: str, is_package: bool) -> str:
    """Resolve `from ..a import b` against the module it stands in."""
    if not node.level:
        return node.module or ""
    package = module.split(".")[: None if is_package else -1]
    package = package[: max(0, len(package) - (node.level - 1))]
    return ".".join([*package, *filter(None, [node.module])])
