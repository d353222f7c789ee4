"""What the kit says of its ports is complete, and is so: held against the ports themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fixtures import normal
from fixtures.kit import KIT
from fixtures.surface import SURFACE
from fixtures.world import World
from harness.compose import Composition, compose
from harness.free import Running
from harness.plain.kit import Kit as PlainKit
from harness.plain.kit import Row
from harness.plain.ports import Ports as PlainPorts
from harness.plain.ports import Store
from harness.scenario import episodes

ROOT = Path(__file__).parents[2]

GIVEN: dict[str, Any] = {
    "now": "2026-03-02T10:00:00Z",
    "account": {"id": "acc_1", "segment": "pro", "currency": "usd"},
    "stripe": {
        "payment_methods": [{"id": "pm_1"}],
        "subscriptions": [{"id": "sub_1", "product": "pages", "status": "active"}],
        "invoices": [
            {
                "id": "in_1",
                "amount": 5000,
                "status": "open",
                "subscription": "sub_1",
                "created": "2026-02-15T00:00:00Z",
                "period": {"start": "2026-02-15T00:00:00Z", "end": "2026-03-15T00:00:00Z"},
            }
        ],
    },
    "entitlements": [{"subscription": "sub_1", "status": "active"}],
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "billing_db.update": {"bad_debt": True},
    "cases.open": {"kind": "debt", "object": "in_1"},
    "customer.update": {"bad_debt_since": 1},
    "enforcement.put_hold": {"kind": "block", "reason": "dunning"},
    "enforcement.remove_hold": {"kind": "block", "reason": "dunning"},
    "enforcement.set_override": {"until": 1, "by": "support"},
    "entitlements.set_status": {"id": "?", "status": "suspended"},
    "notifier.send": {"template": "late"},
    "reason": {"rule": "late"},
    "stripe.credit_notes.create": {"invoice": "in_1", "amount": 1},
    "stripe.customers.update": {"metadata": {"bad_debt": "true"}},
    "stripe.invoices.create": {
        "currency": "usd",
        "lines": ((5, "x"),),
        "metadata": {},
        "auto_advance": False,
    },
}
"""Method → arguments; any other is called with an `id` where it takes one."""

STORE = {"notifications": "notifications", "stripe_customer": "stripe_metadata"}
"""Table → the store that the surface names it by, where that is another."""


def methods(of: object, prefix: str = "") -> Iterator[str]:
    """Every public method behind some ports, as it is written with dots."""
    for name in dir(of):
        value = None if name.startswith("_") else getattr(of, name)
        if isinstance(value, type) or value is None:
            continue
        if inspect.ismethod(value):
            yield prefix + name
        elif type(value).__module__.startswith("fixtures.ports"):
            yield from methods(value, f"{prefix}{name}.")


def world() -> Any:
    return KIT.load(msgspec.convert(GIVEN, KIT.Given))


def test_the_surface_names_every_method_of_the_ports_and_no_other() -> None:
    assert sorted(SURFACE) == sorted(methods(world().ports))


@pytest.mark.parametrize("name", sorted(SURFACE))
def test_a_method_touches_what_the_surface_says(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world()
    touched: dict[str, bool] = {}

    def note(_: World, table: str, *__: object, write: bool = False, **___: object) -> None:
        touched[STORE.get(table, table)] = write

    monkeypatch.setattr(World, "touch", note)
    call: Any = before.ports
    for step in name.split("."):
        call = getattr(call, step)
    given = dict(ARGUMENTS.get(name, {}))
    parameters = inspect.signature(call).parameters
    if "id" in parameters:
        given.setdefault("id", "in_1")
        if name.startswith("entitlements"):
            given["id"] = before.rows("entitlements")[0].id
    with suppress(before.ports.stripe.StripeError):  # its id is no object of that kind
        with_lock = call(**given)
        if name == "lock":
            with with_lock:
                pass
            touched.clear()  # the lock is no store
    touched.pop("clock", None)

    said = SURFACE[name]
    assert set(touched) == {*said.reads, *said.writes}
    assert set(touched.values()) <= {bool(said.writes)}
    written = {store_of(write.at) for write in before.writes}
    assert written <= {*said.writes, *said.follows}
    asked = [one for one in before.calls if one.op.partition(".")[2] not in ("list", "retrieve")]
    assert bool(asked) == said.outside


def store_of(at: str) -> str:
    return at.partition(".")[0]


@cache
def composition() -> Composition:
    return compose(ROOT / "pyproject.toml", ())


def test_nothing_is_written_in_any_scenario_that_the_surface_does_not_tell() -> None:
    """Both engines, every episode: what was written, some call writes or sets off."""
    setup = replace(composition().setup(), digests=False)
    seen = set()
    for scenario in composition().loaded.scenarios:
        for side in (setup.control, setup.candidate):
            running = Running(setup=setup, side=side, world=setup.kit.load(scenario.given))
            for spec in episodes(scenario):
                running.play(spec, judged=False)
                told = {"stripe." + call.op for call in running.world.calls} | {
                    f"{store_of(write.at)}.update" for write in running.world.writes
                }
                may = {
                    store
                    for name, touch in SURFACE.items()
                    if name in told or name.startswith(("entitlements", "enforcement", "cases"))
                    for store in (*touch.writes, *touch.follows)
                }
                wrote = {store_of(w.at) for w in running.world.writes if w.actor != "outside"}
                assert wrote <= may, (scenario.id, spec.index, wrote - may)
                seen |= wrote
    assert {"billing_db", "customer", "stripe_metadata", "invoices", "subscriptions"} <= seen


def test_every_store_that_the_surface_names_is_one() -> None:
    stores = {store for stores in normal.STORES.values() for store in stores}
    tables = set(world().tables)

    named = {s for one in SURFACE.values() for s in (*one.reads, *one.writes, *one.follows)}
    assert named <= stores | tables


def test_a_plain_kit_tells_of_every_method_of_its_ports() -> None:
    class Seat(Row):
        taken: bool = False

    kit = PlainKit(stores={"seats": Seat}, acts={})

    own = {name for name in vars(PlainPorts) if not name.startswith("_")} - {"now"}
    each = {f"seats.{name}" for name in vars(Store) if not name.startswith("_")}
    assert set(kit.surface) == own | each
    assert {n for n, touch in kit.surface.items() if touch.writes} == {
        "seats.add",
        "seats.update",
        "seats.remove",
    }
    assert {n for n, touch in kit.surface.items() if touch.outside} == {"send", "emit"}
