"""A refusal: why a range may not be merged, with the place that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One reason.

    Attributes:
        reason: what was found and what is needed.
        file: where, from the repository's root; empty where no file shows it.
        line: in that file as it stands at the head, or at the base where it is gone.
    """

    reason: Reason
    file: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def refused(slug_reason: Reason, file: str = "", line: int = 0) -> Refusal:
    """A refusal, in short."""
    return Refusal(reason=slug_reason, file=file, line=line)
