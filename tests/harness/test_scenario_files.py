"""Scenario files as values, and the episodes that a file alone tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.document import parse_document
from harness.errors import InputError, NothingCompared
from harness.loading import load_scenarios
from harness.moment import iso, moment
from harness.scenario import Item, Scenario, episodes, ordered_episodes
from harness.scenario_file import scenario_of
from tests.harness.toy_project import HELD, KIT, LATE, VOCABULARY

NOW = 1_772_445_600  # 2026-03-02T10:00:00Z
DAY = 86_400


def scenario(text: str, name: str = "late") -> Scenario:
    return scenario_of(parse_document(text.encode(), f"{name}.yaml"), VOCABULARY)


def refused(text: str, name: str = "late") -> InputError:
    with pytest.raises(InputError) as caught:
        scenario(text, name)
    return caught.value


def test_a_scenario_says_what_its_file_says() -> None:
    late = scenario(LATE)

    assert (late.id, late.now, late.faults) == ("late", NOW, ("Q01",))
    assert late.provenance.kind == "curated"
    assert KIT.load(late.given).now == NOW
    first, second = late.when
    assert (first.kind, first.name, first.at, first.line) == (
        "act",
        "desk.return",
        NOW + 2 * DAY,
        12,
    )
    assert first.args.loan == "ln_1"
    assert second.args.pays == "asked"
    assert late.then is not None
    assert late.then.customer == {"asks": 0, "blocked": False, "paid": 75}


def test_episodes_are_ordered_by_time_then_file_then_held_before_listed() -> None:
    specs = episodes(scenario(HELD, "held"))

    assert [(spec.label, (spec.at - NOW) // DAY) for spec in specs] == [
        ("look", 0),
        ("desk.return", 1),
        ("sweep", 2),
        ("held loan.returned", 3),
        ("deliver loan.returned", 3),
        ("webhook loan.lost", 3),
        ("together api.pay_fine + sweep", 4),
    ]
    assert specs[3].held == (1, "loan.returned")
    assert specs[3].item is specs[1].item
    assert specs[0].item is None


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(1, 4), max_size=2)), max_size=6))
def test_a_held_event_always_comes_after_the_episode_it_was_held_in(
    plan: list[tuple[int, list[int]]],
) -> None:
    at, when = 100, []
    for step, delays in plan:
        at += step
        hold = {f"event_{number}": at + delay for number, delay in enumerate(delays)}
        when.append(Item(kind="act", name=f"act_{len(when)}", at=at, hold=hold))

    specs = ordered_episodes(100, tuple(when))

    assert [spec.index for spec in specs] == list(range(len(specs)))
    assert [spec.at for spec in specs] == sorted(spec.at for spec in specs)
    assert len(specs) == 1 + len(when) + sum(len(item.hold) for item in when)
    for spec in specs:
        if spec.held:
            source = specs[spec.held[0]]
            assert source.held is None
            assert source.item is spec.item
            assert source.index < spec.index


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+10s", 10),
        ("+30m", 1800),
        ("+1h", 3600),
        ("+2d", 2 * DAY),
        ("+1d12h", 129_600),
        ("2026-03-02T10:00:05Z", 5),
        ("2026-03-02T12:00+02:00", 0),
    ],
)
def test_times_count_from_now_or_are_absolute(text: str, seconds: int) -> None:
    assert moment(text, now=NOW) == NOW + seconds


@pytest.mark.parametrize(
    "text",
    ["1h", "+", "+1", "+1x", "+1h1h", "-1h", "2026-03-02", "2026-03-02T10:00:00", "soon", "",
     "2026-02-30T10:00:00Z", "2026-03-02T25:00:00Z", "+9999999d"],
)  # fmt: skip
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|unit"):
        moment(text, now=NOW)


def test_iso_times_are_read_back() -> None:
    assert moment(iso(NOW), now=0) == NOW


@pytest.mark.parametrize(
    ("was", "is_", "slug", "line", "said"),
    [
        ("id: late", "id: other", "scenario-id", 1, "the file's name"),
        ("id: late", "id: Späť", "scenario-id", 1, "no id"),
        ("title: A", "titel: A", "unknown-key", 2, "did you mean 'title'?"),
        ("ticket: desk-1", "ticket: 7", "wrong-type", 4, "ticket: expected str, got int"),
        ("kind: curated", "kind: curatd", "wrong-value", 5, "did you mean 'curated'?"),
        ("faults: [Q01]", "faults: [Q11]", "unknown-quirk", 6, "did you mean 'Q01'?"),
        ("  now: 2026-03-02", "  now: 2026-02-30", "given-impossible", 8, "given.now: "),
        ("id: ln_1, due: 2026-03-01T10", "id: ln_1, due: 2026-03-41T10", "given-impossible", 10,
         "given.loans[0].due: "),
        ("{id: ln_1, due", "{id: ln_1, fined: 1, due", "wrong-type", 10,
         "given.loans[0].fined: expected bool"),
        ("{id: ln_1, due", "{id: ln_1, dew: x, due", "unknown-key", 10, "did you mean 'due'?"),
        ("act: desk.return", "act: desk.retrun", "unknown-act", 12, "did you mean 'desk.return'?"),
        ("loan: ln_1}", "laon: ln_1}", "unknown-key", 12, "did you mean 'loan'?"),
        (", loan: ln_1}", "}", "missing-key", 12, "when[0]: the key 'loan' is missing"),
        ("loan: ln_1}", "loan: ln_1, hodl: {x: +3d}}", "unknown-key", 12, "did you mean 'hold'?"),
        ("loan: ln_1}", "loan: ln_1, hold: {x: +1d}}", "hold-order", 12, "not after"),
        ("loan: ln_1}", "loan: ln_1, hold: {x: 3}}", "wrong-type", 12, "when[0].hold.x: "),
        ("at: +2d,", "at: +2x,", "wrong-time", 12, "when[0].at: "),
        ("at: +2d,", "at: 2026-02-30T10:00:00Z,", "wrong-time", 12, "no such time"),
        ("at: +2d,", "at: 2026-03-01T10:00:00Z,", "when-order", 12, "is before"),
        ("at: +2d1h", "at: +1d", "when-order", 13, "when[1]: "),
        ("act: desk.return", "do: desk.return", "when-form", 12, "neither of them"),
        ("act: desk.return", "act: desk.return, deliver: x", "when-form", 12, "both"),
        ("pays: asked", "pays: 1.5", "yaml-number", 13, "when[1].pays: '1.5' is no integer"),
        ("truth: {owes: 0}", "truth: {ows: 0}", "unknown-truth-field", 15, "did you mean 'owes'?"),
        ("asks: 0, b", "aks: 0, b", "unknown-customer-field", 16, "did you mean 'asks'?"),
        ("truth: {owes: 0}", "excused: {L9: why}", "unknown-invariant", 15, "known: L1"),
        ("truth: {owes: 0}", "moot: [sweep#1]", "then-moot", 15, "is no act of this scenario"),
        ("truth: {owes: 0}", "after: {9: {}}", "then-after", 15, "numbered 0 to 2"),
        ("truth: {owes: 0}", "after: {1: {truth: {ows: 0}}}", "unknown-truth-field", 15,
         "then.after.1.truth.ows: "),
        ("when:\n", "observed: [{}]\nwhen:\n", "observed-unrecorded", 11, "only a recorded"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_line_place_and_nearest_name(
    was: str, is_: str, slug: str, line: int, said: str
) -> None:
    assert was in LATE

    error = refused(LATE.replace(was, is_, 1))

    assert (error.slug, error.where) == (slug, f"late.yaml:{line}")
    assert said in str(error)


def test_a_curated_scenario_needs_hand_written_truth() -> None:
    without = LATE[: LATE.index("then:")]

    assert refused(without).slug == "then-missing"
    assert refused(without + "then: {moot: []}\n").slug == "then-missing"


def test_a_recorded_scenario_may_have_observations_and_no_truth() -> None:
    text = LATE[: LATE.index("then:")].replace("kind: curated", "kind: recorded, order: assumed")

    recorded = scenario(text + "observed: [{books.member.fine: 0}]\n")

    assert recorded.then is None
    assert recorded.provenance.order == "assumed"
    assert recorded.observed == ({"books.member.fine": 0},)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("[{at: +4d, act: sweep}]", "holds 1"),
        ("[{at: +4d, act: sweep}, {at: +5d, act: sweep}]", "the times differ"),
        ("[{at: +4d, act: sweep}, {together: []}]", "together is not possible inside"),
        ("[{at: +4d, act: sweep}, {at: +4d, act: sweep, hold: {x: +5d}}]", "hold is not possible"),
    ],
)
def test_together_holds_several_items_of_one_time(block: str, said: str) -> None:
    text = LATE.replace("then:", f"  - together: {block}\nthen:")

    error = refused(text)

    assert error.slug == "when-form"
    assert said in error.message
    assert error.where == "late.yaml:14"


def test_two_loans_of_one_id_are_the_kits_complaint_with_our_line() -> None:
    loan = "    - {id: ln_1, due: 2026-03-01T10:00:00Z}\n"

    error = refused(LATE.replace(loan, loan * 2))

    assert (error.slug, error.where) == ("given-impossible", "late.yaml:11")
    assert error.message == "given.loans[1].id: 'ln_1' stands twice"


# --- folders ------------------------------------------------------------------------------


def files(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_a_bad_file_among_good_ones_is_named_and_the_good_ones_are_read(tmp_path: Path) -> None:
    files(tmp_path, late=LATE, held=HELD, bad="id: [")

    loaded = load_scenarios([tmp_path], VOCABULARY)

    assert [one.id for one in loaded.scenarios] == ["held", "late"]
    assert [error.slug for error in loaded.failures] == ["yaml-syntax"]
    assert loaded.unusable == ("bad",)


def test_other_files_of_the_folder_are_no_scenarios(tmp_path: Path) -> None:
    files(tmp_path, late=LATE, gate="x", fields="x")
    (tmp_path / "manifest.lock").write_text("x")
    (tmp_path / "rulings").mkdir()
    (tmp_path / "rulings" / "r.yaml").write_text("x")
    (tmp_path / ".hidden.yaml").write_text("x")
    (tmp_path / "sub").mkdir()
    files(tmp_path / "sub", held=HELD)

    loaded = load_scenarios([tmp_path], VOCABULARY)

    assert [one.id for one in loaded.scenarios] == ["held", "late"]
    assert not loaded.failures


def test_a_file_with_the_suffix_that_is_mistaken_for_ours_is_named(tmp_path: Path) -> None:
    files(tmp_path, late=LATE)
    (tmp_path / "forgotten.yml").write_text(LATE)

    loaded = load_scenarios([tmp_path], VOCABULARY)

    assert [one.id for one in loaded.scenarios] == ["late"]
    assert [error.slug for error in loaded.failures] == ["wrong-suffix"]
    assert "forgotten.yml: is not read" in str(loaded.failures[0])


def test_links_and_doubles_count_once_and_a_loop_ends(tmp_path: Path) -> None:
    files(tmp_path, late=LATE)
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "a-link.yaml").symlink_to(tmp_path / "late.yaml")

    loaded = load_scenarios([tmp_path, tmp_path / "late.yaml", tmp_path], VOCABULARY)

    assert [one.id for one in loaded.scenarios] == ["late"]
    assert not loaded.failures


def test_a_link_that_leads_to_itself_is_one_message(tmp_path: Path) -> None:
    files(tmp_path, late=LATE)
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")

    loaded = load_scenarios([tmp_path], VOCABULARY)

    assert [error.slug for error in loaded.failures] == ["unreadable"]


def test_one_id_in_two_files_is_refused(tmp_path: Path) -> None:
    files(tmp_path, late=LATE)
    (tmp_path / "sub").mkdir()
    files(tmp_path / "sub", late=LATE)

    loaded = load_scenarios([tmp_path], VOCABULARY)

    assert [error.slug for error in loaded.failures] == ["duplicate-id"]
    assert "sub/late.yaml:1" in loaded.failures[0].where


def test_an_empty_folder_is_never_success(tmp_path: Path) -> None:
    with pytest.raises(NothingCompared) as caught:
        load_scenarios([tmp_path], VOCABULARY)

    assert caught.value.exit_code == 5


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_scenarios([tmp_path / "none"], VOCABULARY)

    assert caught.value.slug == "no-such-path"


def test_the_order_of_named_paths_changes_nothing(tmp_path: Path) -> None:
    files(tmp_path, late=LATE, held=HELD)
    late, held = tmp_path / "late.yaml", tmp_path / "held.yaml"

    assert load_scenarios([late, held], VOCABULARY) == load_scenarios([held, late], VOCABULARY)
