"""What an audit found: writers, who owns them, and what is left to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.audit.acknowledged import Acknowledgement, Fault
from harness.audit.declared import Mismatch
from harness.audit.items import Item
from harness.audit.seen import Seen
from harness.errors import ExitCode
from harness.reason import Reason, some


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A function that writes to a store or asks something of the world outside.

    Attributes:
        id: `module:function`.
        at: `file:line` of its first such call.
        calls: what it calls.
        stores: what that writes.
        owners: paths that reach it.
    """

    id: str
    at: str
    calls: tuple[str, ...]
    stores: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """An audit of one tree.

    Attributes:
        tree: what was audited: a package, or a folder.
        recorded: whether the control is a recording, of which no code is left to look at.
        described: whether anybody says what a write is.
        modules, functions: how many were read.
        idle: functions that write nothing and no path reaches; harmless, and worth deleting.
        writers: all of them, by id.
        items: whatever may hide a handler, by kind and place.
        acknowledged: those that people signed for.
        faults: statements that do not hold.
        mismatches: declarations that are not so.
        undeclared: paths that declare nothing, so that nothing can be compared.
        seen: what a replay showed; None where nothing was replayed.
        passed: what was left out, with how often.
    """

    tree: str
    recorded: bool = False
    described: bool = True
    modules: int = 0
    functions: int = 0
    idle: int = 0
    writers: tuple[Writer, ...] = ()
    items: tuple[Item, ...] = ()
    acknowledged: Mapping[Item, Acknowledgement] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    undeclared: tuple[str, ...] = ()
    seen: Seen | None = None
    passed: Mapping[str, int] = field(default_factory=dict)

    @property
    def open(self) -> tuple[Item, ...]:
        """What needs a person, and no person has signed for."""
        return tuple(
            item for item in self.items if not item.settled and item not in self.acknowledged
        )

    @property
    def failed(self) -> Mapping[str, str]:
        """Scenarios that could not be replayed."""
        return self.seen.failed if self.seen is not None else {}

    @property
    def findings(self) -> int:
        """How many things keep the audit from being clean."""
        return len(self.open) + len(self.faults) + len(self.mismatches) + len(self.failed)

    @property
    def empty(self) -> bool:
        """Whether nothing was inventoried, which is no success."""
        return not self.functions

    @property
    def exit_code(self) -> ExitCode:
        if self.empty:
            return ExitCode.NOTHING
        return ExitCode.CLOSED if self.findings else ExitCode.OPEN


READ: Final = ("file-unparsed", "file-unread", "not-understood")
"""Kinds of items that are files nobody here can read."""


def surface_reasons(audit: Audit) -> tuple[Reason, ...]:
    """What closes the gate: whatever keeps the audit of its control from being clean.

    Of a control that is a recording no code is left; what a replay shows counts all the same.
    """
    found = [
        _reason("surface-unowned", _named(audit.open, ("writer",)), "writers no path owns = 0"),
        _reason("surface-unread", _named(audit.open, READ), "files nobody can read = 0"),
        _reason(
            "surface-unexplained",
            _named(audit.open, REST),
            "each is some path's, or a person has signed for it in surface.yaml",
        ),
        _reason(
            "surface-undeclared",
            [one.detail for one in audit.mismatches],
            "what a path declares is what it touches",
        ),
        _reason(
            "surface-acknowledgement",
            [f"{one.at} {one.kind}: {one.detail}" for one in audit.faults],
            "each acknowledgement is needed, and holds today",
        ),
        _reason(
            "surface-unreplayed",
            [f"{name}: {why}" for name, why in audit.failed.items()],
            "the control can be replayed alone through every scenario",
        ),
    ]
    if audit.empty and not audit.recorded:
        nothing = f"{audit.tree}: no function was found"
        found.insert(0, _reason("surface-empty", [nothing], "functions read > 0"))
    return tuple(reason for reason in found if reason is not None)


REST: Final = (
    "dispatch", "registration", "table", "schedule", "trigger", "handler", "change",
)  # fmt: skip


def _named(items: Iterable[Item], kinds: Iterable[str]) -> list[str]:
    known = frozenset(kinds)
    return [f"{item.where}: {item.what}" for item in items if item.kind in known]


def _reason(slug: str, found: list[str], needed: str) -> Reason | None:
    if not found:
        return None
    return Reason(slug=slug, found=f"{len(found)}: {some(found)}", needed=needed)
