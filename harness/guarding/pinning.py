"""The manifest over a range: what is pinned no longer, and which paths run less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from harness.guarding.refusal import Refusal
from harness.manifest import Manifest
from harness.reason import Reason, some
from harness.text import quoted, visible

PSEUDO: Final = "("
"""How the ids of paths begin that are no code: `(given)`, `(unhandled)`."""


@dataclass(frozen=True)
class Pinning:
    """The manifest at both ends.

    Attributes:
        file: where it stands.
        retired: paths that the range deletes, cleared.
        units: units of code that go with them.
    """

    file: str
    before: Manifest
    after: Manifest
    retired: frozenset[str]
    units: frozenset[str]

    def refusals(self) -> Iterator[Refusal]:
        """Everything that is pinned no longer."""
        yield from self._lines()
        yield from self._tombstones()
        yield from self._paths()
        yield from self._branches()

    def _lines(self) -> Iterator[Refusal]:
        buried = {one.id for one in self.after.tombstones if one.reason.strip()}
        there = {one.id for one in self.after.scenarios}
        gone = [one.id for one in self.before.scenarios if one.id not in there | buried]
        if gone:
            yield self._refusal(
                "manifest-line-removed",
                f"{len(gone)} pinned at the merge base are gone: {visible(some(gone))}",
                "every line that was pinned, or a tombstone: shadow lint --write --tombstone",
            )

    def _tombstones(self) -> Iterator[Refusal]:
        living = {one.id for one in self.after.scenarios}
        stones = {one.id: one.reason for one in self.after.tombstones}
        for one in self.before.tombstones:
            if one.id not in living and stones.get(one.id) != one.reason:
                what = "says something else" if one.id in stones else "is gone"
                yield self._refusal(
                    "tombstone-removed",
                    f"the tombstone of {quoted(one.id)} {what}",
                    "tombstones only come, unless what they bury lives again",
                )

    def _paths(self) -> Iterator[Refusal]:
        """Paths that run in fewer cells than they did, cells of buried scenarios left out."""
        before, after = self.cells
        for path in sorted(before):
            if path in self.retired or after[path] >= before[path]:
                continue
            lost = "vanished from the manifest" if not after[path] else "is pinned in fewer cells"
            yield self._refusal(
                "control-unreachable",
                f"path {visible(path)} {lost}: {after[path]}, was {before[path]}",
                f"cells of {visible(path)} >= {before[path]}, or a clearance of it",
            )

    def _branches(self) -> Iterator[Refusal]:
        for unit, count in sorted(self.before.branches.items()):
            now = self.after.branches.get(unit)
            if unit not in self.units and (now is None or now < count):
                found = "none" if now is None else str(now)
                yield self._refusal(
                    "control-gutted",
                    f"{visible(unit)} has fewer branches: {found}, was {count}",
                    f"branches of {visible(unit)} >= {count}, or a clearance of its paths",
                )

    @cached_property
    def cells(self) -> tuple[Counter[str], Counter[str]]:
        """Path → cells, at the base and at the head.

        Left out are cells of scenarios that were buried, and cells in which a path ran that is
        deleted: what it set off may not run any more.
        """
        buried = {one.id for one in self.after.tombstones}
        skipped = {
            cell.id
            for pin in self.before.scenarios
            for cell in pin.cells
            if pin.id in buried or self.retired.intersection(cell.paths)
        }
        before, after = (
            Counter(
                path
                for cell in one.cells()
                if cell.id not in skipped
                for path in cell.paths
                if not path.startswith(PSEUDO)
            )
            for one in (self.before, self.after)
        )
        return before, after

    def _refusal(self, slug: str, found: str, needed: str) -> Refusal:
        return Refusal(reason=Reason(slug=slug, found=found, needed=needed), file=self.file)


def pinned_paths(manifest: Manifest) -> frozenset[str]:
    """The control's paths that run in any cell."""
    return frozenset(
        path for cell in manifest.cells() for path in cell.paths if not path.startswith(PSEUDO)
    )


def cells_of(manifest: Manifest, path: str) -> int:
    """In how many cells a path is pinned."""
    return sum(path in cell.paths for cell in manifest.cells())


def otherwise(before: Manifest, after: Manifest) -> tuple[str, ...]:
    """Scenarios whose line says anything else than that fewer paths run in it."""
    lines = {one.id: (one.sha256, [cell.label for cell in one.cells]) for one in after.scenarios}
    now: Mapping[str, tuple[str, ...]] = after.paths()
    changed = []
    for pin in before.scenarios:
        same = lines.get(pin.id) == (pin.sha256, [cell.label for cell in pin.cells])
        more = any(set(now.get(cell.id, ())) - set(cell.paths) for cell in pin.cells)
        if not same or more:
            changed.append(pin.id)
    known = {pin.id for pin in before.scenarios}
    return (*changed, *(one.id for one in after.scenarios if one.id not in known))
