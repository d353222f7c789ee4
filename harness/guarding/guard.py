"""`shadow guard`: whether a range of commits takes from the control what nobody cleared."""

from __future__ import annotations

import time
from pathlib import Path

from harness.clearance.git import Repository
from harness.command import Say, here, here_on_github
from harness.config import NAME
from harness.errors import ExitCode, InputError
from harness.guarding.ends import Range, read_range
from harness.guarding.judgement import Judgement
from harness.guarding.told import document, text, to_runner
from harness.moment import Now
from harness.report.json_report import dumped
from harness.shell import tell_runner
from harness.text import shown_path


def guard(
    config: Path | None,
    *,
    base: str,
    head: str,
    level: str,
    as_json: bool,
    say: Say,
    tombstones: str = "",
    clock: int | None = None,
) -> ExitCode:
    """Judge the range from the merge base of two revisions to the second of them.

    Args:
        config: the configuration's file; by default the nearest with a table at the merge base.
        base: a revision of the branch that the work is merged into.
        head: a revision of the work.
        level: the level that a clearance must have.
        as_json: whether to print JSON.
        say: prints.
        tombstones: who decided: the file of tombstones is printed with the rows that the range
            needs, and nothing is judged.
        clock: UTC epoch seconds in place of this machine's clock.

    Raises:
        InputError: `shallow-clone`, `empty-range`, `config-missing`, `revision-unknown`,
            `no-merge-base`, `not-a-repository`, `nothing-to-bury`, or a file of the merge base
            cannot be read.
    """
    here_or_there = config.absolute().parent if config is not None else Path.cwd()
    repository = Repository.around(here_or_there)
    found = read_range(repository, base, head, _configs(repository, config))
    judgement = Judgement(found, level, _now(found, clock))
    if tombstones:
        say(judgement.burial.file(tombstones))
        return ExitCode.OPEN
    say(dumped(document(judgement)) if as_json else text(judgement, here()))
    if here_on_github():
        for line in to_runner(judgement):
            tell_runner(line)
    return ExitCode.CLOSED if judgement.refusals else ExitCode.OPEN


def _configs(repository: Repository, config: Path | None) -> tuple[str, ...]:
    """Where the configuration may stand, from the repository's root."""
    if config is None:
        folder = Path.cwd().resolve()
        above = [one for one in (folder, *folder.parents) if one.is_relative_to(repository.root)]
        return tuple((one / NAME).relative_to(repository.root).as_posix() for one in above)
    file = config.absolute().parent.resolve() / config.name
    if not file.is_relative_to(repository.root):
        message = f"{shown_path(file)} lies outside the repository"
        raise InputError("outside-repository", message, hint="name a file of the repository")
    return (file.relative_to(repository.root).as_posix(),)


def _now(found: Range, clock: int | None) -> Now:
    """The later of the clock and the newest commit of the range."""
    seconds = int(time.time()) if clock is None else clock
    return Now(clock=seconds, commit=max(one.committer.at for one in found.commits))
