"""What needs a look as GitHub's workflow commands, which it shows at lines of the files.

A command is one line, `::error file=…,line=…,title=…::message`. Everything in it is escaped, so
that no text of a scenario or an engine ends the line, a property or the command.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from harness.errors import HarnessError
from harness.gate import Gate, Verdict
from harness.model import Cell, Free, FreeRun, Outcome
from harness.moment import today as day
from harness.report.changes import GOOD, Remark, remarks_of
from harness.report.places import Places, Spot
from harness.report.timeline import first_cause, rows
from harness.report.told import Told
from harness.report.weight import weight
from harness.ruling import Ruling
from harness.text import visible

MOST: Final = 10
"""Annotations of one kind that GitHub shows of a step; what comes later is dropped unseen."""

SOON: Final = 14
"""Days before its last one in which a ruling is warned of."""

ROWS: Final = 3
"""Differences that a message lists before it counts the rest."""

LONGEST: Final = 2000
"""Characters of a message."""


class Annotation(NamedTuple):
    """One command.

    Attributes:
        level: `error`, `warning` or `notice`.
        spot: where it is shown; nowhere means at the step.
    """

    level: str
    spot: Spot
    title: str
    message: str

    def __str__(self) -> str:
        file, line = self.spot
        told = {"file": file, "line": str(line) if file and line else "", "title": self.title}
        listed = ",".join(f"{key}={_property(text)}" for key, text in told.items() if text)
        return f"::{self.level} {listed}::{_data(_clipped(self.message))}"


def _data(text: str) -> str:
    """A message; its line ends are told, not made."""
    text = visible(text, lines=True)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def annotations(told: Told, *, today: date | None = None) -> Iterator[str]:
    """The commands, worst first: the gate, unusable files, cells and free runs, old rulings.

    Args:
        told: what a report tells.
        today: the day that rulings' last days are compared with; by default this day in UTC.
    """
    places = Places(told.scenarios)
    errors = [*_errors(told, places)]
    warnings = [*_warnings(told, today or day(), places)]
    rest = len(errors[MOST:]) + len(warnings[MOST:])
    yield from map(str, (*errors[:MOST], *warnings[:MOST]))
    if rest:
        command = "shadow run" if told.verdict is None else "shadow gate"
        message = f"{rest} more are not shown here: {command}"
        yield str(Annotation("notice", Spot(), f"{rest} more that need a look", message))


def _errors(told: Told, places: Places) -> Iterator[Annotation]:
    if told.verdict is not None and told.verdict.gate is not Gate.OPEN:
        yield _gate(told.verdict)
    yield from (_unusable(error, places) for error in told.failures)
    firsts: dict[str, list[Cell]] = {}
    for cell in told.cells:
        firsts.setdefault(cell.episode.scenario, []).append(cell)
    first = {name: first_cause(cells) for name, cells in firsts.items()}
    cells = [cell for cell in told.cells if cell.outcome not in GOOD]
    for cell in sorted(cells, key=_gravity):
        yield _cell(cell, first[cell.episode.scenario], places)
    ran = {run.scenario for run in told.free}
    never = (FreeRun(scenario=one.id, outcome=Free.NOT_RUN)
             for one in told.scenarios if one.id not in ran)  # fmt: skip
    bad = [run for run in (*told.free, *never) if run.outcome is not Free.KEPT]
    order = list(Free)
    for run in sorted(bad, key=lambda run: (order.index(run.outcome), run.scenario)):
        yield _free(run, places)


def _gravity(cell: Cell) -> tuple[object, ...]:
    """Outcomes in their order; within one, causes before repeats and money before the rest."""
    bare = [one for one in cell.differences if not one.ruling]
    own = [one for one in bare if not one.repeat]
    heaviest = min((weight(one.facet, one.at) for one in own or bare), default=(3, 0))
    name, _, number = cell.episode.id.partition("#")
    rank = list(Outcome).index(cell.outcome)
    return (rank, bool(bare) and not own, heaviest, name, number.zfill(9))


def _gate(verdict: Verdict) -> Annotation:
    title = f"Gate closed, level {verdict.level}, {verdict.counted}"
    told = (f"{one.slug}: {one.found}; needed: {one.needed}" for one in verdict.reasons)
    return Annotation("error", Spot(), title, "\n".join((*told, "shadow gate")))


def _unusable(error: HarnessError, places: Places) -> Annotation:
    spot = places.named(error.where)
    return Annotation("error", spot, f"Cannot be used: {error.slug}", str(error))


def _cell(cell: Cell, first: str, places: Places) -> Annotation:
    episode = cell.episode
    title = f"{episode.id} {cell.outcome}: {episode.act}"
    bare = [row for row in rows(cell, first) if row.ruling == "no ruling"]
    told = [f"{row.mark}: {row.at}: {row.told}; no ruling" for row in bare[:ROWS]]
    told.extend(f"and {len(bare) - ROWS} more differences" for _ in bare[ROWS : ROWS + 1])
    said = (_remark(one) for one in remarks_of((cell,), ()))
    message = "\n".join((*told, *said, f"shadow show {episode.id}"))
    return Annotation("error", places.cell(episode.id), title, message)


def _free(run: FreeRun, places: Places) -> Annotation:
    told = (_remark(one) for one in remarks_of((), (run,)))
    title = f"{run.scenario} free run {run.outcome}"
    message = "\n".join((*told, f"shadow show {run.scenario}"))
    return Annotation("error", places.free(run), title, message)


def _remark(remark: Remark) -> str:
    return f"{remark.what}: {remark.detail}"


def _warnings(told: Told, today: date, places: Places) -> Iterator[Annotation]:
    """Rulings whose last day is near, the nearest first: what they cover will be unruled then."""
    for ruling in sorted(told.rulings.values(), key=lambda one: (one.expires, one.id)):
        days = (ruling.expires - today).days
        if 0 <= days <= SOON:
            yield _expiring(ruling, days, places)


def _expiring(ruling: Ruling, days: int, places: Places) -> Annotation:
    when = f"in {days} days" if days > 1 else ("tomorrow" if days else "today")
    title = f"{ruling.id} expires {when}"
    message = (
        f"{ruling.title}: its last day is {ruling.expires}; afterwards it covers nothing. "
        f"{ruling.owner} renews it, {ruling.approver} approves it, or the difference goes."
    )
    return Annotation("warning", places.named(ruling.where), title, message)
