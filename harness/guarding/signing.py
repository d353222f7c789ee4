"""Signatures over a range: who approves what he wrote, and who renews without looking."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from harness.clearance.git import Commit
from harness.guarding.refusal import Refusal
from harness.reason import Reason, some
from harness.text import quoted, visible

MANY: Final = 3
"""Renewals of nothing but the date, in one range, that nobody has looked at one by one."""

_SIGNATURE: Final = frozenset({"approver", "created", "expires", "owner", "ticket", "title"})
"""Keys of a ruling that say who and how long; the others say what is accepted, and why."""

_TOGETHER: Final = re.compile(r"^co-authored-by:\s*(.*?)\s*<([^<>]*)>\s*$", re.I | re.M)


class Signed(NamedTuple):
    """Something that a person approves: a ruling, or a statement of the policy.

    Attributes:
        name: what messages call it.
        file: where it stands.
        data: what it says.
    """

    name: str
    file: str
    data: Mapping[str, Any]

    @property
    def approver(self) -> str:
        return str(self.data.get("approver", ""))

    @property
    def covers(self) -> str:
        """What is accepted and why; who signs, until when and under what name left out."""
        told = {key: value for key, value in self.data.items() if key not in _SIGNATURE | {"id"}}
        reason = "".join(re.findall(r"\w+", str(told.pop("reason", "")))).casefold()
        return f"{reason} {sorted(told.items(), key=str)}"


class Renewal(NamedTuple):
    """Something signed that says the same as before, and only runs longer.

    Attributes:
        signed: as it is now.
        was, until: days on which it ran out, and runs out.
    """

    signed: Signed
    was: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """All that is signed, at both ends of a range.

    Attributes:
        before, after: by what messages call them.
        approvers_before: listed at the merge base.
        writers: file → commits of the range that wrote it.
    """

    before: Mapping[str, Signed]
    after: Mapping[str, Signed]
    approvers_before: frozenset[str]
    writers: Mapping[str, Sequence[Commit]]

    @property
    def new(self) -> tuple[Signed, ...]:
        """What was signed in the range, for the first time or otherwise than before."""
        return tuple(
            one
            for name, one in sorted(self.after.items())
            if name not in self.before or self.before[name].data != one.data
        )

    @property
    def renewed(self) -> tuple[Renewal, ...]:
        """What says the same as before, only longer; under another name as well."""
        covered: dict[str, str] = {}
        for one in self.before.values():
            day = str(one.data.get("expires", ""))
            covered[one.covers] = max(day, covered.get(one.covers, ""))
        return tuple(
            Renewal(one, covered[one.covers], until)
            for one in self.new
            if one.covers in covered
            and (until := str(one.data.get("expires", ""))) > covered[one.covers]
        )

    def refusals(self) -> Iterator[Refusal]:
        """Everything that is wrong with the signatures of the range."""
        yield from self._mass_renewal()
        for one in self.new:
            yield from self._by_author(one)
            if one.approver and one.approver not in self.approvers_before:
                yield _refusal(
                    "ruling-approver-added", one,
                    f"{one.name} is approved by {quoted(one.approver)}, who is no approver at the "
                    "merge base",
                    "an approver who was listed before",
                )  # fmt: skip

    def _mass_renewal(self) -> Iterator[Refusal]:
        renewed = self.renewed
        if len(renewed) < MANY:
            return
        names = visible(some(one.signed.name for one in renewed))
        yield _refusal(
            "ruling-mass-renewal", renewed[0].signed,
            f"{len(renewed)} only run longer than before: {names}",
            f"renewals of nothing but the date <= {MANY - 1} in one range",
        )  # fmt: skip

    def _by_author(self, one: Signed) -> Iterator[Refusal]:
        for commit in self.writers.get(one.file, ()):
            if one.approver and one.approver.strip().casefold() in names_of(commit):
                yield _refusal(
                    "ruling-approved-by-author", one,
                    f"{one.name} is approved by {quoted(one.approver)}, who wrote it in commit "
                    f"{commit.id[:12]}",
                    "an approver who is neither author nor committer",
                )  # fmt: skip
                return


def names_of(commit: Commit) -> frozenset[str]:
    """Everything that its author, its committer and those who wrote with them go by, folded."""
    people = [(one.name, one.email) for one in (commit.author, commit.committer)]
    people.extend(_TOGETHER.findall(commit.message))
    return frozenset(name for person in people for name in _names(*person) if name)


def _names(name: str, email: str) -> Iterable[str]:
    local = email.partition("@")[0]
    return (part.strip().casefold() for part in (name, email, local, *local.split("+")))


def _refusal(slug: str, one: Signed, found: str, needed: str) -> Refusal:
    return Refusal(reason=Reason(slug=slug, found=visible(found), needed=needed), file=one.file)
