"""A tree of modules as scopes with the names that they bind: read from syntax, never imported."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from harness.units import absolute

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef

BODY: Final = "<module>"
"""Name of the scope that holds what a module does when it is imported."""

GROWING: Final = frozenset(
    {"append", "appendleft", "add", "extend", "insert", "update", "setdefault", "put", "push"}
)
"""Methods that put something into a container."""

Kind = Literal["module", "class", "function", "name"]
How = Literal["value", "each", "import", "scope", "parameter", "unknown"]


class Binding(NamedTuple):
    """What a name is bound to somewhere in its scope.

    Attributes:
        how: `value` and `each` (an item of it) of `expr`; a `scope`, an `import`ed dotted name, or
            the scope's `parameter`, of that name; else unknown.
        steps: which part of the value, where it is taken apart.
        scope: where `expr` stands, if it is not where the name is bound.
    """

    how: How
    expr: ast.expr | None = None
    name: str = ""
    steps: tuple[int, ...] = ()
    scope: str = ""


class Grown(NamedTuple):
    """Something put into what a name stands for: `rows.append(row)`, `rows[0] = row`."""

    name: str
    scope: Scope
    expr: ast.expr


@dataclass(slots=True)
class Scope:
    """A function, a class's body, a module's body, or a module's name and what it is made of.

    Attributes:
        id: `module:qualified.name`, the same whatever stands around it in the file.
        module: dotted name of the module.
        file: its file, for messages.
        kind: what it is.
        parent: the scope around it; None for a module's body.
        nodes: the syntax that belongs to it and to no scope inside it, annotations left out.
        names: what each name is bound to; foreign ones (`global`, `nonlocal`) are not in it.
        returns: what a function hands back.
        parameters: names of a function's parameters, in order; those with stars are not in it.
        definition: the function or class itself.
    """

    id: str
    module: str
    file: str
    kind: Kind
    line: int
    parent: Scope | None = None
    nodes: list[ast.AST] = field(default_factory=list)
    names: defaultdict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    returns: list[ast.expr] = field(default_factory=list)
    definition: Function | ast.ClassDef | None = None
    elsewhere: set[str] = field(default_factory=set)
    nonlocal_: set[str] = field(default_factory=set)
    parameters: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.id.partition(":")[2]

    def of_class(self) -> Scope | None:
        """The class that a method stands in."""
        return self.parent if self.parent is not None and self.parent.kind == "class" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One module's source.

    Attributes:
        name: dotted; a package's own module has the package's name.
        file: for messages.
    """

    name: str
    file: str
    text: str
    is_package: bool = False


@dataclass(slots=True)
class Code:
    """All scopes of a tree.

    Attributes:
        scopes: by id, in the order of modules and lines.
        modules: name → the scope of its body.
        unparsed: `file:line` → why it is no Python that can be read.
        grown: what is put into containers on the way.
    """

    scopes: dict[str, Scope] = field(default_factory=dict)
    modules: dict[str, Scope] = field(default_factory=dict)
    unparsed: dict[str, str] = field(default_factory=dict)
    grown: list[Grown] = field(default_factory=list)
    _ends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _within: dict[str, list[Scope]] = field(default_factory=dict)
    _methods: dict[str, list[Scope]] = field(default_factory=dict)
    _packages: set[str] = field(default_factory=set)

    def add(self, scopes: list[Scope]) -> None:
        """Add a module's scopes, its body first."""
        self.modules[scopes[0].module] = scopes[0]
        self._within[scopes[0].module] = scopes
        steps = scopes[0].module.split(".")
        starts = range(len(steps))
        self._packages.update(
            ".".join(steps[a:b]) for a in starts for b in range(a + 1, len(steps) + 1)
        )
        for scope in scopes:
            self.scopes[scope.id] = scope
            if scope.kind == "function" and scope.of_class() is not None:
                self._methods.setdefault(str(scope.parent and scope.parent.id), []).append(scope)

    def named(self, dotted: str) -> tuple[str, ...]:
        """Modules of the tree that an import may mean: of that name, else those that end in it.

        A tree rarely says from which folder its modules are imported; where several can be meant,
        all of them are.
        """
        if dotted in self.modules:
            return (dotted,)
        if dotted not in self._ends:
            end = f".{dotted}"
            known = dotted in self._packages
            ending = (name for name in self.modules if name.endswith(end)) if known else ()
            self._ends[dotted] = tuple(ending)
        return self._ends[dotted]

    def holds(self, package: str) -> bool:
        """Whether a package, with or without a module of its own, is part of the tree."""
        return package in self._packages

    def within(self, module: str) -> list[Scope]:
        """Every scope of a module."""
        return self._within.get(module, [])

    def methods(self, owner: str) -> list[Scope]:
        """The methods of a class."""
        return self._methods.get(owner, [])


def read_code(texts: Iterable[Text]) -> Code:
    """Parse every module; one that cannot be parsed is named, never passed over."""
    code = Code()
    for text in sorted(texts, key=lambda one: one.name):
        try:
            tree = ast.parse(text.text, text.file)
            reader = _Reader(text)
            scopes = reader.read(tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None) or 1
            said = getattr(error, "msg", "") or type(error).__name__
            code.unparsed[f"{text.file}:{line}"] = str(said)
            continue
        code.add(scopes)
        code.grown.extend(reader.grown)
    return code


class _Reader:
    """Takes a module apart into its scopes."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.found: dict[str, Scope] = {}
        self.grown: list[Grown] = []

    def read(self, tree: ast.Module) -> list[Scope]:
        body = self.open(BODY, "module", 1, None)
        for statement in tree.body:
            self.visit(statement, self.holder(statement, body))
        return list(self.found.values())

    def open(self, name: str, kind: Kind, line: int, parent: Scope | None) -> Scope:
        """The scope of that name; a name that is defined again goes on being one scope."""
        id_ = f"{self.text.name}:{name}"
        scope = self.found.get(id_)
        if scope is None:
            scope = Scope(id_, self.text.name, self.text.file, kind, line, parent)
            self.found[id_] = scope
        elif scope.kind == "name":
            scope.kind = kind
        return scope

    def holder(self, statement: ast.stmt, body: Scope) -> Scope:
        """What a module's statement belongs to: the one name that it makes, else the body."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                return self.open(name, "name", statement.lineno, body)
        return body

    # --- syntax

    def visit(self, node: ast.AST, scope: Scope) -> None:
        """Give a node to its scope, and what is below it to theirs."""
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            self.define(node, scope)
            return
        scope.nodes.append(node)
        self.bind(node, scope)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params"):
                continue
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, ast.AST):
                    self.visit(child, scope)

    def define(self, node: Function | ast.ClassDef, scope: Scope) -> None:
        outer = scope if scope.kind in ("function", "class") else None
        name = f"{outer.name}.{node.name}" if outer is not None else node.name
        kind: Kind = "class" if isinstance(node, ast.ClassDef) else "function"
        parent = scope if scope.kind != "name" else scope.parent
        inner = self.open(name, kind, node.lineno, parent)
        inner.definition = node
        self.home(node.name, scope).names[node.name].append(Binding("scope", name=inner.id))
        for decorator in node.decorator_list:
            self.visit(decorator, scope)
        if isinstance(node, ast.ClassDef):
            for base in (*node.bases, *(one.value for one in node.keywords)):
                self.visit(base, scope)
        else:
            self.parameters(node, inner, scope)
        for statement in node.body:
            self.visit(statement, inner)

    def parameters(self, node: Function, inner: Scope, scope: Scope) -> None:
        args = node.args
        for default in (*args.defaults, *filter(None, args.kw_defaults)):
            self.visit(default, scope)
        placed = [*args.posonlyargs, *args.args]
        known = dict(zip([one.arg for one in placed[::-1]], args.defaults[::-1], strict=False))
        known |= {
            one.arg: default
            for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
            if default is not None
        }
        inner.parameters = tuple(one.arg for one in (*placed, *args.kwonlyargs))
        for one in (*placed, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))):
            inner.names[one.arg].append(Binding("parameter", name=one.arg))
            if one.arg in known:
                inner.names[one.arg].append(Binding("value", known[one.arg]))

    # --- names

    def home(self, name: str, scope: Scope) -> Scope:
        """The scope that a name bound here belongs to; a module's names belong to its body."""
        if name in scope.elsewhere or scope.kind == "name":
            return self.found[f"{self.text.name}:{BODY}"]
        return scope

    def put(self, name: str, scope: Scope, binding: Binding) -> None:
        if name in scope.nonlocal_:
            above = scope.parent
            while above is not None and above.kind == "function":
                above.names[name].append(binding._replace(scope=scope.id))
                above = above.parent
            return
        self.home(name, scope).names[name].append(binding)

    def bind(self, node: ast.AST, scope: Scope) -> None:
        """Note what a node binds."""
        match node:
            case ast.Global(names=names):
                scope.elsewhere.update(names)
            case ast.Nonlocal(names=names):
                scope.elsewhere.update(names)
                scope.nonlocal_.update(names)
            case ast.Import() | ast.ImportFrom():
                self.imports(node, scope)
            case ast.Return() | ast.Yield() | ast.YieldFrom():
                scope.returns.extend(filter(None, [node.value]))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
                given = [*node.args, *(one.value for one in node.keywords)]
                self.grown.extend(Grown(name, scope, one) for one in given if attr in GROWING)
            case _:
                for name in _unknown(node):
                    self.put(name, scope, Binding("unknown"))
                for target, bound, how in _bound(node):
                    self.target(target, Binding(how, bound), scope)

    def target(self, target: ast.expr, binding: Binding, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                self.put(name, scope, binding)
            case ast.Starred(value=inner):
                self.target(inner, binding, scope)
            case ast.Subscript(value=ast.Name(id=name)) if binding.expr is not None:
                self.grown.append(Grown(name, scope, binding.expr))
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for number, part in enumerate(parts):
                    steps = (*binding.steps, number)
                    self.target(part, binding._replace(steps=steps), scope)

    def imports(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for one in node.names:
            if isinstance(node, ast.Import):
                bound = one.asname or one.name.partition(".")[0]
                dotted = one.name if one.asname else bound
            else:
                bound, dotted = one.asname or one.name, f"{self.base(node)}.{one.name}"
            self.put(bound, scope, Binding("import", name=dotted))

    def base(self, node: ast.ImportFrom) -> str:
        """The module that `from …` names, seen from the module it stands in."""
        return absolute(node, module=self.text.name, is_package=self.text.is_package)


def _unknown(node: ast.AST) -> Iterator[str]:
    """Names that a node binds to what nobody can tell."""
    match node:
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Lambda(args=args):
            yield from (one.arg for one in ast.walk(args) if isinstance(one, ast.arg))


def _bound(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None, How]]:
    """Targets that a node binds, with the value, or the thing that is walked through."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value, "value") for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value, "value"
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield target, value, "value"
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            yield node.target, node.iter, "each"
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield target, value, "value"


def constants(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.Constant, str]]:
    """Texts that stand in the code, docstrings and other lone texts left out."""
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in alone
        ):
            yield node, node.value


def decorated(scopes: Mapping[str, Scope]) -> Iterator[tuple[Scope, ast.expr]]:
    """Every decorator with what it decorates."""
    for scope in scopes.values():
        if scope.definition is not None:
            for decorator in scope.definition.decorator_list:
                yield scope, decorator
