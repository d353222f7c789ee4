"""The configuration's table over a range: what it names, and the control that is switched away."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final
from zlib import error as NoStream

from harness.clearance.modules import SUFFIX
from harness.config import RECORDED
from harness.guarding.ends import End
from harness.guarding.refusal import Refusal
from harness.guarding.retired import NAME, Retired
from harness.reason import Reason
from harness.text import quoted, visible

CONTROL: Final = "control"
_LINE: Final = 1 << 20
"""Bytes of a recording's first line that are looked at."""


@dataclass(frozen=True)
class Switch:
    """The table at both ends.

    Attributes:
        buried: paths that the range buries.
        whole: whether every path of the control is cleared.
    """

    before: End
    after: End
    buried: tuple[Retired, ...]
    whole: bool

    @property
    def file(self) -> str:
        return self.before.project.file

    @cached_property
    def control(self) -> tuple[str, str]:
        """What the table names as control, at both ends; empty where it names none."""
        now = (self.after.table or {}).get(CONTROL, "")
        return str(self.before.project.table[CONTROL]), str(now)

    @property
    def away(self) -> bool:
        """Whether the control is switched to something else."""
        was, now = self.control
        return was != now

    def refusals(self) -> Iterator[Refusal]:
        """Why the control may not be switched so, and a recording that is not what it was."""
        was, now = self.control
        if self.away and not self.whole:
            yield self._refusal(
                f"control = {quoted(now)}, was {quoted(was)}, and not all of it is cleared",
                f"control = {quoted(was)}, or a clearance of every path",
            )
        elif self.away and not now.endswith(RECORDED):
            yield self._refusal(
                f"control = {quoted(now)}, was {quoted(was)}",
                "a recorded control, as docs/retirement.md tells",
            )
        elif self.away:
            yield from self._recording(now, was)
        if self.before.recording:
            yield from self._kept(self.before.recording)

    def others(self) -> Iterator[str]:
        """Keys of the table besides the control that say something else at the head."""
        was, now = self.before.project.table, self.after.table or {}
        for key in sorted({*was, *now} - {CONTROL}):
            if was.get(key) != now.get(key):
                yield key

    @property
    def recording(self) -> str:
        """Digest of the recording that the control is switched to; empty where it is to none."""
        now = self.control[1]
        content = self.after.content(self._file(now)) if self.away else None
        known = now.endswith(RECORDED) and content is not None
        return hashlib.sha256(content).hexdigest() if known and content else ""

    def _file(self, named: str) -> str:
        """What the table names, from the repository's root."""
        return (PurePosixPath(self.before.project.folder) / named).as_posix()

    def _recording(self, now: str, was: str) -> Iterator[Refusal]:
        file = self._file(now)
        content = self.after.content(file)
        if content is None:
            yield self._refusal(f"there is no recording {quoted(file)}", "a file of the head")
            return
        head = _head(content, file)
        told = str(head.get(CONTROL, ""))
        if told != was:
            yield self._refusal(
                f"{visible(file)} is a recording of {quoted(told)}",
                f"a recording of {quoted(was)}",
            )
        sources = sources_sha256(self.before)
        if head.get("control_sha256") != sources:
            found = visible(str(head.get("control_sha256", "nothing")))[:16]
            yield self._refusal(
                f"{visible(file)} was recorded from code {found}",
                f"recorded from the merge base's, {sources[:16]}",
            )
        digest = hashlib.sha256(content).hexdigest()
        named = {one.recording for one in self.buried}
        if named != {digest}:
            yield self._refusal(
                f"{visible(file)} has sha256 {digest}, the tombstones of the range name "
                f"{visible(', '.join(sorted(filter(None, named)))) or 'none'}",
                f"recording: {digest} in every row that is added to {NAME}",
            )

    def _kept(self, file: str) -> Iterator[Refusal]:
        """The recording that is the control already stays as it is, byte by byte."""
        if self.before.content(file) != self.after.content(file):
            yield Refusal(
                reason=Reason(
                    slug="control-switched",
                    found=f"the recorded control {visible(file)} is not the file that it was",
                    needed="the very same bytes: it is all that is left of the control",
                ),
                file=file,
            )

    def _refusal(self, found: str, needed: str) -> Refusal:
        reason = Reason(slug="control-switched", found=found, needed=needed)
        return Refusal(reason=reason, file=self.file)


def _head(content: bytes, file: str) -> dict[str, Any]:
    """A recording's first line; nothing where it is none."""
    try:
        packed = file.endswith(".gz")
        opened = gzip.GzipFile(fileobj=io.BytesIO(content)) if packed else io.BytesIO(content)
        found = json.loads(opened.read(_LINE).partition(b"\n")[0])
    except (OSError, EOFError, ValueError, NoStream, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def sources_sha256(end: End) -> str:
    """The digest of the control's sources, as a recording names it."""
    project = end.project
    name = project.module(CONTROL).partition(".")[0]
    digest = hashlib.sha256()
    for file, content in sorted(_sources(end, project.modules.package(name))):
        digest.update(f"{file}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _sources(end: End, files: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Python files by their path from the folder that the package lies in."""
    for file in files:
        content = end.content(file) if file.endswith(SUFFIX) else None
        if content is not None:
            steps = end.project.modules.name_of(file).split(".")
            last = "__init__.py" if file.endswith("/__init__.py") else ""
            yield "/".join([*steps, last]) if last else "/".join(steps) + SUFFIX, content
