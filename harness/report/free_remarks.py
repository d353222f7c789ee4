"""What is to be said of a free run, in the same words in every report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harness.model import FreeRun


class Remark(NamedTuple):
    """One thing said, under the label that tells its kind."""

    label: str
    text: str

    def __str__(self) -> str:
        return f"{self.label}: {self.text}"


def free_remarks(run: FreeRun | None) -> Iterator[Remark]:
    """All of it, in a fixed order; nothing of a run that there is not."""
    if run is None:
        return
    for label, texts in (
        ("makes no sense", run.moot),
        ("breaks", run.broken),
        ("then does not hold", run.then),
        ("finding", run.findings),
    ):
        for text in texts:
            yield Remark(label, text)
