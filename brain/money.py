"""Money: integers of the minor unit beside a currency; amounts of two currencies never meet."""

from __future__ import annotations

from brain.currencies import ROWS, UNITS


def minimum(currency: str) -> int | None:
    """Least amount that can be charged, minor units; None for a currency without a row."""
    row = ROWS.get(currency)
    return None if row is None else row[0]


def unit(currency: str) -> int:
    """Step that every amount of the currency has, minor units."""
    row = ROWS.get(currency)
    return UNITS.get(currency, 1) if row is None else row[1]


def strict(text: object, currency: str) -> int | None:
    """Read an amount that somebody kept as text: digits only and in the currency's step, or None.

    "12.50", "1,250", "-3" and "" are no amounts: guessing what they meant has cost money before.
    """
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()):
        return None
    amount = int(text)
    return amount if amount % unit(currency) == 0 else None
