"""The corrected line of a complaint: offered where it passes, and never where it does not."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from harness.cli import main
from harness.correction import WIDEST, corrected, shortened
from harness.document import parse_document
from harness.errors import InputError
from harness.fields import fields_of
from harness.names import hint
from harness.policy import read_policy
from harness.ruling_files import Known, read_ruling
from harness.scenario_file import scenario_of
from harness.schema import Strict, convert
from tests.harness.toy_project import HELD, LATE, POLICY, VOCABULARY, project

Instant = Annotated[datetime, Meta(tz=True)]
Small = Annotated[str, Meta(pattern="^[a-z]{3}$")]
Capital = Annotated[str, Meta(pattern="^[A-Z]{2}$")]

RULING = """\
id: R-fine-forgiven
class: control-bug
title: A fine is forgiven
reason: The desk was closed.
ticket: desk-1
owner: desk
approver: ledger
created: 2026-03-02
expires: 2026-04-02
quirk: Q01
scope: {paths: [desk.return], segments: [reader]}
expect: [{at: books.fines, control: 1, candidate: 0}]
cells: [late#1]
"""
KNOWN = Known(
    paths=frozenset({"desk.return", "desk.lend"}),
    quirks=frozenset({"Q01"}),
    decisions=frozenset({"docs/decisions/0001-a.md"}),
)
FIELDS = """\
fields:
  - {field: books.fines.total, status: retired, reason: unread, decision: docs/decisions/0001-a.md}
"""


def complaint(text: str, name: str = "late") -> InputError:
    with pytest.raises(InputError) as caught:
        scenario_of(parse_document(text.encode(), f"{name}.yaml"), VOCABULARY)
    return caught.value


def swapped(old: str, new: str, text: str = LATE, name: str = "late") -> InputError:
    assert text.count(old) == 1, old
    return complaint(text.replace(old, new), name)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("act: api.pay_fine", "act: api.pay_fien"),  # an act
        ("title: A book", "titel: A book"),  # a key of the harness
        ("loan: ln_1}", "laon: ln_1}"),  # an argument of an act
        ("{id: ln_1, due", "{id: ln_1, deu"),  # a field of the kit
        ("faults: [Q01]", "faults: [Q0I]"),  # a quirk
        ("truth: {owes: 0}", "truth: {ows: 0}"),  # a name of `then`
        ("customer: {asks: 0", "custmer: {asks: 0"),
        ("kind: curated", "kind: curatd"),  # one of the allowed values
        ("pays: asked", "pays: askd"),
        ("id: late", "id: later"),  # the file's own name
        ("kind: curated", 'kind: "curatd"'),  # inside quotes
    ],
)
def test_the_line_as_it_was_is_offered(right: str, wrong: str) -> None:
    number, line = next(
        (number, line) for number, line in enumerate(LATE.splitlines(), 1) if right in line
    )
    error = swapped(right, wrong)

    assert error.corrected == f"{number} | {line}"
    assert str(error).splitlines()[-1] == f"  {number} | {line}"
    assert error.where == f"late.yaml:{number}"


def test_a_time_of_an_item_gets_its_zone() -> None:
    error = swapped("at: +2d,", "at: 2026-03-04T10:00,")

    assert error.slug == "wrong-time"
    assert "at: 2026-03-04T10:00:00Z," in error.corrected


def test_a_span_of_time_gets_its_plus() -> None:
    assert "at: +2d1h," in swapped("at: +2d1h,", "at: 2d1h,").corrected


def test_a_misspelt_form_of_an_item_is_one_of_the_forms() -> None:
    error = swapped("deliver: loan.returned", "delivr: loan.returned", HELD, "held")

    assert (error.slug, error.hint) == ("when-form", "did you mean 'deliver'?")
    assert error.corrected == "10 |   - {at: +3d, deliver: loan.returned, of: ln_1}"
    assert swapped("deliver: loan.returned, ", "", HELD, "held").hint == ""


def test_a_name_with_nothing_near_gets_no_line() -> None:
    error = swapped("excused: {L1:", "excused: {zzz:", HELD, "held")

    assert (error.slug, error.hint, error.corrected) == ("unknown-invariant", "known: L1", "")


def test_two_faults_of_one_line_are_corrected_together_or_not_at_all() -> None:
    right = "  - {at: +2d1h, act: api.pay_fine, pays: asked}"
    both = swapped(right, "  - {at: +2d1h, act: api.pay_fien, pays: askd}")
    one_unknown = swapped(right, "  - {at: +2d1h, act: api.pay_fien, pays: zzzzzz}")

    assert both.corrected == f"13 | {right}"
    assert one_unknown.hint == "did you mean 'api.pay_fine'?"
    assert one_unknown.corrected == ""


def test_a_name_that_would_stand_twice_is_not_offered() -> None:
    error = swapped("family: desk", "ticke: desk")

    assert (error.slug, error.hint) == ("unknown-key", "did you mean 'ticket'?")
    assert error.corrected == ""


def test_a_name_that_does_not_stand_there_yet_is_offered_before_one_that_does() -> None:
    """`then` is nearer to `when` than to nothing, and `when` is written already."""
    error = swapped("then:", "hen:")

    assert error.hint == "did you mean 'then'?"
    assert error.corrected == "14 | then:"


def test_a_value_below_its_key_is_corrected_in_its_own_line() -> None:
    below = "  - at: +2d1h\n    pays: asked\n    act:\n      api.pay_fien"
    error = swapped("  - {at: +2d1h, act: api.pay_fine, pays: asked}", below)

    assert (error.slug, error.where) == ("unknown-act", "late.yaml:15")
    assert error.corrected == "16 |       api.pay_fine"


def test_what_would_take_two_lines_is_not_offered_as_one() -> None:
    below = "  - pays: asked\n    at: +2d1h\n    act: # api.pay_fien\n      api.pay_fien"
    error = swapped("  - {at: +2d1h, act: api.pay_fine, pays: asked}", below)
    assert error.corrected == "16 |       api.pay_fine"

    split = '  - {at: +2d1h, "atc":\n      api.pay_fien, pays: asked}'
    assert swapped("  - {at: +2d1h, act: api.pay_fine, pays: asked}", split).corrected == ""


def test_only_the_token_in_its_place_is_replaced() -> None:
    text = LATE.replace("loan: ln_1}", "loan: laon, laon: ln_1}")
    error = complaint(text)

    assert error.corrected == ""  # `loan` is there already
    text = LATE.replace("{id: ln_1, due", "{id: deu, deu").replace("loan: ln_1", "loan: deu")
    assert "{id: deu, due: 2026" in complaint(text).corrected


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        *(("yes", "true"), ('"no"', "false"), ("On", "true"), ("'FALSE'", "false")),
        *(("truue", "true"), ("flase", "false")),  # slips of the hand
    ],
)
def test_a_truth_value_of_other_yaml_is_written_as_one(wrong: str, right: str) -> None:
    class Flagged(Strict, frozen=True):
        flag: bool

    document = parse_document(f"a: [{{flag: {wrong}}}]\n".encode(), "a.yaml")
    with pytest.raises(InputError) as caught:
        corrected(document, lambda one: convert(one, ("a",), tuple[Flagged, ...]))
    assert caught.value.corrected == f"1 | a: [{{flag: {right}}}]"


@pytest.mark.parametrize(
    ("type_", "wrong", "right"),
    [
        (int, '"5000"', "5000"),
        (str, "true", '"true"'),
        (str, "12", '"12"'),
        (dict[str, str], "{a: 1}", '{a: "1"}'),
        (Instant, "2026-03-02T10:00:00", "2026-03-02T10:00:00Z"),
        (Instant | None, "'2026-03-02T10:00:00'", "2026-03-02T10:00:00Z"),
        (Instant, "2026-03-02", "2026-03-02T00:00:00Z"),
        (Instant, "2026-03-02 10:00", "2026-03-02T10:00:00Z"),
        (Instant, "2026-03-02T10:00+01:00", "2026-03-02T10:00:00+01:00"),
        (Small, "USD", "usd"),
        (Capital, "de", "DE"),
    ],
)
def test_a_scalar_is_written_as_what_is_expected(type_: Any, wrong: str, right: str) -> None:
    document = parse_document(f"amount: {wrong}\n".encode(), "a.yaml")
    with pytest.raises(InputError) as caught:
        corrected(document, lambda one: convert(one, ("amount",), type_))
    assert caught.value.corrected == f"1 | amount: {right}"


@pytest.mark.parametrize(
    ("type_", "wrong"),
    [(bool, "1"), (bool, "paid"), (int, '"5,000"'), (Small, "US"), (Instant, "tomorrow")],
)
def test_what_could_mean_several_things_is_left_to_the_writer(type_: Any, wrong: str) -> None:
    document = parse_document(f"amount: {wrong}\n".encode(), "a.yaml")
    with pytest.raises(InputError) as caught:
        corrected(document, lambda one: convert(one, ("amount",), type_))
    assert caught.value.corrected == ""


def test_an_amount_with_a_point_is_asked_for_and_not_guessed() -> None:
    error = swapped("then:", "then: {a: 50.00}\nthan:")

    assert error.slug == "yaml-number"
    assert "minor units" in error.hint
    assert error.corrected == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("class: control-bug", "class: control-bgu"),
        ("quirk: Q01", "quirk: Q0l"),
        ("paths: [desk.return]", "paths: [desk.retrun]"),
        ("owner: desk", "ownr: desk"),
    ],
)
def test_rulings_are_corrected_too(right: str, wrong: str) -> None:
    with pytest.raises(InputError) as caught:
        read_ruling(parse_document(RULING.replace(right, wrong).encode(), "R.yaml"), KNOWN)

    assert caught.value.corrected.partition(" | ")[2] in RULING.splitlines()


def test_a_misfit_in_a_free_mapping_is_found_though_another_one_follows() -> None:
    wrong = RULING.replace(
        "cells: [late#1]", "cells: {Q01: [late#1], Q02: [late#2, null]}\nbulk: 1"
    )
    with pytest.raises(InputError) as caught:
        read_ruling(parse_document(wrong.encode(), "R.yaml"), KNOWN)

    assert caught.value.message.startswith("cells.Q02[1]: expected str")


def test_the_gates_policy_is_corrected_too() -> None:
    wrong = POLICY.replace("repairs_proven", "repairs_provn")
    with pytest.raises(InputError) as caught:
        read_policy(parse_document(wrong.encode(), "gate.yaml"))

    assert caught.value.corrected == "7 | repairs_proven: 1"


def test_the_gates_level_is_corrected_too() -> None:
    with pytest.raises(InputError) as caught:
        read_policy(parse_document(POLICY.replace("rehearsal", "reharsal").encode(), "gate.yaml"))

    assert caught.value.corrected == "3 | level: rehearsal"


def test_the_fields_policy_is_corrected_too(tmp_path: Path) -> None:
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "docs" / "decisions" / "0001-a.md").write_text("decided")
    for right, wrong in (("retired", "retird"), ("0001-a.md", "0001-b.md"), ("field:", "feild:")):
        document = parse_document(FIELDS.replace(right, wrong).encode(), "fields.yaml")
        with pytest.raises(InputError) as caught:
            fields_of(document, root=tmp_path)
        assert caught.value.corrected == f"2 | {FIELDS.splitlines()[1]}"


def test_lint_says_it_to_people_and_to_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, late=LATE.replace("act: api.pay_fine", "act: api.pay_fien"))
    monkeypatch.chdir(tmp_path)
    line = "13 |   - {at: +2d1h, act: api.pay_fine, pays: asked}"

    assert main(["lint"]) == 4
    assert f"\n  {line}\n" in capsys.readouterr().err
    assert main(["lint", "--json"]) == 4
    (row,) = json.loads(capsys.readouterr().out)["failures"]
    assert row["corrected"] == line


def test_a_long_line_is_cut_around_what_was_put_in() -> None:
    old = f"{'a' * 300} tpyo {'b' * 300}"
    shown = shortened(old, old.replace("tpyo", "typo"))

    assert " typo " in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) <= WIDEST + 2


def test_what_a_line_hides_is_shown_and_not_obeyed() -> None:
    right = "title: A book comes back late and the fine is paid"
    shown = swapped(right, "titel: A # \u202e").corrected

    assert shown == "2 | title: A # \\u202e"


def wrong_in(text: str) -> InputError | None:
    """What is wrong with a text, or None."""
    try:
        scenario_of(parse_document(text.encode(), "late.yaml"), VOCABULARY)
    except InputError as error:
        return error
    return None


@given(
    st.sampled_from(["act: api.pay_fine", "pays: asked", "faults: [Q01]", "ticket: desk-1"]),
    st.text(alphabet="abcdefiklnopsty._#: {}[],'\"", min_size=1, max_size=12),
)
def test_whatever_is_offered_passes_in_its_place(old: str, new: str) -> None:
    text = LATE.replace(old, new)
    error = wrong_in(text)
    if error is None or not error.corrected:
        return
    number, _, line = error.corrected.partition(" | ")
    lines = text.splitlines()
    lines[int(number) - 1] = line

    left = wrong_in("\n".join(lines) + "\n")

    assert left is None or left.where != error.where


def test_a_hint_is_text_wherever_it_is_shown() -> None:
    text = hint("pay_fien", ["pay_fine"])

    assert text == "did you mean 'pay_fine'?"
    assert json.dumps(text) == "\"did you mean 'pay_fine'?\""
