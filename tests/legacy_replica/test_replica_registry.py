"""The registry: paths, refusals, and quirks that stand in three places alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import legacy_replica
from legacy_replica.engine import ENGINE, Refused
from tests.legacy_replica.fake_ports import FakePorts, StripeError, webhook

HERE = Path(legacy_replica.__file__).parent
SECTIONS = re.findall(
    r"^## (Q\d\d+) · (.+)\n\n- Path: `([\w.]+)`", (HERE / "QUIRKS.md").read_text(), flags=re.M
)
POINTERS = {
    (number, module.stem)
    for module in HERE.glob("*.py")
    for number in re.findall(r"^\s*# QUIRK (Q\d\d+): \S", module.read_text(), flags=re.M)
}


def test_every_quirk_is_pointed_to_from_its_line() -> None:
    assert {number for number, _ in POINTERS} >= {number for number, *_ in SECTIONS}


def test_every_pointer_leads_to_a_quirk() -> None:
    assert {number for number, _ in POINTERS} <= {number for number, *_ in SECTIONS}


def test_the_engine_and_the_document_number_the_same_quirks() -> None:
    registered = [(quirk.id, quirk.title, quirk.path) for quirk in ENGINE.quirks.values()]
    assert registered == SECTIONS
    assert [number for number, *_ in SECTIONS] == [f"Q{n:02}" for n in range(1, len(SECTIONS) + 1)]


def test_every_section_says_what_it_explains() -> None:
    text = (HERE / "QUIRKS.md").read_text()
    for section in text.split("\n## ")[1:]:
        assert re.search(r"\n- What: ", section)
        assert re.search(r"\n- Complaint: ", section)


def test_a_crash_is_told_by_the_document_too() -> None:
    text = (HERE / "QUIRKS.md").read_text()
    for section in text.split("\n## ")[1:]:
        told = re.search(r"\(crash: `(\w+)`\)", section)
        assert ENGINE.quirks[section.partition(" ")[0]].crash == (told and told[1])


def test_one_path_is_one_module_that_bears_its_name() -> None:
    for path in ENGINE.paths.values():
        assert path.module == f"legacy_replica.{path.id.partition('.')[2]}"
        assert [handler.path for trigger in path.triggers for handler in ENGINE.handlers[trigger]]


@pytest.mark.parametrize(
    ("code", "expected"), [("resource_missing", "resource_missing"), (None, "gone")]
)
def test_a_stripe_error_that_leaves_a_path_is_a_refusal(code: str | None, expected: str) -> None:
    ports = FakePorts()

    def gone(id: str) -> None:
        raise StripeError("gone", code)

    ports.stripe.invoices.retrieve = gone
    (handler,) = ENGINE.handlers["invoice.marked_uncollectible"]
    with pytest.raises(Refused) as refusal:
        handler.call(ports, webhook("invoice.marked_uncollectible", {"id": "in_1"}))
    assert (refusal.value.kind, refusal.value.code) == ("StripeError", expected)


def test_any_other_exception_stays_a_crash() -> None:
    ports = FakePorts(metadata={"bad_debt_amount": "abc"})
    ports.stripe.invoices.retrieve = lambda _: type(
        "I", (), {"lines": type("L", (), {"data": ()}), "amount_paid": 0}
    )
    (handler,) = ENGINE.handlers["invoice.marked_uncollectible"]
    with pytest.raises(ValueError, match="abc"):
        handler.call(ports, webhook("invoice.marked_uncollectible", {"id": "in_1"}))
