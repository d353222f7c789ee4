"""Free runs: the candidate's world to the end, judged by invariants and by what `then` says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.model import Free, FreeRun
from harness.run import replay
from harness.scenario import Item, Then
from harness.setup import Budget, Setup
from harness.stability import Second, checked_free
from tests.harness.register_world import (
    INVARIANTS,
    Kit,
    World,
    act,
    deliver,
    scenario,
    setup,
    together,
)

Call = Callable[[Any, Any], Any]


def puts(*steps: tuple[str, int]) -> Call:
    def do(ports: Any, trigger: Any) -> None:
        for reg, to in steps:
            ports.put(reg, to)

    return do


def nothing(ports: Any, trigger: Any) -> None:
    return None


def ended(made: Setup, *items: Item, then: Then | None = None, **regs: int) -> FreeRun:
    return replay(made, scenario(*items, then=then, **regs))[1]


def test_a_run_without_a_fault_is_kept() -> None:
    end = ended(setup({"api.do": nothing}), act("api.do"), then=Then(truth={"owes": {"usd": 0}}))

    assert (end.outcome, end.findings, end.broken, end.then) == (Free.KEPT, (), (), ())
    assert end.ends["candidate"] == {"truth": {"owes": {"usd": 0}}, "customer": {"asks": 0}}


def test_each_world_lives_with_its_own_consequences() -> None:
    def more(by: int) -> Call:
        return lambda ports, trigger: ports.put("asks", ports.get("asks") + by)

    end = ended(setup({"api.do": more(1)}, {"api.do": more(10)}), act("api.do"), act("api.do"))

    assert end.ends["control"]["customer"] == {"asks": 2}
    assert end.ends["candidate"]["customer"] == {"asks": 20}


# --- BROKEN ------------------------------------------------------------------------------


def test_an_invariant_that_does_not_hold_after_an_episode_is_broken() -> None:
    end = ended(setup({"api.do": nothing}, {"api.do": puts(("never", 3))}), act("api.do"))

    assert (end.outcome, end.broken) == (Free.BROKEN, ("#1 I1: never is 3",))


def test_what_the_control_breaks_in_its_own_world_is_not_the_candidates() -> None:
    end = ended(setup({"api.do": puts(("never", 3))}, {"api.do": nothing}), act("api.do"))

    assert end.outcome is Free.KEPT


def test_an_invariant_of_every_effect_is_broken_even_if_it_holds_again_at_the_end() -> None:
    for_a_moment = puts(("not_even_once", 1), ("not_even_once", 0))
    end = ended(setup({"api.do": for_a_moment}), act("api.do"))

    assert (end.outcome, end.broken) == (
        Free.BROKEN,
        ("#1 after an effect I2: not_even_once is 1",),
    )


def test_an_invariant_of_the_end_may_break_for_a_moment() -> None:
    assert ended(setup({"api.do": puts(("never", 1), ("never", 0))}), act("api.do")).outcome is (
        Free.KEPT
    )


def test_after_the_last_effect_is_after_an_effect_too() -> None:
    end = ended(setup({"api.do": puts(("not_even_once", 1))}), act("api.do"))

    assert end.broken == (
        "#1 I2: not_even_once is 1",
        "#1 after an effect I2: not_even_once is 1",
    )


def test_an_inherited_breach_must_be_gone_after_one_look() -> None:
    idle = ended(setup({}), act("sweep"), never=1)
    repairs = ended(setup({}, look=lambda ports: ports.put("never", 0)), act("sweep"), never=1)

    assert (idle.outcome, idle.broken) == (Free.BROKEN, ("#0 I1: never is 1",))
    assert repairs.outcome is Free.KEPT


def test_a_breach_that_stands_is_said_again_only_where_the_candidate_acted() -> None:
    made = setup({"sweep": nothing})

    end = ended(made, act("set", reg="never"), act("emit", type="x"), act("sweep"))

    assert end.broken == ("#3 I1: never is 1",)


def test_an_excused_invariant_may_break_and_no_other() -> None:
    both = puts(("never", 1), ("not_even_once", 1))
    made = setup({"api.do": both})

    one = ended(made, act("api.do"), then=Then(excused={"I2": "why"}))
    all_ = ended(made, act("api.do"), then=Then(excused={"I1": "why", "I2": "why"}))

    assert (one.outcome, one.broken) == (Free.BROKEN, ("#1 I1: never is 1",))
    assert all_.outcome is Free.KEPT
    assert {invariant.id for invariant in INVARIANTS} == {"I1", "I2"}


def test_an_excuse_that_nothing_needed_fails_by_name() -> None:
    made = setup({"api.do": puts(("n", 1))})

    end = ended(made, act("api.do"), then=Then(excused={"I1": "why"}))

    assert end.outcome is Free.THEN_FAILED
    assert end.then == ("then.excused lists I1, which was kept",)


def test_every_end_of_a_race_is_judged_also_one_that_no_serial_order_comes_to() -> None:
    def careless(ports: Any, trigger: Any) -> None:
        n = ports.get("n")
        ports.put("n", n + 1)
        if trigger.name == "api.undo":
            ports.put("never", int(n == 0 and ports.get("m") == 1))
        else:
            ports.put("m", 1)

    made = setup({"api.do": careless, "api.undo": careless})
    end = ended(made, together(act("api.do"), act("api.undo")))

    assert end.outcome is Free.BROKEN
    assert all(" end " in text and text.endswith("I1: never is 1") for text in end.broken)


# --- THEN_FAILED -------------------------------------------------------------------------


def test_then_that_does_not_hold_is_said_with_both_values() -> None:
    then = Then(truth={"owes": {"usd": 5}}, customer={"asks": 0})
    end = ended(setup({"api.do": puts(("asks", 7))}), act("api.do"), then=then)

    assert end.outcome is Free.THEN_FAILED
    assert end.then == (
        "truth.owes: expected {'usd': 5}, found {'usd': 0}",
        "customer.asks: expected 0, found 7",
    )


def test_a_point_on_the_way_is_looked_at_then_and_not_at_the_end() -> None:
    then = Then(after={1: Then(customer={"asks": 7}), 2: Then(customer={"asks": 7})})
    made = setup({"api.do": puts(("asks", 7)), "api.undo": puts(("asks", 0))})

    end = ended(made, act("api.do"), act("api.undo"), then=then)

    assert end.then == ("after 2: customer.asks: expected 7, found 0",)


@pytest.mark.parametrize(
    ("expected", "holds"),
    [({"usd": 0}, True), ({}, True), ({"usd": 0, "eur": 0}, True), ({"usd": 1}, False)],
)
def test_nothing_of_a_currency_is_the_same_as_no_such_currency(
    expected: dict[str, int], holds: bool
) -> None:
    end = ended(setup({}), act("sweep"), then=Then(truth={"owes": expected}))

    assert (end.outcome is Free.KEPT) is holds


@pytest.mark.parametrize("value", [False, "0", None])
def test_then_means_the_very_type(value: Any) -> None:
    assert ended(setup({}), act("sweep"), then=Then(customer={"asks": value})).outcome is (
        Free.THEN_FAILED
    )


def test_an_end_that_is_broken_and_unlike_then_is_broken_and_says_both() -> None:
    end = ended(
        setup({"api.do": puts(("never", 1))}), act("api.do"), then=Then(customer={"asks": 1})
    )

    assert end.outcome is Free.BROKEN
    assert end.then == ("customer.asks: expected 1, found 0",)


# --- MOOT --------------------------------------------------------------------------------


def test_an_act_that_makes_no_sense_is_moot_unless_listed() -> None:
    made, items = setup({"api.do": nothing}), (act("sweep"), act("api.do"))

    unlisted = ended(made, *items, closed=1)
    listed = ended(made, *items, then=Then(moot=("api.do#2",)), closed=1)
    another = ended(made, *items, then=Then(moot=("sweep#1",)), closed=1)

    assert (unlisted.outcome, listed.outcome) == (Free.MOOT, Free.KEPT)
    assert unlisted.moot == ("candidate api.do#2: api.do has nothing to act on",)
    assert another.outcome is Free.MOOT


def test_an_act_that_is_listed_and_made_sense_after_all_is_stale() -> None:
    end = ended(setup({"api.do": nothing}), act("api.do"), then=Then(moot=("api.do#1",)))

    assert end.outcome is Free.THEN_FAILED
    assert end.then == ("then.moot lists api.do#1, which made sense",)


def test_what_would_be_moot_in_the_controls_world_alone_is_none_of_the_candidates() -> None:
    made = setup({"sweep": puts(("closed", 1)), "api.do": nothing}, {"api.do": nothing})
    items = (act("sweep"), act("api.do"))

    unlisted, listed = ended(made, *items), ended(made, *items, then=Then(moot=("api.do#2",)))

    assert (unlisted.outcome, unlisted.moot) == (Free.KEPT, ())
    assert listed.then == ("then.moot lists api.do#2, which made sense",)


def test_the_end_of_a_control_that_lockstep_could_not_follow_is_not_shown() -> None:
    class Broken(Kit):
        def loss(self, control: World, candidate: World) -> dict[str, int]:
            raise RuntimeError("broken")

    end = ended(setup({}, kit=Broken()), act("sweep"))

    assert end.ends.keys() == {"candidate"}


def test_an_act_that_the_double_refuses_is_moot_and_half_of_it_is_taken_back() -> None:
    class Hasty(Kit):
        def apply(self, world: World, name: str, args: Any) -> None:
            world.put("never", 1)
            raise self.ActImpossible("only half")

    end = ended(setup({}, kit=Hasty()), act("set", reg="x"), then=Then(moot=("set#1",)))

    assert end.outcome is Free.KEPT
    assert "candidate set#1: set: only half" in end.moot


def test_a_delivery_and_a_held_event_that_never_came_are_moot_by_their_labels() -> None:
    then = Then(moot=("deliver news#2", "held news#3"))
    items = (act("api.do", hold={"news": 9}), deliver("news"))

    assert ended(setup({"api.do": nothing}), *items, then=then).outcome is Free.KEPT


def test_a_race_whose_act_has_nothing_to_act_on_is_moot() -> None:
    block = together(act("api.do"), act("sweep"))

    unlisted = ended(setup({"api.do": nothing}), block, closed=1)
    then = Then(moot=("together api.do + sweep#1",))

    assert unlisted.outcome is Free.MOOT
    assert ended(setup({"api.do": nothing}), block, then=then, closed=1).outcome is Free.KEPT


def test_intents_are_resolved_in_a_race_as_anywhere_else() -> None:
    class Meaning(Kit):
        def intent(self, world: World, name: str, args: Any) -> Any:
            return type(args)(n=9) if name == "api.do" else args

    def puts_n(ports: Any, trigger: Any) -> None:
        ports.put("asks", trigger.args["n"])

    made = setup({"api.do": puts_n}, kit=Meaning())
    for item in (act("api.do"), together(act("api.do"), act("sweep"))):
        assert ended(made, item).ends["candidate"]["customer"] == {"asks": 9}


# --- ERROR, TIMEOUT, NOT_RUN -------------------------------------------------------------


def crashes(ports: Any, trigger: Any) -> None:
    raise KeyError("x")


def test_a_crash_or_a_trap_is_an_error() -> None:
    def traps(ports: Any, trigger: Any) -> None:
        ports.trap("bad-type n")

    crash = ended(setup({"api.do": nothing}, {"api.do": crashes}), act("api.do"))
    trap = ended(setup({"api.do": nothing}, {"api.do": traps}), act("api.do"))

    assert crash.outcome is trap.outcome is Free.ERROR
    assert crash.findings == ("#1 candidate-crashed: candidate: api.do: KeyError: 'x'",)
    assert trap.findings == ("#1 trap-sprung: candidate: bad-type n",)


def test_a_crash_of_the_control_is_an_error_unless_a_quirk_says_so() -> None:
    doing = ({"api.do": crashes}, {"api.do": nothing})
    quirk = setup(*doing, crashes={("api.do", "KeyError"): "Q01"})

    assert ended(setup(*doing), act("api.do")).outcome is Free.ERROR
    assert ended(quirk, act("api.do")).outcome is Free.KEPT


def test_a_loop_is_a_timeout() -> None:
    def loops(ports: Any, trigger: Any) -> None:
        while True:
            ports.get("n")

    made = setup({"api.do": nothing}, {"api.do": loops}, budget=Budget(port_calls=9))
    end = ended(made, act("api.do"))

    assert (end.outcome, end.findings) == (
        Free.TIMEOUT,
        ("#1 over-budget: candidate: over 9 port calls, last get",),
    )


def test_a_deadlock_in_a_race_is_a_timeout_and_no_error() -> None:
    def twice(ports: Any, trigger: Any) -> None:
        with ports.lock(), ports.lock():
            pass

    end = ended(setup({"api.do": twice}), together(act("api.do"), act("api.do")))

    assert end.outcome is Free.TIMEOUT


def test_an_unknown_store_and_a_race_that_was_not_exhausted_are_not_run() -> None:
    def reads(ports: Any, trigger: Any) -> None:
        ports.trap("unknown-state member")

    def counts(ports: Any, trigger: Any) -> None:
        for _ in range(3):
            ports.put("n", ports.get("n") + 1)

    unknown = ended(setup({"api.do": nothing}, {"api.do": reads}), act("api.do"))
    made = setup({"api.do": nothing}, {"api.do": counts}, budget=Budget(schedules=3))
    bounded = ended(made, together(act("api.do"), act("api.do")))

    assert unknown.outcome is bounded.outcome is Free.NOT_RUN
    assert unknown.findings == ("#1 unknown-state: candidate: unknown-state member",)
    assert "race-not-exhausted" in bounded.findings[0]


def test_a_world_that_fails_is_an_error_of_this_scenario() -> None:
    class Broken(Kit):
        def truth(self, world: World) -> dict[str, Any]:
            raise RuntimeError("broken")

    _, end = replay(setup({}, kit=Broken()), scenario(act("sweep")))

    assert (end.outcome, end.findings) == (Free.ERROR, ("RuntimeError: broken",))


def test_the_digest_is_the_candidates_alone() -> None:
    one = ended(setup({"api.do": nothing}, {"api.do": puts(("x", 1))}), act("api.do"))
    same = ended(setup({"api.do": crashes}, {"api.do": puts(("x", 1))}), act("api.do"))
    other = ended(setup({"api.do": nothing}, {"api.do": puts(("x", 2))}), act("api.do"))

    assert one.digest == same.digest != other.digest


def test_without_digests_everything_comes_out_as_with_them() -> None:
    made = setup({"api.do": puts(("x", 1))}, {"api.do": puts(("x", 2))})
    given = scenario(act("api.do"), act("api.do"))

    cells, end = replay(made, given)
    bare, bare_end = replay(replace(made, digests=False), given)

    assert all(one.state for one in cells)
    assert bare == tuple(replace(one, state="") for one in cells)
    assert end.digest
    assert bare_end == replace(end, digest="")


def test_a_free_run_without_a_digest_is_never_the_same_as_in_another_process() -> None:
    given = scenario(act("api.do"))
    made = setup({"api.do": nothing}, {"api.do": nothing})
    (_, end), (_, bare) = replay(made, given), replay(replace(made, digests=False), given)

    assert checked_free(end, Second(alone={given.id: end.digest})) is end
    for other in (end.digest, bare.digest):
        assert checked_free(bare, Second(alone={given.id: other})).outcome is Free.UNSTABLE
