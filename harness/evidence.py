"""Evidence: what the cells of a run say about each path, folded and never averaged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.branches import CREDITED, KINDS, Branches, Ledger, Unit, credited, moved
from harness.figures import Figures, Own, figures
from harness.model import Cell, Class, Free, FreeRun, Outcome
from harness.objection import of_unknown_state
from harness.ownership import GIVEN, UNHANDLED

PSEUDO: Final = (GIVEN, UNHANDLED)
SPOILED: Final = (
    Outcome.NOT_RUN,
    Outcome.ERROR,
    Outcome.TIMEOUT,
    Outcome.UNSTABLE,
    Outcome.DRIFT,
)
"""Outcomes that say nothing about any one path, so every path of the cell has them."""

COMPARED: Final = (Outcome.UNSTABLE, Outcome.DRIFT, Outcome.DIVERGE, Outcome.RULED, Outcome.AGREE)
"""Outcomes of cells in which two observations were compared."""

_SEVERITY: Final = {outcome: rank for rank, outcome in enumerate(Outcome)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What the manifest expects: every cell with the paths that run in it, every free run."""

    cells: Mapping[str, tuple[str, ...]]
    scenarios: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathEvidence:
    """What is known about one path.

    Attributes:
        registered: whether the control, or the harness for a pseudo-path, knows it.
        tally: own outcome → cells.
        bad: own outcome that is no agreement → ids of cells.
        kinds: kind of evidence → compared cells; kinds are never added.
        classes: class → cells.
        distinct: kind → distinct (state, act) among credited cells.
        sound_agree: kind → distinct (state, act) among SOUND cells that agree.
        not_kept: free runs of its scenarios that were not kept, `scenario OUTCOME`.
    """

    path: str
    registered: bool
    tally: Mapping[Outcome, int]
    bad: Mapping[Outcome, tuple[str, ...]]
    kinds: Mapping[str, int]
    classes: Mapping[Class, int]
    distinct: Mapping[str, int]
    sound_agree: Mapping[str, int]
    figures: Figures
    branches: Branches
    scenarios: tuple[str, ...]
    not_kept: tuple[str, ...]

    @property
    def pseudo(self) -> bool:
        return self.path in PSEUDO

    @property
    def compared(self) -> int:
        return sum(self.tally.get(outcome, 0) for outcome in COMPARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything the gate weighs, as counted from cells and free runs alone.

    Attributes:
        totals: `expected` and every outcome; a pinned cell without a result is NOT_RUN.
        free: the same of free runs.
        figures: over all cells, each counted once.
        unanswered: ids of cells that neither agree nor are ruled though each path's own part does.
        without_control: ids of cells in which the control gave no result.
        strays: branches taken that no unit counts.
        unowned: shared units that no path reached.
        dead_unknown: branches that rulings call dead and no unit has.
        unknown_state: cells without a result because nobody recorded what an engine asked for.
    """

    paths: Mapping[str, PathEvidence]
    totals: Mapping[str, int]
    free: Mapping[str, int]
    figures: Figures
    kinds: Mapping[str, int]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    doubled: tuple[str, ...]
    paths_changed: tuple[str, ...]
    unanswered: tuple[str, ...]
    without_control: tuple[str, ...]
    free_missing: tuple[str, ...]
    free_doubled: tuple[str, ...]
    strays: tuple[str, ...]
    unowned: tuple[str, ...]
    dead_unknown: tuple[str, ...]
    unknown_state: int = 0


def compared_kinds(cells: Iterable[Cell]) -> dict[str, int]:
    """Kind of evidence → cells that were compared; kinds are never added."""
    return _count(cell.episode.provenance for cell in cells if cell.outcome in COMPARED)


def own_outcomes(cell: Cell) -> tuple[Own, ...]:
    """The cell as each path answers for it; a path nobody judged has the cell's outcome."""
    ran = cell.episode.paths or (GIVEN if cell.episode.act == "look" else UNHANDLED,)
    spoiled = cell.outcome in SPOILED
    return tuple(
        Own(cell, path, cell.outcome if spoiled else cell.own.get(path, cell.outcome))
        for path in sorted({*ran, *cell.own})
    )


def together(owned: Sequence[Own]) -> Own:
    """The cell as all its paths answer for it: the worst of them."""
    worst = min(owned, key=lambda own: _SEVERITY[own.outcome])
    path = GIVEN if worst.path == GIVEN else ""
    return Own(worst.cell, path, worst.outcome)


def weighed(owned: Iterable[Own], ruling_classes: Mapping[str, str]) -> Figures:
    """The figures over cells; one of a kind that gives no credit counts only where it objects.

    Whatever it would speak for is left out of both sides of a share: else cells that are good for
    no clearance would thin out those that speak against it.
    """
    classes = ruling_classes
    return figures(
        [own for own in owned if own.cell.episode.provenance in KINDS or objects(own, classes)],
        classes,
    )


def objects(own: Own, ruling_classes: Mapping[str, str]) -> bool:
    """Whether a cell alone holds anything against its path."""
    alone = figures([own], ruling_classes)
    against = (alone.disagreeing, alone.unproven, alone.worse, alone.deferred)
    return any(against) or bool(alone.intended.n)


def fold(
    cells: Iterable[Cell],
    free: Iterable[FreeRun],
    *,
    paths: Iterable[str],
    units: Mapping[str, Unit],
    pinned: Pinned,
    ruling_classes: Mapping[str, str],
    dead: Iterable[str] = (),
) -> Evidence:
    """Fold cells and free runs into evidence; their order does not matter.

    Args:
        cells: every judged cell.
        free: every free run.
        paths: ids that the control registers.
        units: the control's code, by id.
        pinned: what the manifest expects.
        ruling_classes: ruling id → class.
        dead: branches, in the words of their unit, that rulings call dead.
    """
    cells = sorted(cells, key=lambda cell: cell.episode.id)
    free = sorted(free, key=lambda run: run.scenario)
    owned = [own_outcomes(cell) for cell in cells]
    ledger = Ledger(units=units, dead=moved(dead, units))
    for answers in owned:
        ledger.enter(answers)
    missing = tuple(sorted(set(pinned.cells) - {cell.episode.id for cell in cells}))
    ends = dict.fromkeys(pinned.scenarios, Free.NOT_RUN)
    ends.update((run.scenario, run.outcome) for run in free)
    folding = _Folding(
        registered=frozenset(paths),
        pinned=pinned,
        missing=missing,
        ends=ends,
        ledger=ledger,
        ruling_classes=ruling_classes,
    )
    return Evidence(
        paths=folding.paths(owned),
        totals=_totals(cells, missing, pinned),
        free=_free_totals(free, ends, pinned),
        figures=weighed([together(answers) for answers in owned], ruling_classes),
        kinds=compared_kinds(cells),
        missing=missing,
        unexpected=tuple(sorted({c.episode.id for c in cells} - set(pinned.cells))),
        doubled=_doubled(cell.episode.id for cell in cells),
        paths_changed=_paths_changed(cells, pinned),
        unanswered=tuple(
            answers[0].id
            for answers in owned
            if answers[0].cell.outcome not in CREDITED
            and all(own.outcome in CREDITED for own in answers)
        ),
        without_control=tuple(c.episode.id for c in cells if c.episode.control is None),
        free_missing=tuple(sorted(set(pinned.scenarios) ^ {run.scenario for run in free})),
        free_doubled=_doubled(run.scenario for run in free),
        strays=tuple(sorted(ledger.strays)),
        unowned=ledger.unowned(),
        dead_unknown=ledger.dead_unknown(),
        unknown_state=of_unknown_state(cells),
    )


def _doubled(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name, times in Counter(ids).items() if times > 1))


def _count(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folding:
    """What every path's evidence is made from."""

    registered: frozenset[str]
    pinned: Pinned
    missing: tuple[str, ...]
    ends: Mapping[str, Free]
    ledger: Ledger
    ruling_classes: Mapping[str, str]

    def paths(self, owned: Iterable[Sequence[Own]]) -> dict[str, PathEvidence]:
        """Every path that is registered, ran, or was to run, with its cells."""
        found: defaultdict[str, list[Own]] = defaultdict(list)
        pinned = (path for cell in self.missing for path in self.pinned.cells[cell])
        for path in (*self.registered, *pinned):
            found[path] = []
        for answers in owned:
            for own in answers:
                found[own.path].append(own)
        return {path: self.path(path, answers) for path, answers in sorted(found.items())}

    def path(self, path: str, owned: Sequence[Own]) -> PathEvidence:
        lost = [cell for cell in self.missing if path in self.pinned.cells[cell]]
        scenarios = {own.cell.episode.scenario for own in owned}
        scenarios.update(cell.partition("#")[0] for cell in lost)
        good = [own for own in owned if credited(own) and own.cell.episode.state]
        agreed = [o for o in good if o.klass is Class.SOUND and o.outcome is Outcome.AGREE]
        tally = Counter(own.outcome for own in owned)
        tally[Outcome.NOT_RUN] += len(lost)
        return PathEvidence(
            path=path,
            registered=path in self.registered or path in PSEUDO,
            tally=+tally,
            bad=_bad(owned, lost),
            kinds=_count(o.cell.episode.provenance for o in owned if o.outcome in COMPARED),
            classes=Counter(own.klass for own in owned),
            distinct=_distinct(good),
            sound_agree=_distinct(agreed),
            figures=weighed(owned, self.ruling_classes),
            branches=self.ledger.of(path),
            scenarios=tuple(sorted(scenarios)),
            not_kept=tuple(
                f"{scenario} {self.ends.get(scenario, Free.NOT_RUN)}"
                for scenario in sorted(scenarios)
                if self.ends.get(scenario) is not Free.KEPT
            ),
        )


def _bad(owned: Iterable[Own], lost: Sequence[str]) -> dict[Outcome, tuple[str, ...]]:
    found: defaultdict[Outcome, list[str]] = defaultdict(list)
    for own in owned:
        if own.outcome not in CREDITED:
            found[own.outcome].append(own.id)
    if lost:
        found[Outcome.NOT_RUN].extend(lost)
    return {outcome: tuple(ids) for outcome, ids in found.items()}


def _distinct(owned: Iterable[Own]) -> dict[str, int]:
    """Distinct (state, act) per kind of evidence: a copy of a cell adds nothing."""
    return _count(
        kind
        for kind, _ in {(own.cell.episode.provenance, own.cell.episode.state) for own in owned}
    )


def _totals(cells: Iterable[Cell], missing: Sequence[str], pinned: Pinned) -> dict[str, int]:
    tally = Counter(cell.outcome for cell in cells)
    tally[Outcome.NOT_RUN] += len(missing)
    return {"expected": len(pinned.cells), **{str(o): tally[o] for o in reversed(Outcome)}}


def _free_totals(
    free: Iterable[FreeRun], ends: Mapping[str, Free], pinned: Pinned
) -> dict[str, int]:
    tally = Counter(run.outcome for run in free)
    ran = {run.scenario for run in free}
    tally[Free.NOT_RUN] += sum(scenario not in ran for scenario in ends)
    return {"expected": len(pinned.scenarios), **{str(o): tally[o] for o in reversed(Free)}}


def _paths_changed(cells: Iterable[Cell], pinned: Pinned) -> tuple[str, ...]:
    """Cells in which other paths ran than pinned; pseudo-paths stand for none."""
    return tuple(
        cell.episode.id
        for cell in cells
        if cell.episode.control is not None
        and cell.episode.id in pinned.cells
        and _real(cell.episode.paths) != _real(pinned.cells[cell.episode.id])
    )


def _real(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(paths).difference(PSEUDO)
