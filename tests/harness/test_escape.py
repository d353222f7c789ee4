"""Engines that never come back are left, and what runs after them is as if they had not been."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from harness.escape import bounded, leave
from harness.living import Living, live
from harness.model import Observation
from harness.setup import Budget
from tests.harness.register_world import START, World, act, setup

ROOT = Path(__file__).parents[2]
BUDGET = Budget(port_calls=50, deliveries=8, seconds=0.1)


def observed(do: Any, budget: Budget = BUDGET, **more: Any) -> tuple[Observation, World]:
    """What an engine does on `api.do`, and its world afterwards."""
    world = World(START, {})
    made = setup({"api.do": do, **more}, budget=budget)
    living = Living(setup=made, side=made.control, world=world)
    return live(living, lambda: living.play(act("api.do"))), world


def calls_for_ever(ports: Any, trigger: Any) -> None:
    while True:
        try:  # noqa: SIM105
            ports.put("n", ports.get("n") + 1)
        except:  # noqa: E722, S110
            pass


def thinks_for_ever(ports: Any, trigger: Any) -> None:
    while True:
        try:  # noqa: SIM105
            sum(range(100))
        except:  # noqa: E722, S110
            pass


def test_a_loop_of_port_calls_inside_a_bare_except_is_left_after_its_budget() -> None:
    seen, world = observed(calls_for_ever)

    assert seen.timeout == "over 50 port calls, last get"
    assert world.regs == {"n": 25}


def test_the_budget_is_counted_so_the_same_loop_is_left_at_the_same_call() -> None:
    ends = {(seen.timeout, world.regs["n"]) for seen, world in map(observed, [calls_for_ever] * 5)}

    assert len(ends) == 1


def test_a_loop_that_never_calls_a_port_is_left_by_the_wall_clock() -> None:
    began = time.monotonic()

    seen, _ = observed(thinks_for_ever)

    assert seen.timeout == "wall clock: over 0.1 s"
    assert time.monotonic() - began < 1


def test_events_that_cause_one_another_for_ever_are_left_after_their_budget() -> None:
    def again(ports: Any, trigger: Any) -> None:
        ports.emit("again")

    seen, world = observed(again, again=again)

    assert seen.timeout == "over 8 deliveries, last again"
    assert len(world.emitted) == 9


def test_what_runs_afterwards_is_not_affected() -> None:
    def good(ports: Any, trigger: Any) -> dict[str, int]:
        ports.put("n", 1)
        return {"status": 200}

    alone, _ = observed(good)
    for bad in (calls_for_ever, thinks_for_ever):
        observed(bad)
        assert observed(good)[0] == alone


def test_a_budget_that_is_just_enough_is_no_timeout() -> None:
    def fifty(ports: Any, trigger: Any) -> None:
        for _ in range(50):
            ports.get("n")

    assert observed(fifty)[0].timeout == ""


def test_exceptions_of_the_body_come_through() -> None:
    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        bounded(fails, seconds=1)


def test_in_another_thread_the_counted_budget_still_holds() -> None:
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(observed(calls_for_ever)[0].timeout))

    thread.start()
    thread.join(5)

    assert found == ["over 50 port calls, last get"]


def test_outside_of_a_greenlet_there_is_nothing_to_leave() -> None:
    with pytest.raises(RuntimeError, match="nothing to leave: why"):
        leave("why")


def test_a_process_that_left_loops_behind_ends_all_the_same_and_quietly() -> None:
    code = (
        "import gc\n"
        "from tests.harness.test_escape import *\n"
        "observed(calls_for_ever); observed(thinks_for_ever); gc.collect()\n"
        "print('ends')"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "ends\n", "")
