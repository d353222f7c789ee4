"""What a measurement by mutants rests on: change any of it and it has to be made again.

Each module is known by the digest of its bytes and by its normal form, so that a gate that finds
the bytes unchanged need not parse anything, and one that finds a new layout takes no offence.

Of an engine every module counts, since all of them are executed. Of the world and of the harness
those count that are imported from where they begin: what is new beside them runs only once one of
them imports it, and that one has changed then.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from harness.canonical import digest
from harness.clearance.normal_form import normal_form
from harness.compose import Composition, package
from harness.mutate.mutant import VERSION
from harness.units import Source, Units, imported

JUDGES: Final = ("harness.mutate.measure",)
"""Modules of the harness that, with all they import, make, try, waive and count mutants."""

HARNESS: Final = "harness"
SUFFIX: Final = ".py"

Modules = Mapping[str, tuple[str, str]]
"""`package/file`, or `module.py` alone → digest of its bytes, and of its normal form."""


def packages(composition: Composition) -> tuple[str, ...]:
    """The packages of both engines; of a recorded control no code is left."""
    config = composition.config
    named = [package(config.candidate)]
    if composition.recording is None:
        named.append(package(config.control))
    return tuple(sorted(set(named)))


def modules(composition: Composition) -> Modules:
    """The modules of both engines, and of world and harness those that have a say."""
    world = composition.config.world.partition(":")[0]
    files = [file for name in packages(composition) for file in _files(name)]
    files += [*_reached(package(world), world), *_reached(HARNESS, *JUDGES)]
    return {name: _marks(file) for name, file in files}


def changed(known: Modules, composition: Composition) -> Iterator[str]:
    """Modules that do not say any more what they said, in order; new ones are not among them.

    The code of a control that is a recording by now may be gone.
    """
    gone = composition.control_package if composition.recording is not None else ""
    for name, (raw, form) in sorted(known.items()):
        if name.partition("/")[0].removesuffix(SUFFIX) == gone:
            continue
        file = _file(name)
        if file is None or not _says(file.read_bytes(), name, raw, form):
            yield name


def _says(content: bytes, name: str, raw: str, form: str) -> bool:
    """Whether a module says what it said; nobody parses it where its bytes are the same."""
    return _raw(content) == raw or normal_form(content, name) == form


def added(known: Modules, composition: Composition) -> Iterator[str]:
    """Modules of the engines that nobody knew of."""
    for top in packages(composition):
        yield from (name for name, _ in _files(top) if name not in known)


def parts(composition: Composition) -> dict[str, str]:
    """Digests of what is no module, by what it is."""
    config = composition.config
    scenarios = [[one.id, one.sha256] for one in composition.loaded.scenarios]
    rulings = sorted((config.scenarios / "rulings").glob("**/*.yaml"))
    fields = config.scenarios / "fields.yaml"
    return {
        "configuration": digest([config.candidate, config.world, config.invariants]),
        "fields": _raw(fields.read_bytes()) if fields.exists() else "",
        "operators": str(VERSION),
        "rulings": digest([[file.name, _raw(file.read_bytes())] for file in rulings]),
        "scenarios": digest(scenarios),
    }


def _file(name: str) -> Path | None:
    """Where a module lies now."""
    top, inside, below = name.partition("/")
    if not inside:
        return _alone(top.removesuffix(SUFFIX))
    return next((root / below for root in _roots(top) if (root / below).is_file()), None)


def _files(top: str) -> Iterator[tuple[str, Path]]:
    """The modules of a package; a module that is no package is its own only one.

    Of a package in several folders Python imports what it finds first.
    """
    alone = _alone(top)
    if alone is not None:
        yield f"{top}{SUFFIX}", alone
    found: dict[str, Path] = {}
    for root in _roots(top):
        for file in sorted(root.rglob(f"*{SUFFIX}")):
            found.setdefault(f"{top}/{file.relative_to(root).as_posix()}", file)
    yield from found.items()


def _roots(top: str) -> tuple[Path, ...]:
    spec = importlib.util.find_spec(top)
    return tuple(map(Path, (spec.submodule_search_locations or ()) if spec else ()))


def _alone(top: str) -> Path | None:
    """The file of a module that is no package."""
    spec = importlib.util.find_spec(top)
    if spec is None or spec.submodule_search_locations is not None or spec.origin is None:
        return None
    return Path(spec.origin) if Path(spec.origin).is_file() else None


class _Imports(dict[str, frozenset[str]]):
    """Module → those of its package that it imports, read when it is asked for."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        super().__init__()
        self._sources, self._known = sources, frozenset(sources)

    def __missing__(self, name: str) -> frozenset[str]:
        found = self[name] = imported(self._sources[name], self._known)
        return found


def _reached(top: str, *starts: str) -> Iterator[tuple[str, Path]]:
    """Modules of a package that some of it import, found in the import statements alone."""
    files = dict(_files(top))
    sources = {_module(name): _source(name, file) for name, file in files.items()}
    graph = Units(imports=_Imports(sources), registry="", paths=frozenset(starts))
    ran = {above for name in graph.owned for above in _and_above(name)}
    yield from ((name, file) for name, file in files.items() if _module(name) in ran)


def _and_above(module: str) -> Iterator[str]:
    """A module and the packages that are executed before it."""
    parts = module.split(".")
    yield from (".".join(parts[: end + 1]) for end in range(len(parts)))


def _module(name: str) -> str:
    return name.removesuffix(SUFFIX).removesuffix("/__init__").replace("/", ".")


def _source(name: str, file: Path) -> Source:
    text = file.read_text(encoding="utf-8")
    module = _module(name)
    return Source(name=module, file=name, text=text, is_package=file.name == "__init__.py")


def _marks(file: Path) -> tuple[str, str]:
    content = file.read_bytes()
    return _raw(content), normal_form(content, file.name)


def _raw(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
