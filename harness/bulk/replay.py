"""`shadow replay`: scenarios by the line through both engines, range by range, into a store.

What is done is stored as it is done. Whatever ends a run early, the parts that are there stay, and
`--resume` does the others.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from harness.bulk import replay_report
from harness.bulk.census import Counted, Cut, census
from harness.bulk.crew import Crew
from harness.bulk.findings import TOLD, Lost, findings, lost_in
from harness.bulk.pace import Pace, pace
from harness.bulk.range_replay import Replaying, unread
from harness.bulk.ranges import Range, Source, cut, sources_of
from harness.bulk.replay_report import Report
from harness.bulk.reuse import Shelves
from harness.bulk.salvage import salvaged
from harness.bulk.stopping import stoppable
from harness.canonical import digest
from harness.command import here
from harness.compose import Composition, compose, package
from harness.errors import ExitCode, HarnessError, InputError, NothingCompared, Void
from harness.evidence import COMPARED
from harness.gate import worst
from harness.kept import fingerprint
from harness.kept.imports import Unknowable
from harness.kept.shelf import Shelf
from harness.model import Free
from harness.moment import day_of, now, today
from harness.mutate.pool import workers_here
from harness.report.json_report import dumped
from harness.ruling import in_force
from harness.store import reader, writer
from harness.store.id_sum import IdSum
from harness.store.made_of import judged_by, version
from harness.store.opening import Store, opened
from harness.store.part import Part, sums, total
from harness.store.run import Run, new_id
from harness.text import quoted, shown_path, visible

COMMAND: Final = "replay"
PAIR: Final = "pair"
CONTROL: Final = "control"
"""The kinds of shelves on which is kept what both sides did, and what the control did."""

SHOWN: Final = 3
"""Accounts that are named where they came out otherwise."""

TRIES: Final = 2
"""Workers that a range may cost before it is replayed in pieces."""

Say = Callable[[str], None]
Complain = Callable[[HarnessError], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line asks for.

    Attributes:
        store: what `--store` names.
        workers: processes beside this one; None for as many as this machine has cores.
        resume: the run to finish; None begins one.
        kept: the folder in which is kept what accounts came to; None keeps nothing.
        cutting: cuts files into ranges.
    """

    config: Path | None
    files: tuple[Path, ...]
    store: str
    workers: int | None = None
    resume: str | None = None
    kept: Path | None = None
    cutting: Cut = cut


def replay(asked: Asked, *, as_json: bool, say: Say, complain: Complain) -> ExitCode:
    """Replay files of scenarios and keep what was found; or finish a run that was interrupted.

    Raises:
        InputError: files, store or engines cannot be used, or it is another run that is to be
            resumed than these would make.
        NothingCompared: the files hold no account.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        message = "no process can be forked on this system"
        raise InputError("no-fork", message, hint="`shadow run` replays files one by one")
    composition = compose(asked.config, ())
    level = composition.policy.level
    store = opened(asked.store, make=asked.resume is None)
    sources = sources_of(asked.files)
    counted = census(sources, cutting=asked.cutting)
    if not any(one.ids.count for one in counted):
        where = ", ".join(shown_path(one.file) for one in sources)
        raise NothingCompared("no-accounts", "there is no line in it", where, "name other files")
    made = {**judged_by(composition), "scenarios": _digest(sources)}
    if asked.resume is None:
        run = _begun(store, level, sources, counted, made)
    else:
        run = _resumed(store, asked.resume, composition, counted, made)
    states = writer.states(store, run)
    todo = [one for one in counted if states[one.piece.place.id] != writer.DONE]
    for error in composition.rulings.refused:
        complain(error)
    replaying = Replaying.of(composition, today(composition.config.root))
    shelves = None if asked.kept is None else _shelves(asked.kept, composition, complain)
    work = Work(
        store=store,
        run=run,
        replaying=replace(replaying, shelves=shelves, run=run),
        workers=asked.workers or workers_here(),
        accounts=total(one.ids for one in counted),
        complain=complain,
    )
    failed = work.done(todo)
    report = Report(
        sources=sources,
        counted=counted,
        findings=findings(store, run),
        store=store.address.shown,
        config=asked.config,
        kept=asked.kept,
        reused=None if shelves is None else work.reused,
    )
    lost = report.findings.lost
    untold = [one for one in lost if one.account not in work.told][: TOLD - len(work.told)]
    now_told: list[HarnessError] = [*map(_not_run, untold), *failed]
    for told in now_told:
        complain(told)
    errors = (*composition.rulings.refused, *map(_not_run, lost), *failed)
    document = replay_report.document(report)
    say(dumped(document) if as_json else replay_report.text(report, look=here()))
    return _exit_code(report, errors)


def _begun(
    store: Store,
    level: str,
    sources: Sequence[Source],
    counted: Sequence[Counted],
    made: Mapping[str, str],
) -> str:
    """Announce a run with all its parts."""
    began = time.time()
    run = Run(
        id=new_id(began),
        begun=int(began),
        command=COMMAND,
        level=level,
        partial=" ".join(shown_path(one.file) for one in sources),
        harness=version(),
        made_of=made,
    )
    writer.begin(store, run, [one.piece.place for one in counted])
    return run.id


def _resumed(
    store: Store,
    name: str,
    composition: Composition,
    counted: Sequence[Counted],
    made: Mapping[str, str],
) -> str:
    """The run that is to be finished, if everything is still what it was begun with.

    Raises:
        InputError: `unknown-run`, `run-complete`, `run-otherwise`.
    """
    known = reader.one(store, name)
    run, shown = known.run, store.address.shown
    if run.command != COMMAND:
        message = f"run {run.id} is one of `shadow {run.command}`, which has no parts to resume"
        raise InputError("run-otherwise", message, shown, "name a run of `shadow replay`")
    if known.complete:
        message = f"run {run.id} is complete: there is nothing to resume"
        raise InputError("run-complete", message, shown, "`shadow history` lists runs")
    other = {what for what in {*made, *run.made_of} if made.get(what) != run.made_of.get(what)}
    good, root = composition.rulings.good, composition.config.root
    if in_force(good, day_of(run.begun)) != in_force(good, today(root)):
        other.add("rulings in force")
    if not other and {one.piece.place.id for one in counted} != {*writer.states(store, run.id)}:
        other.add("parts")
    if other:
        message = f"run {run.id} was begun with other {', '.join(sorted(other))}"
        hint = "its halves would not be one run: put back what it was, or begin another one"
        raise InputError("run-otherwise", message, shown, hint)
    return run.id


@dataclass(kw_only=True)
class Work:
    """What is done with ranges: each replayed, checked, stored and told.

    Attributes:
        accounts: of the whole run, as the census counted them.
        told: accounts that could not be replayed and were told when that was known.
        reused: how accounts were come by (`harness.bulk.reuse`).
        trouble: why nothing could be kept, as it was told; empty where it could.
    """

    store: Store
    run: str
    replaying: Replaying
    workers: int
    accounts: IdSum
    complain: Complain
    told: set[str] = field(default_factory=set)
    reused: Counter[str] = field(default_factory=Counter)
    trouble: str = ""

    def done(self, todo: Sequence[Counted]) -> tuple[HarnessError, ...]:
        """Replay ranges and store each as it is done; why that ended early, if something failed.

        The run is complete once all its parts are there; whatever fails, those that are there
        stay.
        """
        try:
            with TemporaryDirectory(prefix="shadow-replay-") as folder:
                self._do(todo, Path(folder))
        except (InputError, Void) as error:
            return (error,)
        except OSError as error:
            return (_no_room(error),)
        return ()

    def _do(self, todo: Sequence[Counted], folder: Path) -> None:
        missing = len(todo)
        with (
            stoppable() as stop,
            pace(sys.stderr, "replaying", sum(one.ids.count for one in todo)) as shown,
        ):
            work = replace(self.replaying, folder=folder).part
            with closing(Crew(work, self.workers, shown.under_way)) as crew:
                for counted, part in _parts(crew, todo, stop):
                    _check(counted, part)
                    self._reuse(part, shown)
                    writer.write(self.store, self.run, part)
                    missing -= 1
                    self._tell(part, shown)
                    shown.step(counted.ids.count)
            if not missing:
                writer.end(self.store, self.run, ended=now().clock, accounts=self.accounts)

    def _reuse(self, part: Part, shown: Pace) -> None:
        """Count what was kept of a part.

        Raises:
            Void: something came out otherwise: then nothing that was found kept is worth anything,
                and whatever is stored of the run is taken back.
        """
        self.reused.update(part.reused)
        if part.trouble and not self.trouble:
            self.trouble = part.trouble
            shown.clear()
            self.complain(_not_kept(part.trouble))
        shelves = self.replaying.shelves
        if part.otherwise and shelves is not None:
            writer.forget(self.store, self.run)
            raise _otherwise(part.otherwise, shelves)

    def _tell(self, part: Part, shown: Pace) -> None:
        """Say at once what could not be replayed: nobody should wait a night for the first."""
        for one in lost_in(part):
            if len(self.told) == TOLD:
                return
            shown.clear()
            self.complain(_not_run(one))
            self.told.add(one.account)


def _parts(
    crew: Crew[Range, Part], todo: Sequence[Counted], stop: Callable[[], bool]
) -> Iterator[tuple[Counted, Part]]:
    """Each range with what came of it, also where nothing could."""
    for one in todo:
        if one.damage is not None:
            yield one, unread(one, one.damage)
    sound = {one.piece.place.id: one for one in todo if one.damage is None}
    ended = []
    for piece, part in crew.answers([one.piece for one in sound.values()], stop, tries=TRIES):
        counted = sound[piece.place.id]
        if part is None:
            ended.append(counted)
        else:
            yield counted, part
    for counted in ended:
        saved = None if stop() else salvaged(crew, counted, stop)
        if saved is not None:
            yield counted, saved


def _shelves(
    folder: Path, composition: Composition, complain: Callable[[HarnessError], None]
) -> Shelves | None:
    """Where is kept what these engines do; None where nobody can tell whether they still are.

    Raises:
        InputError: `kept-folder`.
    """
    try:
        found = Shelves(
            pair=Shelf(folder.absolute(), PAIR, fingerprint.pair(composition).name),
            control=Shelf(folder.absolute(), CONTROL, fingerprint.control(composition).name),
            world=package(composition.config.world),
        )
    except (Unknowable, OSError) as error:
        message = f"nothing is kept, and nothing that was is used: {visible(str(error))}"
        hint = "nobody could tell whether it is still the same code"
        complain(InputError("kept-unknowable", message, hint=hint))
        return None
    found.pair.begin()
    found.control.begin()
    return found


def _not_kept(trouble: str) -> InputError:
    hint = (
        "accounts are replayed as if nothing had been kept; delete the file if this happens again"
    )
    return InputError("kept-trouble", trouble, hint=hint)


def _otherwise(accounts: Sequence[str], shelves: Shelves) -> Void:
    aside = " and ".join(shown_path(one.set_aside()) for one in (shelves.pair, shelves.control))
    listed = ", ".join(map(quoted, accounts[:SHOWN]))
    more = f" and {len(accounts) - SHOWN} more" if len(accounts) > SHOWN else ""
    message = f"replayed again, accounts are not what was kept of them: {listed}{more}"
    hint = (
        f"nothing of the run is stored; what was kept is {aside} now. An engine may differ from"
        " itself, or somebody has written to the file"
    )
    return Void("kept-otherwise", message, shown_path(shelves.pair.folder), hint)


def _no_room(error: OSError) -> InputError:
    reason = (error.strerror or str(error)).lower()
    hint = "make room for temporary files (TMPDIR), and resume the run"
    return InputError("replay-room", f"there is no room for temporary files: {reason}", hint=hint)


def _not_run(lost: Lost) -> InputError:
    return InputError(lost.slug, f"not run: {lost.detail}", lost.account)


def _check(counted: Counted, part: Part) -> None:
    """Hold a part against the census: what is expected of it was not decided by who replayed it.

    Raises:
        InputError: `store-sums`.
    """
    found = IdSum.of(one.scenario for one in part.expected)
    if found != counted.ids:
        message = f"{counted.ids.count} accounts were read before and {found.count} now"
        raise sums(f"part {part.place.id}: {message}, or not the same ones")


def _digest(sources: Sequence[Source]) -> str:
    return digest([[one.label, one.size, one.sha256] for one in sources])


def _exit_code(report: Report, errors: Sequence[HarnessError]) -> ExitCode:
    """As `shadow run`: 0 where no difference is left without a ruling and all are there."""
    found = report.findings
    also = [error.exit_code for error in errors]
    if not report.complete:
        return worst((ExitCode.INTERRUPTED, *also))
    if not any(found.outcomes.get(str(outcome)) for outcome in COMPARED):
        return worst((ExitCode.NOTHING, *also))
    clean = not found.unruled and set(found.free) == {str(Free.KEPT)}
    return worst((ExitCode.OPEN if clean else ExitCode.CLOSED, *also))
