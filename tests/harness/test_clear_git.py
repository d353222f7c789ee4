"""The repository: what it says, what it refuses, and what it never does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.clearance.git import Change, Repository
from harness.errors import InputError
from tests.harness.cleared_project import committed, git, written


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    written(root, {"a.py": "A = 1\n", "b.py": "B = 1\n"})
    committed(root, "the first")
    return root


def slug(refused: pytest.ExceptionInfo[InputError]) -> str:
    return refused.value.slug


def test_the_repository_around_a_folder_is_found_from_below(root: Path) -> None:
    (root / "deep" / "er").mkdir(parents=True)

    assert Repository.around(root / "deep" / "er").root == root.resolve()


@pytest.mark.parametrize(
    "make", [lambda folder: None, lambda folder: git(folder, "init", "--bare")]
)
def test_no_working_tree_is_said_so(make: object, tmp_path: Path) -> None:
    make(tmp_path)  # type: ignore[operator]

    with pytest.raises(InputError) as refused:
        Repository.around(tmp_path)

    assert slug(refused) == "not-a-repository"
    assert "git init" in refused.value.hint


def test_a_hook_s_variables_name_no_other_repository(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    committed(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))

    assert Repository.around(root).root == root.resolve()
    assert Repository.around(root).resolve("HEAD") == git(root, "rev-parse", "HEAD").strip()


def test_without_git_it_says_what_is_missing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))

    with pytest.raises(InputError) as refused:
        Repository.around(root)

    assert slug(refused) == "git-missing"


@pytest.mark.parametrize(
    "name",
    ["", "nope", "--all", "-h", "--output=x", "HEAD --all", "HEAD\n", "a.py", "HEAD:a.py",
     "x" * 40, "0" * 40, "HEAD..HEAD", "^HEAD", "--end-of-options"],
)  # fmt: skip
def test_what_names_no_commit_is_refused_and_obeyed_nowhere(name: str, root: Path) -> None:
    before = sorted(root.iterdir())

    with pytest.raises(InputError) as refused:
        Repository.around(root).resolve(name)

    assert slug(refused) == "revision-unknown"
    assert sorted(root.iterdir()) == before


def test_names_of_a_commit_are_resolved_to_its_id(root: Path) -> None:
    first = git(root, "rev-parse", "HEAD").strip()
    git(root, "tag", "--annotate", "--message", "x", "v1")
    repository = Repository.around(root)

    assert {repository.resolve(name) for name in ("HEAD", "main", "v1", first, first[:9])} == {
        first
    }


def test_commits_of_a_range_say_who_made_and_who_committed_them(root: Path) -> None:
    base = git(root, "rev-parse", "HEAD").strip()
    (root / "a.py").write_text("A = 2\n")
    git(root, "add", "--all")
    author = "Bo Ne\u00e9 <bo@house.example>"
    git(root, "commit", "--author", author, "--message", "Two\n\nCo-authored-by: x", who="eve")
    (root / "a.py").unlink()
    committed(root, "three", day="2026-03-04")

    two, three = Repository.around(root).commits(base, "HEAD")

    assert (two.author.name, two.author.email) == ("Bo Ne\u00e9", "bo@house.example")
    assert (two.committer.name, two.committer.at) == ("eve", 1772445600)
    assert (two.subject, two.parents) == ("Two", (base,))
    assert "Co-authored-by: x" in two.message
    assert three.parents == (two.id,)
    assert Repository.around(root).commits("HEAD", "HEAD") == ()
    changes = Repository.around(root).changed((two, three))
    assert changes == {
        two.id: (Change(status="M", path="a.py"),),
        three.id: (Change(status="D", path="a.py"),),
    }


def test_the_first_commit_and_one_that_changes_nothing_say_so(root: Path) -> None:
    empty = committed(root, "empty")
    repository = Repository.around(root)
    git(root, "checkout", "--quiet", "--orphan", "apart")
    committed(root, "anew")

    (anew,) = repository.commits("main", "apart")

    assert repository.changed((anew,))[anew.id] == (
        Change(status="A", path="a.py"),
        Change(status="A", path="b.py"),
    )
    (nothing,) = repository.commits(f"{empty}~1", empty)
    assert repository.changed((nothing,)) == {empty: ()}
    assert repository.changed(()) == {}


def test_a_move_is_a_deletion_and_an_addition_whatever_is_configured(root: Path) -> None:
    git(root, "config", "diff.renames", "copies")
    git(root, "mv", "a.py", "c.py")
    moved = committed(root, "move")
    repository = Repository.around(root)

    (commit,) = repository.commits("HEAD~1", "HEAD")

    expected = (Change(status="D", path="a.py"), Change(status="A", path="c.py"))
    assert repository.changed((commit,)) == {moved: expected}
    assert repository.differing("HEAD~1", "HEAD") == expected


def test_what_a_merge_itself_changes_is_the_merge_s_own(root: Path) -> None:
    git(root, "checkout", "--quiet", "-b", "side")
    (root / "a.py").write_text("A = 2\n")
    committed(root, "side")
    git(root, "checkout", "--quiet", "main")
    (root / "b.py").write_text("B = 2\n")
    committed(root, "main")
    git(root, "merge", "--quiet", "--no-commit", "side")
    (root / "a.py").write_text("A = 3\n")
    merge = committed(root, "merge")
    repository = Repository.around(root)

    commits = repository.commits("main~1~1", "main")

    assert len(commits) == 3
    assert repository.changed(commits)[merge] == (Change(status="M", path="a.py"),)
    assert repository.merge_base("main", "side") == git(root, "rev-parse", "side").strip()


def test_histories_without_a_common_commit_are_said_so(root: Path) -> None:
    git(root, "checkout", "--quiet", "--orphan", "apart")
    committed(root, "anew")

    with pytest.raises(InputError) as refused:
        Repository.around(root).merge_base("main", "apart")

    assert slug(refused) == "no-merge-base"


def test_of_a_shallow_clone_nothing_is_guessed(root: Path, tmp_path: Path) -> None:
    first = git(root, "rev-parse", "HEAD").strip()
    for name in ("two", "three", "four"):
        committed(root, name)
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{root}", "shallow")
    repository = Repository.around(tmp_path / "shallow")

    assert repository.is_shallow
    assert not Repository.around(root).is_shallow
    for ask in (
        lambda: repository.resolve(first),
        lambda: repository.merge_base(first, "HEAD"),
        lambda: repository.commits("HEAD~2", "HEAD"),
    ):
        with pytest.raises(InputError) as refused:
            ask()
        assert slug(refused) == "shallow-clone"
        assert "fetch-depth: 0" in refused.value.hint
    assert len(repository.commits("HEAD~1", "HEAD")) == 1


def test_a_range_that_reaches_what_was_not_fetched_is_no_range(root: Path, tmp_path: Path) -> None:
    git(root, "checkout", "--quiet", "--orphan", "apart")
    committed(root, "anew")
    committed(root, "and on")
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--no-single-branch", f"file://{root}", "s")
    repository = Repository.around(tmp_path / "s")

    with pytest.raises(InputError) as refused:
        repository.commits("origin/main", "origin/apart")

    assert slug(refused) == "shallow-clone"


def test_a_replaced_commit_is_not_believed(root: Path) -> None:
    git(root, "checkout", "--quiet", "-b", "other")
    (root / "a.py").write_text("A = 'other'\n")
    other = committed(root, "other")
    first = git(root, "rev-parse", "main").strip()
    git(root, "replace", first, other)
    repository = Repository.around(root)

    entries = {one.path: one.id for one in repository.entries(repository.resolve("main"))}

    assert repository.blobs([entries["a.py"]]) == {entries["a.py"]: b"A = 1\n"}


def test_no_program_that_a_repository_configures_is_run(root: Path, tmp_path: Path) -> None:
    base = git(root, "rev-parse", "HEAD").strip()
    (root / "a.py").write_text("A = 2\n")
    committed(root, "two")
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho ran >> {ran}\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "diff.external", "gpg.program", "core.sshCommand"):
        git(root, "config", key, str(program))
    git(root, "config", "log.showSignature", "true")
    (root / "b.py").write_text("B = 2\n")
    repository = Repository.around(root)

    commits = repository.commits(base, "HEAD")
    repository.changed(commits)
    repository.differing(base, "HEAD")
    repository.entries(repository.resolve("HEAD"))

    assert repository.unclean() == ("b.py",)
    assert not ran.exists()


def test_what_is_not_committed_is_named(root: Path) -> None:
    repository = Repository.around(root)
    assert repository.unclean() == ()

    written(root, {"a.py": "A = 9\n", "new one.py": "", "x/y.py": "", ".gitignore": "quiet\n"})
    written(root, {"quiet": "ignored"})
    git(root, "rm", "--quiet", "--cached", "b.py")

    assert set(repository.unclean()) == {"a.py", "b.py", "new one.py", "x/y.py", ".gitignore"}


def test_who_asks_is_read(root: Path) -> None:
    repository = Repository.around(root)
    git(root, "config", "user.name", "Ada L")
    git(root, "config", "user.email", "ada@house.example")

    assert repository.user() == "Ada L <ada@house.example>"


def test_a_repository_without_a_commit_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")

    with pytest.raises(InputError) as refused:
        Repository.around(tmp_path).resolve("HEAD")

    assert slug(refused) == "revision-unknown"


def test_a_partial_clone_fetches_nothing(root: Path, tmp_path: Path) -> None:
    git(root, "config", "uploadpack.allowFilter", "true")
    git(
        *(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout"),
        *(f"file://{root}", "partial"),
    )
    repository = Repository.around(tmp_path / "partial")

    with pytest.raises(InputError) as refused:
        repository.entries(repository.resolve("HEAD"))

    assert slug(refused) == "git-failed"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_s_repository_is_refused_with_what_git_advises(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Continuous integration meets this: the checkout is another user's."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for file in (root, root / ".git"):
        os.chown(file, 65534, 65534)

    with pytest.raises(InputError) as refused:
        Repository.around(root)

    assert slug(refused) == "git-failed"
    assert refused.value.hint.startswith("git config --global --add safe.directory")
