"""The two ends of a range: what the repository holds at the merge base, and at the head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from harness import manifest_file
from harness.clearance.fingerprint import RULINGS
from harness.clearance.git import Commit, Repository
from harness.clearance.modules import SUFFIX
from harness.clearance.project import Project, read_project
from harness.clearance.tree import RevisionTree
from harness.config import RECORDED
from harness.document import parse_document
from harness.errors import InputError
from harness.guarding import retired as stones
from harness.guarding.code_owners import FILES, CodeOwners, code_owners
from harness.guarding.package import Package, Place
from harness.guarding.retired import Retired, read_retired
from harness.guarding.signing import Signed
from harness.manifest import Manifest

BLOB = "blob"


@dataclass(frozen=True)
class End:
    """One end. The control is that of the merge base's table, at both ends.

    Attributes:
        tree: the commit.
        project: the configuration's table of the merge base, over this tree.
    """

    tree: RevisionTree
    project: Project

    def content(self, file: str) -> bytes | None:
        """A file's content; None where there is no regular file."""
        entry = self.tree.entries.get(file)
        return self.tree.read(file) if entry is not None and entry.kind == BLOB else None

    @cached_property
    def own(self) -> Project | None:
        """The configuration's table as this end has it; None where it has none."""
        try:
            return read_project(self.tree, self.project.file)
        except InputError:
            return None

    @property
    def table(self) -> Mapping[str, Any] | None:
        return self.own.table if self.own is not None else None

    @cached_property
    def gate(self) -> str:
        """The policy's file, where this end's own table says that it is."""
        return (self.own or self.project).gate

    @cached_property
    def scenarios(self) -> str:
        """The scenarios' folder, likewise."""
        return (self.own or self.project).scenarios

    @cached_property
    def control(self) -> Package:
        """The control's package; what is no regular file is not in it."""
        if self.recording:
            return Package("", {}, {})
        name, known = self.project.package("control"), self.project.modules
        files = {
            file: content
            for file in known.package(name)
            if (content := self.content(file)) is not None
        }
        modules = {file: known.name_of(file) for file in files if file.endswith(SUFFIX)}
        return Package(name, modules, files)

    @property
    def recording(self) -> str:
        """The recorded control's file; empty where the control is code."""
        if not str(self.project.table["control"]).endswith(RECORDED):
            return ""
        return self.project.inside("control")

    @property
    def registry(self) -> Place:
        module, _, attribute = str(self.project.table["control"]).partition(":")
        return Place(module, attribute)

    @cached_property
    def manifest_file(self) -> str:
        return f"{self.scenarios}/{manifest_file.NAME}"

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest; an empty one where there is none.

        Raises:
            InputError: it cannot be read.
        """
        content = self.content(self.manifest_file)
        where = f"{self.tree.name}: {self.manifest_file}"
        return Manifest() if content is None else manifest_file.parse(content, where)

    @cached_property
    def policy(self) -> Mapping[str, Any]:
        """The policy as it is written; nothing where it is not there, or cannot be read."""
        return _mapping(self.content(self.gate), self.gate)

    @cached_property
    def retired_file(self) -> str:
        return f"{self.scenarios}/{stones.NAME}"

    @cached_property
    def retired(self) -> tuple[Retired, ...]:
        """Paths that were deleted.

        Raises:
            InputError: the file cannot be read.
        """
        content = self.content(self.retired_file)
        if content is None:
            return ()
        return read_retired(parse_document(content, f"{self.tree.name}: {self.retired_file}"))

    @cached_property
    def owners(self) -> CodeOwners:
        found = {file: self.content(file) for file in FILES}
        return code_owners({file: text for file, text in found.items() if text is not None})

    @cached_property
    def signed(self) -> Mapping[str, Signed]:
        """Rulings, and statements of the policy, by what messages call them."""
        return {one.name: one for one in (*self._rulings(), *self._statements())}

    def _rulings(self) -> Iterator[Signed]:
        for file in self.tree.files(f"{self.scenarios}/{RULINGS}"):
            data = _mapping(self.content(file), file)
            if data:
                yield Signed(f"ruling {data.get('id', file)}", file, data)

    def _statements(self) -> Iterator[Signed]:
        said = self.policy.get("no_sound_case")
        for path, data in sorted(said.items()) if isinstance(said, dict) else ():
            if isinstance(data, dict):
                yield Signed(f"no sound case of {path}", self.gate, {"path": path, **data})


def _mapping(content: bytes | None, file: str) -> Mapping[str, Any]:
    """A document's mapping; nothing where it is none. What is no document covers nothing."""
    try:
        data = {} if content is None else parse_document(content, file).data
    except InputError:
        return {}
    return data if isinstance(data, dict) else {}


@dataclass(frozen=True)
class Range:
    """Everything between the merge base and the head.

    Attributes:
        commits: oldest first, merges among them.
    """

    repository: Repository
    before: End
    after: End
    commits: tuple[Commit, ...]


def read_range(repository: Repository, base: str, head: str, configs: tuple[str, ...]) -> Range:
    """Read a range; nothing is fetched.

    Args:
        repository: the clone.
        base: a revision of the branch that the work is merged into.
        head: a revision of the work.
        configs: the configuration's file from the root, or several: the first that the merge base
            has a table in.

    Raises:
        InputError: `shallow-clone`; `revision-unknown`, `no-merge-base`; `empty-range`;
            `config-missing`, the merge base has no table.
    """
    if repository.is_shallow:
        raise InputError(
            "shallow-clone",
            "a part of the history was not fetched, so nobody can tell what the range deletes",
            hint="fetch all of it: `git fetch --unshallow`, or fetch-depth: 0 in the workflow",
        )
    start, end = repository.merge_base(base, head), repository.resolve(head)
    if start == end:
        raise InputError(
            "empty-range",
            f"{head} adds no commit to {base}: both are, or {head} is behind, {end[:12]}",
            hint="check out the work, not the branch it is merged into",
        )
    before, after = RevisionTree(repository, start), RevisionTree(repository, end)
    project = _project(before, configs)
    return Range(
        repository=repository,
        before=End(before, project),
        after=End(after, replace(project, tree=after)),
        commits=repository.commits(start, end),
    )


def _project(tree: RevisionTree, configs: tuple[str, ...]) -> Project:
    """The first configuration that has a table."""
    for file in configs:
        if not tree.exists(file):
            continue
        try:
            return read_project(tree, file)
        except InputError as error:
            if error.slug != "config-missing" or len(configs) == 1:
                raise
    raise InputError(
        "config-missing",
        f"{tree.name}, the merge base, has no table [tool.shadow]",
        hint="nothing is guarded before the table is merged; name its file with --config",
    )
