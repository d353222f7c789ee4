"""Freshness: where figures come from, how old recordings are, and what that closes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.document import parse_document
from harness.errors import InputError
from harness.freshness import Recorded, to_come
from harness.moment import DAY, Now
from harness.origin import Counted, Source, sources
from harness.scenario import Scenario
from harness.scenario_file import Vocabulary, scenario_of
from tests.harness.recorded_registers import (
    DO,
    NOW,
    TODAY,
    UNDO,
    WHOLE,
    Replayed,
    asking,
    closing,
    freshness_of,
    replayed,
)
from tests.harness.register_world import act
from tests.harness.toy_project import KIT


def aged(days: int | None, **more: Any) -> Replayed:
    """A recording so many days old; None has no day."""
    day = None if days is None else TODAY - timedelta(days=days)
    return replayed(id=more.pop("id", "r"), day=day, observed=({}, WHOLE), **more)


# --- sources


def test_a_source_says_measured_or_asserted_when_and_from_what() -> None:
    day = date(2026, 11, 22)

    assert str(Source(measured=True, when=day, what="198 scenarios")) == (
        "measured 2026-11-22 in this run from 198 scenarios"
    )
    assert str(Source(measured=False, when=date(2026, 11, 1), what="scenarios/mutants.lock")) == (
        "asserted 2026-11-01 by scenarios/mutants.lock"
    )


def test_every_figure_of_the_gate_has_a_source_or_says_that_it_has_none() -> None:
    counted = Counted(
        scenarios=198, cells=900, wrong_values=4000, branches=300, races=7,
        recordings=2,
    )  # fmt: skip
    lock = Source(measured=False, when=date(2026, 3, 1), what="scenarios/mutants.lock")

    found = {name: str(one) for name, one in sources(counted, TODAY, {"mutants": lock}).items()}

    run = "measured 2026-03-02 in this run from"
    assert found == {
        "agreement": f"{run} 900 cells of 198 scenarios",
        "repairs": f"{run} 900 cells of 198 scenarios",
        "made worse": f"{run} 900 cells of 198 scenarios",
        "left to a person": f"{run} 900 cells of 198 scenarios",
        "leak": f"{run} 4000 wrong values tried on ruled cells",
        "branches": f"{run} 300 branches of the control's code",
        "races": f"{run} 7 races",
        "fidelity": f"{run} 2 recorded scenarios",
        "mutants": "asserted 2026-03-01 by scenarios/mutants.lock",
        "bounds": "None",
    }


# --- age


def test_a_young_recording_closes_nothing_and_the_evidence_says_which_days() -> None:
    condition = freshness_of(aged(90), aged(400, id="old"), aged(None, id="bare"))

    assert closing(condition) == []
    assert condition.closing() == ()
    assert condition.evidence == (
        "1 of 3 recordings are young (at most 90 days), newest of 2025-12-02, oldest of"
        " 2025-01-26, 1 without a day; measured 2026-03-02 in this run from the days that the"
        " recordings name; today is 2026-03-02 by the clock alone, no commit could be read"
    )


def test_a_path_all_of_whose_recordings_are_too_old_names_day_age_and_limit() -> None:
    condition = freshness_of(aged(91), aged(400, id="old"))

    (reason,) = condition.closing_path(DO)
    assert reason.slug == "recording-stale"
    assert reason.found == "the newest of 2, r, is of 2025-12-01: 91 days old"
    assert reason.needed == "91 <= 90 days"


def test_a_recording_without_a_day_is_too_old_by_definition() -> None:
    (reason,) = freshness_of(aged(None)).closing_path(DO)

    assert (reason.slug, reason.found) == ("recording-undated", "r")
    assert closing(freshness_of(aged(None), aged(91, id="old"))) == [
        "recording-stale", "recording-undated",
    ]  # fmt: skip


def test_a_path_that_ran_in_no_recording_is_closed() -> None:
    condition = freshness_of(aged(1), paths=(DO, UNDO))

    assert closing(condition, UNDO) == ["recording-missing"]


@pytest.mark.parametrize("flaw", [{"assumed": ("x",)}, {"kind": "curated"}])
def test_what_is_no_recording_of_production_makes_no_path_fresh(flaw: dict[str, Any]) -> None:
    found = aged(1, **flaw)

    assert {cell.episode.provenance for cell in found.cells} & {"assumed", "curated"}
    assert closing(freshness_of(found)) == ["recording-missing"]


def test_a_young_recording_that_drifts_makes_no_path_fresh() -> None:
    drifts = replayed(observed=({}, {"books.regs.a": 7}))

    assert closing(freshness_of(drifts)) == ["recording-missing"]


def test_one_path_may_be_fresh_and_another_not() -> None:
    young = replayed(act(DO), observed=({}, WHOLE))
    old = replayed(act(UNDO), id="old", day=TODAY - timedelta(days=200))

    condition = freshness_of(young, old, paths=(DO, UNDO))

    assert closing(condition) == []
    assert closing(condition, UNDO) == ["recording-stale"]


def test_where_the_policy_does_not_ask_nothing_closes_and_the_age_is_told() -> None:
    condition = freshness_of(aged(400), policy=asking())

    assert (condition.closing(), closing(condition)) == ((), [])
    assert "0 of 1 recordings are young (at most 90 days)" in condition.told


def test_production_asks_with_the_built_in_limit() -> None:
    assert closing(freshness_of(aged(91), policy=asking(level="production"))) == [
        "recording-stale"
    ]
    assert closing(freshness_of(aged(90), policy=asking(level="production"))) == []


def test_a_day_that_has_not_come_closes_the_whole_gate_whatever_the_policy_asks() -> None:
    tomorrow = aged(-1)

    (reason,) = to_come([tomorrow.scenario, aged(0).scenario], TODAY)

    assert (reason.slug, reason.found) == ("recording-to-come", "r of 2026-03-03")
    assert closing(freshness_of(tomorrow)) == ["recording-to-come"]
    assert not [*to_come([aged(0).scenario], TODAY)]


def test_the_detail_lists_every_recording_with_its_day() -> None:
    detail = freshness_of(aged(90), aged(None, id="bare")).detail

    assert detail["recordings"] == {
        "bare": {"recorded": None, "young": False},
        "r": {"recorded": "2025-12-02", "young": True},
    }
    assert detail["paths"][DO] == {"recordings": 2, "newest": "2025-12-02", "young": 1}


# --- the clock


def test_a_clock_set_back_makes_no_recording_young_again() -> None:
    old = aged(91)
    back = Now(clock=NOW.clock - 300 * DAY, commit=NOW.clock)

    condition = freshness_of(old, now=back)

    assert closing(condition) == ["recording-stale"]
    (reason,) = condition.closing()
    assert reason.slug == "clock-behind"
    assert reason.found == (
        "the clock is 25920000 seconds behind the newest commit; today is 2026-03-02 by the newest"
        " commit, the clock says 2025-05-06"
    )
    assert reason.needed == "25920000 <= 86400 seconds"


@pytest.mark.parametrize(("ahead", "said"), [(DAY, []), (DAY + 1, ["clock-behind"])])
def test_a_commit_a_day_ahead_of_the_clock_is_no_matter(ahead: int, said: list[str]) -> None:
    now = Now(clock=NOW.clock, commit=NOW.clock + ahead)

    assert [one.slug for one in freshness_of(aged(1), now=now).closing()] == said


# --- law


AGES = st.lists(st.one_of(st.none(), st.integers(-3, 4000)), max_size=4)


@settings(max_examples=80, deadline=None)
@given(AGES, st.one_of(st.none(), st.integers(91, 4000)))
def test_adding_an_old_recording_never_opens_a_path(ages: list[int | None], old: Any) -> None:
    found = [aged(age, id=f"r{number}") for number, age in enumerate(ages)]

    before, after = freshness_of(*found), freshness_of(*found, aged(old, id="old"))

    assert bool(closing(before)) == bool(closing(after))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 4000), st.integers(0, 4000))
def test_a_recording_never_becomes_younger(age: int, later: int) -> None:
    one = Recorded(scenario="r", day=TODAY - timedelta(days=age))

    if one.young(TODAY + timedelta(days=later), 90):
        assert one.young(TODAY, 90)


# --- reading

TEXT = """\
id: r
title: A recorded return
provenance: {kind: recorded, source: test, recorded: DAY}
given:
  now: 2026-03-02T10:00:00Z
  loans: [{id: ln_1, due: 2026-03-01T10:00:00Z}]
when:
  - {at: +1d, act: desk.return, loan: ln_1}
"""


def read(text: str) -> Scenario:
    return scenario_of(parse_document(text.encode(), "r.yaml"), Vocabulary(kit=KIT))


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize("day", ["2026-03-03", "2026-03-04", "2026-03-06"])
def test_the_day_of_a_recording_is_read(day: str) -> None:
    assert read(TEXT.replace("DAY", day)).provenance.recorded == date.fromisoformat(day)


def test_a_recording_may_have_no_day() -> None:
    assert read(TEXT.replace(", recorded: DAY", "")).provenance.recorded is None


@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-07", "2026-11-20"])
def test_a_recording_is_not_made_younger_by_its_day_alone(day: str) -> None:
    error = refused(TEXT.replace("DAY", day))

    assert (error.slug, error.where) == ("recorded-day", "r.yaml:3")
    assert error.message == (
        f"provenance.recorded: {day} is not the day of the newest event: the last thing happens"
        " on 2026-03-03"
    )
    assert error.hint == "a day from 2026-03-03 to 2026-03-06, or record anew"


@pytest.mark.parametrize("day", ["2026-02-30", "20260303", "soon", "2026-03-03T10:00:00Z", "1"])
def test_what_is_no_day_is_refused_with_its_place(day: str) -> None:
    error = refused(TEXT.replace("DAY", day))

    assert (error.slug, error.where) == ("wrong-type", "r.yaml:3")


def test_only_a_recording_has_a_day() -> None:
    curated = TEXT.replace("kind: recorded", "kind: curated").replace("DAY", "2026-03-03")

    error = refused(f"{curated}then: {{customer: {{asks: 0}}}}\n")

    assert error.slug == "recorded-day-unrecorded"
