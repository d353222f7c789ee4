"""Trees: what a folder holds and what a commit holds are read alike, and nothing outside of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.clearance.git import Repository
from harness.clearance.tree import FolderTree, RevisionTree, Snapshot, Tree, parsed
from harness.errors import InputError
from tests.harness.cleared_project import FILES, committed, edited, git, written

KINDS = ("folder", "commit", "snapshot of a folder", "snapshot of a commit", "memory")


def trees(root: Path) -> dict[str, Tree]:
    folder = FolderTree(root)
    commit = RevisionTree(Repository.around(root), "HEAD")
    return dict(
        zip(KINDS, (folder, commit, Snapshot(folder), Snapshot(commit), edited()), strict=True)
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    written(tmp_path)
    committed(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_every_tree_answers_alike(kind: str, root: Path) -> None:
    tree = trees(root)[kind]

    assert tree.files() == tuple(sorted(FILES))
    assert tree.files("old") == tuple(sorted(name for name in FILES if name.startswith("old/")))
    assert tree.files("old/pay.py") == ("old/pay.py",)
    assert tree.files("./old//pay.py") == ("old/pay.py",)
    assert tree.files("ol") == ()
    assert tree.files("nothing") == ()
    assert [tree.exists(path) for path in ("", "old", "old/pay.py", "ol", "old/pay")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert {path: tree.read(path).decode() for path in tree.files()} == FILES
    with pytest.raises(InputError) as missing:
        tree.read("old")
    assert missing.value.slug == "tree-file-missing"


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "old/../../x", "a\0b"])
def test_no_path_leaves_the_root(path: str, root: Path) -> None:
    for tree in trees(root).values():
        with pytest.raises(InputError) as refused:
            tree.read(path)
        assert refused.value.slug == "tree-path"


def test_a_link_is_listed_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s.py").write_text("S = 1\n")
    root = written(tmp_path / "root")
    (root / "away").symlink_to(tmp_path / "secret")
    (root / "near.py").symlink_to("old/pay.py")
    (root / "gone.py").symlink_to("nowhere")
    committed(root)

    for tree in list(trees(root).values())[:-1]:
        assert {"away", "gone.py", "near.py"} <= set(tree.files())
        assert tree.files("away/s.py") == ()
        for path in ("away", "near.py", "gone.py"):
            assert tree.exists(path)
            with pytest.raises(InputError) as refused:
                tree.read(path)
            assert refused.value.slug == "tree-link"
        with pytest.raises(InputError) as missing:
            tree.read("away/s.py")
        assert missing.value.slug == "tree-file-missing"


def test_a_repository_inside_is_listed_and_never_entered(root: Path) -> None:
    written(root / "inner", {"a.py": "A = 1\n"})
    committed(root / "inner")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a submodule")

    for tree in list(trees(root).values())[:-1]:
        assert tree.files("inner") == ("inner",)
        with pytest.raises(InputError) as refused:
            tree.read("inner")
        assert refused.value.slug == "tree-link"


def test_what_python_and_tools_keep_beside_the_source_is_no_part(root: Path) -> None:
    before = FolderTree(root).files()
    written(
        root,
        {
            "old/__pycache__/pay.cpython-311.pyc": "compiled",
            ".shadow/a.probed": "cached",
            "old/.mypy_cache/a.json": "{}",
            ".venv/lib/x.py": "X = 1",
        },
    )

    assert FolderTree(root).files() == before
    assert not FolderTree(root).exists(".shadow/a.probed")


def test_what_python_would_import_is_a_part_wherever_it_hides(root: Path) -> None:
    written(root, {"old/__pycache__/evil.py": "E = 1\n", "old/evil.pyc": "compiled"})

    assert {"old/__pycache__/evil.py", "old/evil.pyc"} <= set(FolderTree(root).files("old"))


def test_a_commit_is_read_as_it_was_committed(root: Path) -> None:
    tree = RevisionTree(Repository.around(root), "HEAD")
    (root / "old/pay.py").write_text("changed\n")
    (root / "new/engine.py").unlink()

    assert tree.read("old/pay.py").decode() == FILES["old/pay.py"]
    assert tree.exists("new/engine.py")


def test_names_that_are_no_text_are_read_alike(tmp_path: Path) -> None:
    root = written(tmp_path)
    odd = [b"sp ace.py", b"new\nline.py", "ümlaut.py".encode(), b"\xff.py", b"-rf.py", b":(x).py"]
    for name in odd:
        (root / os.fsdecode(name)).write_bytes(name)
    committed(root)

    for tree in list(trees(root).values())[:-1]:
        for name in odd:
            assert tree.read(os.fsdecode(name)) == name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_listed_is_no_empty_one(root: Path) -> None:
    (root / "old").chmod(0)
    try:
        with pytest.raises(InputError) as refused:
            FolderTree(root).files()
    finally:
        (root / "old").chmod(0o700)
    assert refused.value.slug == "unreadable"


def test_a_pipe_is_no_file_that_is_passed_over(root: Path) -> None:
    os.mkfifo(root / "old" / "pipe.py")

    assert "old/pipe.py" in FolderTree(root).files("old")
    with pytest.raises(InputError):
        FolderTree(root).read("old/pipe.py")


def test_a_path_has_one_spelling() -> None:
    assert [parsed(path) for path in ("", ".", "./", "a//b/", "./a/./b")] == [
        "", "", "", "a/b", "a/b",
    ]  # fmt: skip
