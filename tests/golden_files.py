"""Golden files: whole outputs as people see them, in tests/golden."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
UPDATE = "SHADOW_UPDATE_GOLDEN"
"""Set to 1, golden files are written anew; read the difference before you commit it."""


def golden(name: str, actual: str) -> None:
    """Compare an output with its golden file, byte by byte."""
    file = FOLDER / name
    text = actual + "\n"
    if os.environ.get(UPDATE) == "1":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"{file} is missing: run the tests once with {UPDATE}=1"
    assert text == file.read_text(encoding="utf-8"), f"{name} changed: see {UPDATE} in README.md"
