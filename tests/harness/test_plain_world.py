"""A plain world: rows that nobody can edit, a journal that names everything, forks that part."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.canonical import canonical
from harness.fields import Fields
from harness.lockstep import lockstep
from harness.model import Outcome
from harness.plain.engine import completed
from harness.plain.journal import (
    EFFECTS,
    Access,
    BadType,
    NoSuchRow,
    Refused,
    UnknownState,
    Write,
)
from harness.plain.kit import Kit, Row, Time, asked
from harness.plain.ports import View
from harness.plain.world import PlainWorld, row_data
from harness.scenario import Item
from harness.setup import Budget, Setup, Side
from harness.twin import twin
from tests.harness.register_world import scenario as any_scenario

START = 1_000_000


class Seat(Row):
    taken_by: str | None = None
    count: int = 0
    window: bool = False
    marks: tuple[str, ...] = ()
    kind: Literal["soft", "hard"] = "soft"
    until: Time = 0


class Note(Row):
    text: str


KINDS: Mapping[str, type[Row]] = {"seats": Seat, "notes": Note}
ODD = [1.5, True, [1], {"a": 1}, {1}, b"x", ..., (["x"],)]


def world(*, unknown: tuple[str, ...] = (), **seats: Seat) -> PlainWorld:
    return PlainWorld(START, KINDS, {"seats": seats}, unknown)


def books(made: PlainWorld) -> dict[str, Any]:
    return {
        store: {key: row_data(row) for key, row in made.table(store).items()}
        for store in made.kinds
    }


def state(made: PlainWorld) -> bytes:
    events = [event.payload() for event in made.emitted]
    return canonical([made.now, books(made), events, list(made.traps), sorted(made.unknown)])


# --- the journal


def test_the_journal_names_actor_field_before_and_after() -> None:
    made = world(a1=Seat())
    made.actor = "reserve"

    made.ports.seats.update("a1", taken_by="ann", count=0)

    assert made.writes == [Write("reserve", "seats.a1.taken_by", None, "ann")]


def test_a_row_that_comes_or_goes_is_one_write_of_the_whole_row() -> None:
    made = world()
    made.actor = "reserve"

    made.ports.notes.add("n1", text="hello")
    made.ports.notes.remove("n1")

    whole = {"text": "hello"}
    assert made.writes == [
        Write("reserve", "notes.n1", None, whole),
        Write("reserve", "notes.n1", whole, None),
    ]
    assert made.puts == [("notes", "n1"), ("notes", "n1")]


def test_an_equal_row_is_no_write_and_still_a_put() -> None:
    made = world(a1=Seat(count=1))

    made.ports.seats.update("a1", count=1)

    assert (made.writes, made.puts) == ([], [("seats", "a1")])


def test_what_is_sent_is_journaled_as_it_is_then() -> None:
    made = world()
    made.actor = "reserve"
    names = ["ann"]

    made.ports.send("door", "open", names=names)
    names.append("bob")

    assert [(c.actor, c.object, c.op, c.params) for c in made.calls] == [
        ("reserve", "door", "open", {"names": ["ann"]})
    ]


def test_an_engine_that_emits_has_an_effect_and_the_outside_has_none() -> None:
    made = world()

    made.ports.emit("seat.freed", "a1")
    made.actor = "reserve"
    made.ports.emit("seat.freed", "a1", why="late")

    assert [event.id for event in made.emitted] == ["evt_a1_1", "evt_a1_2"]
    assert [(call.op, call.params) for call in made.calls] == [
        ("emit seat.freed", {"why": "late"})
    ]


def test_nobody_can_edit_what_others_are_told() -> None:
    made = world()
    made.ports.emit("seat.freed", "a1", names=["ann"])
    (event,) = made.drain()

    event.payload()["data"]["names"].append("bob")

    assert event.payload() == {
        "id": "evt_a1_1",
        "type": "seat.freed",
        "object": "a1",
        "at": START,
        "data": {"names": ["ann"]},
    }
    assert made.drain() == ()


def test_a_foreign_event_changes_nothing_and_is_always_the_same() -> None:
    made = world()

    one, again = (made.foreign("seat.lost", {"id": "a9"}) for _ in range(2))

    assert one == again
    assert (one.object, made.emitted) == ("a9", ())
    assert one.id != made.foreign("seat.lost", {"id": "a8"}).id


# --- what is refused


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_what_could_change_or_is_not_exact_is_refused_and_remembered(value: object) -> None:
    made = world(a1=Seat())

    with pytest.raises(BadType):
        made.ports.seats.update("a1", count=value)

    assert made.traps == [f"bad-type seats.a1.count {type(value).__name__}"]
    assert made.ports.seats.get("a1") == Seat()
    assert made.fork().traps == made.traps


@pytest.mark.parametrize(
    "fields",
    [{"window": 1}, {"taken_by": 1}, {"marks": ["x"]}, {"marks": (1,)}, {"kind": "wet"},
     {"until": "+1d"}],
    ids=str,
)  # fmt: skip
def test_a_field_holds_its_own_type_and_no_other(fields: dict[str, Any]) -> None:
    made = world(a1=Seat())

    with pytest.raises(BadType):
        made.ports.seats.update("a1", **fields)


class Cunning(str):
    """Text that could be more than text."""


def test_a_subclass_of_a_plain_type_is_refused() -> None:
    made = world(a1=Seat())

    with pytest.raises(BadType):
        made.ports.seats.update("a1", taken_by=Cunning("ann"))


@pytest.mark.parametrize("value", [1.5, {1}, ..., {1: 2}], ids=repr)
def test_a_message_holds_plain_data_only(value: object) -> None:
    made = world()

    for send in (made.ports.send, made.ports.emit):
        with pytest.raises(BadType):
            send("door", "open", what=value)

    assert len(made.traps) == 2
    assert (made.calls, made.emitted) == ([], ())


def test_a_figure_cannot_hide_the_name_of_its_message() -> None:
    made = world()

    with pytest.raises(BadType):
        made.ports.send("door", "open", call="close")

    assert made.traps


def test_an_unknown_or_doubled_row_is_an_error_and_changes_nothing() -> None:
    made = world(a1=Seat())

    for wrong in (
        lambda: made.ports.seats.add("a1"),
        lambda: made.ports.seats.update("a2", count=1),
        lambda: made.ports.seats.remove("a2"),
    ):
        with pytest.raises(NoSuchRow):
            wrong()
    with pytest.raises(TypeError):
        made.ports.seats.update("a1", colour="red")
    with pytest.raises(AttributeError, match="did you mean 'seats'"):
        made.ports.seat  # noqa: B018  # asking is the point

    assert (made.writes, made.puts) == ([], [])


def test_refusing_is_an_answer_with_kind_and_code() -> None:
    with pytest.raises(Refused) as refused:
        world().ports.refuse("full")

    assert (refused.value.kind, refused.value.code) == ("refused", "full")


# --- reading


def test_reading_hands_out_nothing_that_can_be_edited() -> None:
    made = world(a1=Seat(marks=("x",)))
    before = state(made)
    ports, view = made.ports, View(made)

    for row in (ports.seats.get("a1"), ports.seats.items()[0][1], view.seats["a1"]):
        with pytest.raises(AttributeError):
            row.count = 5
    for table in (view.seats, made.table("seats")):
        with pytest.raises(TypeError):
            table["a1"] = Seat(count=5)  # type: ignore[index]  # nobody can

    assert state(made) == before
    assert made.writes == []


def test_a_view_is_read_without_a_trace() -> None:
    made = world(a1=Seat(count=3))
    seen: list[Access] = []
    made.on_port = seen.append

    assert View(made).seats["a1"].count == 3
    assert View(made).now == START
    assert seen == []


def test_rows_come_in_no_promised_order() -> None:
    made = world(a1=Seat(), a2=Seat())
    forwards = [key for key, _ in made.ports.seats.items()]

    made.reverse = True

    assert [key for key, _ in made.ports.seats.items()] == forwards[::-1]


@pytest.mark.parametrize(
    "use",
    [
        lambda ports: ports.seats.get("a1"),
        lambda ports: ports.seats.items(),
        lambda ports: ports.seats.add("a1"),
        lambda ports: ports.seats.update("a1", count=1),
        lambda ports: ports.seats.remove("a1"),
    ],
)
def test_what_nobody_recorded_springs_a_trap_however_it_is_touched(
    use: Callable[[Any], object],
) -> None:
    made = world(unknown=("seats",))

    with pytest.raises(UnknownState):
        use(made.ports)

    assert made.traps == ["unknown-state seats"]
    with pytest.raises(UnknownState):
        View(made).seats  # noqa: B018  # asking is the point


def test_the_clock_goes_forward_only() -> None:
    made = world()

    made.advance(START + 5)

    assert made.ports.now == START + 5
    with pytest.raises(ValueError, match="forward"):
        made.advance(START)


# --- what is announced


@pytest.mark.parametrize(
    ("use", "announced"),
    [
        (lambda p: p.seats.get("a1"), Access("seats", "a1", False, "seats.get")),
        (lambda p: p.seats.items(), Access("seats", None, False, "seats.items")),
        (lambda p: p.seats.add("a2"), Access("seats", "a2", True, "seats.add")),
        (lambda p: p.seats.update("a1"), Access("seats", "a1", True, "seats.update")),
        (lambda p: p.seats.remove("a1"), Access("seats", "a1", True, "seats.remove")),
        (lambda p: p.send("door", "open"), Access(EFFECTS, "door", True, "send")),
        (lambda p: p.emit("freed", "a1"), Access(EFFECTS, "a1", True, "emit")),
    ],
)
def test_every_call_is_announced_before_it_happens(
    use: Callable[[Any], object], announced: Access
) -> None:
    made = world(a1=Seat())
    before = state(made)
    seen: list[tuple[Access, bool]] = []
    made.on_port = lambda access: seen.append((access, state(made) == before))

    use(made.ports)

    assert seen == [(announced, True)]


def test_the_lock_is_held_and_left_whatever_happens_inside() -> None:
    made = world()
    made.actor = "reserve"
    seen: list[str] = []
    made.on_port = lambda access: seen.append(access.op)

    def reserve() -> None:
        with made.ports.lock():
            seen.append(f"held by {made.locked_by}")
            made.ports.refuse("full")

    with pytest.raises(Refused):
        reserve()

    assert made.locked_by is None
    assert seen == ["lock.acquire", "held by reserve", "lock.release"]


# --- forks and bytes

KEYS = st.sampled_from(["a1", "a2", "b.3"])
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "taken_by": st.none() | st.text(max_size=3),
        "count": st.integers(-(2**70), 2**70),
        "window": st.booleans(),
        "marks": st.lists(st.text(max_size=2), max_size=2).map(tuple),
    },
)
STEP = st.tuples(
    st.sampled_from(["add", "update", "remove", "send", "emit", "wait"]), KEYS, VALUES
)


def live(made: PlainWorld, steps: list[tuple[str, str, dict[str, Any]]]) -> PlainWorld:
    """Do each step, whatever is impossible left out."""
    for what, key, fields in steps:
        store = made.ports.seats
        try:
            if what == "wait":
                made.advance(made.now + 60)
            elif what in ("send", "emit"):
                getattr(made.ports, what)(key, "hello", **fields)
            elif what == "remove":
                store.remove(key)
            else:
                getattr(store, what)(key, **fields)
        except NoSuchRow:
            continue
    return made


@given(first=st.lists(STEP, max_size=6), then=st.lists(STEP, max_size=6))
def test_a_fork_and_its_origin_never_meet_again(first: Any, then: Any) -> None:
    origin = live(world(a1=Seat()), first)
    before = state(origin)
    fork = origin.fork()
    assert state(fork) == before
    assert [fork.writes, fork.calls, fork.puts, fork.answers, fork.reasons] == [[]] * 5

    live(fork, then)
    assert state(origin) == before

    after = state(fork)
    live(origin, then)
    assert state(fork) == after
    assert state(origin) == after


@given(steps=st.lists(STEP, max_size=8))
def test_a_world_from_bytes_is_the_same_world(steps: Any) -> None:
    made = live(world(a1=Seat()), steps)

    loaded = twin(made, reload=True)

    assert isinstance(loaded, PlainWorld)
    assert state(loaded) == state(made) == state(pickle.loads(pickle.dumps(made)))  # noqa: S301  # made here
    then = [("update", "a1", {"count": 5}), ("add", "a2", {})]
    assert state(live(loaded, then)) == state(live(made.fork(), then))


@given(steps=st.lists(STEP, max_size=8))
def test_the_same_steps_end_the_same(steps: Any) -> None:
    one, other = (live(world(a1=Seat()), steps) for _ in range(2))

    assert state(one) == state(other)
    assert (one.writes, one.calls, one.puts) == (other.writes, other.calls, other.puts)


@given(steps=st.lists(STEP, max_size=8))
def test_the_journal_leads_from_the_books_before_to_the_books_after(steps: Any) -> None:
    made = world(a1=Seat())
    tree = books(made)

    live(made, steps)
    for write in made.writes:
        rest = write.at.removeprefix("seats.")
        key = next(key for key in ("a1", "a2", "b.3") if f"{rest}.".startswith(f"{key}."))
        field = rest.removeprefix(key).removeprefix(".")
        row = tree["seats"].get(key)
        assert canonical(row[field] if field else row) == canonical(write.before)
        if field:
            row[field] = write.after
        elif write.after is None:
            del tree["seats"][key]
        else:
            tree["seats"][key] = dict(write.after)

    assert canonical(tree) == canonical(books(made))


@given(fields=VALUES)
def test_a_row_comes_back_from_its_books(fields: Any) -> None:
    row = Seat(**fields)
    data = row_data(row)

    assert canonical(msgspec.structs.asdict(msgspec.convert(data, Seat))) == canonical(data)


# --- races


def take(ports: Any, trigger: Any) -> dict[str, int]:
    """Read, think, write: whoever comes between is lost."""
    count = ports.seats.get("a1").count
    ports.seats.update("a1", count=count + 1)
    return {"count": count + 1}


def take_alone(ports: Any, trigger: Any) -> dict[str, int]:
    with ports.lock():
        return take(ports, trigger)


def racing(control: Callable[..., Any], candidate: Callable[..., Any]) -> Any:
    kit = Kit(stores={"seats": Seat}, acts={"seat.take": asked()})
    sides = (
        Side(
            role=role,
            engine=completed(
                {"seat.take": call}, package=__name__, control=role == "control", where=""
            ),
            crashes={},
        )
        for role, call in (("control", control), ("candidate", candidate))
    )
    mine, its = sides
    setup = Setup(
        control=mine,
        candidate=its,
        kit=kit,
        invariants=(),
        fields=Fields(),
        budget=Budget(seconds=5.0),
    )
    act = Item(kind="act", at=START, name="seat.take", args=kit.acts["seat.take"].args())
    block = Item(kind="together", at=START, together=(act, act))
    beginning = {"now": "1970-01-12T13:46:40Z", "seats": {"a1": {}}}
    scenario = replace(
        any_scenario(), given=msgspec.convert(beginning, kit.Given), now=START, when=(block,)
    )
    _, episode = lockstep(setup, scenario)
    return episode


def test_a_lost_update_is_found_where_acts_race() -> None:
    episode = racing(take, take_alone)

    ends = dict(episode.control.facets["race"])
    assert len(ends) > len(episode.candidate.facets["race"]) >= 1
    assert [one.facet for one in episode.differences] == ["race"] * len(episode.differences)
    assert any(not end["serial"] for end in ends.values())
    assert not episode.findings


def test_the_lock_leaves_only_ends_that_some_order_has() -> None:
    episode = racing(take_alone, take_alone)

    assert episode.differences == ()
    assert all(end["serial"] for end in episode.control.facets["race"].values())
    assert not [one for one in episode.findings if one.outcome is not Outcome.AGREE]
