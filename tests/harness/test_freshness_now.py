"""What time it is: the later of the clock and the newest commit, with git and without."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.moment import DAY, LATEST, Now, committed, day_of, now, today

MARCH = 1_772_445_600  # 2026-03-02T10:00:00Z

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")


def repository(folder: Path, *times: str) -> Path:
    """A repository with an empty commit of each time, in git's own form."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env = {**ours, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}

    def git(*words: str, **more: str) -> None:
        subprocess.run(["git", *words], cwd=folder, env={**env, **more}, check=True)

    git("init", "-q")
    for time in times:
        git(
            "-c", "user.name=A committer 7 +0000", "-c", "user.email=a@example.org", "commit",
            "-q", "--allow-empty", "-m", "x\n\ncommitter Nobody <n> 99999999999 +0000",
            GIT_COMMITTER_DATE=time, GIT_AUTHOR_DATE="@1 +0000",
        )  # fmt: skip
    return folder


@needs_git
def test_a_clock_set_back_does_not_bring_yesterday_back(tmp_path: Path) -> None:
    root = repository(tmp_path, f"@{MARCH} +0530")

    found = now(root, clock=MARCH - 400 * DAY)

    assert (found.at, found.today, found.behind) == (MARCH, date(2026, 3, 2), 400 * DAY)
    assert found.told == "2026-03-02 by the newest commit, the clock says 2025-01-26"


@needs_git
def test_a_clock_that_goes_on_is_what_counts(tmp_path: Path) -> None:
    found = now(repository(tmp_path, f"@{MARCH} +0000"), clock=MARCH + 3 * DAY)

    assert (found.today, found.behind, found.commit) == (date(2026, 3, 5), 0, MARCH)
    assert found.told == "2026-03-05 by the clock"


@needs_git
def test_it_is_the_newest_commit_and_its_committer_who_say(tmp_path: Path) -> None:
    root = repository(tmp_path, f"@{MARCH - DAY} +0000", f"@{MARCH} +0000")
    (root / "below").mkdir()

    assert committed(root) == committed(root / "below") == MARCH


@needs_git
def test_variables_of_a_hook_do_not_name_another_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mine", "other"):
        (tmp_path / name).mkdir()
    mine = repository(tmp_path / "mine", f"@{MARCH} +0000")
    other = repository(tmp_path / "other", f"@{MARCH - 900 * DAY} +0000")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))

    assert committed(mine) == MARCH


@needs_git
def test_no_replacement_of_the_commit_makes_it_older(tmp_path: Path) -> None:
    root = repository(tmp_path, f"@{MARCH - 900 * DAY} +0000", f"@{MARCH} +0000")
    subprocess.run(["git", "replace", "HEAD", "HEAD~1"], cwd=root, check=True)

    assert committed(root) == MARCH


@needs_git
def test_a_commit_from_beyond_all_calendars_is_the_last_day_and_not_no_commit(
    tmp_path: Path,
) -> None:
    root = repository(tmp_path, f"@{MARCH} +0000")
    words = {"cwd": root, "check": True, "capture_output": True}
    commit = subprocess.run(["git", "cat-file", "commit", "HEAD"], **words).stdout
    late = commit.replace(f"> {MARCH} +0000\n\n".encode(), b"> 999999999999999 +0000\n\n")
    assert late != commit
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        input=late, **words,
    )  # fmt: skip
    subprocess.run(["git", "update-ref", "HEAD", made.stdout.decode().strip()], **words)

    assert committed(root) == LATEST
    assert now(root, clock=MARCH).today == date(9999, 12, 31)


@needs_git
def test_a_repository_without_a_commit_leaves_the_clock_alone(tmp_path: Path) -> None:
    found = now(repository(tmp_path), clock=MARCH)

    assert found == Now(clock=MARCH)
    assert found.told == "2026-03-02 by the clock alone, no commit could be read"


def test_without_a_repository_the_clock_is_what_there_is(tmp_path: Path) -> None:
    assert now(tmp_path, clock=MARCH).commit is None
    assert committed(tmp_path / "not there") is None


def test_without_git_the_clock_is_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert now(tmp_path, clock=MARCH) == Now(clock=MARCH)


def test_today_is_the_day_of_now() -> None:
    before, day, after = now().today, today(), now().today

    assert before <= day <= after


@given(st.integers(0, LATEST), st.one_of(st.none(), st.integers(0, LATEST)), st.integers(0, DAY))
def test_time_never_goes_back(clock: int, commit: int | None, later: int) -> None:
    one = Now(clock=clock, commit=commit)

    assert one.at >= clock
    assert one.today >= day_of(commit or 0)
    assert one.behind == one.at - clock >= 0
    assert Now(clock=clock, commit=(commit or 0) + later).at >= one.at
