"""Waivers of mutants: they hold while no state shows a difference, and never longer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.mutate import waiver
from harness.mutate.generated import Donors, parts, put
from harness.mutate.measure import Measuring
from harness.mutate.mutant import Mutant
from harness.mutate.trial import Fate, Result
from harness.mutate.waiver import Doubt, Waiver, doubted, held, sorted_out, subject_of, waivers
from harness.ruling import Ruling, RulingClass
from tests.harness.test_mutate_trials import DESK, made, measuring

__all__ = ["measuring"]  # the fixture is used by its name


def doubts(measuring: Measuring, *mutants: Mutant) -> tuple[Doubt, ...]:
    starts = [one for one in measuring.ground.starts if one.arcs["control"].get(DESK)]
    donors = Donors.of(measuring.composition.loaded.scenarios)
    subject = measuring.subjects["control"]
    return doubted(measuring.probed, subject, mutants, starts, donors)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiver, "STATES", 60)
    monkeypatch.setattr(waiver, "TRIES", 400)


@pytest.mark.usefixtures("few")
def test_what_no_state_shows_may_be_waived(measuring: Measuring) -> None:
    mutant = made(measuring, "days > 0", "days >= 1")

    [doubt] = doubts(measuring, mutant)

    assert doubt.settled
    assert doubt.reached == 60
    assert held([doubt]).mutants == {mutant.id}
    assert held([doubt]).faults == ()


@pytest.mark.usefixtures("few")
def test_what_a_generated_state_shows_is_refuted_though_no_scenario_shows_it(
    measuring: Measuring,
) -> None:
    mutant = made(measuring, "days > 0", "days > 4")
    longer = made(measuring, "days > 0", "days >= 1")

    told, equal = doubts(measuring, mutant, longer)

    assert told.refuted
    assert held([told, equal]).mutants == {longer.id}
    assert [fault.what for fault in held([told, equal]).faults] == ["refuted"]


@pytest.mark.usefixtures("few")
def test_too_few_states_settle_nothing(
    measuring: Measuring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiver, "TRIES", 5)

    [doubt] = doubts(measuring, made(measuring, "days > 0", "days >= 1"))

    assert not held([doubt]).mutants
    assert [fault.what for fault in held([doubt]).faults] == ["thin"]


def test_what_nothing_reaches_settles_nothing(measuring: Measuring) -> None:
    mutant = made(measuring, "days > 0", "days >= 1")

    [doubt] = doubted(measuring.probed, measuring.subjects["control"], [mutant], [], Donors({}))

    assert [fault.what for fault in held([doubt]).faults] == ["thin"]


def ruling(*subjects: str, klass: RulingClass = RulingClass.EQUIVALENT_MUTANT) -> Ruling:
    return Ruling(
        id="R-equal", klass=klass, title="t", reason="r", ticket="t", owner="o", approver="a",
        created=date(2026, 3, 1), expires=date(2026, 4, 1), quirk="", decision="", scope=None,
        expect=(), cells=frozenset(), subjects=subjects, bulk=None, harm=False, max_loss={},
        where="r.yaml",
    )  # fmt: skip


def test_a_ruling_names_the_mutant_with_the_code_that_it_changes(measuring: Measuring) -> None:
    mutant = made(measuring, "days > 0", "days >= 1")
    subject = subject_of(mutant, measuring.subjects["control"].trees[DESK])

    [found] = waivers([ruling(subject), ruling("x", klass=RulingClass.DEAD_BRANCH)])

    assert (found.ruling, found.mutant) == ("R-equal", mutant.id)
    assert f"{found.mutant}@{found.mark}" == subject


@pytest.mark.parametrize(
    ("name", "mark", "fate", "what"),
    [
        ("m", "abc", Fate.SURVIVED, None),
        ("n", "abc", Fate.SURVIVED, "unknown"),
        ("m", "abd", Fate.SURVIVED, "stale"),
        ("m", "abc", Fate.TOLD_APART, "unused"),
        ("m", "abc", Fate.HIDDEN, "unused"),
        ("m", "abc", Fate.UNREACHED, "unused"),
        ("m", "abc", Fate.CRASH, "unused"),
    ],
)
def test_a_waiver_holds_for_what_survived_and_for_the_code_that_it_names(
    name: str, mark: str, fate: Fate, what: str | None
) -> None:
    given_ = (Waiver(ruling="R", mutant=name, mark=mark),)
    results: Mapping[str, Result] = {"m": Result(mutant="m", fate=fate)}

    good, wrong = sorted_out(given_, {"m": "m@abc"}, results)

    assert [one.what for one in wrong] == ([] if what is None else [what])
    assert bool(good) == (what is None)


plain = st.recursive(
    st.integers() | st.text(max_size=3) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain)
def test_every_part_of_a_given_is_found_where_it_is_put(node: object) -> None:
    for way, _, value in parts(node):
        assert put(node, way, value) == node
        assert {w: v for w, _, v in parts(put(node, way, "new"))}[way] == "new"


def test_the_same_seed_makes_the_same_states(measuring: Measuring) -> None:
    donors = Donors.of(measuring.composition.loaded.scenarios)
    given_ = measuring.composition.loaded.scenarios[0].given

    def some(seed: int) -> list[object]:
        rng = Random(seed)  # noqa: S311  # states, no secrets
        return [donors.crossed(given_, rng) for _ in range(20)]

    assert some(1) == some(1)
    assert some(1) != some(2)
