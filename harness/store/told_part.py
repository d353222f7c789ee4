"""A run that was told, as the one part that it is: what was expected, and what was found."""

from __future__ import annotations

from typing import Final

from harness.compose import Composition
from harness.manifest import Manifest
from harness.report.told import Told
from harness.scenario import episodes
from harness.store.part import Expected, Part, Place
from harness.text import shown_path

WHOLE: Final = "scenarios"
"""The part's name: everything that was asked for."""


def place_of(composition: Composition) -> Place:
    """Where a run reads its scenarios."""
    paths = composition.paths or (composition.config.scenarios,)
    return Place(id=WHOLE, source="\n".join(map(shown_path, paths)))


def part_of(composition: Composition, told: Told) -> Part:
    """Everything that a run had to answer for, with what came of it.

    A pinned cell without a result is NOT_RUN where the whole set was asked for, and so is every
    cell of a file that cannot be used.
    """
    manifest = composition.manifest or Manifest()
    pinned = {pin.id: pin for pin in manifest.scenarios}
    unusable = composition.loaded.unusable
    expected = {one.id: Expected(one.id, one.sha256, len(episodes(one))) for one in told.scenarios}
    for name in pinned if not composition.paths else unusable:
        pin = pinned.get(name)
        if pin is None:
            continue
        known = expected.get(name, Expected(name, "", 0))
        expected[name] = known._replace(cells=max(known.cells, len(pin.cells)))
    for name in unusable:
        expected.setdefault(name, Expected(name, "", 1))
    part = Part(place=place_of(composition), expected=tuple(sorted(expected.values())))
    _fill(part, told, manifest)
    return part


def _fill(part: Part, told: Told, manifest: Manifest) -> None:
    kinds = {one.id: one.evidence for one in told.scenarios}
    paths = manifest.paths()
    for cell in told.cells:
        part.take(cell)
    seen = {cell.episode.id for cell in told.cells}
    for run in told.free:
        part.take_free(run, kinds.get(run.scenario, ""))
    ended = {run.scenario for run in told.free}
    for one in part.expected:
        for name in one.ids():
            if name not in seen:
                part.lose(name, paths.get(name, ()))
        if one.scenario not in ended:
            part.lose_free(one.scenario)
