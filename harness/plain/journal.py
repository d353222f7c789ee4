"""What a plain world notes of what was done to it, and what it raises.

`harness.ports` says what each of these is for.
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from harness.ports import Data

OUTSIDE: Final = "outside"
"""The actor of everything that no engine's handler does."""

EFFECTS: Final = "effects"
"""The place of messages and events in a race: they are compared in order, object by object."""

NAMES: Final = frozenset(
    ("answers", "calls", "emit", "lock", "now", "reason", "refuse", "send", "unknown", EFFECTS)
)
"""What no store may be called: ports, views and `given` use these names themselves."""


class Refused(Exception):
    """An engine decides not to; it is an answer like any other, and compared."""

    def __init__(self, code: str, kind: str) -> None:
        super().__init__(f"{kind}: {code}")
        self.kind, self.code = kind, code


class BadType(TypeError):
    """A value that no store holds: it can change, it is not exact, or its field is of another."""


class NoSuchRow(LookupError):
    """A row that is to be changed is not there, or one that is to be added is."""


class UnknownState(Exception):
    """A store whose content nobody recorded was asked for."""


class Write(NamedTuple):
    """One effective change: of a field (`seats.a1.taken`), or of a whole row (`seats.a1`)."""

    actor: str
    at: str
    before: Data
    after: Data


class Call(NamedTuple):
    """One message, or one event, that an engine sent; `body` is JSON, as it was then."""

    actor: str
    object: str
    op: str
    body: str

    @property
    def params(self) -> dict[str, Data]:
        """What was sent, the asker's own: whoever edits it changes nothing of what was done."""
        told: dict[str, Data] = json.loads(self.body)
        return told


class Access(NamedTuple):
    """A port call about to happen; `key` is None where it touches a whole store."""

    table: str
    key: str | None
    write: bool
    op: str


class Event(NamedTuple):
    """Something that happened; `body` is JSON, so that nobody can edit what others are told."""

    id: str
    type: str
    object: str
    at: int
    body: str

    def payload(self) -> dict[str, Data]:
        """What a handler is told: `id`, `type`, `object`, `at` and `data`."""
        told = {"id": self.id, "type": self.type, "object": self.object, "at": self.at}
        return {**told, "data": json.loads(self.body)}
