"""The engine: every trigger means look; a person's request carries an intent besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from brain.intents import INTENTS, Intent
from brain.look import settle
from brain.mode import FULL, Mode
from brain.perform import TryLater
from brain.ports import Ports, Trigger

T = TypeVar("T")

TELLING: Mapping[str, tuple[str, ...]] = {
    # what an invoice asks for, and whether it was paid; a part paid comes as `updated`
    "invoice": (
        "finalized",
        "marked_uncollectible",
        "overdue",
        "paid",
        "payment_action_required",
        "payment_failed",
        "payment_succeeded",
        "updated",
        "voided",
    ),
    "credit_note": ("created", "updated", "voided"),
    # money that is on its way, or is taken off an invoice again; that it came, the invoice tells
    "invoice_payment": ("detached",),
    "payment_intent": ("canceled", "processing"),
    "charge": ("refund.updated", "refunded"),
    # money that left an invoice, or came back to it
    "charge.dispute": ("closed", "created", "funds_reinstated", "funds_withdrawn", "updated"),
    "refund": ("created", "failed", "updated"),
    # whether service goes on; the balance, which counts against debt, and the metadata
    "customer.subscription": ("created", "deleted", "paused", "resumed", "updated"),
    "customer": ("updated",),
    # what the nightly jobs were; the sweep is what is left of them
    "cron": (
        "ban_flagged",
        "consolidate_bad_debt",
        "flag_overdue",
        "retry_open_invoices",
        "sync_metadata",
    ),
}
"""What tells of a change that another decision may follow from, by family.

Left out is what no decision depends on: drafts (`invoice.created`, `invoice.finalization_failed`),
cards (`payment_method.*`), what has only begun (`charge.pending`, `payment_intent.created`,
`payment_intent.requires_action`), and what Stripe tells of an attempt beside the invoice's own
events (`charge.succeeded`, `payment_intent.payment_failed`). The account's segment and terms send
no event; the next look sees them.
"""

LOOKS = tuple(f"{family}.{name}" for family, names in TELLING.items() for name in names)
"""Events and jobs that mean look. It reads everything, so it does not matter which comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """Answers one trigger; `path` names it as the actor of what it does."""

    path: str
    call: Callable[[Ports, Trigger], dict[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The brain at one mode.

    handlers: trigger → what answers it.
    refusals: exceptions that are decisions, each with `kind` and `code`.
    """

    name: str
    mode: Mode
    handlers: Mapping[str, tuple[Handler, ...]]
    refusals: tuple[type[Exception], ...]

    def look(self, ports: Ports) -> None:
        """Look at the account without a trigger. Raises TryLater."""
        _look(ports, self.mode)


def handlers_of(mode: Mode) -> Mapping[str, tuple[Handler, ...]]:
    """Trigger → what answers it, at a mode."""
    looking = (Handler(path="brain.look", call=lambda ports, _: _look(ports, mode)),)
    asked = {
        trigger: (Handler(path=f"brain.{trigger}", call=_asking(intent, mode)),)
        for trigger, intent in INTENTS.items()
    }
    return {**dict.fromkeys(LOOKS, looking), "sweep": looking, **asked}


def _look(ports: Ports, mode: Mode) -> None:
    _locked(ports, lambda: settle(ports, mode))


def _asking(intent: Intent, mode: Mode) -> Callable[[Ports, Trigger], dict[str, Any] | None]:
    def asked(ports: Ports, trigger: Trigger) -> dict[str, Any] | None:
        return _locked(ports, lambda: intent(ports, trigger, mode))

    return asked


def _locked(ports: Ports, act: Callable[[], T]) -> T:
    """Act inside the account's lock. Raises TryLater where Stripe cannot even be read."""
    with ports.lock():
        try:
            return act()
        except ports.stripe.StripeError as error:
            raise TryLater("stripe-unreachable") from error


ENGINE = Engine(name="brain", mode=FULL, handlers=handlers_of(FULL), refusals=(TryLater,))
"""The brain as it is compared."""
