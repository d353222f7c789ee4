"""A project as one tree has it: its configuration table, and where what it names lies."""

from __future__ import annotations

import os.path
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.clearance.modules import Modules
from harness.clearance.tree import Tree, parsed
from harness.errors import InputError
from harness.text import quoted, visible

DOTTED: Final = ("control", "candidate", "world", "invariants")
FOLDERS: Final = ("scenarios", "gate")
SOURCES: Final = "src"
"""The folder beside a configuration in which packages stand by custom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What `[tool.shadow]` of a tree says; paths are POSIX, from the tree's root.

    Attributes:
        file: the configuration.
        folder: where it stands; empty for the root.
        table: as it is written.
    """

    tree: Tree
    file: str
    folder: str
    table: Mapping[str, Any]

    @property
    def scenarios(self) -> str:
        return self.inside("scenarios")

    @property
    def gate(self) -> str:
        return self.inside("gate")

    @property
    def modules(self) -> Modules:
        """Modules below the configuration's folder, its `src`, or the tree's root."""
        roots = dict.fromkeys((self.folder, f"{self.folder}/{SOURCES}".lstrip("/"), "", SOURCES))
        return Modules(tree=self.tree, roots=tuple(roots))

    def module(self, key: str) -> str:
        """The module that a key of the table names."""
        return str(self.table[key]).partition(":")[0]

    def package(self, key: str) -> str:
        """The package of that module; a module that stands alone is its own."""
        return self.module(key).rpartition(".")[0] or self.module(key)

    def inside(self, key: str) -> str:
        """A path of the table, from the tree's root.

        Raises:
            InputError: `outside-repository`.
        """
        path = os.path.normpath("/".join(filter(None, [self.folder, self.table[key]])))
        try:
            return parsed(path)
        except InputError:
            message = f"{key}: {quoted(self.table[key])} lies outside the repository"
            fix = "what is not in the repository cannot be guarded: move it in"
            raise InputError("outside-repository", message, self.file, fix) from None


def read_project(tree: Tree, file: str) -> Project:
    """Read the table of a configuration file of a tree.

    Raises:
        InputError: the tree has no such file, it is no TOML, or the table or a key is missing.
    """
    name = parsed(file)
    where = f"{tree.name}: {name}"
    try:
        data = tomllib.loads(tree.read(name).decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError("config-syntax", f"no TOML: {visible(str(error))}", where) from None
    table = data.get("tool", {}).get("shadow") if isinstance(data.get("tool", {}), dict) else None
    if table is None and not any(isinstance(value, dict) for value in data.values()):
        table = data
    if not isinstance(table, dict):
        raise InputError("config-missing", "there is no table [tool.shadow]", where, "add it")
    for key in (*DOTTED, *FOLDERS):
        if not isinstance(table.get(key), str) or not table[key]:
            message = f"{key}: expected text, here {quoted(table.get(key))}"
            raise InputError("wrong-type", message, where)
    return Project(tree=tree, file=name, folder=name.rpartition("/")[0], table=table)
