"""Runs as reports are told of them: the one told by hand, and as large a one as is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from harness.clause import Before, Clause, Literal
from harness.errors import HarnessError
from harness.expression import parse_expression
from harness.model import Cell, Free, FreeRun, Outcome
from harness.report.told import Told
from harness.ruling import Ruling, Scope
from harness.scenario import Scenario
from tests.harness.cell_builder import Run, pinned
from tests.harness.story import BAN, PAY, RULING, SCENARIO, cells, free_run
from tests.harness.told_run import told_of

SEGMENTS = ("free", "pro", "business")
RULED = replace(
    RULING,
    scope=Scope(
        paths=frozenset({PAY}),
        segments=SEGMENTS,
        when=(parse_expression("truth.owes.total == 0"),),
    ),
    expect=(
        Clause(at="books.billing_db.bad_debt", facet="books", steps=("billing_db", "bad_debt"),
               control=Literal(data=True), candidate=Literal(data=False), where="r.yaml:3"),
        Clause(at="books.customer.bad_debt_since", facet="books", steps=("customer",),
               control=Before(), candidate=Literal(data=None), where="r.yaml:4"),
    ),
    cells=(f"{SCENARIO.id}#1", "gone#1"),
    where="/somewhere/of/mine/rulings/R-paid-but-flagged.yaml:1",
)  # fmt: skip


@dataclass(frozen=True)
class ControlPath:
    """A path as a control registers it."""

    id: str
    module: str = "control.module"
    triggers: Sequence[str] = ("api.pay",)
    origin: str = "billing"
    reads: Sequence[str] = ()
    writes: Sequence[str] = ()


def told(
    scenarios: Iterable[Scenario] = (SCENARIO,),
    judged: Iterable[Cell] | None = None,
    free: Iterable[FreeRun] | None = None,
    rulings: Iterable[Ruling] = (RULED,),
    failures: Iterable[HarnessError] = (),
    **fields: Any,
) -> Told:
    """A run and its verdict; what is not given is the run told by hand."""
    judged = cells() if judged is None else tuple(judged)
    scenarios, signed = tuple(scenarios), tuple(rulings)
    names = tuple(one.id for one in scenarios)
    run = Run(
        cells=judged,
        free=(free_run(),) if free is None else tuple(free),
        paths=(PAY, BAN),
        units={},
        pinned=replace(pinned(judged), scenarios=names),
        ruling_classes={ruling.id: str(ruling.klass) for ruling in signed},
    )
    made = told_of(run, scenarios=scenarios, rulings=signed, failures=failures)
    return replace(made, paths={name: ControlPath(name) for name in run.paths}, **fields)


def renamed(cell: Cell, scenario: str, **fields: Any) -> Cell:
    """A cell as one of another scenario; `fields` go to its episode."""
    episode = cell.episode
    number = episode.id.partition("#")[2]
    name = f"{scenario}#{number}"
    return replace(
        cell,
        episode=replace(episode, id=name, scenario=scenario, state=name, **fields),
        differences=tuple(
            structs.replace(
                one, origin=one.origin and f"{scenario}#{one.origin.partition('#')[2]}"
            )
            for one in cell.differences
        ),
    )


def many(count: int, *, diverging: Iterable[int] = ()) -> Told:
    """`count` scenarios of four cells each; the last cell of those in `diverging` diverges."""
    wrong = frozenset(diverging)
    look, pay, ban = cells()
    found: list[Cell] = []
    scenarios, ends = [], []
    for number in range(count):
        name = f"made-{number:05}"
        stratum = {"segment": SEGMENTS[number % len(SEGMENTS)], "currency": "usd"}
        one = [renamed(cell, name, stratum=stratum) for cell in (look, pay)]
        again = renamed(pay, name, stratum=stratum)
        again = replace(again, episode=replace(again.episode, id=f"{name}#2", state=f"{name}#2"))
        last = renamed(ban, name, stratum=stratum)
        last = replace(last, episode=replace(last.episode, id=f"{name}#3", state=f"{name}#3"))
        if number not in wrong:
            last = replace(
                last, outcome=Outcome.RULED, own={BAN: Outcome.RULED}, findings=(),
                differences=tuple(one.under(one.ruling or RULING.id) for one in last.differences),
            )  # fmt: skip
        found.extend((*one, again, last))
        scenarios.append(
            replace(SCENARIO, id=name, title=f"{SCENARIO.title}, number {number}",
                    ticket=f"ticket-{number % 7}", faults=(f"Q{number % 90:02}",))
        )  # fmt: skip
        ends.append(replace(free_run(), scenario=name, outcome=Free.KEPT, then=()))
    return told(scenarios, found, ends)
