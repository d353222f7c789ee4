"""`cron.ban_flagged` (L10, billing-jobs, every night at 03:00): bans who was flagged for long."""

from __future__ import annotations

from legacy_replica.ports import Ports, Trigger

PATIENCE = 30 * 86_400  # seconds


def ban_flagged(ports: Ports, _: Trigger) -> None:
    """Ban the account for dunning, if it has been flagged for more than 30 days."""
    if ports.accounts.get() is None:
        return
    if not ports.billing_db.get().bad_debt:
        return
    since = ports.customer.get().bad_debt_since
    if since is None:
        # QUIRK Q64: flagged for ever, and never banned
        return
    # QUIRK Q67: more than 30 days, so not yet in the second in which they are over
    if ports.clock.now() - since <= PATIENCE:
        return
    # QUIRK Q68: business is given no more days than pro, and a new contract is not seen here
    if ports.customer.get().segment == "enterprise":
        return
    if any(hold.kind == "ban" for hold in ports.enforcement.get().holds):
        return
    # QUIRK Q66: what is left here are blocks, those for fraud or abuse too
    ports.enforcement.clear_holds()
    # QUIRK Q65: nobody has asked whether anything is owed
    ports.enforcement.put_hold("ban", "dunning")
