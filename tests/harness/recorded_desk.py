"""A project around the loan desk that records: events of its members, and files of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.harness.toy_project import CONFIG, DESK, project

DAY = 86_400
START = 1_772_445_600  # 2026-03-02T10:00:00Z
KEY = "a key of sixteen bytes or more"


def recording_project(folder: Path, **scenarios: str) -> Path:
    """Write a project whose kit has a recorder; returns its configuration file."""
    config = project(folder, **scenarios)
    config.write_text(CONFIG.replace("desk_world.kit", "desk_recording"))
    link = folder / "desk_recording.py"
    if not link.exists():
        link.symlink_to(DESK / "desk_recording.py")
    (folder / "key").write_text(KEY)
    return config


def event(
    type: str, loan: str = "ln_1", *, day: int = 0, member: str = "m_1", **more: Any
) -> dict[str, Any]:
    """An event of a day; what is neither `id` nor `request` is its object's."""
    named = {
        "id": more.pop("id", f"evt_{day}_{type}_{loan}"),
        "request": more.pop("request", None),
    }
    created = START + day * DAY + more.pop("second", 0)
    body = {"id": loan, "due": START, **more}
    return {
        "object": "event", "type": type, "created": created, "member": member, **named,
        "data": {"object": body},
    }  # fmt: skip


def late(day: int = 3, **more: Any) -> dict[str, Any]:
    """The library's own news that a loan came back some days after it was due."""
    return event("loan.returned", day=day, returned_at=START + day * DAY, fined=False, **more)


def fined(day: int = 3, *, request: str | None = "req_1", **more: Any) -> dict[str, Any]:
    """News that somebody marked the loan as fined, as the control does by itself."""
    body = {"returned_at": START + day * DAY, "fined": True, **more}
    return event("loan.fined", day=day, request=request, **{"second": 1, **body})


def lines(file: Path, events: Sequence[Mapping[str, Any]]) -> Path:
    """Write events as JSON Lines."""
    file.write_text("".join(json.dumps(one) + "\n" for one in events))
    return file
