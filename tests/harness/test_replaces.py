"""Webhooks that replace: the recorded object stands in the world before the payload arrives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.document import parse_document
from harness.errors import InputError
from harness.free import free_run
from harness.lockstep import lockstep
from harness.model import Episode, Free, Outcome
from harness.scenario import Item, Scenario, asked
from harness.scenario_file import Vocabulary, scenario_of
from tests.harness.register_world import (
    ActImpossible,
    Kit,
    World,
    act,
    scenario,
    setup,
    together,
    webhook,
)
from tests.harness.toy_project import KIT, VOCABULARY


class Recorder:
    """Replacing sets the register `a` to what the payload says; 0 is impossible."""

    def replace(self, world: World, type: str, object: Mapping[str, Any]) -> None:
        del type
        assert world.actor == "outside"
        if not object["to"]:
            raise ActImpossible("no place for 0")
        world.touch("regs", "a", "replace", write=True)
        world.put("a", object["to"])


class RecordingKit(Kit):
    recorder = Recorder()


def copies(ports: Any, trigger: Any) -> None:
    """Copy what stands in the world, and what the payload says, to registers of their own."""
    ports.put("stands", ports.get("a"))
    ports.put("says", trigger.event["data"]["object"]["to"])


def replacing(to: int) -> Item:
    return replace(webhook("told", to=to), replaces=True)


def replayed(*items: Item, **regs: int) -> list[Episode]:
    made = setup({"told": copies}, kit=RecordingKit())
    return list(lockstep(made, scenario(*items, **regs)))


def test_the_object_replaces_the_worlds_before_the_payload_is_delivered() -> None:
    _, told = replayed(replacing(7), a=1)

    for side in (told.control, told.candidate):
        assert side is not None
        assert side.facets["books"]["regs"] == {"a": 7, "stands": 7, "says": 7}
    assert told.differences == ()
    assert told.paths == ("told",)


def test_a_foreign_payload_alone_leaves_the_world_as_it_is() -> None:
    _, told = replayed(webhook("told", to=7), a=1)

    assert told.control is not None
    assert told.control.facets["books"]["regs"] == {"a": 1, "stands": 1, "says": 7}


def test_replacing_is_nobodys_write_but_the_worlds() -> None:
    _, told = replayed(replacing(7))

    assert told.control is not None
    assert told.control.written["regs.a"] == "outside"
    assert told.control.written["regs.stands"] == "told"


def test_a_world_without_a_place_for_the_object_makes_the_cell_not_run() -> None:
    _, told, after = replayed(replacing(0), webhook("told", to=3), a=1)

    assert [(one.outcome, one.slug) for one in told.findings] == [
        (Outcome.NOT_RUN, "act-impossible")
    ]
    assert told.paths == ("(unhandled)",)
    assert after.control is not None
    assert after.control.facets["books"]["regs"]["stands"] == 1


def test_a_free_run_replaces_in_its_own_world_and_says_what_is_moot() -> None:
    made = setup({"told": copies}, kit=RecordingKit())

    good = free_run(made, scenario(replacing(7)))
    moot = free_run(made, scenario(replacing(0)))

    assert good.outcome is Free.KEPT
    assert moot.outcome is Free.MOOT
    assert moot.moot == ("candidate webhook told#1: told: no place for 0",)


def test_a_replacing_webhook_can_race() -> None:
    """What replaces waits for its turn, so that the other actor may read before or after it."""
    made = setup(
        {"told": lambda ports, trigger: None, "api.do": lambda ports, trigger: ports.put(
            "seen", ports.get("a"))},
        kit=RecordingKit(),
    )  # fmt: skip
    block = together(replacing(7), act("api.do"))

    episode = list(lockstep(made, scenario(block, a=1)))[1]

    assert not episode.findings
    assert episode.control is not None
    assert len(episode.control.facets["race"]) == 2


def test_a_replacing_webhook_is_another_act_than_one_that_only_tells() -> None:
    assert asked(replacing(7)) != asked(webhook("told", to=7))


# --- reading ------------------------------------------------------------------------------

TEXT = """\
id: r
title: A recorded return
provenance: {kind: recorded, source: test}
given: {now: 2026-03-02T10:00:00Z}
when:
  - {at: +1d, webhook: loan.returned, replaces: REPLACES, object: {id: ln_1}}
"""


def read(replaces: str, vocabulary: Vocabulary) -> Scenario:
    text = TEXT.replace("REPLACES", replaces)
    return scenario_of(parse_document(text.encode(), "r.yaml"), vocabulary)


def test_a_kit_without_a_recorder_refuses_to_replace() -> None:
    with pytest.raises(InputError) as caught:
        read("true", VOCABULARY)

    assert (caught.value.slug, caught.value.where) == ("replaces-unsupported", "r.yaml:6")
    assert not hasattr(KIT, "recorder")


@pytest.mark.parametrize(
    "said", ["`replaces: true`", "`assume: {", "`observed`", "`{absent: true}`", "`given.unknown`"]
)
def test_the_guide_tells_what_a_recorded_scenario_may_say(said: str) -> None:
    guide = (Path(__file__).parents[2] / "scenarios" / "README.md").read_text()

    assert said in guide.replace("**`replaces: true`**", "`replaces: true`")


def test_whether_it_replaces_is_true_or_false() -> None:
    from desk_recording import KIT as RECORDING

    vocabulary = Vocabulary(kit=RECORDING)

    assert read("true", vocabulary).when[0].replaces is True
    assert read("false", VOCABULARY).when[0].replaces is False
    with pytest.raises(InputError) as caught:
        read('"true"', vocabulary)
    assert caught.value.slug == "wrong-type"
