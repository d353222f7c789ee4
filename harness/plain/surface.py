"""What the methods of a plain world's ports touch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Touch(NamedTuple):
    """Meets `harness.audit.described.Touch`."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    outside: bool = False


def surface(stores: Iterable[str]) -> dict[str, Touch]:
    """Every method of the ports: of each store, and those that stand beside the stores."""
    found = {
        "send": Touch(outside=True),
        "emit": Touch(outside=True),
        "reason": Touch(),
        "refuse": Touch(),
        "lock": Touch(),
    }
    for store in stores:
        for name in ("get", "items"):
            found[f"{store}.{name}"] = Touch(reads=(store,))
        for name in ("add", "update", "remove"):
            found[f"{store}.{name}"] = Touch(writes=(store,))
    return found
