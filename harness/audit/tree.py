"""A folder of somebody's code: every file of it read, or named as not read."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.audit.code import Text
from harness.audit.items import CRON_IN_LINE
from harness.errors import InputError, os_reason
from harness.text import shown_path

LARGEST: Final = 1 << 20
"""Bytes that a source file may have (1 MiB)."""

MOST: Final = 50_000
"""Files that a tree may have."""

PYTHON: Final = frozenset({".py", ".pyw"})
NOT_UNDERSTOOD: Final = frozenset((
    ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".vue", ".svelte", ".rb", ".erb", ".rake",
    ".go", ".java", ".kt", ".kts", ".scala", ".groovy", ".clj", ".php", ".phtml", ".sql",
    ".psql", ".ddl", ".sh", ".bash", ".zsh", ".ps1", ".bat", ".pl", ".pm", ".lua", ".ex",
    ".exs", ".erl", ".hs", ".ml", ".fs", ".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".cs",
    ".swift", ".m", ".rs", ".dart", ".r", ".jl", ".pyx", ".pxd", ".pyc", ".so", ".dll",
    ".ipynb", ".tf", ".proto", ".graphql", ".wasm", ".jar", ".egg", ".whl",
))  # fmt: skip
"""Endings of files that hold code which nobody here reads."""

DATA: Final = frozenset((
    ".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf", ".env", ".csv", ".tsv", ".xml",
    ".properties", ".txt", ".crontab",
))  # fmt: skip
"""Endings of files in which a schedule may stand."""

CRONTAB: Final = frozenset({"crontab", "procfile", "cronfile"})
PASSED: Final = frozenset({"__pycache__"})


@dataclass(slots=True)
class Tree:
    """What was found in a folder.

    Attributes:
        texts: modules of Python.
        unread: file → why it was not read.
        foreign: ending → files in languages that are not understood.
        schedules: `file:line` → what stands there that a scheduler reads.
        passed: folders that were left out, and files that hold no code, by kind.
        files: how many there are.
    """

    texts: list[Text] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, list[str]] = field(default_factory=dict)
    schedules: dict[str, str] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    files: int = 0

    def pass_by(self, what: str) -> None:
        self.passed[what] = self.passed.get(what, 0) + 1


def read_tree(
    folder: Path, *, package: str = "", left_out: Mapping[str, str] | None = None
) -> Tree:
    """Read a folder; nothing in it is imported or run.

    Args:
        folder: where it is.
        package: the name that the folder itself is imported by; none where its modules are.
        left_out: folder or file below it, as `a/b` → why it is not looked at.

    Raises:
        InputError: it is no folder, or has too many files.
    """
    if not folder.is_dir():
        raise InputError("no-such-path", "is no folder", shown_path(folder), "name a folder")
    tree = Tree()
    reader = _Folder(folder, package, dict(left_out or {}), tree)
    for file in reader.below(folder):
        tree.files += 1
        if tree.files > MOST:
            message = f"has more than {MOST:,} files"
            raise InputError("tree-too-large", message, shown_path(folder), "name a part of it")
        reader.file(file)
    return tree


@dataclass(slots=True)
class _Folder:
    root: Path
    package: str
    left_out: dict[str, str]
    tree: Tree
    seen: set[tuple[int, int]] = field(default_factory=set)

    def below(self, folder: Path) -> Iterator[Path]:
        """Files below a folder, each once; links inside the tree are followed, others named."""
        if not self.first(folder):
            return
        try:
            entries = sorted(folder.iterdir(), key=lambda one: one.name)
        except OSError as error:
            self.tree.unread[self.name(folder)] = os_reason(error)
            return
        for entry in entries:
            name = self.name(entry)
            if name in self.left_out:
                self.tree.pass_by(f"{name}: {self.left_out[name]}")
            elif entry.is_symlink() and not self.inside(entry):
                self.tree.unread[name] = "a link that leads out of the tree, or nowhere"
            elif entry.is_dir():
                if entry.name in PASSED or entry.name.startswith("."):
                    self.tree.pass_by(f"folder {entry.name}")
                else:
                    yield from self.below(entry)
            elif self.first(entry):
                yield entry

    def inside(self, link: Path) -> bool:
        try:
            return link.resolve(strict=True).is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):
            return False

    def first(self, path: Path) -> bool:
        """Whether this file or folder, under whatever name, was not met before."""
        try:
            status = path.stat()
        except OSError:
            return True  # reading it says what is wrong
        key = (status.st_dev, status.st_ino)
        new = key not in self.seen
        self.seen.add(key)
        return new

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def file(self, path: Path) -> None:
        """Read one file as what it is."""
        suffix = path.suffix.lower()
        if suffix in PYTHON:
            self.python(path)
        elif suffix in NOT_UNDERSTOOD:
            self.tree.foreign.setdefault(suffix, []).append(self.name(path))
        elif suffix in DATA or path.name.lower() in CRONTAB:
            self.data(path)
        elif not suffix:
            self.script(path)
        else:
            self.tree.pass_by(f"{suffix} file")

    def content(self, path: Path) -> bytes | None:
        """A file's bytes; None, and why, where it has none to read."""
        try:
            if not path.is_file():
                self.tree.unread[self.name(path)] = "is no regular file"
                return None
            if path.stat().st_size > LARGEST:
                self.tree.unread[self.name(path)] = f"has more than {LARGEST:,} bytes"
                return None
            return path.read_bytes()
        except OSError as error:
            self.tree.unread[self.name(path)] = os_reason(error)
            return None

    def python(self, path: Path) -> None:
        content = self.content(path)
        if content is None:
            return
        try:
            text = importlib.util.decode_source(content)
        except (SyntaxError, UnicodeDecodeError, LookupError) as error:
            self.tree.unread[self.name(path)] = f"its text cannot be decoded: {error}"
            return
        is_package = path.stem == "__init__"
        steps = path.relative_to(self.root).parts[:-1]
        steps = steps if is_package else (*steps, path.stem)
        name = ".".join(filter(None, (self.package, *steps)))
        file = self.name(path)
        self.tree.texts.append(Text(name=name, file=file, text=text, is_package=is_package))

    def script(self, path: Path) -> None:
        """A file without an ending: what its first line says runs it."""
        content = self.content(path)
        if content is None:
            return
        first = content.split(b"\n", 1)[0]
        if first.startswith(b"#!") and b"python" in first:
            self.python(path)
        elif first.startswith(b"#!"):
            self.tree.foreign.setdefault("#!", []).append(self.name(path))
        else:
            self.tree.pass_by("file without an ending")

    def data(self, path: Path) -> None:
        """A file of data: schedules in it are named."""
        self.tree.pass_by(f"{path.suffix.lower() or path.name} file")
        content = self.content(path)
        for number, line in enumerate((content or b"").decode("utf-8", "replace").splitlines(), 1):
            for found in CRON_IN_LINE.finditer(line):
                if set("*@(") & set(found[0]):  # five numbers in a row are as a rule just numbers
                    self.tree.schedules[f"{self.name(path)}:{number}"] = found[0]
