"""The judgement of a range: what is lost, what clears it, and every reason to refuse the range."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from harness.clearance.clearance import LEVELS
from harness.clearance.git import Change, Commit
from harness.clearance.modules import SUFFIX
from harness.guarding.burial import Burial
from harness.guarding.comparing import Comparison
from harness.guarding.ends import Range
from harness.guarding.judges import Judges, grows_only, only_grew
from harness.guarding.loss import SLUGS, Loss, Note
from harness.guarding.package import Place
from harness.guarding.path_units import PathUnits
from harness.guarding.permits import (
    Permit,
    Permits,
    added_clearances,
    buried_symbols,
    clearances_of,
    edited_clearances,
    read_permits,
    uncleared,
)
from harness.guarding.pinning import Pinning, otherwise, pinned_paths
from harness.guarding.policy_change import PolicyChange
from harness.guarding.refusal import Refusal
from harness.guarding.signing import Signatures
from harness.guarding.switch import Switch
from harness.moment import Now
from harness.reason import Reason, some
from harness.text import visible


@dataclass(frozen=True)
class Judgement:
    """One range.

    Attributes:
        range: what is judged.
        level: the level that a clearance must have.
        now: what time it is.
    """

    range: Range
    level: str
    now: Now

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Files that differ from end to end, so that nothing hides in a merge."""
        before, after = self.range.before.tree, self.range.after.tree
        return self.range.repository.differing(before.commit, after.commit)

    # --- what is lost

    @cached_property
    def compared(self) -> Comparison:
        before, after = self.range.before, self.range.after
        control = {*before.control.files, *after.control.files}
        elsewhere = {
            change.path: content
            for change in self.changes
            if change.path.endswith(SUFFIX) and change.path not in control
            if (content := after.content(change.path)) is not None
        }
        return Comparison(before.control, after.control, before.registry, elsewhere)

    @cached_property
    def permits(self) -> Permits:
        """What the clearances of the merge base allow."""
        before, paths = self.range.before, self.paths
        reached = before.control.reached(before.registry.module)
        left = buried_symbols(before.retired, self.clearances)
        return Permits(
            permits=self.clearances,
            every=paths.every,
            words=paths.words,
            loose=paths.loose,
            code=frozenset(
                f"{module}:{name}"
                for module, one in before.control.modules.items()
                for name in one.symbols
                if "." not in name
            ),
            buried=frozenset(one.path for one in before.retired),
            left=frozenset(name for name in left if name.partition(":")[0] not in reached),
        )

    @cached_property
    def clearances(self) -> tuple[Permit, ...]:
        before, day = self.range.before, self.now.today
        return read_permits(before.tree, before.project.file, day, level=self.level)

    @cached_property
    def paths(self) -> PathUnits:
        """The paths of the merge base, those that were buried before left out."""
        before = self.range.before
        told = {
            path: cleared.module
            for one in self.clearances
            if one.clearance is not None
            for path, cleared in one.clearance.paths.items()
            if cleared.module in before.control.modules
        }
        buried = {one.path for one in before.retired}
        gone = {path for path in told if path in buried}
        return PathUnits(
            package=before.control,
            registry=before.registry,
            pinned=pinned_paths(before.manifest),
            told={path: module for path, module in told.items() if path not in gone},
        )

    @cached_property
    def losses(self) -> Mapping[Loss, frozenset[str] | None]:
        """Everything that is lost → the cleared paths it belongs to; None where it is refused.

        What only a cleared symbol got to is no loss of its own, so it is looked again where
        anything is cleared.
        """
        found = self.compared.losses()
        if not found:
            return {}
        cleared = frozenset(
            Place(module, symbol)
            for name in self.permits.symbols
            for module, _, symbol in [name.partition(":")]
        )
        if cleared:
            found = replace(self.compared, cleared=cleared).losses()
        return {loss: self.permits.allowing(loss) for loss in found}

    @cached_property
    def retired(self) -> frozenset[str]:
        """Paths that lose something, all of it cleared; all of them where the control goes."""
        if self.switch.away and self.switch.whole:
            return self.paths.every - self.permits.buried
        return frozenset[str]().union(*(paths or frozenset() for paths in self.losses.values()))

    @cached_property
    def wanting(self) -> frozenset[str]:
        """Paths that lose something and have no clearance that holds."""
        bare = [loss for loss, paths in self.losses.items() if paths is None]
        found = frozenset[str]().union(
            *(self.permits.owners(one) or self.paths.of(one.module) for one in bare)
        )
        if self.switch.away and not self.switch.whole:
            found |= self.paths.every - self.permits.buried
        return found - self.permits.paths if found else found

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        return self.compared.notes(self.losses)

    @property
    def deletes(self) -> bool:
        """Whether anything of the control is lost, cleared or not."""
        return bool(self.losses) or self.switch.away

    # --- why it is refused

    @cached_property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every reason, what is lost first; none means that the range may be merged."""
        return tuple(refusal for rule in RULES for refusal in rule(self))

    @cached_property
    def switch(self) -> Switch:
        before, after = self.range.before, self.range.after
        added = tuple(one for one in after.retired if one not in before.retired)
        whole = (
            str(before.project.table["control"]) == str((after.table or {}).get("control", ""))
            or self.permits.whole
        )
        return Switch(before, after, added, whole)

    @cached_property
    def pinning(self) -> Pinning:
        before, after = self.range.before, self.range.after
        units = {
            unit
            for unit in (before.manifest.branches if self.retired else ())
            if (owners := self.paths.of(unit)) and owners <= self.retired
        }
        return Pinning(
            file=before.manifest_file,
            before=before.manifest,
            after=after.manifest,
            retired=self.retired,
            units=frozenset(units),
        )

    @cached_property
    def policy(self) -> PolicyChange:
        return PolicyChange(self.range, self.now)

    @cached_property
    def signatures(self) -> Signatures:
        before, after = self.range.before, self.range.after
        return Signatures(
            before=before.signed,
            after=after.signed,
            approvers_before=frozenset(map(str, before.policy.get("approvers") or ())),
            writers=self.writers() if before.signed != after.signed else {},
        )

    @cached_property
    def burial(self) -> Burial:
        return Burial(
            range=self.range,
            retired=self.retired,
            permits=self.clearances,
            units=self.paths,
            today=self.now.today,
            recording=self.switch.recording,
        )

    @cached_property
    def judges(self) -> Judges:
        return Judges(self.range.before.project)

    def writers(self) -> Mapping[str, list[Commit]]:
        """File → commits of the range that wrote it; of one that none wrote, all of them."""
        changed = self.range.repository.changed(self.range.commits)
        found: dict[str, list[Commit]] = {}
        for commit in self.range.commits:
            for change in changed[commit.id]:
                found.setdefault(change.path, []).append(commit)
        for change in self.changes:
            found.setdefault(change.path, list(self.range.commits))
        return found


def lost(self: Judgement) -> Iterator[Refusal]:
    """What is lost and not cleared."""
    base = self.range.before.tree.name
    for loss, paths in self.losses.items():
        if paths is None:
            owners = self.permits.owners(loss) or self.paths.of(loss.module)
            told = f" (path {visible(some(sorted(owners)))})" if owners else ""
            yield Refusal(
                reason=Reason(
                    slug=SLUGS[loss.kind],
                    found=f"{visible(loss.name)}{told} {visible(loss.said)}",
                    needed=f"it stays as in {base}, or a clearance there names it",
                ),
                file=loss.file,
                line=loss.line,
            )


def not_cleared(self: Judgement) -> Iterator[Refusal]:
    """Why the paths that lose something are not cleared."""
    if self.wanting or None in self.losses.values():
        added = added_clearances(self.range.before, self.range.after)
        base = self.range.before.tree.name
        yield from uncleared(self.wanting, self.clearances, added, base)


def switched(self: Judgement) -> Iterator[Refusal]:
    """The control that the table names no longer."""
    yield from self.switch.refusals()


def pinned(self: Judgement) -> Iterator[Refusal]:
    """What the manifest pins no longer."""
    yield from self.pinning.refusals()


def buried(self: Judgement) -> Iterator[Refusal]:
    """Deleted paths without a tombstone, and tombstones without a deletion."""
    if self.retired or self.range.before.retired != self.range.after.retired:
        yield from self.burial.refusals()


def judged(self: Judgement) -> Iterator[Refusal]:
    """What judges a deletion, and changes with it."""
    if not self.deletes:
        return
    yield from self.judges.touched(self.changes)
    before, after = self.range.before, self.range.after
    keys = [*self.switch.others()]
    if keys:
        yield _with_its_judge(
            f"the configuration changes: {visible(some(keys))}", self.switch.file
        )
    changed = otherwise(before.manifest, after.manifest)
    if changed:
        found = f"scenarios are pinned otherwise: {visible(some(changed))}"
        yield _with_its_judge(found, before.manifest_file)


def _with_its_judge(found: str, file: str) -> Refusal:
    needed = "what judges a deletion is merged before it, or after it"
    return Refusal(
        reason=Reason(slug="deleted-with-its-judge", found=found, needed=needed), file=file
    )


def loosened(self: Judgement) -> Iterator[Refusal]:
    """A policy that asks less."""
    yield from self.policy.refusals(deletes=self.deletes)


def signed(self: Judgement) -> Iterator[Refusal]:
    """Signatures that are none."""
    yield from self.signatures.refusals()


def rewritten(self: Judgement) -> Iterator[Refusal]:
    """Files that only grow, and clearances, which nobody edits."""
    before, after = self.range.before, self.range.after
    for change in self.changes:
        content = before.content(change.path)
        if content is None or not grows_only(change.path):
            continue
        if not only_grew(change.path, content, after.content(change.path)):
            yield _rewritten(change.path, "lines that stood there are gone or say something else")
    for file, what in edited_clearances(before, after):
        yield _rewritten(file, what)


def _rewritten(file: str, what: str) -> Refusal:
    reason = Reason(
        slug="history-rewritten",
        found=f"{visible(file)}: {what}",
        needed="what was written stays, and more is added behind it",
    )
    return Refusal(reason=reason, file=file)


def brought(self: Judgement) -> Iterator[Refusal]:
    """Clearances that the range brings and that do not hold for what it leaves."""
    before, after = self.range.before, self.range.after
    if not added_clearances(before, after):
        return
    old = set(before.tree.files(clearances_of(before.project.file)))
    level = LEVELS[0]  # a clearance of a higher level is one of this level too
    for one in read_permits(after.tree, before.project.file, self.now.today, level=level):
        for reason in one.reasons if one.file not in old else ():
            yield Refusal(reason=reason, file=one.file)


def owned_less(self: Judgement) -> Iterator[Refusal]:
    """Files that others have to approve than before."""
    before, after = self.range.before, self.range.after
    if before.owners == after.owners:
        return
    control = frozenset(before.control.files)
    yield from self.judges.owned_less(before.tree.files(), before.owners, after.owners, control)


RULES: Final[tuple[Callable[[Judgement], Iterable[Refusal]], ...]] = (
    lost, not_cleared, switched, pinned, buried, judged, loosened, signed, rewritten,
    brought, owned_less,
)  # fmt: skip
"""What is asked of every range, in the order in which it is told."""
