"""The gate's policy: thresholds that may be tightened freely and loosened only on record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Final, NamedTuple, NoReturn

from harness.correction import corrected
from harness.document import Document, Place
from harness.errors import InputError
from harness.names import hint
from harness.text import quoted

LEVELS: Final = ("rehearsal", "production")
LIFETIME_DAYS: Final = 180
"""Longest time from today that a signed statement may still run."""


class Threshold(NamedTuple):
    """A configurable figure: `floor` ones are looser when smaller, others when larger."""

    key: str
    default: Fraction
    floor: bool
    whole: bool

    def looser(self, value: Fraction) -> bool:
        return self.looser_than(value, self.default)

    def looser_than(self, value: Fraction, other: Fraction) -> bool:
        return value < other if self.floor else value > other

    def allows(self, value: Fraction) -> bool:
        """Whether the value makes sense at all: a count is whole, a share at most one."""
        return value > 0 and (value.denominator == 1 if self.whole else value <= 1)


THRESHOLDS: Final = (
    Threshold("floors.distinct_cells", Fraction(8), floor=True, whole=True),
    Threshold("floors.sound_agree", Fraction(3), floor=True, whole=True),
    Threshold("agreement_where_sound", Fraction(1), floor=True, whole=False),
    Threshold("intended_change_max", Fraction(1, 50), floor=False, whole=False),
    Threshold("repairs_proven", Fraction(1), floor=True, whole=False),
)
SECTIONS: Final[Mapping[str, tuple[Threshold, ...]]] = {
    "mutants": (
        Threshold("mutants.told_apart", Fraction(19, 20), floor=True, whole=False),
        Threshold("mutants.candidate", Fraction(19, 20), floor=True, whole=False),
        Threshold("mutants.crash_max", Fraction(3, 20), floor=False, whole=False),
        Threshold("mutants.waived_max", Fraction(3, 100), floor=False, whole=False),
    ),
    "surface": (Threshold("surface.owned", Fraction(1), floor=True, whole=False),),
    "bounds": (
        Threshold("bounds.wrong_max", Fraction(1, 1000), floor=False, whole=False),
        Threshold("bounds.confidence", Fraction(19, 20), floor=True, whole=False),
    ),
    "fidelity": (Threshold("fidelity.seen", Fraction(9, 10), floor=True, whole=False),),
    "freshness": (Threshold("freshness.recording_days", Fraction(90), floor=False, whole=True),),
}
"""What a policy may ask for besides: a section that is absent asks for nothing at rehearsal."""

FIXED: Final = ("made_worse", "left_to_a_person", "leak", "branches", "free")
"""Conditions of the gate that no policy can touch: none made worse, every branch taken, …"""

KEYS: Final = (
    "approvers", "level", "floors", "agreement_where_sound", "intended_change_max",
    "repairs_proven", "relaxations", "no_sound_case", *SECTIONS,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """Something looser than built in, or than it was, with who decided it when; in every output.

    Attributes:
        key: a threshold, a section, `level` or `approvers`.
        value: what it is.
        default: what it is in place of: what is built in, or what it was.
    """

    key: str
    value: Fraction | str
    default: Fraction | str
    reason: str
    decision: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSoundCase:
    """A signed statement that a path has no behaviour in which it is right."""

    path: str
    reason: str
    decision: str
    approver: str
    expires: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the gate asks for. Shares are exact fractions, counts are whole numbers.

    Attributes:
        sections: section of `SECTIONS` that the policy has → name of a threshold → its value.
    """

    approvers: tuple[str, ...]
    level: str = "rehearsal"
    distinct_cells: int = 8
    sound_agree: int = 3
    agreement_where_sound: Fraction = Fraction(1)
    intended_change_max: Fraction = Fraction(1, 50)
    repairs_proven: Fraction = Fraction(1)
    relaxations: tuple[Relaxation, ...] = ()
    no_sound_case: tuple[NoSoundCase, ...] = ()
    sections: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)

    def asks(self, key: str) -> bool:
        """Whether a condition is asked for; a gate at level production asks for all."""
        return key in self.sections or self.level == "production"


def read_policy(document: Document) -> Policy:
    """Read a policy document.

    Raises:
        InputError: anything is missing, malformed, unknown, or looser without a record.
    """
    return corrected(document, _policy)


def _policy(document: Document) -> Policy:
    reader = _Reader(document)
    top = reader.mapping(())
    for key in FIXED:
        if key in top:
            reader.fail("policy-fixed", (key,), "cannot be configured", "take the key out")
    reader.known((), KEYS)
    reader.mapping(("floors",))
    reader.known(("floors",), ("distinct_cells", "sound_agree"))
    asked = {key: reader.section(key, thresholds) for key, thresholds in SECTIONS.items()}
    sections = {key: values for key, values in asked.items() if values}
    values = {threshold.key: reader.threshold(threshold) for threshold in THRESHOLDS}
    for section in sections.values():
        values |= section
    approvers = reader.names(("approvers",))
    level = top.get("level")
    if level not in LEVELS:
        reader.fail("policy-shape", ("level",), f"is {quoted(level)}", hint(str(level), LEVELS))
    return Policy(
        approvers=approvers,
        level=level,
        distinct_cells=int(values["floors.distinct_cells"]),
        sound_agree=int(values["floors.sound_agree"]),
        agreement_where_sound=values["agreement_where_sound"],
        intended_change_max=values["intended_change_max"],
        repairs_proven=values["repairs_proven"],
        relaxations=_relaxations(reader, values, approvers),
        no_sound_case=_no_sound_case(reader, approvers),
        sections={
            key: {name.partition(".")[2]: value for name, value in section.items()}
            for key, section in sections.items()
        },
    )


class _Reader:
    """Takes a policy document apart; whatever it cannot take it names with its line."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def fail(self, slug: str, place: Place, message: str, fix: str) -> NoReturn:
        raise self.error(slug, place, message, fix)

    def error(self, slug: str, place: Place, message: str, fix: str) -> InputError:
        return self.document.error(slug, place, message, fix)

    def mapping(self, place: Place) -> Mapping[str, Any]:
        data = self.document.at(place)
        if not isinstance(data, dict) or not data:
            self.fail("policy-shape", place, f"is {quoted(data)}", "a mapping that is not empty")
        return data

    def known(self, place: Place, keys: Sequence[str]) -> None:
        for key in self.document.at(place):
            if key not in keys:
                at = (*place, key)
                self.fail("policy-unknown-key", at, f"unknown key {quoted(key)}", hint(key, keys))

    def entries(self, place: Place, kind: type) -> Any:
        """An optional list or mapping; what is absent is empty, what is null is not."""
        if place[-1] not in self.document.data:
            return kind()
        data = self.document.at(place)
        if not isinstance(data, kind):
            wanted = "a list" if kind is list else "a mapping"
            self.fail("policy-shape", place, f"is {quoted(data)}", wanted)
        return data

    def names(self, place: Place) -> tuple[str, ...]:
        data = self.document.at(place)
        if not isinstance(data, list) or not data:
            self.fail("policy-shape", place, f"is {quoted(data)}", "a list that is not empty")
        for index, name in enumerate(data):
            if not isinstance(name, str) or not name.strip():
                at = (*place, index)
                self.fail("policy-shape", at, f"is {quoted(name)}", "each entry is a name")
        return tuple(data)

    def record(
        self, place: Place, keys: Sequence[str], besides: Sequence[str] = ()
    ) -> Mapping[str, str]:
        """A mapping of these keys, each a text that is not empty; `besides` may be there too."""
        record = self.mapping(place)
        self.known(place, (*keys, *besides))
        for key in keys:
            text = record.get(key)
            if not isinstance(text, str) or not text.strip():
                message = f"is {quoted(text)}" if key in record else "is missing"
                self.fail("policy-shape", (*place, key), message, "a text is needed")
        return record

    def date(self, place: Place) -> date:
        text = self.document.at(place)
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass  # named below, as any other malformed date
        raise self.error("policy-date", place, f"is {quoted(text)}", "a date such as 2026-03-02")

    def section(self, key: str, thresholds: Sequence[Threshold]) -> dict[str, Fraction]:
        """The thresholds of a section, all of them; empty where the policy has no such section."""
        if key not in self.mapping(()):
            return {}
        self.mapping((key,))
        self.known((key,), [threshold.key.partition(".")[2] for threshold in thresholds])
        return {threshold.key: self.threshold(threshold) for threshold in thresholds}

    def threshold(self, threshold: Threshold, place: Place = ()) -> Fraction:
        """One exact figure. Null, missing, zero, negative, inexact or above one is an error."""
        place = place or tuple(threshold.key.split("."))
        node = self.document.at(place)
        value = _exact(node)
        if value is not None and threshold.allows(value):
            return value
        message = f"is {quoted(node)}" if node is not None else "is missing or null"
        fix = "a whole number from 1" if threshold.whole else "an exact share such as 1/50"
        raise self.error("policy-threshold", place, message, fix)


def _exact(node: Any) -> Fraction | None:
    if isinstance(node, int) and not isinstance(node, bool):
        return Fraction(node)
    if isinstance(node, str) and (match := re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", node)):
        over, under = int(match[1]), int(match[2])
        return Fraction(over, under) if under else None
    return None


def _relaxations(
    reader: _Reader,
    values: Mapping[str, Fraction],
    approvers: tuple[str, ...],
) -> tuple[Relaxation, ...]:
    every = (*THRESHOLDS, *(one for section in SECTIONS.values() for one in section))
    table = {threshold.key: threshold for threshold in every}
    words = (*SECTIONS, "level")
    known = (*table, *words, "approvers")
    found: dict[str, Relaxation] = {}
    for index, _ in enumerate(reader.entries(("relaxations",), list)):
        place = ("relaxations", index)
        besides = () if reader.mapping(place).get("key") in words else ("was",)
        record = reader.record(place, ("key", "reason", "decision", "date"), besides)
        key = record["key"]
        if key not in known:
            message = f"unknown threshold {quoted(key)}"
            reader.fail("policy-unknown-key", (*place, "key"), message, hint(key, known))
        told: tuple[Fraction | str, Fraction | str] | None
        if key in words:
            told = _of_word(reader.mapping(()), key)
        elif key == "approvers":
            told = _of_approvers(reader, place, approvers)
        else:
            told = _of_threshold(reader, place, table[key], values)
        if told is None or key in found:
            fix = "take the record out; nothing needs it. One that was tighter needs `was`"
            reader.fail("policy-relaxation-unused", place, f"{key} is not looser", fix)
        found[key] = Relaxation(
            key=key,
            value=told[0],
            default=told[1],
            reason=record["reason"],
            decision=record["decision"],
            date=reader.date((*place, "date")),
        )
    for key, threshold in table.items():
        if key in values and threshold.looser(values[key]) and key not in found:
            message = f"{values[key]} is looser than {threshold.default}"
            fix = "record why under relaxations, or tighten it"
            reader.fail("policy-looser", tuple(key.split(".")), message, fix)
    return tuple(found.values())


def _of_word(policy: Mapping[str, Any], key: str) -> tuple[str, str] | None:
    """What a section or the level is, and what would be tighter; None where nothing would."""
    if key in SECTIONS:
        return None if key in policy else ("not asked for", "asked for")
    strictest = LEVELS[-1]
    return None if policy["level"] == strictest else (str(policy["level"]), strictest)


def _of_approvers(
    reader: _Reader, place: Place, approvers: tuple[str, ...]
) -> tuple[str, str] | None:
    """The approvers, and those of before; None where nobody came to them."""
    before = reader.names((*place, "was"))
    return (", ".join(approvers), ", ".join(before)) if set(approvers) - set(before) else None


def _of_threshold(
    reader: _Reader, place: Place, threshold: Threshold, values: Mapping[str, Fraction]
) -> tuple[Fraction, Fraction] | None:
    """A threshold's value, and the tighter one it is weighed by; None where it is not looser."""
    value = values.get(threshold.key)
    if value is None or threshold.looser(value):
        return None if value is None else (value, threshold.default)
    if "was" not in reader.mapping(place):
        return None
    was = reader.threshold(threshold, (*place, "was"))
    return (value, was) if threshold.looser_than(value, was) else None


def _no_sound_case(reader: _Reader, approvers: tuple[str, ...]) -> tuple[NoSoundCase, ...]:
    found = []
    for path in reader.entries(("no_sound_case",), dict):
        place = ("no_sound_case", path)
        record = reader.record(place, ("reason", "decision", "approver", "expires"))
        if record["approver"] not in approvers:
            message = f"{quoted(record['approver'])} is not listed as approver"
            at = (*place, "approver")
            reader.fail("policy-approver", at, message, hint(record["approver"], approvers))
        found.append(
            NoSoundCase(
                path=path,
                reason=record["reason"],
                decision=record["decision"],
                approver=record["approver"],
                expires=reader.date((*place, "expires")),
            )
        )
    return tuple(found)
