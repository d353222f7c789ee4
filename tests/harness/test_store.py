"""A store gives back what was written, counts it once, and adds up by id; in both databases."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from harness.errors import InputError
from harness.model import ABSENT, Class, Difference, Finding, Free, FreeRun, Outcome
from harness.store import reader, schema, writer
from harness.store.address import read_address
from harness.store.id_sum import IdSum
from harness.store.opening import Store, opened, upgrade
from harness.store.part import Expected, Place
from harness.store.run import new_id
from harness.store.signature import signature
from tests.harness.cell_builder import OTHER, PATH, cell, difference
from tests.harness.kept_runs import fresh_database, keep, part, rows, run, running
from tests.postgres import Postgres
from tests.shadow_command import ROOT

HOSTILE = "a\x00b \ud800 \u202e '; DROP TABLE run; -- \\N\t\n ü"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "runs.db")
    name = f"db{abs(hash(request.node.name))}"
    return fresh_database(request.getfixturevalue("server"), name)


@pytest.fixture
def store(url: str) -> Store:
    return opened(url, make=True)


def refused(slug: str) -> Any:
    return pytest.raises(InputError, match=rf"\[{slug}\]")


# --- what is written is read back -------------------------------------------------------


def test_what_was_found_is_read_back_as_it_was(store: Store) -> None:
    lost = Finding(outcome=Outcome.DRIFT, slug="drift", detail=HOSTILE)
    odd = difference(
        'rows.["a\\u0000b"].x', control={"n": [1, None, True, HOSTILE]}, candidate=ABSENT,
        owners=(PATH, OTHER), ruling="R-one",
    )  # fmt: skip
    cells = (
        cell("a#0"),
        cell("a#1", outcome=Outcome.RULED, differences=(odd, difference(ruling="R-one"))),
        cell("b#0", (PATH, OTHER), Outcome.DIVERGE, own={PATH: Outcome.DIVERGE,
             OTHER: Outcome.AGREE}, klass=Class.REPAIR, provenance="recorded"),
    )  # fmt: skip
    drifts = cell("b#1", outcome=Outcome.DRIFT)
    drifts = type(drifts)(
        episode=drifts.episode, outcome=drifts.outcome, own={}, differences=(), findings=(lost,)
    )
    broken = FreeRun(scenario="b", outcome=Free.BROKEN, broken=("I1 " + HOSTILE,))
    kept = FreeRun(scenario="a", outcome=Free.KEPT)
    keep(store, run(), part((*cells, drifts), (kept, broken)), gate="open")

    (known,) = reader.known(store)
    assert known.run == run()
    assert (known.complete, known.gate, known.ended) == (True, "open", run().begun + 60)
    assert {name: one.count for name, one in known.totals.cells.items()} == {
        "AGREE": 1, "RULED": 1, "DIVERGE": 1, "DRIFT": 1,
    }  # fmt: skip
    assert known.totals.kinds == {"curated": 3, "recorded": 1}
    assert {name: one.count for name, one in known.totals.free.items()} == {"KEPT": 1, "BROKEN": 1}
    first, second = reader.differences(store, run().id)
    assert (first["cell"], first["number"], first["path"]) == ("a#1", 0, f"{PATH} {OTHER}")
    assert (first["ruling"], first["outcome"], second["field"]) == (
        "R-one", "RULED", "books.store.flag",
    )  # fmt: skip
    assert json.loads(first["body"]) == {
        "facet": "books", "at": 'rows.["a\\u0000b"].x', "owners": [PATH, OTHER], "origin": "",
        "ruling": "R-one", "control": {"n": [1, None, True, HOSTILE]},
    }  # fmt: skip
    assert rows(store, "used")["used"] == [(run().id, "scenarios", "R-one", 1)]
    (remarks,) = [json.loads(row[-1]) for row in rows(store, "free")["free"]]
    assert remarks["broken"] == ["I1 " + HOSTILE]
    findings = {row[1]: json.loads(row[9]) for row in rows(store, "cell")["cell"]}
    assert findings == {"a#1": [], "b#0": [], "b#1": [["DRIFT", "drift", HOSTILE]]}


def test_differences_are_found_by_what_they_are(store: Store) -> None:
    alike = [
        cell(f"s{n}#0", outcome=Outcome.DIVERGE,
             differences=(difference(f"invoices.in_{n}.status", control="open",
                                     candidate="void"),))
        for n in range(3)
    ]  # fmt: skip
    other = cell("t#0", (OTHER,), Outcome.RULED,
                 differences=(difference("x", owners=(OTHER,), ruling="R-two"),))  # fmt: skip
    keep(store, run(), part((*alike, other)))

    (mark,) = {row["signature"] for row in reader.differences(store, run().id, path=PATH)}
    found = reader.differences(store, run().id, signature=mark)

    assert [row["cell"] for row in found] == ["s0#0", "s1#0", "s2#0"]
    assert [r["cell"] for r in reader.differences(store, run().id, ruling="R-two")] == ["t#0"]


def test_one_path_answers_for_its_own_outcome_and_kinds_stand_apart(store: Store) -> None:
    own = {PATH: Outcome.DIVERGE, OTHER: Outcome.AGREE}
    cells = (
        cell("a#0", (PATH, OTHER), Outcome.DIVERGE, own=own),
        cell("a#1", (OTHER,), provenance="recorded"),
        cell("a#2", (OTHER,)),
    )
    keep(store, run(), part(cells))

    (mine,), (other,) = reader.trend(store, PATH), reader.trend(store, OTHER)

    assert mine.kinds == {"curated": {"DIVERGE": 1}}
    assert other.kinds == {"curated": {"AGREE": 2}, "recorded": {"AGREE": 1}}


def test_ids_are_sorted_as_the_runs_began() -> None:
    moments = [1_772_445_600.0, 1_772_445_600.25, 1_772_445_600.999, 1_772_445_601.0]

    ids = [new_id(at, "fff" if at % 1 else "000") for at in moments]

    assert ids == sorted(ids)
    assert ids[:2] == ["20260302-100000-000000", "20260302-100000-400fff"]
    assert len({new_id(moments[0]) for _ in range(20)}) > 15


# --- parts ------------------------------------------------------------------------------


def test_a_part_that_is_written_twice_is_there_once(store: Store) -> None:
    place = Place(id="0-100", source="accounts.jsonl", first=0, last=100)
    found = part((cell("a#0", outcome=Outcome.DIVERGE, differences=(difference(),)),), place=place)
    writer.begin(store, run(), [place])

    writer.write(store, run().id, found)
    once = rows(store)
    writer.write(store, run().id, found)

    assert rows(store) == once
    writer.write(store, run().id, part((cell("b#0"),), place=place))
    assert rows(store, "cell", "difference") == {"cell": [], "difference": []}
    writer.end(store, run().id, ended=1)
    assert reader.known(store)[0].totals.expected == IdSum.of(["b#0"])


def test_what_is_left_to_do_of_a_run_is_known(store: Store) -> None:
    places = [Place(id=f"{n}", source="accounts.jsonl", first=n, last=n + 1) for n in range(3)]
    writer.begin(store, run(), places)
    writer.write(store, run().id, part((cell("a#0"),), place=places[1]))

    assert writer.states(store, run().id) == {"0": "announced", "1": "done", "2": "announced"}
    (known,) = reader.known(store)
    assert (known.complete, known.ended, known.parts, known.done) == (False, None, 3, 1)
    with refused("store-part") as caught:
        writer.end(store, run().id, ended=1)
    assert "2 parts are missing, '0' first" in caught.value.message


def test_the_parts_of_a_run_add_up_to_the_same_run_in_one_part(store: Store) -> None:
    cells = [cell(f"s{n}#0", outcome=Outcome.DIVERGE if n % 3 else Outcome.AGREE)
             for n in range(9)]  # fmt: skip
    split = [part(cells[n : n + 3], place=Place(id=f"{n}", source="f")) for n in (0, 3, 6)]
    keep(store, run(1), part(cells))
    keep(store, run(2), *split)

    one, three = reader.known(store)

    assert one.totals == three.totals
    assert (one.parts, three.parts) == (1, 3)


def test_runs_of_the_same_scenarios_share_one_roster(store: Store) -> None:
    cells = (cell("a#0"), cell("a#1"), cell("b#0"))
    keep(store, run(1), part(cells))
    keep(store, run(2), part(cells))

    assert len(rows(store, "rostered")["rostered"]) == 2
    assert len(rows(store, "roster")["roster"]) == 1


def test_a_part_that_nobody_announced_or_of_a_run_that_is_complete_is_refused(
    store: Store,
) -> None:
    found = part((cell("a#0"),))
    with refused("store-part"):
        writer.write(store, run().id, found)
    keep(store, run(), found)
    before = rows(store)

    with refused("store-part"):
        writer.write(store, run().id, found)
    with refused("store-part"):
        writer.write(store, run().id, part((cell("b#0"),), place=Place(id="x", source="")))
    assert rows(store) == before


# --- sums by id -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (("a#0", "a#1"), "3 cells expected and 2 counted"),
        (("a#0", "a#1", "b#0", "b#1"), "3 cells expected and 4 counted"),
        (("a#0", "a#1", "a#1"), "3 cells expected and 3 counted, and not the same ones"),
        (("a#0", "a#1", "c#0"), "3 cells expected and 3 counted, and not the same ones"),
    ],
)
def test_a_part_that_does_not_add_up_by_id_is_not_stored(
    store: Store, ids: tuple[str, ...], said: str
) -> None:
    expected = (Expected("a", "", 2), Expected("b", "", 1))
    kept = [FreeRun(scenario=name, outcome=Free.KEPT) for name in "ab"]
    bad = part([cell(name) for name in ids], kept, expected=expected)
    writer.begin(store, run(), [bad.place])
    before = rows(store)

    with refused("store-sums") as caught:
        writer.write(store, run().id, bad)

    assert caught.value.message == f"part scenarios: {said}"
    assert rows(store) == before


def test_free_runs_add_up_by_id_too(store: Store) -> None:
    twice = [FreeRun(scenario="a", outcome=Free.KEPT)] * 2
    bad = part((cell("a#0"), cell("b#0")), twice)
    writer.begin(store, run(), [bad.place])

    with refused("store-sums") as caught:
        writer.write(store, run().id, bad)
    assert "2 free runs expected and 2 counted, and not the same ones" in caught.value.message


def test_a_cell_that_was_not_run_is_counted_by_its_id(store: Store) -> None:
    expected = (Expected("a", "", 3),)
    found = part((cell("a#0"),), (), expected=expected)
    found.lose("a#1", (PATH,))
    found.lose("a#2")
    found.lose_free("a")
    keep(store, run(), found)

    (known,) = reader.known(store)
    assert known.totals.cells["NOT_RUN"] == IdSum.of(["a#1", "a#2"])
    assert known.totals.free == {"NOT_RUN": IdSum.of(["a"])}
    (point,) = reader.trend(store, PATH)
    assert point.kinds == {"": {"NOT_RUN": 1}, "curated": {"AGREE": 1}}


def test_a_scenario_in_two_parts_ends_no_run(store: Store) -> None:
    places = [Place(id=name, source="f") for name in "xy"]
    writer.begin(store, run(), places)
    writer.write(store, run().id, part((cell("a#0"), cell("b#0")), place=places[0]))
    writer.write(store, run().id, part((cell("a#0"), cell("c#0")), place=places[1]))

    with refused("store-sums") as caught:
        writer.end(store, run().id, ended=1)
    assert "4 scenarios expected, 4 listed, 3 of them distinct" in caught.value.message
    assert not reader.known(store)[0].complete


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tally SET cells = cells + 1",
        "UPDATE tally SET ids = 'no sum'",
        "DELETE FROM tally WHERE path = '(cell)' AND outcome = 'RULED'",
        "UPDATE roster SET cell_ids = scenario_ids",
        "UPDATE free_tally SET runs = 7",
    ],
)
def test_rows_that_somebody_changed_are_noticed(store: Store, change: str) -> None:
    keep(store, run(), part((cell("a#0"), cell("a#1", outcome=Outcome.RULED))))
    with store.writing() as connection:
        connection.execute(text(change))

    with refused("store-damaged"):
        reader.known(store)


@given(st.lists(st.text(), max_size=8), st.randoms(use_true_random=False))
def test_a_sum_of_ids_knows_no_order_and_tells_every_other_multiset(
    ids: list[str], chance: Any
) -> None:
    mixed = list(ids)
    chance.shuffle(mixed)
    parts = IdSum.of(mixed[:3])
    parts.take(IdSum.of(mixed[3:]))

    assert parts == IdSum.of(ids) == IdSum.read(len(ids), IdSum.of(ids).text)
    for at in range(len(ids)):
        other = [*ids[:at], *ids[at + 1 :], ids[at] + "x"]
        assert IdSum.of(other) != IdSum.of(ids)
        assert IdSum.of(other).count == len(ids)


# --- signatures -------------------------------------------------------------------------


def mark(at: str = "invoices.in_1.status", **changes: Any) -> str:
    values = {"control": "open", "candidate": "void", **changes}
    return signature("deliver invoice.paid", difference(at, **values))


def test_a_signature_sees_through_ids_and_amounts_and_nothing_else() -> None:
    assert mark() == mark("invoices.in_99.status")
    assert mark(control=1) == mark(control=700)
    assert mark(control={"in_1": {"n": 5}}) == mark(control={"in_2": {"n": 8}})
    others = [
        mark(), mark("invoices.in_1.kind"), mark(candidate="paid"), mark(candidate=ABSENT),
        mark(candidate=None), mark(candidate=False), mark(candidate=0), mark(candidate=5),
        mark(candidate=-5), mark(candidate="2026-03-02"), mark(owners=(OTHER,)),
        mark(facet="money"), signature("look", difference("invoices.in_1.status")),
    ]  # fmt: skip
    assert len(set(others)) == len(others)


# --- versions ---------------------------------------------------------------------------


def test_the_migrations_make_the_tables_that_the_schema_names(store: Store) -> None:
    with store.reading() as connection:
        options = {"version_table": schema.VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, schema.META) == []


def test_a_store_of_version_1_is_brought_up_to_date_with_all_that_is_in_it(url: str) -> None:
    old = Store(read_address(url))
    with old.writing() as connection:
        upgrade(connection, "0001")
    ruled = difference(ruling="R-one")
    given = difference("given", ruling="(given)")
    cells = (
        cell("a#0", outcome=Outcome.RULED, differences=(ruled, difference("x", ruling="R-one"))),
        cell("a#1", outcome=Outcome.RULED, differences=(ruled, given)),
    )
    with pytest.MonkeyPatch.context() as patched:  # version 1 knew no `used`
        known = [table for table in schema.OF_PART if table is not schema.USED]
        patched.setattr(schema, "OF_PART", known)
        patched.setattr(writer, "_rows", without_used(writer._rows))
        keep(old, run(), part(cells))

    new = opened(url, make=False)

    assert rows(new, "used")["used"] == [(run().id, "scenarios", "R-one", 2)]
    (known_run,) = reader.known(new)
    assert known_run.complete
    assert len(list(reader.differences(new, run().id))) == 4
    keep(new, run(2), part(cells))
    assert opened(url, make=True).address == new.address


def without_used(given: Any) -> Any:
    return lambda *asked: ((t, found) for t, found in given(*asked) if t is not schema.USED)


# --- several at once --------------------------------------------------------------------

WRITES = """
import sys
from harness.store import writer
from harness.store.opening import opened
from harness.store.part import Place
from tests.harness.cell_builder import cell
from tests.harness.kept_runs import keep, part, run

url, number = sys.argv[1], int(sys.argv[2])
sys.stdin.readline()
store = opened(url, make=True)
parts = [
    part([cell(f"s{n}-{m}#0") for m in range(50)], place=Place(id=f"{n}", source="f"))
    for n in range(10)
]
keep(store, run(number), *parts)
"""


def test_processes_that_write_at_once_make_one_store_and_lose_nothing(url: str) -> None:
    """Both also find no tables, and expect the same scenarios, whose rosters they share."""
    words = [sys.executable, "-c", WRITES, url]
    started = [
        subprocess.Popen(
            [*words, str(number)], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )
        for number in (1, 2, 3)
    ]  # fmt: skip
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate(timeout=120)[1] for one in started]

    assert said == ["", "", ""]
    known = reader.known(opened(url, make=False))
    assert [(one.run.id, one.complete, one.done) for one in known] == [
        (run(number).id, True, 10) for number in (1, 2, 3)
    ]
    assert {one.totals.expected.count for one in known} == {500}
    assert len(rows(opened(url, make=False), "roster")["roster"]) == 10


def test_a_difference_is_no_less_than_it_was() -> None:
    """Every field of a difference is in its body, so that none is lost when one is added."""
    (row,) = part((cell("a#0", outcome=Outcome.DIVERGE, differences=(difference(),)),)).differences

    assert set(json.loads(row[-1])) == set(Difference.__struct_fields__)
