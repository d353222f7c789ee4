"""`--hypothesis-profile=nightly` asks every law of generated accounts a hundred times as often."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile(
    "nightly", max_examples=100 * settings.get_profile("default").max_examples
)


def pytest_configure() -> None:
    """Forget how wide somebody's terminal is: what a test prints is as wide as a log."""
    os.environ.pop("COLUMNS", None)
