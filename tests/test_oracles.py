"""What must hold of the candidate in every shipped scenario, whatever the scenario is about.

(a) any order, repetition or loss of events, then one sweep: the same stores · (b) twice is once ·
(c) no money twice · (d) blocked means that there is something to pay · (e) banned means that
enough is owed. Each oracle is shown to fire on an engine that breaks it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from harness.canonical import canonical
from harness.compose import compose
from harness.living import Held, Living, Moot, hold_of, keep_held, live, play
from harness.scenario import EpisodeSpec, Item, Scenario, episodes
from harness.setup import Setup, Side
from tests.shadow_command import ROOT

COMPOSITION = compose(ROOT / "pyproject.toml", ())
SETUP = COMPOSITION.candidate_only(reverse=False)
KIT: Any = COMPOSITION.kit
SCENARIOS = tuple(one for one in COMPOSITION.loaded.scenarios if not one.given.meanwhile)
"""Those in which nothing happens while an engine works: another order meets other calls."""

Deliveries = Callable[[list[Any]], list[Any]]


def as_emitted(events: list[Any]) -> list[Any]:
    return events


def shuffled(events: list[Any]) -> list[Any]:
    found = list(events)
    random.Random(len(found)).shuffle(found)  # noqa: S311  # an order, no secret
    return found


ORDERS: dict[str, Deliveries] = {
    "backwards": lambda events: events[::-1],
    "each twice": lambda events: [event for event in events for _ in range(2)],
    "all again at the end": lambda events: events * 2,
    "shuffled": shuffled,
    "the first one lost": lambda events: events[1:],
    "all lost": lambda events: [],
}


@dataclass(slots=True)
class Delivering(Living):
    """An episode whose events come in another order, twice, or not at all."""

    order: Deliveries = as_emitted

    def absorb(self) -> None:
        before = len(self.queue)
        Living.absorb(self)
        fresh = [self.queue.pop() for _ in range(len(self.queue) - before)][::-1]
        self.queue.extend(self.order(fresh))


def single(item: Item | None) -> tuple[Item | None, ...]:
    """What a block of simultaneous items is, one after the other."""
    return item.together if item is not None and item.kind == "together" else (item,)


def ends(
    scenario: Scenario, order: Deliveries = as_emitted, setup: Setup = SETUP, *, sweeps: int = 1
) -> Iterator[Any]:
    """The candidate's world at the end of each episode, swept."""
    world = KIT.load(scenario.given)
    held: Held = {}
    for spec in episodes(scenario):
        for item in single(spec.item):
            world = lived(replace(spec, item=item), world, held, order, setup, sweeps)
        yield world


def lived(
    spec: EpisodeSpec, before: Any, held: Held, order: Deliveries, setup: Setup, sweeps: int
) -> Any:
    """The world after one item, with as many sweeps at its end."""
    world = before.fork()
    world.advance(spec.at)
    item = spec.item
    if item is not None and item.kind == "act" and spec.held is None:
        args = KIT.intent(world, item.name, item.args)
        if args is None:
            return world
        item = replace(item, args=args)
    living = Delivering(
        setup=setup, side=setup.candidate, world=world, hold=hold_of(spec), order=order
    )
    seen = live(living, lambda: play_or_skip(living, replace(spec, item=item), held))
    assert not seen.timeout, f"{spec.label}: {seen.timeout}"
    assert seen.crash is None, f"{spec.label}: {seen.crash}"
    keep_held(living, spec, held)
    for _ in range(sweeps):
        setup.candidate.look(world.ports)  # type: ignore[misc]  # a candidate has a look
    return world


def play_or_skip(living: Living, spec: EpisodeSpec, held: Held) -> None:
    """Play an item; one that makes no sense here is left out, as an event that was lost is."""
    try:
        play(living, spec, held)
    except Moot:
        return


def stores(world: Any) -> bytes:
    """The six stores, with what a person must look at."""
    return canonical(KIT.books(world))


def with_candidate(engine: Any) -> Setup:
    return replace(
        SETUP, candidate=Side(role="candidate", engine=engine, look=engine.look, crashes={})
    )


each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.id)


@each_scenario
def test_any_order_repetition_or_loss_of_events_ends_in_the_same_stores(
    scenario: Scenario,
) -> None:
    expected = [stores(world) for world in ends(scenario)]
    for name, order in ORDERS.items():
        assert [stores(world) for world in ends(scenario, order)] == expected, name


@each_scenario
def test_sweeping_twice_is_sweeping_once(scenario: Scenario) -> None:
    for number, world in enumerate(ends(scenario)):
        swept, calls = stores(world), len(world.calls)
        again = world.fork()
        SETUP.candidate.look(again.ports)  # type: ignore[misc]  # a candidate has a look
        assert stores(again) == swept, f"#{number}"
        changed = [call for call in again.calls[calls:] if call.op in CHANGING]
        assert not changed, f"#{number}"


CHANGING = frozenset(
    f"{resource}.{verb}"
    for resource, verbs in {
        "credit_notes": ("create",),
        "customers": ("update",),
        "invoices": ("create", "finalize_invoice", "mark_uncollectible", "pay", "void_invoice"),
        "subscriptions": ("cancel",),
    }.items()
    for verb in verbs
)


def charged_twice(scenario: Scenario, setup: Setup = SETUP) -> tuple[str, ...]:
    """Where more was taken than service was worth, beyond what had been taken before.

    On probation nothing is promised: whoever asks to pay an invoice pays it at its face.
    """
    if scenario.given.account.probation:
        return ()
    before = KIT.outcome(KIT.load(scenario.given))["overcharged"]

    def wrong(world: Any) -> bool:
        now = KIT.outcome(world)["overcharged"]
        return any(amount > before.get(currency, 0) for currency, amount in now.items())

    return over(ends(scenario, setup=setup), wrong)


def stranded(scenario: Scenario, setup: Setup = SETUP) -> tuple[str, ...]:
    """Where the customer is kept out for dunning with nothing to pay and nothing on its way."""

    def wrong(world: Any) -> bool:
        shown = KIT.outcome(world)
        processing = any(one["processing"] for one in KIT.books(world)["invoices"].values())
        payable = [one for one in shown["payable"] if one["has_secret"]]
        kept_out = shown["blocked_for_dunning"] or shown["banned_for_dunning"]
        return kept_out and not payable and not processing

    return over(ends(scenario, setup=setup), wrong)


def banned_for_nothing(scenario: Scenario, setup: Setup = SETUP) -> tuple[str, ...]:
    """Where the customer is banned for dunning and nothing is owed after credit."""

    def wrong(world: Any) -> bool:
        return KIT.outcome(world)["banned_for_dunning"] and not KIT.truth(world)["net"]

    return over(ends(scenario, setup=setup), wrong)


def over(worlds: Iterator[Any], wrong: Callable[[Any], bool]) -> tuple[str, ...]:
    return tuple(f"#{number}" for number, world in enumerate(worlds) if wrong(world))


Oracle = Callable[..., tuple[str, ...]]


@each_scenario
@pytest.mark.parametrize("oracle", [charged_twice, stranded, banned_for_nothing])
def test_nobody_is_charged_twice_stranded_or_banned_for_nothing(
    scenario: Scenario, oracle: Oracle
) -> None:
    assert oracle(scenario) == ()


# --- each oracle fires on an engine that breaks what it is about ---------------------------


class Careless:
    """An engine that does one thing whenever it looks, and another at every event."""

    name = "careless"
    refusals: tuple[type[Exception], ...] = ()

    def __init__(self, *, looks: Callable[[Any], object], hears: Callable[[Any], object]) -> None:
        self.look = looks
        handler = Answering(hears)
        self.handlers = dict.fromkeys(COMPOSITION.candidate.engine.handlers, (handler,))


class Answering:
    path = "careless.event"

    def __init__(self, hears: Callable[[Any], object]) -> None:
        self.hears = hears

    def call(self, ports: Any, trigger: Any) -> dict[str, Any]:
        del trigger
        self.hears(ports)
        return {"status": 200}


def nothing(ports: Any) -> None:
    del ports


def count(ports: Any) -> None:
    row = ports.billing_db.get()
    if row is not None:
        ports.billing_db.update(failed_attempts=row.failed_attempts + 1)


def charge(ports: Any) -> None:
    for invoice in ports.stripe.invoices.list():
        if invoice.status in ("open", "uncollectible"):
            try:
                ports.stripe.invoices.pay(invoice.id)
            except ports.stripe.StripeError:
                continue


def hold(kind: str) -> Callable[[Any], object]:
    return lambda ports: ports.enforcement.put_hold(kind, "dunning")


def test_an_engine_that_counts_events_depends_on_their_order_and_number() -> None:
    counting = with_candidate(Careless(looks=nothing, hears=count))
    told = [
        one.id
        for one in SCENARIOS
        if [*map(stores, ends(one, setup=counting))]
        != [*map(stores, ends(one, ORDERS["each twice"], counting))]
    ]
    assert len(told) >= 10


def test_an_engine_that_counts_its_looks_is_never_done() -> None:
    counting = with_candidate(Careless(looks=count, hears=nothing))
    once, twice = (
        [stores(world) for one in SCENARIOS for world in ends(one, setup=counting, sweeps=number)]
        for number in (1, 2)
    )
    assert once != twice


@pytest.mark.parametrize(
    ("oracle", "look"),
    [
        (charged_twice, charge),
        (stranded, hold("block")),
        (stranded, hold("ban")),
        (banned_for_nothing, hold("ban")),
    ],
)
def test_an_engine_that_does_so_is_found(oracle: Oracle, look: Callable[[Any], object]) -> None:
    careless = with_candidate(Careless(looks=look, hears=nothing))
    assert any(oracle(one, careless) for one in SCENARIOS)
