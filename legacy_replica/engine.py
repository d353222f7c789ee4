"""The legacy engine: its paths and their faults, put together as the harness asks for them.

This module registers and nothing else; `paths` and `quirks` hold the tables. A Stripe error that
leaves a path is a decision of the original too (it answered with it), so the registry turns it
into `Refused`; any other exception is a crash and stays one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from legacy_replica.paths import PATHS, Call
from legacy_replica.ports import Ports, Trigger
from legacy_replica.quirks import CRASHES, QUIRKS


class Refused(Exception):
    """A port's Stripe error that left a path: `kind` is its type, `code` its code or message."""

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(f"{kind}: {code}")
        self.kind = kind
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    path: str
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A piece of legacy code that is to be deleted, and the stores it reads and writes."""

    id: str
    module: str
    triggers: tuple[str, ...]
    origin: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """A fault kept on purpose; `crash` names the exception that it lets escape."""

    id: str
    title: str
    path: str
    crash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    name: str
    handlers: Mapping[str, tuple[Handler, ...]]
    refusals: tuple[type[Exception], ...]
    paths: Mapping[str, Path]
    quirks: Mapping[str, Quirk]


def _refusing(call: Call) -> Call:
    """Wrap a handler: a Stripe error that leaves it is raised as `Refused`."""

    def refusing(ports: Ports, trigger: Trigger) -> dict[str, Any] | None:
        try:
            return call(ports, trigger)
        except ports.stripe.StripeError as error:
            raise Refused(type(error).__name__, error.code or error.message) from error

    return refusing


ENGINE = Engine(
    name="legacy_replica",
    handlers={
        trigger: (Handler(path=path, call=_refusing(call)),)
        for path, (call, trigger, *_) in PATHS.items()
    },
    refusals=(Refused,),
    paths={
        path: Path(
            id=path,
            module=call.__module__,
            triggers=(trigger,),
            origin=origin,
            reads=tuple(reads.split()),
            writes=tuple(writes.split()),
        )
        for path, (call, trigger, origin, reads, writes) in PATHS.items()
    },
    quirks={
        id_: Quirk(id=id_, title=title, path=path, crash=CRASHES.get(id_))
        for _, id_, path, title in sorted(
            (int(id_.removeprefix("Q")), id_, path, title)
            for path, titles in QUIRKS.items()
            for id_, title in titles.items()
        )
    },
)
