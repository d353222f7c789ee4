"""Who owns a function: the paths whose handlers reach it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.audit.inventory import Inventory

WHOLE: str = "*"
"""In place of a function's name: every function of the module."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What each path reaches.

    Attributes:
        entries: functions that a path's trigger calls, with the paths.
        paths: path → ids of everything that it reaches.
        owners: function → paths that reach it.
        lost: path → entries that no source of the tree has.
    """

    entries: Mapping[str, frozenset[str]]
    paths: Mapping[str, frozenset[str]]
    owners: Mapping[str, frozenset[str]]
    lost: Mapping[str, tuple[str, ...]]

    def owned(self, id_: str) -> bool:
        return id_ in self.owners


def reach(inventory: Inventory, handlers: Mapping[str, Iterable[str]]) -> Reach:
    """Follow every path from its handlers.

    Args:
        inventory: the tree.
        handlers: path → ids of its handlers' functions; `module:*` means all of a module.
    """
    entries: dict[str, set[str]] = {}
    paths: dict[str, frozenset[str]] = {}
    owners: dict[str, set[str]] = {}
    lost: dict[str, tuple[str, ...]] = {}
    for path, named in handlers.items():
        begun, missing = _begun(inventory, named)
        for id_ in begun:
            entries.setdefault(id_, set()).add(path)
        if missing:
            lost[path] = missing
        paths[path] = reached(inventory, begun)
        for id_ in paths[path]:
            owners.setdefault(id_, set()).add(path)
    return Reach(
        entries={id_: frozenset(found) for id_, found in entries.items()},
        paths=paths,
        owners={id_: frozenset(found) for id_, found in owners.items()},
        lost=lost,
    )


def _begun(inventory: Inventory, named: Iterable[str]) -> tuple[set[str], tuple[str, ...]]:
    begun: set[str] = set()
    missing: list[str] = []
    for id_ in named:
        module, _, name = id_.partition(":")
        scopes = inventory.code.scopes
        if name == WHOLE:
            found = [one.id for one in inventory.code.within(module) if one.kind == "function"]
        else:
            inside = f"{id_}."
            is_class = id_ in scopes and scopes[id_].kind == "class"
            found = [one for one in scopes if one == id_ or (is_class and one.startswith(inside))]
        begun.update(found)
        if not found:
            missing.append(id_)
    return begun, tuple(missing)


def reached(inventory: Inventory, begun: Iterable[str]) -> frozenset[str]:
    """Everything that some functions reach: what they call, hand over or name.

    A method is reached where its class is, and somebody who is reached asks anything for an
    attribute of its name; so is one that Python itself calls.
    """
    found: set[str] = set()
    waiting = list(begun)
    classes: set[str] = set()
    asked: set[str] = set()
    while waiting:
        id_ = waiting.pop()
        if id_ in found or id_ not in inventory.entries:
            continue
        found.add(id_)
        entry = inventory.entries[id_]
        waiting.extend(entry.edges)
        if entry.scope.kind == "class":
            classes.add(id_)
        owner = entry.scope.of_class()
        if owner is not None:
            classes.add(owner.id)
        asked.update(entry.attributes)
        if not waiting:
            waiting.extend(_methods(inventory, classes, asked) - found)
    return frozenset(found)


def _methods(inventory: Inventory, classes: set[str], asked: set[str]) -> set[str]:
    """Methods of some classes that somebody asks for, or that Python calls."""
    return {
        method.id
        for owner in classes
        for method in inventory.code.methods(owner)
        if _is_asked(method.name.rpartition(".")[2], asked)
    }


def _is_asked(name: str, asked: set[str]) -> bool:
    return name in asked or (name.startswith("__") and name.endswith("__"))
