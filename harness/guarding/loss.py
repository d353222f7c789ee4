"""A loss: a symbol of the control that a range takes away, or takes out of use."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


class Kind(enum.StrEnum):
    """In what way it is lost."""

    REMOVED = "removed"  # the name is gone
    MOVED = "moved"  # the same code stands under another name or in another file
    GUTTED = "gutted"  # the name is there, and what it did is not
    UNREACHABLE = "unreachable"  # it is there as it was, and nothing gets to it


SLUGS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.REMOVED: "control-removed",
        Kind.MOVED: "control-moved",
        Kind.GUTTED: "control-gutted",
        Kind.UNREACHABLE: "control-unreachable",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One symbol that is lost.

    Attributes:
        rule: which rule saw it.
        module: dotted name; of a file that is no Python its path.
        symbol: its name in the module; empty for the module or file itself.
        file, line: where it stood at the base.
        said: what happened to it.
        words: texts it stands under in a table, of which a path's id may be one.
        parts: symbols that are lost with it.
    """

    kind: Kind
    rule: str
    module: str
    symbol: str
    file: str
    line: int
    said: str
    words: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.module}:{self.symbol}" if self.symbol else self.module

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A change of the control that takes nothing away; the gate judges it."""

    name: str
    file: str
    line: int
    said: str
