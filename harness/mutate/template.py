"""A template: an expression in which `_x`, `_y` and so on stand for any expression."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from harness.mutate.kind import arguments, stored
from harness.mutate.replacement import Replacement, one
from harness.mutate.site import Site
from harness.mutate.vocabulary import Pair, Vocabulary, injected_name

HOLE: Final = re.compile(r"_([a-z])")
PASSED_OVER: Final = frozenset(("ctx", "type_comment", "kind"))

Found = dict[str, ast.AST]
"""What each hole of a template stands for."""


def reread(site: Site, words: Vocabulary, pairs: tuple[Pair, ...]) -> Iterator[Replacement]:
    """Replace what a template matches, where all names of its counterpart can be read."""
    if not isinstance(site.node, ast.expr) or not site.runs:
        return
    known = {"view", *words.names}
    for number, (template, counterpart) in enumerate(pairs):
        found = matched(parsed(template), site.node)
        if found is None:
            continue
        made = _Filled(found, known).visit(ast.parse(counterpart, mode="eval").body)
        names = {node.id for node in ast.walk(made) if isinstance(node, ast.Name)}
        if names <= _readable(site) | {injected_name(name) for name in known}:
            yield one(made, str(number) if number else "")


@cache
def parsed(template: str) -> ast.expr:
    """Parse a template."""
    return ast.parse(template, mode="eval").body


def matched(template: ast.AST, node: ast.AST) -> Found | None:
    """Return what the holes stand for where a node is what the template says, else None."""
    found: Found = {}
    return found if _matches(template, node, found) else None


def _matches(template: object, node: object, found: Found) -> bool:
    if isinstance(template, ast.Name) and HOLE.fullmatch(template.id):
        if not isinstance(node, ast.expr):
            return False
        known = found.setdefault(template.id, node)
        return ast.dump(known) == ast.dump(node)
    if isinstance(template, list):
        return (
            isinstance(node, list)
            and len(template) == len(node)
            and all(_matches(a, b, found) for a, b in zip(template, node, strict=True))
        )
    if not isinstance(template, ast.AST):
        return bool(template == node) and type(template) is type(node)
    return type(template) is type(node) and all(
        _matches(getattr(template, name, None), getattr(node, name, None), found)
        for name in template._fields
        if name not in PASSED_OVER
    )


class _Filled(ast.NodeTransformer):
    """Puts what the holes stand for into a counterpart, and its functions' injected names."""

    def __init__(self, found: Found, known: set[str]) -> None:
        self.found, self.known = found, known

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.known:
            return ast.Name(injected_name(node.id), ast.Load())
        # what is copied stands at its own place in the text
        return self.found.get(node.id, _bare(node))


def _bare(node: ast.Name) -> ast.Name:
    return ast.Name(node.id, ast.Load())


def _readable(site: Site) -> set[str]:
    """Names that can be read at a site: of the functions around it and of the module."""
    names = set(dir(builtins))
    for node in site.above:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                names |= {arg.arg for arg in arguments(node)} | stored(node.body)
            case ast.Lambda():
                names |= {arg.arg for arg in arguments(node)}
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                names |= stored(node.generators)
            case ast.Module(body=body):
                names |= set(_defined(body))
    return names


def _defined(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a module gives itself."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=imported) | ast.ImportFrom(names=imported):
                yield from ((one.asname or one.name).partition(".")[0] for one in imported)
            case ast.Assign() | ast.AnnAssign():
                yield from stored([statement])
