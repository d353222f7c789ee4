"""`shadow record events` from files to replayed scenarios, on the loan desk with a recorder."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.document import read_document
from tests.golden_files import golden
from tests.harness.planted import ROOT, said
from tests.harness.recorded_desk import (
    DAY,
    START,
    event,
    fined,
    late,
    lines,
    recording_project,
)

ROW = "member,blocked\nm_1,false\n"


class Desk:
    """A project in a folder, and the command on it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.config = folder, recording_project(folder)
        self.recorded = folder / "scenarios" / "recorded"
        self.rows = folder / "rows.csv"
        self.rows.write_text(ROW)
        patch.setenv("PYTHONPATH", str(ROOT))  # for the second process
        patch.chdir(folder)

    def record(self, *events: Any, rows: bool = True, words: tuple[str, ...] = ()) -> Any:
        """Exit code and document of a recording of these events."""
        file = lines(self.folder / "events.jsonl", events)
        side = ("--accounts", str(self.rows)) if rows else ()
        config = ("--config", str(self.config), "--key", str(self.folder / "key"))
        return said("record", "events", str(file), *config, *side, *words)

    def scenario(self) -> dict[str, Any]:
        """The one scenario that was recorded."""
        (file,) = self.recorded.glob("*.yaml")
        data: dict[str, Any] = read_document(file).data
        return data

    def cells(self) -> dict[str, dict[str, Any]]:
        """Number of a cell → the cell, of the one scenario replayed."""
        _, document = said("run", "--config", str(self.config))
        (scenario,) = document["scenarios"]
        return {cell["cell"].partition("#")[2]: cell for cell in scenario["cells"]}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def slugs(cell: dict[str, Any]) -> list[str]:
    return [finding["slug"] for finding in cell["findings"]]


def test_a_recorded_event_becomes_an_act_that_is_replayed(desk: Desk) -> None:
    code, told = desk.record(late())

    assert (code, told["schema"], told["with_path"], told["unknown_state"]) == (
        0, "shadow.record/1", 1, 0,
    )  # fmt: skip
    (recording,) = told["recordings"]
    assert set(recording["cells"].values()) == {"AGREE"}
    written = desk.scenario()
    assert written["provenance"] == {
        "kind": "recorded", "source": "shadow record events", "order": "assumed",
        "recorded": "2026-03-05",
    }  # fmt: skip
    (item,) = written["when"]
    assert (item["webhook"], item["replaces"]) == ("loan.returned", True)
    assert item["object"]["returned_at"] == START + 3 * DAY
    assert "observed" not in written


def test_an_event_that_the_control_causes_itself_is_observed_and_no_act(desk: Desk) -> None:
    code, told = desk.record(late(), fined())

    assert (code, told["with_path"]) == (0, 1)
    (recording,) = told["recordings"]
    assert recording["echoes"] == ["events.jsonl:2"]
    assert (recording["acts"], recording["unattributed"], told["unattributed"]) == (1, 0, {})
    written = desk.scenario()
    assert [item["webhook"] for item in written["when"]] == ["loan.returned"]
    assert written["observed"] == [{}, {"books.loans.ln_1.fined": True}]


def test_a_wrong_value_in_an_echo_shows_that_the_control_drifted(desk: Desk) -> None:
    code, told = desk.record(late(), fined(fined=False), event("loan.lost", day=4))

    assert code == 0
    assert told["totals"]["DRIFT"] == 2
    cells = desk.cells()
    assert [cells[number]["outcome"] for number in "012"] == ["AGREE", "DRIFT", "DRIFT"]
    details = [one["detail"] for one in cells["1"]["findings"] if one["outcome"] == "DRIFT"]
    assert details == ["books.loans.ln_1.fined: observed False, the control has True"]
    assert slugs(cells["2"])[0] == "after-drift"


def test_what_nobody_asked_for_is_never_an_echo(desk: Desk) -> None:
    _, told = desk.record(late(), fined(request=None))

    (recording,) = told["recordings"]
    assert (recording["acts"], recording["echoes"]) == (2, [])
    assert recording["unattributed"] == 0


def test_an_event_of_the_controls_own_request_that_it_does_not_cause_is_drift_and_an_act(
    desk: Desk,
) -> None:
    (desk.folder / "calls").write_text("req_0\n\n  req_1  \n")
    alone = fined(day=4)

    _, told = desk.record(late(0), alone, words=("--calls", "calls"))

    (recording,) = told["recordings"]
    assert (recording["acts"], recording["echoes"], recording["uncaused"]) == (2, [], 1)
    assert desk.scenario()["observed"] == [{}, {"books.loans.ln_1.fined": True}]
    assert told["totals"]["DRIFT"] == 2


def test_what_the_control_causes_and_nobody_recorded_is_counted(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    _, told = desk.record(late())
    assert told["unseen"] == {"loan.fined": 1}

    main(["record", "events", "events.jsonl", "--accounts", str(desk.rows)])
    assert "not recorded  events that the control causes: loan.fined 1" in capsys.readouterr().out


def test_an_emitted_event_stands_for_one_recorded_event_only(desk: Desk) -> None:
    second = fined(id="evt_again", second=2, request="req_2")

    _, told = desk.record(late(), fined(), second)

    (recording,) = told["recordings"]
    assert recording["echoes"] == ["events.jsonl:2"]
    assert told["unattributed"] == {"events.jsonl": 1}


def test_an_event_about_another_object_is_no_echo(desk: Desk) -> None:
    _, told = desk.record(late(), fined(loan="ln_2"))

    (recording,) = told["recordings"]
    assert (recording["acts"], recording["unattributed"]) == (2, 1)


def test_an_event_before_the_control_could_cause_it_is_no_echo(desk: Desk) -> None:
    early = fined(second=-60)

    _, told = desk.record(early, late())

    (recording,) = told["recordings"]
    assert (recording["acts"], recording["echoes"]) == (2, [])


def test_without_the_store_that_a_path_reads_its_cell_is_not_run_and_counted_apart(
    desk: Desk,
) -> None:
    code, told = desk.record(late(), rows=False)

    assert (code, told["with_path"]) == (5, 0)
    assert told["unknown_state"] == told["totals"]["NOT_RUN"] == 2
    assert [reason["slug"] for reason in told["reasons"]] == ["nothing-compared"]
    _, document = said("run", "--config", str(desk.config))
    assert document["unknown_state"] == 2
    assert sum(document["totals"].values()) == 2 * document["totals"]["expected"]


def test_run_and_gate_say_how_much_is_not_run_for_want_of_recorded_state(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.record(late(), rows=False)
    said_so = "NOT_RUN 2, of these 2 for state that nobody recorded"

    main(["run", "--config", str(desk.config)])
    assert said_so in capsys.readouterr().out
    main(["gate", "--config", str(desk.config)])
    assert "of these 2 for state that nobody recorded" in capsys.readouterr().out
    main(["gate", "--config", str(desk.config), "--json"])
    assert json.loads(capsys.readouterr().out)["unknown_state"] == 2


def test_fewer_cells_with_a_path_than_demanded_end_with_the_reason(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.record(late(), words=("--at-least", "1"))[0] == 0
    capsys.readouterr()

    code, told = desk.record(late(), words=("--at-least", "2"))

    assert code == 1
    assert told["reasons"] == [
        {
            "slug": "too-few-cells",
            "found": "cells in which some path ran and was compared = 1",
            "needed": "at least 2",
        }
    ]
    assert "[too-few-cells]" in capsys.readouterr().err


def test_no_event_at_all_is_nothing_compared_and_writes_nothing(desk: Desk) -> None:
    code, told = desk.record({"object": "member"})

    assert code == 5
    assert told["unused"] == [{"where": "events.jsonl:1", "what": "member", "reason": "no event"}]
    assert not desk.recorded.exists()


def test_a_bad_line_among_good_ones_is_named_and_the_good_ones_are_used(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lines(desk.folder / "events.jsonl", [late()])
    file.write_text(file.read_text() + '{"id": 1, "id": 2}\n')
    words = ("--config", str(desk.config), "--accounts", str(desk.rows))

    code, told = said("record", "events", str(file), *words)

    assert (code, told["with_path"]) == (4, 1)
    assert [(one["slug"], one["where"]) for one in told["failures"]] == [
        ("json-syntax", "events.jsonl:2")
    ]
    assert "events.jsonl:2: no JSON: a key stands twice" in capsys.readouterr().err


def test_rows_come_from_a_database_too(desk: Desk) -> None:
    pytest.importorskip("sqlalchemy")
    with sqlite3.connect(desk.folder / "rows.db") as connection:
        connection.execute("CREATE TABLE members (member TEXT, blocked BOOLEAN)")
        connection.execute("INSERT INTO members VALUES ('m_1', 1)")
    connection.close()
    query = "SELECT member, blocked FROM members"

    code, told = desk.record(
        late(), rows=False, words=("--accounts", "sqlite:///rows.db", "--query", query)
    )

    assert (code, told["unknown_state"]) == (0, 0)
    assert desk.scenario()["given"]["member"] == {"blocked": True}


def test_a_run_counts_recorded_cells_under_their_own_kind(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.record(late())

    main(["run", "--config", str(desk.config)])
    assert "evidence   recorded 2 (kinds are never added)" in capsys.readouterr().out
    _, document = said("run", "--config", str(desk.config))
    assert document["evidence"] == {"recorded": 2}


def test_many_bad_lines_are_counted_and_all_of_them_stand_in_the_document(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    file = desk.folder / "events.jsonl"
    file.write_text("nonsense\n" * 50)

    code, told = said("record", "events", str(file), "--config", str(desk.config))

    assert (code, len(told["failures"])) == (4, 50)
    assert "30 more files, lines or rows could not be used" in capsys.readouterr().err


def test_the_same_key_gives_the_same_bytes_and_another_gives_another_id(desk: Desk) -> None:
    desk.record(late(), fined())
    (file,) = desk.recorded.glob("*.yaml")
    first = file.read_bytes()
    desk.record(late(), fined())
    assert file.read_bytes() == first

    (desk.folder / "key").write_text("another key of sixteen bytes")
    desk.record(late(), fined())

    assert len(list(desk.recorded.glob("*.yaml"))) == 2


def test_without_a_key_the_report_says_that_recordings_cannot_be_joined(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lines(desk.folder / "events.jsonl", [late()])
    words = ["record", "events", str(file), "--config", str(desk.config)]

    main([*words, "--accounts", str(desk.rows)])

    assert "kept nowhere" in capsys.readouterr().out


@pytest.mark.parametrize("length", [0, 15, 4097])
def test_a_key_that_is_no_key_is_refused(desk: Desk, length: int) -> None:
    (desk.folder / "key").write_text("k" * length)
    file = lines(desk.folder / "events.jsonl", [late()])

    code = main(["record", "events", str(file), "--config", str(desk.config), "--key", "key"])

    assert code == 4
    assert not desk.recorded.exists()


def test_what_people_added_to_a_recording_stays_when_it_is_made_again(desk: Desk) -> None:
    desk.record(late(), rows=False)
    (file,) = desk.recorded.glob("*.yaml")
    file.write_text(file.read_text() + "assume: {member: {blocked: false}}\nticket: desk-7\n")

    code, told = desk.record(late(), fined(), rows=False)

    assert code == 0
    assert desk.scenario()["assume"] == {"member": {"blocked": False}}
    assert desk.scenario()["ticket"] == "desk-7"
    (recording,) = told["recordings"]
    assert recording["assumed"] == ["member"]
    assert recording["echoes"] == ["events.jsonl:2"], "the control runs with what is assumed"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id: other\nprovenance: {kind: recorded}\n", "another file"),
        ("id: {id}\nprovenance: {{kind: curated, source: hand}}\n", "was not recorded"),
        ("a: [", "cannot be read"),
        ("just text\n", "another file"),
    ],
)
def test_a_file_that_is_not_the_same_recording_is_left_as_it_is(
    desk: Desk, text: str, why: str
) -> None:
    desk.record(late())
    (file,) = desk.recorded.glob("*.yaml")
    text = text.format(id=file.stem) if "{id}" in text else text
    file.write_text(text)

    code, told = desk.record(late())

    assert code == 4
    assert file.read_text() == text
    (failure,) = told["failures"]
    assert failure["slug"] == "not-recorded"
    assert why in failure["message"]
    assert [one["reason"] for one in told["unused"]] == [
        "its scenario cannot be written: not-recorded"
    ]


def test_what_cannot_be_read_back_is_named_and_never_written(desk: Desk) -> None:
    fraction = late()
    fraction["data"]["object"]["rate"] = 0.5
    large = late(member="m_2")
    large["data"]["object"]["number"] = 10**19

    code, told = desk.record(fraction, large)

    assert code == 4
    assert sorted(one["slug"] for one in told["failures"]) == ["no-plain-data", "yaml-number"]
    assert len(told["unused"]) == 2
    assert not desk.recorded.exists()


def test_a_recording_too_large_to_be_read_again_is_named(desk: Desk) -> None:
    code, told = desk.record(late(note="x" * (1 << 20)))

    assert (code, [one["slug"] for one in told["failures"]]) == (4, ["file-too-large"])


def test_the_kits_own_complaint_is_an_input_error(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.rows.write_text("name\nsomebody\n")

    code = main(
        ["record", "events", str(lines(desk.folder / "e.jsonl", [late()])),
         "--config", str(desk.config), "--accounts", "rows.csv"]
    )  # fmt: skip

    assert code == 4
    assert "rows.csv:2: member: a row names no member [recording-impossible]" in (
        capsys.readouterr().err
    )


def test_a_kit_without_a_recorder_says_so(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    plain = desk.config.read_text().replace("desk_recording", "desk_world.kit")
    desk.config.write_text(plain)

    code = main(["record", "events", "e.jsonl", "--config", str(desk.config)])

    assert code == 4
    assert "has no recorder [no-recorder]" in capsys.readouterr().err


def test_what_became_of_the_events_reads_well(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    happened = [
        late(), fined(), fined(loan="ln_2"), late(member="m_2"),
        *({"object": "loan", "id": str(number)} for number in range(5)),
        event("fine.waived", day=5),
    ]  # fmt: skip
    file = lines(desk.folder / "events.jsonl", happened)
    words = ["record", "events", str(file), "--config", str(desk.config), "--accounts", "rows.csv"]

    main([*words, "--key", "key", "--at-least", "2"])

    said = capsys.readouterr()
    golden("record.txt", f"{said.out}\n{said.err}")


def test_scenarios_outside_the_configured_ones_are_run_by_name(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lines(desk.folder / "events.jsonl", [late()])
    words = ["record", "events", str(file), "--config", str(desk.config), "--accounts", "rows.csv"]

    assert main([*words, "--out", "other folder"]) == 0

    assert capsys.readouterr().out.endswith("Next: shadow run 'other folder'\n")


def test_a_recording_without_a_difference_is_to_be_pinned(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lines(desk.folder / "events.jsonl", [late()])

    main(["record", "events", str(file), "--config", str(desk.config), "--accounts", "rows.csv"])

    assert capsys.readouterr().out.endswith("Next: shadow lint --write\n")


def test_the_order_of_delivery_is_recorded_where_it_is_known(desk: Desk) -> None:
    desk.record(late(), words=("--delivered",))

    assert desk.scenario()["provenance"]["order"] == "recorded"
