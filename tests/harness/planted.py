"""The loan desk's project in a folder of its own, with faults planted in engines or world."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from tests.harness.toy_project import CONFIG, DESK, POLICY

ROOT = Path(__file__).parents[2]
CANDIDATE = "desk_candidate/engine.py"
PAY, RETURNED = "desk_control/pay.py", "desk_control/returned.py"
PACKAGES = ("desk_control", "desk_candidate", "desk_world")

Edits = Mapping[str, tuple[tuple[str, str], ...]]
"""File → (text, the text in its place); an empty text stands for the file's end."""


def planted(
    folder: Path,
    patch: pytest.MonkeyPatch,
    *,
    edits: Edits | None = None,
    config: str = CONFIG,
    policy: str = POLICY,
    **files: str,
) -> Path:
    """Write the project, with `files` below `scenarios`, and go there. Returns its folder.

    Raises:
        AssertionError: what is to be replaced does not stand there exactly once.
    """
    for package in PACKAGES:
        copy = folder / package
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(DESK / package, copy, ignore=lambda *_: ["__pycache__"])
    for name, pairs in (edits or {}).items():
        edit(folder / name, *pairs)
    for name, text in {"gate.yaml": policy, **files}.items():
        file = folder / "scenarios" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "pyproject.toml").write_text(config)
    patch.chdir(folder)
    patch.setenv("PYTHONPATH", str(ROOT))  # for the second process
    patch.setattr(sys, "path", [str(folder), *sys.path])
    return folder


def edit(file: Path, *pairs: tuple[str, str]) -> None:
    text = file.read_text() if file.exists() else ""
    for old, new in pairs:
        assert not old or text.count(old) == 1, f"{old!r} is not once in {file.name}"
        text = text.replace(old, new) if old else text + new
    file.write_text(text)


def said(*args: str) -> tuple[int, Any]:
    """A command's exit code and the JSON document that it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([*args, "--json"])
    return code, json.loads(out.getvalue())


def by_id(document: Any) -> dict[str, Any]:
    return {one["id"]: one for one in document["scenarios"]}


def outcomes(scenario: Any) -> list[str]:
    return [cell["outcome"] for cell in scenario["cells"]]


def cell_slugs(scenario: Any) -> set[str]:
    return {finding["slug"] for cell in scenario["cells"] for finding in cell["findings"]}
