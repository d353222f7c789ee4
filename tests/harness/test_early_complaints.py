"""What a replay would find late, said when a file is read; and nothing that is not certain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixtures.kit import KIT as REAL
from harness.cli import main
from harness.document import parse_document
from harness.errors import InputError
from harness.scenario import Scenario
from harness.scenario_file import Vocabulary, scenario_of
from tests.harness.toy_project import HELD, LATE, VOCABULARY, project

DEBT = """\
id: debt
title: A debt is paid
provenance: {kind: curated, source: a ticket}
given:
  now: 2026-03-02T10:00:00Z
  account: {id: acc_1, segment: pro, currency: usd}
  stripe:
    invoices:
      - {id: in_1, amount: 5000, lines: [{amount: 5000, one_off: true}]}
when:
  - {at: +1h, act: stripe.void, invoice: in_1}
then:
  truth: {owes: {usd: 0}, standing: clear}
  customer: {blocked: false, can_pay: [], offered: null}
"""


def read(text: str, vocabulary: Vocabulary = VOCABULARY, name: str = "late") -> Scenario:
    return scenario_of(parse_document(text.encode(), f"{name}.yaml"), vocabulary)


def refused(old: str, new: str, text: str = LATE) -> InputError:
    assert text.count(old) == 1, old
    with pytest.raises(InputError) as caught:
        read(text.replace(old, new))
    return caught.value


def debt(old: str = "", new: str = "") -> Scenario:
    assert old in DEBT
    return read(DEBT.replace(old, new, 1) if old else DEBT, Vocabulary(kit=REAL), "debt")


@pytest.mark.parametrize("left", ["…", "'...'", "TODO", "'???'"])
@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("owes: 0", "then.truth.owes"),
        ("ticket: desk-1", "ticket"),
        ("title: A book comes back late and the fine is paid", "title"),
    ],
)
def test_what_is_left_for_later_is_no_scenario_yet(written: str, place: str, left: str) -> None:
    key = written.partition(":")[0]
    error = refused(written, f"{key}: {left}")

    assert error.slug == "placeholder"
    assert error.message.startswith(f"{place}: ")


def test_a_placeholder_is_found_wherever_it_hides_in_then() -> None:
    error = refused("paid: 75}", "paid: {usd: […]}}")

    assert (error.slug, error.message.partition(": ")[0]) == (
        "placeholder",
        "then.customer.paid.usd[0]",
    )


def test_what_somebody_else_sent_may_hold_three_dots() -> None:
    webhook = "act: desk.return, loan: ln_1}"
    assert read(LATE.replace(webhook, "webhook: x, object: {id: x, note: '...'}}"))
    assert read(LATE.replace("title: A book", "title: TODO lists are lost; a book"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: A book comes back late and the fine is paid", 'title: " "'),
        ("source: the desk's rules", 'source: ""'),
    ],
)
def test_a_blank_title_or_source_says_nothing(old: str, new: str) -> None:
    error = refused(old, new)

    assert error.slug == "blank-text"
    assert error.hint


def test_a_point_on_the_way_that_says_nothing_is_refused() -> None:
    for empty in ("{}", "{truth: {}}", "{truth: {}, customer: {}}"):
        error = refused("truth: {owes: 0}", f"truth: {{owes: 0}}\n  after: {{1: {empty}}}")
        assert error.slug == "then-after"
        assert "nothing" in error.message


@pytest.mark.parametrize(
    ("old", "new", "corrected"),
    [
        ("blocked: false", "blocked: no", "blocked: false"),
        ("blocked: false", "blocked: 0", ""),
        ("blocked: false", "blocked: fasle", "blocked: false"),
        ("can_pay: []", "can_pay: in_1", ""),
        ("owes: {usd: 0}", "owes: 0", ""),
        ("owes: {usd: 0}", "owes: null", ""),
    ],
)
def test_a_value_of_a_type_that_never_shows_is_refused(old: str, new: str, corrected: str) -> None:
    with pytest.raises(InputError) as caught:
        debt(old, new)

    assert caught.value.slug == "wrong-type"
    assert caught.value.where in ("debt.yaml:13", "debt.yaml:14")
    assert corrected in caught.value.corrected
    assert bool(caught.value.corrected) == bool(corrected)


def test_a_value_that_may_show_later_is_taken() -> None:
    debt()
    debt("offered: null", "offered: [in_1]")  # nobody asks for the page yet
    read(LATE.replace("asks: 0", 'asks: "0"'))  # a kit may change between scalars: a replay says


def test_a_kit_that_lists_values_lets_no_other_pass() -> None:
    with pytest.raises(InputError) as caught:
        debt("standing: clear", "standing: claer")
    assert caught.value.slug == "wrong-value"
    assert "standing: clear}" in caught.value.corrected

    for odd in ("flagged", "[]", "{}", "1", "null", "true"):
        with pytest.raises(InputError, match="none of the values"):
            debt("standing: clear", f"standing: {odd}")


def test_the_first_act_has_to_be_possible_in_what_is_given() -> None:
    with pytest.raises(InputError) as caught:
        debt("invoice: in_1}\nthen", "invoice: in_2}\nthen")

    assert (caught.value.slug, caught.value.where) == ("first-act-impossible", "debt.yaml:11")
    assert "in_2" in caught.value.message


def test_what_an_engine_may_make_possible_is_left_to_the_replay() -> None:
    debt("when:\n", "when:\n  - {at: +1m, act: sweep}\n")
    twice = "  - {at: +1h, act: stripe.void, invoice: in_1}\n"
    debt(twice, twice + twice.replace("+1h", "+2h"))


def complaints(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    assert main(["lint", "--json", "--config", str(folder / "pyproject.toml")]) in (0, 1, 4)
    found = json.loads(capsys.readouterr().out)
    return [*found["failures"], *found["problems"]]


def test_a_copied_file_is_told_by_its_content(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied = LATE.replace("id: late", "id: later").replace("title: A book", "title: Another book")
    lines = LATE.replace("id: late", "id: lines").replace("when:", "# a comment\nwhen:")
    other = LATE.replace("id: late", "id: other").replace("+2d1h", "+2d2h")
    project(tmp_path, late=LATE, later=copied, lines=lines, other=other, held=HELD)

    found = [row for row in complaints(tmp_path, capsys) if row["slug"] == "same-content"]

    assert [Path(row["where"]).name for row in found] == ["later.yaml:1", "lines.yaml:1"]
    assert all("the same as late," in row["message"] for row in found)
