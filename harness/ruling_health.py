"""What is wrong with rulings: each fault by its own name, and each closes the gate."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from harness.bundle import CURATED
from harness.errors import InputError
from harness.leak import Leak
from harness.model import Cell, Difference, Finding
from harness.policy import LIFETIME_DAYS
from harness.reason import Reason, some
from harness.ruling import Bulk, Ruling
from harness.text import quoted

FAULTS: Final[Mapping[str, str]] = {
    "ruling-unused": "It covers no difference of any cell.",
    "ruling-undershoot": "A cell that it lists does not match, or the fault is copied.",
    "ruling-overlap": "Another ruling covers a difference that it covers too.",
    "ruling-expired": "Its last day is over.",
    "ruling-not-yet-created": "It is dated in the future.",
    "ruling-lifetime": "It runs longer than a ruling may.",
    "ruling-self-approved": "Its owner approved it.",
    "ruling-unknown-approver": "Its approver is not one of those that the policy lists.",
    "ruling-over-share": "It covers more of the accounts than it says it may.",
    "ruling-leaking": "It let a wrong value of the candidate pass.",
}
"""Faults found here; a ruling that cannot be read is named by the slug of its error."""


def unhealthy(
    rulings: Sequence[Ruling],
    cells: Sequence[Cell],
    *,
    today: date,
    approvers: Collection[str],
    refused: Iterable[InputError] = (),
    leaks: Iterable[Leak] = (),
    whole: bool = True,
) -> tuple[Reason, ...]:
    """Everything that is wrong with the rulings of a run, in the order of their ids.

    Args:
        rulings: all that could be read, in force or not.
        cells: all that were judged.
        today: the day that dates are compared with.
        approvers: who may approve, from the policy.
        refused: why other rulings could not be read.
        leaks: what was measured.
        whole: whether all scenarios ran; in a part of them a ruling may stay unused, and a listed
            cell that did not run is no fault.
    """
    leaking = list(leaks)
    found = [_reason(error.slug, str(error).splitlines()[0], error.hint) for error in refused]
    found.extend(_overlaps(cells))
    for ruling in sorted(rulings, key=lambda one: one.id):
        found.extend(_signature(ruling, today, approvers))
        if ruling.scope is not None and ruling.in_force(today):
            found.extend(_use(ruling, cells, whole=whole))
            found.extend(_shares(ruling, ruling.bulk, cells))
        mine = [f"{leak.cell} {leak.path}" for leak in leaking if ruling.id in leak.rulings]
        if mine:
            yielded = f"{ruling.id}: {len(mine)} wrong values, {some(mine)}"
            found.append(_reason("ruling-leaking", yielded, "leak = 0"))
    return tuple(found)


def _signature(ruling: Ruling, today: date, approvers: Collection[str]) -> Iterator[Reason]:
    days = (ruling.expires - ruling.created).days
    if ruling.expires < today:
        yield _reason("ruling-expired", f"{ruling.id}: {ruling.expires}", f"expires >= {today}")
    if ruling.created > today:
        found = f"{ruling.id}: {ruling.created}"
        yield _reason("ruling-not-yet-created", found, f"created <= {today}")
    if days > LIFETIME_DAYS:
        found, needed = f"{ruling.id}: {days} days", f"lifetime <= {LIFETIME_DAYS} days"
        yield _reason("ruling-lifetime", found, needed)
    if _name(ruling.approver) == _name(ruling.owner):
        found = f"{ruling.id}: owner and approver {quoted(ruling.owner)}"
        yield _reason("ruling-self-approved", found, "approver != owner")
    if ruling.approver not in approvers:
        found = f"{ruling.id}: {quoted(ruling.approver)}"
        yield _reason("ruling-unknown-approver", found, "approver listed in the policy")


def _name(text: str) -> str:
    """A person's name without what makes two spellings of it look the same."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _use(ruling: Ruling, cells: Sequence[Cell], *, whole: bool) -> Iterator[Reason]:
    used = {cell.episode.id for cell in cells if any(_under(ruling, cell.differences))}
    ran = {cell.episode.id for cell in cells}
    expected = [cell for cell in ruling.cells if whole or cell in ran]
    unmatched = [cell for cell in expected if cell not in used]
    missed = [cell.episode.id for cell in cells if any(_missed(ruling, cell))]
    if not used and (whole or expected):
        yield _reason("ruling-unused", f"{ruling.id}: covers nothing", "1 difference or more")
    if unmatched or missed:
        found = f"{ruling.id}: {some(dict.fromkeys([*unmatched, *missed]))}"
        yield _reason("ruling-undershoot", found, "every listed cell matched, no fault copied")


def _missed(ruling: Ruling, cell: Cell) -> Iterator[Finding]:
    """What a cell found of a ruling that had to match there and did not."""
    for finding in cell.findings:
        if finding.slug == "ruling-undershoot" and finding.detail.startswith(f"{ruling.id}: "):
            yield finding


def _under(ruling: Ruling, differences: Iterable[Difference]) -> Iterator[Difference]:
    """Differences of a cell's own that a ruling covers."""
    return (one for one in differences if one.ruling == ruling.id and not one.repeat)


def _shares(ruling: Ruling, bulk: Bulk | None, cells: Sequence[Cell]) -> Iterator[Reason]:
    """Accounts under a ruling, of those whose cells ran its paths; per kind of evidence."""
    if bulk is None or ruling.scope is None:
        return
    paths = ruling.scope.paths
    for kind in sorted({cell.episode.provenance for cell in cells} - {CURATED}):
        ours = [cell for cell in cells if cell.episode.provenance == kind]
        of = {cell.episode.scenario for cell in ours if paths & set(cell.episode.paths)}
        under = {cell.episode.scenario for cell in ours if any(_under(ruling, cell.differences))}
        share = bulk.max_share
        if len(under) > share * len(of) or len(under) > bulk.max_accounts:
            yield _reason(
                "ruling-over-share",
                f"{ruling.id}: {len(under)}/{len(of)} {kind} accounts",
                f"at most {share} of them and at most {bulk.max_accounts}",
            )


def _overlaps(cells: Iterable[Cell]) -> Iterator[Reason]:
    for cell in cells:
        for finding in cell.findings:
            if finding.slug == "ruling-overlap":
                found = f"{cell.episode.id}: {finding.detail}"
                yield _reason(finding.slug, found, "one ruling for each difference")


def _reason(slug: str, found: str, needed: str) -> Reason:
    return Reason(slug=slug, found=found, needed=needed)
