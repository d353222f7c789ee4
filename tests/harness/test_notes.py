"""What no verdict may be silent about, and that no report leaves any of it out."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import date
from fractions import Fraction

from harness.condition import Condition
from harness.gate import Verdict
from harness.origin import Source
from harness.policy import NoSoundCase, Relaxation
from harness.report.changes import changes
from harness.report.gate_text import gate_text
from harness.report.markdown import comment
from harness.report.notes import notes
from harness.report.page.page import page
from tests.harness.cell_builder import Run
from tests.harness.many_told import told


def silent_about_nothing() -> Verdict:
    return replace(
        Run().verdict(),
        conditions=(
            Condition(key="fidelity", what="fidelity", asked=False),
            Condition(key="mutants", what="mutants", asked=True, evidence="1/1"),
        ),
        sources={
            "repairs": (run := Source(measured=True, when=date(2026, 3, 2), what="8 cells")),
            "made worse": run,
            "mutants": Source(measured=False, when=date(2026, 3, 1), what="mutants.lock"),
        },
        relaxations=(Relaxation(key="floors.sound_agree", value=Fraction(1), default=Fraction(3),
                                reason="few ways in", decision="docs/decisions/0007",
                                date=date(2026, 1, 2)),),
        statements=(NoSoundCase(path="cron.x", reason="asks twice", decision="docs/decisions/0008",
                                approver="ledger", expires=date(2026, 5, 1)),),
        retired={"books.seen (retired)": 8, "books.cases (added)": 1},
        unowned=("module.gone",),
    )  # fmt: skip


def test_every_kind_is_told_with_who_signed_it_and_why() -> None:
    told_of = {note.title: note.texts for note in notes(silent_about_nothing())}
    relaxed = "floors.sound_agree: 1 in place of 3, since 2026-01-02: few ways in"
    signed = "cron.x has no sound case, signed by ledger until 2026-05-01: asks twice"

    assert told_of == {
        "Asked for by the policy": ("mutants: 1/1",),
        "Not required by policy": ("fidelity: no evidence yet",),
        "Relaxations": (f"{relaxed} (docs/decisions/0007)",),
        "Signed statements": (f"{signed} (docs/decisions/0008)",),
        "Fields that are not compared": (
            "books.cases (added), left out of 1 cell",
            "books.seen (retired), left out of 8 cells",
        ),
        "Code that no path reached": ("module.gone",),
        "Where the figures come from": (
            "repairs, made worse: measured in this run from 8 cells",
            "mutants: asserted 2026-03-01 by mutants.lock",
        ),
    }


def test_a_kind_of_which_there_is_nothing_is_told_all_the_same() -> None:
    verdict = replace(Run().verdict(), conditions=(), sources={}, retired={}, unowned=())

    assert {note.texts for note in notes(verdict)} == {()}
    assert gate_text(verdict).count("\n  none\n") >= len(tuple(notes(verdict)))


def test_text_page_and_comment_leave_none_of_it_out() -> None:
    verdict = silent_about_nothing()
    run = replace(told(), verdict=verdict)
    reports = (
        gate_text(verdict),
        html.unescape(page(run)),
        html.unescape(comment(run, changes(run, None))),
    )

    for note in notes(verdict):
        for text in note.texts:
            for report in reports:
                assert " ".join(text.split()) in " ".join(report.split()), text
