"""Two states of the control's package compared, symbol by symbol: what is lost, what only changed.

Pure: two packages in, losses and notes out. Who may lose what is decided elsewhere.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from harness.guarding.data_rows import lost_data
from harness.guarding.gutting import Code, gutted, of_lambda
from harness.guarding.live import FUNCTIONS
from harness.guarding.loss import Kind, Loss, Note
from harness.guarding.package import Package, Place
from harness.guarding.reach import reached
from harness.guarding.registry import lost_rows
from harness.guarding.rewiring import rewired
from harness.guarding.shadowing import shadows, stars
from harness.guarding.symbols import Module, Symbol, shown
from harness.guarding.whereabouts import Whereabouts
from harness.reason import some

COMPILED: Final = (".so", ".pyd", ".pyc")
"""Files that Python may import in place of a module of that name."""


@dataclass(frozen=True)
class Comparison:
    """The control at the base and at the head.

    Attributes:
        before, after: the package; at the head under the same name, whatever is configured there.
        registry: the engine's name at the base.
        elsewhere: path → content of Python files outside the package, where code may have gone.
        cleared: symbols that may go, so that what only they got to is no loss of its own.
    """

    before: Package
    after: Package
    registry: Place
    elsewhere: Mapping[str, bytes]
    cleared: frozenset[Place] = frozenset()

    @cached_property
    def whereabouts(self) -> Whereabouts:
        return Whereabouts(self.after, self.elsewhere)

    def losses(self) -> tuple[Loss, ...]:
        """Everything that is lost, each symbol once, by file and line."""
        found = [loss for rule in RULES for loss in rule(self)]
        first: dict[tuple[str, str], Loss] = {}
        for loss in found:
            first.setdefault((loss.module, loss.symbol), loss)
        whole = {loss.module for loss in first.values() if not loss.symbol}
        kept = [loss for loss in first.values() if not loss.symbol or loss.module not in whole]
        return tuple(sorted(kept, key=lambda one: (one.file, one.line, one.symbol)))

    def notes(self, losses: Iterable[Loss]) -> tuple[Note, ...]:
        """Symbols that changed or came, and are not lost."""
        lost = {(loss.module, loss.symbol.partition("[")[0]) for loss in losses}
        gone = {loss.module for loss in losses if not loss.symbol}
        found = [
            note
            for name, module in sorted(self.after.modules.items())
            if name not in gone
            for note in _notes(self.before.modules.get(name), module)
        ]
        return tuple(one for one in found if _key(one) not in lost)

    def pairs(self) -> Iterator[tuple[Module, Module]]:
        """Modules that stand at both ends and can be read at both."""
        for name, module in self.before.modules.items():
            other = self.after.modules.get(name)
            if other is not None and other.tree is not None:
                yield module, other


def _key(note: Note) -> tuple[str, str]:
    module, _, symbol = note.name.partition(":")
    return module, symbol


def _notes(before: Module | None, after: Module) -> Iterator[Note]:
    for name, symbol in after.symbols.items():
        old = before.symbols.get(name) if before is not None else None
        said = "is new" if old is None else "changed" if _form(old) != _form(symbol) else ""
        if said and (before is not None or "." not in name):
            yield Note(name=f"{after.name}:{name}", file=after.file, line=symbol.line, said=said)


def _form(symbol: Symbol) -> str:
    """A symbol's code without positions; of a class what is not a symbol of its own."""
    node = symbol.node
    if isinstance(node, ast.ClassDef):
        parts = [*node.bases, *node.keywords, *node.decorator_list]
        return ast.dump(ast.Tuple(elts=parts))  # type: ignore[arg-type]  # only dumped
    return ast.dump(node)


# --- rules


def modules_gone(self: Comparison) -> Iterator[Loss]:
    """Files of the package that are gone, are no regular files any more, or no Python."""
    for name, module in sorted(self.before.modules.items()):
        other = self.after.modules.get(name)
        if other is not None and other.tree is not None:
            continue
        parts = tuple(module.symbols)
        away = self.whereabouts.of_module(module)
        if other is not None:
            kind, said = Kind.GUTTED, "is no Python any more"
        elif away:
            kind, said = Kind.MOVED, f"stands in {away} now"
        else:
            kind, said = Kind.REMOVED, "is gone"
        told = f", with {some(parts)}" if parts else ""
        yield Loss(
            kind=kind, rule="module", module=name, symbol="", file=module.file, line=1,
            said=f"{said}{told}", parts=parts,
        )  # fmt: skip


def names_gone(self: Comparison) -> Iterator[Loss]:
    """Names that a module bound and no longer binds."""
    for before, after in self.pairs():
        gone = [name for name in before.symbols if name not in after.symbols]
        for name in gone:
            owner = name.rpartition(".")[0]
            if owner in gone:
                continue  # it goes with its class
            symbol = before.symbols[name]
            away = self.whereabouts.of_symbol(before, symbol)
            parts = tuple(one for one in gone if one.startswith(f"{name}."))
            yield _loss(
                Kind.MOVED if away else Kind.REMOVED, "name", before, symbol,
                f"is {away} now" if away else f"is gone, a {symbol.kind}", parts=parts,
            )  # fmt: skip


def names_changed(self: Comparison) -> Iterator[Loss]:
    """Functions that were gutted, and names that stand for something else."""
    for before, after in self.pairs():
        for name, old in before.symbols.items():
            new = after.symbols.get(name)
            if new is None:
                continue
            for kind, rule, said in _changed(before, old, after, new):
                yield _loss(kind, rule, before, old, said, line=new.line, file=after.file)


def _changed(
    before: Module, old: Symbol, after: Module, new: Symbol
) -> Iterator[tuple[Kind, str, str]]:
    added = [test for test in new.under if test not in old.under]
    if added:
        yield Kind.UNREACHABLE, "conditional", f"stands behind `{added[0]}`"
    if old.kind != new.kind and not isinstance(new.node, FUNCTIONS):
        yield Kind.GUTTED, "replaced", f"was a {old.kind} and is `{shown(new.node)}`"
    elif new.times > old.times:
        yield Kind.GUTTED, "rebound", f"is bound {new.times} times, was {old.times}"
    codes = (_code(old, before), _code(new, after))
    if codes[0] is not None and codes[1] is not None:
        seen = gutted(codes[0], codes[1])
        if seen is not None:
            yield Kind.GUTTED, *seen
    if isinstance(old.node, ast.ClassDef) and isinstance(new.node, ast.ClassDef):
        lost = {*map(ast.unparse, old.node.bases)} - {*map(ast.unparse, new.node.bases)}
        if lost:
            yield Kind.GUTTED, "base-lost", f"no longer inherits from `{min(lost)}`"


def _code(symbol: Symbol, module: Module) -> Code | None:
    """The function that a symbol is; None where it is none."""
    if isinstance(symbol.node, FUNCTIONS):
        return Code(symbol.node, module.flags)
    return of_lambda(symbol.value, module.flags) if isinstance(symbol.value, ast.Lambda) else None


def names_shadowed(self: Comparison) -> Iterator[Loss]:
    """Names that something else binds behind their definition, or their import."""
    for before, after in self.pairs():
        there = {
            **dict.fromkeys(before.symbols),
            **dict.fromkeys(self.before.imports[before.name]),
        }
        for name, line in shadows(after).items():
            if name in there and name not in shadows(before):
                yield Loss(
                    kind=Kind.UNREACHABLE, rule="shadowed", module=before.name, symbol=name,
                    file=after.file, line=line, said="is bound to something else afterwards",
                )  # fmt: skip
        new = {one for one in stars(after, self.after) if one not in stars(before, self.before)}
        for text in sorted(new):
            yield Loss(
                kind=Kind.UNREACHABLE, rule="shadowed", module=before.name, symbol=text,
                file=after.file, line=1, said="may bind any name to something else",
            )  # fmt: skip


def modules_doubled(self: Comparison) -> Iterator[Loss]:
    """Modules of which another file has the name now: which of them is imported is not said."""
    there, here = (_files_by_name(one) for one in (self.before, self.after))
    for name, module in sorted(self.before.modules.items()):
        for file in sorted(here.get(name, set()) - there.get(name, set()) - {module.file}):
            if module.file in self.after.files:
                yield Loss(
                    kind=Kind.UNREACHABLE, rule="doubled", module=name, symbol="", file=file,
                    line=1, said=f"stands in {file} as well", parts=tuple(module.symbols),
                )  # fmt: skip


def _files_by_name(package: Package) -> Mapping[str, set[str]]:
    """Dotted name → files that it may be imported from, compiled ones as well."""
    found: dict[str, set[str]] = {}
    stems: dict[str, str] = {}
    for file, name in package.modules_of.items():
        found.setdefault(name, set()).add(file)
        stems[file.removesuffix(".py")] = name
    for file in package.data:
        folder, _, last = file.rpartition("/")
        name = stems.get(f"{folder}/{last.partition('.')[0]}", "")
        if name and file.endswith(COMPILED):
            found[name].add(file)
    return found


def rows_lost(self: Comparison) -> Iterator[Loss]:
    """Rows of tables in code that are gone, point elsewhere or are filtered."""
    for before, after in self.pairs():
        yield from lost_rows(self.before, before, after)


def out_of_reach(self: Comparison) -> Iterator[Loss]:
    """Modules and symbols that the registry got to and no longer gets to."""
    registry = self.registry
    there, here = (one.reached(registry.module) for one in (self.before, self.after))
    for name in sorted(there - here):
        module = self.before.modules[name]
        if name in self.after.modules:
            said = f"is no longer imported by {registry.module}, or by what it imports"
            yield Loss(
                kind=Kind.UNREACHABLE, rule="import", module=name, symbol="", file=module.file,
                line=1, said=said, parts=tuple(module.symbols),
            )  # fmt: skip
    was = reached(self.before, registry)
    if self.cleared:
        was = reached(self.before, registry, self.cleared) | (was & self.cleared)
    for place in sorted(was - reached(self.after, registry)):
        before, after = (one.modules.get(place.module) for one in (self.before, self.after))
        if before is None or after is None or place.module not in here:
            continue
        old, new = before.symbols.get(place.symbol), after.symbols.get(place.symbol)
        if old is not None and new is not None:
            said = f"is no longer reached from {registry.module}:{registry.symbol}"
            yield _loss(Kind.UNREACHABLE, "reference", before, old, said, line=new.line)


def rewiring(self: Comparison) -> Iterator[Loss]:
    """What importing did and no longer does, or undoes now."""
    for before, after in self.pairs():
        yield from rewired(before, after)
    for name, after in sorted(self.after.modules.items()):
        if name not in self.before.modules:
            nothing = replace(after, content=b"")
            yield from rewired(nothing, after)


def data_lost(self: Comparison) -> Iterator[Loss]:
    """Files that are no Python: gone, emptied, or with rows gone."""
    for file, content in sorted(self.before.data.items()):
        yield from lost_data(file, content, self.after.files.get(file))


RULES: Final[tuple[Callable[[Comparison], Iterable[Loss]], ...]] = (
    modules_gone, modules_doubled, names_gone, names_changed, names_shadowed, rows_lost, rewiring,
    out_of_reach, data_lost,
)  # fmt: skip
"""In this order: of a symbol that several see, the first says what happened."""


def _loss(
    kind: Kind,
    rule: str,
    module: Module,
    symbol: Symbol,
    said: str,
    *,
    line: int = 0,
    file: str = "",
    parts: tuple[str, ...] = (),
) -> Loss:
    return Loss(
        kind=kind, rule=rule, module=module.name, symbol=symbol.name, file=file or module.file,
        line=line or symbol.line, said=said, parts=parts,
    )  # fmt: skip
