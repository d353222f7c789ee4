"""The bad debt that is kept in the Stripe customer's metadata, where every value is a string."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

DELETE = ""  # Stripe deletes a metadata key that is set to the empty string


def debt_amount(metadata: Mapping[str, str]) -> int:
    """Read the debt in minor units, of whatever currency; 0 where there is none."""
    amount = 0
    # QUIRK Q15: the next payment wipes an amount that cannot be read
    # QUIRK Q24: Pay Now says that nothing is owed
    # QUIRK Q28: the page hides Pay Now
    with suppress(ValueError):
        amount = int(metadata.get("bad_debt_amount", 0))
    return amount
