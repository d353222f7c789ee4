"""The command `shadow record events`: recorded events become scenarios, and are replayed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from harness import run as running
from harness.command import here
from harness.compose import Composition, compose
from harness.errors import ExitCode, HarnessError, InputError, NothingCompared
from harness.gate import worst
from harness.model import Cell
from harness.moment import today
from harness.ports import Recorder, Recordings, Unused
from harness.record.account_rows import read_accounts
from harness.record.database_rows import named
from harness.record.pseudonym import pseudonyms, read_key
from harness.record.raw_files import read_lines, read_raw
from harness.record.recorded_file import Written, write_recording
from harness.recorded import recorder_of
from harness.report import json_report
from harness.report.progress import progress
from harness.report.recording_text import Told, recording_document, recording_text
from harness.text import visible

FOLDER: Final = "recorded"
MOST: Final = 20
"""Errors that are printed one by one; the others are counted, `--json` holds them all."""
UNWRITTEN: Final = "this scenario was not written: see what the rows and events of the account say"

Say = Callable[[str], None]
Complain = Callable[[HarnessError], None]


def events(
    config: Path | None,
    *,
    files: tuple[Path, ...],
    out: Path | None,
    accounts: str | None,
    query: str | None,
    calls: Path | None,
    key: Path | None,
    delivered: bool,
    at_least: int,
    as_json: bool,
    say: Say,
    complain: Complain,
) -> ExitCode:
    """Make `recorded` scenarios of events, replay them, and say what came of it.

    Args:
        config: the configuration file; None looks for it.
        files: recorded events, or folders of them.
        out: where scenarios are written; None means `recorded` below the scenarios.
        accounts: a file or a database's URL: rows of stores that events do not tell of.
        query: what to ask of the database.
        calls: a file of ids and keys of requests that the control itself made.
        key: a file with the key of the pseudonyms.
        delivered: whether the files are in the order of delivery.
        at_least: cells in which some path must have run and been compared.
        as_json: whether the report is JSON.
        say: where the report goes.
        complain: where errors go.

    Raises:
        InputError: the kit has no recorder, or an option cannot be used.
    """
    composition = compose(config, ())
    if composition.recording is not None:
        composition.engine("control")  # refuses: only code tells its own echoes from acts
    recorder = recorder_of(composition.kit)
    if recorder is None:
        message = f"the kit {composition.config.world} has no recorder"
        hint = "give it one: harness/ports.py, Recorder"
        raise InputError("no-recorder", message, hint=hint)
    sources = _Sources(accounts=accounts, query=query, calls=calls, key=key)
    making = _Making(composition=composition, folder=out or composition.config.scenarios / FOLDER)
    making.write(making.read(recorder, files, sources, delivered=delivered))
    told = Told(
        written=tuple(making.written),
        unused=tuple(making.unused),
        failures=tuple(making.failures),
        cells=making.replayed(),
        folder=making.folder,
        configured=_below(making.folder, composition.config.scenarios),
        keyed=key is not None,
        at_least=at_least,
    )
    if as_json:
        say(json_report.dumped(recording_document(told)))
    else:
        say(recording_text(told, look=here()))
    return _ended(told, complain)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """What is read beside the events themselves."""

    accounts: str | None
    query: str | None
    calls: Path | None
    key: Path | None


@dataclass(slots=True, kw_only=True)
class _Making:
    """Scenarios in the making."""

    composition: Composition
    folder: Path
    written: list[Written] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    failures: list[HarnessError] = field(default_factory=list)

    def read(
        self, recorder: Recorder, files: tuple[Path, ...], sources: _Sources, *, delivered: bool
    ) -> Recordings:
        """Read everything, and let the kit make recordings of it."""
        pseudonym = pseudonyms(read_key(sources.key))
        calls = frozenset(read_lines(sources.calls) if sources.calls else ())
        found = read_raw(files)
        of = named(recorder.owner, found.found)
        rows = read_accounts(sources.accounts, sources.query, of)
        self.unused.extend(rows.unused)
        self.failures.extend((*found.failures, *rows.failures))
        try:
            made = recorder.read(
                found.found,
                accounts=rows.found,
                calls=calls,
                pseudonym=pseudonym,
                delivered=delivered,
            )
        except Exception as error:
            complaint = _complaint(error)
            if complaint is None:
                raise
            raise complaint from None
        self.unused.extend(made.unused)
        return made

    def write(self, made: Recordings) -> None:
        """Write each recording's scenario; one that is none is named and not written."""
        composition = self.composition
        vocabulary, setup = composition.vocabulary, composition.setup()
        ids: set[str] = set()
        for recording in made.recordings:
            try:
                if recording.id in ids:
                    message = f"two recordings have the id {visible(recording.id)}"
                    raise InputError("duplicate-id", message)
                ids.add(recording.id)
                self.written.append(write_recording(recording, self.folder, setup, vocabulary))
            except InputError as error:
                error.hint = error.hint or UNWRITTEN
                self.failures.append(error)
                wheres = (event.where for event in recording.happened)
                reason = f"its scenario cannot be written: {error.slug}"
                self.unused.extend(Unused(where, "an event", reason) for where in wheres)

    def replayed(self) -> tuple[Cell, ...]:
        """Replay the new scenarios, and only those; the second process sees them too."""
        if not self.written:
            return ()
        files = tuple(one.file for one in self.written)
        bar = partial(progress, sys.stderr, "replaying")
        config = self.composition.config
        day = today(config.root)
        result = running.run(compose(config.file, files), today=day, progress=bar)
        self.failures.extend(result.failures)
        return result.cells


def _complaint(error: Exception) -> InputError | None:
    """A kit's own complaint about what was read; None for any other exception."""
    message = getattr(error, "message", None)
    path = getattr(error, "path", None)
    if not isinstance(message, str) or not isinstance(path, str):
        return None
    where = getattr(error, "where", "")
    place = f"{path}: {message}" if path else message
    return InputError("recording-impossible", visible(place), visible(str(where)))


def _below(folder: Path, scenarios: Path) -> bool:
    return folder.resolve().is_relative_to(scenarios.resolve())


def _ended(told: Told, complain: Complain) -> ExitCode:
    """Name what went wrong, and fold it into the exit code."""
    for error in told.failures[:MOST]:
        complain(error)
    more = len(told.failures) - MOST
    if more > 0:
        message = f"{more} more files, lines or rows could not be used"
        complain(InputError("more-failures", message, hint="--json names each of them"))
    codes = [ExitCode.OPEN, *(error.exit_code for error in told.failures)]
    short = told.short
    if short is not None:
        message = f"{short.found}; needed: {short.needed}"
        hint = "more events, --accounts for stores they do not tell of"
        hint += ", or a lower --at-least" if told.at_least > 1 else ""
        kind = HarnessError if told.with_path else NothingCompared
        complain(kind(short.slug, message, hint=hint))
        codes.append(ExitCode.CLOSED if told.with_path else ExitCode.NOTHING)
    return worst(codes)
