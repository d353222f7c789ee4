"""A recorded control as a value: what it is called, what it is made of, and its courses.

Each Struct is one kind of line of the file (`harness.replayed.recording_file`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from harness.arcs import Arc, Coverage
from harness.replayed.course import Course
from harness.replayed.package_sources import package

SCHEMA: Final = "shadow.control/1"


class Line(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="line"
):
    """Base of all lines but the courses."""


class Head(Line, frozen=True, kw_only=True, tag="recording"):
    """The first line.

    Attributes:
        recorded: the day, UTC, as in 2026-03-02.
        control, world: the dotted names of the control and the kit.
        name: what the control calls itself.
        control_sha256, world_sha256: digests of their packages' sources
            (`harness.replayed.package_sources`).
        unowned: modules with branches that no path reached.
    """

    schema: str
    recorded: str
    control: str
    name: str
    control_sha256: str
    world: str
    world_sha256: str
    unowned: tuple[str, ...]


class PathLine(Line, frozen=True, kw_only=True, tag="path"):
    """Meets `harness.ports.Path`."""

    id: str
    module: str
    triggers: tuple[str, ...]
    origin: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


class QuirkLine(Line, frozen=True, kw_only=True, tag="quirk"):
    """Meets `harness.ports.Quirk`."""

    id: str
    title: str
    path: str
    crash: str | None


class TriggerLine(Line, frozen=True, kw_only=True, tag="trigger"):
    """A trigger with the paths of its handlers, in their order."""

    name: str
    paths: tuple[str, ...]


class ArcRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """As `harness.arcs.Arc`."""

    line: int
    kind: str
    text: str
    statement: bool
    at_import: bool


class UnitLine(Line, frozen=True, kw_only=True, tag="unit"):
    """A module of the control; `imported` are the arcs that importing took."""

    unit: str
    arcs: tuple[ArcRow, ...]
    imported: tuple[int, ...]


class RaiseLine(Line, frozen=True, kw_only=True, tag="raise"):
    """The arc that is taken when an exception escapes a path."""

    path: str
    exception: str
    unit: str
    arc: int


class ScenarioLine(Line, frozen=True, kw_only=True, tag="scenario"):
    """A scenario that was replayed, and the digest of its file."""

    id: str
    sha256: str


class AnswerLine(Line, frozen=True, kw_only=True, tag="answer"):
    """Something that was answered, or that a handler was called with, under its name."""

    name: str
    is_: msgspec.Raw = msgspec.field(name="is")


class Foot(Line, frozen=True, kw_only=True, tag="end"):
    """The last line: how many stand above it, and the digest of their bytes."""

    lines: int
    above: str


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What a file holds.

    Attributes:
        triggers: trigger → paths of its handlers, in their order.
        answers: name → its text, JSON.
        courses: by trigger, place among its handlers, and name of what they are called with.
    """

    head: Head
    paths: Mapping[str, PathLine]
    quirks: Mapping[str, QuirkLine]
    triggers: Mapping[str, tuple[str, ...]]
    units: Mapping[str, UnitLine]
    raises: tuple[RaiseLine, ...]
    scenarios: Mapping[str, str]
    answers: Mapping[str, str]
    courses: Mapping[tuple[str, int, str], Course]

    @property
    def package(self) -> str:
        """The package of the control that was recorded."""
        return package(self.head.control)

    def told(self, world_sha256: str) -> str:
        """One line for reports: of when, of what, and whether the world changed since.

        Args:
            world_sha256: digest of the sources of the world that it is asked in.
        """
        head = self.head
        changed = "" if world_sha256 == head.world_sha256 else "; the world changed since"
        return (
            f"recorded {head.recorded} from {head.name} {head.control_sha256[:12]} "
            f"over {len(self.scenarios)} scenarios{changed}"
        )

    def coverage(self) -> Coverage:
        """Arcs as the probes of the control counted them; nothing is taken yet."""
        made = Coverage()
        for unit in self.units.values():
            made.add(unit.unit, (Arc(*msgspec.structs.astuple(arc)) for arc in unit.arcs))
            hits = bytearray(len(unit.arcs))
            for number in unit.imported:
                hits[number] = 1
            made.imported[unit.unit] = bytes(hits)
        for one in self.raises:
            made.raising[one.path, one.exception] = (one.unit, one.arc)
        made.reset()
        return made
