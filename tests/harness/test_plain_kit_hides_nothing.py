"""Strangers' kits and candidates that are sly, or careless: each closes the gate by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.test_plain_kit import FILES, SEND, TAKE, edited, gate
from tests.shadow_command import shadow


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, with every cell pinned."""
    folder = tmp_path_factory.mktemp("hall")
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert shadow("lint", "--write", at=folder).returncode == 0
    return folder


LEFT = "def left(ports, trigger):"
ONE, EACH = 'trigger.event["id"]', "for k, r in ports.seats.items()"
FORCE = "msgspec.structs.force_setattr"
SLY = {
    "swallows a look at the clock": (
        TAKE,
        f"{TAKE}\n        try: import time; time.time()\n        except BaseException: pass",
        "trap-sprung",
    ),
    "answers what is still to come": ("return {", "return (x for x in ()) or {", "crashed"),
    "edits a row that it was shown": (
        TAKE,
        f"{TAKE}; import msgspec; {FORCE}(ports.seats.get('a8'), 'taken_by', '')",
        "differs-from-itself",
    ),
    "remembers what it did": (
        LEFT,
        f"DONE = []\n{LEFT}\n    {ONE} in DONE and ports.refuse('done')\n    DONE.append({ONE})",
        "differs-from-itself",
    ),
    "tells rows apart by identity": (
        LEFT,
        f"ROWS = {{}}\n{LEFT}\n    {EACH}: ROWS.setdefault(k, r) is r or ports.reason('moved')",
        "differs-from-itself",
    ),
}


@pytest.mark.parametrize("how", SLY)
def test_a_sly_candidate_closes_the_gate_by_name(how: str, hall: Path, tmp_path: Path) -> None:
    old, new, told = SLY[how]

    code, verdict, text = gate(edited(hall, tmp_path, "new.py", old, new))

    assert (code, verdict["gate"]) == (1, "closed")
    assert told in text


@pytest.mark.parametrize(
    ("hides", "new", "told"),
    [
        (
            "for _, one in view.answers: one.pop('seat', None)",
            ('{"seat": seat}', '{"seat": who}'),
            "response.seat",
        ),
        (
            "for one in view.calls: one.params.pop('seat', None)",
            (SEND, SEND.replace("=seat", "=who")),
            "effects.ann",
        ),
    ],
)
def test_what_a_kit_does_to_what_it_is_shown_hides_no_difference(
    hides: str, new: tuple[str, str], told: str, hall: Path, tmp_path: Path
) -> None:
    """A kit that leaves a figure out before it compares is common; it must have its own copy."""
    outcome = "def outcome(view):"
    copy = edited(hall, tmp_path, "hall.py", outcome, f"{outcome}\n    {hides}")
    file = copy / "new.py"
    file.write_text(file.read_text().replace(*new))

    code, verdict, text = gate(copy)

    assert (code, verdict["gate"]) == (1, "closed")
    assert told in text


def test_an_invariant_that_edits_what_it_is_shown_hides_no_difference(
    hall: Path, tmp_path: Path
) -> None:
    pops = "[one.params.pop('seat', None) for one in facts.calls]"
    crowded = "def crowded(facts):"
    copy = edited(hall, tmp_path, "hall.py", crowded, f"{crowded}\n    {pops}")
    for file, old, new in (
        ("new.py", SEND, SEND.replace("=seat", "=who")),
        ("hall.py", 'seats", crowded)', 'seats", crowded, every_effect=True)'),
    ):
        text = (copy / file).read_text()
        assert old in text
        (copy / file).write_text(text.replace(old, new))

    code, _, text = gate(copy)

    assert code == 1
    assert "effects.ann" in text


def test_every_handlers_answer_to_an_act_is_compared(hall: Path, tmp_path: Path) -> None:
    more = "[reserve.reserve, reserve.more],"
    copy = edited(hall, tmp_path, "old/__init__.py", "reserve.reserve,", more)
    for file, answer in (("old/reserve.py", 1), ("new.py", 2)):
        text = (copy / file).read_text()
        again = f"\ndef more(ports, trigger):\n    return {{'more': {answer}}}\n"
        (copy / file).write_text(again + text.replace(": reserve,", ": [reserve, more],"))

    _, verdict, text = gate(copy)

    assert verdict["totals"]["DIVERGE"] == 8
    assert "response.answers" in text


@pytest.mark.parametrize("said", ["entitled=lambda view: [1]", "entitled=lambda view: 'abc'",
                                  "harm=lambda one, other: [1]"])  # fmt: skip
def test_what_a_kit_says_in_words_must_be_words(said: str, hall: Path, tmp_path: Path) -> None:
    copy = edited(hall, tmp_path, "hall.py", "outcome=outcome,", f"outcome=outcome, {said},")

    done = shadow("run", at=copy)

    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    assert "a list of texts is needed" in done.stdout
