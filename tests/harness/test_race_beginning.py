"""Whoever only calls the engine begins at once: beginning later would end no differently."""

from __future__ import annotations

from typing import Any

from harness.race import explore
from harness.scenario import Item
from tests.harness.register_world import START, World, act, setup, webhook


def reads_and_adds(ports: Any, trigger: Any) -> None:
    with ports.lock():
        for _ in range(10):
            ports.get("n")
        ports.put("n", ports.get("n") + 1)


def schedules(*items: Item) -> int:
    made = setup({"api.do": reads_and_adds, "hook": reads_and_adds})
    of = explore(made, made.control, items, World(START, {}))
    assert of.exhausted
    return of.schedules


def test_two_calls_under_the_lock_have_two_orders_and_no_more_schedules() -> None:
    both = 2  # serial orders, then as many schedules
    assert schedules(act("api.do"), act("api.do")) <= 2 * both
    assert schedules(act("api.do"), webhook("hook")) <= 2 * both
