"""The guide to scenario files: its example is one, and it replays as it says."""

from __future__ import annotations

import re
from pathlib import Path

from harness.compose import compose
from harness.document import parse_document
from harness.model import Free
from harness.run import replay
from harness.scenario_file import Vocabulary, scenario_of
from tests.replica_code import needs_replica

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "scenarios" / "README.md").read_text()


@needs_replica
def test_the_example_is_a_scenario_that_replays_to_its_own_end() -> None:
    composition = compose(ROOT / "pyproject.toml", ())
    found = re.search(r"```yaml\n(.*?)```", GUIDE, re.S)
    assert found is not None
    document = parse_document(found[1].encode(), "paid-but-still-blocked.yaml")
    vocabulary = Vocabulary(kit=composition.kit, quirks=composition.control.engine.quirks)

    episodes, free = replay(composition.setup(), scenario_of(document, vocabulary))

    assert [episode.act for episode in episodes] == [
        "look",
        "stripe.invoice_pay_succeeds",
        "api.billing_state",
        "deliver invoice.payment_succeeded",
        "held invoice.paid",
    ]
    assert not [finding for episode in episodes for finding in episode.findings]
    assert (free.outcome, free.then, free.broken) == (Free.KEPT, (), ())


def test_every_kind_of_item_is_explained() -> None:
    for kind in ("act", "deliver", "hold", "webhook", "together", "moot", "excused", "after"):
        assert f"`{kind}" in GUIDE, kind
