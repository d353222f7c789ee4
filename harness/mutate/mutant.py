"""A mutant: one small change of an engine's code, named so that edits elsewhere leave it its name.

`harness.mutate.operators.mutants` makes them of a module's text. They are plain data: where the
change is, as steps down the syntax tree, and what stands there instead.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from harness.errors import InputError

VERSION: Final = 1
"""Of the catalogue: raised with every change of what is made, or of how it is named."""

N = TypeVar("N", bound=ast.AST)


class Step(NamedTuple):
    """One step down a tree: a field of a node, and where that is a list, the place in it."""

    field: str
    at: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """What stands where instead.

    Attributes:
        steps: from the module down to the first node that is replaced.
        old: the nodes that are replaced; several of them stand side by side in one list.
        new: what replaces them; it may hold nodes of the module itself, so leave it as it is.
    """

    steps: tuple[Step, ...]
    old: tuple[ast.AST, ...]
    new: tuple[ast.AST, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one module.

    Attributes:
        id: `module:qualname:operator:ordinal[:variant]`. The ordinal counts what the operator can
            change in `qualname`, in the order of the syntax tree; lines and comments do not count.
        operator: its name in the catalogue.
        module: the module's dotted name.
        qualname: the function or class that holds it, as `__qualname__` has it; empty for what
            stands in the module itself.
        line: where the change stands now; for people.
        before: what stood there, shortened; for people.
        after: what stands there instead, shortened; empty where nothing does.
        runs: whether it changes what a function does when it is called. Else it changes what
            importing the module does (a table, a constant, a default): the module has to be
            executed anew, and so has every module that took a name from it.
        arcs: numbers of the arcs (`harness.probes.instrument`) without one of which the code is
            not reached, and of those that it decides; empty where `runs` is not so, and where
            nothing guards it: then nobody may conclude that it was not reached.
        change: what stands where instead.
    """

    id: str
    operator: str
    module: str
    qualname: str
    line: int
    before: str
    after: str
    runs: bool
    arcs: frozenset[int]
    change: Change = field(compare=False, repr=False)

    @property
    def top(self) -> int:
        """Index in the module's body of the statement that is changed."""
        return self.change.steps[0].at or 0


def apply(text: str, mutant: Mutant) -> ast.Module:
    """Return the module with exactly this change; what is left keeps its place in the text.

    Raises:
        InputError: the text is not the one that the mutant was made of.
    """
    return applied(ast.parse(text), mutant)


def applied(module: ast.Module, mutant: Mutant) -> ast.Module:
    """Return a module with exactly this change.

    It shares what did not change with `module`: compile it, and change nothing in place.

    Raises:
        InputError: the module is not the one that the mutant was made of.
    """
    _check(module, mutant)
    return changed(module, mutant.change.steps, len(mutant.change.old), mutant.change.new)


def apply_one(module: ast.Module, mutant: Mutant) -> ast.stmt:
    """Return the changed statement `module.body[mutant.top]`: a function, a class or a table.

    Only the nodes above the change are copied, so that this costs far less than compiling it.

    Raises:
        InputError: the module is not the one that the mutant was made of.
    """
    _check(module, mutant)
    _, *steps = mutant.change.steps
    put = mutant.change.new
    if steps:
        return changed(module.body[mutant.top], tuple(steps), len(mutant.change.old), put)
    return put[0]  # type: ignore[return-value]  # what stands in a module's body is a statement


def changed(node: N, steps: tuple[Step, ...], width: int, new: tuple[ast.AST, ...]) -> N:
    """Return `node` with `width` nodes from the one at `steps` on replaced, sharing the rest."""
    (name, index), *rest = steps
    found = copy(node)
    held = getattr(node, name)
    if index is None:
        setattr(found, name, changed(held, tuple(rest), width, new) if rest else new[0])
        return found
    if rest:
        inner: tuple[ast.AST, ...] = (changed(held[index], tuple(rest), width, new),)
        setattr(found, name, [*held[:index], *inner, *held[index + 1 :]])
        return found
    setattr(found, name, [*held[:index], *new, *held[index + width :]])
    return found


def along(module: ast.AST, steps: tuple[Step, ...]) -> Iterator[ast.AST | None]:
    """Go down a tree; None, and no further, where there is no such step."""
    node: ast.AST | None = module
    for name, index in steps:
        held = getattr(node, name, None)
        if index is not None:
            held = held[index] if isinstance(held, list) and index < len(held) else None
        node = held if isinstance(held, ast.AST) else None
        yield node
        if node is None:
            return


def _check(module: ast.Module, mutant: Mutant) -> None:
    """Refuse a module that has something else where the change goes."""
    *_, found = along(module, mutant.change.steps)
    if found is None or ast.dump(found) != ast.dump(mutant.change.old[0]):
        raise InputError(
            "mutant-elsewhere",
            f"mutant {mutant.id} was made of another text of {mutant.module}",
            hint="make the mutants of the text that they are tried on",
        )
