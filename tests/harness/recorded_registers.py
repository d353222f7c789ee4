"""Recorded scenarios of the registers: replayed in lockstep, judged, and weighed as recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from harness.adjudicate import adjudicate
from harness.condition import Condition
from harness.document import parse_document
from harness.fidelity import fidelity
from harness.freshness import freshness
from harness.lockstep import lockstep
from harness.model import Cell
from harness.moment import Now
from harness.policy import Policy, read_policy
from harness.scenario import Item, Provenance, Scenario
from tests.harness.cell_builder import POLICY
from tests.harness.register_world import act, scenario, setup

TODAY = date(2026, 3, 2)
NOW = Now(clock=1_772_445_600)  # 2026-03-02T10:00:00Z
DO, UNDO = "api.do", "api.undo"


def puts_a(ports: Any, _trigger: Any) -> None:
    ports.put("a", ports.get("a") + 1)


def does_nothing(_ports: Any, _trigger: Any) -> None:
    return None


DOES = {DO: puts_a, UNDO: does_nothing}

Seen = Sequence[Mapping[str, Any]]


class Replayed(NamedTuple):
    scenario: Scenario
    cells: tuple[Cell, ...]


def replayed(
    *items: Item,
    observed: Seen = (),
    id: str = "r",
    day: date | None = TODAY,
    kind: Any = "recorded",
    unknown: tuple[str, ...] = (),
    assumed: tuple[str, ...] = (),
    does: Mapping[str, Any] = DOES,
    **regs: int,
) -> Replayed:
    """A scenario, `api.do` once unless told otherwise, and its cells."""
    made = replace(
        scenario(*(items or (act(DO),)), **(regs or {"a": 0, "b": 5})),
        id=id,
        provenance=Provenance(kind=kind, source="test", recorded=day),
        observed=tuple(observed),
        unknown=unknown,
        assumed=assumed,
    )
    cells = tuple(adjudicate(one, ()) for one in lockstep(setup(does), made))
    return Replayed(made, cells)


def asking(*sections: str, level: str = "rehearsal") -> Policy:
    """A policy with sections, each a line of YAML."""
    text = POLICY.replace("level: rehearsal", f"level: {level}") + "".join(
        f"{one}\n" for one in sections
    )
    return read_policy(parse_document(text.encode(), "gate.yaml"))


SEEN = "fidelity: {seen: 9/10}"
YOUNG = "freshness: {recording_days: 90}"


def fidelity_of(
    *found: Replayed, policy: Policy | None = None, paths: Sequence[str] = (DO,), now: Now = NOW
) -> Condition:
    return fidelity(
        [cell for one in found for cell in one.cells],
        [one.scenario for one in found],
        policy or asking(SEEN),
        paths=paths,
        now=now,
    )


def freshness_of(
    *found: Replayed, policy: Policy | None = None, paths: Sequence[str] = (DO,), now: Now = NOW
) -> Condition:
    return freshness(
        [cell for one in found for cell in one.cells],
        [one.scenario for one in found],
        policy or asking(YOUNG),
        paths=paths,
        now=now,
    )


def closing(condition: Condition, path: str = DO) -> list[str]:
    """Slugs of what closes a path."""
    return [one.slug for one in condition.closing_path(path)]


WHOLE: Mapping[str, Any] = {"books.regs.a": 1, "books.regs.b": 5}
"""What production shows where it shows everything after `api.do`."""
