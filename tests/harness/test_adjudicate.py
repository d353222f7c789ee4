from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.model import ABSENT, Finding, Outcome
from harness.outcome import first, in_order, tally, unexpected
from tests.harness.episode_builder import (
    BEFORE,
    FLAG,
    by_path,
    episode,
    flag,
    flagged,
    judged,
    race,
    ruling,
    slugs,
)

AGREE, RULED, DIVERGE = Outcome.AGREE, Outcome.RULED, Outcome.DIVERGE
GONE = {"absent": True}
BULK = {"max_share": "1/50", "max_accounts": 40}
SINCE = {"at": "books.db.since", "control": 200, "candidate": {"is": "before"}}


def books(**stores: Any) -> dict[str, Any]:
    return {"books": {**BEFORE, **stores}}


# What is covered


def test_no_difference_agrees() -> None:
    cell = judged(episode())
    assert (cell.outcome, cell.own, cell.findings) == (AGREE, {"api.pay": AGREE}, ())


def test_a_difference_without_a_ruling_diverges() -> None:
    cell = judged(flagged())
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["no-ruling"])
    assert cell.findings[0].detail == "books.db.flag"


def test_a_pinned_difference_is_ruled() -> None:
    cell = judged(flagged(), ruling())
    assert (cell.outcome, cell.rulings, cell.own) == (RULED, ("R-flag",), {"api.pay": RULED})
    assert by_path(cell)["books.db.flag"].ruling == "R-flag"


def test_one_uncovered_difference_of_two_diverges() -> None:
    cell = judged(episode(flag(True), {**books(db={"flag": False, "since": 1})}), ruling())
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["no-ruling"])
    assert [one.ruling for one in cell.differences] == ["R-flag", ""]


@pytest.mark.parametrize(
    ("control", "candidate"),
    [(True, 0), (True, None), (True, "false"), (None, False), ("true", False), (1, False)],
)
def test_a_clause_pins_both_sides_type_by_type(control: Any, candidate: Any) -> None:
    cell = judged(episode(flag(control), flag(candidate)), ruling())
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["ruling-undershoot", "no-ruling"])


def test_all_clauses_hold_or_none_covers() -> None:
    two = ruling(expect=[FLAG, SINCE])
    whole = episode(
        books(db={"flag": True, "since": 200}), books(db={"flag": False, "since": 100})
    )
    half = episode(books(db={"flag": True, "since": 200}), books(db={"flag": False, "since": 300}))
    assert judged(whole, two).outcome is RULED
    assert [one.ruling for one in judged(half, two).differences] == ["", ""]


def test_a_clause_asks_both_sides_of_a_listed_cell_even_where_nothing_differs() -> None:
    pinned = {"at": "books.db.since", "control": 7, "candidate": {"unchanged": True}}
    other = ruling(expect=[FLAG, pinned])
    assert slugs(judged(flagged(), other)) == ["ruling-undershoot", "no-ruling"]
    same = {
        "at": "books.db.since",
        "control": {"unchanged": True},
        "candidate": {"unchanged": True},
    }
    two = ruling(expect=[FLAG, same])
    assert judged(flagged(), two).outcome is RULED
    moved = books(db={"flag": True, "since": 5}), books(db={"flag": False, "since": 5})
    assert judged(episode(*moved), two).outcome is DIVERGE


def test_a_misfit_is_told_in_the_words_of_a_scenario() -> None:
    began = 1771113600
    pinned = {"at": "books.db.since", "control": None, "candidate": None}
    kept = episode(
        books(db={"flag": True, "since": None}), books(db={"flag": True, "since": began})
    )

    assert "books.db.since: the candidate has 2026-02-15T00:00:00Z, not null" in (
        judged(kept, ruling(expect=[pinned])).findings[0].detail
    )


def test_a_candidate_that_copies_the_fault_diverges() -> None:
    cell = judged(episode(flag(True), flag(True)), ruling())
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["ruling-undershoot"])
    assert cell.own == {"api.pay": DIVERGE}


def test_two_rulings_for_one_difference_cover_nothing() -> None:
    cell = judged(flagged(), ruling(), ruling(id="R-other"))
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["ruling-overlap"])
    assert cell.findings[0].detail == "books.db.flag (R-flag and R-other)"
    assert cell.rulings == ()


# Where a ruling is tried


def test_a_cell_that_is_not_listed_is_not_covered() -> None:
    cell = judged(flagged(id="s#2"), ruling(bulk=BULK, scope={"when": ["true"]}))
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["no-ruling"])


@pytest.mark.parametrize("kind", ["recorded", "simulated", "found"])
def test_other_evidence_needs_bulk_or_a_listed_cell(kind: str) -> None:
    bulk = ruling(cells=["a#1"], bulk=BULK, scope={"when": ["true"]})
    assert judged(flagged(provenance=kind), bulk).outcome is RULED
    assert judged(flagged(provenance=kind), ruling(cells=["a#1"])).outcome is DIVERGE
    assert judged(flagged(provenance=kind), ruling()).outcome is RULED


@pytest.mark.parametrize(
    "scope",
    [
        {"paths": ["cron.ban"]},
        {"paths": ["webhook.paid", "cron.ban"]},
        {"paths": ["(unhandled)"]},
        {"segments": ["free"]},
        {"when": ["before.db.flag == true", "truth.owes.usd > 0"]},
        {"when": ["before.db.since + 'x' == 1"]},
        {"each": "invoice", "when": ["$i == 'in_9'"]},
        {"each": "nobody"},
        {"each": "before.db.since.deeper"},
    ],
)
def test_outside_its_scope_a_listed_ruling_covers_nothing_and_says_so(scope: Any) -> None:
    cell = judged(flagged(), ruling(scope=scope))
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["ruling-undershoot", "no-ruling"])


def test_no_path_ran_that_is_not_listed() -> None:
    both = flagged(paths=("api.pay", "webhook.paid"))
    two = ruling(scope={"paths": ["webhook.paid", "api.pay"]})

    assert judged(both, ruling()).outcome is DIVERGE
    assert judged(both, two).outcome is RULED
    assert judged(flagged(), two).outcome is RULED


def test_in_bulk_a_copied_fault_diverges_too() -> None:
    bulk = ruling(cells=["a#1"], bulk=BULK, scope={"when": ["before.db.flag == true"]})
    copied = judged(episode(flag(True), flag(True), provenance="recorded"), bulk)
    healed = judged(episode(flag(False), flag(False), provenance="recorded"), bulk)
    assert (copied.outcome, slugs(copied)) == (DIVERGE, ["ruling-undershoot"])
    assert healed.outcome is AGREE


# Values


def dues(one: int, two: int) -> dict[str, Any]:
    return books(
        invoices={"in_1": {"status": "open", "due": one}, "in_2": {"status": "open", "due": two}}
    )


EACH = {
    "scope": {"each": "truth.invoices", "when": ["truth.invoices[$i] < before.invoices[$i].due"]},
    "expect": [
        {
            "at": "books.invoices[$i].due",
            "control": {"is": "before"},
            "candidate": {"is": "truth.invoices[$i]"},
        }
    ],
}


def test_each_object_in_scope_is_covered() -> None:
    assert judged(episode(dues(6000, 40), dues(0, 0)), ruling(**EACH)).outcome is RULED


def test_each_object_in_scope_has_to_match() -> None:
    cell = judged(episode(dues(6000, 40), dues(0, 40)), ruling(**EACH))
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["ruling-undershoot"])
    assert "(in_2)" in cell.findings[0].detail


def test_a_plain_name_binds_the_acts_object_before_truths() -> None:
    by_name = {**EACH, "scope": {**EACH["scope"], "each": "invoice"}}  # type: ignore[dict-item]
    only_first = episode(dues(6000, 40), dues(0, 40))
    assert judged(only_first, ruling(**by_name)).outcome is RULED
    scope = {**only_first.scope, "trigger": {"name": "sweep"}}
    assert judged(replace(only_first, scope=scope), ruling(**by_name)).outcome is DIVERGE


@pytest.mark.parametrize(
    ("candidate", "value", "outcome"),
    [
        (["in_1", "in_2", "in_3"], {"plus": "'in_3'"}, RULED),
        (["in_3", "in_1", "in_2"], {"plus": "'in_3'"}, DIVERGE),
        (["in_2"], {"minus": "$i"}, RULED),
        (["in_1"], {"minus": "$i"}, DIVERGE),
        (["in_1", "in_1", "in_2"], {"plus": "$i"}, DIVERGE),
        (["in_2"], {"minus": "'in_9'"}, DIVERGE),
        (["in_1"], ["in_1"], RULED),
        ({"is": "before"}, {"literal": {"is": "before"}}, RULED),
        (["in_1"], {"plus": "now"}, DIVERGE),
    ],
)
def test_lists_of_ids(candidate: Any, value: Any, outcome: Outcome) -> None:
    clause = {"at": "books.open.ids", "control": {"is": "before"}, "candidate": value}
    cell = judged(
        episode(None, books(open={"ids": candidate})),
        ruling(expect=[clause], scope={"each": "invoice"}),
    )
    assert cell.outcome is outcome


def test_operators_stand_inside_a_literal() -> None:
    clause = {
        "at": "books.invoices.in_3",
        "control": GONE,
        "candidate": {"due": {"is": "now"}, "note": GONE, "lines": [{"is": "truth.owes.usd"}]},
    }
    added = {**BEFORE["invoices"], "in_3": {"due": 1000, "lines": [0]}}
    cell = judged(episode(None, books(invoices=added)), ruling(expect=[clause]))
    assert cell.outcome is RULED
    assert cell.differences[0].control is ABSENT


def test_a_clause_below_a_missing_object_covers_nothing() -> None:
    clause = {"at": "books.invoices.in_2.due", "control": 40, "candidate": GONE}
    without = {"in_1": BEFORE["invoices"]["in_1"]}
    cell = judged(episode(None, books(invoices=without)), ruling(expect=[clause]))
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["ruling-undershoot", "no-ruling"])


# What follows, and what is never ruled


def seen(control: Any, candidate: Any, **fields: Any) -> Any:
    return episode(
        {**flag(True), "customer": {"blocked": control}},
        {**flag(False), "customer": {"blocked": candidate}},
        **fields,
    )


def test_the_customers_outcome_follows_from_covered_books() -> None:
    cell = judged(seen(True, False), ruling())
    assert (cell.outcome, cell.rulings) == (RULED, ("R-flag",))
    assert by_path(cell)["customer.blocked"].ruling == "follows"


def test_nothing_follows_from_uncovered_books_or_from_nothing() -> None:
    uncovered = judged(seen(True, False))
    alone = judged(episode({"customer": {"a": 1}}, {"customer": {"a": 2}}))
    reply = {"response": {"status": 200}}, {"response": {"status": 402}}
    pinned = {"at": "response.status", "control": 200, "candidate": 402}
    both = episode({**reply[0], "customer": {"a": 1}}, {**reply[1], "customer": {"a": 2}})
    by_reply = judged(both, ruling(expect=[pinned]))
    assert [c.outcome for c in (uncovered, alone, by_reply)] == [DIVERGE, DIVERGE, DIVERGE]
    assert by_path(by_reply)["customer.a"].ruling == ""


def test_responses_and_effects_never_follow() -> None:
    cell = judged(
        episode({**flag(True), "effects": {"in_1": [1]}}, {**flag(False), "effects": {}}), ruling()
    )
    assert (cell.outcome, cell.findings[0].detail) == (DIVERGE, "effects.in_1")


def test_harm_is_acknowledged_by_a_covering_ruling_or_diverges() -> None:
    harmed = seen(False, True, harm=("blocked",))
    bare, known = judged(harmed, ruling()), judged(harmed, ruling(harm={"acknowledged": "why"}))
    assert (bare.outcome, known.outcome) == (DIVERGE, RULED)
    assert slugs(bare) == ["no-ruling", "harm-unacknowledged"]
    assert by_path(known)["customer.blocked"].ruling == "follows"
    other = ruling(id="R-x", harm={"acknowledged": "why"}, scope={"segments": ["free"]})
    assert "harm-unacknowledged" in slugs(judged(harmed, ruling(), other))


@pytest.mark.parametrize(("most", "outcome"), [(None, DIVERGE), (499, DIVERGE), (500, RULED)])
def test_loss_is_acknowledged_up_to_its_amount(most: int | None, outcome: Outcome) -> None:
    loss: Any = "none" if most is None else {"acknowledged": "why", "max": {"usd": most}}
    cell = judged(flagged(loss={"usd": 500}), ruling(loss=loss))
    assert cell.outcome is outcome
    assert slugs(cell) == ([] if outcome is RULED else ["loss-unacknowledged"])


def test_a_loss_in_another_currency_is_not_acknowledged() -> None:
    usd = ruling(loss={"acknowledged": "why", "max": {"usd": 900}})
    assert judged(flagged(loss={"eur": 1}), usd).outcome is DIVERGE


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({"wrongs": ("charged twice",)}, "worse-than-truth"),
        ({"candidate_broken": ("I1: x",)}, "invariant-broken"),
        ({"candidate_broken": ("I1: x",), "control_broken": ("I1: y",)}, "invariant-broken"),
    ],
)
def test_worse_than_truth_is_never_ruled(fields: Any, slug: str) -> None:
    cell = judged(flagged(**fields), ruling(harm={"acknowledged": "why"}))
    assert (cell.outcome, slugs(cell), cell.own) == (DIVERGE, [slug], {"api.pay": DIVERGE})


def test_an_invariant_that_both_break_alike_is_not_the_candidates() -> None:
    both = {"candidate_broken": ("I1: x",), "control_broken": ("I1: x",)}
    assert judged(flagged(**both), ruling()).outcome is RULED


def test_what_is_worse_without_any_difference_burdens_every_path() -> None:
    cell = judged(episode(wrongs=("x",), paths=("api.pay", "cron.ban")))
    assert cell.own == {"api.pay": DIVERGE, "cron.ban": DIVERGE}


def test_only_a_list_of_ids_gains_or_loses_one() -> None:
    clause = {"at": "books.db.since", "control": {"is": "before"}, "candidate": {"plus": "'x'"}}
    cell = judged(episode(None, books(db={"flag": True, "since": ["x"]})), ruling(expect=[clause]))
    assert "is no list of ids" in cell.findings[0].detail


# Repeats


def test_a_repeat_inherits_its_origins_ruling() -> None:
    origin = judged(flagged(), ruling())
    later = flagged(id="s#2", repeats={"books.db.flag": "s#1"})
    cell = judged(later, ruling(), earlier=[origin])
    assert (cell.outcome, cell.rulings, cell.own) == (RULED, ("R-flag",), {"api.pay": AGREE})


def test_a_repeat_of_something_unruled_diverges_but_not_on_its_own() -> None:
    origin = judged(flagged())
    later = flagged(id="s#2", repeats={"books.db.flag": "s#1"})
    for earlier in ([origin], []):
        cell = judged(later, earlier=earlier)
        assert (cell.outcome, slugs(cell)) == (DIVERGE, ["repeat-of-unruled"])
        assert cell.own == {"api.pay": AGREE}


def test_a_repeat_of_what_was_given_needs_no_ruling() -> None:
    cell = judged(flagged(repeats={"books.db.flag": "s#0"}))
    assert (cell.outcome, cell.rulings) == (RULED, ())
    assert cell.differences[0].ruling == "(given)"


def test_a_ruling_needs_a_difference_of_the_cells_own() -> None:
    cell = judged(flagged(repeats={"books.db.flag": "s#0"}), ruling())
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["ruling-undershoot"])


def test_a_repeat_may_be_pinned_beside_an_own_difference() -> None:
    two = ruling(expect=[FLAG, SINCE])
    sides = books(db={"flag": True, "since": 200}), books(db={"flag": False, "since": 100})
    cell = judged(episode(*sides, repeats={"books.db.flag": "s#0"}), two)
    assert [one.ruling for one in cell.differences] == ["(given)", "R-flag"]
    assert cell.outcome is RULED


def test_the_customer_follows_from_repeats_that_are_covered() -> None:
    cell = judged(seen(True, False, repeats={"books.db.flag": "s#0"}))
    assert by_path(cell)["customer.blocked"].ruling == "follows"


def test_an_inherited_ruling_acknowledges_its_harm_again() -> None:
    known = ruling(harm={"acknowledged": "why"})
    origin = judged(flagged(harm=("blocked",)), known)
    later = flagged(id="s#2", harm=("blocked",), repeats={"books.db.flag": "s#1"})
    assert judged(later, known, earlier=[origin]).outcome is RULED


# Paths


def test_a_path_answers_for_its_own_differences_only() -> None:
    two = episode(
        books(db={"flag": True, "since": 1}),
        books(db={"flag": False, "since": 2}),
        paths=("api.pay", "cron.ban", "webhook.paid"),
        owners={"books.db.flag": ("api.pay",), "books.db.since": ("webhook.paid",)},
    )
    cell = judged(two, ruling(scope={"paths": ["api.pay", "cron.ban", "webhook.paid"]}))
    assert cell.own == {"api.pay": RULED, "cron.ban": AGREE, "webhook.paid": DIVERGE}
    worse = judged(replace(two, wrongs=("x",)))
    assert worse.own["cron.ban"] is AGREE


def test_where_no_path_ran_the_cell_belongs_to_nobody() -> None:
    quiet, loud = judged(episode(paths=())), judged(flagged(paths=()))
    assert quiet.own == {"(unhandled)": AGREE}
    assert loud.own == {"(unhandled)": DIVERGE}
    ruled = judged(flagged(paths=()), ruling(scope={"paths": ["(unhandled)"]}))
    assert ruled.own == {"(unhandled)": RULED}


# The first look


def test_the_first_look_needs_no_ruling() -> None:
    cell = judged(flagged(id="s#0", paths=(), harm=("x",), loss={"usd": 5}))
    assert (cell.outcome, cell.own, cell.rulings) == (RULED, {"(given)": RULED}, ())
    assert cell.differences[0].ruling == "(given)"


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({"candidate_broken": ("I1",), "control_broken": ("I1",)}, "invariant-broken"),
        ({"unmet": ("pages",)}, "truth-unmet"),
        ({"wrongs": ("x",)}, "worse-than-truth"),
    ],
)
def test_the_first_look_is_judged_by_invariants_and_truth(fields: Any, slug: str) -> None:
    cell = judged(flagged(id="s#0", **fields))
    assert (cell.outcome, slugs(cell)) == (DIVERGE, [slug])


def test_an_undecidable_first_look_is_not_unmet() -> None:
    assert judged(episode(id="s#0", unmet=None)).outcome is AGREE


# Races


BROKEN = {"broken": ["I1: x"], "serial": True}
TORN = {"broken": [], "serial": False}
GOOD = {"broken": [], "serial": True}


def removed(*ends: Any) -> Any:
    clauses = [
        {"at": f"race.e{number}", "control": end, "candidate": GONE}
        for number, end in enumerate(ends)
    ]
    return ruling(**{"class": "race-removed", "quirk": None}, expect=clauses)


def test_a_race_that_only_did_harm_may_be_removed() -> None:
    cell = judged(race({"e0": BROKEN, "e1": TORN}), removed(BROKEN, TORN))
    assert cell.outcome is RULED


def test_a_good_end_may_not_vanish_with_the_race() -> None:
    cell = judged(race({"e0": BROKEN, "e1": GOOD}), removed(BROKEN, GOOD))
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["ruling-undershoot", "no-ruling"])


def test_no_race_is_removed_where_an_end_appeared() -> None:
    cell = judged(race({"e0": BROKEN}, {"e9": GOOD}), removed(BROKEN))
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["ruling-undershoot", "no-ruling"])


def test_an_end_that_appears_and_breaks_something_is_never_ruled() -> None:
    def allowed(end: Any) -> Any:
        return ruling(expect=[{"at": "race.e9", "control": GONE, "candidate": end}])

    assert judged(race({}, {"e9": GOOD}), allowed(GOOD)).outcome is RULED
    cell = judged(race({}, {"e9": BROKEN}), allowed(BROKEN))
    assert (cell.outcome, slugs(cell)) == (DIVERGE, ["race-appeared-broken"])


# The closed set


def test_what_was_found_in_replay_comes_first_and_all_is_kept() -> None:
    found = [Finding(outcome=one, slug=one.lower(), detail="") for one in reversed(Outcome)][2:]
    cell = judged(flagged(findings=tuple(found)))
    assert cell.outcome is Outcome.NOT_RUN
    assert slugs(cell) == [
        "not_run", "error", "timeout", "unstable", "drift", "diverge", "no-ruling",
    ]  # fmt: skip
    assert cell.own == {"api.pay": Outcome.NOT_RUN}


def test_a_side_without_a_result_is_not_run() -> None:
    cell = judged(replace(episode(), candidate=None), ruling())
    assert (cell.outcome, slugs(cell)) == (Outcome.NOT_RUN, ["no-result"])


def test_nothing_is_concluded_from_silence() -> None:
    with pytest.raises(ValueError, match="no outcome"):
        first([])
    assert first([AGREE, RULED]) is RULED
    assert in_order(()) == ()


def test_sums_add_up_to_what_was_expected() -> None:
    sums = tally(Outcome, {"a": AGREE, "b": RULED, "x": AGREE}, ["a", "b", "c"])
    assert sums.pop("expected") == 3 == sum(sums.values())
    assert (sums["AGREE"], sums["RULED"], sums["NOT_RUN"]) == (1, 1, 1)
    assert list(sums) == [str(one) for one in reversed(Outcome)]
    assert unexpected({"a": 1, "x": 1}, ["a"]) == ("x",)
    with pytest.raises(ValueError, match="twice"):
        tally(Outcome, {}, ["a", "a"])
