from datetime import date
from fractions import Fraction

import pytest

from harness.document import parse_document
from harness.errors import ExitCode, InputError
from harness.policy import THRESHOLDS, Policy, read_policy
from tests.harness.cell_builder import POLICY, policy

RELAXED = (
    POLICY.replace("distinct_cells: 8", "distinct_cells: 4")
    + """\
relaxations:
  - key: floors.distinct_cells
    reason: few ways into this code
    decision: docs/decisions/0007
    date: 2026-02-01
"""
)
SIGNED = (
    POLICY
    + """\
no_sound_case:
  cron.consolidate:
    reason: every run asks for money twice
    decision: docs/decisions/0008
    approver: ledger
    expires: 2026-06-01
"""
)


def read_text(text: str) -> Policy:
    return read_policy(parse_document(text.encode(), "gate.yaml"))


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read_policy(parse_document(text.encode(), "gate.yaml"))
    return caught.value


def test_the_built_in_thresholds_are_read_as_exact_figures() -> None:
    read = policy()

    assert read == Policy(approvers=("ledger",))
    assert read.intended_change_max == Fraction(1, 50)


def test_a_tighter_value_needs_no_record() -> None:
    read = policy(POLICY.replace("1/50", "1/100").replace("sound_agree: 3", "sound_agree: 9"))

    assert read.intended_change_max == Fraction(1, 100)
    assert read.sound_agree == 9
    assert read.relaxations == ()


@pytest.mark.parametrize("bad", ["null", "0", "-1", "0/1", "-1/2", "3/2", "2", "1/0", "true", "[]",
                                 "'0.5'", "'1 / 2'", "1/\N{FULLWIDTH DIGIT ONE}"])  # fmt: skip
@pytest.mark.parametrize("key", ["agreement_where_sound", "intended_change_max", "repairs_proven"])
def test_a_share_that_is_not_an_exact_one_is_refused_with_its_line(key: str, bad: str) -> None:
    lines = [f"{key}: {bad}" if line.startswith(key) else line for line in POLICY.splitlines()]

    error = refused("\n".join(lines))

    number = next(n for n, line in enumerate(lines, 1) if line.startswith(key))
    assert error.slug == "policy-threshold"
    assert error.where == f"gate.yaml:{number}"
    assert error.exit_code == ExitCode.INPUT
    assert key in error.message


@pytest.mark.parametrize("bad", ["null", "0", "-3", "1/2", "true", "'8.0'"])
@pytest.mark.parametrize("key", ["distinct_cells", "sound_agree"])
def test_a_floor_is_a_whole_number_from_one(key: str, bad: str) -> None:
    text = POLICY.replace("distinct_cells: 8", f"{key}: {bad}") if key == "distinct_cells" else (
        POLICY.replace("sound_agree: 3", f"{key}: {bad}")
    )  # fmt: skip

    error = refused(text)

    assert error.slug == "policy-threshold"
    assert error.where == "gate.yaml:3"


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda threshold: threshold.key)
def test_a_missing_threshold_is_never_a_default(threshold) -> None:  # type: ignore[no-untyped-def]  # pytest's parameter
    last = threshold.key.split(".")[-1]
    if "." in threshold.key:
        kept = {"distinct_cells": "sound_agree: 3", "sound_agree": "distinct_cells: 8"}[last]
        text = POLICY.replace("floors: {distinct_cells: 8, sound_agree: 3}", f"floors: {{{kept}}}")
    else:
        text = "\n".join(line for line in POLICY.splitlines() if not line.startswith(last))

    assert refused(text).slug == "policy-threshold"


@pytest.mark.parametrize("text", ["[]", "x", "{}", POLICY.replace("[ledger]", "[]"),
                                  POLICY.replace("[ledger]", "ledger"),
                                  POLICY.replace("[ledger]", "[1]"),
                                  POLICY.replace("rehearsal", "strict"),
                                  POLICY + "relaxations: null",
                                  POLICY + "no_sound_case: []",
                                  POLICY.replace("{distinct_cells: 8, sound_agree: 3}", "null"),
                                  SIGNED.replace("docs/decisions/0008", "''")])  # fmt: skip
def test_a_malformed_part_is_named(text: str) -> None:
    error = refused(text)

    assert error.slug == "policy-shape"
    assert error.where.startswith("gate.yaml:")
    assert error.hint


def test_an_unknown_key_is_answered_with_the_nearest_one() -> None:
    error = refused(POLICY.replace("repairs_proven", "repair_proven"))

    assert error.slug == "policy-unknown-key"
    assert error.hint == "did you mean 'repairs_proven'?"


def test_an_unknown_floor_is_refused() -> None:
    assert refused(POLICY.replace("sound_agree: 3", "sound_agree: 3, x: 1")).where == "gate.yaml:3"


def test_a_condition_that_is_the_gate_itself_cannot_be_configured() -> None:
    assert refused(POLICY + "made_worse: 0\n").slug == "policy-fixed"


@pytest.mark.parametrize(
    "change",
    [("distinct_cells: 8", "distinct_cells: 7"), ("sound_agree: 3", "sound_agree: 2"),
     ("agreement_where_sound: 1/1", "agreement_where_sound: 99/100"),
     ("1/50", "1/49"), ("repairs_proven: 1/1", "repairs_proven: 1/2")],
)  # fmt: skip
def test_a_looser_value_needs_a_record(change: tuple[str, str]) -> None:
    error = refused(POLICY.replace(*change))

    assert error.slug == "policy-looser"
    assert "relaxations" in error.hint


def test_a_recorded_relaxation_is_kept_for_every_output() -> None:
    (relaxation,) = policy(RELAXED).relaxations

    assert policy(RELAXED).distinct_cells == 4
    assert (relaxation.value, relaxation.default) == (Fraction(4), Fraction(8))
    assert relaxation.date == date(2026, 2, 1)


def test_a_relaxation_that_nothing_needs_is_refused() -> None:
    error = refused(RELAXED.replace("distinct_cells: 4", "distinct_cells: 8"))

    assert error.slug == "policy-relaxation-unused"


def test_a_second_relaxation_of_one_threshold_is_refused() -> None:
    record = RELAXED[RELAXED.index("  - key") :]

    assert refused(RELAXED + record).slug == "policy-relaxation-unused"


def test_a_relaxation_of_an_unknown_threshold_names_the_nearest() -> None:
    error = refused(RELAXED.replace("key: floors.distinct_cells", "key: floors.distinct_cell"))

    assert error.slug == "policy-unknown-key"
    assert "floors.distinct_cells" in error.hint


@pytest.mark.parametrize("bad", ["2026-02-30", "2026-2-1", "'20260201'", "soon", "2026-W05-1"])
def test_a_malformed_date_is_named(bad: str) -> None:
    error = refused(RELAXED.replace("2026-02-01", bad))

    assert error.slug == "policy-date"
    assert error.where == "gate.yaml:11"


def test_a_signed_statement_is_read() -> None:
    (statement,) = policy(SIGNED).no_sound_case

    assert statement.path == "cron.consolidate"
    assert statement.expires == date(2026, 6, 1)


def test_a_statement_is_signed_by_a_listed_approver() -> None:
    error = refused(SIGNED.replace("approver: ledger", "approver: edger"))

    assert error.slug == "policy-approver"
    assert "ledger" in error.hint


MUTANTS = "mutants: {told_apart: 19/20, candidate: 19/20, crash_max: 3/20, waived_max: 3/100}\n"


def test_a_section_that_is_absent_asks_for_nothing_and_one_that_is_there_for_all_of_it() -> None:
    assert read_text(POLICY).sections == {}
    assert not read_text(POLICY).asks("mutants")
    assert read_text(POLICY + MUTANTS).sections == {
        "mutants": {
            "told_apart": Fraction(19, 20),
            "candidate": Fraction(19, 20),
            "crash_max": Fraction(3, 20),
            "waived_max": Fraction(3, 100),
        }
    }
    assert read_text(POLICY + MUTANTS).asks("mutants")


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("mutants: null\n", "policy-shape"),
        ("mutants: {}\n", "policy-shape"),
        ("mutants: {told_apart: 19/20}\n", "policy-threshold"),
        (MUTANTS.replace("19/20", "null"), "policy-threshold"),
        (MUTANTS.replace("19/20", "0"), "policy-threshold"),
        (MUTANTS.replace("19/20", "21/20"), "policy-threshold"),
        (MUTANTS.replace("19/20", "'0.95'"), "policy-threshold"),
        (MUTANTS.replace("}", ", x: 1}"), "policy-unknown-key"),
        (MUTANTS.replace("19/20", "18/20", 1), "policy-looser"),
        (MUTANTS.replace("candidate: 19/20", "candidate: 18/20"), "policy-looser"),
        (MUTANTS.replace("3/20,", "4/20,"), "policy-looser"),
        ("freshness: {recording_days: 91}\n", "policy-looser"),
        ("freshness: {recording_days: 1/2}\n", "policy-threshold"),
        ("bounds: {wrong_max: 1/500, confidence: 19/20}\n", "policy-looser"),
        ("bounds: {wrong_max: 1/1000, confidence: 9/10}\n", "policy-looser"),
    ],
)
def test_a_section_is_complete_exact_and_no_looser_than_built_in(text: str, slug: str) -> None:
    assert refused(POLICY + text).slug == slug
