"""A git repository, read through its plumbing: nothing is written, nothing is fetched.

Names of revisions come from outside (an option, an environment): none is ever taken for an option
of git's. Configuration that runs programs is switched off; replaced objects are not believed,
since they would show another history than the one that is pushed.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import InputError
from harness.text import quoted, shown_path, visible

SECONDS: Final = 120
"""Wall clock of one call of git: the backstop against one that hangs."""

_SWITCHES: Final = (
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.quotePath=false",
    "-c",
    "log.showSignature=false",
    "-c",
    "i18n.logOutputEncoding=UTF-8",
)
_ENVIRONMENT: Final[Mapping[str, str]] = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # older gits know no GIT_NO_LAZY_FETCH; none is no protocol
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",  # what git says is recognised below
}
_KEPT: Final = frozenset({"GIT_CEILING_DIRECTORIES", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"})
"""What is kept of git's own variables: `safe.directory` of a container lies in such a file."""

_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FIELDS: Final = ("%H", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B")
_FULL_HISTORY: Final = "fetch the whole history: `git fetch --unshallow`, or fetch-depth: 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who made or committed a commit, as the commit says; `at` is in UTC epoch seconds."""

    name: str
    email: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit; `message` is all of it, trailers as well."""

    id: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file that a commit, or a range, changed; a rename is a `D` and an `A`.

    Attributes:
        status: `A` added, `M` modified, `D` deleted, `T` another kind of entry.
        path: POSIX path from the repository's root.
    """

    status: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a tree: `kind` is blob, link or submodule; `size` is in bytes."""

    path: str
    id: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A working tree and its history; `root` is its uppermost folder, absolute and resolved."""

    root: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that a folder lies in.

        Raises:
            InputError: `not-a-repository`, `git-missing`, or git fails (`git-failed`).
        """
        folder = folder.absolute()
        try:
            found = _git(folder, "rev-parse", "--show-toplevel")
        except _Failed as failed:
            if (
                "not a git repository" in failed.said
                or "must be run in a work tree" in failed.said
            ):
                raise InputError(
                    "not-a-repository",
                    f"{shown_path(folder)} is in no working tree of git",
                    hint="`git init` and commit: what is cleared has to be what is committed",
                ) from None
            raise failed.told(folder) from None
        return cls(root=Path(os.fsdecode(found.removesuffix(b"\n"))).resolve())

    def resolve(self, revision: str) -> str:
        """The full id of the commit that a name stands for.

        Raises:
            InputError: `revision-unknown`; `shallow-clone` where the history that it may lie in
                was not fetched.
        """
        if revision and not revision.startswith("-") and revision.isprintable():
            spec = f"{revision}^{{commit}}"
            try:
                found = _git(self.root, "rev-parse", "--verify", "--quiet", spec).decode().strip()
            except _Failed:
                found = ""
            if _ID.fullmatch(found):
                return found
        if self.is_shallow:
            raise self._shallow(f"{quoted(revision)} is not in the part that was fetched")
        raise InputError(
            "revision-unknown",
            f"{quoted(revision)} names no commit here",
            where=shown_path(self.root),
            hint="name a branch, a tag or a commit that was fetched, for example origin/main",
        )

    def merge_base(self, one: str, other: str) -> str:
        """The newest commit that both revisions come from.

        Raises:
            InputError: `revision-unknown` of either; `shallow-clone`; `no-merge-base`, they have
                no history in common.
        """
        ids = self.resolve(one), self.resolve(other)
        try:
            found = _git(self.root, "merge-base", *ids).decode().strip()
        except _Failed:
            found = ""
        if _ID.fullmatch(found):
            return found
        if self.is_shallow:
            raise self._shallow(f"where {quoted(one)} and {quoted(other)} part was not fetched")
        raise InputError(
            "no-merge-base",
            f"{quoted(one)} and {quoted(other)} have no history in common",
            where=shown_path(self.root),
            hint="name the branch that the work began on",
        )

    def commits(self, base: str, head: str) -> tuple[Commit, ...]:
        """Commits that `head` has and `base` has not, oldest first, merges among them.

        Raises:
            InputError: as `resolve`; `shallow-clone`, the range reaches what was not fetched.
        """
        ids = f"{self.resolve(base)}..{self.resolve(head)}"
        form = f"--format=tformat:{'%x00'.join(_FIELDS)}"
        said = self._run("log", "-z", "--reverse", "--topo-order", "--no-color", form, ids, "--")
        parts = said.decode("utf-8", "replace").split("\0")[:-1]
        rows = zip(*[iter(parts)] * len(_FIELDS), strict=True)
        found = tuple(_commit(row) for row in rows)
        if self.is_shallow and not {one.id for one in found}.isdisjoint(self._cut):
            raise self._shallow(f"the commits since {quoted(base)} are not all here")
        return found

    def changed(self, commits: Iterable[Commit]) -> dict[str, tuple[Change, ...]]:
        """Commit id → files it changed, each against its parent.

        Of a merge it is what equals no parent's: what the merge itself made.
        """
        ids = [one.id for one in commits]
        said = self._run(
            *("diff-tree", "--stdin", "--root", "-r", "-c", "-z", "--name-status"),
            *("--no-renames", "--no-ext-diff", "--no-textconv"),
            stdin="".join(f"{commit}\n" for commit in ids).encode(),
        )
        found: dict[str, list[Change]] = {commit: [] for commit in ids}
        words = iter(said.split(b"\0")[:-1])
        current: list[Change] = []
        for word in words:
            text = word.decode("ascii").strip()
            if _ID.fullmatch(text):
                current = found[text]
            else:
                current.append(Change(status=text[0], path=os.fsdecode(next(words))))
        return {commit: tuple(changes) for commit, changes in found.items()}

    def differing(self, one: str, other: str) -> tuple[Change, ...]:
        """Files that two revisions hold differently, from `one` to `other`.

        Raises:
            InputError: as `resolve`.
        """
        said = self._run(
            *("diff-tree", "-r", "-z", "--name-status", "--no-renames", "--no-ext-diff"),
            *("--no-textconv", self.resolve(one), self.resolve(other)),
        )
        words = [os.fsdecode(word) for word in said.split(b"\0")[:-1]]
        pairs = zip(words[::2], words[1::2], strict=True)
        return tuple(Change(status=status[0], path=path) for status, path in pairs)

    def entries(self, commit: str) -> tuple[Entry, ...]:
        """Every file of a commit, by its id as `resolve` gives it."""
        said = self._run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        return tuple(_entries(said))

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Blob id → content, read in one process.

        Raises:
            InputError: `git-failed`, an object is not here (a partial clone fetches nothing).
        """
        wanted = sorted(set(ids))
        said = self._run(
            "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in wanted).encode()
        )
        found: dict[str, bytes] = {}
        at = 0
        for blob in wanted:
            end = said.index(b"\n", at)
            head = said[at:end].split(b" ")
            if len(head) != 3 or head[1] != b"blob":
                told = visible(said[at:end].decode("ascii", "replace"))
                raise InputError(
                    "git-failed",
                    f"object {blob} is not here: {told}",
                    where=shown_path(self.root),
                    hint="a partial clone lacks contents; clone without --filter",
                )
            size = int(head[2])
            found[blob] = said[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found

    def unclean(self) -> tuple[str, ...]:
        """Files that differ from the newest commit, staged or not, and files nobody added.

        Files that are ignored are not among them.
        """
        said = self._run("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
        return tuple(os.fsdecode(word[3:]) for word in said.split(b"\0")[:-1])

    def user(self) -> str:
        """`name <email>` as git knows its user; empty where it does not."""
        found = [self._setting(key) for key in ("user.name", "user.email")]
        return " ".join(filter(None, [found[0], f"<{found[1]}>" if found[1] else ""]))

    @property
    def is_shallow(self) -> bool:
        """Whether a part of the history was never fetched."""
        return self._run("rev-parse", "--is-shallow-repository").strip() != b"false"

    @property
    def _cut(self) -> frozenset[str]:
        """Commits whose parents were not fetched."""
        file = self._run("rev-parse", "--git-path", "shallow").removesuffix(b"\n")
        path = self.root / os.fsdecode(file)
        return frozenset(path.read_text("ascii").split()) if path.is_file() else frozenset()

    def _setting(self, key: str) -> str:
        try:
            return _git(self.root, "config", "--get", key).decode("utf-8", "replace").strip()
        except _Failed:
            return ""

    def _shallow(self, message: str) -> InputError:
        return InputError("shallow-clone", message, shown_path(self.root), _FULL_HISTORY)

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        try:
            return _git(self.root, *arguments, stdin=stdin)
        except _Failed as failed:
            raise failed.told(self.root) from None


class _Failed(Exception):
    """Git ended with an error and said why."""

    def __init__(self, command: str, said: str) -> None:
        super().__init__(said)
        self.command = command
        self.said = said

    def told(self, folder: Path) -> InputError:
        said = visible(self.said.strip().partition("\n")[0])
        advice = self.said.find("git config --global --add safe.directory")
        hint = visible(self.said[advice:].partition("\n")[0]) if advice >= 0 else ""
        message = f"`git {self.command}` failed: {said or 'it does not say why'}"
        return InputError("git-failed", message, shown_path(folder), hint)


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run one command of git's in a folder and return what it prints.

    Raises:
        InputError: `git-missing`; `git-failed` where it hangs.
        _Failed: it ends with an error.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") or key in _KEPT
    }
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and every name of a revision is resolved
            ["git", *_SWITCHES, *arguments],  # noqa: S607  # the git that the user has
            cwd=folder,
            env={**kept, **_ENVIRONMENT},
            input=stdin,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        if not folder.is_dir():
            message = "there is no such folder"
            raise InputError("not-a-repository", message, shown_path(folder)) from None
        message = "the program git is not installed"
        hint = "install it: a clearance is bound to commits"
        raise InputError("git-missing", message, hint=hint) from None
    except subprocess.TimeoutExpired:
        message = f"`git {arguments[0]}` gave no answer in {SECONDS} seconds"
        raise InputError("git-failed", message, shown_path(folder)) from None
    if done.returncode:
        raise _Failed(arguments[0], done.stderr.decode("utf-8", "replace"))
    return done.stdout


def _commit(row: tuple[str, ...]) -> Commit:
    name, parents, author, author_email, authored, committer, committer_email, at, message = row
    return Commit(
        id=name,
        parents=tuple(parents.split()),
        author=Person(name=author, email=author_email, at=int(authored)),
        committer=Person(name=committer, email=committer_email, at=int(at)),
        message=message,
    )


_KINDS: Final[Mapping[bytes, str]] = {b"120000": "link", b"160000": "submodule"}


def _entries(said: bytes) -> Iterator[Entry]:
    for line in said.split(b"\0")[:-1]:
        head, _, path = line.partition(b"\t")
        mode, _, name, size = head.split()
        yield Entry(
            path=os.fsdecode(path),
            id=name.decode("ascii"),
            kind=_KINDS.get(mode, "blob"),
            size=0 if size == b"-" else int(size),
        )
