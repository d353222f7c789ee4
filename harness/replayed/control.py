"""The command `shadow record control`: the control becomes a file that answers in its place."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from harness.compose import Composition, compose
from harness.config import RECORDED
from harness.errors import ExitCode, HarnessError, InputError
from harness.moment import today
from harness.replayed.recorder import TIMES, recorded
from harness.replayed.recording import Recording
from harness.replayed.recording_file import write_recording
from harness.report.json_report import dumped
from harness.report.progress import progress
from harness.text import quoted, shown_path

SCHEMA: Final = "shadow.record-control/1"
NAME: Final = "control.jsonl"
COUNTED: Final = ("scenarios", "courses", "questions", "answers")

Say = Callable[[str], None]
Complain = Callable[[HarnessError], None]


def control(
    config: Path | None, *, out: Path | None, as_json: bool, say: Say, complain: Complain
) -> ExitCode:
    """Record the control over every scenario, and write it once it stands for the real one.

    Args:
        config: the configuration file; None looks for it.
        out: where it is written; None means `control.jsonl` below the scenarios.
        as_json: whether the report is JSON.
        say: where the report goes.
        complain: where scenario files that cannot be used are named; nothing is written then.

    Raises:
        InputError: the control is a recording already or cannot be recorded, or the file cannot
            be written.
    """
    composition = compose(config, ())
    file = _file(composition, out)
    failures = composition.loaded.failures
    for error in failures:
        complain(error)
    if failures:
        return ExitCode.INPUT
    with progress(sys.stderr, "recording", TIMES * len(composition.loaded.scenarios)) as step:
        made = recorded(composition, today=today(), step=step)
    document = told(made, file, write_recording(file, made))
    say(dumped(document) if as_json else text(document))
    return ExitCode.OPEN


def _file(composition: Composition, out: Path | None) -> Path:
    """Where the recording is written.

    Raises:
        InputError: there is no control to be recorded, or a recording cannot be called so.
    """
    file = out or composition.config.scenarios / NAME
    if composition.config.recording is not None:
        message = "the control is a recording already"
        hint = "name the control's code in the table: control = package.module:ATTRIBUTE"
        raise InputError("control-is-recording", message, str(composition.config.file), hint)
    if not file.name.endswith(RECORDED):
        message = f"{quoted(file.name)} is no name for a recorded control"
        raise InputError("recording-name", message, hint=f"end it in {' or '.join(RECORDED)}")
    return file


def told(recording: Recording, file: Path, content: bytes) -> dict[str, Any]:
    """The recording as plain data of schema `shadow.record-control/1`; `content` is the file's."""
    head = recording.head
    return {
        "schema": SCHEMA,
        "file": shown_path(file),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "recorded": head.recorded,
        "control": head.control,
        "control_sha256": head.control_sha256,
        "world": head.world,
        "world_sha256": head.world_sha256,
        "scenarios": len(recording.scenarios),
        "courses": len(recording.courses),
        "questions": sum(
            node.asks is not None for one in recording.courses.values() for node in one.nodes
        ),
        "answers": len(recording.answers),
    }


def text(document: dict[str, Any]) -> str:
    """What was recorded, where it is, and what to type next."""
    counted = ", ".join(f"{document[what]:,} {what}" for what in COUNTED)
    return f"""\
Recorded {document["control"]} {document["control_sha256"][:12]}
  {document["file"]}, {document["bytes"]:,} bytes
  sha256 {document["sha256"]}
  {counted}
  replayed from the recording, every cell and every end is the control's own
Next: shadow gate"""
