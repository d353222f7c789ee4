"""Registrations, tables, schedules and dispatch: where a handler may be hidden, and what it means.

Each of them is settled by the functions it means, if every one of them is some path's, or it is
left to a person.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from harness.audit.code import Scope, constants, decorated
from harness.audit.described import Description, ends_in
from harness.audit.inventory import Inventory, Unknown
from harness.audit.reach import Reach
from harness.audit.reflection import dotted
from harness.audit.value import Chain, Ref, written

Kind = Literal[
    "writer",
    "dispatch",
    "registration",
    "table",
    "schedule",
    "trigger",
    "handler",
    "change",
    "file-unparsed",
    "file-unread",
    "not-understood",
]

HARMLESS: Final = (
    "property", "staticmethod", "classmethod", "cache", "lru_cache", "cached_property",
    "wraps", "total_ordering", "contextmanager", "asynccontextmanager", "dataclass",
    "abstractmethod", "overload", "final", "override", "runtime_checkable", "no_type_check",
    "unique", "setter", "getter", "deleter",
)  # fmt: skip
"""Decorators of Python's own library: what they decorate is nobody's handler for it."""

_FIELD: Final = r"[0-9*/,\-]+"
_NAMED: Final = r"(?:[A-Za-z]{3}|[0-9*?]+L?)(?:[,/#\-](?:[A-Za-z]{3}|[0-9*]+))*"
CRON: Final = re.compile(
    rf"(?:{_FIELD}\s+)?{_FIELD}\s+{_FIELD}\s+[0-9*/,?LW\-]+\s+{_NAMED}\s+{_NAMED}"
    rf"(?:\s+{_FIELD})?"
    r"|@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)"
    r"|(?:rate|cron)\([^)]+\)"
)
"""What a scheduler reads: five to seven fields, `@daily`, `rate(5 minutes)`."""

CRON_IN_LINE: Final = re.compile(rf"(?:(?<=^)|(?<=[\s\"'=:,>]))(?:{CRON.pattern})(?=$|[\s\"',<])")

TIMED: Final = re.compile(
    r"(?:^|_)(?:cron|crontab|crons|schedule|schedules|scheduled|beat|periodic|nightly|hourly|daily"
    r"|weekly|monthly)(?:_|$)",
    re.IGNORECASE,
)
"""A name that speaks of a schedule."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]*(?:[.:][a-z][a-z0-9_]*)+")
"""What the name of an event or an act looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that may hide a handler.

    Attributes:
        kind: what it is.
        where: `module:function`, a file, or what it is about; no line, so that it stays the same.
        what: in words, without a local name; several alike in one place are counted in it.
        at: `file:line` of each.
        means: functions it was seen to mean.
        settled: why nobody need look at it; empty where a person must.
    """

    kind: Kind
    where: str
    what: str
    at: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    settled: str = ""


@dataclass(slots=True)
class _Found:
    """Items that are alike, while they are counted."""

    at: list[str] = field(default_factory=list)
    means: set[str] = field(default_factory=set)
    settled: list[str] = field(default_factory=list)


class Items:
    """Finds the items of a tree."""

    def __init__(self, inventory: Inventory, reach: Reach) -> None:
        """Look at everything once; `found` has it."""
        self.inventory, self.reach = inventory, reach
        self.description: Description = inventory.description
        self.counted: defaultdict[tuple[Kind, str, str], _Found] = defaultdict(_Found)
        self.decorating: dict[int, str] = {}
        for scope, decorator in decorated(inventory.code.scopes):
            self.decorator(scope, decorator)
        for scope in inventory.code.scopes.values():
            self.scope(scope)
        self.found = tuple(
            Item(
                kind=kind,
                where=where,
                what=what if len(one.at) == 1 else f"{what}, {len(one.at)} times",
                at=tuple(one.at),
                means=tuple(sorted(one.means)),
                settled=one.settled[0] if all(one.settled) else "",
            )
            for (kind, where, what), one in sorted(self.counted.items())
        )

    def add(
        self,
        kind: Kind,
        scope: Scope,
        what: str,
        line: int,
        *,
        means: Iterable[str] = (),
        settled: str = "",
    ) -> None:
        one = self.counted[kind, scope.id, what]
        one.at.append(f"{scope.file}:{line}")
        one.means.update(means)
        one.settled.append(settled)

    # --- what settles

    def entered(self, means: Iterable[str]) -> str:
        """Why functions that are registered need nobody: each is called by a path's trigger."""
        named = list(means)
        return "each is a path's handler" if named and all(map(self.is_entry, named)) else ""

    def is_entry(self, id_: str) -> bool:
        """Whether a path's trigger calls a function; of a class, every method that is no part."""
        if id_ in self.reach.entries:
            return True
        methods = self.inventory.code.methods(id_)
        public = [one.id for one in methods if not one.name.rpartition(".")[2].startswith("_")]
        return bool(public) and all(one in self.reach.entries for one in public)

    def owned(self, means: Iterable[str]) -> bool:
        named = list(means)
        return bool(named) and all(map(self.reach.owned, named))

    # --- decorators

    def decorator(self, scope: Scope, decorator: ast.expr) -> None:
        assert scope.parent is not None  # noqa: S101  # what is decorated stands in something
        for node in ast.walk(decorator):
            self.decorating[id(node)] = scope.id
        made = decorator.func if isinstance(decorator, ast.Call) else decorator
        held = self.inventory.held.values(made, scope.parent)
        chains = [one for one in (*held, written(made)) if isinstance(one, Chain)]
        told = self.description
        if any(ends_in(one, (*HARMLESS, *told.wrappers)) for one in chains):
            return
        what = f"@{self.inventory.shown(decorator, scope.parent)}"
        settled = self.entered((scope.id,))
        line = decorator.lineno
        self.add("registration", scope, what, line, means=(scope.id,), settled=settled)

    # --- everything else

    def scope(self, scope: Scope) -> None:
        entry = self.inventory.entries[scope.id]
        for unknown in dict.fromkeys(entry.unknowns):
            self.unknown(scope, unknown)
        if scope.kind == "name":
            self.table(scope)
        for node in scope.nodes:
            if isinstance(node, ast.Call):
                self.call(scope, node)
            elif isinstance(node, ast.Assign) and scope.kind in ("module", "class"):
                self.assigned(scope, node)
        if isinstance(scope.definition, ast.ClassDef):
            self.inherits(scope, scope.definition)
        self.schedules(scope)

    def unknown(self, scope: Scope, unknown: Unknown) -> None:
        settled = ""
        if unknown.names and self.owned(unknown.names):
            entered = self.entered(unknown.names)
            inside = "only paths reach it" if self.reach.owned(scope.id) else ""
            settled = entered or inside
        names = unknown.names
        self.add("dispatch", scope, unknown.what, unknown.line, means=names, settled=settled)

    def refs(self, scope: Scope, nodes: Iterable[ast.AST]) -> set[str]:
        """Functions that some code names without calling them, and texts that name functions."""
        listed = [node for node in nodes if isinstance(node, ast.Name | ast.Attribute | ast.Call)]
        called = {id(node.func) for node in listed if isinstance(node, ast.Call)}
        found: set[str] = set()
        for node in listed:
            if isinstance(node, ast.Call) or id(node) in called:
                continue
            direct = self.inventory.held.direct(node, scope)
            found.update(one.id for one in direct if isinstance(one, Ref) and self.acts(one.id))
        for constant, text in constants(list(nodes)):
            del constant
            named = self.inventory.by_dotted.get(text, ())
            found.update(id_ for id_ in named if NAME.fullmatch(text) and self.acts(id_))
        return found

    def acts(self, id_: str) -> bool:
        """Whether something of the tree does anything: a function, or a class with methods."""
        scope = self.inventory.code.scopes[id_]
        if scope.kind == "function":
            return True
        entries = self.inventory.entries
        return any(entries[one.id].writes for one in self.inventory.code.methods(id_))

    def table(self, scope: Scope) -> None:
        """A module's name that holds functions, or what functions are called for."""
        means = self.refs(scope, scope.nodes)
        texts = {text for _, text in constants(scope.nodes)}
        triggers = texts & set(self.description.triggers)
        if triggers:  # whatever stands beside the name of a trigger may be one
            triggers |= {text for text in _keys(scope.nodes) if NAME.fullmatch(text)}
        idle = sorted(one for one in triggers if not self.description.triggers.get(one))
        for trigger in idle:
            what = f"names {trigger}, which no path handles"
            self.add("table", scope, what, scope.line)
        is_named = any(name == scope.name for name in self.description.tables)
        if not (means or triggers or is_named) or not _is_made(scope.nodes):
            return
        settled = self.entered(means)
        if not settled and self.owned(means) and self.reach.owned(scope.id) and not is_named:
            settled = "only paths reach it"
        if not settled and not means and triggers and not idle:
            settled = "each trigger is a path's"
        self.add("table", scope, f"table {scope.name}", scope.line, means=means, settled=settled)

    def call(self, scope: Scope, node: ast.Call) -> None:
        """A call that registers what it is given."""
        held = self.inventory.held.values(node.func, scope)
        chains = [one for one in (*held, written(node.func)) if isinstance(one, Chain)]
        told = next(filter(None, (ends_in(c, self.description.registering) for c in chains)), "")
        given = [*node.args, *(one.value for one in node.keywords)]
        alone = scope.kind == "module" and any(
            isinstance(one, ast.Expr) and one.value is node for one in scope.nodes
        )
        if not told and not alone:
            return
        means = self.refs(scope, [inner for one in given for inner in ast.walk(one)])
        if told or means:
            what = f"{told or self.inventory.shown(node.func, scope)}(…)"
            settled = self.entered(means)
            self.add("registration", scope, what, node.lineno, means=means, settled=settled)

    def assigned(self, scope: Scope, node: ast.Assign) -> None:
        """A function put into a table, or over another function, when a module is imported."""
        places = [one for one in node.targets if isinstance(one, ast.Subscript | ast.Attribute)]
        means = self.refs(scope, ast.walk(node.value)) if places else set()
        if means:
            what = f"{self.inventory.shown(places[0], scope)} = …"
            settled = self.entered(means)
            self.add("registration", scope, what, node.lineno, means=means, settled=settled)

    def inherits(self, scope: Scope, definition: ast.ClassDef) -> None:
        """A class that is registered by what it inherits from."""
        assert scope.parent is not None  # noqa: S101  # a class stands in a module at least
        for base in definition.bases:
            held = self.inventory.held.values(base, scope.parent)
            chains = [one for one in (*held, written(base)) if isinstance(one, Chain)]
            for chain in chains:
                if ends_in(chain, self.description.bases):
                    what = f"inherits from {dotted(chain).rpartition('.')[2]}"
                    settled = self.entered((scope.id,))
                    line, means = definition.lineno, (scope.id,)
                    self.add("registration", scope, what, line, means=means, settled=settled)
                    break
        metaclass = any(
            one.arg == "metaclass" and _last(one.value) not in ("ABCMeta", "EnumMeta", "type")
            for one in definition.keywords
        )
        if metaclass or f"{scope.id}.__init_subclass__" in self.inventory.code.scopes:
            what = "classes below it may register themselves"
            self.add("registration", scope, what, definition.lineno)

    # --- schedules

    def schedules(self, scope: Scope) -> None:
        """Names and texts that speak of a time to run at."""
        short = scope.name.rpartition(".")[2]
        if TIMED.search(short) and scope.kind in ("function", "name"):
            self.timed(scope, scope, f"is called {short}", scope.line)
        for constant, text in constants(scope.nodes):
            if CRON.fullmatch(text.strip()):
                holder = self.holder(scope, constant)
                self.timed(holder, scope, f"runs at {text.strip()!r}", constant.lineno)
        for node in scope.nodes:
            if isinstance(node, ast.Call):
                name = _last(node.func)
                if TIMED.search(name) and not self.is_own(node.func, scope):
                    holder = self.holder(scope, node)
                    self.timed(holder, scope, f"is run by {name}(…)", node.lineno)

    def is_own(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a call is one of the tree's own functions, which are looked at themselves."""
        return any(isinstance(one, Ref) for one in self.inventory.held.direct(node, scope))

    def holder(self, scope: Scope, node: ast.AST) -> Scope:
        """What a part of the code is about: what it decorates, else where it stands."""
        return self.inventory.code.scopes[self.decorating.get(id(node), scope.id)]

    def timed(self, holder: Scope, scope: Scope, what: str, line: int) -> None:
        means = {holder.id} if holder.kind != "name" else self.refs(holder, holder.nodes)
        if holder is scope and holder.kind == "function":
            settled = "a path owns it" if self.reach.owned(holder.id) else ""
        else:
            settled = self.entered(means)
        triggers = [
            text for _, text in constants(holder.nodes) if text in self.description.triggers
        ]
        if not settled and holder.kind == "name" and not means and triggers:
            idle = [one for one in triggers if not self.description.triggers[one]]
            settled = "" if idle else "each trigger is a path's"
        means = {id_ for id_ in means if self.inventory.code.scopes[id_].kind == "function"}
        self.add("schedule", holder, what, line, means=means, settled=settled)


def _is_made(nodes: Iterable[ast.AST]) -> bool:
    """Whether a value is put together, and no second name of one thing."""
    shapes = (ast.Dict, ast.List, ast.Tuple, ast.Set, ast.Call, ast.DictComp, ast.ListComp)
    return any(isinstance(node, shapes) for node in nodes)


def _keys(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        for key in node.keys if isinstance(node, ast.Dict) else ():
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value


def _last(node: ast.expr) -> str:
    """The last name of a dotted name; empty where it is none."""
    chain = written(node)
    return dotted(chain).rpartition(".")[2] if chain is not None else ""


def tally(items: Iterable[Item]) -> Counter[str]:
    """Kind → how many."""
    return Counter(item.kind for item in items)
