"""Operators on what an engine does to the world: its writes, what it reads, what it hands over."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from harness.mutate.kind import loaded, stored
from harness.mutate.replacement import Operator, Replacement, like, one, without
from harness.mutate.site import Site, called
from harness.mutate.template import reread
from harness.mutate.vocabulary import ANY, Vocabulary

JUMPS: Final = (ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Yield, ast.FunctionDef)
SORTING: Final = frozenset(("sorted", "min", "max", "sort"))
PURE: Final = frozenset(("int", "len", "str", "sum"))


def _dropped(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Expr(value=ast.Call() as call) if called(call) in words.writes:
            yield one(ast.Pass())


def _doubled(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Expr(value=ast.Call() as call) | ast.Assign(value=ast.Call() as call):
            if called(call) in words.writes and not _is_repeatable(call, words):
                yield Replacement((site.node, site.node))
        case ast.Return(value=ast.Call() as call) if called(call) in words.writes:
            if not _is_repeatable(call, words):
                yield Replacement((ast.copy_location(ast.Expr(call), site.node), site.node))


def _is_repeatable(call: ast.Call, words: Vocabulary) -> bool:
    """Tell a call that nobody can see was made twice."""
    match call.func:
        case ast.Attribute(attr=method, value=ast.Name(id=port) | ast.Attribute(attr=port)):
            given = {word.arg for word in call.keywords}
            return f"{port}.{method}" in words.repeatable and not given & words.conditional
    return False


def _swapped(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    """Two statements that both write, where the second needs no name from the first.

    Two that only set rows of different ports are left alone: in either order they leave the same
    world, and neither can fail between.
    """
    first, second = site.node, site.after
    if not isinstance(first, ast.stmt) or second is None or not site.runs:
        return
    if not (_writes(first, words) and _writes(second, words)):
        return
    if stored([first]) & loaded([second]) or stored([second]) & loaded([first]):
        return
    apart = not _touched(first, words) & _touched(second, words)
    if apart and _sets(first, words) and _sets(second, words):
        return
    if not any(isinstance(node, JUMPS) for one in (first, second) for node in ast.walk(one)):
        yield Replacement((second, first), width=2)


def _sets(statement: ast.stmt, words: Vocabulary) -> bool:
    """Tell a statement all of whose calls are known, and which writes by setting rows alone."""
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    known = all(isinstance(call.func, ast.Attribute) or called(call) in PURE for call in calls)
    written = [call for call in calls if called(call) in words.writes]
    return known and bool(written) and all(_is_repeatable(call, words) for call in written)


def _touched(statement: ast.stmt, words: Vocabulary) -> frozenset[str]:
    """Ports that a statement names, to read them or to write."""
    ports = {call.partition(".")[0] for call in words.repeatable}
    named = (
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute | ast.Name)
    )
    return frozenset(ports.intersection(named))


def _writes(statement: ast.stmt, words: Vocabulary) -> bool:
    """Tell a statement that writes; a bare call writes too, for all that can be seen."""
    match statement:
        case ast.Expr(value=ast.Call() as call):
            return called(call) not in words.told
    return any(called(node) in words.writes for node in ast.walk(statement))


def _stale(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    yield from reread(site, words, words.stale)


def _fresh(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    yield from reread(site, words, words.fresh)


def _key(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.keyword(arg=str() as name) as given if name in words.keys:
            yield one(like(given, value=ast.Constant("mutant")))


def _keyword(site: Site, words: Vocabulary) -> Iterator[Replacement]:
    match site.node:
        case ast.Call(keywords=keywords) as call if keywords and called(call) not in SORTING:
            optional = _optional(site, call, words)
            for index, given in enumerate(keywords):
                defaults = optional.get(given.arg or "", optional.get(ANY))
                known = given.arg is not None and defaults is not None
                if known and ast.unparse(given.value) not in (defaults or ()):
                    yield one(like(call, keywords=without(keywords, index)), str(given.arg))


def _optional(site: Site, call: ast.Call, words: Vocabulary) -> Mapping[str, tuple[str, ...]]:
    """Keyword with a default → its defaults as they are written.

    Those of a port's method, or of what this module defines.
    """
    match call.func:
        case ast.Attribute(attr=method):
            known = words.optional.get(method, {})
            return {name: tuple(map(repr, defaults)) for name, defaults in known.items()}
        case ast.Name(id=name):
            return {name: (ast.unparse(value),) for name, value in _defaulted(site.above[0], name)}
    return {}


def _defaulted(module: ast.AST, name: str) -> Iterator[tuple[str, ast.expr]]:
    """Keywords that a function, or a class made of fields, has a default for."""
    for node in getattr(module, "body", ()):
        match node:
            case ast.FunctionDef(name=found, args=args) if found == name:
                defaults = [*args.defaults, *args.kw_defaults]
                plain = args.args[len(args.args) - len(args.defaults) :]
                for arg, default in zip([*plain, *args.kwonlyargs], defaults, strict=True):
                    if default is not None:
                        yield arg.arg, default
            case ast.ClassDef(name=found, body=body) if found == name:
                for one in body:
                    match one:
                        case ast.AnnAssign(target=ast.Name(id=field), value=ast.expr() as default):
                            yield field, default


OPERATORS: Final = (
    Operator("write-dropped", "a write or call of a port is left out", _dropped),
    Operator("write-doubled", "a write or call of a port is made twice", _doubled),
    Operator("writes-swapped", "two writes that stand together change places", _swapped),
    Operator("stale-for-fresh", "what was known before is used where it was read anew", _stale),
    Operator("fresh-for-stale", "it is read anew where what was known before was used", _fresh),
    Operator("key-constant", "a key that makes a call happen once is the same for all", _key),
    Operator("keyword-dropped", "an argument that has a default is not given", _keyword),
)
