"""Every slug that a package can say, read from its source without running it.

A slug is what fills the field `slug` of an error, a finding, a reason or a problem, or what stands
in brackets at the end of a printed message. A name is followed to whatever it is bound to: a
constant, a table, a loop over one, a parameter and with it every call of the function, a field and
with it every construction. What cannot be followed is `Unresolved`: nobody adds a slug unseen.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

SLUG = "slug"
BRACKETED = re.compile(r"\[([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\](?=\n|$)")
TEXT_METHODS = ("replace", "lower", "strip", "removeprefix", "removesuffix")
COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
WRAPPERS = ("MappingProxyType", "tuple", "list", "sorted")
KNOWN_TO_ASK = ("isinstance", "issubclass")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Unresolved(Exception):
    """A slug, or something that it is made of, that nobody can read from the source."""


class Said(NamedTuple):
    """One slug; `kind` is the class whose field it fills, or `text`."""

    slug: str
    kind: str
    where: str


class Package:
    """The parsed modules of one package, and what their names are bound to."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.trees = {name: ast.parse(text) for name, text in sources.items()}
        self.parent: dict[ast.AST, ast.AST] = {}
        self.module: dict[ast.AST, str] = {}
        for name, tree in self.trees.items():
            for node in ast.walk(tree):
                self.module[node] = name
                for child in ast.iter_child_nodes(node):
                    self.parent[child] = node
        self.nodes = [node for tree in self.trees.values() for node in ast.walk(tree)]
        self.imports = {name: self._imports(tree) for name, tree in self.trees.items()}
        self.busy: list[ast.AST] = []

    def _imports(self, tree: ast.Module) -> dict[str, tuple[str, str]]:
        """Local name → (module, attribute); the attribute is empty where it is a module."""
        found = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for one in node.names:
                    whole = f"{node.module}.{one.name}"
                    target = (whole, "") if whole in self.trees else (node.module, one.name)
                    found[one.asname or one.name] = target
        return found

    # What it says.

    def said(self) -> Iterator[Said]:
        """Every slug, with the class it fills and where.

        Raises:
            Unresolved: one of them cannot be read.
        """
        for node in self.nodes:
            if self.handed_on(node):
                raise self.unresolved(node)
            for kind, filled in self.filled(node):
                for slug in sorted(self.texts(filled)):
                    yield Said(slug, kind, self.where(node))
            if isinstance(node, ast.Constant) and not self.is_docstring(node):
                for slug in BRACKETED.findall(node.value) if isinstance(node.value, str) else ():
                    yield Said(slug, "text", self.where(node))

    def filled(self, node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
        """The expressions that fill a slug here."""
        if isinstance(node, ast.Call):
            made = self.callee(node.func)
            classes = [one for one in self.made_by(node.func) if SLUG in self.fields(one)]
            for of in classes:
                yield of.name, self.argument(node, SLUG, self.fields(of))
            if not classes and not isinstance(made, FUNCTIONS):
                named = (one.value for one in node.keywords if one.arg == SLUG)
                yield from ((self.copied(node), value) for value in named)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == SLUG:
                    yield "", value
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            in_class = isinstance(self.parent[node], ast.ClassDef)
            for one in targets:
                attribute = isinstance(one, ast.Attribute) and one.attr == SLUG
                if attribute or (in_class and isinstance(one, ast.Name) and one.id == SLUG):
                    yield "", node.value

    def made_by(self, node: ast.expr) -> list[ast.ClassDef]:
        """Classes that a call constructs, also where a variable holds one of several."""
        made = self.callee(node)
        if made is not None or not isinstance(node, ast.Name):
            return [made] if isinstance(made, ast.ClassDef) else []
        held = [
            one.value
            for scope in self.scopes(node)
            for one in self.own_nodes(scope)
            if isinstance(one, ast.Assign)
            and any(path_to(target, node.id) == () for target in one.targets)
        ]
        choices = (
            (one.body, one.orelse) if isinstance(one, ast.IfExp) else (one,) for one in held
        )
        found = [self.callee(one) for one in itertools.chain.from_iterable(choices)]
        return [one for one in found if isinstance(one, ast.ClassDef)]

    def handed_on(self, node: ast.AST) -> bool:
        """Whether a class with a slug is used as a value, so that others may construct it."""
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
            return False
        made = self.defined(self.module[node], node.id, node)
        if not isinstance(made, ast.ClassDef) or SLUG not in self.fields(made):
            return False
        above = self.parent[node]
        if isinstance(above, ast.List) and isinstance(self.parent[above], ast.Tuple):
            return False  # the arguments of a Callable
        if isinstance(above, ast.Call) and above.func is not node:
            return not (isinstance(above.func, ast.Name) and above.func.id in KNOWN_TO_ASK)
        return isinstance(above, ast.Dict | ast.List | ast.Set | ast.Return | ast.keyword)

    def copied(self, call: ast.Call) -> str:
        """The class that `replace(one, slug=…)` makes another of; empty where nobody can tell."""
        made = (self.types(call.args[0]) if call.args else None) or []
        return made[0].name if len(made) == 1 else ""

    # Texts.

    def texts(self, node: ast.expr) -> set[str]:
        """Every text that an expression can be; none where it hands on a slug made elsewhere."""
        if node in self.busy:
            return set()  # a function that calls itself adds nothing
        self.busy.append(node)
        try:
            return self._texts(node)
        finally:
            self.busy.pop()

    def _texts(self, node: ast.expr) -> set[str]:
        match node:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.JoinedStr():
                return self.joined(node)
            case ast.IfExp():
                return self.texts(node.body) | self.texts(node.orelse)
            case ast.BoolOp(op=ast.Or()):
                return self.union(node.values)
            case ast.Attribute(attr="slug"):
                return set()
            case ast.Call(func=ast.Attribute(value=of, attr=method)) if method in TEXT_METHODS:
                words = [one.value for one in node.args if isinstance(one, ast.Constant)]
                return {getattr(text, method)(*words) for text in self.some(of)}
            case ast.Call(func=ast.Attribute(value=of, attr="get")):
                return self.union([*self.table(of, 1), *node.args[1:]])
            case ast.Subscript():
                return self.union(self.table(node.value, 1))
            case ast.Name() | ast.Attribute():
                return self.union(self.bound(node))
        raise self.unresolved(node)

    def union(self, nodes: Iterable[ast.expr]) -> set[str]:
        return set().union(*map(self.texts, nodes))

    def some(self, node: ast.expr) -> set[str]:
        """As `texts`, where a text is taken apart or put together and none would be lost."""
        if found := self.texts(node):
            return found
        raise self.unresolved(node)

    def joined(self, node: ast.JoinedStr) -> set[str]:
        parts = [
            self.some(one.value if isinstance(one, ast.FormattedValue) else one)
            for one in node.values
        ]
        return {"".join(texts) for texts in itertools.product(*parts)}

    def table(self, node: ast.expr, side: int) -> list[ast.expr]:
        """The keys (0) or values (1) of a table."""
        found = []
        for one in self.followed(node):
            if not isinstance(one, ast.Dict) or None in one.keys:
                raise self.unresolved(node)
            found.extend(one.values if side else [key for key in one.keys if key is not None])
        return found

    # Names.

    def followed(self, node: ast.expr) -> list[ast.expr]:
        """What stands behind a name, itself where it is none."""
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in WRAPPERS and node.args:
            return self.followed(node.args[0])
        if not isinstance(node, ast.Name | ast.Attribute):
            return [node]
        return [end for one in self.bound(node) for end in self.followed(one)]

    def bound(self, node: ast.Name | ast.Attribute) -> list[ast.expr]:
        """What a name or a field is bound to.

        Raises:
            Unresolved: to nothing that can be read.
        """
        if isinstance(node, ast.Attribute):
            return self.field_values(node)
        for scope in self.scopes(node):
            if found := list(self.bindings(scope, node.id)):
                return found
        module, name = self.imports[self.module[node]].get(node.id, ("", ""))
        if module in self.trees and name:
            found = list(self.bindings(self.trees[module], name))
        else:
            found = list(self.bindings(self.trees[self.module[node]], node.id))
        if not found:
            raise self.unresolved(node)
        return found

    def scopes(self, node: ast.AST) -> Iterator[ast.AST]:
        """Comprehensions, lambdas and functions around a node, the innermost first."""
        while node in self.parent:
            node = self.parent[node]
            if isinstance(node, (*COMPREHENSIONS, ast.Lambda, *FUNCTIONS)):
                yield node

    def bindings(self, scope: ast.AST, name: str) -> Iterator[ast.expr]:
        """Every expression that a scope binds a name to."""
        if isinstance(scope, COMPREHENSIONS):
            for one in scope.generators:
                yield from self.taken_apart(one.target, self.elements, one.iter, name)
        elif isinstance(scope, ast.Lambda):
            if name in self.parameters(scope.args):
                raise Unresolved(f"{self.where(scope)}: {name} is a lambda's")
        else:
            if isinstance(scope, FUNCTIONS) and name in self.parameters(scope.args):
                yield from self.arguments(scope, name)
            yield from self.assigned(scope, name)

    def assigned(self, scope: ast.AST, name: str) -> Iterator[ast.expr]:
        """What a scope's own statements assign to a name."""
        for node in self.own_nodes(scope):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    yield from self.taken_apart(target, self.alone, node.value, name)
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                yield from self.taken_apart(node.target, self.alone, node.value, name)
            elif isinstance(node, ast.For):
                yield from self.taken_apart(node.target, self.elements, node.iter, name)

    def own_nodes(self, scope: ast.AST) -> Iterator[ast.AST]:
        """Nodes of a scope, without those of scopes inside."""
        for child in ast.iter_child_nodes(scope):
            yield child
            inner = (*FUNCTIONS, ast.ClassDef, ast.Lambda, *COMPREHENSIONS)
            if not isinstance(child, inner):
                yield from self.own_nodes(child)

    def taken_apart(
        self, target: ast.expr, what: object, value: ast.expr, name: str
    ) -> Iterator[ast.expr]:
        """The part of a value that a target's name receives."""
        path = path_to(target, name)
        if path is None:
            return
        assert callable(what)
        for one in what(value):
            yield from self.part(one, path)

    def alone(self, node: ast.expr) -> list[ast.expr]:
        return [node]

    def part(self, node: ast.expr, path: tuple[int, ...]) -> Iterator[ast.expr]:
        if not path:
            yield node
            return
        for one in self.followed(node):
            if not isinstance(one, ast.Tuple | ast.List):
                raise self.unresolved(one)
            yield from self.part(one.elts[path[0]], path[1:])

    def elements(self, node: ast.expr) -> list[ast.expr]:
        """What a loop over an expression yields."""
        found: list[ast.expr] = []
        for one in self.followed(node):
            match one:
                case ast.Tuple() | ast.List() | ast.Set():
                    found.extend(one.elts)
                case ast.Dict():
                    found.extend(self.table(one, 0))
                case ast.Call(func=ast.Attribute(value=of, attr="items")):
                    pairs = zip(self.table(of, 0), self.table(of, 1), strict=True)
                    found.extend(ast.Tuple(elts=[*pair]) for pair in pairs)
                case ast.Call(func=ast.Attribute(value=of, attr="keys" | "values" as which)):
                    found.extend(self.table(of, 1 if which == "values" else 0))
                case _:
                    raise self.unresolved(one)
        return found

    # Calls.

    def parameters(self, args: ast.arguments) -> dict[str, ast.expr | None]:
        """Parameter → its default; those by position first, in order."""
        placed = [*args.posonlyargs, *args.args]
        rests = [None] * (len(placed) - len(args.defaults))
        named = zip(args.kwonlyargs, args.kw_defaults, strict=True)
        pairs = [*zip(placed, [*rests, *args.defaults], strict=True), *named]
        return {one.arg: default for one, default in pairs}

    def arguments(self, function: Function, name: str) -> Iterator[ast.expr]:
        """What every call of a function gives for a parameter."""
        parameters = self.parameters(function.args)
        method = isinstance(self.parent[function], ast.ClassDef)
        if method:
            parameters = dict(itertools.islice(parameters.items(), 1, None))
        for node in self.nodes:
            named = isinstance(node, ast.Name) and node.id == function.name
            reached = isinstance(node, ast.Attribute) and node.attr == function.name
            if not (named or reached) or isinstance(getattr(node, "ctx", None), ast.Store):
                continue
            assert isinstance(node, ast.Name | ast.Attribute)
            if self.callee(node, but=function) is not function:
                continue
            call = self.parent[node]
            if not isinstance(call, ast.Call) or call.func is not node:
                raise self.unresolved(node)  # handed on as a value: who calls it is unknown
            yield self.argument(call, name, parameters)

    def argument(
        self, call: ast.Call, name: str, parameters: Mapping[str, ast.expr | None]
    ) -> ast.expr:
        for one in call.keywords:
            if one.arg == name:
                return one.value
        place = list(parameters).index(name)
        before = call.args[: place + 1]
        spread = any(isinstance(one, ast.Starred) for one in before)
        if len(before) > place and not spread:
            return call.args[place]
        default = parameters[name]
        if spread or any(one.arg is None for one in call.keywords) or default is None:
            raise self.unresolved(call)
        return default

    def callee(self, node: ast.expr, but: Function | None = None) -> ast.AST | None:
        """The package's own class or function that a name means; None where it is none.

        Args:
            node: the name.
            but: whose calls are looked for; then a receiver of unknown type is an error.
        """
        if isinstance(node, ast.Name):
            return self.defined(self.module[node], node.id, node)
        if not isinstance(node, ast.Attribute):
            return None
        if isinstance(node.value, ast.Name):
            module, name = self.imports[self.module[node]].get(node.value.id, ("", "?"))
            if not name:
                return self.defined(module, node.attr, None)
        if but is not None and not isinstance(self.parent[but], ast.ClassDef):
            return None
        types = self.types(node.value)
        if types is None:
            if but is not None:
                raise self.unresolved(node)
            return None
        found = [self.method(one, node.attr) for one in types]
        return next((one for one in found if one is not None), None)

    def defined(self, module: str, name: str, at: ast.AST | None) -> ast.AST | None:
        """What a name stands for in a module, at a place of it."""
        scopes = [*self.scopes(at)] if at is not None else []
        for scope in (*scopes, self.trees.get(module)):
            for child in ast.iter_child_nodes(scope) if scope is not None else ():
                if isinstance(child, (*FUNCTIONS, ast.ClassDef)) and child.name == name:
                    return child
        there, attribute = self.imports.get(module, {}).get(name, ("", ""))
        return self.defined(there, attribute, None) if there in self.trees else None

    def method(self, of: ast.ClassDef, name: str) -> ast.AST | None:
        for one in self.lineage(of):
            for child in one.body:
                if isinstance(child, FUNCTIONS) and child.name == name:
                    return child
        return None

    # Types, as far as annotations and constructions tell them.

    def lineage(self, of: ast.ClassDef) -> list[ast.ClassDef]:
        """A class and those of the package that it inherits from."""
        bases = [self.callee(base) for base in of.bases]
        above = [self.lineage(base) for base in bases if isinstance(base, ast.ClassDef)]
        return [of, *itertools.chain.from_iterable(above)]

    def fields(self, of: ast.ClassDef) -> dict[str, ast.expr | None]:
        """Field → default, in the order of a dataclass: inherited ones first."""
        found: dict[str, ast.expr | None] = {}
        for one in reversed(self.lineage(of)):
            for child in one.body:
                if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name):
                    found[child.target.id] = child.value
        return found

    def types(self, node: ast.expr) -> list[ast.ClassDef] | None:
        """Classes of the package that an expression may be of; None where nobody can tell."""
        match node:
            case ast.Name():
                return self.types_of_name(node)
            case ast.Attribute(value=of, attr=name):
                held = self.types(of)
                return None if held is None else self.types_of_field(held, name)
            case ast.Call():
                made = self.callee(node.func)
                if isinstance(made, ast.ClassDef):
                    return [made]
                return self.annotated(made.returns) if isinstance(made, FUNCTIONS) else None
            case ast.Constant() | ast.JoinedStr() | ast.Dict() | ast.List() | ast.Tuple():
                return []
        return None

    def types_of_name(self, node: ast.Name) -> list[ast.ClassDef] | None:
        for scope in self.scopes(node):
            if not isinstance(scope, FUNCTIONS):
                continue
            holder = self.parent[scope]
            placed = [*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs]
            for number, one in enumerate(placed):
                if one.arg == node.id and number == 0 and isinstance(holder, ast.ClassDef):
                    return [holder]
                if one.arg == node.id:
                    return self.annotated(one.annotation)
            assigned = [
                one.value
                for one in self.own_nodes(scope)
                if isinstance(one, ast.Assign)
                and [getattr(target, "id", "") for target in one.targets] == [node.id]
            ]
            if assigned:
                return self.types(assigned[0])
        return None

    def types_of_field(self, held: list[ast.ClassDef], name: str) -> list[ast.ClassDef] | None:
        for one in itertools.chain.from_iterable(map(self.lineage, held)):
            for child in ast.walk(one):
                if isinstance(child, ast.AnnAssign) and self.is_field(child.target, name):
                    return self.annotated(child.annotation)
                if isinstance(child, ast.Assign):
                    for target in child.targets:
                        if (path := path_to_field(target, name)) is not None:
                            return self.types(next(self.part(child.value, path)))
        return None

    def is_field(self, target: ast.expr, name: str) -> bool:
        if isinstance(target, ast.Name):
            return target.id == name
        return path_to_field(target, name) == ()

    def annotated(self, node: ast.expr | None) -> list[ast.ClassDef] | None:
        """Classes named in an annotation; none where it names others, None where it says nothing.

        `Any` and `object` say nothing.
        """
        if node is None:
            return None
        names = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
        if any(one.id in ("Any", "object") for one in names):
            return None
        found = [self.callee(one) for one in names]
        return [one for one in found if isinstance(one, ast.ClassDef)]

    def field_values(self, node: ast.Attribute) -> list[ast.expr]:
        """What every construction of a class gives for a field of it."""
        types = self.types(node.value)
        if not types:
            raise self.unresolved(node)
        found = []
        for call in self.nodes:
            if isinstance(call, ast.Call) and (made := self.callee(call.func)) in types:
                assert isinstance(made, ast.ClassDef)
                if node.attr not in self.fields(made):
                    raise self.unresolved(node)
                found.append(self.argument(call, node.attr, self.fields(made)))
        return found

    # Places.

    def is_docstring(self, node: ast.Constant) -> bool:
        return isinstance(self.parent.get(node), ast.Expr)

    def where(self, node: ast.AST) -> str:
        return f"{self.module.get(node, '?')}:{getattr(node, 'lineno', 0)}"

    def unresolved(self, node: ast.AST) -> Unresolved:
        return Unresolved(f"{self.where(node)}: {ast.unparse(node)} cannot be read as a slug")


def path_to(target: ast.expr, name: str) -> tuple[int, ...] | None:
    """The way to a name inside a target such as `a, (b, c)`; None where it is not there."""
    if isinstance(target, ast.Name):
        return () if target.id == name else None
    return _inside(target, name, path_to)


def path_to_field(target: ast.expr, name: str) -> tuple[int, ...] | None:
    """The same for `self.name`."""
    if isinstance(target, ast.Attribute):
        own = isinstance(target.value, ast.Name) and target.value.id == "self"
        return () if own and target.attr == name else None
    return _inside(target, name, path_to_field)


def _inside(target: ast.expr, name: str, find: object) -> tuple[int, ...] | None:
    assert callable(find)
    if isinstance(target, ast.Tuple | ast.List):
        for number, one in enumerate(target.elts):
            if (path := find(one, name)) is not None:
                return (number, *path)
    return None


def sources_of(folder: Path) -> dict[str, str]:
    """Dotted name → source of every module of a package's folder."""
    found = {}
    for file in sorted(folder.rglob("*.py")):
        steps = file.relative_to(folder.parent).with_suffix("").parts
        steps = steps[:-1] if steps[-1] == "__init__" else steps
        found[".".join(steps)] = file.read_text(encoding="utf-8")
    return found
