"""What a write is: the calls that touch stores, and how functions are registered."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from harness.audit.value import ANY, CALLED, Chain
from harness.ports import Kit

SQL: Final = re.compile(
    r"\b(?:(?P<insert>INSERT\s+(?:OR\s+\w+\s+)?INTO|MERGE\s+INTO|REPLACE\s+INTO)"
    r"|(?P<delete>DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|DROP\s+TABLE|ALTER\s+TABLE)"
    r"|(?P<update>UPDATE)(?=\s+[^\s;]+(?:\s+(?:AS\s+)?\w+)?\s+SET\b))"
    r"\s+(?:IF\s+EXISTS\s+)?(?P<table>[\w.\"`\[\]{}?]+)",
    re.IGNORECASE,
)
"""A statement that changes rows, in a text of the code."""


class Touch(Protocol):
    """What one method of the ports does: the stores that it reads and writes.

    `follows` are stores that the other side changes by itself because of it, `outside` whether it
    asks something of the world outside.
    """

    @property
    def reads(self) -> Sequence[str]: ...
    @property
    def writes(self) -> Sequence[str]: ...
    @property
    def follows(self) -> Sequence[str]: ...
    @property
    def outside(self) -> bool: ...


class SurfaceKit(Kit, Protocol):
    """A kit that says what a write is, for the surface audit; one that does not is none."""

    @property
    def surface(self) -> Mapping[str, Touch]:
        """Every method of the ports, as it ends when it is written: `stores.rows.update`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that touches stores.

    Attributes:
        name: as it ends when it is written with dots: `billing_db.update`.
        reads, writes: stores.
        follows: stores that the other side changes by itself because of it.
        outside: whether it asks something of the world outside.
    """

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    outside: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(self.name.split("."))

    @property
    def changes(self) -> bool:
        """Whether whoever makes the call is a writer."""
        return bool(self.writes) or self.outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is known of a tree before it is read.

    Attributes:
        calls: those that touch stores; None where nobody says what a write is: then every call of
            something that was handed in counts as one.
        decorators, registering: endings of dotted names that register what they are given.
        wrappers: endings of dotted names of decorators that register nothing.
        tables: names of tables that register what they hold.
        bases: endings of dotted names of classes whose subclasses are registered.
        tables_of: a database's table → its store.
        harmless: packages from outside, or endings of dotted names, that touch nothing.
        triggers: name of an act or event → whether a path handles it.
    """

    calls: tuple[Call, ...] | None
    decorators: tuple[str, ...] = ()
    registering: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    tables_of: Mapping[str, str] = field(default_factory=dict)
    harmless: tuple[str, ...] = ()
    triggers: Mapping[str, bool] = field(default_factory=dict)


def calls_of(kit: Any) -> tuple[Call, ...] | None:
    """What a kit says of its ports (`SurfaceKit`); None where it says nothing."""
    if getattr(kit, "surface", None) is None:
        return None
    surface = cast("SurfaceKit", kit).surface
    return tuple(
        Call(
            name=name,
            reads=tuple(touch.reads),
            writes=tuple(touch.writes),
            follows=tuple(touch.follows),
            outside=touch.outside,
        )
        for name, touch in sorted(surface.items())
    )


class Matcher:
    """Finds the described calls that a chain of names may be."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self.by_last: defaultdict[str, list[Call]] = defaultdict(list)
        for call in calls:
            self.by_last[call.steps[-1]].append(call)
        self.writing = frozenset(
            last
            for last, found in self.by_last.items()
            if any(call.changes for call in found) and all(len(call.steps) > 1 for call in found)
        )
        """Last steps that need to be seen on their receiver: without it nobody can tell."""

    def matching(self, chain: Chain) -> Iterator[tuple[Call, bool]]:
        """Calls that a chain may be, each with whether it is sure to be it."""
        last = _bare(chain.steps[-1])
        found = self.by_last.get(last, [])
        if last == ANY:
            found = [call for listed in self.by_last.values() for call in listed]
        for call in found:
            if _ends(chain.steps, call.steps):
                yield call, not any(_bare(step) == ANY for step in chain.steps)

    def answered(self, chain: Chain) -> bool:
        """Whether a chain goes on from what a described call handed back."""
        return any(
            step.endswith(CALLED) and any(True for _ in self.matching(_until(chain, number)))
            for number, step in enumerate(chain.steps[:-1], 1)
        )


def ends_in(chain: Chain, names: Iterable[str]) -> str:
    """The first of some dotted names that a chain ends in; empty where none is."""
    return next((name for name in names if _ends(chain.steps, tuple(name.split(".")))), "")


def _until(chain: Chain, number: int) -> Chain:
    return Chain(chain.root, chain.steps[:number])


def _bare(step: str) -> str:
    return step.removesuffix(CALLED)


def _ends(steps: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether steps end in the wanted ones; what was called on the way may be left out."""
    if _bare(steps[-1]) not in (wanted[-1], ANY):
        return False
    left = list(wanted[:-1])
    for step in reversed(steps[:-1]):
        if not left:
            return True
        if _bare(step) in (left[-1], ANY):
            left.pop()
        elif not step.endswith(CALLED):
            return False
    return not left


def sql_writes(text: str) -> Iterator[tuple[str, str]]:
    """Statements in a text that change rows, each as its verb and its table."""
    for found in SQL.finditer(text):
        verb = "insert" if found["insert"] else "delete" if found["delete"] else "update"
        yield verb, found["table"].strip('"`[]').lower()
