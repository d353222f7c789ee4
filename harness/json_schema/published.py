"""`shadow schema`: a kind of file as JSON Schema 2020-12, for editors.

What the reader accepts is valid under the schema; the reader refuses more, since no schema knows
which worlds can be.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.compose import compose
from harness.errors import ExitCode
from harness.json_schema.definitions import Json
from harness.json_schema.ruling import ruling_schema
from harness.json_schema.scenario import scenario_schema
from harness.report.json_report import dumped


def schema(
    config: Path | None, kind: str, *, as_json: bool, say: Callable[[str], None]
) -> ExitCode:
    """Print the schema of a kind of file; it is JSON with and without `as_json`.

    Raises:
        InputError: the configuration cannot be used.
    """
    del as_json
    say(dumped(schema_of(config, kind)))
    return ExitCode.OPEN


def schema_of(config: Path | None, kind: str) -> Json:
    """The schema of `scenario` or `ruling` as plain data, the same for the same project.

    Raises:
        InputError: the configuration cannot be used.
    """
    composition = compose(config, ())
    control = composition.control.engine
    quirks = {quirk.id: quirk.title for quirk in control.quirks.values()}
    if kind == "ruling":
        return ruling_schema(paths=sorted(control.paths), quirks=quirks)
    invariants = {one.id: one.title for one in composition.invariants}
    return scenario_schema(composition.kit, quirks=quirks, invariants=invariants)
