"""Houses: what two small engines decide of, so that what grows is the harness and little else.

They are those of docs/own-engines.md, read from there.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

from alone import ROOT

GUIDE = ROOT / "docs" / "own-engines.md"
WRITTEN = re.compile(r"^`(?P<name>[\w./-]+)`\n\n```\w+\n(?P<text>.*?)^```$", re.M | re.S)
SETTLED = ("pyproject.toml", "house.py", "new.py", "old/", "scenarios/gate.yaml")
"""What of the guide a project needs that replays; its scenarios and rulings are left out."""

ACTS = 3
DIAL_TURNED = 0.05
"""Of so many acts the two engines make something else."""


def project(folder: Path) -> None:
    """Write both engines, their world, and what introduces them."""
    for block in WRITTEN.finditer(GUIDE.read_text("utf-8")):
        if block["name"].startswith(SETTLED):
            file = folder / block["name"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["text"], "utf-8")


def street(folder: Path, houses: int, seed: int) -> Path:
    """A file of houses, each with a room in which three things happen."""
    file = folder / f"{houses}.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for number in range(1, houses + 1):
            stream.write(json.dumps(house(number, seed), separators=(",", ":")) + "\n")
    return file


def house(number: int, seed: int) -> dict[str, Any]:
    """A house of a seed, the same whoever asks."""
    draw = random.Random(f"{seed} {number}")  # noqa: S311  # nobody guards a secret
    return {
        "id": f"house-{seed}-{number}",
        "title": "A room through a morning",
        "provenance": {"kind": "simulated", "source": f"benchmark, seed {seed}, house {number}"},
        "given": {
            "now": "2026-03-02T06:00:00Z",
            "rooms": {"living": {"celsius": draw.randint(10, 24), "wanted": draw.randint(15, 23)}},
        },
        "when": [{"at": f"+{hour}h", **_act(draw)} for hour in range(1, ACTS + 1)],
    }


def _act(draw: random.Random) -> dict[str, Any]:
    if draw.random() < DIAL_TURNED:
        return {"act": "dial.turn", "room": "living", "to": draw.randint(4, 31)}
    celsius, is_open = draw.randint(10, 24), draw.random() < 0.1
    return {"act": "room.measures", "room": "living", "celsius": celsius, "window_open": is_open}
