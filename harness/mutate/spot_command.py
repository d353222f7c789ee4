"""`shadow mutate --spot N`: try some mutants again, and say whether they come out as written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from harness.clearance.git import Repository
from harness.compose import compose
from harness.errors import ExitCode, InputError
from harness.mutate.gate_condition import lock_of
from harness.mutate.measure import Measuring
from harness.mutate.measurement import AGAIN, NAME, SCHEMA, read_measurement
from harness.mutate.pool import workers_here
from harness.mutate.spot_check import SpotCheck, spot_check
from harness.reason import Reason
from harness.report.json_report import dumped
from harness.report.progress import progress
from harness.text import shown_path

SHOWN = 20
"""Mutants that are listed before the rest is counted."""


def spot(
    config: Path | None,
    count: int,
    *,
    workers: int | None,
    as_json: bool,
    say: Callable[[str], None],
) -> ExitCode:
    """Try `count` mutants again, drawn by the newest commit.

    Raises:
        HarnessError: the configuration cannot be used, there is no measurement, nothing can tell.
    """
    composition = compose(config, ())
    lock = lock_of(composition)
    known = read_measurement(lock)
    if known is None:
        message = "there is no measurement that anything could be held against"
        raise InputError("unreadable", message, shown_path(lock), AGAIN)
    found = spot_check(
        Measuring(composition, (), workers or workers_here()),
        known,
        count=count,
        seed=newest(composition.config.root),
        opened=partial(progress, sys.stderr, "trying mutants again"),
    )
    say(dumped(_document(found)) if as_json else _text(found))
    return ExitCode.CLOSED if found.differing else ExitCode.OPEN


def newest(root: Path) -> str:
    """The newest commit; empty where the project lies in no repository."""
    try:
        return Repository.around(root).resolve("HEAD")
    except InputError:
        return ""


def _document(found: SpotCheck) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "tried": found.tried,
        "of": found.of,
        "seed": found.seed,
        "differing": [
            {"what": one.what, "said": one.said, "found": one.found} for one in found.differing
        ],
        "reasons": [
            {"slug": one.slug, "found": one.found, "needed": one.needed}
            for one in ([_reason(found)] if found.differing else [])
        ],
    }


def _reason(found: SpotCheck) -> Reason:
    """What closes a gate whose measurement is another."""
    number = len(found.differing)
    return Reason(slug="mutants-stale", found=f"{number} not as {NAME} says", needed="0")


def _text(found: SpotCheck) -> str:
    drawn = f"drawn by commit {found.seed[:12]}" if found.seed else "always the same"
    lines = [f"{found.tried} of {found.of} mutants tried again, {drawn}"]
    if not found.differing:
        return "\n".join([*lines, f"All came out as {NAME} says.", "", "Next: shadow gate"])
    reason = _reason(found)
    lines.append(f"{reason.slug}: {reason.found}; needed: {reason.needed}")
    lines.extend(
        f"  {one.what}: {one.said} there, {one.found} now" for one in found.differing[:SHOWN]
    )
    if len(found.differing) > SHOWN:
        lines.append(f"  and {len(found.differing) - SHOWN} more")
    return "\n".join([*lines, "", "Next: shadow mutate --write"])
