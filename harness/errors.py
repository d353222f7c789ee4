"""Expected errors and the exit codes they end in.

HarnessError
├── InputError      a file, an option or a configuration is wrong            exit 4
├── NothingCompared no scenario was compared                                 exit 5
└── Void            the harness's own self-test failed: nothing it says holds exit 6
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import NamedTuple


class ExitCode(enum.IntEnum):
    """What `shadow` ends with; where several hold: 3, 6, 4, 2, 5, 1, 0."""

    OPEN = 0  # gate open / no unruled difference
    CLOSED = 1  # gate closed / differences
    INTERRUPTED = 2
    INTERNAL = 3  # a bug of the harness, with traceback
    INPUT = 4  # usage, configuration or input error, no traceback
    NOTHING = 5  # nothing was compared
    VOID = 6  # the harness's own self-test failed


PRECEDENCE = (
    ExitCode.INTERNAL,
    ExitCode.VOID,
    ExitCode.INPUT,
    ExitCode.INTERRUPTED,
    ExitCode.NOTHING,
    ExitCode.CLOSED,
    ExitCode.OPEN,
)


@dataclass
class HarnessError(Exception):
    """Base: what happened, where, and what to do next. Printed without a traceback.

    Attributes:
        slug: stable name of the message.
        message: what happened, with the offending value.
        where: `file:line` or the place in a document; empty where there is none.
        hint: what to do next; empty where nothing can be said.
    """

    slug: str
    message: str
    where: str = ""
    hint: str = ""
    exit_code: ExitCode = field(default=ExitCode.INTERNAL, init=False)

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head} [{self.slug}]" + (f"\n  {self.hint}" if self.hint else "")


class Instead(NamedTuple):
    """What to write in a file instead of what stands there.

    Attributes:
        place: steps to a value of the document.
        old, new: the scalar that stands there, and the one to write.
        is_key: whether it is the place's last key that is renamed, not its value.
    """

    place: tuple[str | int, ...]
    old: str | int
    new: str | int
    is_key: bool


@dataclass
class InputError(HarnessError):
    """A file, an option or a configuration that cannot be used as it is.

    Attributes:
        corrected: `12 | …`, the line as it would pass; empty where nobody knows it.
        instead: what that line is made from.
    """

    exit_code: ExitCode = field(default=ExitCode.INPUT, init=False)
    corrected: str = ""
    instead: Instead | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return super().__str__() + (f"\n  {self.corrected}" if self.corrected else "")


@dataclass
class NothingCompared(HarnessError):
    """No scenario was compared: never success."""

    exit_code: ExitCode = field(default=ExitCode.NOTHING, init=False)

    __str__ = HarnessError.__str__


@dataclass
class Void(HarnessError):
    """The self-test failed, so nothing that this run says can be relied on."""

    exit_code: ExitCode = field(default=ExitCode.VOID, init=False)

    __str__ = HarnessError.__str__


def os_reason(error: OSError) -> str:
    """What the system gives as its reason, in small letters."""
    return (error.strerror or str(error)).lower()


def unreadable(where: str, error: OSError) -> InputError:
    """That the system refuses to read a file or a folder, and why."""
    message, hint = f"cannot be read: {os_reason(error)}", "check its name, and who may read it"
    return InputError("unreadable", message, where, hint)
