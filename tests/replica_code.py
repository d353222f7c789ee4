"""Whether the control's code is there: the one condition under which tests of it are skipped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.config import read_config
from tests.shadow_command import ROOT

HERE = (ROOT / "legacy_replica" / "__init__.py").is_file()

needs_replica = pytest.mark.skipif(
    not HERE, reason="the control's code was deleted: its recording answers (docs/retirement.md)"
)


def bring_control(scenarios: Path) -> None:
    """Put what the shipped table names as control where a copy of the table looks for it.

    Code is imported from where it is; a recording lies with the scenarios.
    """
    recording = read_config(ROOT / "pyproject.toml").recording
    if recording is not None:
        shutil.copy(recording, scenarios)
