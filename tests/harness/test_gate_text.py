import io
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from harness.model import Finding, Free, FreeRun, Outcome
from harness.policy import NoSoundCase, Relaxation
from harness.reason import Reason
from harness.report.figures_text import counts
from harness.report.gate_text import gate_text, next_command
from harness.report.paths_text import paths_text
from harness.report.progress import progress
from harness.report.run_text import needs_a_look, run_text
from harness.report.terminal import Look
from tests.golden_files import golden
from tests.harness.cell_builder import PATH, UNITS, Run, cell, difference, observation, open_cells
from tests.harness.story import BAN, PAY, cells, free_run


def closed() -> Run:
    return Run(cells=(*cells(), *open_cells()), paths=(PAY, BAN, PATH), units=UNITS, leak=None,
               free=(free_run(), FreeRun(scenario="voids", outcome=Free.KEPT)),
               rulings=(Reason(slug="ruling-expired", found="R-1 until 2026-01-01",
                               needed="a date to come"),))  # fmt: skip


def run_page(run: Run) -> str:
    evidence = run.evidence()
    return run_text(run.cells, run.free, totals=evidence.totals, free_totals=evidence.free,
                    level="rehearsal")  # fmt: skip


class Path:
    id, module, origin = PATH, "m.voided", "billing-webhooks"
    triggers = ("invoice.voided",)
    reads = ("invoices",)
    writes = ("customer.bad_debt_since",)


def test_an_open_gate() -> None:
    golden("gate-open.txt", gate_text(Run().verdict()))


def test_a_closed_gate_with_every_reason() -> None:
    golden("gate-closed.txt", gate_text(closed().verdict()))


def test_a_gate_with_everything_that_no_output_may_be_silent_about() -> None:
    verdict = replace(
        Run(partial="1 of 3 scenarios").verdict(),
        relaxations=(Relaxation(key="floors.sound_agree", value=Fraction(1), default=Fraction(3),
                                reason="few ways in", decision="docs/decisions/0007",
                                date=date(2026, 1, 2)),),
        statements=(NoSoundCase(path="cron.x", reason="asks twice", decision="docs/decisions/0008",
                                approver="ledger", expires=date(2026, 5, 1)),),
        retired={"books.billing_db.failed_attempts (retired)": 8},
    )  # fmt: skip

    golden("gate-partial.txt", gate_text(verdict))


def test_a_run_that_needs_a_look() -> None:
    golden("run.txt", run_page(closed()))


def test_a_clean_run() -> None:
    golden("run-clean.txt", run_page(Run()))


def test_the_paths() -> None:
    golden("paths.txt", paths_text({PATH: Path()}, UNITS, {PATH: ["b", "a"]}))


@pytest.mark.parametrize("page", [gate_text(closed().verdict()), run_page(closed())])
def test_pages_fit_in_100_columns_and_end_with_the_next_command(page: str) -> None:
    assert max(map(len, page.splitlines())) <= 100
    assert page.splitlines()[-1].startswith("Next: shadow ")


def test_a_run_counts_what_it_does_not_list() -> None:
    many = [difference(at=f"store.field_{n}") for n in range(7)]
    follows = difference(facet="customer", at="asks")
    bad = cell("a#1", outcome=Outcome.DIVERGE, differences=[*many, follows])
    found = (Finding(outcome=Outcome.ERROR, slug="trap-sprung", detail="time.time"),)

    page = run_page(Run(cells=(replace(bad, findings=found),)))

    assert page.count("first cause: ") == 5
    assert "and 2 more causes and 1 that follow or repeat: shadow show a#1" in page
    assert "finding ERROR trap-sprung: time.time" in page


def test_colour_changes_no_word() -> None:
    verdict = closed().verdict()

    assert "\x1b[" in gate_text(verdict, look=Look(colour=True))
    assert "\x1b" not in gate_text(verdict)


def test_every_reason_of_the_verdict_is_on_the_page() -> None:
    verdict = closed().verdict()
    page = gate_text(verdict, look=Look(width=160))

    for reason in (*verdict.reasons, *(r for p in verdict.paths.values() for r in p.reasons)):
        assert reason.slug in page
        assert reason.needed in page


def test_what_is_not_required_is_never_left_out() -> None:
    assert gate_text(Run().verdict()).count("no evidence yet") == 6


def test_hostile_names_in_reasons_and_paths_are_not_obeyed() -> None:
    bad = "[red]\x1b[2J\u202e"
    run = Run(cells=(cell("voids#1", (bad,), Outcome.DIVERGE, control=observation()),),
              rulings=(Reason(slug="x", found=bad, needed=bad),))  # fmt: skip

    page = gate_text(run.verdict(), look=Look(colour=False)) + run_page(run)

    assert not set(page) & set("\x1b\u202e")
    assert r"[red]\x1b[2J\u202e" in page


@pytest.mark.parametrize(
    ("run", "command"),
    [
        (Run(), "shadow gate --json"),
        (Run(partial="1 of 3"), "shadow gate"),
        (Run().adding(cell("voids#9", outcome=Outcome.DIVERGE)), "shadow show voids#9"),
        (Run().adding(cell("voids#9", wrongs=("x",))), "shadow show voids#9"),
        (Run(cells=open_cells()[:8]), "shadow paths"),
        (Run(leak=1), "shadow run"),
    ],
)
def test_the_gate_names_what_to_type_next(run: Run, command: str) -> None:
    arcs = {"own": frozenset({1, 2}), "gate": frozenset({1, 2})}
    known = tuple(
        replace(c, episode=replace(c.episode, control=observation(arcs=arcs))) for c in run.cells
    )

    assert next_command(replace(run, cells=known).verdict()) == command


def test_sums_that_do_not_add_up_are_seen() -> None:
    assert counts({"expected": 3, "AGREE": 2, "ERROR": 0}) == "expected 3 is not AGREE 2"
    assert counts({"expected": 0, "AGREE": 0}) == "expected 0 = nothing"


def test_a_scenario_is_clean_only_with_cells_and_a_kept_free_run() -> None:
    kept = FreeRun(scenario="a", outcome=Free.KEPT)

    assert not needs_a_look([cell("a#1")], kept)
    assert needs_a_look([cell("a#1")], None)
    assert needs_a_look([], kept)
    assert needs_a_look([cell("a#1", outcome=Outcome.DRIFT)], kept)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_only_to_somebody_at_a_terminal() -> None:
    log, terminal = io.StringIO(), Terminal()

    for stream in (log, terminal):
        with progress(stream, "replaying", 2) as step:
            step()
            step()

    assert log.getvalue() == ""
    assert "replaying" in terminal.getvalue()
