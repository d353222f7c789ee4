"""Values and names on the page: nothing is left out, nothing becomes markup."""

from __future__ import annotations

import html
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from harness.clause import Literal
from harness.report.page.page import breakable
from harness.report.page.rulings import in_words
from harness.report.page.scenarios import detail_document, entries
from harness.report.page.timeline import told as value_told
from tests.harness.many_told import told
from tests.harness.story import cells

NINE = {f"f{number}": number for number in range(9)}
ALL = "f0: 0, f1: 1, f2: 2, f3: 3, f4: 4, f5: 5, f6: 6, f7: 7, f8: 8"


def test_a_short_value_is_told_once_and_a_long_one_entry_by_entry_too() -> None:
    few = "{a: {f0: 0, f1: 1, f2: 2, f3: 3, f4: 4, f5: 5 and 3 more}, since: 2026-02-25T06:13:20Z}"

    assert value_told([1, 2], "x") == "[1, 2]"
    assert value_told(list(range(8)), "x") == ("[0, 1, 2, 3, 4, 5 and 2 more]", tuple("01234567"))
    assert value_told({"a": NINE, "since": 1_772_000_000}, "x") == (
        few, (f"a: {{{ALL}}}", "since: 2026-02-25T06:13:20Z")
    )  # fmt: skip


def test_sentences_of_the_page_and_a_ruling_leave_nothing_out() -> None:
    pay = cells()[1]
    assert pay.episode.control is not None
    books = {f"store.f{number}": "control" for number in range(9)}
    control = structs.replace(
        pay.episode.control,
        written=books,
        reasons=({"rule": "r", "of": NINE},),
        facets={**pay.episode.control.facets, "effects": {"in_1": [{"call": "pay", "of": NINE}]},
                "response": NINE},
    )  # fmt: skip
    episode = replace(pay.episode, control=control, candidate=control)
    end = {"customer": {"asks": {"usd": 1}, "payable": list(range(9))}}
    run = told(judged=[replace(pay, episode=episode)])
    ended = replace(run.free[0], ends={"control": end, "candidate": end})
    (entry,) = entries(replace(run, free=(ended,)))

    found = detail_document(entry, "rehearsal")
    shown = found["episodes"][0]

    assert " more" not in str([shown["control"], shown["reasons"], found["customer"]["rows"]])
    assert shown["control"][0] == f"pay in_1 with of {{{ALL}}}"
    assert f"wrote {', '.join(books)}" in shown["control"]
    assert shown["reasons"] == [f"r with of {{{ALL}}}"]
    assert in_words(Literal(data=NINE), "x") == f"{{{ALL}}}"


@given(st.text())
def test_a_name_that_may_break_is_the_same_name_and_no_markup(text: str) -> None:
    broken = breakable(text)

    assert html.unescape(broken.replace("<wbr>", "")) == text
    assert "<" not in broken.replace("<wbr>", "")


def test_a_name_breaks_after_a_dot_a_slash_or_an_underscore() -> None:
    assert breakable("invoices.in_1/x") == "invoices.<wbr>in_<wbr>1/<wbr>x"
    assert breakable("a.") == "a."
    assert breakable("") == ""
