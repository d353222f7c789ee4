"""What every episode is known by, however it was replayed and whatever came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.canonical import digest
from harness.model import Class, Episode
from harness.ownership import GIVEN, UNHANDLED
from harness.ports import Data, World
from harness.scenario import EpisodeSpec, Scenario, asked
from harness.setup import Setup


def cell_id(scenario: Scenario, spec: EpisodeSpec) -> str:
    """The id of an episode's cell: scenario and number."""
    return f"{scenario.id}#{spec.index}"


def unseen(scenario: Scenario, spec: EpisodeSpec) -> Episode:
    """An episode of which nothing is known but what the scenario's file says."""
    return Episode(
        id=cell_id(scenario, spec),
        scenario=scenario.id,
        act=spec.label,
        at=spec.at,
        paths=(),
        control=None,
        candidate=None,
        before={},
        scope={},
        stratum={},
        differences=(),
        klass=Class.UNDECIDABLE,
        provenance=scenario.evidence,
    )


def placed(
    setup: Setup,
    scenario: Scenario,
    spec: EpisodeSpec,
    before: World,
    after: World,
    handlers: Iterable[tuple[str, str]],
) -> Episode:
    """An episode in its place: the state it began in, what was asked, which paths ran.

    `before` is the world before the act, common to both sides; `after` the control's world
    afterwards; `handlers` are the control's, with the trigger that called each.
    """
    kit = setup.kit
    books = kit.books(before)
    return replace(
        unseen(scenario, spec),
        paths=paths_of(spec, handlers),
        before=setup.fields.project({"books": books})["books"],
        scope=scope(setup, spec, before, after),
        stratum=kit.stratum(before),
        state=digest([books, asked(spec.item)]) if setup.digests else "",
    )


def paths_of(spec: EpisodeSpec, handlers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Control paths that ran; a pseudo-path where none did."""
    ran = tuple(sorted({path for path, _ in handlers}))
    if ran:
        return ran
    return (GIVEN,) if spec.item is None else (UNHANDLED,)


def scope(setup: Setup, spec: EpisodeSpec, before: World, after: World) -> dict[str, Data]:
    """Names a ruling's expressions may use; truth is that of the control's world afterwards."""
    names = setup.kit.scope(before, after)
    return {**names, "now": before.now, "trigger": asked(spec.item)}
