"""All that is seen of a control: in lockstep, the other way round, and alone to the end.

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
from harness.free import Running
from harness.living import facets_of
from harness.lockstep import Lockstep
from harness.model import Observation
from harness.ports import Data
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
    """Replay everything beside nobody: in lockstep in every way, and alone in the first.

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
        yield _free(next(iter(setups.values())), scenario, note)
        step()


def _lockstep(way: str, setup: Setup, scenario: Scenario, note: Note) -> Iterator[Replayed]:
    run = Lockstep(setup=setup, scenario=scenario, state=setup.kit.load(scenario.given))
    for spec in episodes(scenario):
        cell = cell_id(scenario, spec)
        note(cell)
        observation, _ = run.observe(spec)
        if observation is None:
            yield Replayed((way, cell), "nobody recorded it")
        else:
            yield Replayed((way, cell), deeds(observation), is_late(observation.timeout))


def _free(setup: Setup, scenario: Scenario, note: Note) -> Replayed:
    note(scenario.id)
    world = setup.kit.load(scenario.given)
    run = Running(setup=setup, side=setup.control, world=world, compared=False)
    for spec in episodes(scenario):
        run.play(spec, judged=False)
    ends: list[Data] = [
        facets_of(setup.kit, run.world, {}),
        dict(run.moot),
        [run.not_run, run.errors, run.timeouts],
    ]
    return Replayed(("alone", scenario.id), digest(ends), any(map(is_late, run.timeouts)))


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
