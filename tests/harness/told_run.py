"""What reports tell of the hand-made story, and of runs built from single cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from harness.command import _totals
from harness.errors import HarnessError
from harness.model import Cell, Free, FreeRun, Outcome
from harness.report.told import Told
from harness.ruling import Ruling
from harness.scenario import Item, Scenario
from tests.harness.cell_builder import PATH, START, UNITS, Run, open_cells
from tests.harness.story import BAN, PAY, RULING, SCENARIO, cells, free_run

HOSTILE = (
    "@team #123 GH-1 ]]> | `code` ``two`` <script>x</script> <!-- --> </code></details> & &amp; "
    "[a](http://evil.example) ![i](x) ::error::x %0A \r\n\n# head\n::warning::y \x00\x1b[2J\x85"
    "\u2028\u202e\ud800\ufffe \U000e0041 :tada: www.evil.example a@b.example C:\\x\\|y"
)
"""Text that would be obeyed in XML, markdown, HTML, a terminal or a workflow command."""

ITEMS = (
    Item(kind="act", at=START + 3600, name=PAY, line=14),
    Item(kind="act", at=START + 14 * 86400, name=BAN, line=15),
)
STORY = replace(SCENARIO, when=ITEMS)
VOIDS = replace(SCENARIO, id="voids", file="scenarios/voids.yaml", when=())


def story_run() -> Run:
    """The story and the smallest open run; closed by the story's last cell."""
    kept = FreeRun(scenario="voids", outcome=Free.KEPT)
    return Run(cells=(*cells(), *open_cells()), paths=(PAY, BAN, PATH), units=UNITS,
               free=(free_run(), kept))  # fmt: skip


def told_of(
    run: Run,
    *,
    judged: bool = True,
    scenarios: Iterable[Scenario] = (STORY, VOIDS),
    rulings: Iterable[Ruling] = (RULING,),
    failures: Iterable[HarnessError] = (),
) -> Told:
    """What a report tells of a run."""
    return Told(
        scenarios=tuple(scenarios),
        cells=run.cells,
        free=run.free,
        totals=_totals(Outcome, [cell.outcome for cell in run.cells]),
        free_totals=_totals(Free, [one.outcome for one in run.free]),
        rulings={ruling.id: ruling for ruling in rulings},
        paths={},
        failures=tuple(failures),
        level="rehearsal",
        verdict=run.verdict() if judged else None,
    )


def of_cells(*listed: Cell, free: Sequence[FreeRun] = (), **given: Any) -> Told:
    """What a report tells of some cells of no known file."""
    return told_of(Run(cells=listed, free=tuple(free)), judged=False, scenarios=(), **given)
