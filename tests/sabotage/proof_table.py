"""The page docs/evidence.md: its text, its tables, and the rows that were seen."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from typing import Final

from tests.golden_files import UPDATE
from tests.harness.sabotages import SABOTAGES
from tests.harness.sabotages import Sabotage as OfTheHarness
from tests.sabotage import (
    harmless_changes,
    sabotaged_candidates,
    sabotaged_clearances,
    sabotaged_controls,
    sabotaged_harness,
    sabotaged_mutants,
    sabotaged_policy,
    sabotaged_ranges,
    sabotaged_recordings,
    sabotaged_rulings,
    sabotaged_samples,
    sabotaged_scenarios,
    sabotaged_surfaces,
    sabotaged_time,
    sabotaged_worlds,
)
from tests.sabotage.planted_project import PROJECTS, Deed
from tests.sabotage.planted_row import Refactoring, Sabotage, Seen
from tests.shadow_command import ROOT

PAGE: Final = ROOT / "docs" / "evidence.md"

THEMES: Final[Mapping[str, tuple[Sabotage, ...]]] = {
    "Scenarios and the manifest": sabotaged_scenarios.ROWS,
    "The candidate": sabotaged_candidates.ROWS,
    "The control": sabotaged_controls.ROWS,
    "The world, and what is true in it": sabotaged_worlds.ROWS,
    "Rulings": sabotaged_rulings.ROWS,
    "What the gate asks for": sabotaged_policy.ROWS,
    "The harness, and the run": sabotaged_harness.ROWS,
    "Mutants, and the measurement by them": sabotaged_mutants.ROWS,
    "Writers and handlers that nobody owns": sabotaged_surfaces.ROWS,
    "A control that is a recording": sabotaged_recordings.ROWS,
    "Recordings of production, and what day it is": sabotaged_time.ROWS,
    "Samples of recorded accounts": sabotaged_samples.ROWS,
    "Ranges of commits": sabotaged_ranges.ROWS,
    "Clearances, and the deletions that they permit": sabotaged_clearances.ROWS,
}
"""Heading → the sabotages below it."""

SABOTAGED: Final = tuple(row for rows in THEMES.values() for row in rows)
TRIED: Final = tuple(dict.fromkeys((*PROJECTS, *(row.project for row in SABOTAGED))))
"""Every project that something was done to; each is open before."""

HARMLESS: Final = harmless_changes.ROWS
GROUP: Final[Mapping[str, str]] = {
    row.what: name if len(rows) > 1 else "alone"
    for name, rows in harmless_changes.GROUPS.items()
    for row in rows
}
"""Name of a harmless change → those it shares a gate with."""
MOST_SLUGS: Final = 2
"""How many slugs a row names before it says that there were others."""

NOT_RUN: Final = "not run"

INTRO: Final = """\
# What the gate was tried on

A gate is worth what it was seen to refuse. Below stands each sabotage that was planted in a whole
project with an open gate, one at a time, and what `shadow` said of it: the reason that had to
name it, the reasons that did, and the exit code. No sabotage ends with 0. Then stand changes that
change nothing, after which the gate has to be open still: a gate that closes on a renamed
variable is switched off. A test plants every row anew and fails where a row is missing, is
another one, or would read otherwise; nobody writes this page.

{counts}

**Projects.** *house* is the project of [the guide for engines of one's own](own-engines.md), word
for word: twenty cells, one ruling. *house and harness* is the same with a harness of its own
beside it, to be changed as well. *shipped* is this repository's own, whole. What is about the
harness is tried on the house, what is about dunning on the shipped project. Each row begins with
a fresh copy whose gate is open.

The other projects are small and of one piece: a house with a measurement, or with a recorded
control; a desk in a git repository, before `shadow guard`; a desk with a sample. Where only a
condition is weighed (*a measurement*, *a sample*, *a recording's age*), the exit code is that of
the smallest open gate with this one condition.

**One row by hand.** Take *The brain forgives every debt*:

```sh
sed -i 's/or bill.id in forgiven/or True/' brain/debt.py
shadow gate            # Gate closed, with `made-worse` among the reasons; exit code 1
git checkout brain/debt.py
```

All of them, or those whose names hold a word:

```sh
python -m pytest tests/sabotage
python -m pytest tests/sabotage -k forgives
```

What is done to which line stands in `tests/sabotage/sabotaged_*.py`, a value a row. *Seen* lists
what closed the gate beside the two reasons that only say that there are others (`path-closed`,
`whole-gate`); every reason is explained in [every message](messages.md).
"""

OF_THE_HARNESS: Final = """\
## The harness itself, one place at a time

Before a gate decides, the harness replays small pairs with planted divergences ([decision
0034](decisions/0034-the-gate-tests-itself-first.md)). Each change of its own code below is
noticed by a plant; then nothing is decided, whatever the project, and the command ends with 6.
They are tried inside one process by `tests/harness/test_selftest.py`.

| what was done to the harness | module | noticed by a plant whose name holds |
|---|---|---|
"""

HEAD: Final = """\
| what was done | where | project | has to be named | seen | exit |
|---|---|---|---|---|---|
"""
HARMLESS_HEAD: Final = """\
| what was done | where | project | together | seen | exit |
|---|---|---|---|---|---|
"""
HARMLESS_INTRO: Final = """\
## Changes that change nothing

One by one or, to save time, all of a group together, in one gate: reasons add up, so what closes
a gate alone closes it in company too, and where a group fails each of it is tried alone.
`shadow lint --write` stands where bytes or branch totals that the manifest pins did change: their
difference is reviewed like any other, and nothing else is asked.
"""


def where(deeds: tuple[Deed, ...]) -> str:
    """The places that were changed, each once."""
    return "; ".join(dict.fromkeys(deed.told for deed in deeds)) or "nothing"


def key(one: Sabotage | Refactoring) -> str:
    """The cell that a row begins with: its name."""
    return f"| {one.what} |"


def told(one: Sabotage | Refactoring, seen: Seen) -> str:
    """The row of what was seen."""
    cells = [where(one.deeds), one.project.name]
    if isinstance(one, Sabotage):
        if one.command != ("gate",):
            cells[0] += f"; `shadow {' '.join(one.command)}`"
        if one.out:
            cells[0] += f"; `shadow gate > {one.out}`"
        cells.append(f"`{one.slug}`")
    else:
        cells.append(GROUP[one.what])
    return " ".join([key(one), " | ".join([*cells, named(one, seen), str(seen.exit)]), "|"])


def named(one: Sabotage | Refactoring, seen: Seen) -> str:
    """The slugs that were seen: the one that has to be there first, if it is."""
    if not seen.slugs:
        return "open" if seen.exit == 0 else "nothing"
    first = [slug for slug in seen.slugs if slug == getattr(one, "slug", "")]
    slugs = [*first, *(slug for slug in seen.slugs if slug not in first)]
    rest = len(slugs) - MOST_SLUGS
    shown = ", ".join(f"`{slug}`" for slug in (slugs if rest <= 0 else slugs[:1]))
    return shown if rest <= 0 else f"{shown} and others"


def rows_of(page: str) -> dict[str, str]:
    """The rows of a page by their first cell."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return {line[: line.index(" |", 2) + 2]: line for line in lines}


def rendered(rows: Mapping[str, str]) -> str:
    """The page with these rows; one that is not among them was not run."""

    def line(one: Sabotage | Refactoring) -> str:
        return rows.get(key(one), f"{key(one)} {NOT_RUN} |")

    parts = [INTRO.format(counts=counts())]
    for theme, sabotages in THEMES.items():
        parts.append(f"## {theme}\n\n{HEAD}" + "".join(f"{line(one)}\n" for one in sabotages))
    parts.append(f"{HARMLESS_INTRO}\n{HARMLESS_HEAD}" + "".join(f"{line(x)}\n" for x in HARMLESS))
    parts.append(OF_THE_HARNESS + "".join(f"{row}\n" for row in of_the_harness(SABOTAGES)))
    return "\n".join(parts)


def counts() -> str:
    """What there is, in one sentence."""
    by_project = ", ".join(
        f"{sum(one.project is project for one in SABOTAGED)} in *{project.name}*"
        for project in PROJECTS
    )
    small = sum(one.project not in PROJECTS for one in SABOTAGED)
    return (
        f"**{len(SABOTAGED)} sabotages** ({by_project}, {small} in smaller ones), "
        "**zero that passed**; "
        f"**{len(HARMLESS)} harmless changes**, all with the gate open; "
        f"**{len(SABOTAGES)} sabotages of the harness's own code**, all noticed by its self-test."
    )


def of_the_harness(sabotages: Mapping[str, OfTheHarness]) -> Iterator[str]:
    """The rows of the harness's own code; which plant notices it is what a test holds it to."""
    for name, one in sabotages.items():
        module = one.module.__name__.removeprefix("harness.")
        yield f"| {name} | `{module}` | {one.noticed} |"


def keep(row: str = "") -> None:
    """Write the page anew with one more row, where `UPDATE` asks for it; several may at once."""
    if os.environ.get(UPDATE) != "1":
        return
    with PAGE.open("a+", encoding="utf-8") as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        page.seek(0)
        rows = {**rows_of(page.read()), **rows_of(row)}
        page.truncate(0)
        page.write(rendered(rows))
