"""`--hypothesis-profile=nightly` asks every law of generated accounts a hundred times as often."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile(
    "nightly", max_examples=100 * settings.get_profile("default").max_examples
)
