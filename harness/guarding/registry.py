"""Rows of tables in code that a range takes out, points elsewhere, wraps or filters."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from harness.guarding.gutting import gutted, of_lambda
from harness.guarding.live import FUNCTIONS
from harness.guarding.loss import Kind, Loss
from harness.guarding.package import Package, symbol_at
from harness.guarding.reach import references
from harness.guarding.rows import Row, filters, holders, rows, triggers
from harness.guarding.symbols import Module, Symbol, shown

_CODE: Final = (*FUNCTIONS, ast.ClassDef)


def lost_rows(package: Package, before: Module, after: Module) -> Iterator[Loss]:
    """What of the tables of one module is lost.

    Args:
        package: the control at the base.
        before: one of its modules.
        after: the same module at the head.
    """
    for name, old in before.symbols.items():
        new = after.symbols.get(name)
        if old.value is None or new is None or new.value is None:
            continue
        pair = _Table(package, before, after, old, new, old.value, new.value)
        seen = [*pair.losses()]
        yield from seen
        yield from pair.wrapped({loss.symbol for loss in seen})
        yield from pair.of_whole()


class _Table(NamedTuple):
    """One table at both ends."""

    package: Package
    before: Module
    after: Module
    old: Symbol
    new: Symbol
    was: ast.expr
    now: ast.expr

    def losses(self) -> Iterator[Loss]:
        """Row by row, the innermost ones; what goes with the row around it is left out."""
        there = {row.name: row for row in rows(self.old.name, self.was)}
        here = {row.name: row for row in rows(self.new.name, self.now)}
        gone = _gone(there, here, self.was, self.now)
        for name, row in there.items():
            if any(name != other and name.startswith(f"{other}[") for other in gone):
                continue
            if name in gone:
                yield self.loss(Kind.REMOVED, "row", row, row.node.lineno, "the row is gone")
            elif name in here and not any(other.startswith(f"{name}[") for other in there):
                now = here[name].node
                for rule, said in _changed(self.package, self.before, row.node, now):
                    yield self.loss(Kind.UNREACHABLE, rule, row, now.lineno, said)

    def wrapped(self, seen: set[str]) -> Iterator[Loss]:
        """Handlers of the table around which something stands now, in whatever row."""
        for rule, said in _changed(self.package, self.before, self.was, self.now):
            row = Row(name=self.old.name, keys=(), node=self.was)
            if rule == "wrapped" and not seen:
                yield self.loss(Kind.UNREACHABLE, rule, row, self.new.line, said)

    def of_whole(self) -> Iterator[Loss]:
        """What leaves rows out without naming them."""
        added = filters(self.now) - filters(self.was)
        row = Row(name=self.old.name, keys=(), node=self.was)
        if added:
            said = f"leaves out what is not `{min(added)}`"
            yield self.loss(Kind.UNREACHABLE, "filtered", row, self.new.line, said)
        elif _is_empty(self.now) and not _is_empty(self.was) and not any(rows("", self.was)):
            said = f"is `{shown(self.now)}`, and was not empty"
            yield self.loss(Kind.UNREACHABLE, "emptied", row, self.new.line, said)

    def loss(self, kind: Kind, rule: str, row: Row, line: int, said: str) -> Loss:
        return Loss(
            kind=kind, rule=rule, module=self.before.name, symbol=row.name,
            file=self.after.file, line=line, said=said, words=row.keys,
        )  # fmt: skip


def _gone(
    there: Mapping[str, Row], here: Mapping[str, Row], old: ast.expr, new: ast.expr
) -> frozenset[str]:
    """Rows that are no longer there; of a plain list only as many as it became shorter by.

    An item of a list has no name, so an item that was corrected is told from one that was taken
    out by the length of the list alone.
    """
    missing = [name for name in there if name not in here]
    if isinstance(old, ast.List | ast.Tuple | ast.Set) and isinstance(new, type(old)):
        return frozenset(missing[: max(0, len(old.elts) - len(new.elts))])
    return frozenset(missing)


def _changed(
    package: Package, module: Module, old: ast.expr, new: ast.expr
) -> Iterator[tuple[str, str]]:
    lost = sorted(triggers(old) - triggers(new))
    if _is_empty(new) and not _is_empty(old):
        yield "emptied", f"the row is `{shown(new)}`"
    elif isinstance(old, ast.Lambda) and isinstance(new, ast.Lambda):
        seen = gutted(of_lambda(old, module.flags), of_lambda(new, module.flags))
        if seen is not None:
            yield seen[0], f"the row's handler {seen[1]}"
    elif lost:
        yield "trigger", f"the row no longer names `{lost[0]}`"
    before, after = holders(old), holders(new)
    for name in sorted(before):
        if not _is_code(package, module, name):
            continue
        if name not in after:
            yield "repointed", f"the row no longer names `{name}`"
        elif added := sorted(after[name] - before[name]):
            around = added[0][-1] if added[0] else "nothing"
            yield "wrapped", f"`{name}` stands inside `{around}`, and did not"


def _is_code(package: Package, module: Module, name: str) -> bool:
    """Whether a name in a row is a function or a class of the control."""
    node = ast.parse(name, mode="eval").body
    for place in references(package, module, ast.walk(node)):
        symbol = symbol_at(package, place)
        if symbol is not None and isinstance(symbol.node, _CODE):
            return True
    return False


def _is_empty(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=held):
            return held in (None, "", b"")
        case ast.Dict(keys=[]) | ast.List(elts=[]) | ast.Tuple(elts=[]):
            return True
        case ast.Call(args=[], keywords=[]):
            return True
        case ast.Call(args=[only], keywords=[]):
            return not isinstance(only, ast.Constant) and _is_empty(only)
    return False
