import re
from dataclasses import replace

import pytest

from harness.model import ABSENT, Class, Difference, Finding, Free, FreeRun, Outcome
from harness.report.deeds import deeds, reasons
from harness.report.show_text import NEXT, next_command, show_text
from harness.report.terminal import STYLES, Look, look
from harness.report.timeline import first_cause, mark, rows
from harness.values import brief, explained
from tests.golden_files import golden
from tests.harness.cell_builder import cell, difference, observation
from tests.harness.story import RULING, SCENARIO, cells, free_run

HOSTILE = "[bold red]x[/] \x1b[2J\x9b31m \u202egnp.exe \u200b\r\n :smile: {link} \x07"


def shown(**changes) -> str:  # type: ignore[no-untyped-def]  # show_text's own parameters
    given = {"rulings": {RULING.id: RULING}, "level": "rehearsal", **changes}
    return show_text(SCENARIO, cells(), free_run(), **given)


def test_a_scenario_as_a_reviewer_sees_it() -> None:
    golden("show.txt", shown())


def test_a_scenario_in_80_columns() -> None:
    text = shown(look=Look(width=80))

    assert max(map(len, text.splitlines())) <= 80
    golden("show-80.txt", text)


def test_one_cell_as_a_reviewer_sees_it() -> None:
    golden("show-cell.txt", shown(only=f"{SCENARIO.id}#2"))


def test_no_line_is_wider_than_the_page_and_none_ends_in_blanks() -> None:
    lines = shown().splitlines()

    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() for line in lines)


def test_a_time_with_seconds_stays_apart_from_the_act() -> None:
    given, pay, *others = cells()
    late = replace(pay, episode=replace(pay.episode, at=pay.episode.at + 1))
    text = show_text(SCENARIO, (given, late, *others), free_run(), rulings={}, level="rehearsal")

    assert re.search(r"#1  2026-\d\d-\d\d \d\d:\d\d:01  api\.", text)
    assert re.search(r"#0  2026-\d\d-\d\d \d\d:\d\d     look", text)


def test_colour_only_repeats_what_the_words_say() -> None:
    coloured = shown(look=Look(colour=True))

    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert "\x1b[" in coloured
    assert [line.rstrip() for line in plain.splitlines()] == shown().splitlines()


def test_the_last_line_says_what_to_type_next() -> None:
    assert shown().splitlines()[-1] == f"Next: shadow rule {SCENARIO.id}#2"


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_next_command(outcome: Outcome) -> None:
    assert NEXT[outcome].startswith("shadow ")
    assert next_command(SCENARIO, [cell("a#1", outcome=outcome)], None).startswith("shadow ")


def test_a_broken_free_run_is_what_to_look_at_once_all_cells_agree() -> None:
    broken = FreeRun(scenario="a", outcome=Free.BROKEN)

    assert next_command(SCENARIO, [cell("a#1")], broken) == f"shadow run {SCENARIO.file}"
    assert next_command(SCENARIO, [], None) == f"shadow lint {SCENARIO.file}"


def test_the_first_cause_is_told_from_repeats_and_consequences() -> None:
    _, pay, ban = cells()

    assert first_cause(cells()) == pay.episode.id
    assert {row.at: row.mark for row in rows(pay, pay.episode.id)} == {
        "billing_db.bad_debt": "first cause",
        "customer.bad_debt_since": "first cause",
        "enforcement.block": "first cause",
        "customer.blocked": "follows",
        "invoices.in_1.status": "both",
        "invoices.in_1.amount_remaining": "both",
    }
    assert {row.at: row.mark for row in rows(ban, pay.episode.id)} == {
        "enforcement.ban": "new cause",
        "billing_db.bad_debt": "repeat of #1",
        "customer.bad_debt_since": "repeat of #1",
        "customer.banned": "follows",
        "enforcement.block": "both",
    }


def test_given_damage_is_no_cause_of_the_candidate() -> None:
    given = difference(ruling="(given)")
    look_ = cell("a#0", ("(given)",), differences=[given])

    assert first_cause([look_]) == ""
    assert mark(given, look_, "") == "given damage"


def test_a_customer_difference_with_no_other_cause_is_the_cause() -> None:
    alone = difference(facet="customer", at="asks")

    assert mark(alone, cell("a#1", differences=[alone]), "a#1") == "first cause"


def test_hostile_text_is_shown_and_never_obeyed() -> None:
    scenario = replace(SCENARIO, title=HOSTILE, ticket=HOSTILE,
                       provenance=replace(SCENARIO.provenance, source=HOSTILE))  # fmt: skip
    seen = observation(
        facets={"customer": {"asks": HOSTILE}, "response": {HOSTILE: HOSTILE},
                "effects": {HOSTILE: [{"call": HOSTILE, "x": HOSTILE, "result": HOSTILE}]},
                "books": {}},
        reasons=({"rule": HOSTILE, HOSTILE: HOSTILE},),
        crash=(HOSTILE, HOSTILE, HOSTILE), traps=(HOSTILE,), timeout=HOSTILE,
        handlers=((HOSTILE, HOSTILE),), written={HOSTILE: HOSTILE},
    )  # fmt: skip
    hostile = cell(
        "a#1", outcome=Outcome.ERROR, control=seen, candidate=seen, act=HOSTILE,
        stratum={HOSTILE: HOSTILE}, wrongs=(HOSTILE,), deferrals=(HOSTILE,), harm=(HOSTILE,),
        loss={HOSTILE: 1}, klass=Class.TWIST, unmet=(HOSTILE,),
        differences=[Difference(facet="response", at=HOSTILE, control=HOSTILE, candidate=[HOSTILE],
                                ruling=HOSTILE)],
        rulings=(HOSTILE,),
    )  # fmt: skip
    hostile = replace(
        hostile, findings=(Finding(outcome=Outcome.ERROR, slug="x", detail=HOSTILE),)
    )
    free = FreeRun(scenario="a", outcome=Free.BROKEN, moot=(HOSTILE,), broken=(HOSTILE,),
                   then=(HOSTILE,), findings=(HOSTILE,))  # fmt: skip
    rulings = {HOSTILE: replace(RULING, title=HOSTILE, reason=HOSTILE, owner=HOSTILE)}

    text = show_text(scenario, [hostile], free, rulings=rulings, level="rehearsal")
    coloured = show_text(scenario, [hostile], free, rulings=rulings, level="rehearsal",
                         look=Look(colour=True))  # fmt: skip

    assert "[bold red]x[/]" in text
    assert ":smile:" in text
    assert not set(text) & set("\x1b\x9b\u202e\u200b\r\x07")
    codes = re.findall(r"\x1b[^m]*m", coloured)
    assert coloured.count("\x1b") == len(codes)
    assert all(re.fullmatch(r"\x1b\[[0-9;]*m", code) for code in codes)
    golden("show-hostile.txt", text)


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (ABSENT, "", "absent"),
        (None, "", "null"),
        (True, "", "true"),
        ("true", "", '"true"'),
        ("null", "", '"null"'),
        ("absent", "", '"absent"'),
        ("6000", "", '"6000"'),
        (6000, "", "6000"),
        ("", "", '""'),
        ("two words", "", '"two words"'),
        ("in_1", "", "in_1"),
        (1_769_731_200, "bad_debt_since", "2026-01-30T00:00:00Z"),
        (1_769_731_200, "paid_at", "2026-01-30T00:00:00Z"),
        (1_769_731_200, "amount", "1769731200"),
        (3, "next_payment_attempt", "3"),
        ({"usd": 1}, "", "{usd: 1}"),
        ([], "", "[]"),
        (list(range(9)), "", "[0, 1, 2, 3, 4, 5 and 3 more]"),
        (1.5, "", "float 1.5"),
    ],
)
def test_two_values_never_read_the_same(value: object, name: str, expected: str) -> None:
    assert brief(value, name=name) == expected


def test_nested_values_are_explained_place_by_place() -> None:
    control = [{"call": "pay", "amount": 3000}]
    candidate = [{"call": "pay", "amount": 6000}, {"call": "void", "__x": 1}]

    found = {leaf.at: (leaf.control, leaf.candidate) for leaf in explained(control, candidate)}

    assert found == {"[0].amount": (3000, 6000), "[1]": (ABSENT, candidate[1])}
    assert explained([1], 1) == explained([], [1]) == ()


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ({"rule": "owes", "usd": 6000}, "owes with usd 6000"),
        ({"rule": "clear"}, "clear"),
        ({"usd": 6000}, "no rule with usd 6000"),
    ],
)
def test_a_reason_is_shown_with_its_figures(reason: object, expected: str) -> None:
    assert reasons(observation(reasons=(reason,))) == (expected,)


def test_what_happened_outside_is_not_what_the_engine_did() -> None:
    seen = observation(written={"invoices.in_1.status": "outside", "flag": "p"},
                       writes=(("outside", "x", 1, 2), ("p", "since", 1, 2)))  # fmt: skip

    assert deeds(seen) == ("wrote flag, since",)


def test_an_engine_that_did_nothing_or_gave_nothing_says_so() -> None:
    assert deeds(observation()) == ("did nothing",)
    assert deeds(None) == ("gave no result",)
    assert reasons(None) == ()


def test_what_an_engine_did_is_told_in_order() -> None:
    seen = observation(
        facets={"effects": {"in_1": [{"call": "void", "result": "ok"}], "mail": "x"},
                "response": {"status": 402}},
        refusal={"kind": "declined", "code": "insufficient_funds"},
        crash=("p", "KeyError", "x"), timeout="64 deliveries",
    )  # fmt: skip

    assert deeds(seen) == (
        "void in_1: ok", "mail x", "refused: declined insufficient_funds",
        "crashed in p: KeyError: x", "ran over its budget: 64 deliveries",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "terminal", "columns", "expected"),
    [
        ({}, True, 120, Look(width=120, colour=True)),
        ({"NO_COLOR": "1"}, True, 120, Look(width=120)),
        ({"TERM": "dumb"}, True, 120, Look(width=120)),
        ({}, False, 200, Look(width=100)),
        ({"COLUMNS": "90"}, False, None, Look(width=90)),
        ({"COLUMNS": "20"}, False, None, Look(width=80)),
        ({"COLUMNS": "x"}, True, 20, Look(width=80, colour=True)),
        ({}, True, 400, Look(width=160, colour=True)),
        ({"CI": "true"}, False, None, Look()),
    ],
)
def test_the_page_fits_who_reads_it(
    environ: dict[str, str], terminal: bool, columns: int | None, expected: Look
) -> None:
    assert look(environ, terminal=terminal, columns=columns) == expected


def test_only_words_have_a_look() -> None:
    assert all(word for word in STYLES)


def test_a_race_says_in_how_many_ways_it_can_end_and_which_break_an_invariant() -> None:
    ends = {"aa": {"broken": [], "serial": True}, "bb": {"broken": ["I5"], "serial": False}}

    assert deeds(observation(facets={"race": ends})) == (
        "can end in 2 ways: aa, bb",
        "breaks an invariant in bb",
    )
