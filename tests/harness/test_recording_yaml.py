"""Scenarios as YAML: what is written reads back the same, whatever it holds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.document import parse_document
from harness.errors import InputError
from harness.model import ABSENT
from harness.record.scenario_yaml import scenario_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
KEY = TEXT.filter(bool)
SCALAR = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | TEXT
DATA = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=12,
)
AMBIGUOUS = (
    "true", "null", "~", "", "no", "007", "-5", "1.5", "1e5", "12:30:00", "2024-01-01", "<<", "=",
    "- x", "# x", "x: y", "*a", "&a", "!t", " x", "x ", "a\nb", "\ufeff", "\u202e", "\x85",
    "\u2028", "'", '"', "\\", "%", "@", "`", "x" * 5000 + " y", "\U000e0001", "---", "...", "? a",
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEY, DATA, min_size=1, max_size=4))
@example({text or "empty": text for text in AMBIGUOUS})
def test_what_is_written_reads_back_the_same(fields: dict[str, object]) -> None:
    text = scenario_yaml(fields, ("a note",))

    assert parse_document(text.encode(), "x.yaml").data == fields


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEY, DATA, min_size=1, max_size=3), TEXT)
def test_nothing_in_the_file_is_invisible(fields: dict[str, object], note: str) -> None:
    text = scenario_yaml(fields, (note,))

    assert all(char == "\n" or char.isprintable() for char in text)


def test_a_scenario_reads_well_in_a_difference() -> None:
    fields = {
        "id": "r-1",
        "given": {"now": "2026-03-02T10:00:00Z", "tags": [], "more": {}},
        "when": [{"at": "2026-03-02T10:00:00Z", "object": {"zip": "01234", "n": 5, "ok": True}}],
        "observed": [{"books.a.b": ABSENT}],
    }

    assert scenario_yaml(fields, ("Made of\nevents.",)) == (
        "# Made of\\nevents.\n"
        "id: r-1\n"
        "given:\n"
        "  now: 2026-03-02T10:00:00Z\n"
        "  tags: []\n"
        "  more: {}\n"
        "when:\n"
        "- at: 2026-03-02T10:00:00Z\n"
        "  object:\n"
        "    zip: 01234\n"
        "    n: 5\n"
        "    ok: true\n"
        "observed:\n"
        "- books.a.b:\n"
        "    absent: true\n"
    )


@pytest.mark.parametrize("value", [0.5, Decimal("2.50"), Decimal(1), b"x", {1: 2}, object()])
def test_what_no_scenario_holds_is_named_with_its_place(value: object) -> None:
    with pytest.raises(InputError) as caught:
        scenario_yaml({"when": [{"object": {"rate": value}}]})

    assert caught.value.slug == "no-plain-data"
    assert caught.value.message.startswith("when[0].object.rate: ")


def test_one_value_in_two_places_is_written_out_twice() -> None:
    shared = {"a": ["b"]}

    text = scenario_yaml({"one": shared, "two": shared})

    assert "&" not in text
    assert parse_document(text.encode(), "x.yaml").data == {"one": shared, "two": shared}


@pytest.mark.parametrize("fields", [{"a": ["\ud800"]}, {"a": {"\udfff": 1}}])
def test_half_a_character_is_refused_with_its_place(fields: dict[str, object]) -> None:
    with pytest.raises(InputError) as caught:
        scenario_yaml(fields)

    assert caught.value.slug == "no-plain-data"
    assert caught.value.message.startswith("a")
    caught.value.message.encode()
