"""What an expression may stand for: functions and modules of the tree, or a chain of names.

An abstract reading, and a generous one: a name stands for whatever it is bound to anywhere, a
parameter for whatever any call hands over, a container for what is in it, and a call for what the
function hands back. What is written `ports.stripe.invoices.pay`, with or without names given to
parts of it, comes out as that chain.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, NamedTuple

from harness.audit.argument import Site, argument, is_plain_parameter
from harness.audit.code import Binding, Code, Scope
from harness.audit.names import Names, is_static
from harness.audit.reflection import STDLIB
from harness.audit.value import (
    ANY,
    BUILTINS,
    CALLED,
    CONTAINERS,
    DEEPEST,
    LONGEST,
    MOST_SITES,
    NONE,
    ROUNDS,
    Chain,
    Inline,
    Instance,
    Module,
    Plain,
    Ref,
    Value,
    Values,
    fewer,
    longer,
    looked,
    parts,
)


class Put(NamedTuple):
    """An expression that somebody put under a name, and where."""

    expr: ast.expr
    scope: Scope


FINAL: Final = -1
"""In place of a round: nothing more can be learned."""

Key = tuple[int | str, str]
"""An expression or a parameter, and its scope."""


class Held(Names):
    """Answers what the expressions of a tree stand for.

    Everything is worked out in rounds: what goes round in a circle is taken as it is known so far,
    and looked at again until nothing new is learned.
    """

    def __init__(self, code: Code, entries: Iterable[str] = ()) -> None:
        """Read who calls whom; `entries` are functions that somebody outside calls."""
        super().__init__(code)
        self.open: set[str] = set(entries)
        self.sites: defaultdict[str, list[Site]] = defaultdict(list)
        self.by_attribute: defaultdict[str, list[Site]] = defaultdict(list)
        self.assigned: defaultdict[tuple[str, str], list[Put]] = defaultdict(list)
        self._known: dict[Key, Values] = {}
        self._seen: dict[Key, int] = {}
        self._running: set[Key] = set()
        self._round = 0
        self._cut = self._learned = False
        for grown in code.grown:
            found = self.bindings(grown.name, grown.scope)
            if found is not None:
                put = Binding("value", grown.expr, scope=grown.scope.id)
                found[1].names[grown.name].append(put)
        for scope in code.scopes.values():
            self._note_calls(scope)
            self._note_assigned(scope)
        self.settled = self._settle()

    def _settle(self) -> bool:
        """Look at everything until nothing new is learned; whether that came to an end."""
        waiting = [
            (node, scope)
            for scope in self.code.scopes.values()
            for node in scope.nodes
            if isinstance(node, ast.Name | ast.Attribute | ast.Call)
        ]
        for _ in range(ROUNDS):
            self._round += 1
            self._learned = False
            for node, scope in waiting:
                self.values(node, scope)
            waiting = [
                (node, scope) for node, scope in waiting if self._seen[id(node), scope.id] != FINAL
            ]
            if not self._learned:
                break
        done = not self._learned
        self._seen = dict.fromkeys(self._known, FINAL)
        return done

    def _note_assigned(self, scope: Scope) -> None:
        """What a method puts under names of its object."""
        owner = scope.of_class()
        if owner is None or not scope.parameters:
            return
        for node in (one for one in scope.nodes if isinstance(one, ast.Assign)):
            for place in node.targets:
                target = place.value if isinstance(place, ast.Subscript) else place
                if (
                    isinstance(target, ast.Attribute)
                    and isinstance(target.value, ast.Name)
                    and target.value.id == scope.parameters[0]
                ):
                    self.assigned[owner.id, target.attr].append(Put(node.value, scope))

    def _note_calls(self, scope: Scope) -> None:
        called = {id(node.func): node for node in scope.nodes if isinstance(node, ast.Call)}
        for node in scope.nodes:
            if not isinstance(node, ast.Name | ast.Attribute):
                continue
            refs = [one.id for one in self.direct(node, scope) if isinstance(one, Ref)]
            call = called.get(id(node))
            if call is None:
                self.open.update(refs)
                continue
            for id_ in refs:
                self.sites[id_].append(Site(call, scope))
            if not refs and isinstance(node, ast.Attribute):
                self.by_attribute[node.attr].append(Site(call, scope))
        if scope.definition is not None and scope.definition.decorator_list:
            self.open.add(scope.id)

    # --- values

    def values(self, node: ast.expr, scope: Scope) -> Values:
        """Whatever an expression may stand for."""
        return self._remembered((id(node), scope.id), lambda: self._values(node, scope))

    def _remembered(self, key: Key, work_out: Callable[[], Iterator[Value]]) -> Values:
        """What is known under a key; in a circle it is worked out anew in each round."""
        seen = self._seen.get(key, 0)
        if seen == FINAL:
            return self._known[key]
        if seen == self._round or key in self._running or len(self._running) > DEEPEST:
            self._cut = True
            return self._known.get(key, NONE)
        self._running.add(key)
        before, outer = self._known.get(key, NONE), self._cut
        self._cut = False
        found = fewer(before.union(work_out()))
        self._running.discard(key)
        self._known[key] = found
        self._learned = self._learned or (self._cut and found != before)
        self._seen[key] = self._round if self._cut else FINAL
        self._cut = self._cut or outer
        return found

    def _values(self, node: ast.expr, scope: Scope) -> Iterator[Value]:
        match node:
            case ast.Name(id=name):
                yield from self.name(name, scope)
            case ast.Attribute(value=base, attr=attr):
                for value in self.values(base, scope):
                    yield from self.member(value, attr)
            case ast.Call():
                yield from self.call(node, scope)
            case ast.Subscript(value=base, slice=place):
                yield from (looked(value, place) for value in self.values(base, scope))
            case ast.Lambda():
                yield Inline(scope.id)
            case ast.Constant(value=value):
                yield Plain(value if isinstance(value, str) else None)
            case _:
                yield from self._made(node, scope)

    def _made(self, node: ast.expr, scope: Scope) -> Iterator[Value]:
        """What an expression is put together from; two texts make a text nobody knows."""
        inner = list(parts(node))
        is_sum = isinstance(node, ast.BinOp)
        for part in inner:
            for value in self.values(part, scope):
                yield Plain() if is_sum and isinstance(value, Plain) else value
        if not inner:
            yield Plain()

    def name(self, name: str, scope: Scope) -> Iterator[Value]:
        found = self.bindings(name, scope)
        if found is None:
            yield from self._unbound(name, scope)
            return
        for binding in found[0]:
            yield from self.bound(binding, name, found[1])

    def _unbound(self, name: str, scope: Scope) -> Iterator[Value]:
        body = self.code.modules[scope.module]
        starred = [
            one
            for binding in body.names.get("*", ())
            for module in self.code.named(binding.name.removesuffix(".*"))
            for one in self.member(Module(module), name)
        ]
        known: Literal["builtin", "unknown"] = "builtin" if name in BUILTINS else "unknown"
        yield from starred or [Chain(known, (name,))]

    def bound(self, binding: Binding, name: str, scope: Scope) -> Iterator[Value]:
        """What one binding of a name stands for."""
        match binding.how:
            case "scope":
                yield Ref(binding.name)
            case "import":
                for value in self.imported(binding.name):
                    yield from self._again(value)
            case "parameter":
                yield from self.parameter(name, scope)
            case "value" | "each" if binding.expr is not None:
                stands = self.code.scopes[binding.scope] if binding.scope else scope
                yield from self._part(binding.expr, binding.steps, stands)
            case _:
                yield Chain("unknown", (name,))

    def _again(self, value: Value) -> Iterator[Value]:
        """An import of a module's name that stands for something is that something."""
        if isinstance(value, Chain) and value.root == "import":
            module, name = ".".join(value.steps[:-1]), value.steps[-1]
            if module in self.code.modules:
                yield from self.member(Module(module), name)
                return
        yield value

    def _part(self, expr: ast.expr, steps: tuple[int, ...], scope: Scope) -> Iterator[Value]:
        while steps and isinstance(expr, ast.Tuple | ast.List) and steps[0] < len(expr.elts):
            expr, steps = expr.elts[steps[0]], steps[1:]
        yield from self.values(expr, scope)

    # --- parameters

    def parameter(self, name: str, scope: Scope) -> Values:
        """What the calls of a function hand over, and the name itself where others call it too."""
        return self._remembered((name, scope.id), lambda: self._parameter(name, scope))

    def _parameter(self, name: str, scope: Scope) -> Iterator[Value]:
        owner = scope.of_class()
        if owner is not None and name in scope.parameters[:1] and not is_static(scope):
            yield Instance(owner.id)
            return
        plain = is_plain_parameter(name, scope)
        if plain:
            yield Plain()
        sites = [*self.sites[scope.id], *self._constructed(scope, owner)]
        too_many = len(sites) > MOST_SITES
        unseen = not sites or too_many or scope.id in self.open or name not in scope.parameters
        for site in () if too_many else sites:
            given = argument(name, scope, site)
            unseen = unseen or given is None
            for expr in given or ():
                yield from self.values(expr, site.scope)
        if unseen and not plain:
            yield Chain("parameter", (name,))

    def _constructed(self, scope: Scope, owner: Scope | None) -> list[Site]:
        """Calls of a method through an object, and of a class for its `__init__`."""
        if owner is None:
            return []
        short = scope.name.rpartition(".")[2]
        through = self.by_attribute.get(short, [])
        return [*through, *(self.sites[owner.id] if short == "__init__" else [])]

    # --- members and calls

    def member(self, value: Value, name: str) -> Iterator[Value]:
        """What `value.name` stands for."""
        match value:
            case Chain():
                yield longer(value, name)
            case Plain() | Inline():
                yield Plain()
            case Module(module=module):
                yield from self._of_module(module, name)
            case Ref(id=id_) | Instance(id=id_):
                yield from self._of_class(value, id_, name)

    def _of_module(self, module: str, name: str) -> Iterator[Value]:
        found = list(self._outright(Module(module), name))
        body = self.code.modules[module]
        if not found:
            for binding in body.names.get(name, ()):
                found.extend(self.bound(binding, name, body))
        yield from found or [Chain("import", (*module.split("."), name)[-LONGEST:])]

    def _of_class(self, value: Value, id_: str, name: str) -> Iterator[Value]:
        methods = list(self.method(id_, name))
        scope = self.code.scopes[id_]
        if methods or scope.kind != "class":
            yield from methods or [Plain()]
            return
        found: list[Value] = []
        for one in (scope, *(self.code.scopes[above] for above in self.above(scope))):
            for binding in one.names.get(name, ()) if one.kind == "class" else ():
                found.extend(self.bound(binding, name, one))
            if isinstance(value, Instance):
                found.extend((*self._assigned(one, name), *self._filled(one, name)))
        yield from found or self._inherited(scope, name, made=isinstance(value, Instance))

    def _inherited(self, scope: Scope, name: str, *, made: bool) -> Iterator[Value]:
        """A name that a class has from a class outside of the tree, or from nobody we see."""
        last = scope.name.rpartition(".")[2]
        strangers = [one for one in self.strangers(scope) if one.steps[0] not in STDLIB]
        for one in strangers:
            yield Chain("import", (*one.steps, last, name)[-LONGEST:])
        if made and not strangers:
            yield Chain("unknown", ("self", name))

    def strangers(self, scope: Scope) -> Iterator[Chain]:
        """The classes from outside of the tree that a class inherits from, itself or above."""
        for one in (scope, *(self.code.scopes[above] for above in self.above(scope))):
            if isinstance(one.definition, ast.ClassDef) and one.parent is not None:
                for base in one.definition.bases:
                    found = self.values(base, one.parent)
                    yield from (v for v in found if isinstance(v, Chain) and v.root == "import")

    def _assigned(self, owner: Scope, name: str) -> Iterator[Value]:
        """What methods of a class put under a name of the object."""
        for one in self.assigned.get((owner.id, name), ()):
            yield from self.values(one.expr, one.scope)

    def _filled(self, owner: Scope, name: str) -> Iterator[Value]:
        """What constructions of a class give for a field of that name."""
        if not isinstance(owner.definition, ast.ClassDef):
            return
        fields = [
            one.target.id
            for one in owner.definition.body
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        ]
        for site in self.sites[owner.id] if name in fields else ():
            call, place = site.call, fields.index(name)
            named = [one.value for one in call.keywords if one.arg == name]
            for expr in named or call.args[place : place + 1]:
                yield from self.values(expr, site.scope)

    def call(self, node: ast.Call, scope: Scope) -> Iterator[Value]:
        """What a call hands back."""
        for value in self.values(node.func, scope):
            yield from self._called(value, node, scope)
        if isinstance(node.func, ast.Attribute) and node.func.attr in CONTAINERS:
            inside = self.values(node.func.value, scope)
            yield from (one for one in inside if isinstance(one, Ref | Instance | Module | Inline))

    def _called(self, value: Value, node: ast.Call, scope: Scope) -> Iterator[Value]:
        match value:
            case Ref(id=id_) if self.code.scopes[id_].kind == "class":
                yield Instance(id_)
            case Ref(id=id_):
                of = self.code.scopes[id_]
                for expr in of.returns:
                    yield from self.values(expr, of)
            case Chain(root="builtin", steps=("getattr",)):
                yield from self._getattr(node, scope)
            case Chain(root=root, steps=steps):
                yield from self._handed(node, scope, all_=root == "builtin")
                if root != "builtin":
                    yield Chain(root, (*steps[:-1], steps[-1].removesuffix(CALLED) + CALLED))
            case Plain() | Inline():
                yield Plain()

    def _handed(self, node: ast.Call, scope: Scope, *, all_: bool) -> Iterator[Value]:
        """What goes into a function that nobody sees and may come out of it again."""
        for given in (*node.args, *(one.value for one in node.keywords)):
            for value in self.values(given, scope):
                if all_ or isinstance(value, Ref | Module | Inline):
                    yield value
        if all_:
            yield Plain()

    def _getattr(self, node: ast.Call, scope: Scope) -> Iterator[Value]:
        if len(node.args) < 2:
            yield Chain("unknown", (ANY,))
            return
        names = self.texts(node.args[1], scope)
        for value in self.values(node.args[0], scope):
            for name in names or (ANY,):
                if name == ANY and isinstance(value, Module):
                    for one in self.code.within(value.module):
                        yield from self._scope(one.id)
                yield from self.member(value, name)

    def texts(self, node: ast.expr, scope: Scope) -> tuple[str, ...]:
        """The texts that an expression can be; none where it can be anything else too."""
        found = self.values(node, scope)
        texts = tuple(sorted(v.text for v in found if isinstance(v, Plain) and v.text is not None))
        return texts if len(texts) == len(found) else ()
