"""Trees of files, in a folder or in a commit, read in the same way: by POSIX path from the root.

A symbolic link and a submodule are entries that cannot be read in either: what they stand for lies
elsewhere and could change while everything here stays as it is.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from harness.clearance.git import Entry, Repository
from harness.errors import InputError, unreadable
from harness.text import quoted, shown_path

IGNORED: Final = frozenset(
    {".git", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".shadow", ".venv"}
)
"""Folders that no tree has: none can be imported, since no module's name begins with a dot."""

_COMPILED: Final = ".pyc"
"""Passed over in `__pycache__` alone: anywhere else Python would run it."""

_LARGEST: Final = 1 << 20
"""Bytes of a blob that is read together with its neighbours, unasked."""


class Tree(Protocol):
    """Files by their POSIX path from a root; `""` is the root itself."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def files(self, under: str = "") -> tuple[str, ...]:
        """Paths of all entries at or below a path, sorted; none where there is nothing."""

    def exists(self, path: str) -> bool:
        """Whether there is such an entry; of a folder, whether anything lies in it."""

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            InputError: `tree-file-missing`; `tree-link`, the entry is a link or a submodule;
                `unreadable`.
        """


def parsed(path: str) -> str:
    """A path as trees know it: `./a//b/` is `a/b`.

    Raises:
        InputError: `tree-path`, it is absolute or leaves the root.
    """
    posix = PurePosixPath(path)
    if posix.is_absolute() or ".." in posix.parts or "\0" in path:
        message = f"{quoted(path)} is no path below the root"
        raise InputError("tree-path", message, hint="write it from the root, without ..")
    return "" if posix == PurePosixPath() else str(posix)


@dataclass(frozen=True)
class FolderTree:
    """The files of a folder as they are now; no link is followed."""

    root: Path

    @property
    def name(self) -> str:
        return shown_path(self.root)

    def files(self, under: str = "") -> tuple[str, ...]:
        at = parsed(under)
        kind = self._kind(at)
        if kind == "folder":
            return tuple(sorted(self._walk(self.root / at)))
        return (at,) if kind else ()

    def exists(self, path: str) -> bool:
        at = parsed(path)
        kind = self._kind(at)
        return bool(kind) and (kind != "folder" or any(True for _ in self._walk(self.root / at)))

    def read(self, path: str) -> bytes:
        at = parsed(path)
        kind = self._kind(at)
        if kind in ("link", "submodule"):
            raise _linked(at, kind, self.name)
        if kind != "file":
            raise _missing(at, self.name)
        try:
            return (self.root / at).read_bytes()
        except OSError as error:
            where = shown_path(self.root / at)
            raise unreadable(where, error) from error

    def _kind(self, path: str) -> str:
        """What lies at a path: file, folder, link, submodule; empty where nothing does."""
        here = self.root
        parts = PurePosixPath(path).parts
        for number, part in enumerate(parts, 1):
            here = here / part
            if part in IGNORED:
                return ""
            if here.is_symlink():
                return "link" if number == len(parts) else ""
            if here.is_dir() and os.path.lexists(here / ".git"):
                return "submodule" if number == len(parts) else ""
        if here.is_dir():
            return "folder"
        ignored = here.suffix == _COMPILED and here.parent.name == "__pycache__"
        return "file" if here.is_file() and not ignored else ""

    def _walk(self, folder: Path) -> Iterator[str]:
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            below = here.relative_to(self.root).as_posix()
            for entry in _listed(here):
                kind = _kind_of(entry)
                if kind == "folder":
                    waiting.append(here / entry.name)
                elif kind:
                    yield entry.name if below == "." else f"{below}/{entry.name}"


@dataclass(frozen=True)
class RevisionTree:
    """The files of a commit, read out of the repository and never out of its folder.

    Raises:
        InputError: `revision-unknown` or `shallow-clone`, when it is first read.
    """

    repository: Repository
    revision: str
    _read: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"commit {self.commit[:12]}"

    @cached_property
    def commit(self) -> str:
        """The full id of the commit."""
        return self.repository.resolve(self.revision)

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Path → entry, sorted by path."""
        found = {one.path: one for one in self.repository.entries(self.commit)}
        return {path: found[path] for path in sorted(found) if not passed_over(path)}

    def files(self, under: str = "") -> tuple[str, ...]:
        at = parsed(under)
        if not at:
            return tuple(self.entries)
        return tuple(path for path in self.entries if path == at or path.startswith(f"{at}/"))

    def exists(self, path: str) -> bool:
        return parsed(path) in self.entries or bool(self.files(path))

    def read(self, path: str) -> bytes:
        at = parsed(path)
        entry = self.entries.get(at)
        if entry is None:
            raise _missing(at, self.name)
        if entry.kind != "blob":
            raise _linked(at, entry.kind, self.name)
        if entry.id not in self._read:
            self._read.update(self.repository.blobs({entry.id, *self._beside(at)}))
        return self._read[entry.id]

    def _beside(self, path: str) -> Iterator[str]:
        """Ids of the files in the same folder: who reads one file of it mostly reads all."""
        folder = path.rpartition("/")[0]
        for other, entry in self.entries.items():
            near = other.rpartition("/")[0] == folder
            if near and entry.kind == "blob" and entry.size <= _LARGEST:
                yield entry.id


class Snapshot:
    """A tree's list of files, made once, and each file as it was first read."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._files = tuple(tree.files())
        self._known = frozenset(self._files)
        self._content: dict[str, bytes] = {}

    @property
    def name(self) -> str:
        return self._tree.name

    def files(self, under: str = "") -> tuple[str, ...]:
        at = parsed(under)
        if not at or at in self._known:
            return (at,) if at else self._files
        ends = (bisect_left(self._files, f"{at}{end}") for end in ("/", "0"))  # 0 comes after /
        return self._files[slice(*ends)]

    def exists(self, path: str) -> bool:
        return parsed(path) in self._known or bool(self.files(path))

    def read(self, path: str) -> bytes:
        at = parsed(path)
        if at not in self._content:
            self._content[at] = self._tree.read(at)
        return self._content[at]


def passed_over(path: str) -> bool:
    """Whether a path lies where no tree looks."""
    parts = PurePosixPath(path).parts
    compiled = path.endswith(_COMPILED) and "__pycache__" in parts[-2:-1]
    return compiled or not IGNORED.isdisjoint(parts)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        where = shown_path(folder)
        raise unreadable(where, error) from error


def _kind_of(entry: os.DirEntry[str]) -> str:
    """What an entry of a folder is: file, folder, link, submodule; empty where it is passed over.

    What is none of these, a pipe say, is called a file: reading it fails, passing it over hides.
    """
    if entry.name in IGNORED:
        return ""
    if entry.is_symlink():
        return "link"
    if entry.is_dir():
        return "submodule" if os.path.lexists(f"{entry.path}/.git") else "folder"
    compiled = entry.name.endswith(_COMPILED)
    return "" if compiled and entry.path.split(os.sep)[-2:-1] == ["__pycache__"] else "file"


def _missing(path: str, tree: str) -> InputError:
    return InputError("tree-file-missing", f"there is no file {quoted(path)}", where=tree)


def _linked(path: str, kind: str, tree: str) -> InputError:
    kinds = {"link": "a symbolic link", "submodule": "a repository of its own"}
    return InputError(
        "tree-link",
        f"{quoted(path)} is {kinds[kind]}: what it stands for lies elsewhere",
        where=tree,
        hint="put the file itself there; nothing can be bound to what lies elsewhere",
    )
