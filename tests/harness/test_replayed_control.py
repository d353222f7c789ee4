"""The recorded control: it does what the real one did, and nothing where nobody saw that."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.guard import AmbientRead
from harness.lockstep import lockstep, observations
from harness.model import Class, Episode, Outcome
from harness.ports import Trigger
from harness.replayed.recorded_engine import recorded_engine
from harness.run import replay
from harness.scenario import Item, Scenario
from harness.setup import Budget, Setup
from tests.harness.register_world import (
    START,
    Refused,
    World,
    act,
    deliver,
    scenario,
    setup,
    together,
    webhook,
)
from tests.harness.replayed_registers import (
    answer_of,
    digests,
    recording_of,
    replaying,
    taped,
)

DO, UNDO = act("api.do"), act("api.undo")
Call = Callable[[Any, Any], Any]


def adds(ports: Any, trigger: Any) -> dict[str, Any]:
    ports.put("n", ports.get("n") + 1)
    return {"n": ports.get("n")}


def adds_locked(ports: Any, trigger: Any) -> dict[str, Any]:
    with ports.lock():
        return adds(ports, trigger)


def played(made: Setup, given: Scenario) -> list[Episode]:
    return list(lockstep(made, given))


def replayed(doing: Any, known: Scenario, asked: Scenario, **more: Any) -> list[Episode]:
    """A control recorded in one scenario, and replayed in another."""
    made = setup(doing, **more)
    return played(replaying(made, recording_of(made, known)), asked)


def found(episode: Episode) -> list[tuple[Outcome, str]]:
    return [(one.outcome, one.slug) for one in episode.findings]


# --- it does what the control did ----------------------------------------------------------


def crashes(ports: Any, trigger: Any) -> None:
    ports.put("n", 1)
    raise LookupError("no such thing")


def refuses(ports: Any, trigger: Any) -> None:
    raise Refused("conflict", f"not_{ports.get('n')}")


def catches(ports: Any, trigger: Any) -> dict[str, Any]:
    try:
        ports.put(None, ports.unheard_of())
    except AttributeError:
        return {"caught": True}
    return {}


def tells(ports: Any, trigger: Any) -> None:
    ports.tell("mia", amount=5, of=(1, (2, "x")), flags={"a": [True, None]})
    ports.reason("told", amount=5)
    ports.emit("told.it")


def heard(ports: Any, trigger: Any) -> dict[str, Any]:
    ports.put(trigger.event["id"], 1)
    return {"ignored": "nobody compares what a delivery is answered with"}


def every_register(ports: Any, trigger: Any) -> None:
    for name in ports.all():
        ports.put(f"seen_{name}", trigger.args["n"])


def runs_away(ports: Any, trigger: Any) -> None:
    while True:
        ports.put("n", ports.get("n") + 1)


@pytest.mark.parametrize(
    "doing",
    [
        {"api.do": adds, "api.undo": adds},
        {"api.do": adds_locked, "api.undo": adds_locked},
        {"api.do": crashes, "api.undo": refuses},
        {"api.do": tells, "told.it": heard, "api.undo": catches},
        {"api.do": [adds, refuses, every_register], "sweep": every_register},
        {"api.do": runs_away, "api.undo": adds},
        {"emitted": [heard, crashes], "foreign": heard, "api.undo": every_register},
    ],
)
def test_whatever_a_control_does_its_recording_does_too(doing: dict[str, Any]) -> None:
    whole = scenario(
        DO,
        act("emit", type="emitted", hold={"emitted": 9}),
        act("set", reg="m", to=3),
        webhook("foreign"),
        together(DO, UNDO),
        UNDO,
        act("sweep", n=4),
        deliver("emitted"),
        n=1,
    )
    made = setup(doing, budget=Budget(port_calls=40, schedules=20, seconds=20))
    recorded = replaying(made, recording_of(made, whole))

    assert digests(recorded, whole) == digests(made, whole)
    assert [found(one) for one in played(recorded, whole)] == [
        found(one) for one in played(made, whole)
    ]


def locked(ports: Any, register: str, total: int) -> int:
    with ports.lock():
        ports.put(register, ports.get(register) + 1)
    return total


def odd(ports: Any, register: str, total: int) -> int:
    if total % 2:
        raise Refused("odd", str(total))
    return total


def fifth(ports: Any, register: str, total: int) -> int:
    if total % 5 == 4:
        raise ValueError(str(total))
    return total


STEPS: tuple[Callable[[Any, str, int], int], ...] = (
    lambda ports, register, total: total + ports.get(register),
    lambda ports, register, total: ports.put(register, total % 3) or total,
    lambda ports, register, total: total + len(ports.all()),
    lambda ports, register, total: ports.tell(register, total=total) or total,
    lambda ports, register, total: ports.emit("emitted", of=register) or total,
    locked,
    odd,
    fifth,
)


def program(seed: int) -> Call:
    """A handler made of chance: what it does next hangs on all that it was answered so far."""

    def handler(ports: Any, trigger: Any) -> dict[str, int]:
        total = 0
        for number in range(5):
            said = f"{seed} {trigger.name} {trigger.args} {number} {total}"
            chance = random.Random(said)  # noqa: S311  # no secret
            total = chance.choice(STEPS)(ports, chance.choice("abc"), total)
        return {"total": total}

    return handler


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    items=st.lists(
        st.sampled_from(
            [DO, UNDO, together(DO, UNDO), act("set", reg="a", to=2), act("sweep", n=1)]
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_no_recording_can_be_told_from_its_control(seed: int, items: list[Item]) -> None:
    doing = {name: program(seed) for name in ("api.do", "api.undo", "sweep", "emitted")}
    made = setup(doing, budget=Budget(deliveries=6, schedules=30, seconds=20))
    whole = scenario(*items, a=1, b=2)

    assert digests(replaying(made, recording_of(made, whole)), whole) == digests(made, whole)


# --- where nobody saw what it does ---------------------------------------------------------


def test_what_it_was_never_answered_is_no_result_and_no_crash() -> None:
    episodes = replayed({"api.do": adds}, scenario(DO, n=1), scenario(DO, n=2))

    assert found(episodes[1]) == [(Outcome.NOT_RUN, "control-not-recorded")]
    (said,) = episodes[1].findings
    assert said.detail == (
        "control: control-not-recorded api.do: "
        "get('n') was never answered so: it is 2, recorded is 1"
    )


def test_what_it_was_never_called_with_is_no_result() -> None:
    episodes = replayed(
        {"sweep": every_register}, scenario(act("sweep", n=1)), scenario(act("sweep", n=2))
    )

    assert found(episodes[1]) == [(Outcome.NOT_RUN, "control-not-recorded")]
    assert (
        "nobody called it with this: args.n is 2, recorded is 1" in episodes[1].findings[0].detail
    )


def test_whatever_comes_after_stands_on_a_state_that_the_control_never_made() -> None:
    known, asked = scenario(DO, UNDO, n=1), scenario(DO, UNDO, n=2)
    episodes = replayed({"api.do": adds, "api.undo": lambda ports, _: {"ok": True}}, known, asked)

    # the second act reads nothing, and would be known by itself
    assert found(episodes[2]) == [(Outcome.NOT_RUN, "control-not-recorded")]
    assert episodes[2].findings[0].detail == "nobody recorded what the control did in s#1"


def test_what_the_control_never_looks_at_may_differ() -> None:
    episodes = replayed({"api.do": adds}, scenario(DO, n=1), scenario(DO, n=1, other=7))

    assert [found(one) for one in episodes] == [[], []]
    assert answer_of(episodes[1].control) == {"n": 2}


def test_a_truth_is_not_a_one() -> None:
    def asks(ports: Any, trigger: Any) -> dict[str, Any]:
        return {"same": ports.get("n") == 1}

    known = setup({"api.do": asks})
    recording = recording_of(known, scenario(DO, n=1))
    world = scenario(DO, n=True)

    assert found(played(replaying(known, recording), world)[1]) == [
        (Outcome.NOT_RUN, "control-not-recorded")
    ]


def test_an_order_of_a_race_that_nobody_saw_is_no_result() -> None:
    made = setup({"api.do": adds, "api.undo": adds})
    one_by_one = recording_of(made, scenario(DO, UNDO, n=1))
    at_once = scenario(together(DO, UNDO), n=1)

    found_then = {one.slug for one in played(replaying(made, one_by_one), at_once)[1].findings}

    assert "control-not-recorded" in found_then


def test_who_is_lost_inside_a_lock_leaves_it() -> None:
    made = setup({"api.do": adds_locked, "api.undo": adds_locked})
    recording = recording_of(made, scenario(DO, n=1))
    (handler,) = recorded_engine(recording).engine.handlers["api.do"]
    world = World(START, {"n": 2})

    with pytest.raises(AmbientRead, match="was never answered so"):
        handler.call(world.ports, Trigger("api.do", {"n": 0}, None))

    assert world.locked_by is None


def test_of_a_control_that_was_lost_nothing_is_compared() -> None:
    episodes = replayed(
        {"api.do": adds, "api.undo": adds}, scenario(DO), scenario(act("sweep"), DO, DO, n=4)
    )

    assert [one.control is None for one in episodes] == [False, False, True, True]
    assert {one.differences for one in episodes[2:]} == {()}
    assert {one.klass for one in episodes[2:]} == {Class.UNDECIDABLE}
    assert [one.paths for one in episodes[2:]] == [("api.do",), ("api.do",)]


def test_what_is_lost_here_is_lost_in_another_process_too() -> None:
    made = setup({"api.do": adds, "api.undo": adds})
    recorded = replaying(made, recording_of(made, scenario(DO, n=1)))
    asked = scenario(DO, UNDO, together(DO, UNDO), n=2)

    here = [(one.control, one.candidate) for one in played(recorded, asked)]
    there = [seen[1:] for seen in observations(recorded, asked)]

    assert [(a is None, b is None) for a, b in here] == [(a is None, b is None) for a, b in there]
    assert here[1][0] is None


def test_the_end_of_a_control_that_was_lost_is_not_shown_as_its_own() -> None:
    made = setup({"api.do": adds})
    recorded = replaying(made, recording_of(made, scenario(DO, n=1)))

    ends = [replay(recorded, scenario(DO, n=n))[1].ends.keys() for n in (1, 2)]

    assert ends == [{"control", "candidate"}, {"candidate"}]


def test_a_candidate_that_does_something_else_is_told_from_the_recording() -> None:
    def adds_two(ports: Any, trigger: Any) -> dict[str, Any]:
        ports.put("n", ports.get("n") + 2)
        return {"n": ports.get("n")}

    known = scenario(DO, n=1)
    made = setup({"api.do": adds}, {"api.do": adds_two})
    (_, episode) = played(replaying(made, recording_of(made, known)), known)

    assert [one.path for one in episode.differences] == ["response.n", "books.regs.n"]


# --- what cannot be recorded ---------------------------------------------------------------


def faults(doing: Any, *items: Item) -> list[str]:
    return list(taped(setup(doing), scenario(*(items or (DO, DO)), n=1)).faults)


def test_a_control_that_remembers_is_no_function_of_its_answers() -> None:
    memory = itertools.count()

    def counts(ports: Any, trigger: Any) -> None:
        ports.put("n", next(memory))

    said = faults({"api.do": counts})

    assert said[0] == (
        "s#2: api.do: after the same answers once asks put('n', 0), once asks put('n', 1)"
    )


def test_a_control_whose_answer_changes_is_no_function_of_its_answers() -> None:
    memory = itertools.count()

    said = faults({"api.do": lambda ports, _: {"n": next(memory)}})

    assert said[0] == (
        "s#2: api.do: after the same answers once answered {'n': 0}, once answered {'n': 1}"
    )


def test_a_control_that_hands_over_what_no_file_can_hold_cannot_be_recorded() -> None:
    def hands(ports: Any, trigger: Any) -> None:
        ports.reason("because", what={1, 2})

    assert faults({"api.do": hands})[0] == (
        "s#1: api.do: reason is handed a set that no port answered"
    )


def test_a_control_that_reaches_behind_its_ports_cannot_be_recorded() -> None:
    said = faults({"api.do": lambda ports, _: ports._world.put("n", 5)})
    assert said[0] == "s#1: api.do: it reaches for _world, behind its ports"


def test_a_control_that_sets_something_of_its_ports_cannot_be_recorded() -> None:
    def sets(ports: Any, trigger: Any) -> None:
        ports.mine = 5

    assert any("it sets" in one for one in faults({"api.do": sets}))


def test_an_answer_that_the_control_did_not_wait_for_is_kept_as_where_it_came_from() -> None:
    def passes_on(ports: Any, trigger: Any) -> None:
        names = ports.all()
        ports.tell("mia", names=names, first=names[0])

    made = setup({"api.do": passes_on})
    whole = scenario(DO, n=1, m=2)

    assert digests(replaying(made, recording_of(made, whole)), whole) == digests(made, whole)
