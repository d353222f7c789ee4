"""All that is seen of a control: in lockstep, and the other way round.

A recording is made by what notes the control while all of it is replayed, and it stands when the
recorded control shows the very same once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.canonical import digest
from harness.compose import Nobody
from harness.episode import cell_id
from harness.lockstep import begun
from harness.model import Observation
from harness.scenario import Scenario, episodes
from harness.setup import Setup, Side
from harness.stability import fingerprint

Note = Callable[[str], None]
"""Told the episode that begins."""

Step = Callable[[], None]

Place = tuple[str, str]
"""Which replay, and which cell or scenario of it."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One thing that was seen, as a digest; `late` says that the wall clock ended it."""

    place: Place
    digest: str
    late: bool = False

    def __str__(self) -> str:
        way, name = self.place
        return f"{name} ({way})"


def seen_of(
    ways: Mapping[str, Setup], scenarios: Iterable[Scenario], note: Note, step: Step
) -> Iterator[Replayed]:
    """Replay everything beside nobody, in lockstep in every way.

    Args:
        ways: name → what is replayed with; the candidates are left out.
        scenarios: what is replayed.
        note: told each episode before it is replayed.
        step: called when a scenario is done.
    """
    nobody = Side(role="candidate", engine=Nobody(), crashes={})
    setups = {way: replace(setup, candidate=nobody) for way, setup in ways.items()}
    for scenario in scenarios:
        for way, setup in setups.items():
            yield from _lockstep(way, setup, scenario, note)
        step()


def _lockstep(way: str, setup: Setup, scenario: Scenario, note: Note) -> Iterator[Replayed]:
    run = begun(setup, scenario)
    for spec in episodes(scenario):
        cell = cell_id(scenario, spec)
        note(cell)
        observation, _ = run.observe(spec)
        if observation is None:
            yield Replayed((way, cell), "nobody recorded it")
        else:
            yield Replayed((way, cell), deeds(observation), is_late(observation.timeout))


def deeds(seen: Observation) -> str:
    """Digest of everything that an engine did in an episode."""
    arcs = {unit: sorted(taken) for unit, taken in seen.arcs.items()}
    rest: list[Any] = [
        fingerprint(seen),
        dict(seen.written),
        seen.told,
        list(seen.traps),
        seen.timeout,
        arcs,
        [list(write) for write in seen.writes],
    ]
    return digest(rest)


def is_late(timeout: str) -> bool:
    """Whether the clock on the wall ended an episode, and no budget that is counted."""
    return "wall clock" in timeout
