"""What each function of a tree touches and reaches, and whatever nobody can tell of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from harness.audit.code import Code, Scope, constants
from harness.audit.described import Call, Description, Matcher, ends_in, sql_writes
from harness.audit.held import Held
from harness.audit.reflection import (
    BY_NAME,
    EXECUTING,
    LOADING,
    NAMING,
    OUTSIDE,
    REFLECTION,
    RUNNING,
    STDLIB,
    begins,
    dotted,
)
from harness.audit.value import (
    ANY,
    CALLED,
    Chain,
    Inline,
    Instance,
    Module,
    Plain,
    Ref,
    Value,
    written,
)

LONGEST_SHOWN: Final = 60
"""Characters of an expression that are shown."""

UNSAID: Final = Call(name="(any call)", writes=("?",))
"""What every call counts as where nobody says what a write is."""


class Touch(NamedTuple):
    """A described call in a function; `sure` where nothing else can be meant."""

    call: Call
    line: int
    sure: bool


class Unknown(NamedTuple):
    """Something in a function that nobody can tell the meaning of.

    Attributes:
        what: in words that no name of a local variable is in.
        line: where it stands.
        names: functions it was seen to mean; none where it was not.
    """

    what: str
    line: int
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Entry:
    """One scope's part of the inventory.

    Attributes:
        touches: what it reads and writes.
        edges: scopes that it calls, hands over, or names.
        attributes: names of attributes it asks of things nobody can tell.
        unknowns: what nobody can tell.
    """

    scope: Scope
    touches: list[Touch] = field(default_factory=list)
    edges: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    unknowns: list[Unknown] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        return any(touch.call.changes for touch in self.touches)


class Inventory:
    """Every scope of a tree with what it touches and reaches."""

    def __init__(self, code: Code, held: Held, description: Description) -> None:
        """Read every scope once."""
        self.code, self.held, self.description = code, held, description
        self.matcher = Matcher(description.calls or ())
        self.by_dotted = _dotted(code)
        self.entries = {id_: self.entry(scope) for id_, scope in code.scopes.items()}

    def entry(self, scope: Scope) -> Entry:
        """One scope."""
        entry = Entry(scope)
        called = {id(one.func) for one in scope.nodes if isinstance(one, ast.Call)}
        bases = {id(one.value) for one in scope.nodes if isinstance(one, ast.Attribute)}
        for node in scope.nodes:
            if isinstance(node, ast.Name | ast.Attribute):
                self.named(node, entry, called=id(node) in called, base=id(node) in bases)
            elif isinstance(node, ast.Call):
                self.called(node, entry)
            elif isinstance(node, ast.JoinedStr):
                self.sql(_joined(node), node.lineno, entry)
        for constant, text in constants(scope.nodes):
            self.sql(text, constant.lineno, entry)
            entry.edges.update(self.by_dotted.get(text, ()))
        if scope.kind == "class":
            entry.edges.update(self.held.above(scope))
        entry.edges.discard(scope.id)
        return entry

    # --- names

    def named(
        self, node: ast.Name | ast.Attribute, entry: Entry, *, called: bool, base: bool
    ) -> None:
        """What a name or a dotted name reaches and touches."""
        if not isinstance(node.ctx, ast.Load):
            return
        scope = entry.scope
        outright = list(self.held.direct(node, scope))
        entry.edges.update(one.id for one in outright if isinstance(one, Ref))
        entry.edges.update(self.globals(node, scope))
        if not base:  # a module that is handed over may be asked for anything in it
            for one in outright:
                if isinstance(one, Module):
                    entry.edges.update(inner.id for inner in self.code.within(one.module))
        if isinstance(node, ast.Attribute):
            if not outright:
                entry.attributes.add(node.attr)
            if node.attr in REFLECTION:
                entry.unknowns.append(Unknown(f"looks into {node.attr}", node.lineno))
            self.attribute(node, entry, called=called)
        else:
            self.bare(node, entry)
        if not base:
            self.reflected(node, entry, called=called)

    def globals(self, node: ast.Name | ast.Attribute, scope: Scope) -> Iterator[str]:
        """Names of modules, tables among them, that a name means."""
        if isinstance(node, ast.Name):
            found = self.held.bindings(node.id, scope)
            bindings = found[0] if found else ()
            if found and found[1].kind == "module":
                yield from self._name_scope(f"{found[1].module}:{node.id}")
            for binding in bindings:
                if binding.how == "import":
                    base, _, name = binding.name.rpartition(".")
                    for module in self.code.named(base) if base else ():
                        yield from self._name_scope(f"{module}:{name}")
        else:
            for one in self.held.direct(node.value, scope):
                if isinstance(one, Module):
                    yield from self._name_scope(f"{one.module}:{node.attr}")

    def _name_scope(self, id_: str) -> Iterator[str]:
        if id_ in self.code.scopes:
            yield id_

    def attribute(self, node: ast.Attribute, entry: Entry, *, called: bool) -> None:
        """What a dotted name touches, where a described call ends in its last step."""
        if self.description.calls is None:
            if called and any(map(_handed_in, self.held.values(node, entry.scope))):
                entry.touches.append(Touch(UNSAID, node.lineno, sure=False))
            return
        if node.attr not in self.matcher.by_last:
            return
        values = [*self.held.values(node, entry.scope), written(node)]
        found = [self.judged(value) for value in values if value is not None]
        touches = [one for listed, _ in found for one in listed]
        self.touch(touches, node.lineno, entry)
        unclear = len(values) < 2 or any(unknown for _, unknown in found)
        read = called and node.attr in EXECUTING  # what is run there is read, and says what it is
        if unclear and not touches and not read and node.attr in self.matcher.writing:
            what = f"{node.attr} of something nobody can tell"
            entry.unknowns.append(Unknown(what, node.lineno))

    def judged(self, value: Value) -> tuple[list[tuple[Call, bool]], bool]:
        """The described calls that a value may be, and whether it may be one unseen."""
        chain = _chain(value)
        if chain is None:
            return [], False
        found = list(self.matcher.matching(chain))
        hidden = isinstance(value, Chain) and value.root in ("parameter", "unknown")
        return found, hidden and not found and not self.matcher.answered(chain)

    def touch(self, found: Iterable[tuple[Call, bool]], line: int, entry: Entry) -> None:
        for call, sure in found:
            others = [one for one in entry.touches if (one.call, one.line) == (call, line)]
            if not any(one.sure >= sure for one in others):
                entry.touches = [one for one in entry.touches if one not in others]
                entry.touches.append(Touch(call, line, sure))

    def bare(self, node: ast.Name, entry: Entry) -> None:
        """A name that was imported and is a described call."""
        found = self.held.bindings(node.id, entry.scope)
        for binding in found[0] if found else ():
            if binding.how == "import":
                for value in self.held.imported(binding.name):
                    chain = _chain(value)
                    if chain is not None:
                        self.touch(self.matcher.matching(chain), node.lineno, entry)

    def reflected(self, node: ast.Name | ast.Attribute, entry: Entry, *, called: bool) -> None:
        """Names that run, load or find what is not written here, and calls nobody describes."""
        for value in self.held.values(node, entry.scope):
            if not isinstance(value, Chain):
                continue
            what, first = "", value.steps[0]
            if value.root == "builtin" and first in RUNNING:
                what = f"runs {first}"
            elif value.root == "builtin" and first in BY_NAME and not called:
                what = f"hands over {first}"
            elif value.root == "import" and begins(value, LOADING):
                what = f"uses {dotted(value)}"
            elif value.root == "import" and called and self.undescribed(value, node):
                what = f"calls {dotted(value)}, which nobody describes"
            if what:
                entry.unknowns.append(Unknown(what, node.lineno))

    def undescribed(self, chain: Chain, node: ast.Name | ast.Attribute) -> bool:
        """Whether a call leaves the tree for something that nobody says anything about."""
        package = chain.steps[0].removesuffix(CALLED)
        if self.code.holds(package) or (package in STDLIB and not begins(chain, OUTSIDE)):
            return False
        told = self.description
        names = (*told.decorators, *told.registering, *told.wrappers, *told.bases)
        known = (one for one in (chain, written(node)) if one is not None)
        return package not in told.harmless and not any(
            ends_in(one, (*names, *told.harmless)) or any(self.matcher.matching(one))
            for one in known
        )

    # --- calls

    def called(self, node: ast.Call, entry: Entry) -> None:
        """What a call reaches, and what nobody can tell of it."""
        scope = entry.scope
        values = self.held.values(node.func, scope)
        refs = sorted(value.id for value in values if isinstance(value, Ref))
        entry.edges.update(refs)
        for value in values:
            self.by_name(value, node, entry)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in EXECUTING and node.args:
                self.executed(node, entry)
            return
        if isinstance(node.func, ast.Name) and self._is_plainly_named(node.func, scope):
            return
        # in a table of functions stand texts as well, and only the functions are called
        known = any(isinstance(value, Ref | Inline | Instance) for value in values)
        called = [value for value in values if not (known and isinstance(value, Plain))]
        unclear = not called or any(map(_is_bare, called))
        if unclear or refs:
            names = () if unclear else tuple(refs)
            what = f"calls {self.shown(node.func, scope)}"
            entry.unknowns.append(Unknown(what, node.lineno, names))

    def _is_plainly_named(self, node: ast.Name, scope: Scope) -> bool:
        """Whether a name is a function, a class or an import outright."""
        found = self.held.bindings(node.id, scope)
        return found is not None and all(one.how in ("scope", "import") for one in found[0])

    def by_name(self, value: Value, node: ast.Call, entry: Entry) -> None:
        """Attributes that are looked up by a name."""
        if not isinstance(value, Chain):
            return
        if value.root == "builtin" and value.steps[0] in BY_NAME and len(node.args) > 1:
            texts = self.held.texts(node.args[1], entry.scope)
            if value.steps[0] == "getattr":
                self.looked_up(node, texts, entry)
            if not texts:
                what = f"{value.steps[0]} by a name made when the code runs"
                entry.unknowns.append(Unknown(what, node.lineno))
        elif value.root == "import" and ".".join(value.steps) in NAMING and node.args:
            texts = self.held.texts(node.args[0], entry.scope)
            entry.attributes.update(texts)
            last = {text.rpartition(".")[2] for text in texts}
            if not texts or last & self.matcher.writing:
                what = (
                    f"{value.steps[-1]} of {', '.join(sorted(texts)) or 'a name made at run time'}"
                )
                entry.unknowns.append(Unknown(what, node.lineno))

    def looked_up(self, node: ast.Call, texts: tuple[str, ...], entry: Entry) -> None:
        """What `getattr` may touch and reach."""
        entry.attributes.update(texts)
        values = self.held.values(node, entry.scope)
        entry.edges.update(value.id for value in values if isinstance(value, Ref))
        found = [pair for value in values for pair in self.judged(value)[0]]
        self.touch(found, node.lineno, entry)
        unseen = any(self.judged(value)[1] for value in values)
        if unseen and not found and set(texts) & self.matcher.writing:
            what = f"{', '.join(texts)} of something nobody can tell"
            entry.unknowns.append(Unknown(what, node.lineno))

    # --- SQL

    def sql(self, text: str, line: int, entry: Entry) -> None:
        for verb, table in sql_writes(text):
            store = self.description.tables_of.get(table, f"sql {table}")
            call = Call(name=f"SQL {verb} {table}", writes=(store,))
            self.touch([(call, True)], line, entry)

    def executed(self, node: ast.Call, entry: Entry) -> None:
        """A statement that is run: one that nobody can read may write anything."""
        lines = [touch.line for touch in entry.touches]
        values = self.held.values(node.args[0], entry.scope)
        readable = values and all(isinstance(v, Plain) and v.text is not None for v in values)
        for value in values:
            if isinstance(value, Plain) and value.text is not None:
                self.sql(value.text, node.lineno, entry)
        joined = isinstance(node.args[0], ast.JoinedStr) and any(sql_writes(_joined(node.args[0])))
        if not readable and not joined and node.func.lineno not in lines:
            entry.unknowns.append(Unknown("runs a statement nobody can read", node.lineno))

    def shown(self, node: ast.expr, scope: Scope) -> str:
        """An expression in which local names are `_`: what it says whatever they are called."""
        copy = ast.parse(ast.unparse(node), mode="eval").body
        for one in ast.walk(copy):
            if isinstance(one, ast.Name):
                found = self.held.bindings(one.id, scope)
                if found is not None and found[1].kind not in ("module", "class"):
                    one.id = "_"
        text = ast.unparse(copy)
        return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def _dotted(code: Code) -> dict[str, tuple[str, ...]]:
    """Names by which a text may mean a function: `package.module.function`, also with `:`."""
    found: dict[str, list[str]] = {}
    for id_, scope in code.scopes.items():
        if scope.kind not in ("function", "class"):
            continue
        steps = f"{scope.module}.{scope.name}".split(".")
        for start in range(len(steps) - 1):
            found.setdefault(".".join(steps[start:]), []).append(id_)
        module = scope.module.split(".")
        for start in range(len(module)):
            found.setdefault(f"{'.'.join(module[start:])}:{scope.name}", []).append(id_)
    return {name: tuple(ids) for name, ids in found.items()}


def _chain(value: Value) -> Chain | None:
    """A value as a chain of names, also where it is a function of the tree."""
    if isinstance(value, Chain):
        return value
    if isinstance(value, Ref):
        module, _, name = value.id.partition(":")
        return Chain("import", (*module.split("."), *name.split(".")))
    return None


def _handed_in(value: Value) -> bool:
    return isinstance(value, Chain) and value.root == "parameter" and value.steps[0] != "self"


def _is_bare(value: Value) -> bool:
    """Whether nobody can tell what is called where a value is: it is no method of anything."""
    if not isinstance(value, Chain):
        return isinstance(value, Module | Plain)
    if value.root in ("builtin", "import"):
        return False
    return len(value.steps) == 1 or value.steps[-1] == ANY or value.steps[-1].endswith(CALLED)


def _joined(node: ast.JoinedStr) -> str:
    """The text of an f-string, `?` in place of what is put in."""
    return "".join(
        part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "?"
        for part in node.values
    )
