"""The judges: files that decide what may be deleted, and that no range may touch that deletes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from harness import manifest_file
from harness.clearance.fingerprint import RULINGS
from harness.clearance.git import Change
from harness.clearance.project import Project
from harness.guarding import retired
from harness.guarding.code_owners import FILES, CodeOwners
from harness.guarding.permits import clearances_of
from harness.guarding.refusal import Refusal
from harness.reason import Reason, some
from harness.sampling import burned, ledger
from harness.text import visible

HARNESS: Final = "harness"
PROSE: Final = ".md"

_PINS: Final = re.compile(
    r"(^|/)((constraints|requirements)[^/]*\.txt|[^/]*\.lock|pylock[^/]*\.toml)$"
)
_RUN: Final = re.compile(r"(^|/)(\.github|\.ci)/|(^|/)(Makefile|\.gitlab-ci\.yml)$")
_GROWS: Final = frozenset({ledger.NAME, burned.NAME})


@dataclass(frozen=True)
class Judges:
    """What judges, by the configuration of the merge base.

    Attributes:
        project: the merge base.
    """

    project: Project

    @cached_property
    def _kinds(self) -> Mapping[str, Callable[[str], bool]]:
        """What is told of a file → whether it is one; the first that fits holds."""
        project = self.project
        scenarios = f"{project.scenarios}/"
        rulings = f"{scenarios}{RULINGS}/"
        own = {f"{scenarios}{name}" for name in (manifest_file.NAME, retired.NAME)}
        packages = {
            what: self._inside(name)
            for what, name in (
                ("the harness", HARNESS),
                ("the candidate", project.package("candidate")),
                ("the world", project.package("world")),
                ("the invariants", project.module("invariants")),
            )
        }
        return {
            "the gate's policy": lambda file: file == project.gate,
            "a clearance": lambda file: file.startswith(f"{clearances_of(project.file)}/"),
            "a ruling": lambda file: file.startswith(rulings),
            "a field that is left out": lambda file: file == f"{scenarios}fields.yaml",
            "a scenario": lambda file: file.startswith(scenarios) and file not in own,
            "who has to approve": lambda file: file in FILES,
            "what CI runs": lambda file: bool(_RUN.search(file)),
            "a pinned version": lambda file: file not in own and bool(_PINS.search(file)),
            **packages,
        }

    def _inside(self, name: str) -> Callable[[str], bool]:
        path = name.replace(".", "/")
        roots = [f"{root}/{path}" if root else path for root in self.project.modules.roots]
        return lambda file: any(
            file == f"{root}.py" or file.startswith(f"{root}/") for root in roots
        )

    @cached_property
    def to_come(self) -> tuple[str, ...]:
        """Files that there may not be yet, and that somebody has to approve when they come."""
        scenarios = self.project.scenarios
        return (
            f"{clearances_of(self.project.file)}/new.json",
            f"{scenarios}/{RULINGS}/new.yaml",
            f"{scenarios}/new.yaml",
            f"{scenarios}/{retired.NAME}",
            f"{scenarios}/{manifest_file.NAME}",
            ".github/workflows/new.yml",
        )

    def of(self, file: str) -> str:
        """What a file judges; empty where it judges nothing, as prose does."""
        if file.endswith(PROSE):
            return ""
        return next((what for what, fits in self._kinds.items() if fits(file)), "")

    def touched(self, changes: Iterable[Change]) -> Iterator[Refusal]:
        """Judges that a range touches which deletes something."""
        found: dict[str, list[str]] = {}
        for change in changes:
            if what := self.of(change.path):
                found.setdefault(what, []).append(change.path)
        for what, files in found.items():
            yield Refusal(
                reason=Reason(
                    slug="deleted-with-its-judge",
                    found=f"{what} changes with the deletion: {visible(some(files))}",
                    needed="what judges a deletion is merged before it, or after it",
                ),
                file=files[0],
            )

    def owned_less(
        self,
        files: Iterable[str],
        before: CodeOwners,
        after: CodeOwners,
        control: frozenset[str],
    ) -> Iterator[Refusal]:
        """Files that somebody had to approve, and now somebody else, or nobody."""
        found: dict[tuple[str, str], list[str]] = {}
        guarded = (self.project.file, *FILES)
        for file in dict.fromkeys((*files, *self.to_come)):
            was = before.of(file)
            if was and (file in {*guarded, *self.to_come} or file in control or self.of(file)):
                now = after.of(file)
                if not now or not now <= was:
                    found.setdefault((_names(was), _names(now)), []).append(file)
        for (was_told, now_told), lost in found.items():
            yield Refusal(
                reason=Reason(
                    slug="owners-loosened",
                    found=f"{visible(some(lost))}: approved by {now_told}, was {was_told}",
                    needed=f"approved by {was_told}, or fewer of them",
                ),
                file=after.file or before.file,
            )


def _names(owners: frozenset[str]) -> str:
    return visible(", ".join(sorted(owners))) or "nobody"


def grows_only(file: str) -> bool:
    """Whether a file may only ever become longer, or, as a list that was drawn, never change."""
    name = file.rpartition("/")[2]
    return name in _GROWS or f"/{ledger.LISTS}/" in f"/{file}"


def only_grew(file: str, before: bytes, after: bytes | None) -> bool:
    """Whether such a file lost nothing."""
    if after is None:
        return False
    listed = file.rpartition("/")[2] not in _GROWS
    return before == after if listed else ledger.continues(before, after)
