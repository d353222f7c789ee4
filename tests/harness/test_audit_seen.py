"""What a replay of the control alone shows: triggers nobody handles, changes nobody explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.audit.audit import Audit, surface_reasons
from harness.audit.auditing import finished, seen_items
from harness.audit.seen import Seen, seen
from harness.model import ABSENT
from harness.scenario import Item, Scenario
from tests.harness.audited import TODAY
from tests.harness.register_world import Kit, World, act, scenario, setup, together, webhook


def puts(**regs: int) -> Any:
    def do(ports: Any, trigger: Any) -> None:
        del trigger
        for reg, to in regs.items():
            ports.put(reg, to)

    return do


def told(*items: Item, observed: tuple[Mapping[str, Any], ...] = (), **regs: int) -> Scenario:
    return replace(scenario(*items, **regs), observed=observed)


def audit_of(found: Seen) -> Audit:
    return finished(Audit(tree="t", functions=1, seen=found), seen_items(found), (), TODAY)


def test_triggers_that_nobody_handles_are_counted_with_their_scenarios() -> None:
    made = setup({"api.do": puts(a=1)}, {"paid": puts(a=1)})
    emit = act("emit", type="paid")

    found = seen(
        made,
        [
            told(act("api.do"), emit, emit),
            replace(told(act("sweep"), webhook("void", id="x"), emit), id="other"),
        ],
    )

    assert [(one.name, one.times, one.scenarios, one.candidate) for one in found.unheard] == [
        ("paid", 3, ("other", "s"), True),
        ("sweep", 1, ("other",), False),
        ("void", 1, ("other",), False),
    ]
    assert found.heard == {"api.do": 1}
    (reason,) = surface_reasons(audit_of(found))
    assert reason.slug == "surface-unexplained"
    assert reason.found == (
        "3: paid: no path handles it, sweep: no path handles it, void: no path handles it"
    )


def test_what_happens_at_once_is_counted_too() -> None:
    made = setup({"api.do": puts(a=1)})

    found = seen(made, [told(together(act("api.do"), act("api.undo")))])

    assert found.heard == {"api.do": 1}
    assert [one.name for one in found.unheard] == ["api.undo"]


def test_the_stores_that_each_path_wrote_are_kept() -> None:
    made = setup({"api.do": puts(a=1), "paid": puts(b=2)})

    found = seen(made, [told(act("api.do"), act("emit", type="paid"), act("set", reg="c"))])

    assert found.wrote == {"api.do": {"regs"}, "paid": {"regs"}}


def test_a_scenario_that_fails_is_named_and_closes() -> None:
    class Broken(Kit):
        def load(self, given: Any) -> World:
            raise RuntimeError("no such world")

    found = seen(setup(kit=Broken()), [told(act("api.do"))])

    assert found.failed == {"s": "RuntimeError: no such world"}
    assert found.scenarios == 0
    assert [reason.slug for reason in surface_reasons(audit_of(found))] == ["surface-unreplayed"]


def changes(*observed: Mapping[str, Any], doing: Any = None, **regs: int) -> set[tuple[str, str]]:
    """What is unexplained in a scenario of two acts."""
    made = setup({"api.do": doing or puts()})
    found = seen(made, [told(act("api.do"), act("api.do"), observed=observed, **regs)])
    return {(item.where, item.what) for item in found.changes}


def test_a_change_between_two_observations_that_nobody_wrote_is_named() -> None:
    found = changes({}, {"books.regs.b": 1}, {"books.regs.b": 2}, b=1)

    assert found == {("s#2", "books.regs.b changed, and nobody's writes explain it")}


def test_a_change_against_what_was_given_is_named() -> None:
    assert changes({}, {"books.regs.b": 7}, b=1) == {
        ("s#1", "books.regs.b changed, and nobody's writes explain it")
    }


def test_a_change_that_a_path_wrote_is_explained() -> None:
    seen_ = ({"books.regs.a": 0}, {"books.regs.a": 1}, {"books.regs.a": 1})

    assert changes(*seen_, doing=puts(a=1), a=0) == set()


def test_a_write_of_another_field_explains_nothing() -> None:
    seen_ = ({"books.regs.a": 0}, {"books.regs.a": 1})

    assert changes(*seen_, doing=puts(b=1), a=0) != set()


def test_a_change_before_which_nobody_looked_is_asked_for_over_all_episodes_between() -> None:
    seen_ = ({"books.regs.a": 0}, {}, {"books.regs.a": 1})

    assert changes(*seen_, doing=puts(a=1), a=0) == set()
    assert changes(*seen_, doing=puts(b=1), a=0) != set()


def test_a_field_that_nobody_knows_from_before_is_no_change() -> None:
    assert changes({}, {"books.regs.new": 5}) == set()
    assert changes({}, {"books.regs.new": ABSENT}) == set()


class Recorder:
    """Replacing sets every register that the payload names."""

    def replace(self, world: World, type: str, object: Mapping[str, Any]) -> None:
        del type
        for reg, to in object.items():
            if reg != "id":
                world.put(reg, to)


class RecordingKit(Kit):
    recorder = Recorder()


def replacing(**regs: int) -> Item:
    return replace(webhook("told", id="x", **regs), replaces=True)


def test_a_field_that_only_a_recorded_object_changes_is_named() -> None:
    made = setup({"told": puts(mine=1)}, kit=RecordingKit())

    found = seen(made, [told(replacing(mine=5, theirs=6), act("set", reg="bank"), mine=0)])

    assert [(item.kind, item.where, item.at) for item in found.changes] == [
        ("change", "regs.theirs", ("s#1",))
    ]


def test_a_field_that_the_world_itself_changes_elsewhere_is_explained() -> None:
    made = setup({"told": puts(mine=1)}, kit=RecordingKit())

    found = seen(made, [told(replacing(bank=5), act("set", reg="bank"))])

    assert found.changes == ()
