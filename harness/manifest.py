"""The manifest: every cell that is expected, pinned, so that none can go missing unseen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.scenario import Scenario, episodes

SCHEMA: Final = "shadow.manifest/1"

Paths = Mapping[str, tuple[str, ...]]
"""Cell id → control paths that ran in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPin:
    """One expected cell: what happens in it, and the control paths that run."""

    id: str
    label: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioPin:
    """One expected scenario: the digest of its file's bytes, and its cells in order."""

    id: str
    sha256: str
    cells: tuple[CellPin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A scenario that was taken out, with the reason."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a whole run must consist of.

    Attributes:
        scenarios: by id.
        branches: unit of control code → number of its branches.
        tombstones: by id.
    """

    scenarios: tuple[ScenarioPin, ...] = ()
    branches: Mapping[str, int] = field(default_factory=dict)
    tombstones: tuple[Tombstone, ...] = ()

    def cells(self) -> tuple[CellPin, ...]:
        """All expected cells."""
        return tuple(cell for pin in self.scenarios for cell in pin.cells)

    def paths(self) -> Paths:
        """Control paths expected in each expected cell."""
        return {cell.id: cell.paths for cell in self.cells()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One way in which the manifest and the scenarios disagree; `about` is an id or a unit."""

    slug: str
    about: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What there is, to be pinned or compared with what is pinned.

    Attributes:
        scenarios: all that were read.
        unusable: ids whose file is there and could not be read: reported elsewhere.
        paths: what ran in each cell; None where nothing was replayed.
        branches: unit → branches; None where the control's code was not looked at.
        whole: False where only a part of the scenarios was asked for.
    """

    scenarios: tuple[Scenario, ...]
    unusable: Collection[str] = ()
    paths: Paths | None = None
    branches: Mapping[str, int] | None = None
    whole: bool = True


def pin(present: Present, tombstones: Iterable[Tombstone] = ()) -> Manifest:
    """Pin what there is; a tombstone of a scenario that lives again is dropped."""
    paths = present.paths or {}
    pins = tuple(
        ScenarioPin(
            id=scenario.id,
            sha256=scenario.sha256,
            cells=tuple(
                CellPin(id=id_, label=label, paths=paths.get(id_, ()))
                for id_, label in cells_of(scenario)
            ),
        )
        for scenario in sorted(present.scenarios, key=lambda scenario: scenario.id)
    )
    living = {one.id for one in pins}
    dead = {one.id: one for one in tombstones if one.id not in living}
    return Manifest(
        scenarios=pins,
        branches=dict(sorted((present.branches or {}).items())),
        tombstones=tuple(dead[id_] for id_ in sorted(dead)),
    )


def cells_of(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Ids and labels of a scenario's cells, in order."""
    return tuple((f"{scenario.id}#{spec.index}", spec.label) for spec in episodes(scenario))


def compare(manifest: Manifest | None, present: Present) -> tuple[Problem, ...]:
    """Everything in which the manifest differs from what there is; empty means complete."""
    if manifest is None:
        detail = f"{len(present.scenarios)} scenarios are not pinned"
        return (Problem(slug="manifest-missing", about="manifest.lock", detail=detail),)
    pins = {one.id: one for one in manifest.scenarios}
    scenarios = {one.id: one for one in present.scenarios}
    found = [
        problem
        for id_ in sorted(scenarios)
        for problem in _scenario(pins.get(id_), scenarios[id_], present.paths)
    ]
    if present.whole:
        found.extend(removed(manifest, {*scenarios, *present.unusable}))
        found.extend(_branches(manifest.branches, present.branches))
    return tuple(found)


def _scenario(
    pinned: ScenarioPin | None, scenario: Scenario, paths: Paths | None
) -> Iterator[Problem]:
    if pinned is None:
        detail = f"{scenario.file} is not pinned"
        yield Problem(slug="scenario-not-in-manifest", about=scenario.id, detail=detail)
        return
    if pinned.sha256 != scenario.sha256:
        detail = f"{scenario.file} is not the file that was pinned"
        yield Problem(slug="manifest-stale", about=scenario.id, detail=detail)
    cells = cells_of(scenario)
    known = [(cell.id, cell.label) for cell in pinned.cells]
    for cell in pinned.cells:
        if (cell.id, cell.label) not in cells:
            detail = f"pinned as {cell.label}, the scenario has no such cell"
            yield Problem(slug="manifest-cell-missing", about=cell.id, detail=detail)
        elif paths is not None and set(paths.get(cell.id, ())) != set(cell.paths):
            detail = f"pinned {_list(cell.paths)}, ran {_list(paths.get(cell.id, ()))}"
            yield Problem(slug="paths-changed", about=cell.id, detail=detail)
    for id_, label in cells:
        if (id_, label) not in known:
            yield Problem(slug="cell-not-in-manifest", about=id_, detail=f"{label} is not pinned")


def removed(manifest: Manifest, there: set[str]) -> Iterator[Problem]:
    """Pinned scenarios that are gone without a tombstone, and tombstones without a reason."""
    buried = {one.id for one in manifest.tombstones if one.reason.strip()}
    for one in manifest.scenarios:
        if one.id not in there and one.id not in buried:
            detail = "is pinned and gone, and no tombstone says why"
            yield Problem(slug="scenario-removed", about=one.id, detail=detail)
    for stone in manifest.tombstones:
        if not stone.reason.strip():
            detail = "the tombstone gives no reason"
            yield Problem(slug="tombstone-empty", about=stone.id, detail=detail)


def _branches(pinned: Mapping[str, int], counted: Mapping[str, int] | None) -> Iterator[Problem]:
    if counted is None:
        return
    for unit in sorted({*pinned, *counted}):
        if pinned.get(unit) != counted.get(unit):
            detail = f"pinned {pinned.get(unit, 'none')}, counted {counted.get(unit, 'none')}"
            yield Problem(slug="branch-total-changed", about=unit, detail=detail)


def _list(paths: Iterable[str]) -> str:
    return ", ".join(sorted(paths)) or "none"
