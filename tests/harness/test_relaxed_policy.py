"""Whatever the guard wants a record of, the policy takes a record of, and no other."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from harness.document import parse_document
from harness.errors import InputError
from harness.policy import Policy, read_policy
from tests.harness.guarded_repo import POLICY, Repo, repo

SECTIONS = {
    "mutants": "mutants: {told_apart: 1/1, candidate: 1/1, crash_max: 3/20, waived_max: 3/100}\n",
    "bounds": "bounds: {wrong_max: 1/1000, confidence: 19/20}\n",
    "fidelity": "fidelity: {seen: 9/10}\n",
    "freshness": "freshness: {recording_days: 90}\n",
}
TIGHT = POLICY.replace("sound_agree: 3", "sound_agree: 5").replace("1/50", "1/100")
LOOSENED = {
    "level": (POLICY, POLICY.replace("production", "rehearsal"), ""),
    "approvers": (POLICY, POLICY.replace("trust]", "trust, ada]"), ", was: [trust, ledger]"),
    "floors.sound_agree": (TIGHT, TIGHT.replace("sound_agree: 5", "sound_agree: 3"), ", was: 5"),
    "intended_change_max": (TIGHT, TIGHT.replace("1/100", "1/50"), ", was: 2/200"),
    **{key: (POLICY + text, POLICY, "") for key, text in SECTIONS.items()},
}
"""What is loosened → the policy before, after, and what a record says it was."""


def record(key: str, was: str = "", day: str = "2026-03-05") -> str:
    row = f"key: {key}, reason: few books, decision: D-1, date: {day}{was}"
    return f"relaxations: [{{{row}}}]\n"


def read(text: str) -> Policy:
    return read_policy(parse_document(text.encode(), "gate.yaml"))


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    return caught.value


@pytest.fixture
def desk(tmp_path: Path) -> Repo:
    return repo(tmp_path)


@pytest.mark.parametrize("key", LOOSENED)
def test_what_the_guard_asks_a_record_of_has_one_that_both_take(desk: Repo, key: str) -> None:
    before, after, was = LOOSENED[key]
    read(before)
    desk.commit({"scenarios/gate.yaml": before})
    desk.merge()
    desk.commit({"scenarios/gate.yaml": after})
    bare = desk.refused()
    desk.commit({"scenarios/gate.yaml": after + record(key, was)})

    assert [slug for slug, _ in bare] == ["policy-loosened"]
    assert bare[0][1].startswith(f"{key} = ")
    assert desk.refused() == []
    (relaxation,) = read(after + record(key, was)).relaxations
    assert relaxation.key == key


@pytest.mark.parametrize("key", LOOSENED)
def test_a_record_of_what_is_no_looser_is_refused(key: str) -> None:
    before, _, was = LOOSENED[key]

    assert refused(before + record(key, was)).slug in (
        "policy-relaxation-unused",
        "policy-unknown-key",  # `was` stands for nothing in the record of a word
    )


def test_every_output_says_what_was_there_before() -> None:
    found = {}
    for key, (_, after, was) in LOOSENED.items():
        (one,) = read(after + record(key, was)).relaxations
        found[key] = (str(one.value), str(one.default))

    assert found == {
        "level": ("rehearsal", "production"),
        "approvers": ("ledger, trust, ada", "trust, ledger"),
        "floors.sound_agree": ("3", "5"),
        "intended_change_max": ("1/50", "1/100"),
        **dict.fromkeys(SECTIONS, ("not asked for", "asked for")),
    }


def test_a_threshold_that_is_no_looser_than_built_in_needs_to_say_what_it_was() -> None:
    assert refused(POLICY + record("floors.sound_agree")).slug == "policy-relaxation-unused"
    assert refused(POLICY + record("floors.sound_agree", ", was: 0")).slug == "policy-threshold"
    assert refused(POLICY + record("floors.sound_agree", ", was: 2")).slug == (
        "policy-relaxation-unused"
    )


def test_what_is_looser_than_built_in_is_weighed_by_what_is_built_in() -> None:
    loose = POLICY.replace("sound_agree: 3", "sound_agree: 2")
    (one,) = read(loose + record("floors.sound_agree", ", was: 5")).relaxations

    assert (one.value, one.default) == (Fraction(2), Fraction(3))


@pytest.mark.parametrize(
    ("key", "was"),
    [
        ("approvers", ""),
        ("approvers", ", was: []"),
        ("approvers", ", was: ledger"),
    ],
)
def test_a_record_of_approvers_says_who_they_were(key: str, was: str) -> None:
    assert refused(POLICY + record(key, was)).slug == "policy-shape"


@pytest.mark.parametrize("key", ["level", "mutants"])
def test_a_word_was_nothing_but_its_opposite(key: str) -> None:
    _, after, _ = LOOSENED[key]

    assert refused(after + record(key, ", was: 5")).slug == "policy-unknown-key"


@pytest.mark.parametrize("key", ["approvers", "floors.sound_agree"])
def test_a_record_that_says_it_was_otherwise_is_of_another_loosening(desk: Repo, key: str) -> None:
    before, after, was = LOOSENED[key]
    desk.commit({"scenarios/gate.yaml": before})
    desk.merge()
    other = was.replace("trust", "finance").replace("5", "6")
    desk.commit({"scenarios/gate.yaml": after + record(key, other)})

    assert desk.slugs() == ["policy-loosened"]
