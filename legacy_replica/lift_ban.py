"""`support.lift_ban` (L23, support-tools): support lets a customer in again."""

from __future__ import annotations

from typing import Any

from legacy_replica.ports import Ports, Trigger


def lift_ban(ports: Ports, _: Trigger) -> dict[str, Any] | None:
    """Remove every hold."""
    if ports.accounts.get() is None:
        return None
    # QUIRK Q88: holds of any reason, one for fraud too
    # QUIRK Q89: the flag and since stay, and nothing tells the nightly job to spare the account
    ports.enforcement.clear_holds()
    return {"status": 200}
