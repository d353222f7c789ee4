"""Each engine against itself: what differs in another process is UNSTABLE, and so is silence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.compose import compose
from harness.model import Class, Episode, Free, FreeRun, Observation, Outcome
from harness.run import checked, checked_free
from harness.second import Watch, refused, second
from harness.stability import Second, SecondProcess, fingerprint
from tests.harness.planted import CONTROL, ROOT, planted

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
def test_the_fingerprint_covers_all_that_an_engine_does(change: dict[str, object]) -> None:
    assert fingerprint(Observation(**{"facets": SEEN.facets, **change})) != fingerprint(SEEN)  # type: ignore[arg-type]


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
        ("print('{\"cells\": {\"s#1\": [\"one\"]}}')", "answered nonsense"),
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
        "from email.utils import mktime_tz, parsedate_tz, localtime\n"
        "        ports.reason('zone', offset=str(__import__('email.utils').utils.formatdate"
        "(0, localtime=True)))"
    ),
    "importlib": (
        "import inspect\n"
        "        clock = inspect.importlib.import_module('time')\n"
        "        ports.reason('clock', now=int(clock.time()) * 0)"
    ),
    "left": "while True:\n            ports.member.get()",
}
"""Each is one statement of the candidate's look, switched on by the scenario's fine."""

LOOK = """
SEEN = []

def look(ports):
    fine = ports.member.get().fine
"""

LOANS = "[{id: ln_1, due: 2026-03-09T10:00:00Z}, {id: ln_2, due: 2026-03-09T10:00:00Z}]"
SCENARIO = """\
id: {id}
title: One planted fault
provenance: {{kind: curated, source: planted}}
given: {{now: 2026-03-02T10:00:00Z, member: {{fine: {fine}}}, loans: {loans}}}
when: [{{at: +1d, act: sweep}}]
then: {{customer: {{asks: {fine}}}}}
"""


def scenarios() -> dict[str, str]:
    """A scenario for each fault, and two for what only shows in another order."""
    found = {
        name: SCENARIO.format(id=name, fine=number, loans=LOANS)
        for number, name in enumerate(FAULTS, 1)
    }
    found["sound"] = SCENARIO.format(id="sound", fine=90, loans=LOANS)
    return found


def engine() -> str:
    body = "".join(
        f"    if fine == {number}:\n        {text}\n"
        for number, text in enumerate(FAULTS.values(), 1)
    )
    more = "    if fine == 90:\n        SEEN.append(1)\n"
    return LOOK + body + more


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What one run, with a real second process, says of every planted fault."""
    folder = tmp_path_factory.mktemp("unstable")
    with pytest.MonkeyPatch.context() as patch:
        planted(folder, patch, look=engine(), scenarios=scenarios())
        patch.setattr(sys, "stdout", out := Captured())
        patch.setenv("PYTHONPATH", str(ROOT))
        assert main(["run", "--json"]) == 1
    cells = json.loads(out.text)["scenarios"]
    return {one["id"]: one for one in cells}


class Captured:
    """Standard output, kept."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...


def outcomes(one: dict[str, object]) -> list[str]:
    return [cell["outcome"] for cell in one["cells"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["hash-seed", "iteration-order", "time-zone", "scenario-order"])
def test_an_engine_that_differs_from_itself_is_unstable(
    name: str, document: dict[str, dict[str, object]]
) -> None:
    one = document[name]

    assert "UNSTABLE" in outcomes(one)
    found = one["cells"][0]["findings"]  # type: ignore[index]
    assert "differs-from-itself" in {finding["slug"] for finding in found}
    assert one["free"]["outcome"] == "UNSTABLE"  # type: ignore[index]
