"""Permits: which losses the clearances of the merge base allow, and why others do not.

A clearance counts as the merge base has it. One that the range brings, or edits, is not asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from harness.clearance.clearance import FOLDER, Clearance, parse, still_valid
from harness.clearance.fingerprint import fingerprints
from harness.clearance.tree import Tree
from harness.errors import InputError
from harness.guarding.ends import End
from harness.guarding.loss import Loss
from harness.guarding.refusal import Refusal
from harness.guarding.retired import Retired
from harness.reason import Reason
from harness.text import visible

SUFFIX = ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """One clearance file of the merge base.

    Attributes:
        file: from the repository's root.
        sha256: digest of its bytes.
        clearance: what it says; None where it cannot be read.
        reasons: why it permits nothing; none where it holds.
    """

    file: str
    sha256: str
    clearance: Clearance | None
    reasons: tuple[Reason, ...]

    @property
    def holds(self) -> bool:
        return self.clearance is not None and not self.reasons

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(self.clearance.paths if self.clearance is not None else ())


@dataclass(frozen=True)
class Permits:
    """All of them, and what they allow together.

    Attributes:
        every: paths that the control has at the merge base.
        words: text in a table's row → paths that the row belongs to.
        loose: modules and files of the control that no path reaches: registry and tables.
        code: `module:NAME` of all that the control's modules bind at the merge base.
        buried: paths that were deleted before.
        left: `module:NAME` that was left of those paths, and that nothing gets to any more.
    """

    permits: tuple[Permit, ...]
    every: frozenset[str]
    words: Mapping[str, frozenset[str]]
    loose: frozenset[str]
    code: frozenset[str]
    buried: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()

    @cached_property
    def paths(self) -> frozenset[str]:
        """Paths that are cleared."""
        return frozenset(path for one in self.permits if one.holds for path in one.paths)

    @cached_property
    def whole(self) -> bool:
        """Whether all code of the control is cleared, so that whatever lies with it may go."""
        return bool(self.code) and all(name in self.symbols for name in self.code)

    @cached_property
    def symbols(self) -> Mapping[str, frozenset[str]]:
        """`module:NAME` that may go → the paths whose own it is; none where paths share it."""
        found: dict[str, frozenset[str]] = dict.fromkeys(self.left, frozenset())
        for one in self.permits:
            if one.clearance is None or not one.holds:
                continue
            for names in one.clearance.shared.values():
                found.update((name, found.get(name, frozenset())) for name in names)
            for path, cleared in one.clearance.paths.items():
                for name in cleared.symbols:
                    found[name] = found.get(name, frozenset()) | {path}
        return found

    def allowing(self, loss: Loss) -> frozenset[str] | None:
        """The paths that a loss belongs to, all cleared; None where it is not allowed."""
        names = [f"{loss.module}:{_top(part)}" for part in (loss.parts or (loss.symbol,))]
        if (loss.symbol or loss.parts) and all(name in self.symbols for name in names):
            return frozenset[str]().union(*(self.symbols[name] for name in names))
        owners = self.owners(loss)
        if owners and owners <= self.paths and loss.module in self.loose:
            return owners
        return frozenset() if self.whole else None

    def owners(self, loss: Loss) -> frozenset[str]:
        """The paths that a row belongs to, by its own words or by a row that has them."""
        direct = frozenset(loss.words) & self.every
        if direct:
            return direct
        return frozenset[str]().union(*(self.words.get(word, frozenset()) for word in loss.words))


def _top(symbol: str) -> str:
    return symbol.partition("[")[0].partition(".")[0]


def read_permits(tree: Tree, config: str, today: date, *, level: str) -> tuple[Permit, ...]:
    """Every clearance of a tree, each with what keeps it from permitting anything.

    Args:
        tree: the merge base.
        config: the configuration file, from the tree's root.
        today: the day in UTC.
        level: the level that is asked for.
    """
    return tuple(
        _permit(tree, config, file, today, level)
        for file in tree.files(clearances_of(config))
        if file.endswith(SUFFIX)
    )


def clearances_of(config: str) -> str:
    """The folder of clearances, from the tree's root."""
    return "/".join(filter(None, [config.rpartition("/")[0], FOLDER]))


def _permit(tree: Tree, config: str, file: str, today: date, level: str) -> Permit:
    sha256 = ""
    try:
        content = tree.read(file)
        sha256 = hashlib.sha256(content).hexdigest()
        read = parse(content, file)
        modules = {path: cleared.module for path, cleared in read.paths.items()}
        reasons = still_valid(read, fingerprints(tree, config, modules), today, level=level)
    except InputError as error:
        told = Reason(slug="clearance-unusable", found=str(error), needed="a file of shadow clear")
        return Permit(file=file, sha256=sha256, clearance=None, reasons=(told,))
    return Permit(file=file, sha256=sha256, clearance=read, reasons=reasons)


def uncleared(
    paths: Iterable[str], permits: Iterable[Permit], added: Mapping[str, frozenset[str]], base: str
) -> Iterator[Refusal]:
    """Why each path that loses something is not cleared.

    Args:
        paths: those paths.
        permits: clearances of the merge base.
        added: clearance that the range adds or edits → its paths.
        base: what messages call the merge base.
    """
    known = tuple(permits)
    for path in sorted(paths):
        mine = [one for one in known if path in one.paths]
        for one in mine:
            for reason in one.reasons:
                found = f"{visible(path)}: {reason.found}"
                told = Reason(slug=reason.slug, found=found, needed=reason.needed)
                yield Refusal(reason=told, file=one.file)
        for file in sorted(file for file, names in added.items() if path in names):
            yield Refusal(
                reason=Reason(
                    slug="clearance-in-range",
                    found=f"{visible(path)}: the range itself brings or edits this clearance",
                    needed=f"the clearance stands in {base}: merge it first, alone",
                ),
                file=file,
            )
        if not mine:
            yield Refusal(
                reason=Reason(
                    slug="clearance-missing",
                    found=f"{visible(path)}: no clearance of it in {base}",
                    needed=f"shadow clear {visible(path)}, merged before what it permits",
                )
            )
    for one in known:
        if one.clearance is None:
            yield Refusal(reason=one.reasons[0], file=one.file)


def added_clearances(before: End, after: End) -> Mapping[str, frozenset[str]]:
    """Clearance that a range brings or edits → its paths; none where it cannot be read."""
    found: dict[str, frozenset[str]] = {}
    for file in after.tree.files(clearances_of(before.project.file)):
        content = after.content(file)
        if content is None or content == before.content(file):
            continue
        try:
            found[file] = frozenset(parse(content, file).paths)
        except InputError:
            found[file] = frozenset()
    return found


def edited_clearances(before: End, after: End) -> Iterator[tuple[str, str]]:
    """Clearances that say something else now, and those that are gone and a tombstone names."""
    named = {one.sha256 for one in before.retired}
    for file in before.tree.files(clearances_of(before.project.file)):
        was, now = before.content(file), after.content(file)
        if was is None or was == now:
            continue
        if now is not None:
            yield file, "a clearance is edited"
        elif hashlib.sha256(was).hexdigest() in named:
            yield file, "the clearance of a deleted path is gone"


def buried_symbols(buried: Iterable[Retired], permits: Iterable[Permit]) -> frozenset[str]:
    """What is left of paths that were deleted before: their clearances named it then."""
    stones = {(one.path, one.sha256) for one in buried}
    return frozenset(
        name
        for one in permits
        if one.clearance is not None
        for path, cleared in one.clearance.paths.items()
        if (path, one.sha256) in stones
        for name in cleared.symbols
    )
