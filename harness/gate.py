"""The verdict: open or closed per path, closed unless every condition is proven to hold."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from harness.condition import Condition, every
from harness.errors import PRECEDENCE, ExitCode
from harness.evidence import COMPARED, Evidence, PathEvidence
from harness.figures import Figures
from harness.gate_rules import path_reasons, whole_reasons
from harness.guarding.retired import Census
from harness.model import Cell, Free, FreeRun, Outcome
from harness.origin import Source
from harness.policy import NoSoundCase, Policy, Relaxation
from harness.reason import Reason, some


class Gate(enum.StrEnum):
    """There is nothing between the two."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PathVerdict:
    """Whether a path may be cleared, with the evidence it was decided on."""

    gate: Gate
    evidence: PathEvidence
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says, complete: a verdict is never made of a part of a run.

    Attributes:
        level: rehearsal or production; every output prints it.
        totals, free: `expected` and every outcome.
        figures: over all cells, each counted once.
        leak: wrong values that a ruling let through; None where it was not measured.
        paths: path → its verdict.
        reasons: what closes the whole gate.
        conditions: what other evidence says, and whether the policy asks for it.
        retired: field that is not compared → cells it was left out of.
        relaxations, statements: what is looser than built in, and who signed what.
        kinds: kind of evidence → compared cells, never added.
        unowned: shared code that no path reached.
        partial: what part of the scenarios was asked for; empty means all.
        unknown_state: cells without a result because nobody recorded what an engine asked for.
        recorded: of when and of what the control is a recording; empty where it is code.
        sources: figure → whether it was measured or asserted, when, from what.
        census: every path that there ever was, with those that were deleted.
    """

    gate: Gate
    level: str
    totals: Mapping[str, int]
    free: Mapping[str, int]
    figures: Figures
    leak: int | None
    paths: Mapping[str, PathVerdict]
    reasons: tuple[Reason, ...]
    conditions: tuple[Condition, ...]
    retired: Mapping[str, int]
    relaxations: tuple[Relaxation, ...]
    statements: tuple[NoSoundCase, ...]
    kinds: Mapping[str, int]
    unowned: tuple[str, ...]
    partial: str
    unknown_state: int = 0
    recorded: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    census: Census = field(default_factory=Census)

    @property
    def opened(self) -> int:
        """How many paths are open."""
        return sum(path.gate is Gate.OPEN for path in self.paths.values())

    @property
    def counted(self) -> str:
        """`N of M paths open, R retired`: M only grows."""
        return self.census.said(self.opened, self.paths)

    @property
    def not_required(self) -> tuple[str, ...]:
        """Conditions that the policy does not ask for, with what evidence exists."""
        return tuple(one.told for one in self.conditions if not one.asked)

    @property
    def required(self) -> tuple[str, ...]:
        """Conditions that the policy asks for, with their evidence."""
        return tuple(one.told for one in self.conditions if one.asked)


def decide(
    evidence: Evidence,
    policy: Policy,
    *,
    today: date,
    manifest: Sequence[Reason],
    rulings: Sequence[Reason],
    leak: int | None,
    partial: str = "",
    retired: Mapping[str, int] | None = None,
    conditions: Iterable[Condition] = (),
) -> Verdict:
    """Decide.

    Args:
        evidence: the run, folded.
        policy: thresholds.
        today: the date that signed statements are held against.
        manifest: what is wrong with the manifest.
        rulings: what is wrong with rulings, each fault under its own slug.
        leak: wrong values that rulings let through; None (not measured) keeps the gate closed.
        partial: which part of the scenarios was asked for; anything but empty keeps it closed.
        retired: field that is not compared → cells it was left out of.
        conditions: other evidence, weighed; what is not among them has none.
    """
    weighed = every(policy, conditions)
    whole = (
        *manifest,
        *whole_reasons(evidence, policy, leak=leak, partial=partial, conditions=weighed),
        *rulings,
    )
    paths = {
        name: _path_verdict(path, policy, today, whole, weighed)
        for name, path in sorted(evidence.paths.items())
    }
    whole = (*whole, *_summed_up(evidence, paths))
    return Verdict(
        gate=Gate.CLOSED if whole else Gate.OPEN,
        level=policy.level,
        totals=evidence.totals,
        free=evidence.free,
        figures=evidence.figures,
        leak=leak,
        paths=paths,
        reasons=whole,
        conditions=weighed,
        retired=dict(retired or {}),
        relaxations=policy.relaxations,
        statements=policy.no_sound_case,
        kinds=evidence.kinds,
        unowned=evidence.unowned,
        partial=partial,
        unknown_state=evidence.unknown_state,
    )


def _summed_up(evidence: Evidence, paths: Mapping[str, PathVerdict]) -> Iterator[Reason]:
    """What closes the whole gate and no other path: it is open only if everything is."""
    closed = [name for name, verdict in paths.items() if verdict.gate is Gate.CLOSED]
    if closed:
        found = f"closed paths = {len(closed)} of {len(paths)}: {some(closed)}"
        yield Reason(slug="path-closed", found=found, needed="closed paths = 0")
    if evidence.unanswered:
        yield Reason(
            slug="cell-unanswered",
            found=some(evidence.unanswered),
            needed="every cell is AGREE or RULED",
        )


def _path_verdict(
    path: PathEvidence,
    policy: Policy,
    today: date,
    whole: Sequence[Reason],
    conditions: Sequence[Condition],
) -> PathVerdict:
    closing = (reason for one in conditions for reason in one.closing_path(path.path))
    reasons = (*path_reasons(path, policy, today), *closing)
    if whole:
        slugs = dict.fromkeys(reason.slug for reason in whole)
        shut = Reason(
            slug="whole-gate",
            found=f"{len(whole)}: {', '.join(slugs)}",
            needed="reasons for the whole gate = 0",
        )
        reasons = (*reasons, shut)
    gate = Gate.CLOSED if reasons else Gate.OPEN
    return PathVerdict(gate=gate, evidence=path, reasons=reasons)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The code to end with where several hold; INTERNAL where none does."""
    held = set(codes)
    return next((code for code in PRECEDENCE if code in held), ExitCode.INTERNAL)


def gate_exit_code(verdict: Verdict, also: Iterable[ExitCode] = ()) -> ExitCode:
    """What `shadow gate` ends with; `also` are codes that hold beside the verdict's own."""
    own = ExitCode.OPEN if verdict.gate is Gate.OPEN else ExitCode.CLOSED
    if not any(verdict.totals.get(outcome) for outcome in COMPARED):
        own = ExitCode.NOTHING
    return worst((own, *also))


def run_exit_code(
    cells: Sequence[Cell], free: Sequence[FreeRun], also: Iterable[ExitCode] = ()
) -> ExitCode:
    """What `shadow run` ends with: 0 where no difference is left without a ruling."""
    if not any(cell.outcome in COMPARED for cell in cells):
        return worst((ExitCode.NOTHING, *also))
    clean = all(cell.outcome in (Outcome.AGREE, Outcome.RULED) for cell in cells)
    kept = bool(free) and all(run.outcome is Free.KEPT for run in free)
    return worst((ExitCode.OPEN if clean and kept else ExitCode.CLOSED, *also))
