"""The conditions that keep a gate closed, each a function that yields its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from harness.branches import DEAD_LIMIT, KINDS
from harness.condition import Condition
from harness.evidence import Evidence, PathEvidence
from harness.model import Outcome
from harness.policy import LIFETIME_DAYS, NoSoundCase, Policy
from harness.reason import Reason, some

CELL_SLUGS: Final[Mapping[Outcome, str]] = {
    Outcome.NOT_RUN: "cell-not-run",
    Outcome.ERROR: "cell-error",
    Outcome.TIMEOUT: "cell-timeout",
    Outcome.UNSTABLE: "cell-unstable",
    Outcome.DRIFT: "cell-drifts",
    Outcome.DIVERGE: "cell-diverges",
}
"""Every own outcome that is neither AGREE nor RULED, by the name it closes a path under."""


def whole_reasons(
    evidence: Evidence,
    policy: Policy,
    *,
    leak: int | None,
    partial: str,
    conditions: Iterable[Condition],
) -> Iterator[Reason]:
    """Yield what closes every path: first what is incomplete, then what is wrong."""
    yield from _completeness(evidence, partial)
    yield from _identity(evidence)
    if leak is None:
        yield Reason(slug="leak-unmeasured", found="not measured", needed="leak = 0")
    elif leak:
        yield Reason(slug="ruling-leaks", found=f"leak = {leak}", needed="leak = 0")
    yield from _unused_statements(evidence, policy)
    for condition in conditions:
        yield from condition.closing()


def _completeness(evidence: Evidence, partial: str) -> Iterator[Reason]:
    expected, free = evidence.totals["expected"], evidence.free["expected"]
    compared = sum(evidence.kinds.values())
    if partial:
        yield Reason(slug="partial-set", found=partial, needed="the whole set of scenarios")
    if not compared:
        yield Reason(slug="nothing-compared", found="0 cells compared", needed="cells >= 1")
    if not any(path.registered and not path.pseudo for path in evidence.paths.values()):
        yield Reason(slug="no-paths", found="0 paths registered", needed="paths >= 1")
    if not expected:
        yield Reason(slug="manifest-empty", found="0 cells pinned", needed="cells >= 1")
    if not free:
        yield Reason(slug="free-empty", found="0 free runs pinned", needed="free runs >= 1")
    for name, totals in (("cells", evidence.totals), ("free runs", evidence.free)):
        counted = sum(totals.values()) - totals["expected"]
        if totals["expected"] and counted != totals["expected"]:  # nothing pinned is said above
            found = f"{counted} {name} counted"
            needed = f"{counted} = {totals['expected']} {name} pinned"
            yield Reason(slug="totals-unequal", found=found, needed=needed)


def _identity(evidence: Evidence) -> Iterator[Reason]:
    """Compare by id: sums may be equal though the cells are others."""
    not_run = evidence.totals[Outcome.NOT_RUN]
    unpinned = evidence.unexpected if evidence.totals["expected"] else ()
    ends = evidence.free_missing if evidence.free["expected"] else ()
    checks: tuple[tuple[str, Iterable[str], str], ...] = (
        ("cells-missing", evidence.missing, "every pinned cell has a result"),
        ("cells-unexpected", unpinned, "every result is pinned"),
        ("cells-doubled", evidence.doubled, "one result a cell"),
        ("paths-changed", evidence.paths_changed, "the pinned paths run"),
        ("cells-not-run", [f"{not_run} cells"] if not_run else [], "NOT_RUN = 0"),
        ("cell-without-control", evidence.without_control, "the control gives a result"),
        ("free-missing", ends, "one free run for every pinned scenario"),
        ("free-doubled", evidence.free_doubled, "one free run a scenario"),
        ("branch-unknown", evidence.strays, "every branch taken is counted"),
        ("dead-branch-unknown", evidence.dead_unknown, "a dead branch is one of the code's"),
    )
    for slug, names, needed in checks:
        if names:
            yield Reason(slug=slug, found=some(names), needed=needed)


def _unused_statements(evidence: Evidence, policy: Policy) -> Iterator[Reason]:
    for statement in policy.no_sound_case:
        path = evidence.paths.get(statement.path)
        if path is None or not path.registered or path.pseudo:
            found = f"{statement.path} is no path of the control"
        elif sound := path.figures.agreement_where_sound.d:
            found = f"{statement.path} has {sound} SOUND cells"
        else:
            continue
        yield Reason(slug="no-sound-case-unused", found=found, needed="SOUND cells = 0")


def path_reasons(path: PathEvidence, policy: Policy, today: date) -> Iterator[Reason]:
    """Yield what closes one path."""
    for rule in PATH_RULES:
        yield from rule(path, policy)
    if not path.pseudo:
        yield from _sound_floor(path, policy, today)


def _cells(path: PathEvidence, _policy: Policy) -> Iterator[Reason]:
    if not path.registered:
        needed = "the control registers every path that runs"
        yield Reason(slug="path-unknown", found=f"{path.path} ran", needed=needed)
    if KINDS.isdisjoint(path.kinds):
        found = f"{path.compared} cells compared"
        found += ", none of a kind that gives credit" if path.compared else ""
        yield Reason(slug="no-cells", found=found, needed="cells >= 1")
    for outcome, slug in CELL_SLUGS.items():
        ids = path.bad.get(outcome, ())
        if ids:
            found = f"{outcome} = {len(ids)}: {some(ids)}"
            yield Reason(slug=slug, found=found, needed=f"{outcome} = 0")


def _distinct_floor(path: PathEvidence, policy: Policy) -> Iterator[Reason]:
    best = max(path.distinct.values(), default=0)
    if not path.pseudo and best < policy.distinct_cells:
        found = f"{best} distinct cells of one kind"
        needed = f"{best} >= {policy.distinct_cells}"
        yield Reason(slug="too-few-cells", found=found, needed=needed)


def _sound_floor(path: PathEvidence, policy: Policy, today: date) -> Iterator[Reason]:
    best = max(path.sound_agree.values(), default=0)
    if best >= policy.sound_agree:
        return
    statement = next((s for s in policy.no_sound_case if s.path == path.path), None)
    if statement is None:
        found = f"{best} distinct cells SOUND and AGREE, of one kind"
        needed = f"{best} >= {policy.sound_agree}, or a signed no_sound_case"
        yield Reason(slug="no-sound-case", found=found, needed=needed)
    else:
        yield from _statement_dates(statement, today)


def _statement_dates(statement: NoSoundCase, today: date) -> Iterator[Reason]:
    latest = today + timedelta(days=LIFETIME_DAYS)
    found = f"signed by {statement.approver} until {statement.expires}"
    if statement.expires < today:
        needed = f"{statement.expires} >= {today}"
        yield Reason(slug="no-sound-case-expired", found=found, needed=needed)
    elif statement.expires > latest:
        needed = f"{statement.expires} <= {latest}, {LIFETIME_DAYS} days from today"
        yield Reason(slug="no-sound-case-lifetime", found=found, needed=needed)


def _figures(path: PathEvidence, policy: Policy) -> Iterator[Reason]:
    figures = path.figures
    sound = figures.agreement_where_sound
    agreed = sound._replace(n=sound.n + figures.intended.n)
    if not agreed.at_least(policy.agreement_where_sound):
        found = f"{agreed} of the SOUND cells agree or are changed on purpose, not "
        yield Reason(
            slug="agreement-where-sound",
            found=found + some(figures.disagreeing),
            needed=f"{agreed} >= {policy.agreement_where_sound}",
        )
    if not figures.intended.at_most(policy.intended_change_max):
        yield Reason(
            slug="intended-change-share",
            found=f"{figures.intended} of the SOUND cells are changed on purpose",
            needed=f"{figures.intended} <= {policy.intended_change_max}",
        )
    if not figures.repairs_proven.at_least(policy.repairs_proven):
        yield Reason(
            slug="repairs-unproven",
            found=f"{figures.repairs_proven} put right, not {some(figures.unproven)}",
            needed=f"{figures.repairs_proven} >= {policy.repairs_proven}",
        )
    for slug, ids in (("made-worse", figures.worse), ("left-to-a-person", figures.deferred)):
        if ids:
            found = f"cells = {len(ids)}: {some(ids)}"
            yield Reason(slug=slug, found=found, needed="cells = 0")


def _branches(path: PathEvidence, _policy: Policy) -> Iterator[Reason]:
    if path.pseudo:
        return
    branches = path.branches
    if not branches.own.d:
        yield Reason(slug="no-branches", found="0 branches counted", needed="branches >= 1")
    if branches.missing:
        yield Reason(
            slug="branch-not-taken",
            found=f"{branches.own} taken in credited cells, not {some(branches.missing)}",
            needed=f"taken {branches.own.n} = {branches.own.d}",
        )
    if branches.shared_missing:
        units = ", ".join(f"{unit} {share}" for unit, share in branches.shared.items())
        yield Reason(
            slug="shared-branch-not-taken",
            found=f"{units}, not {some(branches.shared_missing)}",
            needed="every branch of shared code that the path reaches",
        )


def _dead_branches(path: PathEvidence, _policy: Policy) -> Iterator[Reason]:
    dead, revived = path.branches.dead, path.branches.revived
    if revived:
        needed = "a branch called dead is never taken"
        yield Reason(slug="dead-branch-revived", found=some(revived), needed=needed)
    if len(dead) > DEAD_LIMIT:
        needed = f"{len(dead)} <= {DEAD_LIMIT}"
        yield Reason(slug="dead-branch-limit", found=some(dead), needed=needed)


def _free(path: PathEvidence, _policy: Policy) -> Iterator[Reason]:
    if path.not_kept:
        needed = "every free run is KEPT"
        yield Reason(slug="free-not-kept", found=some(path.not_kept), needed=needed)


PATH_RULES: Final[tuple[Callable[[PathEvidence, Policy], Iterator[Reason]], ...]] = (
    _cells,
    _figures,
    _distinct_floor,
    _branches,
    _dead_branches,
    _free,
)
"""Conditions of a path, in the order in which their reasons are printed."""
