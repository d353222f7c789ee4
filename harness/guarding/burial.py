"""Burials: every path that a range deletes gets its tombstone, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from harness.errors import InputError
from harness.guarding.ends import Range
from harness.guarding.history import committed
from harness.guarding.path_units import PathUnits
from harness.guarding.permits import Permit
from harness.guarding.pinning import cells_of
from harness.guarding.refusal import Refusal
from harness.guarding.retired import NAME, Retired, row_text
from harness.moment import day_of
from harness.reason import Reason
from harness.text import visible

UNDECIDED = "docs/decisions/…"
"""What a person writes into the row: who decided."""


@dataclass(frozen=True)
class Burial:
    """The tombstones of a range.

    Attributes:
        retired: paths that lose something, all of it cleared.
        permits: clearances of the merge base.
        units: the code of each path.
        recording: digest of the recorded control that the range switches to; empty where none.
    """

    range: Range
    retired: frozenset[str]
    permits: Sequence[Permit]
    units: PathUnits
    today: date
    recording: str = ""

    def refusals(self) -> Iterator[Refusal]:
        """Everything that is wrong with the tombstones."""
        before, after = self.range.before, self.range.after
        for gone in [one for one in before.retired if one not in after.retired]:
            yield self._refusal(
                "tombstone-removed",
                f"the tombstone of {visible(gone.path)} is gone, or says something else",
                f"it stays in {NAME}; a path that lives again is counted as living all the same",
            )
        added = [one for one in after.retired if one not in before.retired]
        for path in self.unburied:
            yield self._refusal(
                "path-not-buried",
                f"{visible(path)} is deleted, and no row of {NAME} says so",
                f"a row in {NAME}: {row_text(self.expected(path))}",
            )
        for one in added:
            yield from self._wrong(one)

    @property
    def unburied(self) -> tuple[str, ...]:
        """Paths that the range deletes and does not bury."""
        return tuple(sorted(self.retired - {one.path for one in self.range.after.retired}))

    def file(self, decision: str) -> str:
        """The file of tombstones as the head has it, with the rows that are missing.

        Args:
            decision: who decided, as a row says it.

        Raises:
            InputError: `nothing-to-bury`, the range deletes no path that is not buried.
        """
        if not self.unburied:
            raise InputError(
                "nothing-to-bury",
                "the range deletes no path by a clearance that is not buried already",
                self.range.before.retired_file,
                "commit the deletion first; shadow guard says whether it is cleared",
            )
        content = self.range.after.content(self.range.before.retired_file)
        text = (content or b"retired:\n").decode("utf-8", "replace").rstrip("\n")
        rows = (replace(self.expected(path), decision=decision) for path in self.unburied)
        return "\n".join((text, *(f"  - {row_text(one)}" for one in rows)))

    def expected(self, path: str, sha256: str = "") -> Retired:
        """The row that a deleted path needs; who decided is left to a person.

        Args:
            path: which one.
            sha256: of the clearance that is named, where several hold.
        """
        holding = [one for one in self.permits if one.holds and path in one.paths]
        permit = next((one for one in holding if one.sha256 == sha256), holding[0])
        before = self.range.before
        folder = before.project.folder
        unit = self.units.modules.get(path, "")
        return Retired(
            path=path,
            clearance=permit.file.removeprefix(f"{folder}/") if folder else permit.file,
            sha256=permit.sha256,
            date=self.today,
            cells=cells_of(before.manifest, path),
            branches=before.manifest.branches.get(unit, 0),
            decision=UNDECIDED,
            recording=self.recording,
        )

    def _wrong(self, one: Retired) -> Iterator[Refusal]:
        if one.path not in self.retired:
            yield self._refusal(
                "tombstone-unfounded",
                f"{visible(one.path)} is buried, and the range deletes nothing of it by a "
                "clearance",
                "a tombstone comes with the deletion that it tells of",
            )
            return
        right = self.expected(one.path, one.sha256)
        for key in ("clearance", "sha256", "cells", "branches"):
            found, wanted = getattr(one, key), getattr(right, key)
            if found != wanted:
                yield self._refusal(
                    "tombstone-unfounded",
                    f"{visible(one.path)}: {key} = {visible(str(found))}",
                    f"{key} = {visible(str(wanted))}, as at the merge base",
                )
        since = day_of(committed(self.range.repository, self.range.before.tree.commit))
        if not since <= one.date <= self.today:
            yield self._refusal(
                "tombstone-unfounded",
                f"{visible(one.path)}: date = {one.date}",
                f"{since} <= date <= {self.today}",
            )

    def _refusal(self, slug: str, found: str, needed: str) -> Refusal:
        reason = Reason(slug=slug, found=found, needed=needed)
        return Refusal(reason=reason, file=self.range.before.retired_file)
