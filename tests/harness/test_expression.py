from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.expression import EACH, Unevaluable, parse_expression

SCOPE: dict[str, Any] = {
    "before": {
        "flag": True,
        "none": None,
        "amount": "6000",
        "odd": "1,250",
        "invoices": {"in_1": {"due": 60}},
        "ids": ["in_1", "in_2"],
        "items": 3,
    },
    "trigger": {"name": "api.pay"},
    "truth": {"owes": {"usd": 60}, "owed": {"in_1": 60}},
    "now": 1000,
    EACH: "in_1",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("before.flag", True),
        ("before.flag == 1", False),
        ("before.missing", None),
        ("before.missing.deeper['x'] == null", True),
        ("truth.owed[$i] == before.invoices[$i].due", True),
        ("before.items", 3),
        ("before.ids[1]", "in_2"),
        ("before.ids[7]", None),
        ("$i in before.ids and not ('in_9' in before.ids)", True),
        ("$i in before.invoices", True),
        ("'$i' == '$' 'i'", True),
        ("$i not in ['in_2', 'in_3']", True),
        ("str(int(before.amount) - truth.owes.usd)", "5940"),
        ("-1 < now - 500 <= 500", True),
        ("false or trigger.name != 'sweep'", True),
        ("true and False", False),
        ("false and before.amount > 3", False),
        ("[1, 2] == (1, 2)", True),
        ("null == None", True),
    ],
)
def test_values(text: str, value: object) -> None:
    found = parse_expression(text).evaluate(SCOPE)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "text",
    [
        "before.amount + 1",
        "before.amount < 3",
        "before.flag + 1",
        "before.none > 0",
        "int(before.odd)",
        "int(before.flag)",
        "str(before.none)",
        "not before.none",
        "before.amount and true",
        "'in' in before.amount",
        "before.ids['x'] == null",
        "before.ids[-1] == 'in_2'",
        "before.items.deeper == null",
    ],
)
def test_what_does_not_fit_has_no_value_and_does_not_hold(text: str) -> None:
    expression = parse_expression(text)
    with pytest.raises(Unevaluable):
        expression.evaluate(SCOPE)
    assert expression.holds(SCOPE) is False


def test_only_true_holds() -> None:
    assert parse_expression("before.items").holds(SCOPE) is False
    assert parse_expression("$i == 'in_1'").holds({}) is False


@pytest.mark.parametrize(
    "text",
    [
        "", "1.5", "1e3", "b'x'", "f'{now}'", "control.books", "candidate", "each__bound",
        "__import__('os')", "before.get('x')", "str(1, 2)", "int(x=1)", "str", "len(before)",
        "lambda: 1", "[x for x in before]", "{'a': 1}", "before[1:2]", "now * 2", "now / 2",
        "now if true else 1", "before.flag is true", "(now := 1)", "$j == 1", "$ii", "a\0b",
        "...", "1j", "now +", "not", "*before", "x" * 501, "(" * 300,
        "now ** 9", "~now", "'\\d'", "1or true",
    ],
)  # fmt: skip
def test_everything_else_is_an_input_error_with_its_place(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_expression(text, "r.yaml:7")
    assert (caught.value.slug, caught.value.where) == ("expression", "r.yaml:7")


def test_a_mistyped_name_is_told_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        parse_expression("befor.flag == true")
    assert "'before'" in caught.value.hint


def test_whether_an_object_is_named_is_known() -> None:
    assert parse_expression("truth.owed[$i] == 0").each
    assert not parse_expression("'$i' == ''").each


@given(st.text(st.sampled_from("before.now$i[]()'\"=<+- andotr1,"), max_size=30))
def test_any_text_is_parsed_or_refused_and_never_runs(text: str) -> None:
    with contextlib.suppress(InputError):
        assert parse_expression(text).holds(SCOPE) in (True, False)
