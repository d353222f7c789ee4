"""`shadow mutate`: changes the engines' code in every small way, and asks whether anybody notices.

A mutant is told apart where the gate would close because of it. What nobody notices is behaviour
that no scenario pins: it could be lost with the code, and nobody would know.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec

from harness.command import here
from harness.compose import CACHE, Composition, compose
from harness.condition import Condition
from harness.errors import ExitCode, HarnessError, InputError
from harness.gate import worst
from harness.mutate.gate_condition import asked, lock_of
from harness.mutate.measure import CANDIDATE, Measuring, Scores
from harness.mutate.measurement import (
    NAME,
    SCHEMA,
    Measurement,
    read_measurement,
    render,
    write_measurement,
)
from harness.mutate.mutant import Mutant
from harness.mutate.operators import OPERATORS
from harness.mutate.pool import workers_here
from harness.mutate.remembered import NAME as REMEMBERED
from harness.mutate.remembered import Remembered
from harness.mutate.score import UNTOLD
from harness.mutate.trial import Result
from harness.mutate.waiver import Held
from harness.mutate.weighing import plain, weigh
from harness.names import hint
from harness.reason import Reason
from harness.report.json_report import dumped
from harness.report.mutants_text import mutants_text
from harness.report.progress import progress
from harness.text import quoted, shown_path


def mutate(
    config: Path | None,
    names: tuple[str, ...],
    *,
    write: bool,
    check: bool,
    workers: int | None,
    as_json: bool,
    say: Callable[[str], None],
    complain: Callable[[HarnessError], None],
) -> ExitCode:
    """Measure, and print what nobody noticed.

    Raises:
        HarnessError: the configuration cannot be used, a name is unknown, nothing can tell.
    """
    composition = compose(config, ())
    codes = []
    for failure in (*composition.loaded.failures, *composition.rulings.refused):
        complain(failure)
        codes.append(failure.exit_code)
    units = tuple(one for name in names for one in _named(composition, name))
    measuring = Measuring(composition, units, workers or workers_here())
    lock = lock_of(composition)
    known = _known(lock, strict=check or composition.recording is not None)
    remembered = (
        Remembered(None)
        if check
        else Remembered.read(
            composition.config.root / CACHE / REMEMBERED, measuring.written(known)
        )
    )
    results = measuring.results(partial(progress, sys.stderr, "trying mutants"), remembered)
    remembered.write()
    equal = measuring.held(results)
    scores = measuring.scores(results, equal.mutants)
    measurement = measuring.measurement(results, scores, equal, known)
    condition = weigh(measurement, asked(composition), required=True)
    if units:
        condition = _part(condition)
    codes.append(ExitCode.CLOSED if condition.whole or condition.paths else ExitCode.OPEN)
    after = []
    if check:
        same = known is not None and render(_undated(known)) == render(_undated(measurement))
        after.append(f"{NAME} {'says the same' if same else 'says something else'}")
        if not same:
            other = Reason(slug="mutants-stale", found=f"{NAME} says something else",
                           needed="what comes out of measuring all anew")  # fmt: skip
            condition = replace(condition, whole=(*condition.whole, other))
            codes.append(ExitCode.CLOSED)
    elif write:
        refuse_fewer(lock, measurement)
        write_measurement(lock, measurement)
        after.append(f"written: {shown_path(lock)}")
    code = worst(codes)
    if as_json:
        say(dumped(_document(measuring, results, scores, condition, equal)))
        return code
    after.append(f"Next: {_next(code, units, written=write or check)}")
    left = _left(measuring, results, equal.mutants)
    say(mutants_text(scores, left, condition, after=after, look=here()))
    return code


def refuse_fewer(lock: Path, measurement: Measurement) -> None:
    """Refuse a measurement with fewer mutants of the same code by the same catalogue.

    Raises:
        InputError: there are fewer; what was cut would count for nothing.
    """
    known = _known(lock, strict=False)
    if known is None or known.parts.get("operators") != measurement.parts.get("operators"):
        return
    for name, row in known.units.items():
        now = measurement.units.get(name)
        file = f"{name.replace('.', '/')}.py"
        same = known.modules.get(file, ("", ""))[1] == measurement.modules.get(file, ("", "0"))[1]
        if same and (now is None or now.mutants < row.mutants):
            count = 0 if now is None else now.mutants
            message = f"{name}: {count} mutants of code that had {row.mutants}"
            fix = "put the operators back, or raise VERSION in harness/mutate/mutant.py"
            raise InputError("mutants-fewer", message, shown_path(lock), fix)


def _known(lock: Path, *, strict: bool) -> Measurement | None:
    """What the file says; unless `strict`, one that cannot be read pins nothing."""
    try:
        return read_measurement(lock)
    except InputError:
        if strict:
            raise
        return None


def _undated(measurement: Measurement) -> Measurement:
    return msgspec.structs.replace(measurement, measured="1970-01-01")


def _next(code: ExitCode, units: Collection[str], *, written: bool) -> str:
    if code is not ExitCode.OPEN:
        return "shadow new"
    return "shadow gate" if written and not units else "shadow mutate --write"


def _part(condition: Condition) -> Condition:
    """What was asked for a part of the code says nothing of the rest."""

    def measured(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
        return tuple(one for one in reasons if one.slug != "mutants-unmeasured")

    paths = {path: measured(reasons) for path, reasons in condition.paths.items()}
    return replace(
        condition,
        whole=measured(condition.whole),
        paths={path: reasons for path, reasons in paths.items() if reasons},
    )


def _named(composition: Composition, name: str) -> tuple[str, ...]:
    """The modules that a name stands for: a path, a module, or the whole candidate.

    Raises:
        InputError: it is none of these.
    """
    paths = composition.control.engine.paths
    if name in paths:
        return (paths[name].module,)
    candidate = tuple(sorted(composition.candidate.sources))
    if name == CANDIDATE:
        return candidate
    modules = {*composition.control.sources, *candidate}
    if name in modules:
        return (name,)
    message = f"there is no path or module {quoted(name)}"
    fix = hint(name, sorted({*paths, *modules, CANDIDATE}))
    raise InputError("unknown-path", message, hint=fix)


def _left(
    measuring: Measuring, results: Mapping[str, Result], waived: Collection[str]
) -> list[tuple[Mutant, Result]]:
    """What counts against the code."""
    return [
        (mutant, results[mutant.id])
        for role in measuring.roles
        for mutant in measuring.mutants[role]
        if results[mutant.id].fate in UNTOLD and mutant.id not in waived
    ]


def _document(
    measuring: Measuring,
    results: Mapping[str, Result],
    scores: Scores,
    condition: Condition,
    equal: Held,
) -> dict[str, object]:
    reasons = [*condition.whole, *(one for path in condition.paths.values() for one in path)]
    return {
        "schema": SCHEMA,
        "operators": len(OPERATORS),
        "units": {role: {one.unit: plain(one) for one in found} for role, found in scores.items()},
        "mutants": [
            {
                "id": mutant.id,
                "fate": str(results[mutant.id].fate),
                "waived": mutant.id in equal.mutants,
                "where": results[mutant.id].where,
                "why": results[mutant.id].why,
                "line": mutant.line,
                "before": mutant.before,
                "after": mutant.after,
            }
            for role in measuring.roles
            for mutant in measuring.mutants[role]
        ],
        "reasons": [
            {"slug": one.slug, "found": one.found, "needed": one.needed}
            for one in dict.fromkeys(reasons)
        ],
    }
