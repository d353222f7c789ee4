"""The catalogue of operators, and the mutants they make of a module's text."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from types import MappingProxyType
from typing import Any, Final

from harness.mutate import (
    operators_data,
    operators_effects,
    operators_flow,
    operators_numbers,
    operators_truth,
)
from harness.mutate.guarding_arc import Guards
from harness.mutate.mutant import Change, Mutant, Step
from harness.mutate.replacement import Operator, Replacement
from harness.mutate.site import Site, sites
from harness.mutate.vocabulary import Vocabulary

SHOWN: Final = 80
"""Letters of a snippet for people."""

LEAD: Final = 30
"""Letters of it before the first that differs."""

OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType(
    {
        operator.name: operator
        for theme in (
            operators_effects,
            operators_data,
            operators_truth,
            operators_numbers,
            operators_flow,
        )
        for operator in theme.OPERATORS
    }
)
"""Name → operator. Of two that make the same of a module, the one that stands first makes it."""


def mutants(name: str, text: str, words: Vocabulary) -> tuple[Mutant, ...]:
    """Make all mutants of a module, in the order of its tree.

    Each differs from the module and from every other, and compiles where the module does.

    Args:
        name: the module's dotted name.
        text: its source.
        words: what the operators know of the domain.

    Raises:
        SyntaxError: the text is no Python.
    """
    return tuple(_Making(name, ast.parse(text), text, words).made())


@dataclass(slots=True)
class _Making:
    """One module while its mutants are made.

    Attributes:
        counted: (qualname, operator) → sites that the operator found there so far.
        seen: digests of the module and of what was made of it.
    """

    name: str
    module: ast.Module
    text: str
    words: Vocabulary
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    seen: set[bytes] = field(default_factory=set)

    def made(self) -> Iterator[Mutant]:
        guards = Guards(self.module, self.text)
        digests = _Digests()
        self.seen.add(digests.of(self.module))
        for site in sites(self.module, self.words.told):
            for operator in OPERATORS.values():
                yield from self.by(operator, site, guards, digests)

    def by(
        self, operator: Operator, site: Site, guards: Guards, digests: _Digests
    ) -> Iterator[Mutant]:
        found = tuple(operator.find(site, self.words))
        if not found:
            return
        place = site.scope.qualname, operator.name
        ordinal = self.counted[place]
        self.counted[place] += 1
        for replacement in found:
            digest = digests.changed(site, replacement)
            if digest not in self.seen:
                self.seen.add(digest)
                yield self.mutant(operator, site, replacement, ordinal, guards)

    def mutant(
        self, operator: Operator, site: Site, found: Replacement, ordinal: int, guards: Guards
    ) -> Mutant:
        old = _replaced(site, found.width)
        for node in found.new:
            _place(node, old[0])
        before, after = _snippets(_source(old), _source(found.new))
        parts = (self.name, site.scope.qualname, operator.name, str(ordinal), found.variant)
        return Mutant(
            id=":".join(parts[:4] if not found.variant else parts),
            operator=operator.name,
            module=self.name,
            qualname=site.scope.qualname,
            line=_line(old[0], site),
            before=before,
            after=after,
            runs=site.runs,
            arcs=guards.of(site.node).arcs if site.runs else frozenset(),
            change=Change(site.steps, old, found.new),
        )


def _replaced(site: Site, width: int) -> tuple[ast.AST, ...]:
    name, index = site.steps[-1]
    if index is None:
        return (site.node,)
    return tuple(getattr(site.parent, name)[index : index + width])


def _place(made: ast.AST, at: ast.AST) -> None:
    """Give what has no place in the text that of what it replaces; the rest keeps its own."""
    at = at if hasattr(at, "lineno") else next(ast.iter_child_nodes(at), at)
    for node in ast.walk(made):
        if "lineno" in node._attributes and not hasattr(node, "lineno"):
            ast.copy_location(node, at)


def _line(node: ast.AST, site: Site) -> int:
    """Return where a node stands; a part without a place of its own stands where its parts do."""
    for found in (*ast.walk(node), *reversed(site.above)):
        line: int | None = getattr(found, "lineno", None)
        if line is not None:
            return line
    return 1


def _source(nodes: tuple[ast.AST, ...]) -> str:
    """Return nodes as source, in one line."""
    return "; ".join(" ".join(ast.unparse(node).split()) for node in nodes)


def _snippets(before: str, after: str) -> tuple[str, str]:
    """Shorten two texts to where they begin to differ."""
    if max(len(before), len(after)) <= SHOWN:
        return before, after
    pairs = zip(before, after, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    start = before.rfind(" ", 0, max(0, same - LEAD)) + 1 if same > LEAD else 0
    return _window(before, start), _window(after, start)


def _window(text: str, start: int) -> str:
    shown = text[start : start + SHOWN]
    return ("… " if start else "") + shown + (" …" if start + SHOWN < len(text) else "")


class _Digests:
    """Digests of trees, so that equal ones are known without being compared one by one.

    A change costs the digests of the nodes above it, since those of all others are remembered.
    """

    def __init__(self) -> None:
        self.known: dict[int, bytes] = {}
        self.held: list[ast.AST] = []  # an id means something only while its node is there

    def of(self, node: ast.AST) -> bytes:
        found = self.known.get(id(node))
        if found is None:
            parts = [(name, self._value(value)) for name, value in ast.iter_fields(node)]
            found = self._keep(node, parts)
        return found

    def _keep(self, node: ast.AST, parts: list[tuple[str, Any]]) -> bytes:
        found = self._digest(node, parts)
        self.known[id(node)] = found
        self.held.append(node)
        return found

    def _digest(self, node: ast.AST, parts: list[tuple[str, Any]]) -> bytes:
        text = repr((type(node).__name__, parts))
        return hashlib.blake2b(text.encode(), digest_size=16).digest()

    def _value(self, value: Any) -> Any:
        if isinstance(value, ast.AST):
            return self.of(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return repr(value)

    def changed(self, site: Site, found: Replacement) -> bytes:
        """Digest the module as it would be with the replacement in it."""
        step = site.steps[-1]
        new = [self.of(node) for node in found.new]
        digest = self._with(site.parent, step, new, found.width)
        above = zip(reversed(site.above[:-1]), reversed(site.steps[:-1]), strict=True)
        for node, way in above:
            digest = self._with(node, way, [digest], 1)
        return digest

    def _with(self, node: ast.AST, step: Step, new: list[bytes], width: int) -> bytes:
        parts: list[tuple[str, Any]] = []
        for name, value in ast.iter_fields(node):
            told = self._value(value)
            if name == step.field:
                index = step.at
                told = new[0] if index is None else [*told[:index], *new, *told[index + width :]]
            parts.append((name, told))
        return self._digest(node, parts)
