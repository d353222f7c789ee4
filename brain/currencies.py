"""The table of currencies: what Stripe can charge at least, and the step an amount must have.

Rows are (minimum, unit) in minor units. Minimums are Stripe's minimum charge amounts; currencies
of three decimals must end in 0, and ISK and UGX are written with two decimals that must be 00. A
currency without a row is never enforced. To support one, add its row.
"""

from __future__ import annotations

from collections.abc import Mapping

ROWS: Mapping[str, tuple[int, int]] = {
    "aud": (50, 1),
    "cad": (50, 1),
    "chf": (50, 1),
    "dkk": (250, 1),
    "eur": (50, 1),
    "gbp": (30, 1),
    "hkd": (400, 1),
    "inr": (50, 1),
    "jpy": (50, 1),
    "kwd": (160, 10),
    "mxn": (1000, 1),
    "nok": (300, 1),
    "pln": (200, 1),
    "sek": (300, 1),
    "sgd": (50, 1),
    "usd": (50, 1),
}

UNITS: Mapping[str, int] = {"bhd": 10, "isk": 100, "jod": 10, "omr": 10, "tnd": 10, "ugx": 100}
"""Units of currencies whose minimum nobody has looked up: their debt is computed, not enforced."""
