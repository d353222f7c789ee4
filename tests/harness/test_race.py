"""Races: every end that concurrent acts can come to is found, and nothing less is evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.lockstep import lockstep
from harness.model import Class, Episode, Outcome
from harness.race import Exploration, explore
from harness.scenario import Item
from harness.setup import Budget, Setup
from tests.harness.register_world import (
    START,
    World,
    act,
    scenario,
    setup,
    together,
    webhook,
)

Call = Callable[[Any, Any], Any]
BOTH = (act("api.do"), act("api.undo"))


def explored(made: Setup, *items: Item, **regs: int) -> Exploration:
    return explore(made, made.control, items or BOTH, World(START, dict(regs)))


def raced(made: Setup, *items: Item, **regs: int) -> Episode:
    return list(lockstep(made, scenario(together(*(items or BOTH)), **regs)))[1]


def ends(of: Exploration, reg: str = "n") -> set[tuple[int, bool]]:
    """What a register can end as, and whether a serial order ends so."""
    return {(end.facets["books"]["regs"].get(reg, 0), end.serial) for end in of.ends.values()}


def slugs(episode: Episode) -> list[tuple[Outcome, str]]:
    return [(one.outcome, one.slug) for one in episode.findings]


def adds(ports: Any, trigger: Any) -> None:
    ports.put("n", ports.get("n") + 1)


def adds_locked(ports: Any, trigger: Any) -> None:
    with ports.lock():
        adds(ports, trigger)


def apart(ports: Any, trigger: Any) -> None:
    ports.put(trigger.name, ports.get(trigger.name) + 1)


UNLOCKED = {"api.do": adds, "api.undo": adds}
LOCKED = {"api.do": adds_locked, "api.undo": adds_locked}


# --- what is found -----------------------------------------------------------------------


def test_a_lost_update_is_found() -> None:
    assert ends(explored(setup(UNLOCKED))) == {(2, True), (1, False)}


def test_under_the_lock_nothing_is_lost() -> None:
    of = explored(setup(LOCKED))

    assert ends(of) == {(2, True)}
    assert (of.exhausted, dict(of.findings)) == (True, {})


def test_somebody_outside_is_bound_by_no_lock() -> None:
    of = explored(setup(LOCKED), act("api.do"), act("set", reg="n", to=10))

    assert ends(of) == {(10, True), (11, True), (1, False)}


def test_two_locks_taken_twice_are_a_deadlock_and_a_timeout() -> None:
    def twice(ports: Any, trigger: Any) -> None:
        with ports.lock(), ports.lock():
            pass

    cell = raced(setup({"api.do": twice, "api.undo": adds}))

    assert (Outcome.TIMEOUT, "over-budget") in slugs(cell)
    assert "control: deadlock" in [one.detail for one in cell.findings]


def test_who_waits_in_vain_inside_a_bare_except_is_left_all_the_same() -> None:
    def stubborn(ports: Any, trigger: Any) -> None:
        while True:
            try:
                with ports.lock(), ports.lock():
                    pass
            except:  # noqa: E722, S110
                pass

    cell = raced(setup({"api.do": stubborn, "api.undo": stubborn}))

    assert (Outcome.TIMEOUT, "over-budget") in slugs(cell)


def test_loops_side_by_side_are_each_left() -> None:
    def thinks_for_ever(ports: Any, trigger: Any) -> None:
        while True:
            try:  # noqa: SIM105
                sum(range(100))
            except:  # noqa: E722, S110
                pass

    made = setup(
        {"api.do": thinks_for_ever, "api.undo": thinks_for_ever},
        {},
        budget=Budget(seconds=0.02, schedules=2),
    )

    assert (Outcome.TIMEOUT, "over-budget") in slugs(raced(made))


def test_events_are_delivered_to_the_actor_that_caused_them() -> None:
    def emits(ports: Any, trigger: Any) -> None:
        ports.emit(f"news.{trigger.name}")

    def told(ports: Any, trigger: Any) -> None:
        ports.put("n", ports.get("n") * 2 + (trigger.name == "news.api.do"))

    doing: dict[str, Call] = {"api.do": emits, "api.undo": emits}
    doing |= {f"news.{name}": told for name in ("api.do", "api.undo")}
    of = explored(setup(doing), n=1)

    assert ends(of) == {(6, True), (5, True), (2, False), (3, False)}


def test_a_foreign_webhook_can_be_part_of_a_race() -> None:
    of = explored(setup({"api.do": adds, "hook": adds}), act("api.do"), webhook("hook"))

    assert ends(of) == {(2, True), (1, False)}


def test_an_act_that_becomes_impossible_on_the_way_is_one_of_the_ends() -> None:
    def jams(ports: Any, trigger: Any) -> None:
        ports.put("jammed", 1)

    made = setup({"api.do": jams})
    cell = raced(made, act("api.do"), act("set", reg="jammed", to=2))

    assert explored(made, act("api.do"), act("set", reg="jammed", to=2)).moot == {}
    assert slugs(cell) == []


def test_an_act_that_is_impossible_in_every_order_is_not_run() -> None:
    cell = raced(setup(UNLOCKED), act("api.do"), act("set", reg="n"), jammed=1)

    assert (Outcome.NOT_RUN, "act-impossible") in slugs(cell)


# --- what is compared --------------------------------------------------------------------


def test_engines_that_can_end_alike_agree() -> None:
    cell = raced(setup(UNLOCKED))

    assert (cell.differences, slugs(cell)) == ((), [])
    assert cell.paths == ("api.do", "api.undo")


def test_an_end_that_vanishes_is_a_difference_that_says_what_it_was() -> None:
    cell = raced(setup(UNLOCKED, LOCKED))

    (one,) = cell.differences
    assert one.facet == "race"
    assert one.control == {"broken": [], "serial": False}
    assert one.candidate.value == "absent"
    assert one.owners == ("api.do", "api.undo")


def test_an_end_that_appears_is_a_difference_with_what_it_breaks() -> None:
    def breaks(ports: Any, trigger: Any) -> None:
        adds(ports, trigger)
        ports.put("never", int(ports.get("n") == 1 and ports.get("m") == 1))
        ports.put("m", 1)

    cell = raced(setup({"api.do": adds, "api.undo": adds}, {"api.do": breaks, "api.undo": breaks}))

    appeared = [one.candidate for one in cell.differences if isinstance(one.candidate, dict)]
    assert {"broken": ["I1: never is 1"], "serial": False} in appeared
    assert "I1: never is 1" in cell.candidate_broken


def test_the_next_state_is_the_controls_serial_order_as_listed() -> None:
    def first(ports: Any, trigger: Any) -> None:
        ports.put("n", 1)

    def second(ports: Any, trigger: Any) -> None:
        ports.put("n", 2)

    made = setup({"api.do": first, "api.undo": second, "sweep": adds})
    items = (together(*BOTH), act("sweep"), together(*BOTH[::-1]), act("sweep"))
    episodes = list(lockstep(made, scenario(*items)))

    assert [one.before["regs"].get("n") for one in episodes] == [None, None, 2, 3, 1]


@pytest.mark.parametrize(
    ("reg", "klass"),
    [("never", Class.REPAIR), ("unmet", Class.TWIST), ("unsure", Class.UNDECIDABLE)],
)
def test_one_bad_end_of_the_control_decides_the_class(reg: str, klass: Class) -> None:
    def careless(ports: Any, trigger: Any) -> None:
        n = ports.get("n")
        ports.put("n", n + 1)
        ports.put(reg, 1 if ports.get("n") == n + 1 == 1 and trigger.name == "api.undo" else 0)

    assert raced(setup({"api.do": adds, "api.undo": careless})).klass is klass
    assert raced(setup(LOCKED)).klass is Class.SOUND


# --- what is no evidence -----------------------------------------------------------------


@pytest.mark.parametrize("doing", [{"api.do": apart, "api.undo": apart}, {}])
def test_acts_that_touch_nothing_in_common_are_no_race(doing: dict[str, Call]) -> None:
    assert slugs(raced(setup(doing))) == [(Outcome.NOT_RUN, "no-race")]


def test_reading_the_same_is_no_race() -> None:
    def reads(ports: Any, trigger: Any) -> None:
        ports.get("n")
        ports.all()

    assert slugs(raced(setup({"api.do": reads, "api.undo": reads}))) == [
        (Outcome.NOT_RUN, "no-race")
    ]


def test_one_act_alone_is_no_race() -> None:
    assert slugs(raced(setup(UNLOCKED), act("api.do"))) == [(Outcome.NOT_RUN, "no-race")]


def test_a_search_that_reached_its_bound_proves_nothing_on_either_side() -> None:
    def counts(ports: Any, trigger: Any) -> None:
        for _ in range(4):
            adds(ports, trigger)

    long = {"api.do": counts, "api.undo": counts}
    cell = raced(setup(long, budget=Budget(schedules=10)))

    assert slugs(cell) == [(Outcome.NOT_RUN, "race-not-exhausted")] * 2
    assert cell.findings[0].detail == "control: 12 schedules and more to come"


def test_a_crash_a_trap_and_an_unknown_store_are_findings_in_whatever_schedule() -> None:
    def crashes_if_late(ports: Any, trigger: Any) -> None:
        n = ports.get("n")
        adds(ports, trigger)
        if ports.get("n") != n + 1:
            raise KeyError("late")

    def traps(text: str) -> Call:
        return lambda ports, trigger: (adds(ports, trigger), ports.trap(text))[0]

    late = raced(setup({"api.do": crashes_if_late, "api.undo": adds}, {}))
    trap = raced(setup({"api.do": traps("bad-type n"), "api.undo": adds}, {}))
    unknown = raced(setup({"api.do": traps("unknown-state n"), "api.undo": adds}, {}))

    assert slugs(late) == [(Outcome.ERROR, "control-crashed")]
    assert slugs(trap) == [(Outcome.ERROR, "trap-sprung")]
    assert slugs(unknown) == [(Outcome.NOT_RUN, "unknown-state")]


# --- the reduction is sound --------------------------------------------------------------

REGS = st.sampled_from(["a", "b", "c"])
STEP = st.one_of(
    st.tuples(st.just("get"), REGS),
    st.tuples(st.just("put"), REGS),
    st.tuples(st.just("sneak"), REGS),
    st.tuples(st.just("if"), REGS),
    st.tuples(st.just("all"), st.just("")),
    st.tuples(st.just("lock"), REGS),
)
PROGRAM = st.lists(STEP, min_size=1, max_size=3)
FEW = Budget(schedules=300, seconds=10.0)


def runs(program: list[tuple[str, str]], by: int) -> Call:
    """A program over registers; `if` skips the next step where the register is 0."""

    def do(ports: Any, trigger: Any) -> None:
        kept, skip = by, False
        for op, reg in program:
            if skip:
                skip = False
            elif op == "get":
                kept += 10 * ports.get(reg)
            elif op == "put":
                ports.put(reg, kept)
            elif op == "sneak":
                ports.sneak(reg, kept)
            elif op == "if":
                skip = ports.get(reg) == 0
            elif op == "all":
                kept += 100 * len(ports.all())
            else:
                with ports.lock():
                    ports.put(reg, ports.get(reg) + kept)

    return do


@given(PROGRAM, PROGRAM, st.sampled_from(["a", "b", "c"]))
@settings(max_examples=60, deadline=None)
def test_switching_at_shared_places_comes_to_the_same_ends_as_switching_everywhere(
    one: list[tuple[str, str]], other: list[tuple[str, str]], reg: str
) -> None:
    made = setup({"api.do": runs(one, 1), "api.undo": runs(other, 2)}, budget=FEW)
    items = (*BOTH, act("set", reg=reg, to=7)) if len(one) + len(other) < 4 else BOTH
    whole = Exploration(setup=made, side=made.control, items=items, start=World(START, {}))
    whole.shared = {(table, None) for table in ("regs", "sneaks", "lock", "calls", "events")}
    whole.depth_first()
    assume(whole.exhausted)

    reduced = explored(made, *items)

    assert reduced.exhausted
    assert reduced.ends.keys() == whole.ends.keys()


def test_a_ruling_on_a_race_sees_the_truth_afterwards_as_in_any_cell() -> None:
    def owes(ports: Any, trigger: Any) -> None:
        ports.put("owes", ports.get("owes") + 1)

    cell = raced(setup({"api.do": owes, "api.undo": owes}), owes=5)

    assert cell.scope["before"]["regs"]["owes"] == 5
    assert cell.scope["truth"] == {"owes": {"usd": 7}}
