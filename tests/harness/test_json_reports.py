import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from harness.model import ABSENT, Class, Difference, Free, FreeRun, Outcome
from harness.policy import NoSoundCase, Relaxation
from harness.report.json_report import (
    dumped,
    gate_document,
    paths_document,
    plain,
    run_document,
    show_document,
)
from tests.harness.cell_builder import PATH, UNITS, Run, cell
from tests.harness.story import PAY, RULING, SCENARIO, cells, free_run


class Path:
    id, module, origin = PATH, "m.voided", "billing-webhooks"
    triggers = ("invoice.voided",)
    reads = ("invoices",)
    writes = ("customer",)


def keys(value: Any) -> Any:
    """The shape of a document: its keys, and of a list the shape of its first entry."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    return [keys(item) for item in value[:1]] if isinstance(value, list) else None


def test_the_gate_has_every_key_of_its_schema() -> None:
    document = gate_document(Run().verdict())

    assert document["schema"] == "shadow.gate/1"
    assert (document["gate"], document["level"]) == ("open", "rehearsal")
    assert set(document["totals"]) == {"expected", *Outcome}
    assert set(document["free"]) == {"expected", *Free}
    assert document["figures"] == {"agreement_where_sound": "6/6", "repairs_proven": "2/2",
                                   "made_worse": 0, "left_to_a_person": 0, "leak": 0}  # fmt: skip
    path = document["paths"][PATH]
    assert path["gate"] == "open"
    assert path["compared"] == 8
    assert path["branches"] == {"taken": 2, "total": 2}
    assert path["figures"]["agreement_where_sound"] == "6/6"
    assert path["reasons"] == document["reasons"] == []


def test_every_reason_says_what_was_found_and_what_is_needed() -> None:
    document = gate_document(Run(leak=None).verdict())

    assert document["gate"] == "closed"
    assert document["figures"]["leak"] is None
    assert {"slug": "leak-unmeasured", "found": "not measured", "needed": "leak = 0"} in document[
        "reasons"
    ]


def test_what_is_looser_signed_left_out_or_partial_is_in_the_document() -> None:
    verdict = replace(
        Run(partial="1 of 3 scenarios").verdict(),
        relaxations=(Relaxation(key="floors.sound_agree", value=Fraction(1), default=Fraction(3),
                                reason="r", decision="d", date=date(2026, 1, 2)),),
        statements=(NoSoundCase(path="cron.x", reason="r", decision="d", approver="a",
                                expires=date(2026, 5, 1)),),
        retired={"books.billing_db.failed_attempts": 8},
    )  # fmt: skip

    document = gate_document(verdict)

    assert document["partial"] == "1 of 3 scenarios"
    assert document["relaxations"][0]["date"] == "2026-01-02"
    assert document["no_sound_case"]["cron.x"]["expires"] == "2026-05-01"
    assert document["retired_fields"] == {"books.billing_db.failed_attempts": 8}
    assert len(document["not_required"]) == 6


def test_a_run_lists_scenarios_cells_and_differences_in_the_agreed_shape() -> None:
    document = run_document(cells(), [free_run()], totals={"expected": 3}, free_totals={})

    assert document["schema"] == "shadow.run/1"
    (scenario,) = document["scenarios"]
    assert scenario["id"] == SCENARIO.id
    assert [one["cell"].partition("#")[2] for one in scenario["cells"]] == ["0", "1", "2"]
    assert scenario["free"]["outcome"] == "THEN_FAILED"
    ban = scenario["cells"][2]
    assert keys(ban) == {
        "cell": None, "act": None, "at": None, "state": None, "paths": [None],
        "outcome": None, "own": {"cron.ban_flagged": None}, "class": None,
        "findings": [{"outcome": None, "slug": None, "detail": None}],
        "differences": [{"facet": None, "at": None, "control": None, "candidate": None,
                         "repeat": None, "harm": [], "loss": {}, "ruling": None}],
    }  # fmt: skip
    assert ban["at"] == "2026-03-16T10:00:00Z"
    assert [one["repeat"] for one in ban["differences"]] == [False, True, True, False]
    assert ban["differences"][3]["candidate"] == {"absent": True}


def test_harm_and_loss_stand_at_the_customers_differences() -> None:
    customer = Difference(facet="customer", at="blocked", control=False, candidate=True)
    books = Difference(facet="books", at="x", control=1, candidate=2)
    harmful = cell("a#1", outcome=Outcome.DIVERGE, differences=(customer, books),
                   harm=("blocked",), loss={"usd": 5})  # fmt: skip

    found = run_document([harmful], [], totals={}, free_totals={})["scenarios"][0]["cells"][0]

    assert [(one["harm"], one["loss"]) for one in found["differences"]] == [
        (["blocked"], {"usd": 5}), ([], {}),
    ]  # fmt: skip


def test_a_scenario_without_a_free_run_says_so() -> None:
    found = run_document([cell("a#1")], [FreeRun(scenario="b", outcome=Free.KEPT)],
                         totals={}, free_totals={})["scenarios"]  # fmt: skip

    assert [(one["id"], one["free"]["outcome"]) for one in found] == [
        ("a", "NOT_RUN"), ("b", "KEPT"),
    ]  # fmt: skip


def test_a_scenario_is_shown_with_both_sides_and_its_rulings() -> None:
    document = show_document(SCENARIO, cells(), free_run(), rulings={RULING.id: RULING},
                             level="rehearsal")  # fmt: skip

    assert document["schema"] == "shadow.show/1"
    assert document["rulings"][RULING.id]["expires"] == "2026-08-01"
    paid = document["cells"][1]
    assert paid["paths"] == [PAY]
    assert paid["candidate"]["reasons"][0] == {"rule": "debt.none", "owed": 0}
    json.loads(dumped(document))


def test_paths_are_listed_with_their_code_and_scenarios() -> None:
    document = paths_document({PATH: Path()}, UNITS, {PATH: ["b", "a"]})

    assert document["schema"] == "shadow.paths/1"
    assert document["paths"][PATH]["branches"] == 2
    assert document["paths"][PATH]["scenarios"] == ["a", "b"]


def test_text_is_sorted_stable_and_free_of_control_characters() -> None:
    hostile = cell("a#1", act="x\x1b[2J\u202e\n", klass=Class.SOUND)

    text = dumped(run_document([hostile], [], totals={"b": 1, "a": 2}, free_totals={}))

    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2)
    assert text.isascii()
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ABSENT, {"absent": True}),
        (None, None),
        (True, True),
        ((1, "x"), [1, "x"]),
        ({1: {"a": ABSENT}}, {"1": {"a": {"absent": True}}}),
        (1.5, 1.5),
        (float("nan"), {"type": "float", "text": "nan"}),
        (Fraction(1, 2), {"type": "Fraction", "text": "1/2"}),
        (frozenset({"b", "a"}), {"type": "frozenset", "text": ["'a'", "'b'"]}),
    ],
)
def test_values_become_json_and_absent_is_not_null(value: object, expected: object) -> None:
    assert plain(value) == expected
