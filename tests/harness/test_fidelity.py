"""Fidelity: what production showed of what the control does, counted exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.evidence import Pinned, fold
from harness.fidelity import Field, fields_of, level_reasons
from harness.figures import Share
from harness.gate import decide
from harness.model import ABSENT, Outcome
from tests.harness.cell_builder import PATH, cell, observation
from tests.harness.recorded_registers import (
    DO,
    DOES,
    SEEN,
    TODAY,
    UNDO,
    WHOLE,
    YOUNG,
    Replayed,
    asking,
    closing,
    fidelity_of,
    replayed,
)
from tests.harness.register_world import act, together

PRODUCTION = asking(level="production")


def figures(*found: Replayed, path: str = DO, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = fidelity_of(*found, paths=(DO, UNDO), **more).detail["paths"][path]
    return told


def seen_of(found: Replayed, number: int = 1) -> dict[str, bool]:
    return {one.name: one.seen for one in fields_of(found.cells[number])}


def wrote(found: Replayed, number: int = 1) -> set[str]:
    return {one.name for one in fields_of(found.cells[number]) if one.wrote}


# --- what counts in a cell


def test_every_compared_field_counts_and_those_that_are_named_are_seen() -> None:
    found = replayed(observed=({}, {"books.regs.a": 1}))

    assert seen_of(found) == {
        "books.regs.a": True,
        "books.regs.b": False,
        "customer.asks": False,
    }
    assert wrote(found) == {"books.regs.a"}


def test_what_was_shown_after_an_earlier_episode_is_not_seen_in_a_later_one() -> None:
    found = replayed(act(DO), act(UNDO), observed=({}, WHOLE))

    assert set(seen_of(found, 2).values()) == {False}


def test_the_customers_outcome_is_seen_where_it_is_named_or_follows_from_books_and_money() -> None:
    named = replayed(observed=({}, {"customer.asks": 0}))
    follows = replayed(observed=({}, WHOLE))

    assert seen_of(named) == {"books.regs.a": False, "books.regs.b": False, "customer.asks": True}
    assert seen_of(follows) == {"books.regs.a": True, "books.regs.b": True, "customer.asks": True}


def test_nothing_follows_from_books_that_lack_a_store() -> None:
    found = replayed(observed=({}, WHOLE))

    fields = fields_of(found.cells[1], lacking=("ledger",))

    assert Field("books.ledger (not recorded)", seen=False, wrote=()) in fields
    assert not next(one for one in fields if one.name == "customer.asks").seen


def test_a_row_that_is_gone_is_a_field_too() -> None:
    def drops(ports: Any, _trigger: Any) -> None:
        ports.put("a", 2)
        ports._world.regs.pop("b")

    silent = replayed(does={DO: drops})
    shown = replayed(does={DO: drops}, observed=({}, {"books.regs.b": ABSENT}))

    assert seen_of(silent)["books.regs.b"] is False
    assert seen_of(shown)["books.regs.b"] is True
    assert shown.cells[1].outcome is Outcome.AGREE


def test_a_store_seen_whole_shows_all_of_its_fields() -> None:
    found = replayed(observed=({}, {"books.regs": {"a": 1, "b": 5}}))

    assert seen_of(found) == {"books.regs.a": True, "books.regs.b": True, "customer.asks": True}


def test_response_effects_and_money_that_moved_are_written_by_every_path_that_ran() -> None:
    def pays(ports: Any, _trigger: Any) -> dict[str, Any]:
        ports.put("till", ports.get("till") + 5)
        ports.tell("bank", amount=5)
        return {"status": 200}

    found = replayed(act(DO), act(UNDO), does={DO: pays, UNDO: DOES[UNDO]}, a=0, till=1)
    known_before = {
        one.name: one.wrote
        for one in fields_of(found.cells[2], money=found.cells[1].episode.control.facets["money"])
    }

    assert wrote(found) == {
        "money.captured.it",
        "response.status",
        "effects.bank",
        "books.regs.till",
    }
    assert known_before["money.captured.it"] == (), "nobody moved money here"


def test_what_happens_at_once_is_seen_by_nobody() -> None:
    found = replayed(together(act(DO), act(UNDO)), does={DO: DOES[DO], UNDO: DOES[DO]})

    told = figures(found)

    assert told["cells"] == 1
    assert Share(*map(int, told["seen"].split("/"))).n == 0
    assert closing(fidelity_of(found)) == ["fidelity-low", "fidelity-written-low"]


def test_fields_of_a_curated_scenario_are_not_counted_and_carry_nothing() -> None:
    found = replayed(kind="curated", day=None)

    assert found.cells[1].episode.observed == frozenset()
    assert fidelity_of(found).evidence == ""
    assert figures(found)["cells"] == 0


def test_what_somebody_outside_wrote_is_compared_and_not_the_controls_writing() -> None:
    books = {"db": {"flag": True, "count": 1}}
    left = observation(facets={"books": books}, written={"db.flag": "outside", "db.count": PATH})

    fields = fields_of(cell("r#1", control=left, before=books))

    assert fields == (
        Field("books.db.count", seen=False, wrote=(PATH,)),
        Field("books.db.flag", seen=False, wrote=()),
    )


def test_a_row_that_the_control_took_away_is_its_writing() -> None:
    left = observation(facets={"books": {"db": {}}}, written={"db.row.flag": PATH})

    fields = fields_of(cell("r#1", control=left, before={"db": {"row": {"flag": True}}}))

    assert Field("books.db.row", seen=False, wrote=(PATH,)) in fields


def test_nothing_follows_from_nothing() -> None:
    left = observation(facets={"customer": {"asks": 0}, "books": {}, "money": {}})

    assert fields_of(cell("r#1", control=left)) == (Field("customer.asks", seen=False, wrote=()),)


def test_a_cell_without_a_control_has_no_fields() -> None:
    assert fields_of(cell("r#1", control=None)) == ()


# --- figures and rules


def pays_then_nothing(*numbers: int) -> dict[str, Any]:
    """Figures of two episodes, of which only the first moves money, with some of the cells."""
    pays = {DO: lambda ports, _: ports.put("till", 5), UNDO: DOES[UNDO]}
    found = replayed(act(DO), act(UNDO), does=pays, a=0, till=1)
    return figures(found._replace(cells=tuple(found.cells[n] for n in numbers)), path=UNDO)


def test_money_that_did_not_move_is_nobodys_writing_where_the_cell_before_is_known() -> None:
    assert pays_then_nothing(0, 1, 2)["written"] == "0/0"
    assert pays_then_nothing(0, 2)["written"] == "0/1", "nobody knows what it was before"


def test_money_as_it_was_two_cells_before_is_not_money_that_did_not_move() -> None:
    there_and_back = {
        DO: lambda ports, _: ports.put("till", 5),
        UNDO: lambda ports, _: ports.put("till", 1),
    }
    found = replayed(act(DO), act(UNDO), does=there_and_back, till=1)
    lost = found._replace(cells=(found.cells[0], found.cells[2]))

    assert figures(found, path=UNDO)["written"] == "0/2", "the register, and the money"
    assert figures(lost, path=UNDO)["written"] == "0/2"


def test_a_cell_without_a_result_shows_nothing() -> None:
    trapped = {DO: lambda ports, _: ports.trap("unknown-state regs")}

    told = figures(replayed(does=trapped, observed=({}, WHOLE)))

    assert (told["cells"], told["seen"], told["hold_all_stores"]) == (0, "0/0", 0)


def test_a_recording_that_shows_everything_closes_nothing() -> None:
    condition = fidelity_of(replayed(observed=({}, WHOLE)))

    assert condition.closing() == ()
    assert closing(condition) == []
    assert condition.evidence == (
        "seen 3/3 fields, 1/1 of those written, in 1 cells of 1 recordings, 1 accounts; 1 hold all"
        " stores; measured 2026-03-02 in this run from 1 of 1 recorded scenarios"
    )


def test_too_few_fields_seen_closes_the_path_with_the_exact_share_and_names() -> None:
    condition = fidelity_of(replayed(observed=({}, {"books.regs.a": 1})))

    (reason,) = condition.paths[DO]
    assert reason.slug == "fidelity-low"
    assert reason.found == (
        "1/3 fields compared were seen, not r#1 books.regs.b, r#1 customer.asks"
    )
    assert reason.needed == "1/3 >= 9/10"


def test_dull_fields_do_not_pay_for_one_that_the_control_wrote() -> None:
    dull = {f"b{number}": number for number in range(40)}
    shown = {f"books.regs.{name}": value for name, value in dull.items()}
    condition = fidelity_of(replayed(observed=({}, {**shown, "customer.asks": 0}), **dull, a=0))

    (reason,) = condition.paths[DO]
    assert figures(replayed(observed=({}, shown), **dull, a=0))["seen"] == "40/42"
    assert reason.slug == "fidelity-written-low"
    assert reason.found == "0/1 fields written were seen, not r#1 books.regs.a"


def test_a_path_without_a_recorded_cell_is_unmeasured() -> None:
    condition = fidelity_of(replayed(observed=({}, WHOLE)), paths=(DO, UNDO))

    assert closing(condition, UNDO) == ["fidelity-unmeasured"]


def test_without_any_recording_there_is_no_evidence_and_that_closes_where_it_is_asked() -> None:
    condition = fidelity_of()

    assert condition.evidence == ""
    assert [one.slug for one in condition.closing()] == ["evidence-required"]


def test_where_the_policy_does_not_ask_nothing_closes_and_the_figures_are_told() -> None:
    condition = fidelity_of(replayed(observed=({}, {"books.regs.a": 1})), policy=asking())

    assert not condition.asked
    assert closing(condition) == []
    assert condition.told.startswith(
        "fidelity of the control to what production showed: seen 1/3 fields, 1/1 of those written"
    )


def test_the_policys_own_share_is_asked_for() -> None:
    one_field = replayed(observed=({}, {"books.regs.a": 1}))
    third = asking(
        "fidelity: {seen: 1/3}",
        "relaxations: [{key: fidelity.seen, reason: r, decision: d, date: 2026-03-02}]",
    )

    assert closing(fidelity_of(one_field, policy=third)) == []


def test_a_store_that_nobody_recorded_counts_as_a_field_nobody_saw() -> None:
    found = replayed(observed=({}, WHOLE), unknown=("ledger",))

    told = figures(found)

    assert (told["seen"], told["hold_all_stores"]) == ("2/4", 0)
    assert "r#1 books.ledger (not recorded)" in told["unseen"]


def test_what_rests_on_assumptions_gives_no_credit() -> None:
    found = replayed(observed=({}, WHOLE), assumed=("ledger",))

    condition = fidelity_of(found)

    assert closing(condition) == ["fidelity-unmeasured"]
    assert condition.detail["not_credited"] == ["r"]


def test_an_account_recorded_twice_is_one_account() -> None:
    copies = [replayed(observed=({}, WHOLE), id=name) for name in ("r", "copy")]
    other = replayed(observed=({}, {"books.regs.a": 8, "books.regs.b": 5}), id="o", a=7, b=5)

    told = figures(*copies, other)

    assert (told["cells"], told["recordings"], told["accounts"]) == (3, 3, 2)


def test_a_cell_in_which_another_path_wrote_counts_its_fields_and_not_as_written() -> None:
    both = {DO: [DOES[DO], lambda ports, _: ports.put("b", 9)]}
    found = replayed(does=both, observed=({}, {"books.regs.a": 1}))
    paths = ("api.do:0", "api.do:1")

    told = fidelity_of(found, paths=paths).detail["paths"]

    assert [told[path]["seen"] for path in paths] == ["1/3", "1/3"]
    assert [told[path]["written"] for path in paths] == ["1/1", "0/1"]


# --- drift


def closed(*found: Replayed, path: str = DO) -> dict[str, str]:
    """What closes a path in the whole gate: slug → what was found."""
    cells = [cell for one in found for cell in one.cells]
    evidence = fold(
        cells, (), paths=(DO, UNDO), units={}, pinned=Pinned(cells={}, scenarios=()),
        ruling_classes={},
    )  # fmt: skip
    verdict = decide(
        evidence, asking(SEEN), today=TODAY, manifest=(), rulings=(), leak=0,
        conditions=(fidelity_of(*found, paths=(DO, UNDO)),),
    )  # fmt: skip
    return {one.slug: one.found for one in verdict.paths[path].reasons}


def test_drift_closes_every_path_that_ran_and_every_one_that_ran_after_it() -> None:
    found = replayed(act(DO), act(UNDO), observed=({}, {"books.regs.a": 2}))

    assert [cell.outcome for cell in found.cells[1:]] == [Outcome.DRIFT, Outcome.DRIFT]
    assert closed(found)["cell-drifts"] == "DRIFT = 1: r#1"
    assert closed(found, path=UNDO)["cell-drifts"] == "DRIFT = 1: r#2"


def test_drift_of_one_cell_closes_both_paths_that_ran_in_it() -> None:
    both = {DO: [DOES[DO], DOES[UNDO]]}
    found = replayed(does=both, observed=({}, {"books.regs.a": 2}))

    for path in ("api.do:0", "api.do:1"):
        assert "cell-drifts" in closed(found, path=path)


def test_a_path_whose_only_recorded_evidence_drifts_names_the_fields() -> None:
    found = replayed(act(DO), act(UNDO), observed=({}, {"books.regs.a": 2, "books.regs.b": 6}))

    assert closed(found)["fidelity-drifts"] == (
        "2: r#1: books.regs.a: observed 2, the control has 1,"
        " r#1: books.regs.b: observed 6, the control has 5"
    )
    assert closed(found, path=UNDO)["fidelity-drifts"] == (
        "1: r#2: in r#1 the control left what was observed"
    )


def test_a_recording_that_drifts_holds_no_store_for_the_level() -> None:
    found = replayed(observed=({}, {**WHOLE, "books.regs.a": 2}))

    assert figures(found)["hold_all_stores"] == 0
    assert "level-unproven" in {
        one.slug for one in fidelity_of(found, policy=PRODUCTION).closing()
    }


def test_an_old_recording_that_drifts_speaks_against_its_path_all_the_same() -> None:
    old = replayed(observed=({}, {"books.regs.a": 2}), id="old", day=TODAY - timedelta(days=900))
    young = replayed(observed=({}, WHOLE))

    condition = fidelity_of(old, young, policy=asking(SEEN, YOUNG))

    assert condition.detail["credited"] == ["r"]
    assert closing(condition) == ["fidelity-drifts"]


# --- level


def test_production_needs_a_recording_of_all_stores_for_every_path() -> None:
    found = replayed(observed=({}, WHOLE))

    (reason,) = fidelity_of(found, policy=PRODUCTION, paths=(DO, UNDO)).closing()
    assert reason.slug == "level-unproven"
    assert reason.found == f"1 of 2 paths ran in no recording that holds all stores: {UNDO}"
    assert fidelity_of(found, policy=PRODUCTION).closing() == ()


@pytest.mark.parametrize(
    "flaw",
    [
        {"unknown": ("ledger",)},
        {"assumed": ("ledger",)},
        {"day": None},
        {"day": TODAY - timedelta(days=91)},
        {"kind": "curated", "day": None},
    ],
)
def test_a_recording_with_a_flaw_proves_no_production(flaw: dict[str, Any]) -> None:
    condition = fidelity_of(replayed(observed=({}, WHOLE), **flaw), policy=PRODUCTION)

    assert [one.slug for one in condition.closing()] == ["level-unproven"]


def test_rehearsal_asks_for_no_recording() -> None:
    assert level_reasons("rehearsal", ["a", "b"], []) == ()
    assert level_reasons("production", ["a"], ["a", "b"]) == ()


def test_pseudo_paths_are_no_paths_of_the_control() -> None:
    condition = fidelity_of(replayed(), policy=PRODUCTION, paths=(DO, "(given)", "(unhandled)"))

    assert set(condition.paths) == {DO}


# --- laws

NAMES = ("books.regs.a", "books.regs.b", "books.regs.c", "books.regs.d", "customer.asks")
VALUES = {"books.regs.a": 1, "books.regs.b": 5, "books.regs.c": 2, "books.regs.d": 3}
SUBSETS = st.frozensets(st.sampled_from(NAMES))


def showing(names: frozenset[str], **more: Any) -> Replayed:
    observed = {name: VALUES.get(name, 0) for name in sorted(names)}
    return replayed(observed=({}, observed), a=0, b=5, c=2, d=3, **more)


def share(text: str) -> Fraction:
    n, d = map(int, text.split("/"))
    return Fraction(n, d)


@settings(max_examples=60, deadline=None)
@given(SUBSETS, SUBSETS)
def test_more_fields_observed_never_lower_a_figure(some: frozenset[str], more: Any) -> None:
    less, all_of = figures(showing(some)), figures(showing(some | more))

    for name in ("seen", "written"):
        assert share(less[name]) <= share(all_of[name])
    assert less["seen"].split("/")[1] == all_of["seen"].split("/")[1]


@settings(max_examples=60, deadline=None)
@given(SUBSETS, SUBSETS, st.one_of(st.none(), st.integers(91, 4000)), st.booleans())
def test_adding_an_old_recording_never_opens_a_path(
    young: frozenset[str], old: frozenset[str], age: int | None, drifts: bool
) -> None:
    day = None if age is None else TODAY - timedelta(days=age)
    first = showing(young)
    second = showing(old, id="old", day=day)
    if drifts:
        second = replayed(observed=({}, {"books.regs.a": 77}), id="old", day=day)

    for policy in (asking(SEEN, YOUNG), PRODUCTION):
        alone, both = (fidelity_of(*of, policy=policy) for of in ((first,), (first, second)))
        assert set(closing(alone)) <= set(closing(both))
        assert set(alone.closing()) <= set(both.closing())


@settings(max_examples=40, deadline=None)
@given(SUBSETS, st.permutations(range(3)))
def test_the_order_of_cells_does_not_matter(names: frozenset[str], order: list[int]) -> None:
    found = [showing(names, id=f"r{number}") for number in range(3)]
    turned = [replace_cells(found[number]) for number in order]

    assert fidelity_of(*found).detail == fidelity_of(*turned).detail


def replace_cells(found: Replayed) -> Replayed:
    return found._replace(cells=found.cells[::-1])


def test_a_recording_without_a_day_counts_for_nothing_where_its_age_is_asked_for() -> None:
    found = replayed(observed=({}, WHOLE))
    undated = replace(found.scenario, provenance=replace(found.scenario.provenance, recorded=None))

    assert closing(fidelity_of(found, policy=asking(SEEN, YOUNG))) == []
    assert closing(fidelity_of(found._replace(scenario=undated), policy=asking(SEEN, YOUNG))) == [
        "fidelity-unmeasured"
    ]
