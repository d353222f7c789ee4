"""`shadow history`: what runs found, one after the other, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from harness.command import here
from harness.errors import ExitCode
from harness.report.json_report import dumped
from harness.store import reader
from harness.store.changes import Changed, Changes, changes
from harness.store.history_text import SHOWN, changes_text, runs_text, trend_text
from harness.store.opening import Store, opened
from harness.store.reader import Known, Point

HISTORY: Final = "shadow.history/1"
TREND: Final = "shadow.trend/1"
CHANGES: Final = "shadow.changes/1"


def history(
    store: str,
    runs: Sequence[str],
    *,
    path: str | None,
    as_json: bool,
    say: Callable[[str], None],
) -> ExitCode:
    """Print all runs, a path's trend, or what changed between two runs; nothing is judged.

    Args:
        store: what `--store` names.
        runs: none or two.
        path: of the control.
        as_json: whether to print JSON.
        say: prints.

    Raises:
        InputError: the store cannot be read, or has no such run or path.
    """
    there = opened(store, make=False)
    shown = there.address.shown
    if path is not None:
        points = reader.trend(there, path)
        document, text = _trend(path, points), trend_text
        say(dumped(document) if as_json else text(path, points, shown, look=here()))
    elif runs:
        was, now = (reader.one(there, name) for name in runs)
        found = changes(there, was, now)
        say(dumped(_changes(found)) if as_json else changes_text(found, look=here()))
    else:
        say(_listed(there, as_json=as_json))
    return ExitCode.OPEN


def _listed(store: Store, *, as_json: bool) -> str:
    if as_json:
        runs = [_run(one) for one in reader.known(store)]
        return dumped({"schema": HISTORY, "runs": runs})
    newest, numbers = reader.known(store, newest=SHOWN), reader.numbers(store)
    return runs_text(newest, numbers, store.address.shown, look=here())


def _run(known: Known) -> dict[str, Any]:
    run, found = known.run, known.totals
    return {
        "id": run.id,
        "begun": run.begun,
        "ended": known.ended,
        "complete": known.complete,
        "parts": {"announced": known.parts, "done": known.done},
        "command": run.command,
        "level": run.level,
        "partial": run.partial,
        "harness": run.harness,
        "gate": known.gate or None,
        "made_of": dict(run.made_of),
        "cells": {name: one.count for name, one in found.cells.items()},
        "free": {name: one.count for name, one in found.free.items()},
        "evidence": dict(found.kinds),
    }


def _trend(path: str, points: Sequence[Point]) -> dict[str, Any]:
    rows = [
        {
            "run": one.run,
            "begun": one.begun,
            "evidence": {k: dict(v) for k, v in one.kinds.items()},
        }
        for one in points
    ]
    return {"schema": TREND, "path": path, "runs": rows}


def _changes(found: Changes) -> dict[str, Any]:
    return {
        "schema": CHANGES,
        "was": _run(found.was),
        "now": _run(found.now),
        "made_of": list(found.made_of),
        "scenarios": {
            "new": list(found.new),
            "gone": list(found.gone),
            "edited": list(found.edited),
        },
        "cells": [_changed(one) for one in found.cells],
        "differ_otherwise": list(found.otherwise),
        "free": [_changed(one) for one in found.free],
        "rulings": {"new": dict(found.rulings_new), "gone": dict(found.rulings_gone)},
    }


def _changed(one: Changed) -> dict[str, Any]:
    return {"id": one.id, "was": one.was or None, "now": one.now or None}
