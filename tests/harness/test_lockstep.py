"""Lockstep: both engines from the control's state, and what is said of each cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.fields import Field, Fields
from harness.judge import blamed
from harness.lockstep import lockstep
from harness.model import ABSENT, Class, Episode, Observation, Outcome
from harness.run import replay
from harness.scenario import Item
from harness.setup import Setup
from tests.harness.register_world import (
    Kit,
    Refused,
    World,
    act,
    deliver,
    scenario,
    setup,
    together,
    webhook,
)

Call = Callable[[Any, Any], Any]


def puts(**regs: int) -> Call:
    def do(ports: Any, trigger: Any) -> None:
        for reg, to in regs.items():
            ports.put(reg, to)

    return do


def nothing(ports: Any, trigger: Any) -> None:
    return None


def looks(**regs: int) -> Callable[[Any], None]:
    return lambda ports: puts(**regs)(ports, None)


def cells(made: Setup, *items: Item, **regs: int) -> list[Episode]:
    return list(lockstep(made, scenario(*items, **regs)))


def found(episode: Episode) -> dict[str, tuple[Any, Any]]:
    return {one.path: (one.control, one.candidate) for one in episode.differences}


def slugs(episode: Episode) -> list[tuple[Outcome, str]]:
    return [(one.outcome, one.slug) for one in episode.findings]


# --- the state ---------------------------------------------------------------------------


def test_the_next_state_is_the_controls_and_the_candidates_world_is_dropped() -> None:
    def candidate(ports: Any, trigger: Any) -> None:
        ports.put("mine", 1)
        ports.put("n", ports.get("n") + 100)

    def control(ports: Any, trigger: Any) -> None:
        ports.put("n", ports.get("n") + 1)

    _, first, second = cells(
        setup({"api.do": control}, {"api.do": candidate}), act("api.do"), act("api.do")
    )

    assert second.before == {"regs": {"n": 1}}
    assert found(first) == {"books.regs.mine": (ABSENT, 1), "books.regs.n": (1, 100)}
    assert found(second)["books.regs.n"] == (2, 101)


def test_the_first_episode_is_the_candidates_look_and_the_control_stands_by() -> None:
    look, after = cells(setup({}, look=looks(n=1)), act("sweep"), n=0)

    assert (look.id, look.act, look.paths) == ("s#0", "look", ("(given)",))
    assert found(look) == {"books.regs.n": (0, 1)}
    assert after.before == {"regs": {"n": 0}}


def test_each_side_settles_the_events_it_caused_itself() -> None:
    def told(ports: Any, trigger: Any) -> None:
        ports.put("told", 1)

    def emits(ports: Any, trigger: Any) -> None:
        ports.emit("news")

    made = setup(
        {"api.do": emits, "news": nothing}, {"api.do": nothing, "news": told}, look=looks()
    )
    _, cell = cells(made, act("api.do"))

    assert cell.control is not None
    assert cell.candidate is not None
    assert [trigger for _, trigger in cell.control.handlers] == ["api.do", "news"]
    assert [trigger for _, trigger in cell.candidate.handlers] == ["api.do"]
    assert cell.paths == ("api.do", "news")


def test_what_the_control_caused_to_be_held_both_sides_get() -> None:
    def emits(ports: Any, trigger: Any) -> None:
        ports.emit("news")

    made = setup({"api.do": emits, "news": nothing}, {"api.do": nothing, "news": nothing})
    *_, late = cells(made, act("api.do", hold={"news": 9}))

    assert late.act == "held news"
    for side in (late.control, late.candidate):
        assert side is not None
        assert side.handlers == (("news", "news"),)


def test_the_sides_share_nothing_not_even_through_trigger_or_answer() -> None:
    seen: list[Any] = []

    def scribbles(ports: Any, trigger: Any) -> Any:
        seen.append((len(trigger.args), trigger.event and len(trigger.event)))
        trigger.args["word"] = 1
        if trigger.event is not None:
            trigger.event["word"] = 1
        return {}

    cells(
        setup({"api.do": scribbles, "hook": scribbles}),
        act("api.do"),
        webhook("hook"),
        deliver("hook"),
    )

    assert seen == [(1, None)] * 2 + [(0, 3)] * 2


def test_a_world_that_shares_a_list_between_forks_is_told_by_loading_it_from_bytes() -> None:
    class Sharing(World):
        def fork(self) -> World:
            fork = super().fork()
            fork.shared = self.shared  # type: ignore[attr-defined]
            return fork

    class SharingKit(Kit):
        def load(self, given: Any) -> World:
            world = Sharing(1_000_000, dict(given.regs))
            world.shared = []  # type: ignore[attr-defined]
            return world

    def engine(ports: Any, trigger: Any) -> None:
        ports._world.shared.append(1)
        ports.put("n", len(ports._world.shared))

    globals()["Sharing"] = Sharing  # so that pickle finds it
    Sharing.__qualname__ = "Sharing"
    forked, loaded = (
        cells(setup({"api.do": engine}, kit=SharingKit(), reload=reload), act("api.do"))[1]
        for reload in (False, True)
    )

    assert found(forked) == {"books.regs.n": (1, 2)}
    assert found(loaded) == {}


def test_loading_from_bytes_changes_nothing_where_forks_share_nothing() -> None:
    def counts(ports: Any, trigger: Any) -> Any:
        ports.put("n", ports.get("n") + 1)
        ports.emit("news")
        return {"n": ports.get("n")}

    items = (act("api.do"), deliver("news"), together(act("api.do"), act("api.do")))
    doing = {"api.do": counts, "news": puts(told=1)}
    forked, loaded = (cells(setup(doing, reload=reload), *items) for reload in (False, True))

    assert forked == loaded


# --- what is not evidence ----------------------------------------------------------------


def test_an_act_that_is_impossible_is_not_run_and_leaves_the_state_as_it_was() -> None:
    _, jammed, after = cells(setup({}), act("set", reg="x"), act("sweep"), jammed=1)

    assert slugs(jammed) == [(Outcome.NOT_RUN, "act-impossible")]
    assert jammed.findings[0].detail == "set: jammed"
    assert after.before == {"regs": {"jammed": 1}}


def test_half_an_impossible_act_is_taken_back() -> None:
    class Hasty(Kit):
        def apply(self, world: World, name: str, args: Any) -> None:
            world.put("half", 1)
            raise self.ActImpossible("only half")

    _, jammed, after = cells(setup({}, kit=Hasty()), act("set", reg="x"), act("sweep"))

    assert slugs(jammed) == [(Outcome.NOT_RUN, "act-impossible")]
    assert after.before == {"regs": {}}


def test_reading_a_store_that_nobody_recorded_is_not_run() -> None:
    def reads(ports: Any, trigger: Any) -> None:
        ports.trap("unknown-state member")

    _, cell = cells(setup({"api.do": reads}, {"api.do": nothing}), act("api.do"))

    assert slugs(cell) == [(Outcome.NOT_RUN, "unknown-state")]
    assert cell.findings[0].detail == "control: unknown-state member"


def crashes(ports: Any, trigger: Any) -> None:
    raise KeyError("x")


def test_a_crash_of_the_candidate_is_an_error_and_one_of_the_control_unless_a_quirk_says_so() -> (
    None
):
    both = setup({"api.do": crashes})
    quirk = setup({"api.do": crashes}, crashes={("api.do", "KeyError"): "Q01"})

    assert slugs(cells(both, act("api.do"))[1]) == [
        (Outcome.ERROR, "control-crashed"),
        (Outcome.ERROR, "candidate-crashed"),
    ]
    assert slugs(cells(quirk, act("api.do"))[1]) == [(Outcome.ERROR, "candidate-crashed")]


def test_a_quirks_crash_is_that_type_on_that_path_only() -> None:
    other = setup({"api.do": crashes}, {"api.do": nothing}, crashes={("sweep", "KeyError"): "Q01"})

    assert slugs(cells(other, act("api.do"))[1]) == [(Outcome.ERROR, "control-crashed")]


def test_a_trap_and_a_loop_are_findings_of_their_side() -> None:
    def traps(ports: Any, trigger: Any) -> None:
        ports.trap("bad-type n")

    def loops(ports: Any, trigger: Any) -> None:
        while True:
            ports.get("n")

    _, cell = cells(setup({"api.do": traps}, {"api.do": loops}), act("api.do"))

    assert slugs(cell) == [(Outcome.ERROR, "trap-sprung"), (Outcome.TIMEOUT, "over-budget")]
    assert [one.detail for one in cell.findings] == [
        "control: bad-type n",
        "candidate: over 20000 port calls, last get",
    ]


@pytest.mark.parametrize(
    "broken", ["load", "books", "outcome", "truth", "entitled", "scope", "harm"]
)
def test_a_world_that_raises_is_an_error_in_every_cell_that_is_left_and_nothing_is_lost(
    broken: str,
) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("the double is broken")

    kit = Kit()
    setattr(kit, broken, fails)

    episodes, free = replay(setup({}, kit=kit), scenario(act("api.do"), act("sweep")))

    assert [one.id for one in episodes] == ["s#0", "s#1", "s#2"]
    for one in episodes:
        assert slugs(one) == [(Outcome.ERROR, "world-failed")]
        assert one.findings[0].detail == "RuntimeError: the double is broken"
    assert free.scenario == "s"


def test_what_was_compared_before_a_world_failed_is_kept() -> None:
    class Late(Kit):
        def apply(self, world: World, name: str, args: Any) -> None:
            raise RuntimeError("no such act after all")

    episodes, free = replay(
        setup({}, kit=Late()), scenario(act("api.do"), act("set", reg="x"), act("sweep"))
    )

    assert [slugs(one) for one in episodes] == [
        [],
        [],
        [(Outcome.ERROR, "world-failed")],
        [(Outcome.ERROR, "world-failed")],
    ]
    assert free.findings == ("RuntimeError: no such act after all",)


# --- refusals ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "differs"),
    [(Refused("conflict", "paid"), False), (Refused("conflict", "void"), True)],
)
def test_a_refusal_agrees_only_with_the_same_kind_and_code(
    refusal: Refused, differs: bool
) -> None:
    def refuses(error: Refused) -> Call:
        def do(ports: Any, trigger: Any) -> None:
            raise error

        return do

    made = setup({"api.do": refuses(Refused("conflict", "paid"))}, {"api.do": refuses(refusal)})

    assert bool(cells(made, act("api.do"))[1].differences) is differs


def test_a_field_that_the_policy_leaves_out_is_compared_nowhere() -> None:
    made = setup({"api.do": puts(n=1)}, {"api.do": puts(n=2)})
    field = Field(path="books.regs.n", status="retired", reason="why", decision="d")

    _, cell = cells(replace(made, fields=Fields(fields=(field,))), act("api.do"), n=0)

    assert cell.differences == ()
    assert cell.before == {"regs": {}}


# --- owners ------------------------------------------------------------------------------


def owners(made: Setup, item: Item, **regs: int) -> dict[str, tuple[str, ...]]:
    return {one.path: one.owners for one in cells(made, item, **regs)[1].differences}


def test_a_difference_belongs_to_the_path_that_last_wrote_its_field() -> None:
    first, last = puts(x=1, y=1), puts(x=2)
    made = setup({"api.do": (first, last)}, {"api.do": nothing})

    assert owners(made, act("api.do")) == {
        "books.regs.x": ("api.do:1",),
        "books.regs.y": ("api.do:0",),
    }


def test_a_difference_that_no_path_wrote_belongs_to_all_that_ran() -> None:
    made = setup({"api.do": (nothing, puts(x=1))}, {"api.do": puts(x=1, z=1)})

    assert owners(made, act("api.do")) == {"books.regs.z": ("api.do:0", "api.do:1")}


def test_a_difference_in_what_somebody_outside_wrote_belongs_to_the_paths_not_to_him() -> None:
    class Telling(Kit):
        def apply(self, world: World, name: str, args: Any) -> None:
            super().apply(world, name, args)
            world.emit("news", "it")

    made = setup({"news": nothing}, {"news": puts(x=5)}, kit=Telling())

    assert owners(made, act("set", reg="x")) == {"books.regs.x": ("news",)}


def test_a_key_with_a_dot_in_it_has_the_same_owner_as_any_other() -> None:
    odd = puts(**{"a.b": 1})
    made = setup({"api.do": (odd, nothing)}, {"api.do": nothing})

    assert owners(made, act("api.do")) == {'books.regs.["a.b"]': ("api.do:0",)}


def test_where_no_path_ran_there_is_nobody_to_blame_but_the_unhandled() -> None:
    made = setup({}, {"api.do": puts(x=1)})

    assert owners(made, act("api.do")) == {"books.regs.x": ("(unhandled)",)}


# --- repeats -----------------------------------------------------------------------------


def origins(*made: Episode) -> list[dict[str, str]]:
    return [{one.path: one.origin for one in cell.differences} for cell in made]


def test_damage_that_stays_is_repaired_again_and_counts_once() -> None:
    made = setup({"sweep": nothing}, {"sweep": puts(flag=0)}, look=looks(flag=0))

    assert origins(*cells(made, act("sweep"), act("sweep"), flag=1)) == [
        {"books.regs.flag": ""},
        {"books.regs.flag": "s#0"},
        {"books.regs.flag": "s#0"},
    ]


def test_another_value_is_no_repeat() -> None:
    made = setup(
        {"api.do": nothing, "api.undo": nothing},
        {"api.do": puts(flag=0), "api.undo": puts(flag=5)},
    )

    _, *rest = cells(made, act("api.do"), act("api.undo"), flag=1)

    assert origins(*rest) == [{"books.regs.flag": ""}, {"books.regs.flag": ""}]


def test_a_value_that_moves_with_time_is_a_repeat_if_a_look_before_the_act_gives_it() -> None:
    def at_least(ports: Any, trigger: Any = None) -> None:
        ports.put("since", ports._world.now)

    doing = {"sweep": nothing, "api.do": nothing}
    made = setup(doing, {"sweep": at_least, "api.do": at_least}, look=at_least)
    blind = setup(doing, {"sweep": at_least, "api.do": at_least})

    for one, origin in ((made, "s#0"), (blind, "")):
        _, first, second = cells(one, act("sweep"), act("api.do"), since=1)
        assert origins(first, second) == [
            {"books.regs.since": origin},
            {"books.regs.since": origin},
        ]
        assert found(second)["books.regs.since"] == (1, second.at)


def test_a_field_that_the_control_wrote_in_this_episode_is_no_repeat() -> None:
    made = setup(
        {"sweep": nothing, "api.do": lambda ports, t: (ports.put("flag", 2), None)[1]},
        {"sweep": puts(flag=0), "api.do": puts(flag=0)},
    )

    _, first, second = cells(made, act("sweep"), act("api.do"), flag=1)

    assert origins(first, second) == [{"books.regs.flag": ""}, {"books.regs.flag": ""}]


def test_a_difference_is_no_repeat_of_one_that_was_gone_in_between() -> None:
    made = setup(
        {"sweep": nothing, "api.do": puts(flag=0), "api.undo": puts(flag=1)},
        {"sweep": puts(flag=0), "api.do": puts(flag=0), "api.undo": puts(flag=0)},
    )

    episodes = cells(made, act("sweep"), act("api.do"), act("api.undo"), act("sweep"), flag=1)

    assert origins(*episodes[1:]) == [
        {"books.regs.flag": ""},
        {},
        {"books.regs.flag": ""},
        {"books.regs.flag": "s#3"},
    ]


def test_a_response_is_never_a_repeat() -> None:
    made = setup({"api.do": lambda *_: {"n": 1}}, {"api.do": lambda *_: {"n": 2}})

    _, first, second = cells(made, act("api.do"), act("api.do"))

    assert origins(first, second) == [{"response.n": ""}, {"response.n": ""}]


def test_an_effect_is_a_repeat_only_where_the_control_had_none_on_that_object() -> None:
    def tells(ports: Any, trigger: Any) -> None:
        ports.tell("member", n=1)

    made = setup({"sweep": nothing}, {"sweep": tells})
    _, first, second = cells(made, act("sweep"), act("sweep"))
    assert origins(first, second) == [{"effects.member": ""}, {"effects.member": "s#1"}]

    def tells_otherwise(ports: Any, trigger: Any) -> None:
        ports.tell("member", n=2)

    made = setup({"sweep": tells_otherwise}, {"sweep": tells})
    _, first, second = cells(made, act("sweep"), act("sweep"))
    assert origins(first, second) == [{"effects.member": ""}, {"effects.member": ""}]


def test_customer_and_money_repeat_while_the_control_leaves_them_as_they_were() -> None:
    made = setup(
        {"sweep": nothing, "api.do": puts(asks=7)},
        {"sweep": puts(asks=0), "api.do": puts(asks=0)},
    )

    _, first, second, third = cells(made, act("sweep"), act("sweep"), act("api.do"), asks=5)

    assert [o["customer.asks"] for o in origins(first, second, third)] == ["", "s#1", ""]


# --- class, harm, loss -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "given", "klass"),
    [
        (nothing, {}, Class.SOUND),
        (puts(never=1), {}, Class.REPAIR),
        (puts(never=0), {"never": 1}, Class.REPAIR),
        (puts(never=1, unmet=1), {}, Class.REPAIR),
        (puts(unmet=1), {}, Class.TWIST),
        (puts(unmet=0), {"unmet": 1}, Class.SOUND),
        (puts(unsure=1, never=1), {}, Class.UNDECIDABLE),
    ],
)
@pytest.mark.parametrize("candidate", [nothing, puts(never=1, unmet=1, unsure=1)])
def test_the_class_is_the_controls_whatever_the_candidate_does(
    control: Call, given: dict[str, int], klass: Class, candidate: Call
) -> None:
    made = setup({"api.do": control}, {"api.do": candidate})

    assert cells(made, act("api.do"), **given)[1].klass is klass


def test_breaches_wrongs_and_what_is_unmet_are_said_of_the_candidates_world() -> None:
    made = setup({"api.do": nothing}, {"api.do": puts(never=1, unmet=1, wrong=1)})

    _, cell = cells(made, act("api.do"))

    assert cell.control_broken == ()
    assert cell.candidate_broken == ("I1: never is 1",)
    assert (cell.unmet, cell.wrongs) == (("unmet",), ("wrong",))


def test_a_candidate_that_was_not_called_is_not_blamed_for_what_stood_before() -> None:
    idle = cells(setup({"api.do": nothing}, {}), act("api.do"), never=1, wrong=1)[1]
    called = cells(setup({"api.do": nothing}), act("api.do"), never=1, wrong=1)[1]

    assert (idle.candidate_broken, idle.wrongs) == ((), ())
    assert (called.candidate_broken, called.wrongs) == (("I1: never is 1",), ("wrong",))


def test_where_nothing_reaches_the_engines_there_is_nothing_to_decide() -> None:
    made = setup({"sweep": nothing})

    silent, swept = cells(made, act("set", reg="never"), act("sweep"))[1:]

    assert (silent.klass, silent.candidate_broken) == (Class.UNDECIDABLE, ())
    assert (swept.klass, swept.candidate_broken) == (Class.REPAIR, ("I1: never is 1",))


@pytest.mark.parametrize(
    ("seen", "looked", "expected"),
    [
        (Observation(facets={}, handlers=(("p", "t"),)), False, ("old", "new")),
        (Observation(facets={}), True, ("old", "new")),
        (Observation(facets={}), False, ("new",)),
        (Observation(facets={}, told=False), False, ()),
    ],
)
def test_an_engine_answers_for_what_it_could_know_of(
    seen: Observation, looked: bool, expected: tuple[str, ...]
) -> None:
    assert blamed(("old", "new"), lambda: ("old",), seen, looked=looked) == expected


def test_harm_and_loss_are_those_of_this_episode_and_not_of_an_earlier_look() -> None:
    made = setup(
        {"sweep": nothing, "api.do": nothing},
        {"sweep": puts(asks=9, till=50), "api.do": puts(asks=9, till=20)},
        look=looks(asks=9, till=50),
    )

    _, same, more = cells(made, act("sweep"), act("api.do"), asks=5, till=100)

    assert (same.harm, same.loss) == ((), {})
    assert (more.harm, more.loss) == ((), {"usd": 30})


def test_new_harm_is_said() -> None:
    made = setup({"api.do": nothing}, {"api.do": puts(asks=9)})

    assert cells(made, act("api.do"), asks=5)[1].harm == ("asks more",)


# --- what a cell is known by -------------------------------------------------------------


def test_the_scope_of_rulings_is_before_trigger_now_and_the_truth_afterwards() -> None:
    made = setup({"api.do": puts(owes=7)})

    _, cell, delivered = cells(made, act("api.do", n=3), webhook("hook"), owes=5)

    assert cell.scope["before"] == {"regs": {"owes": 5}}
    assert cell.scope["truth"] == {"owes": {"usd": 7}}
    assert cell.scope["trigger"] == {"name": "api.do", "args": {"n": 3}}
    assert cell.scope["now"] == cell.at
    assert delivered.scope["trigger"] == {"name": "hook", "args": {"object": {"id": "it"}}}


def test_the_same_act_in_the_same_state_is_one_distinct_cell() -> None:
    made = setup({"api.do": nothing})

    one, other = (cells(made, act("api.do"), n=n)[1].state for n in (1, 2))
    again = cells(made, act("api.do"), n=1)[1].state

    assert one == again != other
