"""What code can import, by the tops of packages: which of them lie here, which were installed.

Import statements are read, wherever they stand, and imports by a name that is written out. Names
that are put together while code runs are not seen that way; what they brought in by now is among
the modules that are loaded.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Final

from harness.package_files import files

NOT_CODE: Final = frozenset({"__main__", "__mp_main__"})
"""Names under which Python runs what was begun with: a script that imports the rest."""

_OF_PYTHON: Final = NOT_CODE | sys.stdlib_module_names | frozenset(sys.builtin_module_names)
"""What comes with the interpreter, and is told by its version."""

_IMPORTING: Final = frozenset({"import_module", "__import__", "find_spec"})
_REQUIRED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Unknowable(Exception):
    """Code of which nobody can tell whether it is still the same; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tops:
    """Packages, or modules that are none, by what tells whether they are the same.

    Attributes:
        here: top name → its folders and files.
        installed: names of distributions.
    """

    here: Mapping[str, tuple[Path, ...]]
    installed: frozenset[str]


class Imports:
    """The packages that can be imported in this process, looked up when they are asked for."""

    def reached(
        self, starts: Iterable[str], also: Iterable[str] = (), never: Iterable[str] = ()
    ) -> Tops:
        """All that some packages can import, they included.

        Args:
            starts: packages that count by their bytes wherever they lie.
            also: others.
            never: packages that none of them can import, whatever it says.

        Raises:
            Unknowable: one of them can be found, and nobody can tell what it is.
        """
        here: dict[str, tuple[Path, ...]] = {}
        installed: set[str] = set()
        mine, seen = frozenset(starts), {*never}
        waiting = sorted({*mine, *also})
        while waiting:
            top = waiting.pop()
            if top in seen or top in _OF_PYTHON:
                continue
            seen.add(top)
            spec = self._spec(top)
            if spec is None:  # whoever imports it fails, or it was only a word
                continue
            homes = frozenset() if top in mine else self._homes(top, spec)
            if homes:
                installed |= homes
                continue
            here[top] = _places(top, spec)
            waiting += sorted(set(_imported(here[top])) - seen)
        return Tops(here=here, installed=frozenset(required(installed, extras=True)))

    def _spec(self, top: str) -> ModuleSpec | None:
        try:
            return importlib.util.find_spec(top)
        except (ImportError, ValueError):  # a module that somebody made, without an origin
            if top in sys.modules:
                raise Unknowable(f"module {top} comes from no file") from None
            return None

    def _homes(self, top: str, spec: ModuleSpec) -> frozenset[str]:
        """The distributions that installed a package; none where it lies elsewhere."""
        places = [*(spec.submodule_search_locations or ()), spec.origin or ""]
        if not any(place.startswith(self._shelves) for place in places):
            return frozenset()
        return frozenset(self._distributions.get(top, ()))

    @cached_property
    def _distributions(self) -> Mapping[str, list[str]]:
        return importlib.metadata.packages_distributions()

    @cached_property
    def _shelves(self) -> tuple[str, ...]:
        return tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def required(names: Iterable[str], *, extras: bool) -> Iterator[str]:
    """Distributions with all that they require and that is there.

    Args:
        names: of distributions.
        extras: whether what only an extra requires counts, where it is there.
    """
    waiting, seen = list(names), set[str]()
    while waiting:
        name = plain(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            lines = importlib.metadata.requires(name) or ()
        except importlib.metadata.PackageNotFoundError:
            continue  # an extra that nobody asked for, or meant for another system
        yield name
        asked = (one for one in lines if extras or "extra ==" not in one)
        waiting += [found[0] for one in asked if (found := _REQUIRED.match(one))]


def plain(name: str) -> str:
    """A distribution's name however it is written (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def loaded() -> Iterator[str]:
    """Tops of the modules that this process has from a file.

    One that comes from none was made by code that does, which counts; whoever imports such a
    module by name is told apart all the same (`Unknowable`).
    """
    yield from {
        name.partition(".")[0]
        for name, module in list(sys.modules.items())
        if "." not in name and getattr(module, "__spec__", None) is not None
    }


def _places(top: str, spec: ModuleSpec) -> tuple[Path, ...]:
    """Where a package lies.

    Raises:
        Unknowable: nowhere.
    """
    folders = tuple(Path(place) for place in spec.submodule_search_locations or ())
    found = folders or ((Path(spec.origin),) if spec.origin else ())
    if not found or not all(place.exists() for place in found):
        raise Unknowable(f"module {top} comes from no file")
    return found


def _imported(places: Iterable[Path]) -> Iterator[str]:
    """Tops of what some packages import."""
    for place in places:
        for file in files(place):
            if file.suffix == ".py":
                yield from _named(file.read_bytes())


@lru_cache(maxsize=2_048)
def _named(text: bytes) -> frozenset[str]:
    return frozenset(_names(text))


def _names(text: bytes) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # nobody can import it either
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module is not None and not node.level:
                yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and _last(node.func) in _IMPORTING:
            yield from (name.partition(".")[0] for name in map(_text, node.args) if name)


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> str:
    value = node.value if isinstance(node, ast.Constant) else ""
    return value if isinstance(value, str) else ""
