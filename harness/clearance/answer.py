"""What `shadow clear` was asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from harness.clearance.clearance import Clearance
from harness.command import Say, here
from harness.errors import ExitCode
from harness.reason import Reason
from harness.report.json_report import dumped
from harness.report.terminal import blank, grid, heading, printed, styled, words
from harness.text import shown_path

SCHEMA: Final = "shadow.clear/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be cleared.

    Attributes:
        paths: path → its module.
        known: every path of the control → its module.
    """

    paths: Mapping[str, str]
    known: Mapping[str, str]
    level: str

    @property
    def command(self) -> str:
        """The command that asks for it."""
        names = "--all" if self.every else " ".join(self.paths)
        return f"shadow clear {names}" + (
            "" if self.level == "production" else f" --level {self.level}"
        )

    @property
    def every(self) -> bool:
        return set(self.paths) == set(self.known)


class Written(NamedTuple):
    """A clearance in its file, and whether it was written just now."""

    file: Path
    clearance: Clearance
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is printed at the end."""

    asked: Asked
    as_json: bool
    say: Say

    def refused(self, reasons: Iterable[Reason], step: str = "") -> ExitCode:
        """Say why nothing was written; without a `step` the reasons say what to type next."""
        rows = tuple(reasons)
        step = step or _next(rows, self.asked)
        if self.as_json:
            self._document(cleared=False, file=None, new=False, reasons=rows)
        else:
            head = f"Refused, level {self.asked.level}: nothing was written"
            table = grid(
                (styled("closed", one.slug), f"{one.found}; needed: {one.needed}") for one in rows
            )
            self.say(
                printed(here(), [styled("closed", head), table, blank(), words(f"Next: {step}")])
            )
        return ExitCode.CLOSED

    def cleared(self, done: Written) -> ExitCode:
        """Say what was written, or that what was written before still holds."""
        clearance, file = done.clearance, shown_path(done.file)
        if self.as_json:
            self._document(cleared=True, file=file, new=done.new, reasons=())
            return ExitCode.OPEN
        level, known = self.asked.level, len(self.asked.known)
        head = f"Cleared, level {level}: {len(clearance.paths)} of {known} paths"
        rows = [
            ("valid", f"{clearance.created} to {clearance.valid_until}, UTC"),
            ("file", f"{file}, {'written' if done.new else 'as it was, it still holds'}"),
        ]
        own = [
            (name, one.module, _counted(one.symbols))
            for name, one in sorted(clearance.paths.items())
        ]
        shared = [
            ("(shared)", name, _counted(names)) for name, names in sorted(clearance.shared.items())
        ]
        judge = "shadow guard --base origin/main"
        add = f"git add {file} && git commit && {judge}" if done.new else judge
        parts = [styled("open", head), words(clearance.remark, indent=2), grid(rows), blank()]
        parts.extend((heading("What may be deleted"), grid([*own, *shared]), blank()))
        self.say(printed(here(), [*parts, words(f"Next: {add}")]))
        return ExitCode.OPEN

    def _document(
        self, *, cleared: bool, file: str | None, new: bool, reasons: Iterable[Reason]
    ) -> None:
        listed = [{"slug": r.slug, "found": r.found, "needed": r.needed} for r in reasons]
        self.say(
            dumped(
                {
                    "schema": SCHEMA,
                    "cleared": cleared,
                    "level": self.asked.level,
                    "paths": sorted(self.asked.paths),
                    "file": file,
                    "new": new,
                    "reasons": listed,
                }
            )
        )


def _counted(symbols: Sequence[str]) -> str:
    return f"{len(symbols)} {'symbol' if len(symbols) == 1 else 'symbols'}"


def _next(reasons: Iterable[Reason], asked: Asked) -> str:
    """What to type next where the gate was not even run."""
    slugs = {reason.slug for reason in reasons}
    if "level-rehearsal" in slugs:
        return "shadow gate"
    return f"git status --ignored, and when all is committed {asked.command}"
