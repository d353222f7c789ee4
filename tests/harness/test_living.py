"""One engine in one episode: what it is called for, in which order, and what is observed of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from harness.guard import AmbientRead
from harness.living import Held, Living, Moot, hold_of, keep_held, live, play
from harness.model import Observation
from harness.scenario import Item, episodes
from harness.setup import Budget
from tests.harness.register_world import (
    START,
    Refused,
    World,
    act,
    deliver,
    scenario,
    setup,
    webhook,
)

Call = Callable[[Any, Any], Any]


def lived(item: Item, world: World | None = None, **doing: Any) -> tuple[Observation, Living]:
    """Live through one item; a trigger's dot is written `__`."""
    made = setup({name.replace("__", "."): do for name, do in doing.items()})
    living = Living(setup=made, side=made.control, world=world or World(START, {}))
    return live(living, lambda: living.play(item)), living


def emits(*types: str) -> Call:
    def do(ports: Any, trigger: Any) -> None:
        for type_ in types:
            ports.emit(type_)

    return do


def raises(error: BaseException) -> Call:
    def do(ports: Any, trigger: Any) -> None:
        raise error

    return do


def ran(seen: Observation) -> list[str]:
    return [trigger for _, trigger in seen.handlers]


# --- order -------------------------------------------------------------------------------


def test_an_act_comes_first_and_then_what_it_causes_first_in_first_out() -> None:
    seen, _ = lived(
        act("api.do"), api__do=emits("a", "b"), a=emits("c"), b=emits("d"), c=emits(), d=emits()
    )

    assert ran(seen) == ["api.do", "a", "b", "c", "d"]


def test_an_act_from_outside_calls_no_handler_of_its_name_only_those_of_its_events() -> None:
    seen, living = lived(act("emit", type="a"), emit=emits("never"), a=emits("b"), b=emits())

    assert ran(seen) == ["a", "b"]
    assert living.world.actor == "b"


def test_the_engine_settles_events_that_nobody_handles_without_counting_them() -> None:
    seen, living = lived(act("api.do"), api__do=emits(*["nobody"] * 100, "a"), a=emits())

    assert ran(seen) == ["api.do", "a"]
    assert (living.deliveries, seen.timeout) == (1, "")


def test_the_clock_stands_still_within_an_episode() -> None:
    _, living = lived(act("api.do"), api__do=emits("a"), a=emits("b"), b=emits())

    assert living.world.now == START


def test_every_handler_of_a_trigger_is_an_actor_of_its_own() -> None:
    def first(ports: Any, trigger: Any) -> None:
        ports.put("x", 1)
        ports.put("y", 1)

    def second(ports: Any, trigger: Any) -> None:
        ports.put("x", 2)

    seen, _ = lived(act("api.do"), api__do=(first, second))

    assert seen.handlers == (("api.do:0", "api.do"), ("api.do:1", "api.do"))
    assert seen.written == {"regs.x": "api.do:1", "regs.y": "api.do:0"}
    assert [(actor, at) for actor, at, _, _ in seen.writes] == [
        ("api.do:0", "regs.x"),
        ("api.do:0", "regs.y"),
        ("api.do:1", "regs.x"),
    ]


def test_what_somebody_outside_writes_is_not_the_engines() -> None:
    seen, _ = lived(act("set", reg="x"))

    assert seen.written == {"regs.x": "outside"}


def test_no_handler_can_leave_word_for_another_in_its_trigger() -> None:
    found: list[Any] = []

    def scribble(ports: Any, trigger: Any) -> None:
        found.append(deepcopy((trigger.args, trigger.event and trigger.event["data"]["object"])))
        trigger.args["word"] = 1
        if trigger.event is not None:
            trigger.event["data"]["object"]["word"] = 1

    for item in (act("api.do", n=3), webhook("hook", n=4), webhook("hook", n=4)):
        lived(item, api__do=(scribble, scribble), hook=(scribble, scribble))

    assert found == [({"n": 3}, None)] * 2 + [({}, {"id": "it", "n": 4})] * 4


# --- budget ------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "timeout"), [(64, ""), (65, "over 64 deliveries, last hop")])
def test_sixty_four_deliveries_are_the_budget(length: int, timeout: str) -> None:
    def hop(ports: Any, trigger: Any) -> None:
        ports.put("n", ports.get("n") + 1)
        if ports.get("n") < length:
            ports.emit("hop")

    seen, living = lived(act("api.do"), api__do=emits("hop"), hop=hop)

    assert seen.timeout == timeout
    assert living.world.regs["n"] == 64


def test_the_wall_clock_is_only_a_backstop_and_counts_are_the_defaults() -> None:
    assert (Budget().deliveries, Budget().port_calls) == (64, 20_000)


# --- refusal, crash, trap ----------------------------------------------------------------


def test_a_refusal_is_the_response_with_kind_and_code() -> None:
    seen, living = lived(act("api.do"), api__do=raises(Refused("conflict", "paid")))

    assert seen.refusal == {"kind": "conflict", "code": "paid"}
    assert seen.facets["response"] == {"refused": {"kind": "conflict", "code": "paid"}}
    assert seen.crash is None
    assert living.world.answers == [("api.do", seen.facets["response"])]


def test_refusing_an_event_is_an_answer_since_its_sender_would_send_it_again() -> None:
    seen, _ = lived(webhook("a"), a=raises(Refused("ignored", "old")))

    assert seen.refusal == {"kind": "ignored", "code": "old"}
    assert seen.facets["response"] == {"refused": seen.refusal}


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(0), BaseException("x")])
def test_any_other_exception_is_a_crash_even_one_that_would_end_the_process(
    error: BaseException,
) -> None:
    seen, _ = lived(act("api.do"), api__do=raises(error))

    assert seen.crash == ("api.do", type(error).__name__, str(error))
    assert seen.refusal is None


def test_the_other_handlers_run_on_after_a_crash() -> None:
    seen, _ = lived(act("api.do"), api__do=(raises(KeyError("x")), emits("a")), a=emits())

    assert ran(seen) == ["api.do", "api.do", "a"]


def test_who_interrupts_the_run_is_obeyed() -> None:
    with pytest.raises(KeyboardInterrupt):
        lived(act("api.do"), api__do=raises(KeyboardInterrupt()))


def test_a_trap_is_remembered_whatever_the_engine_swallows() -> None:
    def swallows(ports: Any, trigger: Any) -> None:
        ports.trap("bad-type x")

    seen, living = lived(act("api.do"), api__do=swallows)
    later, _ = lived(act("api.do"), living.world.fork(), api__do=emits())

    assert seen.traps == ("bad-type x",)
    assert later.traps == ("bad-type x",)


def test_an_ambient_read_is_neither_crash_nor_refusal_since_the_guard_has_it() -> None:
    sprung = ["time.time"]

    def reads(ports: Any, trigger: Any) -> None:
        raise AmbientRead("time.time")

    def drain() -> tuple[str, ...]:
        taken = tuple(sprung)
        sprung.clear()
        return taken

    made = setup({"api.do": reads})
    side = replace(made.control, drain_traps=drain)
    living = Living(setup=made, side=side, world=World(START, {}))

    def body() -> None:
        sprung.append("time.time")
        living.play(act("api.do"))

    seen = live(living, body)

    assert (seen.crash, seen.refusal, seen.traps) == (None, None, ("time.time",))


# --- answers -----------------------------------------------------------------------------


def answers(value: Any) -> Call:
    return lambda ports, trigger: value


def test_answers_are_noted_for_the_kit_and_all_of_them_are_the_response() -> None:
    seen, living = lived(act("api.do"), api__do=(answers({"status": 200}), answers({"status": 1})))

    assert living.world.answers == [("api.do", {"status": 200}), ("api.do", {"status": 1})]
    assert seen.facets["response"] == {"answers": [{"status": 200}, {"status": 1}]}


def test_only_acts_that_somebody_waits_for_are_answered() -> None:
    seen, living = lived(act("sweep"), sweep=answers({"status": 200}))

    assert living.world.answers == []
    assert seen.facets["response"] == {}


def test_an_answer_is_what_it_was_when_it_was_given() -> None:
    kept: dict[str, Any] = {"status": 200, "list": []}

    seen, living = lived(act("api.do"), api__do=answers(kept))
    kept["list"].append("later")

    assert seen.facets["response"] == {"status": 200, "list": []}
    assert living.world.answers == [("api.do", {"status": 200, "list": []})]


def test_an_answer_that_is_no_plain_data_is_a_crash() -> None:
    seen, _ = lived(act("api.do"), api__do=answers({"status": {1, 2}}))

    assert seen.crash is not None
    assert seen.crash[1] == "NotCanonical"


def test_a_reason_that_is_no_plain_data_is_shown_and_loses_nothing() -> None:
    def explains(ports: Any, trigger: Any) -> None:
        ports.reason("odd", figure={1})

    seen, _ = lived(act("api.do"), api__do=explains)

    assert seen.reasons == ({"rule": "{'rule': 'odd', 'figure': {1}}"},)


# --- events handed over, held back, never emitted ----------------------------------------


def test_a_webhook_is_somebody_elses_event() -> None:
    found: list[Any] = []

    def note(ports: Any, trigger: Any) -> None:
        found.append(trigger.event["data"]["object"])

    lived(webhook("hook", n=1), hook=note)

    assert found == [{"id": "it", "n": 1}]


def test_a_delivery_repeats_the_latest_event_of_its_type_and_object() -> None:
    found: list[str] = []

    def note(ports: Any, trigger: Any) -> None:
        found.append(trigger.event["id"])

    world = World(START, {})
    for of in ("one", "two", "one"):
        world.emit("a", of)
    world.drain()
    lived(deliver("a", "two"), world, a=note)
    lived(deliver("a"), world, a=note)

    assert found == ["evt_2", "evt_3"]


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (deliver("a"), "a of any object was never emitted here"),
        (deliver("a", "it"), "a of it was never emitted here"),
        (act("set", reg="x"), "set: jammed"),
    ],
)
def test_what_makes_no_sense_in_a_world_is_moot_and_not_an_error(item: Item, why: str) -> None:
    seen, living = lived(item, World(START, {"jammed": 1}))

    assert living.moot == why
    assert (seen.crash, seen.timeout, seen.handlers) == (None, "", ())


def test_hold_takes_events_out_and_hands_them_over_in_their_own_episode() -> None:
    made = setup({"api.do": emits("a", "b", "a"), "a": emits("c"), "b": emits(), "c": emits()})
    listed = scenario(act("api.do", hold={"a": 30}), act("sweep"))
    look, first, sweep, late = episodes(listed)
    world, held = World(START, {}), Held()
    runs: dict[int, list[str]] = {}
    for spec in (look, first, sweep, late):
        living = Living(setup=made, side=made.control, world=world, hold=hold_of(spec))
        seen = live(living, lambda living=living, spec=spec: play(living, spec, held))
        keep_held(living, spec, held)
        runs[spec.index] = ran(seen)

    assert runs == {0: [], 1: ["api.do", "b"], 2: [], 3: ["a", "a", "c", "c"]}
    assert late.at == START + 30 * 60


def test_an_event_that_was_to_be_held_and_never_came_is_moot() -> None:
    made = setup({"api.do": emits()})
    late = episodes(scenario(act("api.do", hold={"a": 30})))[-1]
    living = Living(setup=made, side=made.control, world=World(START, {}))

    with pytest.raises(Moot, match="was to be held but was never emitted"):
        play(living, late, {})


def test_the_worlds_ports_are_free_again_after_an_episode() -> None:
    _, living = lived(act("api.do"), api__do=emits())

    assert living.world.on_port is None
    assert living.queue == deque()
    assert living.setup.kit.books(living.world) == {"regs": {}}


def test_reverse_is_passed_on_to_the_world() -> None:
    found: list[Any] = []

    def lists(ports: Any, trigger: Any) -> None:
        found.append(ports.all())

    for reverse in (False, True):
        made = setup({"api.do": lists}, reverse=reverse)
        living = Living(setup=made, side=made.control, world=World(START, {"a": 1, "b": 2}))
        live(living, lambda living=living: living.play(act("api.do")))

    assert found == [("a", "b"), ("b", "a")]
