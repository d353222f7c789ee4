"""`shadow clear`: the gate is run, and what it leaves open is written down as a clearance."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from harness.clearance import clearance as files
from harness.clearance.answer import Answer, Asked, Written
from harness.clearance.clearance import Clearance, Cleared, Weighed
from harness.clearance.fingerprint import Fingerprints, fingerprints
from harness.clearance.git import Repository
from harness.clearance.project import DOTTED, read_project
from harness.clearance.symbols import shared_symbols, symbols
from harness.clearance.tree import FolderTree, RevisionTree, passed_over
from harness.command import Complain, Say, tell
from harness.compose import Composition, compose
from harness.condition import CONDITIONS
from harness.config import Config
from harness.errors import ExitCode, InputError
from harness.gate import Gate, Verdict, gate_exit_code, worst
from harness.moment import today
from harness.names import hint
from harness.reason import Reason, some
from harness.report import json_report
from harness.report.gate_text import next_command
from harness.report.told import Told
from harness.text import quoted, shown_path, visible
from harness.whole_file import replace_file, unwritable

YOUNG_DAYS: Final = 7
"""How old a relaxation must be: nobody loosens a threshold for the path that is cleared next."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a project lies: in which repository, and at which commit.

    Attributes:
        config: the configuration file, from the repository's root.
    """

    repository: Repository
    config: str

    @classmethod
    def of(cls, config: Config) -> Place:
        """Find the repository around a configuration.

        Raises:
            InputError: `not-a-repository`, `git-missing`, `git-failed`; `revision-unknown`,
                nothing is committed yet.
        """
        file = config.root.resolve() / config.file.name
        repository = Repository.around(file.parent)
        repository.resolve("HEAD")
        return cls(repository=repository, config=file.relative_to(repository.root).as_posix())

    @cached_property
    def folder(self) -> FolderTree:
        """The files that the gate replays."""
        return FolderTree(self.repository.root)

    @cached_property
    def committed(self) -> RevisionTree:
        """The files that others get."""
        return RevisionTree(self.repository, "HEAD")

    @cached_property
    def today(self) -> date:
        """The day in UTC, by the clock or by the newest commit."""
        return today(self.repository.root)

    @property
    def clearances(self) -> str:
        """The folder of clearances, from the repository's root."""
        above = self.config.rpartition("/")[0]
        return "/".join(filter(None, [above, files.FOLDER]))


def clear(
    config: Path | None,
    names: Sequence[str],
    *,
    every: bool,
    level: str,
    as_json: bool,
    say: Say,
    complain: Complain,
) -> ExitCode:
    """Run the gate and write a clearance for paths that it leaves open.

    Args:
        config: the configuration's file.
        names: paths of the control.
        every: all of them instead.
        level: production, or rehearsal.
        as_json: whether to print JSON.
        say: prints.
        complain: prints what keeps a file from being used.

    Raises:
        InputError: a path is unknown, there is no repository, or the configuration is unusable.
        Void: the harness did not find what was planted.
    """
    composition = compose(config, ())
    place = Place.of(composition.config)
    asked = chosen(composition, names, every=every, level=level)
    answer = Answer(asked=asked, as_json=as_json, say=say)
    there = existing(place)
    before = fingerprints(place.folder, place.config, asked.paths)
    early = (*unclean(place), *too_low(asked, composition))
    early = early or tuple(uncommitted(place, asked, before))
    if early:
        return answer.refused(early)
    check_loaded(place, composition)
    told, codes = tell(composition, complain, judged=True)
    after = fingerprints(place.folder, place.config, asked.paths)
    reasons = (
        *closed(told.decided, asked),
        *young(told.decided, place.today),
        *changed(after, before),
    )
    ended = gate_exit_code(told.decided, codes)
    if reasons or ended is not ExitCode.OPEN:
        answer.refused(reasons, next_command(told.decided))
        return worst((ExitCode.CLOSED, ended))
    held = holding(there, asked, before, place.today)
    return answer.cleared(held or written(place, made(place, asked, before, told), asked))


def chosen(composition: Composition, names: Sequence[str], *, every: bool, level: str) -> Asked:
    """The paths that are asked for.

    Raises:
        InputError: `unknown-path`; `control-is-recording`.
    """
    if composition.config.recording is not None:
        message = "the control is a recording: there is no code of it to delete"
        where = shown_path(composition.config.file)
        raise InputError("control-is-recording", message, where, "nothing is left to clear")
    known = {name: path.module for name, path in composition.control.engine.paths.items()}
    for name in names:
        if name not in known:
            message = f"the control has no path {quoted(name)}"
            raise InputError("unknown-path", message, hint=f"{hint(name, known)}; shadow paths")
    asked = sorted(known if every else set(names))
    return Asked(paths={name: known[name] for name in asked}, known=known, level=level)


def existing(place: Place) -> Mapping[Path, Clearance]:
    """Clearances that lie in the folder already, by file.

    Raises:
        InputError: one of them is malformed; nobody reads past a file that somebody broke.
    """
    folder = place.repository.root / place.clearances
    return {
        file: files.parse(file.read_bytes(), shown_path(file))
        for file in sorted(folder.glob("*.json"))
    }


def unclean(place: Place) -> Iterator[Reason]:
    """What differs from the newest commit; clearances that were just written do not count."""
    own = f"{place.clearances}/"
    changed = [
        path
        for path in place.repository.unclean()
        if not path.startswith(own) and not passed_over(path)
    ]
    if changed:
        found = f"{len(changed)}: {visible(some(changed))}"
        needed = "uncommitted files = 0: what is cleared is what is committed"
        yield Reason(slug="tree-not-clean", found=found, needed=needed)


def uncommitted(place: Place, asked: Asked, found: Fingerprints) -> Iterator[Reason]:
    """What is one thing in the folder and another in the commit, though git calls it clean."""
    wanted = fingerprints(place.committed, place.config, asked.paths)
    for part in differing(found, wanted):
        needed = "what is replayed is what is committed: look for ignored files"
        yield Reason(slug="tree-not-committed", found=part, needed=needed)


def too_low(asked: Asked, composition: Composition) -> Iterator[Reason]:
    """That a gate at rehearsal clears nothing for production, and what is missing."""
    policy = composition.policy
    if asked.level == policy.level or asked.level == "rehearsal":
        return
    lacking = [what for key, what in CONDITIONS.items() if key not in policy.sections]
    yield Reason(
        slug="level-rehearsal",
        found=f"level = {policy.level} in the policy",
        needed="level = production, for which are missing: recordings that hold all stores; "
        + "; ".join(lacking),
    )


def changed(found: Fingerprints, before: Fingerprints) -> Iterator[Reason]:
    """What changed while the gate ran."""
    for part in differing(found, before):
        yield Reason(slug="tree-changed", found=part, needed="nothing changes meanwhile")


def differing(one: Fingerprints, other: Fingerprints) -> Iterator[str]:
    """Parts and paths of which two fingerprints differ."""
    yield from (part for part in sorted(one.parts) if one.parts[part] != other.parts[part])
    yield from (
        f"path {path}" for path in sorted(one.paths) if one.paths[path] != other.paths[path]
    )


def check_loaded(place: Place, composition: Composition) -> None:
    """Make sure that what runs is what is fingerprinted.

    Raises:
        InputError: `module-elsewhere`, a module was imported from another place.
    """
    project = read_project(place.folder, place.config)
    known = project.modules
    composition.setup()  # loads all four
    running = {**sys.modules, **composition.control.modules, **composition.candidate.modules}
    for key in DOTTED:
        for file in sorted(known.reached(known.package(project.package(key))).files):
            name = known.name_of(file)
            origin = getattr(running.get(name), "__file__", None)
            own = {place.repository.root / one for one in known.files_of(name)}
            if origin is not None and Path(origin).resolve() not in own:
                message = f"{key}: {name} was imported from another place than the repository"
                fix = "run shadow from the repository's own environment"
                raise InputError("module-elsewhere", message, shown_path(Path(origin)), fix)


def closed(verdict: Verdict, asked: Asked) -> Iterator[Reason]:
    """Why the gate does not let these paths go: the whole of it has to be open."""
    for name in asked.paths:
        path = verdict.paths.get(name)
        if path is None or path.gate is not Gate.OPEN:
            slugs = dict.fromkeys(reason.slug for reason in path.reasons) if path else ["no-cells"]
            found = f"{name} is closed: {', '.join(slugs)}"
            yield Reason(slug="path-not-open", found=found, needed=f"{name} is open")
    if verdict.gate is not Gate.OPEN:
        slugs = dict.fromkeys(reason.slug for reason in verdict.reasons)
        found = f"the gate is closed: {', '.join(slugs)}"
        yield Reason(slug="gate-not-open", found=found, needed="the whole gate is open")


def young(verdict: Verdict, day: date) -> Iterator[Reason]:
    """Thresholds that were loosened too short a time ago to clear anything with."""
    for one in verdict.relaxations:
        age = (day - one.date).days
        if age < YOUNG_DAYS:
            yield Reason(
                slug="relaxation-young",
                found=f"{one.key} was loosened {age} days ago, on {one.date}",
                needed=f"days >= {YOUNG_DAYS}",
            )


def holding(
    there: Mapping[Path, Clearance], asked: Asked, found: Fingerprints, today: date
) -> Written | None:
    """A clearance of the same paths and level that still holds: it need not be written again."""
    for file, one in there.items():
        same = set(one.paths) == set(asked.paths) and one.level == asked.level
        if same and not files.still_valid(one, found, today, level=asked.level):
            return Written(file, one, new=False)
    return None


def written(place: Place, clearance: Clearance, asked: Asked) -> Written:
    """Write a clearance into its file.

    Raises:
        InputError: it cannot be written.
    """
    folder = place.repository.root / place.clearances
    file = folder / files.file_name(clearance, every=asked.every)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    replace_file(file, files.render(clearance))
    return Written(file, clearance, new=True)


def made(place: Place, asked: Asked, found: Fingerprints, told: Told) -> Clearance:
    """The clearance of paths that the gate left open."""
    project = read_project(place.committed, place.config)
    day = place.today
    paths = {
        name: Cleared(
            module=module, fingerprint=found.paths[name], symbols=symbols(project, module)
        )
        for name, module in asked.paths.items()
    }
    return files.sealed(
        Clearance(
            schema=files.SCHEMA,
            remark=files.REMARKS[asked.level],
            level=asked.level,
            created=day,
            valid_until=day + timedelta(days=files.LIFETIME_DAYS),
            commit=place.committed.commit,
            asked_by=place.repository.user(),
            config=place.config,
            paths=paths,
            shared=dict(shared_symbols(project, asked.known, asked.paths)),
            fingerprints=dict(found.parts),
            gate=weighed(told),
        )
    )


def weighed(told: Told) -> Weighed:
    """What the gate printed, taken from the same document that a machine reads."""
    verdict = told.decided
    document = json_report.gate_document(verdict, told.self_test)
    return Weighed(
        level=document["level"],
        totals=document["totals"],
        free=document["free"],
        figures=document["figures"],
        evidence=document["evidence"],
        conditions={one.key: one.evidence for one in verdict.conditions if one.asked},
        not_required=tuple(document["not_required"]),
        relaxations=tuple(f"{one.key} = {one.value}, {one.date}" for one in verdict.relaxations),
        planted=told.self_test.planted if told.self_test else 0,
    )
