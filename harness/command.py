"""What each command does: compose, replay, judge, print; the exit code says the rest."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from harness import run as running
from harness.compose import Composition, compose
from harness.drafting import draft
from harness.errors import ExitCode, HarnessError, InputError
from harness.gate import gate_exit_code, run_exit_code
from harness.model import Cell, Free, Outcome
from harness.moment import now, today
from harness.names import hint
from harness.report import json_report
from harness.report.files import write_files
from harness.report.gate_text import gate_text, next_command
from harness.report.paths_text import paths_text
from harness.report.progress import progress
from harness.report.run_text import run_text
from harness.report.show_text import show_text
from harness.report.terminal import Look, look
from harness.report.told import Told
from harness.run import RunResult, Step, nothing
from harness.selftest.result import SelfTest
from harness.shell import tell_runner
from harness.text import quoted, visible
from harness.verdict import verdict

Say = Callable[[str], None]
Complain = Callable[[HarnessError], None]
Keep = Callable[[Told, Complain], tuple[ExitCode, ...]]
Files = Mapping[str, Path | None]
"""Name of a report → where it is to be written; `baseline` is read."""


def run(
    config: Path | None,
    paths: tuple[Path, ...],
    *,
    as_json: bool,
    files: Files,
    say: Say,
    complain: Complain,
    store: str | None = None,
) -> ExitCode:
    """Replay and show what differs; a bad file among good ones is named and counts."""
    composition = compose(config, paths)
    keep = kept(store, composition, "run")
    told, codes = tell(composition, complain, judged=False)
    if as_json:
        say(json_report.dumped(run_document(told)))
    else:
        shown = {"totals": told.totals, "free_totals": told.free_totals}
        say(run_text(told.cells, told.free, **shown, level=told.level, look=here()))
    codes = (*codes, *keep(told, complain))  # said by now, whatever becomes of the store
    write_files(told, files, annotate=here_on_github())
    return run_exit_code(told.cells, told.free, codes)


def gate(
    config: Path | None,
    paths: tuple[Path, ...],
    *,
    as_json: bool,
    files: Files,
    say: Say,
    complain: Complain,
    store: str | None = None,
) -> ExitCode:
    """Replay and decide."""
    composition = compose(config, paths)
    keep = kept(store, composition, "gate")
    told, codes = tell(composition, complain, judged=True)
    decided = told.decided
    if as_json:
        say(json_report.dumped(json_report.gate_document(decided, told.self_test)))
    else:
        say(gate_text(decided, self_test=told.self_test, look=here()))
    codes = (*codes, *keep(told, complain))  # said by now, whatever becomes of the store
    write_files(told, files, annotate=here_on_github())
    return gate_exit_code(decided, codes)


def report(
    config: Path | None,
    paths: tuple[Path, ...],
    *,
    as_json: bool,
    files: Files,
    say: Say,
    complain: Complain,
) -> ExitCode:
    """Replay, decide, and write files; what is printed is where they are."""
    composition = compose(config, paths)
    told, codes = tell(composition, complain, judged=True)
    write_files(told, files, annotate=here_on_github())
    names = {name: str(file) for name, file in files.items() if file and name != "baseline"}
    gate = told.decided.gate
    if as_json:
        document = {"schema": "shadow.report/1", "gate": str(gate), "files": names}
        say(json_report.dumped(document))
    else:
        lines = [f"{name}: {visible(file)}" for name, file in sorted(names.items())]
        step = next_command(told.decided)
        say("\n".join([f"Gate {gate}, level {told.level}", *lines, "", f"Next: {step}"]))
    return gate_exit_code(told.decided, codes)


def kept(store: str | None, composition: Composition, command: str) -> Keep:
    """What stores a run, announced in the store by now; it does nothing where none is named.

    Raises:
        InputError: the store cannot be used, which is said before the work and not after it.
    """
    if store is None:
        return lambda told, complain: ()  # noqa: ARG005  # nothing is kept
    from harness.store.address import check_packages

    check_packages()
    from harness.store.keeping import announced  # SQLAlchemy and Alembic, for a store alone

    return announced(store, composition, command, tell_runner).keep


def tell(
    composition: Composition, complain: Complain, *, judged: bool
) -> tuple[Told, tuple[ExitCode, ...]]:
    """Replay everything; what every report tells of it, and the exit codes of unusable files.

    Raises:
        Void: it is to be judged, and the harness did not find what was planted, or found more.
    """
    policy = composition.policy  # one that cannot be read is said before the work, not after it
    tried: list[SelfTest] = []
    result = replayed(composition, partial(try_first, composition, tried) if judged else nothing)
    codes, at = complaints(composition, result, complain), now(composition.config.root)
    told = Told(
        scenarios=result.scenarios,
        cells=result.cells,
        free=result.free,
        totals=cell_totals(composition, result),
        free_totals=free_totals(result),
        rulings={ruling.id: ruling for ruling in result.rulings},
        paths=composition.control.engine.paths,
        failures=(*result.failures, *composition.rulings.refused),
        level=policy.level,
        verdict=verdict(composition, result, today=at.today, now=at) if judged else None,
        self_test=tried[0] if judged else None,
    )
    return told, codes


def try_first(composition: Composition, tried: list[SelfTest]) -> None:
    """Let the harness find what is planted before anybody relies on it.

    Raises:
        Void: it did not, or found more.
    """
    from harness.selftest.proof import selftest  # a run without a gate needs none of it

    tried.append(selftest(composition, today(composition.config.root)).relied_on())


def run_document(told: Told) -> json_report.Json:
    """The run as `shadow.run/1`."""
    return json_report.run_document(
        told.cells, told.free, totals=told.totals, free_totals=told.free_totals
    )


def show(config: Path | None, name: str, *, as_json: bool, say: Say) -> ExitCode:
    """Replay one scenario and show it, or one of its cells, episode by episode.

    Raises:
        InputError: there is no such scenario or cell.
    """
    composition = compose(config, ())
    level = composition.policy.level
    result, cell = replayed_one(composition, name)
    scenario, end = result.scenarios[0], result.free[0]
    rulings = {ruling.id: ruling for ruling in result.rulings}
    only = cell.episode.id if cell is not None else ""
    if as_json:
        cells = (cell,) if cell is not None else result.cells
        document = json_report.show_document(scenario, cells, end, rulings=rulings, level=level)
        say(json_report.dumped(document))
    else:
        say(
            show_text(
                scenario, result.cells, end, rulings=rulings, level=level, only=only, look=here()
            )
        )
    return run_exit_code(result.cells, result.free)


def paths(config: Path | None, *, as_json: bool, say: Say) -> ExitCode:
    """List the control's paths, with the pinned scenarios in which each runs."""
    composition = compose(config, ())
    units, known = composition.units(), composition.control.engine.paths
    scenarios: dict[str, list[str]] = {name: [] for name in known}
    for pin in composition.manifest.scenarios if composition.manifest else ():
        for name in sorted({path for cell in pin.cells for path in cell.paths}):
            scenarios.setdefault(name, []).append(pin.id)
    if as_json:
        say(json_report.dumped(json_report.paths_document(known, units, scenarios)))
    else:
        say(paths_text(known, units, scenarios, look=here()))
    return ExitCode.OPEN


def rule(config: Path | None, name: str, *, as_json: bool, say: Say) -> ExitCode:
    """Draft a ruling for a cell; nothing is written, a person completes and signs it.

    Raises:
        InputError: there is no such cell, or nothing in it to rule.
    """
    composition = compose(config, ())
    result, cell = replayed_one(composition, name)
    if cell is None:
        cells = [one.episode.id for one in result.cells]
        message = f"{quoted(name)} is a scenario, a ruling is drafted from a cell"
        raise InputError("unknown-cell", message, hint=hint(f"{name}#1", cells))
    text = draft(cell, composition.rulings.good)
    if as_json:
        text = json_report.dumped({"schema": "shadow.rule/1", "cell": name, "draft": text})
    say(text.rstrip("\n"))
    return ExitCode.OPEN


def replayed(composition: Composition, meanwhile: Step) -> RunResult:
    """Replay everything, with a bar on standard error where somebody looks."""
    bar = partial(progress, sys.stderr, "replaying")
    return running.run(
        composition, today=today(composition.config.root), progress=bar, meanwhile=meanwhile
    )


def replayed_one(composition: Composition, name: str) -> tuple[RunResult, Cell | None]:
    """Replay one scenario; the cell is the one that `name` names, None for the whole scenario.

    Raises:
        InputError: there is no such scenario or cell.
    """
    scenario, number, _ = name.partition("#")
    result = running.run(composition, today=today(composition.config.root), only=scenario)
    cells = {cell.episode.id: cell for cell in result.cells}
    if number and name not in cells:
        message = f"there is no cell {quoted(name)}"
        raise InputError("unknown-cell", message, hint=hint(name, cells))
    return result, cells.get(name)


def complaints(
    composition: Composition, result: RunResult, complain: Complain
) -> tuple[ExitCode, ...]:
    """Name each file that could not be used; their exit codes hold beside the result's own."""
    errors = (*result.failures, *composition.rulings.refused)
    for error in errors:
        complain(error)
    return tuple(error.exit_code for error in errors)


def cell_totals(composition: Composition, result: RunResult) -> Mapping[str, int]:
    """Cells by outcome; those of an unusable file are NOT_RUN, as many as are pinned or 1."""
    pins = composition.manifest.scenarios if composition.manifest else ()
    pinned = {pin.id: len(pin.cells) for pin in pins}
    lost = sum(pinned.get(name, 1) for name in result.unusable)
    outcomes = [cell.outcome for cell in result.cells]
    return _totals(Outcome, [*outcomes, *[Outcome.NOT_RUN] * lost])


def free_totals(result: RunResult) -> Mapping[str, int]:
    """Free runs by outcome; that of an unusable file is NOT_RUN."""
    ends = [end.outcome for end in result.free]
    return _totals(Free, [*ends, *[Free.NOT_RUN] * len(result.unusable)])


def _totals(kind: type[Outcome] | type[Free], found: Iterable[Outcome | Free]) -> dict[str, int]:
    counts = Counter(map(str, found))
    return {"expected": counts.total(), **{str(one): counts[str(one)] for one in kind}}


def here() -> Look:
    """How a report looks where it is printed."""
    columns = shutil.get_terminal_size().columns
    return look(os.environ, terminal=sys.stdout.isatty(), columns=columns)


def here_on_github() -> bool:
    """Whether GitHub reads what is printed, and shows annotations at their lines."""
    return os.environ.get("GITHUB_ACTIONS") == "true"
