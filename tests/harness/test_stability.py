"""Each engine against itself: what differs in another process is UNSTABLE, and so is silence."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import greenlet
import pytest
from msgspec import structs

from harness.escape import bounded, leave
from harness.model import Class, Episode, Free, FreeRun, Observation, Outcome
from harness.second import Watch
from harness.stability import Second, SecondProcess, checked, checked_free, fingerprint
from tests.harness.planted import CANDIDATE, by_id, cell_slugs, outcomes, planted, said
from tests.harness.toy_project import CONFIG

SEEN = Observation(facets={"books": {"n": 1}})
EPISODE = Episode(
    id="s#1",
    scenario="s",
    act="api.do",
    at=0,
    paths=("api.do",),
    control=SEEN,
    candidate=SEEN,
    before={},
    scope={},
    stratum={},
    differences=(),
    klass=Class.SOUND,
)
SAME = (fingerprint(SEEN), fingerprint(SEEN))
END = FreeRun(scenario="s", outcome=Free.KEPT, digest="d")


def slugs(episode: Episode) -> list[tuple[Outcome, str]]:
    return [(one.outcome, one.slug) for one in episode.findings]


# --- what the other process answers ------------------------------------------------------


def test_the_same_digests_are_no_finding() -> None:
    assert checked(EPISODE, Second(cells={"s#1": SAME})) == EPISODE
    assert checked_free(END, Second(alone={"s": "d"})) is END


@pytest.mark.parametrize("side", [0, 1])
def test_another_digest_of_either_side_is_unstable(side: int) -> None:
    there = ("other", SAME[1]) if side == 0 else (SAME[0], "other")

    found = checked(EPISODE, Second(cells={"s#1": there}))

    assert slugs(found) == [(Outcome.UNSTABLE, "differs-from-itself")]
    assert found.findings[0].detail.startswith(("control:", "candidate:")[side])


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (Second(), "the second process has no such cell"),
        (Second(failed={"s": "RuntimeError: x"}), "RuntimeError: x"),
        (Second(cells={"s#1": SAME}, lost="it was killed"), "it was killed"),
    ],
)
def test_no_answer_is_unstable_and_never_agreement(seen: Second, why: str) -> None:
    found = checked(EPISODE, seen)

    assert slugs(found) == [(Outcome.UNSTABLE, "not-checked-against-itself")]
    assert found.findings[0].detail == why


@pytest.mark.parametrize(
    "seen", [Second(), Second(lost="x"), Second(failed={"s": "x"}), Second(alone={"s": "e"})]
)
def test_a_free_run_that_nobody_confirms_is_unstable(seen: Second) -> None:
    assert checked_free(END, seen).outcome is Free.UNSTABLE


@pytest.mark.parametrize("outcome", [Free.NOT_RUN, Free.ERROR, Free.TIMEOUT])
def test_a_free_run_that_is_worse_than_unstable_stays_so(outcome: Free) -> None:
    end = FreeRun(scenario="s", outcome=outcome)

    assert checked_free(end, Second(lost="x")).outcome is outcome


def test_an_ambient_read_that_came_past_the_guard_is_an_error() -> None:
    found = checked(EPISODE, Second(cells={"s#1": SAME}, ambient={"s#1": ("time.time",)}))

    assert slugs(found) == [(Outcome.ERROR, "trap-sprung")]
    assert found.findings[0].detail == "escaped: time.time"


@pytest.mark.parametrize(
    "change",
    [
        {"facets": {"books": {"n": True}}},
        {"reasons": ({"rule": "x"},)},
        {"handlers": (("p", "t"),)},
        {"refusal": {"kind": "k", "code": "c"}},
        {"crash": ("p", "KeyError", "x")},
    ],
)
def test_the_fingerprint_covers_all_that_an_engine_does(change: dict[str, Any]) -> None:
    assert fingerprint(structs.replace(SEEN, **change)) != fingerprint(SEEN)


# --- a process that is lost --------------------------------------------------------------


def answering(code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SecondProcess:
    """A second process that runs this code instead."""
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}\n{code}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return SecondProcess(tmp_path / "pyproject.toml", ())


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import os; os.kill(os.getpid(), 9)", "failed: no message"),
        ("raise SystemExit('went wrong')", "failed: went wrong"),
        ("print('not json')", "answered nonsense"),
        ("print('[]')", "answered nonsense"),
        ('print(\'{"cells": {"s#1": ["one"]}}\')', "answered nonsense"),
        ("print('{\"cells\": 5}')", "answered nonsense"),
        ("", "answered nonsense"),
    ],
)
def test_a_process_that_is_killed_fails_or_talks_nonsense_is_lost(
    code: str, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = answering(code, monkeypatch, tmp_path).result(seconds=20)

    assert why in seen.lost
    assert slugs(checked(EPISODE, seen)) == [(Outcome.UNSTABLE, "not-checked-against-itself")]


def test_a_process_that_hangs_is_lost_and_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    process = answering("import time; time.sleep(60)", monkeypatch, tmp_path)

    seen = process.result(seconds=0.1)

    assert "did not end within 0.1 s" in seen.lost
    assert process.process.poll() is not None


# --- planted in engines, seen by a real second process -----------------------------------

FAULTS = {
    "hash-seed": "ports.reason('order', names=list({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}))",
    "iteration-order": "ports.reason('first', id=ports.loans.list()[0].id)",
    "scenario-order": "SEEN.append(1); ports.reason('times', n=len(SEEN))",
    "time-zone": (
        "import email.utils\n"
        "        ports.reason('zone', text=email.utils.formatdate(0, localtime=True))"
    ),
    "past-the-guard": (
        "import contextlib\n"
        "        clock = contextlib.sys.modules['time']\n"
        "        ports.reason('clock', now=int(clock.time()) * 0)"
    ),
    "left": "while True:\n            ports.member.get()",
    "sound": "SEEN.extend('abc')",
}
"""Name → what the candidate's look does in the scenario of that name."""


def number(name: str) -> int:
    """How many loans tell the scenario of a fault from the others; at least two."""
    return list(FAULTS).index(name) + 2


def loans(name: str) -> str:
    return ", ".join(f"{{id: ln_{n}, due: 2026-03-09T10:00:00Z}}" for n in range(number(name)))


def a_scenario(name: str) -> str:
    return f"""\
id: {name}
title: One planted fault
provenance: {{kind: curated, source: planted}}
given: {{now: 2026-03-02T10:00:00Z, loans: [{loans(name)}]}}
when: [{{at: +1d, act: sweep}}]
then: {{customer: {{asks: 0}}}}
"""


def a_look() -> str:
    faults = "".join(
        f"    if loans == {number(name)}:\n        {text}\n" for name, text in FAULTS.items()
    )
    return f"SEEN = []\n\ndef _look(ports):\n    loans = len(ports.loans.list())\n{faults}\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one run, with a real second process, says of every planted fault."""
    edits = {
        CANDIDATE: (
            ("    look=_unblock_who_owes_nothing,", "    look=_look,"),
            ("def candidate(", f"{a_look()}def candidate("),
        )
    }
    with pytest.MonkeyPatch.context() as patch:
        files = {f"{name}.yaml": a_scenario(name) for name in FAULTS}
        planted(tmp_path_factory.mktemp("unstable"), patch, edits=edits, **files)
        code, document = said("run")
    assert code == 1
    return by_id(document)


@pytest.mark.parametrize("name", ["hash-seed", "iteration-order", "time-zone", "scenario-order"])
def test_an_engine_that_differs_from_itself_is_unstable(name: str, run: dict[str, Any]) -> None:
    assert outcomes(run[name])[0] == "UNSTABLE"
    assert "differs-from-itself" in cell_slugs(run[name])
    assert run[name]["free"]["outcome"] == "UNSTABLE"


def test_a_clock_read_past_the_guard_is_seen_by_the_profile_hook(run: dict[str, Any]) -> None:
    one = run["past-the-guard"]

    assert outcomes(one)[0] == "ERROR"
    details = [finding["detail"] for finding in one["cells"][0]["findings"]]
    assert details == ["escaped: time.time"]


def test_a_loop_is_left_in_both_processes_at_the_same_count(run: dict[str, Any]) -> None:
    assert outcomes(run["left"])[0] == "TIMEOUT"
    assert cell_slugs(run["left"]) == {"over-budget"}


def test_what_is_sound_stays_so_beside_all_of_them(run: dict[str, Any]) -> None:
    assert outcomes(run["sound"]) == ["AGREE", "AGREE"]
    assert run["sound"]["free"]["outcome"] == "KEPT"


# --- the profile hook --------------------------------------------------------------------


def test_handlers_that_run_side_by_side_are_all_watched() -> None:
    watch = Watch()

    def actor() -> None:
        def body() -> None:
            greenlet.getcurrent().parent.switch()
            time.time()

        watch.run(body)

    one, other = greenlet.greenlet(actor), greenlet.greenlet(actor)
    one.switch()
    other.switch()
    one.switch()
    assert sys.getprofile() is not None
    assert watch.taken() == ("time.time",)
    other.switch()
    assert sys.getprofile() is None


def test_a_handler_that_is_left_leaves_no_hook_behind() -> None:
    watch = Watch()

    why = bounded(lambda: watch.run(lambda: leave("why")), seconds=5)
    watch.taken()
    time.time()

    assert (why, sys.getprofile(), watch.taken()) == ("why", None, ())


def test_what_a_watched_body_raises_comes_through() -> None:
    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        Watch().run(fails)
    assert sys.getprofile() is None


# --- a world whose forks share -----------------------------------------------------------

SHARING = """
from desk_world import kit
from desk_world.domain import World

class Sharing(World):
    def fork(self):
        fork = super().fork()
        fork.__class__ = Sharing
        fork.counter = self.counter
        return fork

    def touch(self, *args, **kwargs):
        if kwargs["op"] == "member.get":
            self.counter.append(1)
            self.reasons.append({"rule": "counted", "n": len(self.counter)})
        super().touch(*args, **kwargs)

class SharingKit(kit.Kit):
    def load(self, given):
        world = super().load(given)
        world.__class__ = Sharing
        world.counter = []
        return world

KIT = SharingKit()
"""


def test_a_world_whose_forks_share_a_list_makes_its_engines_unstable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CONFIG.replace("desk_world.kit:KIT", "sharing_world:KIT")
    files = {"sound.yaml": a_scenario("sound")}
    planted(
        tmp_path, monkeypatch, edits={"sharing_world.py": (("", SHARING),)}, config=config, **files
    )

    code, document = said("run")
    sys.modules.pop("sharing_world", None)

    assert code == 1
    assert "UNSTABLE" in outcomes(by_id(document)["sound"])
