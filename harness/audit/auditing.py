"""Auditing: who owns every function that writes, of the control or of a foreign tree."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from harness.audit.acknowledged import Acknowledgement, weighed
from harness.audit.audit import Audit, Writer
from harness.audit.code import Code, Text, read_code
from harness.audit.declared import Declaration, mismatches, said, touched
from harness.audit.described import Description, calls_of
from harness.audit.held import Held
from harness.audit.inventory import Inventory
from harness.audit.items import Item, Items
from harness.audit.reach import WHOLE, Reach, reach
from harness.audit.roots import handlers_of
from harness.audit.seen import Seen, seen
from harness.audit.surface import NAME, Foreign, read_acknowledged
from harness.audit.tree import Tree, read_tree
from harness.compose import Composition
from harness.text import shown_path

ENTANGLED: Final = Item(
    kind="dispatch",
    where="(tree)",
    what="what its names stand for goes round in circles, and was not followed to an end",
)


# --- the configured control


def audit_control(composition: Composition, *, today: date) -> Audit:
    """Audit the control that the configuration names: its code, and a replay of it alone.

    Raises:
        InputError: something that it is made of cannot be used.
    """
    setup = composition.setup()
    replayed = seen(setup, composition.loaded.scenarios)
    signed = read_acknowledged(composition.config.scenarios / NAME, composition.policy.approvers)
    engine, package = composition.control.engine, composition.control_package
    if composition.recording is not None:
        return finished(
            Audit(tree=package, recorded=True, seen=replayed), seen_items(replayed), signed, today
        )
    paths = engine.paths
    triggers: dict[str, bool] = {
        **dict.fromkeys(setup.candidate.engine.handlers, False),
        **{name: False for name, act in composition.kit.acts.items() if act.engine},
        **{one.name: False for one in replayed.unheard},
        **dict.fromkeys(paths, True),
        **{name: bool(listed) for name, listed in engine.handlers.items()},
    }
    description = Description(calls=calls_of(composition.kit), triggers=triggers)
    handlers = handlers_of(engine.handlers, {path: one.module for path, one in paths.items()})
    tree = own_tree(composition)
    return examined(
        package,
        tree,
        description,
        handlers=handlers,
        declared={
            path: Declaration(reads=said(one.reads), writes=said(one.writes))
            for path, one in paths.items()
        },
        signed=signed,
        today=today,
        replayed=replayed,
        more=(*_misregistered(engine), *_taken_whole(handlers)),
    )


def own_tree(composition: Composition) -> Tree:
    """The folder of the control's package with every file in it, loaded as a module or not."""
    module = composition.config.control.partition(":")[0]
    package = module.rpartition(".")[0] or module
    file = Path(str(composition.control.modules[module].__file__)).resolve()
    is_package = hasattr(composition.control.modules[module], "__path__")
    if package == module and not is_package:  # an engine that is one file
        text = importlib.util.decode_source(file.read_bytes())
        return Tree(texts=[Text(name=module, file=shown_path(file), text=text)], files=1)
    folder = file.parent
    tree = read_tree(folder, package=package)
    where = shown_path(folder)
    tree.texts = [dataclasses.replace(one, file=f"{where}/{one.file}") for one in tree.texts]
    return tree


def _misregistered(engine: Any) -> Iterator[Item]:
    """Handlers and paths that do not know of one another."""
    for trigger, listed in sorted(engine.handlers.items()):
        for handler in listed:
            path = engine.paths.get(handler.path)
            if path is None:
                what = f"is called for {trigger}, and is no path of the control"
                yield Item(kind="handler", where=handler.path, what=what)
            elif trigger not in path.triggers:
                what = f"is called for {trigger}, which it does not declare"
                yield Item(kind="handler", where=handler.path, what=what)
    for path in engine.paths.values():
        for trigger in path.triggers:
            called = [one.path for one in engine.handlers.get(trigger, ())]
            if path.id not in called:
                what = f"declares {trigger}, and is not called for it"
                yield Item(kind="handler", where=path.id, what=what)


def _taken_whole(handlers: Mapping[str, Sequence[str]]) -> Iterator[Item]:
    """Paths of which nobody can tell what function is called: they own more than they may."""
    for path, ids in handlers.items():
        for id_ in ids:
            module, _, name = id_.partition(":")
            if name == WHOLE:
                what = f"its handler is no function that can be told, so it owns all of {module}"
                yield Item(kind="handler", where=path, what=what)


def seen_items(replayed: Seen) -> tuple[Item, ...]:
    """What a replay showed that needs a person."""
    unheard = (
        Item(
            kind="trigger",
            where=one.name,
            what="no path handles it",
            at=one.scenarios,
        )
        for one in replayed.unheard
    )
    return (*unheard, *replayed.changes)


# --- a foreign tree


def audit_tree(folder: Path, foreign: Foreign, *, today: date) -> Audit:
    """Audit a folder; nothing in it is imported or run.

    Raises:
        InputError: it is no folder, or has too many files.
    """
    tree = read_tree(folder, package=foreign.package, left_out=foreign.left_out)
    return examined(
        shown_path(folder),
        tree,
        foreign.description,
        handlers=foreign.handlers,
        declared=foreign.declared,
        signed=foreign.acknowledged,
        today=today,
    )


# --- either


def examined(
    name: str,
    tree: Tree,
    description: Description,
    *,
    handlers: Mapping[str, Sequence[str]],
    declared: Mapping[str, Declaration],
    signed: Sequence[Acknowledgement],
    today: date,
    replayed: Seen | None = None,
    more: Sequence[Item] = (),
) -> Audit:
    """Audit a tree that was read.

    Args:
        name: what messages call it.
        tree: its files.
        description: what a write is.
        handlers: path → functions that its triggers call.
        declared: path → what it says that it touches.
        signed: what people acknowledge.
        today: the day that their statements are held against.
        replayed: what a replay showed.
        more: items that were found elsewhere.
    """
    code = read_code(tree.texts)
    entries = {id_ for ids in handlers.values() for id_ in ids}
    whole = {one.partition(":")[0] for one in entries if one.endswith(f":{WHOLE}")}
    entries.update(one.id for module in whole for one in code.within(module))
    held = Held(code, entries)
    inventory = Inventory(code, held, description)
    found = reach(inventory, handlers)
    writers = tuple(_writers(inventory, found))
    wrote = replayed.wrote if replayed is not None else {}
    functions = [one for one in code.scopes.values() if one.kind == "function"]
    idle = [
        one
        for one in functions
        if not found.owned(one.id) and not inventory.entries[one.id].writes
    ]
    audit = Audit(
        tree=name,
        described=description.calls is not None,
        modules=len(code.modules),
        functions=len(functions),
        idle=len(idle),
        writers=writers,
        mismatches=tuple(
            mismatch
            for path, says in declared.items()
            for mismatch in mismatches(
                path,
                says,
                touched(inventory, found, path) if description.calls is not None else None,
                wrote.get(path, frozenset()) if replayed is not None else None,
            )
        ),
        undeclared=tuple(path for path, says in declared.items() if says.writes is None),
        seen=replayed,
        passed=dict(sorted(tree.passed.items())),
    )
    items = (
        *map(_unowned, (one for one in writers if not one.owners)),
        *Items(inventory, found).found,
        *more,
        *_lost(found),
        *([] if held.settled else [ENTANGLED]),
        *(seen_items(replayed) if replayed is not None else ()),
        *_unread(tree, code),
    )
    return finished(audit, items, signed, today)


def finished(
    audit: Audit, items: Sequence[Item], signed: Sequence[Acknowledgement], today: date
) -> Audit:
    """The audit with its items, and what people say of them."""
    waiting = [item for item in items if not item.settled]
    good, faults = weighed(waiting, signed, today)
    return dataclasses.replace(audit, items=tuple(items), acknowledged=good, faults=faults)


def _writers(inventory: Inventory, found: Reach) -> Iterator[Writer]:
    for id_, entry in sorted(inventory.entries.items()):
        touches = [one for one in entry.touches if one.call.changes]
        if touches:
            yield Writer(
                id=id_,
                at=f"{entry.scope.file}:{touches[0].line}",
                calls=tuple(sorted({one.call.name for one in touches})),
                stores=tuple(sorted({store for one in touches for store in one.call.writes})),
                owners=tuple(sorted(found.owners.get(id_, ()))),
            )


def _unowned(writer: Writer) -> Item:
    stores = ", ".join(writer.stores) or "outside"
    what = f"writes {stores}, and no path reaches it"
    return Item(kind="writer", where=writer.id, what=what, at=(writer.at,))


def _lost(found: Reach) -> Iterator[Item]:
    for path, ids in sorted(found.lost.items()):
        for id_ in ids:
            what = f"is called through {id_}, which no source has"
            yield Item(kind="handler", where=path, what=what)


def _unread(tree: Tree, code: Code) -> Iterator[Item]:
    for at, why in sorted(code.unparsed.items()):
        file = at.rpartition(":")[0]
        yield Item(kind="file-unparsed", where=file, what=f"no Python: {why}", at=(at,))
    for file, why in sorted(tree.unread.items()):
        yield Item(kind="file-unread", where=file, what=why, at=(file,))
    for suffix, files in sorted(tree.foreign.items()):
        count = f"{len(files)} file{'' if len(files) == 1 else 's'}"
        what = f"{count} in a language that is not understood"
        yield Item(kind="not-understood", where=suffix, what=what, at=tuple(files))
    for at, text in sorted(tree.schedules.items()):
        file = at.rpartition(":")[0]
        yield Item(kind="schedule", where=file, what=f"runs something at {text!r}", at=(at,))
