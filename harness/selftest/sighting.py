"""What a run and its gate found, in lines; of a clean pair there is none.

    #1 DIVERGE TWIST turn=DIVERGE tag=AGREE: no-ruling    a cell, its class, paths, findings
    #1 books.lamps.hall.tag "on" | "off"                  a difference, control's value first
    #1 leak books.lamps.hall.tag null                     a wrong value that passed
    free BROKEN: #1 L1: hall                              a free run, and what was held against it
    turn: cell-diverges                                   why a path is closed
    gate: path-closed                                     why the whole gate is
    exit 1 run 1                                          codes of `shadow gate` and `shadow run`

A cell that agrees where the control was right, a free run that was kept, an open path and exit
code 0 are told by nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from harness.gate import Verdict, gate_exit_code, run_exit_code
from harness.model import ABSENT, Cell, Class, Difference, Free, FreeRun, Outcome
from harness.ports import Data
from harness.reason import Reason
from harness.run import RunResult
from harness.text import quoted

Plain = Callable[[str], str]
"""Gives a path the name by which the tables of plants call it."""

LONGEST: Final = 400
"""How many characters of a value are told: all, of what plants do."""


def sighted(result: RunResult, verdict: Verdict, plain: Plain) -> frozenset[str]:
    """Everything that was found, in lines."""
    lines = [line for cell in result.cells for line in _cell(cell, plain)]
    lines.extend(
        f"{_number(leak.cell)} leak {leak.path} {_value(leak.value)}"
        for leak in result.leaks.leaks
    )
    lines.extend(line for end in result.free for line in _free(end))
    for path, decided in verdict.paths.items():
        lines.extend(_reasons(plain(path), decided.gate, decided.reasons))
    lines.extend(_reasons("gate", verdict.gate, verdict.reasons))
    codes = gate_exit_code(verdict), run_exit_code(result.cells, result.free)
    if any(codes):
        lines.append(f"exit {codes[0]:d} run {codes[1]:d}")
    return frozenset(lines)


def _number(cell: str) -> str:
    return f"#{cell.partition('#')[2]}"


def _value(value: Data) -> str:
    return "absent" if value is ABSENT else quoted(value, longest=LONGEST)


def _cell(cell: Cell, plain: Plain) -> Iterator[str]:
    episode, number = cell.episode, _number(cell.episode.id)
    agreed = cell.outcome is Outcome.AGREE and episode.klass is Class.SOUND
    quiet = all(one is Outcome.AGREE for one in cell.own.values())
    if not (agreed and quiet and cell.own) or cell.findings:
        own = " ".join(f"{plain(path)}={one}" for path, one in sorted(cell.own.items()))
        slugs = ", ".join(f"{one.outcome} {one.slug}" for one in cell.findings)
        yield f"{number} {cell.outcome} {episode.klass} {own}: {slugs}".rstrip(": ")
    yield from (f"{number} {_difference(one)}" for one in cell.differences)


def _difference(one: Difference) -> str:
    text = f"{one.path} {_value(one.control)} | {_value(one.candidate)}"
    text += f" by {one.ruling}" if one.ruling else ""
    return text + (f" as in {_number(one.origin)}" if one.repeat else "")


def _free(end: FreeRun) -> Iterator[str]:
    held = (*end.broken, *end.then, *end.moot, *(_slug(text) for text in end.findings))
    if end.outcome is not Free.KEPT or held:
        yield f"free {end.outcome}: {'; '.join(held)}"


def _slug(finding: str) -> str:
    """What was found, without the values that were held against it."""
    return finding.split(": ")[0]


def _reasons(what: str, gate: object, reasons: Iterable[Reason]) -> Iterator[str]:
    slugs = ", ".join(sorted({reason.slug for reason in reasons}))
    if slugs or str(gate) != "open":
        yield f"{what}: {slugs}"
