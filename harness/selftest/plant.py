"""A plant: a small change of a clean pair of engines, in words and functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from harness.run import RunResult
from harness.selftest.lamps import Handle
from harness.stability import Second

Parts = dict[str, Any]
"""Parts of a `Composition`, by the name of the attribute."""

GIVEN: Final = "lamps: {hall: {}, yard: {}}, meter: {main: {}}"
WHEN: Final = """
  - {at: +1m, act: lamp.turn, lamp: yard, to: 2}
  - {at: +2m, act: lamp.turn, lamp: hall, to: 4}
"""
THEN: Final = "{customer: {light: {hall: 4, yard: 2}}}"
RAN: Final = ("", "turn tag", "turn tag")

DUSK: Final[Mapping[str, Any]] = {
    "when": f"{WHEN}  - {{at: +3m, act: dusk.falls, over: hall}}",
    "ran": (*RAN, "tag"),
}
"""A third cell, in which the path `tag` runs alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One change, in the words of scenarios and rulings or of the engines.

    In texts, `@id` stands for the scenario's id, `@turn` and `@tag` for the two paths, `@today`
    and `@+30` for days.

    Attributes:
        name: what was planted, in words; `told.txt` has what has to come of it.
        stores: more stores of the world, by name.
        control, candidate: trigger → what is done instead; `look` is the candidate's look.
        given, when, then: parts of the scenario, as YAML.
        kind: its provenance.
        now: when it begins.
        more: further keys of the scenario, as YAML.
        rulings: their files, as YAML.
        gate: keys of the policy, as YAML, in place of the relaxed floors.
        ran: the paths that are pinned, cell by cell.
        again: whether all is replayed once more, in the other order; else the second process is
            made to see what the first has seen.
        second: what the second process sees instead.
        weighed: whether nothing is changed but what a run is weighed by: its replays are then
            those of the first clean pair.
        change: further parts of the composition, changed.
        lost: what becomes of the result on its way to the gate.
    """

    name: str
    control: Mapping[str, Handle] = field(default_factory=dict)
    candidate: Mapping[str, Handle] = field(default_factory=dict)
    stores: tuple[str, ...] = ()
    given: str = GIVEN
    when: str = WHEN
    then: str = THEN
    kind: str = "curated"
    now: str = "2026-03-02T10:00:00Z"
    more: str = ""
    rulings: tuple[str, ...] = ()
    gate: str = ""
    ran: tuple[str, ...] = RAN
    again: bool = False
    second: Callable[[Second], Second] | None = None
    weighed: bool = False
    change: Callable[[Parts], Parts] | None = None
    lost: Callable[[RunResult], RunResult] | None = None

    @property
    def shape(self) -> tuple[str, ...]:
        """What its scenario is made of; plants of one shape have one scenario."""
        return (self.given, self.when, self.then, self.kind, self.now, self.more, *self.stores)
