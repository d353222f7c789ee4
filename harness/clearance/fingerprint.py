"""Fingerprints of everything that a gate's word rests on: change one part and it is another.

Code counts by its normal form, everything else by its bytes. A part is the digest of its files by
name, so that it neither depends on the order of reading nor takes one file for another.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from harness.canonical import digest
from harness.clearance.modules import SUFFIX, Reached
from harness.clearance.normal_form import normal_form, reads_docstrings
from harness.clearance.project import Project, read_project
from harness.clearance.tree import FolderTree, Snapshot, Tree
from harness.errors import InputError
from harness.text import quoted

PARTS: Final[Mapping[str, str]] = {
    "candidate": "the candidate's package and what it imports",
    "configuration": "the table [tool.shadow]",
    "control": "the control's package and what it imports",
    "dependencies": "files that pin the versions of what is installed",
    "harness": "the harness's own source, its templates among it",
    "installed": "versions of the installed distributions that the harness and the engines import",
    "interpreter": "the implementation and minor version of Python",
    "invariants": "the invariants' module and what it imports",
    "policy": "the gate's policy",
    "registry": "the module that names the control's paths",
    "rulings": "the rulings' files",
    "scenarios": "the scenarios' files, the manifest and the fields that are not compared",
    "world": "the world's package and what it imports",
}
"""Everything that a clearance is bound to besides its paths, in words."""

RULINGS: Final = "rulings"
_PROSE: Final = ".md"
_PINS: Final = re.compile(
    r"(constraints|requirements)[^/]*\.txt|(uv|poetry|pdm|pixi|Pipfile)\.lock|pylock[^/]*\.toml"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """SHA-256 digests, 64 hexadecimal digits each.

    Attributes:
        paths: path → its module and all that this imports in the repository.
        parts: every name of `PARTS`.
    """

    paths: Mapping[str, str]
    parts: Mapping[str, str]


def fingerprints(tree: Tree, config: str, modules: Mapping[str, str]) -> Fingerprints:
    """Fingerprint a project as a tree has it.

    Args:
        tree: the repository's files.
        config: its configuration file, from the tree's root.
        modules: path of the control → its module.

    Raises:
        InputError: a part is not there, or a module of it is no Python.
    """
    tree = Snapshot(tree)
    project = read_project(tree, config)
    known = project.modules
    packages = {key: _package(project, key) for key in ("candidate", "control", "world")}
    invariants = known.reached(known.files_of(project.module("invariants")))
    reached = (*packages.values(), invariants)
    return Fingerprints(
        paths={
            path: code(tree, known.reached(known.files_of(module)).files)
            for path, module in sorted(modules.items())
        },
        parts={
            **{key: _named(project, key, found) for key, found in packages.items()},
            "configuration": digest(dict(project.table)),
            "dependencies": contents(tree, _pins(project)),
            "harness": code(own := own_source(), own.files()),
            "installed": digest(_installed(frozenset().union(*(one.foreign for one in reached)))),
            "interpreter": digest([platform.python_implementation(), *sys.version_info[:2]]),
            "invariants": _named(project, "invariants", invariants),
            "policy": contents(tree, (project.gate,)),
            "registry": code(tree, known.files_of(project.module("control"))),
            "rulings": contents(tree, tree.files(f"{project.scenarios}/{RULINGS}")),
            "scenarios": contents(tree, _scenarios(project)),
        },
    )


def code(tree: Tree, files: Iterable[str]) -> str:
    """Digest files: modules by their normal form, others by their bytes.

    Docstrings count in all of them as soon as one of them reads docstrings.
    """
    contents = {file: tree.read(file) for file in files}
    modules = {file: text for file, text in contents.items() if file.endswith(SUFFIX)}
    docstrings = any(reads_docstrings(text, file) for file, text in modules.items())
    return digest(
        {
            file: normal_form(content, file, docstrings=docstrings)
            if file in modules
            else hashlib.sha256(content).hexdigest()
            for file, content in contents.items()
        }
    )


def contents(tree: Tree, files: Iterable[str]) -> str:
    """Digest files by their bytes."""
    return digest({file: hashlib.sha256(tree.read(file)).hexdigest() for file in files})


def own_source() -> FolderTree:
    """The harness that runs, wherever it is installed."""
    return FolderTree(Path(__file__).resolve().parents[1])


def _package(project: Project, key: str) -> Reached:
    """A package of the tree, all of it, with what it imports; no file where it is installed."""
    known = project.modules
    files = known.package(project.package(key))
    if not files and key == "control":
        message = f"control: package {quoted(project.package(key))} is not in the repository"
        fix = "what is to be deleted has to lie in the repository, beside the configuration"
        raise InputError("outside-repository", message, project.file, fix)
    return known.reached(files)


def _named(project: Project, key: str, found: Reached) -> str:
    """The digest of what a key of the table names: of the tree, else as it is installed."""
    if found.files:
        return code(project.tree, found.files)
    name = project.module(key).partition(".")[0]
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if spec and spec.origin and not places:
        file = Path(spec.origin)
        return code(FolderTree(file.parent), (file.name,))
    if not places:
        message = f"{key}: there is no module {quoted(name)} in {project.tree.name}, nor installed"
        raise InputError("config-module", message, project.file, "correct the name")
    trees = [FolderTree(Path(place).resolve()) for place in places]
    return digest([code(tree, tree.files()) for tree in trees])


def _scenarios(project: Project) -> tuple[str, ...]:
    """All that lies with the scenarios and is neither ruling nor policy nor prose."""
    rulings = f"{project.scenarios}/{RULINGS}/"
    return tuple(
        file
        for file in project.tree.files(project.scenarios)
        if not file.startswith(rulings) and file != project.gate and not file.endswith(_PROSE)
    )


def _pins(project: Project) -> tuple[str, ...]:
    """Files that pin versions, beside the configuration and in the root."""
    folders = {project.folder, ""}
    return tuple(
        file
        for file in project.tree.files()
        if file.rpartition("/")[0] in folders and _PINS.fullmatch(file.rpartition("/")[2])
    )


def _installed(foreign: Iterable[str]) -> dict[str, str]:
    """Distribution → version, of what the harness requires and the engines import."""
    homes = _homes()
    wanted = {home for name in foreign for home in homes.get(name, [f"module {name}"])}
    for home in homes.get("harness", []):
        for needed in importlib.metadata.requires(home) or ():
            if "extra ==" not in needed:
                wanted.add(re.split(r"[^A-Za-z0-9._-]", needed, maxsplit=1)[0])
    return {name: _version(name) for name in sorted(wanted)}


@cache
def _homes() -> Mapping[str, list[str]]:
    """Uppermost module → distributions that it is installed by."""
    return importlib.metadata.packages_distributions()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return "absent"
