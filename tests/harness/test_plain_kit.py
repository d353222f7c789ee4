"""A plain kit: what its owners do not say is decided so that the gate stays closed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.plain.engine import completed
from harness.plain.journal import Refused
from harness.plain.kit import ActImpossible, GivenError, Kit, Row, Time, asked, happens
from harness.plain.world import PlainWorld
from tests.shadow_command import shadow

FILES: Mapping[str, str] = {
    "pyproject.toml": """
[tool.shadow]
control = "old:ENGINE"
candidate = "new:ENGINE"
world = "hall:KIT"
invariants = "hall:INVARIANTS"
scenarios = "scenarios"
gate = "scenarios/gate.yaml"
""",
    "hall.py": """
from harness.plain.kit import ActImpossible, Invariant, Kit, Row, asked, happens

class Seat(Row):
    taken_by: str | None = None

class Guest(Row):
    seats: int = 0

def leaves(ports, args):
    if ports.seats.get(args.seat).taken_by is None:
        raise ActImpossible("nobody sits there")
    ports.emit("seat.left", args.seat)

def truth(view):
    taken = [seat.taken_by for seat in view.seats.values()]
    return {"seats": {name: taken.count(name) for name in view.guests}}

def outcome(view):
    return {"seats": {name: guest.seats for name, guest in view.guests.items()}}

def crowded(facts):
    return [name for name, guest in facts.books["guests"].items() if guest["seats"] > 4]

KIT = Kit(
    stores={"seats": Seat, "guests": Guest},
    acts={"seat.reserve": asked(seat=str, who=str), "guest.leaves": happens(leaves, seat=str)},
    truth=truth,
    outcome=outcome,
)
INVARIANTS = (Invariant("I1", "nobody has more than four seats", crowded),)
""",
    "old/__init__.py": """
from old import left, reserve
ENGINE = {"seat.reserve": reserve.reserve, "seat.left": left.left}
""",
    "old/reserve.py": """
def reserve(ports, trigger):
    seat, who = trigger.args["seat"], trigger.args["who"]
    if ports.seats.get(seat).taken_by is not None:
        ports.refuse("taken")
    ports.seats.update(seat, taken_by=who)
    ports.guests.update(who, seats=ports.guests.get(who).seats + 1)
    ports.send(who, "ticket", seat=seat)
    return {"seat": seat}
""",
    "old/left.py": """
def left(ports, trigger):
    seat = trigger.event["object"]
    who = ports.seats.get(seat).taken_by
    ports.seats.update(seat, taken_by=None)
    ports.guests.update(who, seats=ports.guests.get(who).seats - 1)
""",
    "new.py": """
def reserve(ports, trigger):
    seat, who = trigger.args["seat"], trigger.args["who"]
    with ports.lock():
        if ports.seats.get(seat).taken_by is not None:
            ports.refuse("taken")
        ports.seats.update(seat, taken_by=who)
        count(ports, who)
        ports.send(who, "ticket", seat=seat)
        ports.reason("free", seat=seat)
    return {"seat": seat}

def left(ports, trigger):
    seat = trigger.event["object"]
    with ports.lock():
        who = ports.seats.get(seat).taken_by
        ports.seats.update(seat, taken_by=None)
        count(ports, who)

def count(ports, who):
    seats = sum(seat.taken_by == who for _, seat in ports.seats.items())
    ports.guests.update(who, seats=seats)

ENGINE = {"seat.reserve": reserve, "seat.left": left}
""",
    "scenarios/gate.yaml": """
level: rehearsal
approvers: [mia]
floors: {distinct_cells: 8, sound_agree: 3}
agreement_where_sound: 1/1
intended_change_max: 1/50
repairs_proven: 1/1
""",
    "scenarios/evening.yaml": """
id: evening
title: A hall fills up and empties again
provenance: {kind: curated, source: a test}
given:
  now: 2026-03-02T19:00:00Z
  seats: {a1: {}, a2: {}, a3: {}, a4: {}, a5: {}, a6: {}, a7: {}, a8: {taken_by: cem}}
  guests: {ann: {}, bob: {}, cem: {seats: 1}}
when:
  - {at: +1m, act: seat.reserve, seat: a1, who: ann}
  - {at: +2m, act: seat.reserve, seat: a1, who: bob}
  - {at: +3m, act: seat.reserve, seat: a2, who: bob}
  - {at: +4m, act: seat.reserve, seat: a3, who: bob}
  - {at: +5m, act: seat.reserve, seat: a4, who: ann}
  - {at: +6m, act: seat.reserve, seat: a5, who: ann}
  - {at: +7m, act: seat.reserve, seat: a6, who: ann}
  - {at: +8m, act: seat.reserve, seat: a7, who: bob}
  - {at: +1h, act: guest.leaves, seat: a1}
  - {at: +2h, act: guest.leaves, seat: a2}
  - {at: +3h, act: guest.leaves, seat: a3}
  - {at: +4h, act: guest.leaves, seat: a4}
  - {at: +5h, act: guest.leaves, seat: a5}
  - {at: +6h, act: guest.leaves, seat: a6}
  - {at: +7h, act: guest.leaves, seat: a7}
  - {at: +8h, act: guest.leaves, seat: a8}
then:
  truth: {seats: {ann: 0, bob: 0, cem: 0}}
""",
}


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, with every cell pinned."""
    folder = tmp_path_factory.mktemp("hall")
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    done = shadow("lint", "--write", at=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


BOTH = """
import sys
from harness import command
from harness.compose import compose
from harness.report import json_report

told, codes = command.tell(compose(None, ()), lambda error: None, judged=True)
documents = [json_report.gate_document(told.decided), command.run_document(told)]
print(json_report.dumped({"gate": documents[0], "run": documents[1]}))
sys.exit(command.gate_exit_code(told.decided, codes))
"""
"""What `shadow gate` and `shadow run` tell, of one replay; the exit code is the gate's."""


def gate(folder: Path) -> tuple[int, dict[str, Any], str]:
    """Exit code, verdict, and everything that was found, as text."""
    done = subprocess.run(
        [sys.executable, "-c", BOTH], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["gate"], done.stdout


def edited(pinned: Path, folder: Path, file: str, old: str, new: str) -> Path:
    copy = folder / "hall"
    shutil.copytree(pinned, copy, ignore=shutil.ignore_patterns(".shadow", "__pycache__"))
    text = (copy / file).read_text()
    assert old in text
    (copy / file).write_text(text.replace(old, new))
    return copy


def test_two_engines_that_do_alike_open_the_gate(pinned: Path) -> None:
    code, verdict, _ = gate(pinned)

    assert (code, verdict["gate"]) == (0, "open")
    assert verdict["figures"]["agreement_where_sound"] == "16/16"
    assert verdict["totals"]["AGREE"] == 17


SEND = 'ports.send(who, "ticket", seat=seat)'
TAKE = "ports.seats.update(seat, taken_by=who)"
FREE = "ports.seats.update(seat, taken_by=None)"
CANDIDATES = {
    "drops a write": (FREE, "pass", "books.seats.a1.taken_by"),
    "writes another value": (TAKE, TAKE.replace("who", "who.upper()"), "books.seats.a1.taken_by"),
    "adds a row": (TAKE, f"{TAKE}; ports.guests.add(seat)", "books.guests.a1"),
    "answers otherwise": ('{"seat": seat}', '{"seat": who}', "response.seat"),
    "answers nothing": ('return {"seat": seat}', "pass", "response.seat"),
    "refuses otherwise": ('refuse("taken")', 'refuse("full")', "response.refused.code"),
    "sends something else": ('"ticket"', '"receipt"', "effects.ann"),
    "sends another figure": (SEND, SEND.replace("=seat", "=who"), "effects.ann"),
    "sends nothing": (SEND, "pass", "effects.ann"),
    "sends twice": (SEND, f"{SEND}; {SEND}", "effects.ann"),
    "emits what nobody handles": (SEND, f'{SEND}; ports.emit("sold", seat)', "effects.a1"),
    "raises": (TAKE, 'raise KeyError("a1")', "candidate-crashed"),
    "swallows a bad type": (
        TAKE,
        f"{TAKE}\n        try: ports.guests.update(who, seats=[1])\n        except Exception: 1",
        "bad-type guests.ann.seats list",
    ),
    "breaks an invariant": ("seats = sum(", "seats = 5 + sum(", "invariant-broken"),
    "depends on an order": (
        "seats=seats)",
        'seats=seats); ports.reason([k for k, _ in ports.seats.items()][0])',
        "differs-from-itself",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", CANDIDATES)
def test_a_candidate_that_does_otherwise_closes_the_gate(
    fault: str, pinned: Path, tmp_path: Path
) -> None:
    old, new, told = CANDIDATES[fault]

    code, verdict, text = gate(edited(pinned, tmp_path, "new.py", old, new))

    assert (code, verdict["gate"]) == (1, "closed")
    if told != "differs-from-itself":
        assert told in text
    else:
        assert verdict["totals"]["UNSTABLE"] > 0


OTHERS = {
    "a branch is added": ("old/left.py", "    who", "    if seat: pass\n    who", "branch-total"),
    "a control that crashes": ("old/left.py", "- 1)", "- 1 / 0)", "control-crashed"),
    "a control that answers else": ("old/reserve.py", '{"seat"', '{"chair"', "response.chair"),
    "no truth": ("hall.py", "    truth=truth,\n", "", "unknown-truth-field"),
    "an empty truth": ("hall.py", "return {", "return {} and {", "unknown-truth-field"),
    "nothing entitled": (
        "hall.py",
        "outcome=outcome,",
        "outcome=outcome, entitled=lambda view: None,",
        "no-sound-case",
    ),
    "no outcome": ("hall.py", "    outcome=outcome,\n", "", "no-sound-case"),
    "a truth that is no mapping": (
        "hall.py",
        '    return {"seats": {name: taken',
        '    if view.answers: return None\n    return {"seats": {name: taken',
        "world-failed",
    ),
    "a store that nobody recorded": (
        "scenarios/evening.yaml",
        "  guests: {ann: {}, bob: {}, cem: {seats: 1}}",
        "  unknown: [guests]",
        "unknown-truth-field",
    ),
    "an invariant that never holds": (
        "hall.py", '["seats"] > 4', '["seats"] >= 0', "invariant-broken"
    ),
    "a truth that says otherwise": (
        "hall.py", "taken.count(name)", "taken.count(name) + 1", "worse-than-truth"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", OTHERS)
def test_a_change_of_control_or_kit_closes_the_gate(
    fault: str, pinned: Path, tmp_path: Path
) -> None:
    file, old, new, told = OTHERS[fault]

    code, verdict, text = gate(edited(pinned, tmp_path, file, old, new))

    assert code != 0
    assert verdict["gate"] == "closed"
    assert told in text


def test_without_truth_nothing_is_sound_even_where_all_agree(pinned: Path, tmp_path: Path) -> None:
    copy = edited(pinned, tmp_path, "hall.py", "    truth=truth,\n    outcome=outcome,\n", "")
    scenario = copy / "scenarios" / "evening.yaml"
    end = "customer: {guests: {ann: {seats: 0}, bob: {seats: 0}, cem: {seats: 0}}}"
    text = scenario.read_text()
    scenario.write_text(text.replace("truth: {seats: {ann: 0, bob: 0, cem: 0}}", end))
    assert shadow("lint", "--write", at=copy).returncode == 0

    code, verdict, _ = gate(copy)

    assert (code, verdict["gate"]) == (1, "closed")
    assert verdict["totals"]["AGREE"] == verdict["totals"]["expected"] == 17
    assert verdict["free"]["KEPT"] == 1
    slugs = {reason["slug"] for path in ("reserve", "left") for reason in
             verdict["paths"][path]["reasons"]}  # fmt: skip
    assert slugs == {"no-sound-case"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seats: int = 0", "seats: float = 0.5", "hall.py:25: the rows of guests could hold"),
        ("truth=truth", "truht=truth", "hall.py:25: world: importing 'hall' failed: TypeError"),
        ("def truth(", "def truth((", "hall.py:15: world: importing 'hall' failed: SyntaxError"),
        ("asked, happens", "asked, hapens", "hall.py:2: world: importing 'hall' failed: Import"),
    ],
)
def test_a_kit_that_cannot_be_imported_is_named_with_its_line(
    old: str, new: str, said: str, pinned: Path, tmp_path: Path
) -> None:
    done = shadow("run", at=edited(pinned, tmp_path, "hall.py", old, new))

    assert done.returncode == 4
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_act_about_what_is_not_there_is_no_evidence(pinned: Path, tmp_path: Path) -> None:
    copy = edited(pinned, tmp_path, "hall.py", "        raise ActImpossible(", "        (")
    (copy / "hall.py").write_text(
        (copy / "hall.py")
        .read_text()
        .replace("ports.emit", 'ports.seats.update("z9"); ports.emit')
    )

    code, verdict, text = gate(copy)

    assert (code, verdict["gate"]) == (1, "closed")
    assert verdict["totals"]["NOT_RUN"] == 8
    assert "guest.leaves: seats has no z9" in text


def test_editors_get_a_schema_of_stores_and_acts(pinned: Path) -> None:
    done = shadow("schema", at=pinned)

    assert done.returncode == 0, done.stderr
    for name in ("taken_by", "seat.reserve", "guest.leaves"):
        assert f'"{name}"' in done.stdout


# --- in small


class Seat(Row):
    taken_by: str | None = None
    until: Time | None = None
    since: Time = 0


def kit(**said: Any) -> Kit:
    acts = {"seat.reserve": asked(seat=str, times=(int, 1)), "seat.left": happens(left, seat=str)}
    return Kit(stores={"seats": Seat}, acts=acts, **said)


def left(ports: Any, args: Any) -> None:
    if ports.seats.get(args.seat) is None:
        raise ActImpossible(f"there is no {args.seat}")
    ports.seats.update(args.seat, taken_by=None)


def loaded(made: Kit, **given: Any) -> PlainWorld:
    beginning = {"now": "2026-03-02T10:00:00Z", **given}
    return made.load(msgspec.convert(beginning, made.Given))


def test_times_are_written_as_dates_and_held_as_seconds() -> None:
    world = loaded(kit(), seats={"a1": {"until": "+1h", "since": "2026-03-02T09:00:00Z"}})

    assert world.table("seats")["a1"] == Seat(until=world.now + 3600, since=world.now - 3600)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"now": "today"}, "now"),
        ({"now": "+1h"}, "now"),
        ({"seats": {"a1": {"until": "tomorrow"}}}, "seats.a1"),
        ({"seats": {"": {}}}, "seats"),
        ({"unknown": ["chairs"]}, "unknown[0]"),
        ({"unknown": ["seats"], "seats": {"a1": {}}}, "unknown[0]"),
    ],
)
def test_what_no_world_can_be_names_its_place(given: dict[str, Any], path: str) -> None:
    with pytest.raises(GivenError) as error:
        loaded(kit(), **given)

    assert error.value.path == path


@pytest.mark.parametrize(
    "seat", [{"taken_by": 1}, {"until": 5}, {"colour": "red"}, {"since": None}], ids=str
)
def test_a_row_is_read_strictly(seat: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        loaded(kit(), seats={"a1": seat})


class Loose(Row, frozen=False):
    count: int = 0


class Inexact(Row):
    share: float = 0.5


class Editable(Row):
    names: list[str]


@pytest.mark.parametrize("rows", [Loose, Inexact, Editable, dict, msgspec.Struct])
def test_rows_that_could_change_are_refused_when_they_are_declared(rows: Any) -> None:
    with pytest.raises(InputError) as error:
        Kit(stores={"seats": rows}, acts={})

    assert error.value.slug == "kit-store"


@pytest.mark.parametrize("store", ["now", "send", "lock", "unknown", "effects", "Seats", "a b"])
def test_a_store_cannot_have_a_name_that_ports_use(store: str) -> None:
    with pytest.raises(InputError) as error:
        Kit(stores={store: Seat}, acts={})

    assert error.value.slug == "kit-store"


@pytest.mark.parametrize("takes", [{"at": str}, {"share": float}, {"names": list[str]}])
def test_an_act_takes_plain_arguments(takes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as error:
        Kit(stores={}, acts={"seat.reserve": asked(**takes)})

    assert error.value.slug == "kit-act"


def test_an_act_of_outside_changes_the_world_or_is_impossible() -> None:
    made = kit()
    world = loaded(made, seats={"a1": {"taken_by": "ann"}})
    args = made.acts["seat.left"].args

    made.apply(world, "seat.left", args(seat="a1"))

    assert made.books(world)["seats"]["a1"]["taken_by"] is None
    for name, seat in (("seat.left", "a2"), ("seat.reserve", "a1")):
        with pytest.raises(ActImpossible):
            made.apply(world, name, args(seat=seat))
    with pytest.raises(ActImpossible, match="nobody recorded seats"):
        made.apply(loaded(made, unknown=["seats"]), "seat.left", args(seat="a1"))


@given(
    st.dictionaries(st.text(max_size=2), st.integers() | st.booleans(), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers() | st.booleans(), max_size=3),
)
def test_whatever_is_other_in_the_outcome_is_harm_until_somebody_says_more(
    control: dict[str, Any], candidate: dict[str, Any]
) -> None:
    alike = {k: (type(v), v) for k, v in control.items()} == {
        k: (type(v), v) for k, v in candidate.items()
    }

    assert bool(kit().harm(control, candidate)) is not alike


@given(due=st.dictionaries(st.sampled_from("abc"), st.integers(0, 1), max_size=3))
def test_what_truth_names_and_the_outcome_does_not_give_is_unmet(due: dict[str, int]) -> None:
    made = kit(truth=lambda view: due, outcome=lambda view: {"a": 1, "b": 0})
    unmet = made.entitled(loaded(made))

    if not due:
        assert unmet is None
    else:
        wrong = [key for key in sorted(due) if {"a": 1, "b": 0}.get(key) != due[key]]
        assert unmet is not None
        assert [text.split()[0] for text in unmet] == wrong
        assert made.wrongs(loaded(made)) == unmet


def test_nobody_can_tell_what_is_due_where_a_store_is_unknown() -> None:
    made = kit(truth=lambda view: {"taken": len(view.seats)}, outcome=lambda view: {"taken": 0})

    assert made.entitled(loaded(made)) == ()
    assert made.entitled(loaded(made, unknown=["seats"])) is None


def test_harm_and_loss_are_what_their_owners_say() -> None:
    made = kit(
        harm=lambda control, candidate: ["colder"] if candidate["c"] < control["c"] else [],
        loss=lambda control, candidate: {"seats": len(control.seats) - len(candidate.seats)},
    )
    full, empty = loaded(made, seats={"a1": {}}), loaded(made)

    assert (made.harm({"c": 1}, {"c": 2}), made.harm({"c": 2}, {"c": 1})) == ((), ("colder",))
    assert (made.loss(full, empty), made.loss(empty, full)) == ({"seats": 1}, {})
    assert kit().loss(full, empty) == {}


# --- engines in short


def handle(ports: Any, trigger: Any) -> None:
    """Do nothing."""


def short(engine: Any, *, control: bool = True, package: str = "") -> Any:
    return completed(engine, package=package or handle.__module__, control=control, where="old.py")


class Table:
    def __init__(self, **said: Any) -> None:
        self.handlers = {"a": handle, "b": [handle, handle]}
        vars(self).update(said)


def test_a_table_of_functions_is_an_engine() -> None:
    path = handle.__module__
    engine = short(Table(quirks={"Q1": (path, "slow"), "Q2": (path, "falls", "KeyError")}))

    assert [len(found) for found in engine.handlers.values()] == [1, 2]
    assert engine.paths[path].triggers == ("a", "b")
    assert engine.paths[path].reads == ("not declared",)
    assert (engine.quirks["Q1"].crash, engine.quirks["Q2"].crash) == (None, "KeyError")
    assert Refused in engine.refusals
    assert not hasattr(short({"a": handle}, control=False), "paths")


def test_an_engine_in_full_is_left_as_it_is() -> None:
    class Row:
        path, call = "p", staticmethod(handle)

    full = Table(handlers={"a": (Row(),)})

    assert short(full) is full


@pytest.mark.parametrize(
    "engine",
    [
        None,
        Table(handlers=None),
        {"a": 5},
        {"a": len},
        {5: handle},
        Table(quirks={"Q1": "slow"}),
        Table(quirks={"Q1": ("nowhere", "slow")}),
        Table(quirks=["Q1"]),
    ],
)
def test_what_is_no_engine_is_refused_with_what_to_write(engine: Any) -> None:
    with pytest.raises(InputError) as error:
        short(engine)

    assert error.value.slug == "engine-shape"
    assert error.value.hint
