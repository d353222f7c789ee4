"""Importing an engine: fresh, behind the guard, with probes where they are asked for.

An engine's package is executed once more than Python would, whether it is imported already or
not, and what was imported before is put back: an ordinary import in the same process never meets
guarded or probed code.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.machinery
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import msgspec

from harness import probes, reach
from harness.arcs import Arc, Coverage
from harness.code_cache import CodeCache
from harness.errors import InputError
from harness.guard import AmbientRead, Guard
from harness.plain.engine import completed
from harness.units import Source, Units, units

PRAGMA = re.compile(r"#\s*pragma:\s*no\s+(cover|branch)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedEngine:
    """An engine and what can be told of its code.

    Attributes:
        engine: what the dotted path names.
        units: the import graph; None where the engine has no paths.
        coverage: arcs and hits by unit; empty without probes.
        guard: its record of ambient reads.
        modules: the package's modules by name.
        fingerprint: sha256 over the sources of all modules, in order of their names.
        unowned: modules with arcs that neither a path reaches nor importing took.
        sources: the modules' texts as they were read.
    """

    engine: Any
    units: Units | None
    coverage: Coverage
    guard: Guard
    modules: Mapping[str, ModuleType]
    fingerprint: str
    unowned: tuple[str, ...]
    sources: Mapping[str, Source]


def load_engine(
    spec: str,
    *,
    instrument: bool,
    forbid: tuple[str, ...] = (),
    cache_dir: Path | None = None,
    probed: bool | None = None,
    trees: Mapping[str, ast.Module] | None = None,
) -> LoadedEngine:
    """Load the engine that `package.module:ATTRIBUTE` names, fresh and guarded.

    All modules of the package are executed at once.

    Args:
        spec: the dotted path.
        instrument: whether it is the control, whose branches are counted.
        forbid: names packages that it may not import.
        cache_dir: keeps probed code between runs.
        probed: whether its modules carry probes, where that is not what `instrument` says.
        trees: module → the syntax tree to execute in place of its own; it carries no probes.

    Raises:
        InputError: `engine-spec`, `engine-not-found`, `engine-not-source`, `engine-no-cover`,
            `engine-import-failed`, `engine-ambient-import`, `engine-attribute-missing`,
            `path-module-missing`, `path-module-shared`.
    """
    module, _, attribute = spec.partition(":")
    if not module or not attribute:
        raise InputError(
            "engine-spec",
            f"{spec!r} does not name an engine",
            hint="write package.module:ATTRIBUTE",
        )
    package = module.rpartition(".")[0] or module
    loading = _Loading(
        package,
        Guard(forbidden=forbid, owns=None if instrument else partial(_within, package)),
        CodeCache(cache_dir),
        probed=instrument if probed is None else probed,
        trees=trees or {},
    )
    loading.guard.own = loading.own
    loading.run(module)
    loading.coverage.seal()
    try:
        engine = getattr(loading.modules[module], attribute)
    except AttributeError:
        raise InputError(
            "engine-attribute-missing",
            f"module {module} has no {attribute}",
            where=loading.sources[module].file,
        ) from None
    file = loading.sources[module].file
    engine = completed(engine, package=package, control=instrument, where=file)
    return _loaded(loading, module, engine)


def _loaded(loading: _Loading, module: str, engine: Any) -> LoadedEngine:
    coverage, sources = loading.coverage, loading.sources
    paths = getattr(engine, "paths", None)
    graph = None if paths is None else units(sources, module, paths)
    unowned: tuple[str, ...] = ()
    if graph is not None:
        unowned = tuple(name for name in graph.loose if name not in coverage.wiring)
        for name in set(coverage.arcs) - graph.owned:
            coverage.drop(name)
        _declare_crashes(coverage, sources, engine)
    return LoadedEngine(
        engine=engine,
        units=graph,
        coverage=coverage,
        guard=loading.guard,
        modules=loading.modules,
        fingerprint=fingerprint(sources),
        unowned=unowned,
        sources=sources,
    )


def _declare_crashes(coverage: Coverage, sources: Mapping[str, Source], engine: Any) -> None:
    """Give each exception that a quirk lets escape an arc of its own in its path's unit."""
    for quirk in engine.quirks.values():
        unit = engine.paths[quirk.path].module
        if quirk.crash is None or unit not in coverage.arcs:
            continue
        lines = sources[unit].text.splitlines()
        line = next((n for n, text in enumerate(lines, 1) if quirk.id in text), 1)
        arc = Arc(line, "raises", f"{quirk.crash} escapes ({quirk.id})")
        coverage.declare_raise(unit, quirk.path, quirk.crash, arc)


def fingerprint(sources: Mapping[str, Source]) -> str:
    """Digest the sources of a package; any change of a name or a byte changes it."""
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name}\0{len(sources[name].text)}\0{sources[name].text}".encode())
    return digest.hexdigest()


class _Loading(MetaPathFinder, Loader):
    """Finds and executes the modules of one package; afterwards it knows them all."""

    def __init__(
        self,
        package: str,
        guard: Guard,
        cache: CodeCache,
        *,
        probed: bool,
        trees: Mapping[str, ast.Module],
    ) -> None:
        self.package, self.guard, self.cache, self.probed = package, guard, cache, probed
        self.trees = trees
        self.modules: dict[str, ModuleType] = {}
        self.sources: dict[str, Source] = {}
        self.coverage = Coverage()
        self.builtins = guard.builtins()
        self.open = False

    def owns(self, name: str) -> bool:
        return _within(self.package, name)

    def own(self, name: str) -> ModuleType | None:
        """Answer the guard: one of this package's modules, or None for any other."""
        if not self.owns(name):
            return None
        if self.open:
            return importlib.import_module(name)
        if name not in self.modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return self.modules[name]

    def run(self, module: str) -> None:
        """Import `module` and then every other module of the package."""
        importlib.invalidate_caches()
        with _set_aside(self):
            self.open = True
            try:
                self.load(module)
                for name in self.others():
                    self.load(name)
            finally:
                self.open = False
            for loaded in self.modules.values():
                _settle_structs(loaded)

    def others(self) -> Iterator[str]:
        path = getattr(sys.modules[self.package], "__path__", None)
        for found in pkgutil.walk_packages(path or (), f"{self.package}."):
            if not found.name.endswith(".__main__"):
                yield found.name

    def load(self, name: str) -> None:
        """Import one module, and tell whose fault it is where that fails."""
        try:
            importlib.import_module(name)
        except InputError:
            raise
        except AmbientRead as trap:
            raise InputError(
                "engine-ambient-import",
                f"importing {name} reaches for {trap}",
                hint="an engine sees nothing but its ports; nothing happens at import",
            ) from trap
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise _failed(name, error) from error
            raise InputError(
                "engine-not-found",
                f"there is no module {error.name}",
                hint="is the folder that holds it the current one?",
            ) from error
        except (Exception, SystemExit) as error:  # an engine may fail in any way
            raise _failed(name, error) from error

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not self.owns(fullname):
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if found is None or found.origin is None:  # missing, or a folder without code of its own
            return found
        if not isinstance(found.loader, importlib.machinery.SourceFileLoader):
            raise InputError(
                "engine-not-source",
                f"module {fullname} has no source to read",
                where=found.origin,
                hint="probes and guards are put into source; compiled modules cannot be judged",
            )
        return importlib.util.spec_from_file_location(
            fullname,
            found.origin,
            loader=self,
            submodule_search_locations=found.submodule_search_locations,
        )

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:  # noqa: ARG002  # as importlib calls it
        return None

    def exec_module(self, module: ModuleType) -> None:
        names = vars(module)
        file: str = names["__file__"]
        text = importlib.util.decode_source(Path(file).read_bytes())
        source = Source(name=module.__name__, file=file, text=text, is_package="__path__" in names)
        names["__builtins__"] = self.builtins
        code = self.code(source, names)
        self.sources[module.__name__] = source
        self.modules[module.__name__] = module
        exec(code, names)  # noqa: S102  # what an importer does

    def code(self, source: Source, names: dict[str, Any]) -> CodeType:
        """Compile a module, with probes in its names if it is to have them."""
        tree = self.trees.get(source.name)
        if tree is not None:
            return compile(tree, source.file, "exec", dont_inherit=True)
        if not self.probed:
            tree = ast.parse(source.text, source.file)
            tree = tree if self.guard.owns is None else reach.asking(tree)
            return compile(tree, source.file, "exec", dont_inherit=True)
        _refuse_pragma(source)
        code, arcs = self.cache.get(source.text, source.file, _compile_probed)
        names.update(probes.probe_globals(self.coverage.add(source.name, arcs)))
        return code


def _within(package: str, name: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _compile_probed(text: str, file: str) -> tuple[CodeType, tuple[Arc, ...]]:
    tree, arcs = probes.instrument(text, file)
    return compile(tree, file, "exec", dont_inherit=True), arcs


def _refuse_pragma(source: Source) -> None:
    for number, line in enumerate(source.text.splitlines(), 1):
        if PRAGMA.search(line):
            raise InputError(
                "engine-no-cover",
                "a pragma would take a branch of the control out of the count",
                where=f"{source.file}:{number}",
                hint="remove it: a branch that cannot be taken needs a signed ruling",
            )


def _failed(name: str, error: Exception | SystemExit) -> InputError:
    line = error.__traceback__
    while line is not None and line.tb_next is not None:
        line = line.tb_next
    where = "" if line is None else f"{line.tb_frame.f_code.co_filename}:{line.tb_lineno}"
    return InputError(
        "engine-import-failed",
        f"importing {name} failed: {type(error).__name__}: {error}",
        where=where,
    )


@contextmanager
def _set_aside(loading: _Loading) -> Iterator[None]:
    """Make room for a package in `sys.modules` while it loads; put back what was there."""
    before = {name: module for name, module in sys.modules.items() if loading.owns(name)}
    for name in before:
        del sys.modules[name]
    parent, _, child = loading.package.rpartition(".")
    attribute = vars(sys.modules[parent]).get(child) if parent in sys.modules else None
    sys.meta_path.insert(0, loading)
    try:
        yield
    finally:
        sys.meta_path.remove(loading)
        for name in [name for name in sys.modules if loading.owns(name)]:
            del sys.modules[name]
        sys.modules.update(before)
        if attribute is not None:
            setattr(sys.modules[parent], child, attribute)


def _settle_structs(module: ModuleType) -> None:
    """Let msgspec resolve the module's annotations now, while the module can be looked up."""
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, msgspec.Struct):
            try:
                msgspec.json.Decoder(value)
            except Exception:  # noqa: BLE001, S112  # a type that is never decoded need not resolve
                continue
