from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.document import parse_document
from harness.drafting import draft
from harness.errors import InputError
from harness.leak import measure
from harness.model import Cell, Outcome
from harness.ruling import Ruling
from harness.ruling_files import read_ruling
from tests.harness.episode_builder import (
    BEFORE,
    HEAD,
    KNOWN,
    episode,
    flag,
    flagged,
    judged,
    race,
    ruling,
)


def read(text: str) -> Ruling:
    return read_ruling(parse_document(text.encode(), "draft.yaml"), KNOWN)


def completed(text: str, klass: str = "control-bug") -> str:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        key = line.partition(":")[0]
        if key == "class":
            lines[number] = f"class: {klass}"
            if klass == "control-bug":
                lines[number] += "\nquirk: Q14"
        elif key in HEAD and key != "id":
            lines[number] = f"{key}: {HEAD[key]}"
        elif key in ("harm", "loss"):
            lines[number] = line.replace('acknowledged: ""', "acknowledged: because")
    return "\n".join(lines)


def test_a_draft_is_refused_until_a_person_completes_it() -> None:
    text = draft(judged(flagged()))
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.slug == "ruling-incomplete"
    for blank in ("class", "title", "reason", "ticket", "owner", "approver", "created", "expires"):
        assert f'{blank}: ""' in text
        assert blank in caught.value.message


def test_a_draft_pins_both_values() -> None:
    lines = draft(judged(flagged())).splitlines()
    assert "  - {at: books.db.flag, control: {is: before}, candidate: false}" in lines
    assert 'cells: ["s#1"]' in lines
    assert "id: R-s" in "\n".join(lines).replace('"', "")


HARD: dict[str, Any] = {
    "a.b": "é\u202e\U0001f600\x7f\u2028\n",
    "true": {"is": "before"},
    "no": [None, "null", {"absent": True}, -1],
    "x": {"y": {"literal": 1}, "plus": {}},
}


def test_a_completed_draft_rules_its_cell_and_leaks_nothing() -> None:
    before = {**BEFORE, "odd": {"gone": 1}}
    control = {
        "books": {**before, "made": {"k: #1": HARD}},
        "money": {"captured": {"in_1": 60}},
        "customer": {"asks": {"usd": 60}},
    }
    candidate = {
        "books": {**BEFORE, "odd": {}, "db": {"flag": None, "since": 100}},
        "effects": {"in_1": [HARD]},
        "customer": {"asks": {"usd": 0}},
    }
    of = episode(control, candidate, before=before, harm=("x\ny",), loss={"usd": 7})
    bare = judged(of)
    text = draft(bare)
    assert "# customer.asks.usd follows from the books" in text
    one = read(completed(text))
    cell = judged(of, one)
    assert (cell.outcome, cell.findings) == (Outcome.RULED, ())
    assert one.max_loss == {"usd": 7}
    assert measure(cell, [one], {}).leaks == ()


def test_an_unhandled_cell_and_a_race_can_be_drafted() -> None:
    loud = flagged(paths=("(unhandled)",))
    assert judged(loud, read(completed(draft(judged(loud))))).outcome is Outcome.RULED
    of = race({"e0": {"broken": ["I1: x"], "serial": False}})
    one = read(completed(draft(judged(of)), "race-removed"))
    assert judged(of, one).outcome is Outcome.RULED


def test_a_draft_takes_a_new_id() -> None:
    taken = [replace(ruling(), id="R-s"), replace(ruling(), id="R-s-2")]
    assert 'id: "R-s-3"' in draft(judged(flagged()), taken)


def test_differences_that_are_covered_are_left_out() -> None:
    sides = flag(True), {"books": {**BEFORE, "db": {"flag": False, "since": 1}}}
    text = draft(judged(episode(*sides), ruling()))
    assert "books.db.since" in text
    assert "books.db.flag" not in text


def test_more_differences_than_a_ruling_holds_are_said_to_be_several_causes() -> None:
    many = {"books": {**BEFORE, "many": {f"k{n}": n for n in range(13)}}}
    few = {"books": {**BEFORE, "many": {f"k{n}": -1 for n in range(13)}}}
    text = draft(judged(episode(many, few)))
    assert "# 13 differences" in text
    with pytest.raises(InputError) as caught:
        read(completed(text))
    assert caught.value.slug == "ruling-clauses"


def test_a_customer_difference_alone_is_pinned() -> None:
    of = episode({"customer": {"a": 1}}, {"customer": {"a": 2}})
    assert judged(of, read(completed(draft(judged(of))))).outcome is Outcome.RULED


@pytest.mark.parametrize(
    "cell",
    [
        judged(episode()),
        judged(flagged(), ruling()),
        judged(flagged(id="s#0")),
        judged(flagged(repeats={"books.db.flag": "s#0"})),
    ],
)
def test_where_there_is_nothing_to_rule_nothing_is_drafted(cell: Cell) -> None:
    with pytest.raises(InputError) as caught:
        draft(cell)
    assert caught.value.slug == "nothing-to-rule"


def test_text_of_a_cell_cannot_write_keys_of_the_ruling() -> None:
    nasty = {"books": {**BEFORE, 'x"}\nharm: {acknowledged: "y"}': "\nid: R-evil"}}
    of = flagged(harm=("a\nloss: none\nowner: me",), paths=("api.pay",))
    of = replace(of, differences=judged(episode(nasty)).differences)
    text = draft(judged(of))
    assert "\nid: R-evil" not in text
    assert "\nowner: me" not in text
    assert read(completed(text)).owner == "team-a"
