"""`shadow replay`: scenarios by the line through both engines, range by range, into a store.

What is done is stored as it is done. Whatever ends a run early, the parts that are there stay, and
`--resume` does the others.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from harness.bulk import replay_report
from harness.bulk.census import Counted, Cut, census
from harness.bulk.findings import TOLD, Lost, findings, lost_in
from harness.bulk.location import located
from harness.bulk.pace import Pace, pace
from harness.bulk.range_replay import Replaying, unread
from harness.bulk.ranges import Source, cut, sources_of
from harness.bulk.replay_report import Report
from harness.bulk.reuse import not_kept, otherwise, shelves_of
from harness.bulk.salvage import salvaged
from harness.bulk.staff import Complain, Hire, Hiring, Staff, forked, of_cluster
from harness.bulk.stopping import stoppable
from harness.canonical import digest
from harness.command import here
from harness.compose import Composition, compose
from harness.errors import ExitCode, HarnessError, InputError, NothingCompared, Void, os_reason
from harness.evidence import COMPARED
from harness.gate import worst
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

COMMAND: Final = "replay"
TRIES: Final = 2
"""Workers that a range may cost before it is replayed in pieces."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line asks for.

    Attributes:
        store: what `--store` names.
        workers: processes beside this one; None for as many as this machine has cores.
        cluster: the address of a cluster that replays in place of this machine.
        resume: the run to finish; None begins one.
        kept: the folder in which is kept what accounts came to; None keeps nothing.
        cutting: cuts files into ranges.
    """

    config: Path | None
    files: tuple[Path | str, ...]
    store: str
    workers: int | None = None
    cluster: str | None = None
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
    if asked.cluster is not None and asked.kept is not None:
        message = "--kept is a folder of this machine, and --cluster replays on others"
        raise InputError("kept-elsewhere", message, hint="leave one of them out")
    composition = compose(asked.config, ())
    judged, day = judged_by(composition), today(composition.config.root)
    with ExitStack() as stack:
        if asked.cluster is None:
            hire = forked(asked.workers or workers_here())
        else:
            hire = stack.enter_context(of_cluster(asked.cluster, composition, judged, day))
        report, errors = _replayed(asked, composition, judged, day, hire, complain)
    document = replay_report.document(report)
    say(dumped(document) if as_json else replay_report.text(report, look=here()))
    return _exit_code(report, errors)


def _replayed(
    asked: Asked,
    composition: Composition,
    judged: Mapping[str, str],
    day: date,
    hire: Hire,
    complain: Complain,
) -> tuple[Report, Sequence[HarnessError]]:
    """Count, begin or resume, replay what is missing; what came of it, and all that is wrong."""
    level = composition.policy.level
    store = opened(asked.store, make=asked.resume is None)
    sources = sources_of([located(one) for one in asked.files])
    counted = census(sources, cutting=asked.cutting)
    if not any(one.ids.count for one in counted):
        where = ", ".join(one.shown for one in sources)
        raise NothingCompared("no-accounts", "there is no line in it", where, "name other files")
    made = {**judged, "scenarios": _digest(sources)}
    if asked.resume is None:
        run = _begun(store, level, sources, counted, made)
    else:
        run = _resumed(store, asked.resume, composition, counted, made)
    states = writer.states(store, run)
    todo = [one for one in counted if states[one.piece.place.id] != writer.DONE]
    for error in composition.rulings.refused:
        complain(error)
    shelves = None if asked.kept is None else shelves_of(asked.kept, composition, complain)
    work = Work(
        store=store,
        run=run,
        replaying=replace(Replaying.of(composition, day), shelves=shelves, run=run),
        hire=hire,
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
        cluster=asked.cluster,
        kept=asked.kept,
        reused=None if shelves is None else work.reused,
    )
    lost = report.findings.lost
    untold = [one for one in lost if one.account not in work.told][: TOLD - len(work.told)]
    now_told: list[HarnessError] = [*map(_not_run, untold), *failed]
    for told in now_told:
        complain(told)
    return report, (*composition.rulings.refused, *map(_not_run, lost), *failed)


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
        partial=" ".join(one.shown for one in sources),
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
    hire: Hire
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

            def complain(error: HarnessError) -> None:
                shown.clear()
                self.complain(error)

            by = Hiring(replaying=self.replaying, folder=folder, shown=shown, complain=complain)
            with closing(self.hire(by)) as crew:
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
            self.complain(not_kept(part.trouble))
        shelves = self.replaying.shelves
        if part.otherwise and shelves is not None:
            writer.forget(self.store, self.run)
            raise otherwise(part.otherwise, shelves)

    def _tell(self, part: Part, shown: Pace) -> None:
        """Say at once what could not be replayed: nobody should wait a night for the first."""
        for one in lost_in(part):
            if len(self.told) == TOLD:
                return
            shown.clear()
            self.complain(_not_run(one))
            self.told.add(one.account)


def _parts(
    crew: Staff, todo: Sequence[Counted], stop: Callable[[], bool]
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


def _no_room(error: OSError) -> InputError:
    reason = os_reason(error)
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
