"""Modules of a tree and what they import, found in their text alone: nothing is run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.clearance.normal_form import syntax
from harness.clearance.tree import Tree
from harness.units import absolute

SUFFIX = ".py"
_INIT = "__init__.py"
_IMPORTERS = frozenset({"import_module", "__import__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What some modules are made of.

    Attributes:
        files: every file in the tree, theirs and those of what they import.
        foreign: uppermost names of imported modules that the tree has not, but for Python's own.
    """

    files: frozenset[str]
    foreign: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """The modules of a tree, by dotted name.

    A name found below several roots stands for all of its files: which of them is imported is
    decided where it runs.

    Attributes:
        roots: folders of the tree that modules are looked for in.
    """

    tree: Tree
    roots: tuple[str, ...]

    def files_of(self, name: str) -> tuple[str, ...]:
        """The files that a module may be; none for a folder without code of its own.

        A link in its place is one of them: it cannot be read, so nothing passes it over.
        """
        found: list[str] = []
        for root in self.roots:
            place = _joined(root, name)
            if self.tree.files(place) == (place,):
                found.append(place)
            names = (f"{place}/{_INIT}", place + SUFFIX)
            found.extend(file for file in names if self.tree.exists(file))
        return tuple(found)

    def package(self, name: str) -> tuple[str, ...]:
        """Every file of a package, code and data, or the one file of a module."""
        below = (self.tree.files(_joined(root, name)) for root in self.roots)
        return tuple(sorted({*self.files_of(name), *(file for files in below for file in files)}))

    def name_of(self, file: str) -> str:
        """The dotted name of a file of the tree, below the longest root that it lies in."""
        root = max((root for root in self.roots if _inside(file, root)), key=len)
        parts = file[len(root) + 1 if root else 0 :].removesuffix(SUFFIX).split("/")
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def reached(self, files: Iterable[str]) -> Reached:
        """The files, all that they import in the tree, and what they import from elsewhere."""
        found: set[str] = set()
        foreign: set[str] = set()
        waiting = list(files)
        while waiting:
            file = waiting.pop()
            if file in found:
                continue
            found.add(file)
            if not file.endswith(SUFFIX):
                continue
            for name in self._run_by(file):
                known = self.files_of(name)
                waiting.extend(known)
                found.update(data for one in known for data in self._beside(one))
                if not known and not self.package(name.partition(".")[0]):
                    foreign.add(name.partition(".")[0])
        return Reached(
            files=frozenset(found), foreign=frozenset(foreign - sys.stdlib_module_names)
        )

    def _beside(self, file: str) -> Iterator[str]:
        """What lies with a module in a package and is neither module nor prose: it may read it."""
        folder = file.rpartition("/")[0]
        if folder and self.tree.exists(f"{folder}/{_INIT}"):
            for other in self.tree.files(folder):
                own = other.rpartition("/")[0] == folder
                if own and not other.endswith((SUFFIX, ".md")):
                    yield other

    def _run_by(self, file: str) -> Iterator[str]:
        """Names of modules that run where a file is imported, packages around them first."""
        own = self.name_of(file)
        package = own if file.endswith(f"/{_INIT}") else own.rpartition(".")[0]
        names = {own, *imported(syntax(self.tree.read(file), file), package)}
        for name in sorted(names):
            parts = name.split(".")
            yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def imported(tree: ast.Module, package: str) -> frozenset[str]:
    """Every dotted name that import statements may mean, and calls that import a constant name.

    `from a import b` means `a`, and `a.b` where that is a module.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found.update(alias.name for alias in names)
            case ast.ImportFrom(names=names):
                base = absolute(node, module=package, is_package=True)
                found.update({base, *(f"{base}.{alias.name}" for alias in names)})
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[first, *_]):
                if called in _IMPORTERS and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return frozenset(name for name in found if all(map(str.isidentifier, name.split("."))))


def _joined(root: str, name: str) -> str:
    return "/".join(filter(None, [root, *name.split(".")]))


def _inside(file: str, root: str) -> bool:
    return not root or file.startswith(f"{root}/")
