"""Sabotages of a control that is nothing but a recording any more: its code is deleted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from harness.errors import ExitCode
from harness.replayed.recording_file import parsed
from tests.harness.test_replayed_file import FORGED, WHOLE, changed
from tests.sabotage.asked_piece import Answer, Done, Piece
from tests.sabotage.planted_project import (
    HOUSE,
    Deed,
    Edit,
    Project,
    Remove,
    write_house,
)
from tests.sabotage.planted_row import Sabotage

FILE = "scenarios/control.jsonl"


def write_recorded(root: Path) -> None:
    """The house, whose control was recorded and deleted then."""
    write_house(root)
    record(root)


def record(root: Path) -> None:
    done = HOUSE.run(root, "record", "control")
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(root / "old")
    Edit("pyproject.toml", "old:ENGINE", FILE).do(HOUSE, root)


RECORDED = Project("recorded house", write_recorded)


def lines(told: str, change: Callable[[list[str]], list[str]]) -> Deed:
    """The lines of the recording are made others."""

    def does(root: Path) -> None:
        file = root / FILE
        file.write_text("".join(change(file.read_text().splitlines(keepends=True))))

    return Done(f"`{FILE}`: {told}", does)


def of_another(root: Path) -> None:
    """Put the recording of another control in its place: one that heats at any temperature."""
    other = root.parent / f"{root.name}-other"
    write_house(other)
    Edit("old/measured.py", "room.celsius < room.wanted", "room.celsius < 30").do(HOUSE, other)
    record(other)
    shutil.copy(other / FILE, root / FILE)


def forged(root: Path) -> Answer:
    """Read a recording all of whose digests somebody made anew."""
    file = root / FILE
    parsed(file.read_bytes(), FILE)
    return Answer(ExitCode.OPEN)


def write_file(root: Path) -> None:
    (root / "scenarios").mkdir()
    (root / FILE).write_bytes(WHOLE)


READ = Piece("a recording", write_file, ask=forged)


def again(name: str) -> Deed:
    """A line is forged, and the digests are those of the forgery."""
    (one,) = [forgery for forgery in FORGED if forgery.name == name]
    content = changed(one.kind, one.change)
    return Done(f"`{FILE}`, digests too", lambda root: (root / FILE).write_bytes(content))


def refused(what: str, slug: str, *deeds: Deed, project: Project = RECORDED) -> Sabotage:
    """What stops every command."""
    return Sabotage(what, project, deeds, slug, ExitCode.INPUT)


ROWS = (
    refused("A line of the recorded control is edited", "recording-edited",
            lines("an answer", lambda all_: [one.replace("heat", "rest") for one in all_])),
    refused("A line of the recorded control is dropped", "recording-truncated",
            lines("a course", lambda all_: [*all_[:-2], all_[-1]])),
    refused("The recorded control is cut off", "recording-truncated",
            lines("its last lines", lambda all_: all_[:-3])),
    refused("The recorded control is deleted", "recorded-control-missing", Remove(FILE)),
    refused("The recorded control asks behind its ports", "recording-malformed",
            again("asks behind the ports"), project=READ),
    refused("A course of the recorded control leads back to its beginning", "recording-malformed",
            again("leads back"), project=READ),
    Sabotage("The recording is one of another control", RECORDED,
             (Done(f"`{FILE}`", of_another),), "cell-diverges"),
    Sabotage("A scenario goes on where the recorded control never was", RECORDED,
             (Edit("scenarios/cold-evening.yaml", "celsius: 20", "celsius: 12"),),
             "cells-not-run"),
)  # fmt: skip
