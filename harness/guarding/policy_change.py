"""The policy at both ends: thresholds, and how old the records are that loosen them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.clearance.tree import RevisionTree
from harness.guarding.ends import End, Range
from harness.guarding.history import committed, steady_since
from harness.guarding.loosening import YOUNG, loosened, relaxed, unrecorded
from harness.guarding.refusal import Refusal
from harness.moment import Now, day_of, iso
from harness.reason import Reason
from harness.text import visible


@dataclass(frozen=True)
class PolicyChange:
    """What a range does to the policy."""

    range: Range
    now: Now

    def refusals(self, *, deletes: bool) -> Iterator[Refusal]:
        """What is looser without a record, and, where something is deleted, too young a record."""
        before, after = self.range.before, self.range.after
        if before.policy != after.policy:
            since = committed(self.range.repository, before.tree.commit)
            yield from unrecorded(
                loosened(before.policy, after.policy),
                before.policy,
                after.policy,
                file=before.project.gate,
                since=day_of(since),
                today=self.now.today,
            )
        if deletes:
            yield from self._young()

    def _young(self) -> Iterator[Refusal]:
        before, after = self.range.before, self.range.after
        until = self.now.at - int(YOUNG.total_seconds())
        for record in sorted(relaxed(before.policy) | relaxed(after.policy)):
            since = self._since(record, until)
            if since is None or since > until:
                told = "in this range" if record not in relaxed(before.policy) else ""
                told = told or (f"on {iso(since)}" if since is not None else "nobody knows when")
                yield Refusal(
                    reason=Reason(
                        slug="relaxation-young",
                        found=f"{visible(record)}: merged {told}",
                        needed=f"merged {YOUNG.days} days before anything is deleted, by "
                        f"{iso(until)}",
                    ),
                    file=before.project.gate,
                )

    def _since(self, record: str, until: int) -> int | None:
        before = self.range.before

        def holds(tree: RevisionTree) -> bool:
            end = End(tree, replace(before.project, tree=tree))
            return record in relaxed(end.policy)

        repository, tip = self.range.repository, before.tree.commit
        return steady_since(repository, tip, holds, until=until)
