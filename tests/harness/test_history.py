"""`--store` keeps a run without a word changed, and `shadow history` tells what was kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from harness import command
from harness.cli import main
from harness.errors import InputError, Void
from harness.model import Cell, Free, FreeRun, Outcome
from harness.report.terminal import Look
from harness.store import history_text, reader, writer
from harness.store.changes import Changed, Changes, changes
from harness.store.history_text import changes_text, runs_text, trend_text
from harness.store.opening import Store, opened
from harness.store.part import Part
from tests.golden_files import golden
from tests.harness.cell_builder import OTHER, PATH, cell, difference
from tests.harness.kept_runs import MADE_OF, keep, part, rows, run
from tests.harness.planted import ROOT
from tests.harness.toy_project import HELD, LATE, ON_TIME, project


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return opened(str(tmp_path / "runs.db"), make=True)


def diverging(name: str, at: str = "store.flag", ruling: str = "", **changes: Any) -> Cell:
    outcome = Outcome.RULED if ruling else Outcome.DIVERGE
    return cell(name, outcome=outcome, differences=(difference(at, ruling=ruling),), **changes)


def first() -> Part:
    """Five scenarios, of which one diverges, one is ruled and one free run is broken."""
    cells = (
        cell("agrees#0"), cell("agrees#1"), diverging("diverges#0"), diverging("stays#0"),
        diverging("ruled#0", ruling="R-old"), diverging("gone#0"), cell("grows#0"),
    )  # fmt: skip
    free = [
        FreeRun(scenario=name, outcome=Free.BROKEN if name == "diverges" else Free.KEPT)
        for name in ("agrees", "diverges", "stays", "ruled", "gone", "grows")
    ]
    return part(cells, free)


def second() -> Part:
    """Of each sort of change one."""
    cells = (
        cell("agrees#0"), diverging("agrees#1"), cell("diverges#0"),
        diverging("stays#0", "store.other"), diverging("ruled#0", ruling="R-new"),
        diverging("new#0", paths=(OTHER,), provenance="recorded"), cell("grows#0"),
        diverging("grows#1"),
    )  # fmt: skip
    free = [
        FreeRun(scenario=name, outcome=Free.MOOT if name == "ruled" else Free.KEPT)
        for name in ("agrees", "diverges", "stays", "ruled", "new", "grows")
    ]
    found = part(cells, free)
    found.expected = tuple(
        one._replace(sha256="edited") if one.scenario in ("ruled", "grows") else one
        for one in found.expected
    )
    return found


def three_runs(store: Store) -> None:
    """Two that are complete and one that was interrupted."""
    keep(store, run(1), first())
    keep(store, run(2, made_of={**MADE_OF, "candidate": "c2"}), second(), gate="open")
    writer.begin(store, run(3, partial="scenarios/a.yaml"), [first().place])


def compared(store: Store, was: int, now: int) -> Changes:
    return changes(store, *(reader.one(store, run(number).id) for number in (was, now)))


# --- what changed -----------------------------------------------------------------------


def test_every_sort_of_change_is_found_and_no_other(store: Store) -> None:
    three_runs(store)

    found = compared(store, 1, 2)

    assert found.cells == (
        Changed("agrees#1", "AGREE", "DIVERGE"),
        Changed("diverges#0", "DIVERGE", "AGREE"),
        Changed("grows#1", "", "DIVERGE"),
    )
    assert found.otherwise == ("ruled#0", "stays#0")
    assert found.free == (
        Changed("diverges", "BROKEN", "KEPT"),
        Changed("ruled", "KEPT", "MOOT"),
    )
    assert (found.new, found.gone, found.edited) == (("new",), ("gone",), ("grows", "ruled"))
    assert (found.rulings_new, found.rulings_gone) == ({"R-new": 1}, {"R-old": 1})
    assert found.made_of == ("candidate",)
    assert not found.nothing


def test_backwards_every_change_is_turned_around(store: Store) -> None:
    three_runs(store)
    there, back = compared(store, 1, 2), compared(store, 2, 1)

    assert back.cells == tuple(Changed(one.id, one.now, one.was) for one in there.cells)
    assert back.free == tuple(Changed(one.id, one.now, one.was) for one in there.free)
    assert (back.new, back.gone, back.edited) == (there.gone, there.new, there.edited)
    assert (back.rulings_new, back.rulings_gone) == (there.rulings_gone, there.rulings_new)
    assert back.otherwise == there.otherwise


def test_between_a_run_and_itself_nothing_changed(store: Store) -> None:
    three_runs(store)

    found = compared(store, 2, 2)

    assert found.nothing
    assert found.made_of == ()
    assert "Both found the same." in changes_text(found)


def test_an_incomplete_run_is_compared_with_nothing(store: Store) -> None:
    three_runs(store)

    for was, now in ((1, 3), (3, 1)):
        with pytest.raises(InputError, match=r"\[run-incomplete\]") as caught:
            compared(store, was, now)
        assert "0 of 1 parts are there" in caught.value.message


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM cell WHERE run LIKE '20260301%' AND id = 'diverges#0'",
        "UPDATE cell SET id = 'agrees#0' WHERE run LIKE '20260301%' AND id = 'diverges#0'",
        "UPDATE cell SET outcome = 'RULED' WHERE id = 'diverges#0'",
        "DELETE FROM free WHERE run LIKE '20260302%'",
        "DELETE FROM rostered WHERE scenario = 'new'",
        "UPDATE rostered SET scenario = 'old' WHERE scenario = 'new'",
        "UPDATE rostered SET cells = cells + 1 WHERE scenario = 'new'",
    ],
)
def test_a_row_that_is_lost_is_never_an_agreement(store: Store, change: str) -> None:
    three_runs(store)
    with store.writing() as connection:
        assert connection.execute(text(change)).rowcount > 0

    with pytest.raises(InputError, match=r"\[store-damaged\]"):
        compared(store, 1, 2)


# --- what people read -------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 100])
def test_pages(store: Store, width: int) -> None:
    three_runs(store)
    look = Look(width=width)

    pages = (
        runs_text(reader.known(store), reader.numbers(store), "runs.db", look=look),
        trend_text(PATH, reader.trend(store, PATH), "runs.db", look=look),
        trend_text(OTHER, reader.trend(store, OTHER), "runs.db", look=look),
        changes_text(compared(store, 1, 2), look=look),
    )

    for page in pages:
        assert max(len(line) for line in page.split("\n")[:-1]) <= width
    golden(f"history-{width}.txt", f"\n\n{'=' * 20}\n\n".join(pages))


def test_runs_are_read_in_their_order_however_many_there_are(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (4, 1, 3, 2, 5):
        keep(store, run(number), part([cell(f"s{number}#0")]))
    monkeypatch.setattr(reader, "AT_ONCE", 2)

    found = reader.known(store)

    assert [one.run.id for one in found] == [run(number).id for number in range(1, 6)]
    assert all(one.totals.expected.count == 1 for one in found)


def test_a_store_without_a_run_says_how_to_keep_one(store: Store) -> None:
    assert runs_text((), reader.numbers(store), "my runs.db").split("\n") == [
        "Runs: 0", "", "Next: shadow gate --store 'my runs.db'",
    ]  # fmt: skip


def test_what_does_not_fit_is_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_text, "SHOWN", 1)
    three_runs(store)

    newest = reader.known(store, newest=1)
    assert [one.run.id for one in newest] == [run(3).id]
    page = runs_text(newest, reader.numbers(store), "runs.db")
    assert "Runs: 3, 1 incomplete" in page
    assert "and 2 older ones: --json lists all" in page
    page = changes_text(compared(store, 1, 2))
    assert "Cells with another outcome: 3" in page
    assert "and 2 more: --json lists all" in page
    assert "and 1 older rows" in trend_text(PATH, reader.trend(store, PATH), "runs.db")


# --- the commands -----------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project(tmp_path, late=LATE, held=HELD, **{"on-time": ON_TIME})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the second process
    return tmp_path


Capture = pytest.CaptureFixture[str]


def told(capsys: Capture, *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


@pytest.mark.parametrize("name", ["run", "gate"])
def test_a_store_changes_no_word_of_what_is_said(name: str, desk: Path, capsys: Capture) -> None:
    alone = told(capsys, name)
    code, out, err = told(capsys, name, "--store", "runs.db")

    assert (code, out) == alone[:2]
    assert err.startswith(f"{alone[2]}stored: runs.db, run 2")


def test_what_is_kept_is_what_was_said(desk: Path, capsys: Capture) -> None:
    assert told(capsys, "lint", "--write")[0] in (0, 1)
    told(capsys, "gate", "--store", "runs.db")
    _, out, _ = told(capsys, "gate", "--json")
    said = json.loads(out)

    (known,) = json.loads(told(capsys, "history", "--store", "runs.db", "--json")[1])["runs"]
    assert known["cells"] == {k: n for k, n in said["totals"].items() if n and k != "expected"}
    assert known["free"] == {k: n for k, n in said["free"].items() if n and k != "expected"}
    assert known["evidence"] == said["evidence"]
    assert (known["gate"], known["level"], known["complete"]) == ("closed", "rehearsal", True)
    assert set(known["made_of"]) > {"candidate", "control", "world", "rulings", "policy"}
    for path, told_of in said["paths"].items():
        page = told(capsys, "history", "--store", "runs.db", "--path", path, "--json")[1]
        (row,) = json.loads(page)["runs"]
        assert row["evidence"] == {"curated": told_of["outcomes"]}
    _, out, _ = told(capsys, "run", "--json")
    bodies = {
        (cell["cell"], f"{one['facet']}.{one['at']}")
        for scenario in json.loads(out)["scenarios"]
        for cell in scenario["cells"]
        for one in cell["differences"]
    }
    kept = opened("runs.db", make=False)
    found = reader.differences(kept, known["id"])
    assert {(row["cell"], row["field"]) for row in found} == bodies != set()


def test_what_was_pinned_and_not_run_is_not_run_by_id(desk: Path, capsys: Capture) -> None:
    """A scenario that is gone, and one that cannot be read."""
    told(capsys, "lint", "--write")
    (desk / "scenarios" / "late.yaml").unlink()
    (desk / "scenarios" / "held.yaml").write_text("broken")
    told(capsys, "gate", "--store", "runs.db")

    lost = rows(opened("runs.db", make=False), "cell", "free")
    cells = [row[1] for row in lost["cell"] if row[7] == "NOT_RUN"]
    assert cells == [*(f"held#{n}" for n in range(7)), *(f"late#{n}" for n in range(3))]
    assert [row[1] for row in lost["free"] if row[4] == "NOT_RUN"] == ["held", "late"]


def test_a_part_of_the_scenarios_expects_no_other(desk: Path, capsys: Capture) -> None:
    told(capsys, "lint", "--write")
    told(capsys, "run", "scenarios/late.yaml", "--store", "runs.db")

    (known,) = reader.known(opened("runs.db", make=False))
    assert known.run.partial == "scenarios/late.yaml"
    assert known.totals.expected_free.count == 1
    assert "not asked, of a part" in told(capsys, "history", "--store", "runs.db")[1]


def test_two_runs_beside_each_other(desk: Path, capsys: Capture) -> None:
    told(capsys, "run", "--store", "runs.db")
    (desk / "scenarios" / "on-time.yaml").unlink()
    told(capsys, "run", "--store", "runs.db")
    page = told(capsys, "history", "--store", "runs.db")[1]
    words = page.rstrip("\n").rpartition("Next: shadow ")[2].split()

    code, out, _ = told(capsys, *words)
    assert code == 0
    assert "Scenarios that are gone: 1\n  on-time\n" in out
    found = json.loads(told(capsys, *words, "--json")[1])
    assert found["schema"] == "shadow.changes/1"
    assert found["scenarios"] == {"new": [], "gone": ["on-time"], "edited": []}
    assert found["made_of"] == ["scenarios"]


@pytest.mark.parametrize("name", ["run", "gate"])
def test_a_store_that_cannot_be_used_is_said_before_the_work(
    name: str, desk: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "tell", lambda *_, **__: pytest.fail("worked in vain"))

    code, out, err = told(capsys, name, "--store", str(desk))

    assert (code, out) == (4, "")
    assert "[store-failed]" in err


def test_a_store_that_fails_in_the_end_takes_no_word_from_the_gate(
    desk: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, alone, _ = told(capsys, "gate")

    def failing(*_: object, **__: object) -> None:
        raise InputError("store-failed", "the store did not answer: full")

    monkeypatch.setattr(writer, "end", failing)
    code, out, err = told(capsys, "gate", "--store", "runs.db", "--junit", "junit.xml")

    assert (code, out) == (4, alone)
    assert "[store-failed]" in err
    assert "stored" not in err
    assert (desk / "junit.xml").exists()
    assert not reader.known(opened("runs.db", make=False))[0].complete


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 2), (Void("self-test-failed", "planted"), 6)]
)
def test_a_run_that_does_not_come_to_its_end_is_kept_as_incomplete(
    error: BaseException, code: int, desk: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ending(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(command, "replayed", ending)
    assert told(capsys, "gate", "--store", "runs.db")[0] == code

    out = told(capsys, "history", "--store", "runs.db")[1]
    assert out.startswith("Runs: 1, 1 incomplete\n")
    assert "incomplete, 0 of 1 parts" in out


@pytest.mark.parametrize(
    "words", [("a",), ("a", "b", "c"), ("a", "b", "--path", "p")], ids=" ".join
)
def test_history_takes_two_runs_or_a_path_or_neither(
    words: tuple[str, ...], capsys: Capture
) -> None:
    code, _, err = told(capsys, "history", "--store", "runs.db", *words)

    assert code == 4
    assert "name two runs, or a --path, or neither [usage]" in err


def test_history_needs_a_store(capsys: Capture) -> None:
    code, _, err = told(capsys, "history")

    assert code == 4
    assert "Missing option '--store'" in err
