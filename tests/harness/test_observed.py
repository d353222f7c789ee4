"""What production showed: read strictly, held against the control, and DRIFT where they differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.document import parse_document
from harness.errors import InputError
from harness.fields import Field, Fields
from harness.lockstep import lockstep
from harness.model import ABSENT, Episode, Outcome
from harness.scenario import Scenario
from harness.scenario_file import Vocabulary, scenario_of
from tests.harness.register_world import act, scenario, setup, together
from tests.harness.toy_project import KIT

DOES = {"api.do": lambda ports, trigger: ports.put("a", 1)}


def replayed(*seen: dict[str, Any], **more: Any) -> list[Episode]:
    """Two acts in lockstep, with what was observed; `more` are registers."""
    found = replace(scenario(act("api.do"), act("api.do"), **more), observed=seen)
    return list(lockstep(setup(DOES), found))


def drift(episode: Episode) -> list[tuple[str, str]]:
    return [(one.slug, one.detail) for one in episode.findings if one.outcome is Outcome.DRIFT]


def test_a_control_that_does_what_was_observed_leaves_no_finding() -> None:
    seen = ({"books.regs.b": 5}, {"books.regs.a": 1, "customer.asks": 0}, {"books.regs.a": 1})

    assert [drift(episode) for episode in replayed(*seen, b=5)] == [[], [], []]


def test_a_field_that_differs_is_drift_and_names_both_values() -> None:
    found = replayed({}, {"books.regs.a": 2, "books.regs.b": 5}, b=5)

    assert drift(found[1]) == [("observed-differs", "books.regs.a: observed 2, the control has 1")]


@pytest.mark.parametrize("value", [True, "1", [1], None, ABSENT])
def test_equality_is_of_type_and_value(value: Any) -> None:
    assert [slug for slug, _ in drift(replayed({}, {"books.regs.a": value})[1])] == [
        "observed-differs"
    ]


def test_a_field_that_was_not_there_must_not_be_there() -> None:
    good = replayed({"books.regs.a": ABSENT})
    bad = replayed({}, {"books.regs.a": ABSENT})

    assert drift(good[0]) == []
    assert drift(bad[1]) == [
        ("observed-differs", "books.regs.a: observed no such field, the control has 1")
    ]


def test_what_comes_after_drift_is_drift_by_consequence() -> None:
    _, first, second = replayed({}, {"books.regs.a": 2}, {"books.regs.a": 1})

    assert [slug for slug, _ in drift(first)] == ["observed-differs"]
    assert drift(second) == [("after-drift", "in s#1 the control left what was observed")]


def test_the_look_is_observed_too() -> None:
    assert [slug for slug, _ in drift(replayed({"books.regs.b": 1}, b=2)[0])] == [
        "observed-differs"
    ]


def test_a_response_is_observed_before_fields_are_left_out() -> None:
    """A retired field is no matter between control and candidate; the control still keeps it."""
    answers = {"api.do": lambda ports, trigger: {"status": 200}}
    plain = setup(answers)
    kept = (
        Field(path="response.status", status="retired", reason="r", decision="d"),
        Field(path="books.regs", status="retired", reason="r", decision="d"),
    )
    seen = ({}, {"response.status": 200, "books.regs.b": 3}, {"response.status": 500})
    found = replace(scenario(act("api.do"), act("api.do"), b=3), observed=seen)

    episodes = list(lockstep(replace(plain, fields=Fields(fields=kept)), found))

    assert [len(drift(episode)) for episode in episodes] == [0, 0, 1]
    assert "books" in episodes[1].control.facets
    assert "regs" not in episodes[1].control.facets["books"]


def test_a_control_without_a_result_is_not_held_against_what_was_observed() -> None:
    trapped = setup({"api.do": lambda ports, trigger: ports.trap("unknown-state regs")})
    found = replace(scenario(act("api.do")), observed=({}, {"books.regs.a": 1}))

    episode = list(lockstep(trapped, found))[1]

    assert drift(episode) == []
    assert {one.outcome for one in episode.findings} == {Outcome.NOT_RUN}


def test_the_episode_is_still_compared() -> None:
    wrong = {"api.do": lambda ports, trigger: ports.put("a", 7)}
    found = replace(scenario(act("api.do")), observed=({}, {"books.regs.a": 2}))

    episode = list(lockstep(setup(DOES, wrong), found))[1]

    assert [one.path for one in episode.differences] == ["books.regs.a"]


def test_a_race_after_drift_is_drift_too() -> None:
    found = replace(
        scenario(act("api.do"), together(act("api.do"), act("api.undo"))),
        observed=({}, {"books.regs.a": 2}),
    )

    episodes = list(lockstep(setup({**DOES, "api.undo": DOES["api.do"]}), found))

    assert [slug for slug, _ in drift(episodes[2])] == ["after-drift"]


# --- reading ------------------------------------------------------------------------------

TEXT = """\
id: r
title: A recorded return
provenance: {kind: recorded, source: test}
given:
  now: 2026-03-02T10:00:00Z
  loans: [{id: ln_1, due: 2026-03-01T10:00:00Z}]
when:
  - {at: +1d, act: desk.return, loan: ln_1}
  - together: [{at: +2d, act: sweep}, {at: +2d, act: sweep}]
"""


def read(observed: str, text: str = TEXT) -> Scenario:
    document = parse_document(f"{text}observed: {observed}\n".encode(), "r.yaml")
    return scenario_of(document, Vocabulary(kit=KIT))


def refused(observed: str, text: str = TEXT) -> InputError:
    with pytest.raises(InputError) as caught:
        read(observed, text)
    return caught.value


def test_what_was_observed_is_read_by_episode() -> None:
    found = read("[{}, {books.loans.ln_1.fined: true, customer.asks: {absent: true}}]")

    assert found.observed == ({}, {"books.loans.ln_1.fined": True, "customer.asks": ABSENT})


@pytest.mark.parametrize(
    ("observed", "slug", "message"),
    [
        (
            "[{}, {}, {}, {}]",
            "observed-episode",
            "4 entries, and the episodes are numbered 0 to 2",
        ),
        ("[{book.x: 1}]", "unknown-facet", "unknown facet 'book'"),
        ("[{books: {}}]", "observed-field", "'books' names no field of books"),
        ("[{books..x: 1}]", "observed-field", "no name of a field"),
        ("[{'books.a b': 1}]", "observed-field", "no name of a field"),
        ("[{}, {}, {books.member.fine: 0}]", "observed-race", "several things happen at once"),
        ("{}", "wrong-type", "expected array"),
    ],
)
def test_what_cannot_be_observed_is_refused_with_its_place(
    observed: str, slug: str, message: str
) -> None:
    error = refused(observed)

    assert error.slug == slug
    assert message in error.message
    assert error.where == "r.yaml:10"


def test_only_a_recorded_scenario_has_observed() -> None:
    curated = TEXT.replace("kind: recorded", "kind: curated")

    assert refused("[{}]", f"{curated}then: {{customer: {{asks: 0}}}}\n").slug == (
        "observed-unrecorded"
    )
