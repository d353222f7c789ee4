"""Echoes: laws of telling what the control causes from what others do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.record.echo import Apart, still, told_apart
from harness.recorded import ECHO_SECONDS
from harness.scenario import Item
from tests.harness.register_world import MINUTE, START, Kit, World, scenario, setup, webhook


class Recorder:
    """Replacing changes nothing here."""

    def replace(self, world: World, type: str, object: Mapping[str, Any]) -> None:
        del world, type, object


class RecordingKit(Kit):
    recorder = Recorder()


class Event(NamedTuple):
    """Meets `harness.ports.Happened`."""

    at: int
    type: str
    object: str
    payload: Mapping[str, Any]
    requested: bool = False
    ours: bool = False
    shows: Mapping[str, Any] = {}
    where: str = "e.jsonl:1"


def makes(ports: Any, trigger: Any) -> None:
    """At each event `told`, let the world emit `made` about the same object."""
    ports.emit("made", of=trigger.event["data"]["object"]["id"])


def apart(*events: Event) -> Apart:
    items: list[Item] = [webhook(one.type, **{**one.payload, "id": one.object}) for one in events]
    made = setup({"told": makes, "twice": lambda *a: (makes(*a), makes(*a))}, kit=RecordingKit())
    return told_apart(made, scenario(*items), events)


EVENTS = st.lists(
    st.builds(
        Event,
        at=st.just(START),
        type=st.sampled_from(["told", "made"]),
        object=st.sampled_from(["a", "b"]),
        payload=st.just({}),
        requested=st.booleans(),
        ours=st.booleans(),
        shows=st.just({}),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_every_event_is_an_act_or_an_echo_and_an_emission_stands_for_one(
    events: list[Event],
) -> None:
    found = apart(*events)

    assert sorted((*found.acts, *found.echoes)) == list(range(len(events)))
    assert list(found.acts) == sorted(found.acts)
    emitted: Counter[str] = Counter()
    for number, event in enumerate(events):
        mine = event.type == "made" and emitted[event.object] > 0
        assert (number in found.echoes) == ((event.requested or event.ours) and mine)
        if number in found.echoes:
            emitted[event.object] -= mine
        else:
            emitted[event.object] += event.type == "told"
    asked = [n for n in found.acts if events[n].requested and not events[n].ours]
    assert found.unattributed == tuple(asked)
    assert found.uncaused == tuple(n for n in found.acts if events[n].ours)
    assert sum(found.unseen.values()) == emitted.total()
    assert len(found.observed) <= len(found.acts) + 1


def echo(object: str = "a", **shows: Any) -> Event:
    return Event(START, "made", object, {}, requested=True, shows=shows)


def test_what_an_echo_shows_belongs_to_the_episode_that_caused_it() -> None:
    told = [Event(START, "told", one, {}) for one in "aba"]

    found = apart(*told, echo("b", b=1), echo("a", a=1), echo("a", a=2))

    assert found.observed == ({}, {"a": 1}, {"b": 1}, {"a": 2})


def test_of_two_echoes_of_one_episode_the_later_one_tells_how_it_ended() -> None:
    twice = Event(START, "twice", "a", {})

    found = apart(twice, echo(a=1, b=3), echo(a=2))

    assert (found.acts, found.observed) == ((0,), ({}, {"a": 2, "b": 3}))


def test_the_controls_own_event_that_it_does_not_cause_is_an_act_and_held_against_it() -> None:
    """What it shows belongs to the latest episode; swallowed, its effect would be lost."""
    ours = Event(START, "x", "a", {}, ours=True, shows={"a": 1})
    silent = ours._replace(shows={})

    alone, after = apart(ours), apart(Event(START, "told", "b", {}), ours)

    assert (alone.acts, alone.echoes, alone.uncaused) == ((0,), (), (0,))
    assert alone.observed == ({"a": 1},)
    assert (after.acts, after.observed) == ((0, 1), ({}, {"a": 1}))
    assert (apart(silent).acts, apart(silent).unattributed) == ((0,), ())


def test_an_event_long_after_what_could_have_caused_it_is_an_act() -> None:
    """Else what the control once did in vain would swallow what somebody did months later."""
    told = Event(START, "told", "a", {})
    last, late = (echo()._replace(at=START + MINUTE + ECHO_SECONDS + n) for n in (0, 1))

    assert apart(told, last).echoes == (1,)
    assert (apart(told, late).acts, apart(told, late).echoes) == ((0, 1), ())
    assert apart(told, told, late).echoes == (2,)  # the second `told` is a minute younger


def test_what_the_control_emits_and_nobody_recorded_is_counted_by_type() -> None:
    told = [Event(START, "told", one, {}) for one in "aab"]

    assert apart(*told, echo("a")).unseen == {"made": 2}
    assert apart(*told, echo("a"), echo("a"), echo("b")).unseen == {}


def test_a_moment_within_the_episode_is_the_episodes_own() -> None:
    event = echo(a=START - 1, b=START, c=START + 5, d=START + 6, e=True, f="x")

    found = still(event._replace(at=START + 5), START)

    assert found == {"a": START - 1, "b": START, "c": START, "d": START + 6, "e": True, "f": "x"}


def test_the_clock_of_the_replay_is_that_of_the_events() -> None:
    later: list[int] = []
    made = setup({"told": lambda ports, trigger: later.append(ports._world.now)},
                 kit=RecordingKit())  # fmt: skip
    events = [Event(START, "told", "a", {}), Event(START, "told", "a", {})]

    told_apart(made, scenario(*[webhook("told", id="a") for _ in events]), events)

    assert later == [START + MINUTE, START + 2 * MINUTE]
