"""Where the gate's figures come from: measured in a run, or asserted by a file, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a figure comes from.

    Attributes:
        measured: whether it was measured in this run; else it was read from a file.
        when: the day, in UTC.
        what: what it was measured from, or the file that says so.
    """

    measured: bool
    when: date
    what: str

    def __str__(self) -> str:
        if self.measured:
            return f"measured {self.when} in this run from {self.what}"
        return f"asserted {self.when} by {self.what}"

    @property
    def told(self) -> str:
        """The same without the day of the run."""
        return f"measured in this run from {self.what}" if self.measured else str(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How much of everything a run's figures are made of."""

    scenarios: int
    cells: int
    wrong_values: int
    branches: int
    races: int
    recordings: int


MEASURED: Final[Mapping[str, str]] = {
    "agreement": "{0.cells} cells of {0.scenarios} scenarios",
    "repairs": "{0.cells} cells of {0.scenarios} scenarios",
    "made worse": "{0.cells} cells of {0.scenarios} scenarios",
    "left to a person": "{0.cells} cells of {0.scenarios} scenarios",
    "leak": "{0.wrong_values} wrong values tried on ruled cells",
    "branches": "{0.branches} branches of the control's code",
    "races": "{0.races} races",
    "fidelity": "{0.recordings} recorded scenarios",
}
"""Figure that every gate run measures → what it is measured from."""

OTHERS: Final = ("mutants", "bounds")
"""Figures that another run measured and wrote down."""


def sources(
    counted: Counted, today: date, others: Mapping[str, Source] | None = None
) -> dict[str, Source | None]:
    """Figure → where it comes from; None where there is no such figure.

    Args:
        counted: what this run measured from.
        today: the day of the run.
        others: figures that came from elsewhere, or that this run measured besides.
    """
    given = others or {}
    found: dict[str, Source | None] = {
        name: Source(measured=True, when=today, what=what.format(counted))
        for name, what in MEASURED.items()
    }
    return {**found, **{name: given.get(name) for name in OTHERS}, **given}
