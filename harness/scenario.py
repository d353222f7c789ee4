"""A scenario: what was given, what happens, and the hand-written truth about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import msgspec

from harness.ports import Data

ItemKind = Literal["act", "deliver", "webhook", "together"]
ProvenanceKind = Literal["curated", "recorded", "simulated", "found"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a scenario comes from.

    Attributes:
        kind: curated (written by hand), recorded, simulated or found (by a search).
        source: the text, recording or run it was taken from.
        order: how the order of its events is known: as listed, as recorded, or assumed.
        recorded: the day, in UTC, of a recording's newest event; None where nobody wrote it.
    """

    kind: ProvenanceKind
    source: str
    order: Literal["listed", "recorded", "assumed"] = "listed"
    recorded: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that happens.

    Attributes:
        kind: an act, a delivery of an emitted event, a foreign webhook, or several at once.
        at: epoch seconds.
        name: the act's name or the event's type; empty for `together`.
        args: the act's arguments as the kit's Struct; None for anything else.
        hold: event type → epoch seconds when the events of this item are delivered instead.
        of: deliver: the object whose event is meant; None takes the latest of the type.
        object: webhook: the payload's object.
        replaces: webhook: whether that object first takes the place of the world's own.
        together: the items of a block, in file order.
        line: line in the scenario's file.
    """

    kind: ItemKind
    at: int
    name: str = ""
    args: Any = None
    hold: Mapping[str, int] = field(default_factory=dict)
    of: str | None = None
    object: Mapping[str, Data] | None = None
    replaces: bool = False
    together: tuple[Item, ...] = ()
    line: int = 0

    @property
    def label(self) -> str:
        """Short text: `api.pay`, `deliver invoice.paid`, `together api.pay + cron.ban`."""
        if self.kind == "together":
            return "together " + " + ".join(item.label for item in self.together)
        return self.name if self.kind == "act" else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """Hand-written truth at a point of a scenario; never generated from what an engine did.

    Attributes:
        truth, customer: name → value that must hold.
        moot: acts that may make no sense in a world, as `act#episode`.
        excused: invariant → why it may be broken.
        after: episode → what must hold after it.
    """

    truth: Mapping[str, Data] = field(default_factory=dict)
    customer: Mapping[str, Data] = field(default_factory=dict)
    moot: tuple[str, ...] = ()
    excused: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[int, Then] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario as it was read.

    Attributes:
        id: the file's stem; cells are `id#0`, `id#1`, …
        faults: quirks that the control must show here.
        given: the kit's `Given`.
        now: epoch seconds at which the scenario begins.
        when: items in file order, which is also the order of their times.
        then: hand-written truth; None where there is none (never for a curated scenario).
        observed: recorded scenarios: what was seen after each episode, as `facet.path` → value;
            ABSENT for a field that was not there.
        file: the file's name.
        sha256: digest of the file's bytes.
        assumed: stores that nobody recorded and a person assumed, by name.
        unknown: stores that nobody recorded or assumed, by name.
    """

    id: str
    title: str
    family: str
    ticket: str
    deliverable: str
    provenance: Provenance
    faults: tuple[str, ...]
    given: Any
    now: int
    when: tuple[Item, ...]
    then: Then | None
    observed: tuple[Mapping[str, Data], ...]
    file: str
    sha256: str
    assumed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def evidence(self) -> str:
        """The kind of evidence its cells are: that of its provenance, or `assumed`."""
        return "assumed" if self.assumed else self.provenance.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeSpec:
    """One episode as the file alone tells it.

    Attributes:
        index: the number in the cell's id, 0 being the look.
        at: epoch seconds.
        label: short text of what happens.
        item: the listed item; the one whose event was held, for a held event; None for the look.
        held: (index of the episode whose event was held, event type), or None.
    """

    index: int
    at: int
    label: str
    item: Item | None = None
    held: tuple[int, str] | None = None


def asked(item: Item | None) -> dict[str, Data]:
    """What happens, as plain data: name and arguments of the act, or what is handed over."""
    if item is None:
        return {"name": "look", "args": {}}
    if item.kind == "together":
        return {"name": item.kind, "args": {}, "together": [asked(one) for one in item.together]}
    args = {} if item.args is None else msgspec.to_builtins(item.args)
    if item.of is not None:
        args = {**args, "of": item.of}
    if item.object is not None:
        args = {**args, "object": item.object}
    if item.replaces:
        args = {**args, "replaces": True}
    return {"name": item.name, "args": args}


def episodes(scenario: Scenario) -> tuple[EpisodeSpec, ...]:
    """All episodes of a scenario, in order; their ids are `scenario.id#index`."""
    return ordered_episodes(scenario.now, scenario.when)


def ordered_episodes(now: int, when: tuple[Item, ...]) -> tuple[EpisodeSpec, ...]:
    """The look, then items and held events by (time, file order, held before listed)."""
    rows: list[tuple[tuple[int, int, int, int], Item, str | None]] = []
    for number, item in enumerate(when):
        rows.append(((item.at, number, 1, 0), item, None))
        for order, (type_, at) in enumerate(item.hold.items()):
            rows.append(((at, number, 0, order), item, type_))
    rows.sort(key=lambda row: row[0])
    listed: dict[int, int] = {}
    specs = [EpisodeSpec(index=0, at=now, label="look")]
    for index, ((at, number, _, _), item, event) in enumerate(rows, start=1):
        if event is None:
            listed[number] = index
            specs.append(EpisodeSpec(index=index, at=at, label=item.label, item=item))
            continue
        # INVARIANT: an event is held to a later time than its item's, so its source came before.
        source = (listed[number], event)
        label = f"held {event}"
        specs.append(EpisodeSpec(index=index, at=at, label=label, item=item, held=source))
    return tuple(specs)
