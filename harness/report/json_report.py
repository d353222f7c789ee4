"""What machines read: versioned, sorted, and complete, or without a verdict."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from harness.branches import Unit
from harness.canonical import SHORT
from harness.evidence import compared_kinds
from harness.figures import Figures
from harness.gate import PathVerdict, Verdict
from harness.model import ABSENT, Cell, Difference, Finding, FreeRun, Observation
from harness.moment import iso
from harness.objection import of_unknown_state
from harness.ports import Data, Path
from harness.reason import Reason
from harness.ruling import Ruling
from harness.scenario import Scenario
from harness.selftest.result import SelfTest

GATE: Final = "shadow.gate/1"
RUN: Final = "shadow.run/1"
SHOW: Final = "shadow.show/1"
PATHS: Final = "shadow.paths/1"

Json = dict[str, Any]


def dumped(document: Json) -> str:
    """The document's text: keys sorted, ASCII only, the same for the same document."""
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False)


def gate_document(verdict: Verdict, self_test: SelfTest | None = None) -> Json:
    """The gate as `shadow.gate/1`; absent keys never mean that all is well."""
    return {
        "schema": GATE,
        "gate": str(verdict.gate),
        "level": verdict.level,
        "partial": verdict.partial,
        "self_test": None if self_test is None else _self_test(self_test),
        "totals": dict(verdict.totals),
        "unknown_state": verdict.unknown_state,
        "free": dict(verdict.free),
        "evidence": dict(verdict.kinds),
        "figures": {**_figures(verdict.figures), "leak": verdict.leak},
        "paths": {name: _path(path) for name, path in verdict.paths.items()},
        "reasons": _reasons(verdict.reasons),
        "not_required": list(verdict.not_required),
        "conditions": {
            one.key: {"asked": one.asked, "evidence": one.evidence, **one.detail}
            for one in verdict.conditions
        },
        "sources": {
            figure: {"measured": one.measured, "when": one.when.isoformat(), "what": one.what}
            for figure, one in verdict.sources.items()
        },
        "retired_fields": dict(verdict.retired),
        "retired_paths": {
            path: {
                "clearance": one.clearance,
                "sha256": one.sha256,
                "date": one.date.isoformat(),
                "cells": one.cells,
                "branches": one.branches,
                "decision": one.decision,
                "recording": one.recording,
            }
            for path, one in verdict.census.retired.items()
        },
        "unowned_code": list(verdict.unowned),
        "control_recorded": verdict.recorded,
        "relaxations": [
            {
                "key": one.key,
                "value": str(one.value),
                "default": str(one.default),
                "reason": one.reason,
                "decision": one.decision,
                "date": one.date.isoformat(),
            }
            for one in verdict.relaxations
        ],
        "no_sound_case": {
            one.path: {
                "reason": one.reason,
                "decision": one.decision,
                "approver": one.approver,
                "expires": one.expires.isoformat(),
            }
            for one in verdict.statements
        },
    }


def _self_test(tried: SelfTest) -> Json:
    return {
        "planted": tried.planted,
        "found": tried.found,
        "invented": len(tried.invented),
        "unplanted_invariants": list(tried.unplanted),
    }


def _figures(figures: Figures) -> Json:
    return {
        "agreement_where_sound": str(figures.agreement_where_sound),
        "repairs_proven": str(figures.repairs_proven),
        "made_worse": figures.made_worse.n,
        "left_to_a_person": figures.left_to_a_person.n,
    }


def _path(path: PathVerdict) -> Json:
    evidence = path.evidence
    branches = evidence.branches
    return {
        "gate": str(path.gate),
        "compared": evidence.compared,
        "branches": {"taken": branches.own.n, "total": branches.own.d},
        "shared_branches": {
            unit: {"taken": share.n, "total": share.d} for unit, share in branches.shared.items()
        },
        "figures": _figures(evidence.figures),
        "outcomes": {str(outcome): n for outcome, n in evidence.tally.items()},
        "classes": {str(klass): n for klass, n in evidence.classes.items()},
        "evidence": dict(evidence.kinds),
        "distinct_cells": dict(evidence.distinct),
        "sound_agree": dict(evidence.sound_agree),
        "reasons": _reasons(path.reasons),
    }


def _reasons(reasons: Iterable[Reason]) -> list[Json]:
    return [{"slug": r.slug, "found": r.found, "needed": r.needed} for r in reasons]


def run_document(
    cells: Iterable[Cell],
    free: Iterable[FreeRun],
    *,
    totals: Mapping[str, int],
    free_totals: Mapping[str, int],
) -> Json:
    """A run as `shadow.run/1`, scenarios by id, their cells as they were played."""
    by_scenario: dict[str, list[Cell]] = {}
    runs = {run.scenario: run for run in free}
    cells = tuple(cells)
    for cell in cells:
        by_scenario.setdefault(cell.episode.scenario, []).append(cell)
    return {
        "schema": RUN,
        "scenarios": [
            {
                "id": name,
                "cells": [_cell(cell) for cell in by_scenario.get(name, ())],
                "free": _free(runs.get(name)),
            }
            for name in sorted({*by_scenario, *runs})
        ],
        "totals": dict(totals),
        "unknown_state": of_unknown_state(cells),
        "evidence": compared_kinds(cells),
        "free": dict(free_totals),
    }


def show_document(
    scenario: Scenario,
    cells: Iterable[Cell],
    free: FreeRun | None,
    *,
    rulings: Mapping[str, Ruling],
    level: str,
) -> Json:
    """One scenario as `shadow.show/1`."""
    shown = tuple(cells)
    used = sorted({ruling for cell in shown for ruling in cell.rulings})
    return {
        "schema": SHOW,
        "id": scenario.id,
        "title": scenario.title,
        "family": scenario.family,
        "ticket": scenario.ticket,
        "deliverable": scenario.deliverable,
        "provenance": {"kind": scenario.provenance.kind, "source": scenario.provenance.source},
        "assumed": list(scenario.assumed),
        "level": level,
        "cells": [{**_cell(cell), **_sides(cell)} for cell in shown],
        "free": _free(free),
        "rulings": {name: _ruling(rulings.get(name)) for name in used},
    }


def paths_document(
    paths: Mapping[str, Path],
    units: Mapping[str, Unit],
    scenarios: Mapping[str, Sequence[str]],
) -> Json:
    """The control's paths as `shadow.paths/1`."""
    return {
        "schema": PATHS,
        "paths": {
            name: {
                "module": path.module,
                "triggers": list(path.triggers),
                "origin": path.origin,
                "reads": list(path.reads),
                "writes": list(path.writes),
                "branches": sum(len(u.arcs) for u in units.values() if u.path == name),
                "scenarios": sorted(scenarios.get(name, ())),
            }
            for name, path in paths.items()
        },
    }


def _cell(cell: Cell) -> Json:
    episode = cell.episode
    return {
        "cell": episode.id,
        "act": episode.act,
        "at": iso(episode.at),
        "state": episode.state[:SHORT],
        "paths": list(episode.paths),
        "outcome": str(cell.outcome),
        "own": {path: str(outcome) for path, outcome in cell.own.items()},
        "class": str(episode.klass),
        "findings": [_finding(finding) for finding in cell.findings],
        "differences": [_difference(cell, difference) for difference in cell.differences],
    }


def _finding(finding: Finding) -> Json:
    return {"outcome": str(finding.outcome), "slug": finding.slug, "detail": finding.detail}


def _difference(cell: Cell, difference: Difference) -> Json:
    """Harm and loss are read off the customer's outcome, so they stand at its differences."""
    customer = difference.facet == "customer"
    return {
        "facet": difference.facet,
        "at": difference.at,
        "control": plain(difference.control),
        "candidate": plain(difference.candidate),
        "repeat": difference.repeat,
        "harm": list(cell.episode.harm) if customer else [],
        "loss": dict(cell.episode.loss) if customer else {},
        "ruling": difference.ruling,
    }


def _sides(cell: Cell) -> Json:
    episode = cell.episode
    return {
        "control": _observation(episode.control),
        "candidate": _observation(episode.candidate),
        "control_broken": list(episode.control_broken),
        "candidate_broken": list(episode.candidate_broken),
        "unmet": None if episode.unmet is None else list(episode.unmet),
        "wrongs": list(episode.wrongs),
        "deferrals": list(episode.deferrals),
    }


def _observation(observation: Observation | None) -> Json | None:
    if observation is None:
        return None
    return {
        "facets": plain(observation.facets),
        "handlers": [list(handler) for handler in observation.handlers],
        "reasons": plain(observation.reasons),
        "refusal": plain(observation.refusal),
        "crash": plain(observation.crash),
        "traps": list(observation.traps),
        "timeout": observation.timeout,
    }


def _free(run: FreeRun | None) -> Json:
    """A free run; one that never was is NOT_RUN."""
    if run is None:
        return {"outcome": "NOT_RUN"}
    return {
        "outcome": str(run.outcome),
        "moot": list(run.moot),
        "broken": list(run.broken),
        "then": list(run.then),
        "findings": list(run.findings),
    }


def _ruling(ruling: Ruling | None) -> Json | None:
    if ruling is None:
        return None
    return {
        "class": str(ruling.klass),
        "title": ruling.title,
        "reason": ruling.reason,
        "owner": ruling.owner,
        "approver": ruling.approver,
        "expires": ruling.expires.isoformat(),
        "quirks": sorted({*ruling.quirks.values(), ruling.quirk} - {""}),
        "decision": ruling.decision,
    }


_AS_IT_IS: Final = frozenset({str, int, bool, type(None)})


def plain(value: Data) -> Any:
    """A value as JSON: what a side lacks is `{"absent": true}`, what JSON lacks names its type."""
    if type(value) in _AS_IT_IS:
        return value
    if value is ABSENT:
        return {"absent": True}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):  # no order of its own, and text must be stable
        return {"type": type(value).__name__, "text": sorted(repr(item) for item in value)}
    finite = isinstance(value, float) and math.isfinite(value)
    if value is None or isinstance(value, str | int) or finite:
        return value
    return {"type": type(value).__name__, "text": str(value)}
