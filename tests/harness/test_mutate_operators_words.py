"""Words of mutants: what a kit may say, the shipped kit's, and what stale and fresh really do."""

from __future__ import annotations
import __future__

import ast
import inspect
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, get_type_hints

import msgspec
import pytest

from fixtures import mutation_words, rows
from fixtures.given import given
from fixtures.kit import KIT, Kit
from harness.errors import InputError
from harness.mutate.mutant import Mutant, apply_one
from harness.mutate.operators import mutants
from harness.mutate.view import View
from harness.mutate.vocabulary import Vocabulary, vocabulary_of
from tests.replica_code import needs_replica
from tests.shadow_command import ROOT

WORDS = vocabulary_of(KIT)


# --- a kit's words


def test_a_kit_without_words_has_none() -> None:
    assert vocabulary_of(object()) == Vocabulary()


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ({"words": (("open",),)}, "two texts or more"),
        ({"words": (("open", "open"),)}, "each once"),
        ({"words": ("open",)}, "collection of texts"),
        ({"writes": "update"}, "collection of texts"),
        ({"writes": (1,)}, "collection of texts"),
        ({"stale": (("a", "b", "c"),)}, "two expressions"),
        ({"stale": (("a b", "c"),)}, "is no expression"),
        ({"names": {"again": 3}}, "no function"),
        ({"optional": {"update": "expect"}}, "tuples of their defaults"),
        ({"optional": {"update": {3: ()}}}, "collection of texts"),
    ],
    ids=str,
)
def test_words_that_would_silently_lose_mutants_are_refused(
    word: dict[str, Any], complaint: str
) -> None:
    kit = SimpleNamespace(mutation_words=SimpleNamespace(**word))

    with pytest.raises(InputError, match=complaint) as raised:
        vocabulary_of(kit)
    assert raised.value.slug == "mutation-words"
    assert next(iter(word)) in str(raised.value)


# --- the shipped kit's


def test_every_method_of_a_port_that_writes_is_named_and_no_other() -> None:
    writing = {
        name
        for port in mutation_words.PORTS
        for name in dir(port)
        if not name.startswith("_") and inspect.isfunction(getattr(port, name))
        if re.search(
            r"write=True|self\._(write|act)\(|world\.put\(", inspect.getsource(getattr(port, name))
        )
    }

    assert writing == mutation_words.WRITES


def test_every_port_that_an_engine_has_is_looked_at() -> None:
    ports = KIT.load(world_of(1)).ports
    held = [getattr(ports, name) for name in type(ports).__slots__ if not name.startswith("_")]
    held += list(vars(ports.stripe).values())

    known = {type(port) for port in held if type(port).__name__ not in ("Stripe", "Clock")}
    assert known == set(mutation_words.PORTS)


def test_fields_that_stand_for_one_another_are_of_one_row() -> None:
    fields = [
        set(get_type_hints(row))
        for row in vars(rows).values()
        if isinstance(row, type) and issubclass(row, rows.Row)
    ]

    for known in mutation_words.SAME_SORT:
        assert any(set(known) <= names for names in fields), known


def test_words_come_from_the_types_of_rows_and_from_the_ports() -> None:
    assert ("draft", "open", "paid", "uncollectible", "void") in WORDS.words
    assert ("free", "pro", "business", "enterprise") in WORDS.words
    assert WORDS.optional["pay"]["paid_out_of_band"] == (False,)
    assert "*" in WORDS.optional["update"]
    assert "amount" not in WORDS.optional["create"]
    assert WORDS.amounts >= {"amount_remaining", "balance"}
    assert not WORDS.amounts & {"attempt_count", "discount_amounts"}


UNHEARD = {"customer.updated"}
"""The replica does not listen to it; whoever looks at it once more finds nothing new."""


@pytest.mark.parametrize("place", sorted(mutation_words.REPEATABLE))
def test_a_call_that_is_said_to_be_repeatable_changes_nothing_the_second_time(place: str) -> None:
    port, _, method = place.partition(".")
    arguments: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "billing_db.update": ((), {"bad_debt": True}),
        "cases.open": (("kind", "object"), {"amount": 3}),
        "customer.update": ((), {"bad_debt_since": 3}),
        "customers.update": ((), {"metadata": {"note": "x"}}),
        "enforcement.clear_holds": ((), {}),
        "enforcement.put_hold": (("block", "dunning"), {}),
        "enforcement.remove_hold": (("block", "dunning"), {}),
        "enforcement.set_override": ((3_000_000_000,), {"by": "support"}),
        "entitlements.set_status": (("pages",), {"status": "ended"}),
    }
    args, keywords = arguments[place]
    shown = []
    for times in (1, 2):
        world = KIT.load(world_of(1))
        if port == "entitlements":
            args = (world.ports.entitlements.list()[0].id,)
        held = getattr(world.ports, port, None) or getattr(world.ports.stripe, port)
        for _ in range(times):
            getattr(held, method)(*args, **keywords)
        facets = (KIT.books(world), KIT.money(world), KIT.effects(world), KIT.outcome(world))
        emitted = [one.type for one in world.emitted if one.type not in UNHEARD]
        shown.append((*facets, list(world.writes), emitted))

    assert shown[0] == shown[1]


# --- a view


def test_a_view_reads_data_as_an_object_and_an_object_as_data() -> None:
    data = View({"id": "in_1", "lines": {"data": [{"amount": 3, "items": None}]}, "total": None})
    row = View(SimpleNamespace(id="in_1", metadata={"k": "v"}, payments=(SimpleNamespace(n=1),)))

    assert (data.id, data["id"], data.get("id"), data.total) == ("in_1", "in_1", "in_1", None)
    assert data.lines.data[0].amount == 3
    assert data.lines.data[0].items is None
    assert (row.id, row["id"], row.metadata["k"], row["metadata"].get("x", 2)) == (
        "in_1", "in_1", "v", 2,
    )  # fmt: skip
    assert [one["n"] for one in row["payments"]] == [1]
    assert "id" in data
    assert "nothing" not in row
    assert dict(View({"a": 1}).items()) == {"a": 1}


def test_what_a_view_does_not_hold_is_missing_in_the_way_that_was_asked() -> None:
    for view in (View({"a": 1}), View(SimpleNamespace(a=1))):
        with pytest.raises(AttributeError):
            _ = view.b
        with pytest.raises(KeyError):
            _ = view["b"]
        assert view.get("b") is None
        assert view.get("b", 3) == 3
    assert not View({})
    assert View(View({"a": 1})) == {"a": 1}
    assert [*View({"a": 1})] == ["a"]
    assert len({View((1,)), View((1,))}) == 1


# --- stale and fresh, in the shipped control


def world_of(amount: int) -> Any:
    return given(
        {
            "now": "2026-03-02T10:00:00Z",
            "account": {"id": "acc_1"},
            "entitlements": [{"subscription": "sub_1"}],
            "stripe": {
                "payment_methods": [{"id": "pm_1"}],
                "subscriptions": [{"id": "sub_1", "product": "pages", "status": "past_due"}],
                "invoices": [{"id": "in_1", "amount": amount, "subscription": "sub_1"}],
            },
        }
    )


def handler(name: str, operator: str) -> tuple[Callable[..., Any], Callable[..., Any], Mutant]:
    """A path of the control as it is, and as the first mutant of an operator makes it."""
    module = f"legacy_replica.{name}"
    text = (ROOT / "legacy_replica" / f"{name}.py").read_text()
    own: dict[str, Any] = {"__name__": module}
    exec(compile(text, name, "exec"), own)  # noqa: S102
    mutant = next(one for one in mutants(module, text, WORDS) if one.operator == operator)
    changed = {**own, **WORDS.injected()}
    top = apply_one(ast.parse(text), mutant)
    flags = __future__.annotations.compiler_flag
    code = compile(ast.Module(body=[top], type_ignores=[]), name, "exec", flags)
    exec(code, changed)  # noqa: S102
    return own[name], changed[name], mutant


def delivered(kind: str, change: dict[str, Any]) -> Any:
    """What a webhook is sent of the invoice as it was before it changed."""
    before = KIT.load(world_of(5_000)).ports.stripe
    sent = {**kept(getattr(before, kind).retrieve("in_1")), **change}
    return SimpleNamespace(args={}, event={"created": 1, "data": {"object": sent}})


def kept(row: rows.Row) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(row)
    return plain


def metadata_after(call: Callable[..., Any], trigger: Any) -> dict[str, Any]:
    world = KIT.load(world_of(3_000))
    call(world.ports, trigger)
    return dict(world.ports.stripe.customers.retrieve().metadata)


@needs_replica
def test_a_stale_mutant_takes_the_amount_that_the_event_was_sent_with() -> None:
    path, stale, mutant = handler("invoice_marked_uncollectible", "stale-for-fresh")
    trigger = delivered("invoices", {})
    line = trigger.event["data"]["object"]["lines"]["data"][0]
    line["period"]["end"] = line["period"]["start"]  # so that all of it counts

    fresh_debt = metadata_after(path, trigger)["bad_debt_amount"]
    stale_debt = metadata_after(stale, trigger)["bad_debt_amount"]

    assert mutant.before == "ports.stripe.invoices.retrieve(object_id(trigger))"
    assert stale_debt == "5000"
    assert fresh_debt != stale_debt


@needs_replica
def test_a_fresh_mutant_sees_what_became_of_the_invoice_since_the_event() -> None:
    path, fresh, mutant = handler("invoice_payment_failed", "fresh-for-stale")
    trigger = delivered("invoices", {"total": 0})

    def attempts(call: Callable[..., Any]) -> int:
        world = KIT.load(world_of(3_000))
        call(world.ports, trigger)
        found: int = world.ports.billing_db.get().failed_attempts
        return found

    assert mutant.before == "event_object(trigger)"
    assert attempts(path) == 0  # an invoice over nothing, says the event
    assert attempts(fresh) == 1


def test_what_no_resource_hands_out_stays_what_the_event_says() -> None:
    ports = KIT.load(world_of(1)).ports

    assert mutation_words.reread(ports, {"object": "customer", "id": "cus_1"})["id"] == "cus_1"
    assert mutation_words.reread(ports, {"object": "invoice", "id": "in_1"}).amount_due == 1


def test_the_kit_collects_its_words_once() -> None:
    kit = Kit()

    assert kit.mutation_words is kit.mutation_words
