"""What a measurement by mutants closes: each shortfall by its own name, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.branches import Unit
from harness.errors import InputError
from harness.mutate.measurement import SCHEMA, Measurement, UnitRow, parse, render, row
from harness.mutate.score import Score, Tried, added, score
from harness.mutate.trial import Fate, Result
from harness.mutate.weighing import DEFAULTS, Asked, unmeasured, weigh

PATH, OWN, SHARED, OTHER = "cron.ban", "control.ban", "control.shared", "control.other"
UNITS = {
    OWN: Unit(id=OWN, arcs={0: "a", 1: "b"}, path=PATH),
    SHARED: Unit(id=SHARED, arcs={0: "s", 1: "row"}, at_import=frozenset({1})),
    OTHER: Unit(id=OTHER, arcs={0: "o"}, path="cron.other"),
}
ASKED = Asked(needed=DEFAULTS, units=UNITS, reaches={PATH: {OWN, SHARED, OTHER}})


BOTH = frozenset({0, 1})


def results(module: str, told: int, **others: int) -> list[Tried]:
    """So many mutants told apart, on both branches, and so many of other fates."""
    found = [
        Tried(Result(mutant=f"{module}:t{n}", fate=Fate.TOLD_APART), BOTH, BOTH)
        for n in range(told)
    ]
    for fate, count in others.items():
        kind = Fate(fate.replace("_", "-"))
        found.extend(
            Tried(Result(mutant=f"{module}:{fate}{n}", fate=kind), BOTH) for n in range(count)
        )
    return found


def tried(fate: Fate, arcs: set[int], took: set[int]) -> Tried:
    return Tried(Result(mutant=str(fate), fate=fate), frozenset(arcs), frozenset(took))


@pytest.mark.parametrize(
    ("guard", "pinned"),
    [
        (tried(Fate.CRASH, {7, 8}, {7}), True),
        (tried(Fate.CRASH, {7, 8}, {8}), False),
        (tried(Fate.SURVIVED, {7}, set()), False),
        (tried(Fate.UNREACHED, {7}, set()), False),
    ],
)
def test_a_guard_without_which_the_code_crashes_is_pinned_by_the_crash_which_counts_no_more(
    guard: Tried, pinned: bool
) -> None:
    other = tried(Fate.TOLD_APART, {7, 8}, {8})

    known = score("m", [other, guard], (), frozenset({7, 8}))

    assert (7 in known.pinned) == pinned
    assert known.told_apart.n == 1


def test_a_branch_on_which_nothing_lies_is_pinned_by_what_its_cells_tell_apart() -> None:
    told = tried(Fate.TOLD_APART, {0}, {0})

    assert score("m", [told], (), frozenset({0, 9})).pinned == {0, 9}
    assert score("m", [told], ()).pinned == {0}


def test_a_mutant_pins_only_branches_that_were_taken_where_it_was_told_apart() -> None:
    assert score("m", [tried(Fate.TOLD_APART, {0, 1}, {0})], ()).pinned == {0}


def unit(module: str, role: str = "control", path: str = "", **fates: int) -> UnitRow:
    told = fates.pop("told", 20)
    waived = {f"{module}:survived{n}" for n in range(fates.pop("waived", 0))}
    return row(score(module, results(module, told, **fates), waived), role=role, path=path)


def measured(**units: UnitRow) -> Measurement:
    known = {
        OWN: unit(OWN, path=PATH),
        SHARED: unit(SHARED),
        "candidate.plan": unit("candidate.plan", role="candidate"),
    }
    return Measurement(
        schema=SCHEMA,
        measured="2026-11-22",
        operators=30,
        code="0c",
        scenarios={},
        parts={"scenarios": "1"},
        modules={},
        units={**known, **units},
        left_out=(),
        waivers=(),
        results="0",
    )


def said(measurement: Measurement, asked: Asked = ASKED, **more: Any) -> set[str]:
    condition = weigh(measurement, asked, required=True, **more)
    paths = (one for reasons in condition.paths.values() for one in reasons)
    return {one.slug for one in (*condition.whole, *paths)}


def test_a_measurement_that_tells_all_apart_closes_nothing() -> None:
    assert said(measured()) == set()


def test_no_measurement_closes_everything_that_asks_for_one() -> None:
    assert [one.slug for one in unmeasured(required=True).closing()] == ["mutants-unmeasured"]
    assert unmeasured(required=False).closing() == ()


@pytest.mark.parametrize(
    ("fates", "slug"),
    [
        ({"told": 18, "survived": 2}, "mutants-survived"),
        ({"told": 18, "unreached": 2}, "mutants-survived"),
        ({"told": 99, "hidden": 1}, "mutants-hidden"),
        ({"told": 99, "lost": 1}, "mutants-lost"),
        ({"told": 16, "crash": 2, "timeout": 1, "import": 1}, "mutants-no-answer"),
        ({"told": 31, "survived": 1, "waived": 1}, "mutants-waived"),
        ({"told": 0}, "mutants-unmeasured"),
    ],
)
@pytest.mark.parametrize("module", [OWN, SHARED, "candidate.plan"])
def test_each_shortfall_closes_by_its_own_name(
    module: str, fates: Mapping[str, int], slug: str
) -> None:
    role = "candidate" if module == "candidate.plan" else "control"
    path = PATH if module == OWN else ""

    assert slug in said(measured(**{module: unit(module, role=role, path=path, **fates)}))


@pytest.mark.parametrize(
    "fates",
    [
        {"told": 19, "survived": 1},
        {"told": 17, "crash": 3},
        {"told": 97, "survived": 3, "waived": 3},
    ],
)
def test_what_just_meets_the_threshold_closes_nothing(fates: Mapping[str, int]) -> None:
    assert said(measured(**{OWN: unit(OWN, path=PATH, **fates)})) == set()


def test_the_candidate_and_the_control_have_a_threshold_each() -> None:
    def asked(key: str) -> Asked:
        return replace(ASKED, needed={**ASKED.needed, key: Fraction(9, 10)})

    candidate = measured(**{"candidate.plan": unit("candidate.plan", role="candidate", told=18,
                                                   survived=2)})  # fmt: skip
    control = measured(**{OWN: unit(OWN, path=PATH, told=18, survived=2)})

    assert said(candidate, asked("told_apart")) == {"mutants-survived"}
    assert said(candidate, asked("candidate")) == set()
    assert said(control, asked("candidate")) == {"mutants-survived"}
    assert said(control, asked("told_apart")) == set()


def test_a_crash_is_no_success_and_thins_nothing_out() -> None:
    known = score(OWN, results(OWN, 9, survived=1, crash=90), ())

    assert str(known.told_apart) == "9/10"


def test_a_waiver_of_what_was_told_apart_or_hidden_waives_nothing() -> None:
    known = score(OWN, results(OWN, 1, hidden=1), {f"{OWN}:t0", f"{OWN}:hidden0"})

    assert known.waived == ()
    assert known.untold == (f"{OWN}:hidden0",)


def test_a_branch_on_which_nothing_was_told_apart_is_named() -> None:
    units = {**UNITS, OWN: replace(UNITS[OWN], arcs={0: "a", 1: "b", 7: "never pinned"})}

    condition = weigh(measured(), replace(ASKED, units=units), required=True)

    [reason] = condition.paths[PATH]
    assert reason.slug == "branch-unpinned"
    assert "1 of 3 branches: never pinned" in reason.found
    assert said(measured(), replace(ASKED, units=units, dead={"never pinned"})) == set()


def test_a_unit_that_was_not_measured_closes_every_path_that_reaches_it() -> None:
    units = {**UNITS, "control.new": Unit(id="control.new", arcs={0: "n"})}
    asked = replace(ASKED, units=units, reaches={PATH: {OWN, "control.new"}, "b": {"control.new"}})

    condition = weigh(measured(), asked, required=True)

    assert {path: [one.slug for one in found] for path, found in condition.paths.items()} == {
        PATH: ["mutants-unmeasured"],
        "b": ["mutants-unmeasured"],
    }


def test_another_paths_own_code_is_not_this_paths_concern() -> None:
    assert said(measured(**{OTHER: unit(OTHER, path="cron.other", told=0, survived=9)})) == set()


def test_what_it_rests_on_and_what_is_wrong_with_waivers_is_said() -> None:
    doubtful = msgspec.structs.replace(measured(), waivers=(("refuted", "m", "none"),))

    assert said(doubtful, stale=("control/ban.py",)) == {"mutants-stale", "waiver-refuted"}


def test_a_candidate_that_nobody_measured_closes_everything() -> None:
    alone = measured()
    control = {name: row for name, row in alone.units.items() if row.role == "control"}

    assert said(msgspec.structs.replace(alone, units=control)) == {"mutants-unmeasured"}


def test_the_file_says_again_what_was_written() -> None:
    assert parse(render(measured()), "mutants.lock") == measured()
    assert render(measured()) == render(parse(render(measured()), "mutants.lock"))


@pytest.mark.parametrize(
    ("old", "new", "slug"),
    [
        ('"told": 20', '"told": 21', "mutants-edited"),
        ('"measured": "2026-11-22"', '"measured": "2026-11-23"', "mutants-edited"),
        ("shadow.mutants/1", "shadow.mutants/2", "mutants-malformed"),
        ('"told": 20', '"told": "20"', "mutants-malformed"),
        ('"told": 20', '"more": 1,"told": 20', "mutants-malformed"),
        ('"measured": "2026-11-22"', '"measured": "yesterday"', "mutants-malformed"),
        ("{", "", "mutants-malformed"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_refused(old: str, new: str, slug: str) -> None:
    text = render(measured()).decode().replace(old, new, 1)

    with pytest.raises(InputError) as caught:
        parse(text.encode(), "mutants.lock")

    assert caught.value.slug == slug
    assert "shadow mutate --write" in caught.value.hint


counts = st.integers(0, 40)


@given(told=counts, survived=counts, crash=counts, more=counts)
def test_more_that_is_not_told_apart_never_opens(
    told: int, survived: int, crash: int, more: int
) -> None:
    def shortfalls(**fates: int) -> set[str]:
        return said(measured(**{OWN: unit(OWN, path=PATH, **fates)}))

    was = shortfalls(told=told, survived=survived, crash=crash)
    now = shortfalls(told=told, survived=survived + more, crash=crash)

    assert "mutants-survived" not in was - now
    assert bool(now) >= bool(was) or "mutants-no-answer" in was


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=5))
def test_units_add_up_to_what_they_are_together(many: list[tuple[int, int]]) -> None:
    scores = [score(f"m{n}", results(f"m{n}", t, survived=s), ()) for n, (t, s) in enumerate(many)]

    whole = added("all", scores)

    assert whole.mutants == sum(t + s for t, s in many)
    assert whole.told_apart == (sum(t for t, _ in many), whole.mutants)
    assert len(whole.untold) == sum(s for _, s in many)


def test_the_thresholds_that_are_built_in_are_those_of_the_policy() -> None:
    assert {
        "told_apart": Fraction(19, 20),
        "candidate": Fraction(19, 20),
        "crash_max": Fraction(3, 20),
        "waived_max": Fraction(3, 100),
    } == DEFAULTS


def test_a_score_of_nothing_is_no_success() -> None:
    assert not Score(unit="x", mutants=0, told=0, fates={}).told_apart.n
