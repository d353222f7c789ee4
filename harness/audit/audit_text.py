"""The audit as people and as machines read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import RenderableType

from harness.audit.audit import Audit
from harness.audit.items import Item
from harness.report.terminal import Look, blank, grid, heading, printed, words

SCHEMA: Final = "shadow.audit/1"
FEW: Final = 3
"""Places of one thing that are shown before the rest is counted."""

SETTLED_BY_CODE: Final = frozenset({"dispatch", "registration", "table", "schedule"})
"""Kinds of items that the code itself can settle, by what they mean."""

TITLES: Final[Mapping[str, str]] = {
    "writer": "Writers no path owns",
    "dispatch": "Calls nobody can tell",
    "registration": "Registrations",
    "table": "Tables",
    "schedule": "Schedules",
    "handler": "Handlers and paths that do not agree",
    "trigger": "Triggers no path handles",
    "change": "Changes nobody's writes explain",
    "file-unparsed": "Files that are no Python",
    "file-unread": "Files that cannot be read",
    "not-understood": "Languages that are not understood",
}
"""Kind of an item → its heading, in the order in which they are shown."""


def audit_text(audit: Audit, *, again: str, look: Look | None = None) -> str:
    """What needs somebody first, what was signed for, and the figures.

    Args:
        audit: what was found.
        again: the command that makes this audit.
        look: width and colour.
    """
    parts: list[RenderableType] = []
    for kind, title in TITLES.items():
        mine = [item for item in audit.open if item.kind == kind]
        if mine:
            rows = [(item.where, item.what, _places(item, audit)) for item in mine]
            parts.extend((heading(f"{title}: {len(mine)}"), grid(rows), blank()))
    parts.extend(_faults(audit))
    parts.append(heading(_verdict(audit)))
    parts.append(grid(_figures(audit)))
    parts.extend((blank(), words(f"Next: {_next(audit, again)}")))
    return printed(look or Look(), parts)


def _faults(audit: Audit) -> Iterator[RenderableType]:
    """Declarations and statements that do not hold, and scenarios that failed."""
    told = (
        ("Declarations that are not so", [(one.path, one.detail) for one in audit.mismatches]),
        ("Acknowledgements that do not hold", [(one.at, one.detail) for one in audit.faults]),
        ("Scenarios that could not be replayed", list(audit.failed.items())),
    )
    for title, rows in told:
        if rows:
            yield from (heading(f"{title}: {len(rows)}"), grid(rows), blank())


def _places(item: Item, audit: Audit) -> str:
    if item.kind == "trigger" and audit.seen is not None:
        one = next(each for each in audit.seen.unheard if each.name == item.where)
        also = ", the candidate handles it" if one.candidate else ""
        where = f"in {counted(len(one.scenarios), 'scenario')}"
        return f"{counted(one.times, 'time')} {where}{also}"
    rest = len(item.at) - FEW
    return ", ".join(item.at[:FEW]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, word: str) -> str:
    """`1 scenario`, `2 scenarios`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def _verdict(audit: Audit) -> str:
    if audit.recorded:
        return f"Audit of {audit.tree}: the control is a recording, no code of it is left to read"
    if audit.empty:
        return f"Audit of {audit.tree}: no function was found"
    if audit.findings:
        return f"Audit of {audit.tree}: {counted(audit.findings, 'finding')}"
    return f"Audit of {audit.tree}: everything is owned or acknowledged"


def _figures(audit: Audit) -> Iterator[tuple[str, str]]:
    owned = sum(bool(one.owners) for one in audit.writers)
    yield "code", f"{counted(audit.modules, 'module')}, {counted(audit.functions, 'function')}"
    yield "writers", f"{owned} of {len(audit.writers)} are owned by a path"
    if not audit.described:
        yield "", "nobody says what a write is: every call of what is handed in counts as one"
    yield "idle", f"{audit.idle} functions write nothing, and no path reaches them"
    hides = [item for item in audit.items if item.kind in SETTLED_BY_CODE]
    settled = sum(bool(item.settled) for item in hides)
    yield "settled", f"{settled} of {len(hides)} places where a handler may hide mean only paths"
    yield "signed for", f"{len(audit.acknowledged)} that no code can settle"
    if audit.undeclared:
        yield "undeclared", f"{len(audit.undeclared)} paths say nothing of the stores they touch"
    if audit.seen is not None:
        yield (
            "replayed",
            f"{audit.seen.scenarios} scenarios, {len(audit.seen.heard)} triggers handled",
        )
    else:
        yield "replayed", "nothing: no scenario belongs to this tree"
    for what, count in audit.passed.items():
        yield "left out", what if count == 1 else f"{what}, {count} times"


def _next(audit: Audit, again: str) -> str:
    return "shadow gate" if not audit.findings and again == "shadow audit" else again


def audit_json(audit: Audit) -> dict[str, Any]:
    """The audit as `shadow.audit/1`."""
    return {
        "schema": SCHEMA,
        "tree": audit.tree,
        "recorded": audit.recorded,
        "described": audit.described,
        "clean": not audit.findings and not audit.empty,
        "modules": audit.modules,
        "functions": audit.functions,
        "idle": audit.idle,
        "findings": audit.findings,
        "writers": [
            {
                "id": one.id,
                "at": one.at,
                "calls": list(one.calls),
                "stores": list(one.stores),
                "owners": list(one.owners),
            }
            for one in audit.writers
        ],
        "items": [_item(item, audit) for item in audit.items],
        "declarations": [
            {"kind": one.kind, "path": one.path, "store": one.store, "detail": one.detail}
            for one in audit.mismatches
        ],
        "acknowledgements": [
            {"kind": one.kind, "about": one.about, "detail": one.detail, "at": one.at}
            for one in audit.faults
        ],
        "undeclared": list(audit.undeclared),
        "left_out": dict(audit.passed),
        "replayed": None if audit.seen is None else _seen(audit),
    }


def _item(item: Item, audit: Audit) -> dict[str, Any]:
    signed = audit.acknowledged.get(item)
    state = "settled" if item.settled else "acknowledged" if signed is not None else "open"
    return {
        "kind": item.kind,
        "where": item.where,
        "what": item.what,
        "at": list(item.at),
        "means": list(item.means),
        "state": state,
        "settled": item.settled,
        "acknowledged": None
        if signed is None
        else {
            "reason": signed.reason,
            "approver": signed.approver,
            "expires": signed.expires.isoformat(),
            "at": signed.at,
        },
    }


def _seen(audit: Audit) -> dict[str, Any] | None:
    seen = audit.seen
    if seen is None:
        return None
    return {
        "scenarios": seen.scenarios,
        "failed": dict(seen.failed),
        "wrote": {path: sorted(stores) for path, stores in seen.wrote.items()},
        "handled": dict(seen.heard),
        "unhandled": {
            one.name: {
                "times": one.times,
                "scenarios": list(one.scenarios),
                "candidate": one.candidate,
            }
            for one in seen.unheard
        },
    }
