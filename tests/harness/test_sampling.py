"""`shadow sample` on a recorded population: drawn, evaluated, burned, and nothing forgotten."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness import run as running
from harness.cli import main
from harness.compose import compose
from harness.condition import Condition
from harness.sampling import bound as bounding
from harness.sampling.draw import Seed, draw
from harness.sampling.drawn_list import read_list, sample_of, sizes_of
from harness.sampling.frame import read_frame
from harness.sampling.gate_condition import condition
from harness.sampling.sampled import acceptances_of
from tests.golden_files import golden
from tests.harness.planted import ROOT, edit, said
from tests.harness.sampled_desk import (
    BLOCKED,
    OTHER,
    READER,
    TOO_CHEAP,
    Desk,
    id_of,
    member,
    slugs,
)
from tests.harness.toy_project import ON_TIME

PATH = "webhook.loan_returned"
ASKED = """
bounds: {wrong_max: 1/4, confidence: 19/20}
relaxations: [{key: bounds.wrong_max, reason: a small desk, decision: "0001", date: 2026-03-02}]
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of twenty-four members, made once."""
    with pytest.MonkeyPatch.context() as patch:
        desk = Desk(tmp_path_factory.mktemp("recorded"), patch)
        desk.record(desk.members)
    return desk.scenarios / "recorded"


@pytest.fixture
def desk(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Twenty-four members, all recorded and framed; a quarter of them may be wrong."""
    desk = Desk(tmp_path, monkeypatch)
    shutil.copytree(recorded, desk.scenarios / "recorded")
    desk.frame()
    desk.policy(ASKED)
    return desk


def weighed(desk: Desk) -> Condition:
    """The condition as a gate has it, from a run of its own."""
    composition = compose(desk.config, ())
    return condition(composition, running.run(composition, today=date(2026, 4, 2)))


def closing(desk: Desk) -> list[str]:
    return [reason.slug for reason in weighed(desk).closing()]


def sampled(desk: Desk, *words: str) -> Any:
    """Draw and evaluate; the document of the evaluation."""
    code, told = desk.sample("draw", *(words or ("--for-bound", "1/4")))
    assert code == 0, told
    code, told = desk.sample("evaluate")
    assert code in (0, 1), told
    return told


def claims(told: Any) -> dict[tuple[str, str], Any]:
    return {(row["path"], row["stratum"]): row for row in told["claims"]}


# --- the way of a sample


def test_a_sample_that_agrees_opens_its_condition(desk: Desk) -> None:
    told = sampled(desk)

    assert slugs(told) == []
    assert (told["draught"], told["draw"], told["evaluations"]) == ("verified", 1, 1)
    assert told["strata"][READER]["drawn"] == told["strata"][READER]["recorded"] == 9
    assert claims(told)[PATH, READER]["met"]
    found = weighed(desk)
    assert found.asked
    assert found.closing() == ()
    assert found.closing_path(PATH) == ()
    assert [reason.slug for reason in found.closing_path("api.pay_fine")] == ["bound-path-not-run"]


def test_weighing_a_sample_writes_nothing(desk: Desk) -> None:
    sampled(desk)
    before = {file: file.read_bytes() for file in desk.scenarios.rglob("*") if file.is_file()}

    weighed(desk)
    desk.sample("status")

    after = {file: file.read_bytes() for file in desk.scenarios.rglob("*") if file.is_file()}
    assert after == before


def test_drawing_and_evaluating_again_what_is_entered_adds_no_line(desk: Desk) -> None:
    sampled(desk, "--for-bound", "1/4")
    desk.ledger.write_text("".join(desk.ledger.read_text().splitlines(keepends=True)[:1]))
    once = desk.ledger.read_text()

    for _ in range(2):
        desk.sample("draw", "--for-bound", "1/4")
        assert desk.ledger.read_text() == once
    desk.sample("evaluate")
    twice = desk.ledger.read_text()
    desk.sample("evaluate")
    assert desk.ledger.read_text() == twice
    assert len(twice.splitlines()) == 2


def test_a_list_that_could_not_be_written_is_written_by_drawing_again(desk: Desk) -> None:
    desk.sample("draw", "--n", "3")
    (file,) = (desk.scenarios / "samples").iterdir()
    content = file.read_bytes()
    file.unlink()
    assert slugs(desk.sample("status")[1])[0] == "sample-not-as-drawn"

    desk.sample("draw", "--n", "3")

    assert file.read_bytes() == content


def test_a_wrong_candidate_is_found_and_closes_its_path(desk: Desk) -> None:
    desk.candidate(*TOO_CHEAP)

    told = sampled(desk)

    row = claims(told)[PATH, READER]
    assert row["wrong"] > 0
    assert not row["met"]
    assert [reason.slug for reason in weighed(desk).closing_path(PATH)] == ["bound-too-wide"]


def test_the_exit_code_of_an_evaluation_says_whether_anything_is_wrong(desk: Desk) -> None:
    desk.sample("draw", "--n", "3")
    assert desk.sample("evaluate")[0] == 0

    desk.candidate(*TOO_CHEAP)
    desk.sample("draw", "--n", "6")
    assert desk.sample("evaluate")[0] == 1


def test_a_drawn_account_without_a_recording_is_wrong_and_named(desk: Desk) -> None:
    desk.sample("draw", "--n", "6")
    missing = desk.drawn()[-1]
    (desk.scenarios / "recorded" / f"{missing}.yaml").unlink()

    _, told = desk.sample("evaluate")

    assert told["troubles"] == {missing: "no recording"}
    assert {row["wrong"] for row in told["claims"] if row["path"] == PATH} == {0, 1}


def test_what_is_not_recorded_is_counted_and_bounds_nothing(desk: Desk) -> None:
    (desk.scenarios / "on-time.yaml").write_text(ON_TIME)

    told = sampled(desk)

    assert told["kinds"] == {"curated": 1}
    assert {row["ran"] for row in told["claims"] if row["path"] == PATH} == {5, 9}


def test_a_sample_can_be_drawn_before_anything_is_recorded(desk: Desk) -> None:
    shutil.rmtree(desk.scenarios / "recorded")

    code, told = desk.sample("draw", "--n", "3")

    assert (code, slugs(told)) == (0, ["ledger-missing-evaluation"])
    assert len(desk.drawn()) == 6


# --- faults


def test_an_evaluation_that_was_not_entered_closes(desk: Desk) -> None:
    desk.sample("draw", "--for-bound", "1/4")

    assert closing(desk) == ["ledger-missing-evaluation"]


def test_a_recording_that_changes_after_the_evaluation_closes(desk: Desk) -> None:
    sampled(desk)
    (desk.scenarios / "recorded" / f"{desk.drawn()[0]}.yaml").unlink()

    assert "ledger-missing-evaluation" in closing(desk)


def test_a_simulation_passed_off_as_recorded_is_wrong(desk: Desk) -> None:
    desk.sample("draw", "--n", "6")
    one = desk.drawn()[0]
    edit(
        desk.scenarios / "recorded" / f"{one}.yaml",
        ("source: shadow record events", "source: the simulator"),
    )

    _, told = desk.sample("evaluate")

    assert "the simulator" in told["troubles"][one]


def test_a_recording_of_nobody_in_the_frame_is_named_and_counts_nowhere(desk: Desk) -> None:
    desk.frame({READER: [id_of(n) for n in desk.members if n % 4 and n != 1]})
    desk.sample("draw", "--n", "24")

    _, told = desk.sample("evaluate")

    strangers = [id_of(n) for n in desk.members if n % 4 == 0 or n == 1]
    assert told["recorded_not_in_frame"] == sorted(strangers)
    assert claims(told)[PATH, READER]["ran"] == 17


def test_an_account_of_another_stratum_than_the_frame_says_is_wrong(desk: Desk) -> None:
    desk.frame({BLOCKED: [id_of(n) for n in desk.members]})
    desk.sample("draw", "--n", "24")

    _, told = desk.sample("evaluate")

    assert told["troubles"][id_of(1)] == f"of the stratum {READER}, the frame says {BLOCKED}"
    assert claims(told)[PATH, BLOCKED]["wrong"] == 18


def test_another_candidate_gets_no_credit_from_a_sample_that_was_not_drawn_for_it(
    desk: Desk,
) -> None:
    sampled(desk)
    desk.candidate(*OTHER)

    assert closing(desk) == ["ledger-missing-evaluation", "sample-reused"]
    desk.sample("evaluate")
    (reason,) = weighed(desk).closing()
    assert reason.found.startswith("reused 1\u00d7; drawn for another candidate")


def test_other_rulings_get_no_credit_from_a_sample_that_they_have_seen(desk: Desk) -> None:
    sampled(desk)
    (desk.scenarios / "fields.yaml").write_text(
        "- {field: books.member.fine, status: retired, reason: x,"
        " decision: docs/decisions/0001-x.md}\n"
    )
    decision = desk.folder / "docs" / "decisions" / "0001-x.md"
    decision.parent.mkdir(parents=True)
    decision.write_text("x")

    assert "sample-reused" in closing(desk)
    sampled(desk)
    assert closing(desk) == []


def test_who_signed_a_ruling_until_when_needs_no_new_sample(desk: Desk) -> None:
    rulings = desk.scenarios / "rulings"
    rulings.mkdir()
    text = "id: R-x\nclass: control-bug\nexpires: 2026-08-01\napprover: mia\nharm: none\n"
    (rulings / "R-x.yaml").write_text(text)
    before = acceptances_of(desk.scenarios)

    (rulings / "R-x.yaml").write_text(text.replace("2026-08-01", "2026-09-01"))
    assert acceptances_of(desk.scenarios) == before
    (rulings / "R-x.yaml").write_text(text.replace("harm: none", "harm: {acknowledged: y}"))
    assert acceptances_of(desk.scenarios) != before
    (rulings / "R-x.yaml").write_text("a: b: c\n")
    assert acceptances_of(desk.scenarios) != before


def test_every_draw_is_another_one_and_has_to_bring_more(desk: Desk) -> None:
    drawn = []
    for number, needed in ((1, 9), (2, 10), (3, 11)):
        told = sampled(desk)
        drawn.append(desk.drawn())
        assert (told["draw"], told["strata"][READER]["drawn"]) == (number, needed)

    assert not set(drawn[0]) <= set(drawn[1])
    assert not set(drawn[1]) <= set(drawn[2])


def test_a_frame_that_is_written_anew_forgets_nothing(desk: Desk) -> None:
    sampled(desk)
    desk.frame(what="just")

    assert closing(desk) == ["sample-missing"]
    assert sampled(desk)["draw"] == 2


def test_a_burned_account_takes_the_credit_of_a_sample_and_is_not_drawn_again(
    desk: Desk,
) -> None:
    sampled(desk)
    one = desk.drawn()[-1]
    code, told = desk.sample("burn", one, "seen in the debugger")
    assert (code, told["burned"]) == (0, 1)

    (reason,) = weighed(desk).closing()
    assert (reason.slug, one in reason.found) == ("sample-burned", True)

    told = sampled(desk, "--n", "24")
    assert one not in desk.drawn()
    assert told["strata"][READER]["burned"] == 1
    assert claims(told)[PATH, READER]["method"] == "census"
    assert closing(desk) == []


@pytest.mark.parametrize("account", ["member-nobody", "on-time"])
def test_an_account_that_nobody_knows_cannot_be_burned(
    account: str, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", "burn", account, "x", "--config", str(desk.config)]) == 4

    assert "[unknown-account]" in capsys.readouterr().err
    assert not (desk.scenarios / "burned.jsonl").exists()


def test_a_member_of_the_frame_that_was_never_recorded_can_be_burned(desk: Desk) -> None:
    one = id_of(5)
    (desk.scenarios / "recorded" / f"{one}.yaml").unlink()

    assert desk.sample("burn", one, "looked up in production")[0] == 0


def test_burned_accounts_that_are_forgotten_again_make_the_draw_another(desk: Desk) -> None:
    desk.sample("burn", id_of(5), "seen")
    sampled(desk)
    (desk.scenarios / "burned.jsonl").unlink()

    (reason,) = weighed(desk).closing()
    assert reason.slug == "sample-not-as-drawn"
    assert "burned accounts" in reason.found


def test_an_account_that_is_put_in_anothers_place_is_found(desk: Desk) -> None:
    """The list, its ledger's line and the evaluation are forged; the draw is made again."""
    desk.sample("draw", "--n", "3")
    (file,) = (desk.scenarios / "samples").iterdir()
    drawn = desk.drawn()
    other = next(id_of(n) for n in desk.members if n % 4 and id_of(n) not in drawn)
    rows = [one for one in file.read_text().splitlines() if READER in one]
    forge(desk, file, rows[0].partition("\t")[0], other)

    _, told = desk.sample("evaluate")
    assert slugs(told) == ["sample-not-as-drawn"]
    assert "chance draws other accounts" in told["reasons"][0]["found"]


def forge(desk: Desk, file: Path, old: str, new: str) -> None:
    """Put one account in another's place, everywhere."""
    row = json.loads(desk.ledger.read_text())
    frame = read_frame(desk.scenarios / "frame.yaml")
    assert frame is not None
    seed = Seed(row["frame"], row["candidate"], row["previous"])
    drawn = draw(frame, seed, dict.fromkeys((BLOCKED, READER), 3), ())
    part = drawn[READER]
    ids = tuple(sorted({*part.drawn, new} - {old}))
    forged = {**drawn, READER: replace(part, drawn=ids)}
    content = file.read_text().replace(old, new).encode()
    lines = content.splitlines(keepends=True)
    content = b"".join(
        [*lines[:3], *sorted(lines[3:], key=lambda one: (one.split(b"\t")[1], one))]
    )
    read_list(content, sizes_of(forged), "forged")
    row["sample"] = sample_of(content)
    row["strata"][READER]["ids"] = sizes_of(forged)[READER].ids
    desk.ledger.write_text(json.dumps(row, separators=(",", ":"), sort_keys=True) + "\n")
    file.unlink()
    (file.parent / f"{row['sample'][:16]}.ids").write_bytes(content)


def test_without_the_lists_a_draw_is_only_asserted(desk: Desk) -> None:
    sampled(desk)
    for file in (desk.scenarios / "frame").iterdir():
        file.unlink()

    found = weighed(desk)
    assert found.evidence.startswith("asserted, ")
    assert found.closing() == ()
    desk.policy(ASKED, level="production")
    assert "sample-asserted" in closing(desk)


def test_a_ledger_that_was_changed_closes_and_takes_no_further_line(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    sampled(desk)
    desk.ledger.write_text(desk.ledger.read_text().replace('"wrong":0', '"wrong":1', 1))

    assert "ledger-broken" in closing(desk)
    for words in (["draw", "--n", "3"], ["evaluate"]):
        assert main(["sample", *words, "--config", str(desk.config)]) == 4
        assert "[ledger-broken]" in capsys.readouterr().err


def test_at_production_a_sample_is_asked_for_with_the_built_in_bound(desk: Desk) -> None:
    desk.policy("", level="production")
    sampled(desk, "--for-bound", "1/4")

    (reason,) = [one for one in weighed(desk).closing_path(PATH) if READER in one.found]
    assert reason.needed == "2/9 <= 1/1000; with 0 wrong, drawn 9 >= 18"


# --- commands that cannot


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (["draw"], "usage"),
        (["draw", "--n", "3", "--for-bound", "1/4"], "usage"),
        (["draw", "--n", "0"], "usage"),
        (["draw", "--for-bound", "0.25"], "sample-bound"),
        (["draw", "--for-bound", "4/1"], "sample-bound"),
        (["draw", "--for-bound", "1/0"], "sample-bound"),
        (["evaluate"], "sample-none"),
        (["burn", "member-1", " "], "unknown-account"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_says_why(
    words: list[str], slug: str, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", *words, "--config", str(desk.config)]) == 4

    assert f"[{slug}]" in capsys.readouterr().err
    assert not desk.ledger.exists()


def test_without_a_frame_nothing_is_drawn(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    (desk.scenarios / "frame.yaml").unlink()

    for words in (["draw", "--n", "3"], ["evaluate"], ["burn", id_of(1), "x"]):
        assert main(["sample", *words, "--config", str(desk.config)]) == 4
        assert "[frame-none]" in capsys.readouterr().err
    assert closing(desk) == ["frame-missing"]


def test_without_the_lists_nothing_is_drawn(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk.scenarios / "frame" / "0.ids").unlink()

    assert main(["sample", "draw", "--n", "3", "--config", str(desk.config)]) == 4

    assert "[frame-ids-missing]" in capsys.readouterr().err


def test_without_scipy_the_command_says_what_to_install(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bounding._distributions.cache_clear()
    bounding.most_wrong.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy.stats", None)

    code = main(["sample", "draw", "--for-bound", "1/4", "--config", str(desk.config)])

    bounding._distributions.cache_clear()
    err = capsys.readouterr().err
    assert (code, "Traceback" in err) == (4, False)
    assert "a bound needs SciPy, which is not installed [sampling-missing]" in err


def test_a_gate_without_a_frame_never_loads_scipy(desk: Desk) -> None:
    """In a process of its own; with a frame that nobody asks about, neither."""
    desk.policy("")
    program = (
        "import sys\n"
        "from datetime import date\n"
        "from harness.cli import main\n"
        "from harness import run\n"
        "from harness.compose import compose\n"
        "from harness.sampling.gate_condition import condition\n"
        "main(['gate', '--json'])\n"
        "composition = compose(None, ())\n"
        "condition(composition, run.run(composition, today=date(2026, 4, 2)))\n"
        "print('loaded', [one for one in sys.modules if one.startswith('scipy')])\n"
    )

    def loaded() -> str:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=desk.folder,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.splitlines()[-1] if done.stdout else done.stderr

    sampled(desk, "--n", "5")
    assert loaded() == "loaded []"
    (desk.scenarios / "frame.yaml").unlink()
    assert loaded() == "loaded []"


# --- pages


def test_ids_of_accounts_are_those_of_their_recordings(desk: Desk) -> None:
    file = desk.folder / "members.txt"
    file.write_text("".join(f"{member(n)}\n" for n in desk.members))
    words = ("ids", str(file), "--key", "key", "--config", str(desk.config))

    code, told = said("sample", *words)

    assert (code, told["schema"]) == (0, "shadow.sample/1")
    recorded = {file.stem for file in (desk.scenarios / "recorded").glob("*.yaml")}
    assert set(told["ids"]) == recorded == {id_of(n) for n in desk.members}
    assert told["ids"] == sorted(told["ids"])


def test_a_kit_whose_recorder_cannot_name_scenarios_says_what_it_lacks(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(desk.folder / "desk_strata.py", ("def scenario_id", "def another_name"))
    sys.modules.pop("desk_strata", None)
    file = desk.folder / "members.txt"
    file.write_text("m_1\n")

    code = main(["sample", "ids", str(file), "--key", "key", "--config", str(desk.config)])

    sys.modules.pop("desk_strata", None)
    assert code == 4
    assert "scenario_id" in capsys.readouterr().err


def test_the_pages_are_as_people_read_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("harness.sampling.sample_bench.today", lambda _: date(2026, 4, 2))
    desk.candidate(*TOO_CHEAP)
    # what the ledger holds follows from the candidate's code, which may change for other reasons
    monkeypatch.setattr("harness.importing.fingerprint", lambda sources: "c0ffee" + "0" * 58)
    capsys.readouterr()
    pages = []
    for words in (
        ["status"],
        ["draw", "--for-bound", "1/4"],
        ["evaluate"],
        ["burn", id_of(2), "seen"],
    ):
        main(["sample", *words, "--config", str(desk.config)])
        pages.append(f"$ shadow sample {' '.join(words)}\n\n{capsys.readouterr().out.rstrip()}")

    golden("sample-pages.txt", "\n\n\n".join(pages))


def test_a_status_as_json_holds_exact_figures_and_is_the_same_again(desk: Desk) -> None:
    sampled(desk)

    told = desk.sample("status")[1]

    assert told == desk.sample("status")[1]
    assert (told["schema"], told["command"], told["next"]) == (
        "shadow.sample/1", "status", "shadow gate",
    )  # fmt: skip
    row = claims(told)[PATH, READER]
    assert (row["bound"], row["enough"], row["met"], row["met_at_once"]) == (
        "2/9", 9, True, False,
    )  # fmt: skip
    assert told["kinds"] == {}
