"""What a part of the benchmark measured, where and when; kept as JSON, so that parts add up."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_suffix(".json")
PACKAGES = ("msgspec", "greenlet", "deepdiff", "laboratory", "pytest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure.

    Attributes:
        form: how the value is written, as a format string.
        most, least: what was wanted of it; None where nothing was.
    """

    what: str
    value: float
    form: str = "{:.2f}"
    most: float | None = None
    least: float | None = None

    @property
    def wanted(self) -> str:
        bound = self.least if self.most is None else self.most
        sign = "≥" if self.most is None else "≤"
        return "" if bound is None else f"{sign} {self.form.format(bound)}"

    @property
    def met(self) -> str:
        if self.most is None and self.least is None:
            return ""
        low = self.least is not None and self.value < self.least
        high = self.most is not None and self.value > self.most
        return "**no**" if low or high else "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a part measured.

    Attributes:
        how: sentences about what was run, before the table.
        bars: way → milliseconds an account, for the plot.
        points: accounts → (CPU milliseconds an account, MiB of the largest process).
    """

    how: str
    rows: Sequence[Row]
    bars: Mapping[str, float] = field(default_factory=dict)
    points: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    where: str = ""

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Measured:
        return cls(**{**kept, "rows": [Row(**row) for row in kept["rows"]]})


def here(busy: float) -> str:
    """Date, versions and kind of machine; `busy` is its load before anything was measured."""
    cores = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.python_implementation()}"
        f" {platform.python_version()}, {platform.system()} {platform.machine()} ({processor()},"
        f" {cores} cores, {memory:.0f} GiB; load {busy:.1f} before it began), {packages}"
    )


def processor() -> str:
    """The kind of processor, where the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")


def kept() -> dict[str, Measured]:
    """What every part measured when it was last run."""
    if not KEPT.exists():
        return {}
    return {name: Measured.of(one) for name, one in json.loads(KEPT.read_text()).items()}


def keep(found: Mapping[str, Measured]) -> None:
    """Write down what every part measured."""
    text = json.dumps({name: one.kept() for name, one in found.items()}, indent=1)
    KEPT.write_text(text + "\n")
