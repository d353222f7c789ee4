"""Copies add nothing to what is right, and a branch that only moved is the same branch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.branches import Unit, moved
from harness.figures import Share
from harness.model import Outcome
from tests.harness.cell_builder import PATH, Run, cell, difference, open_cells


def changed_on_purpose(beside: int, *, alike: bool) -> Share:
    """The share of one intended change among agreeing cells that are alike, or are not."""
    agreeing = [
        cell(f"more-{n}#1", state="one state" if alike else f"state {n}") for n in range(beside)
    ]
    change = cell("voids#9", (PATH,), Outcome.RULED, differences=[difference(ruling="R-new")])
    run = replace(Run(ruling_classes={"R-new": "intended-change"}).adding(change, *agreeing))
    return run.evidence().paths[PATH].figures.intended


def test_copies_of_a_cell_that_agrees_do_not_thin_out_what_is_changed_on_purpose() -> None:
    before = changed_on_purpose(1, alike=True)

    assert changed_on_purpose(60, alike=True) == before
    assert changed_on_purpose(60, alike=False).d == before.d + 59
    assert before.d <= len(open_cells()) + 2


UNITS = {
    "old": Unit(id="old", arcs={0: "old:7 if `a` is true", 1: "old:9 if `b` is true"}),
    "new": Unit(id="new", arcs={0: "new:3 if `b` is true", 1: "new:5 if `b` is true"}),
}


@pytest.mark.parametrize(
    ("signed", "meant"),
    [
        ("old:7 if `a` is true", "old:7 if `a` is true"),
        ("old:2 if `a` is true", "old:7 if `a` is true"),
        ("old:2 if `a` is false", "old:2 if `a` is false"),
        ("new:5 if `b` is true", "new:5 if `b` is true"),
        ("new:9 if `b` is true", "new:9 if `b` is true"),
        ("elsewhere:7 if `a` is true", "elsewhere:7 if `a` is true"),
    ],
)
def test_a_branch_that_reads_as_no_other_is_found_on_another_line(signed: str, meant: str) -> None:
    assert moved([signed], UNITS) == {meant}
