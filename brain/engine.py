"""The engine: every trigger means look; a person's request carries an intent besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from brain.intents import INTENTS, Intent, NotInThisMode
from brain.look import MODES, Mode, settle
from brain.perform import TryLater
from brain.ports import Ports, Trigger

LOOKS = (
    *(
        f"invoice.{name}"
        for name in (
            "finalized",
            "marked_uncollectible",
            "overdue",
            "paid",
            "payment_action_required",
            "payment_failed",
            "payment_succeeded",
            "updated",
            "voided",
        )
    ),
    *(
        f"customer.subscription.{name}"
        for name in ("created", "deleted", "paused", "resumed", "updated")
    ),
    *(f"charge.dispute.{name}" for name in ("closed", "created", "updated")),
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.refunded",
    "credit_note.created",
    "credit_note.updated",
    "credit_note.voided",
    "payment_intent.canceled",
    "payment_intent.processing",
    "refund.failed",
    "refund.updated",
    "cron.ban_flagged",
    "cron.consolidate_bad_debt",
    "cron.flag_overdue",
    "cron.retry_open_invoices",
    "cron.sync_metadata",
    "sweep",
)
"""Triggers that may change a decision: what Stripe says, what the nightly jobs were, the sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """Answers one trigger; `path` names it as the actor of what it does."""

    path: str
    call: Callable[[Ports, Trigger], dict[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The brain at one mode: observe, reconcile, lift or full.

    refusals: exceptions that are decisions, each with `kind` and `code`.
    """

    name: str = "brain"
    mode: Mode
    handlers: Mapping[str, tuple[Handler, ...]] = field(repr=False)
    refusals: tuple[type[Exception], ...] = (TryLater, NotInThisMode)

    def look(self, ports: Ports) -> None:
        """Look at the account without a trigger. Raises TryLater."""
        _look(ports, self.mode)


def engine(mode: str) -> Engine:
    """The brain at a mode; KeyError for a mode that does not exist."""
    chosen = MODES[mode]
    looking = (Handler(path="brain.look", call=lambda ports, _: _look(ports, chosen)),)
    handlers: dict[str, tuple[Handler, ...]] = dict.fromkeys(LOOKS, looking)
    for trigger, intent in INTENTS.items():
        handlers[trigger] = (Handler(path=f"brain.{trigger}", call=_asking(intent, chosen)),)
    return Engine(mode=chosen, handlers=handlers)


def _look(ports: Ports, mode: Mode) -> None:
    with ports.lock():
        settle(ports, mode)


def _asking(intent: Intent, mode: Mode) -> Callable[[Ports, Trigger], dict[str, Any] | None]:
    def asked(ports: Ports, trigger: Trigger) -> dict[str, Any] | None:
        with ports.lock():
            return intent(ports, trigger, mode)

    return asked


ENGINE = engine("full")
"""The brain as it is compared."""
