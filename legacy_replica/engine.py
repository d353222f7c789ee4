"""The legacy engine: its paths, where each came from, and the faults each is known for.

This module registers and nothing else. A Stripe error that leaves a path is a decision of the
original too (it answered with it), so the registry turns it into `Refused`; any other exception
is a crash and stays one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from legacy_replica.billing_state import billing_state
from legacy_replica.invoice_marked_uncollectible import invoice_marked_uncollectible
from legacy_replica.invoice_payment_succeeded import invoice_payment_succeeded
from legacy_replica.invoice_voided import invoice_voided
from legacy_replica.pay_bad_debt import pay_bad_debt
from legacy_replica.ports import Ports, Trigger

Call = Callable[[Ports, Trigger], dict[str, Any] | None]


class Refused(Exception):
    """A port's Stripe error that left a path: `kind` is its type, `code` its code or message."""

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(f"{kind}: {code}")
        self.kind = kind
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    path: str
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A piece of legacy code that is to be deleted, and the stores it reads and writes."""

    id: str
    module: str
    triggers: tuple[str, ...]
    origin: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """A fault kept on purpose; `crash` names the exception that it lets escape."""

    id: str
    title: str
    path: str
    crash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    name: str
    handlers: Mapping[str, tuple[Handler, ...]]
    refusals: tuple[type[Exception], ...]
    paths: Mapping[str, Path]
    quirks: Mapping[str, Quirk]


def _refusing(call: Call) -> Call:
    """Wrap a handler: a Stripe error that leaves it is raised as `Refused`."""

    def refusing(ports: Ports, trigger: Trigger) -> dict[str, Any] | None:
        try:
            return call(ports, trigger)
        except ports.stripe.StripeError as error:
            raise Refused(type(error).__name__, error.code or error.message) from error

    return refusing


_WEBHOOKS = "billing-webhooks"
_API = "subscriptions-api"

# path, call, trigger, origin, stores read, stores written
_REGISTRY: tuple[tuple[str, Call, str, str, str, str], ...] = (
    (
        "webhook.invoice_marked_uncollectible",
        invoice_marked_uncollectible,
        "invoice.marked_uncollectible",
        _WEBHOOKS,
        "invoices stripe_metadata customer entitlements",
        "stripe_metadata billing_db customer entitlements enforcement",
    ),
    (
        "webhook.invoice_payment_succeeded",
        invoice_payment_succeeded,
        # QUIRK Q16: `invoice.paid`, which payments out of band send too, is not listened to
        "invoice.payment_succeeded",
        _WEBHOOKS,
        "stripe_metadata invoices entitlements",
        "billing_db customer stripe_metadata enforcement entitlements",
    ),
    (
        "webhook.invoice_voided",
        invoice_voided,
        "invoice.voided",
        _WEBHOOKS,
        "invoices",
        "customer",
    ),
    (
        "api.pay_bad_debt",
        pay_bad_debt,
        "api.pay_bad_debt",
        _API,
        "billing_db stripe_metadata invoices",
        "invoices stripe_metadata",
    ),
    (
        "api.billing_state",
        billing_state,
        "api.billing_state",
        _API,
        "billing_db stripe_metadata invoices",
        "",
    ),
)

# path → number and title of each fault, as QUIRKS.md has them
_QUIRKS: Mapping[str, Mapping[str, str]] = {
    "webhook.invoice_marked_uncollectible": {
        "Q01": "An amount with a thousands separator stops the handler",
        "Q02": "The same event delivered twice adds the debt twice",
        "Q03": "The written-off invoice keeps its face amount",
        "Q04": "Credit notes, refunds, discounts and taxes are not looked at",
        "Q05": "Days run on past the end of the period",
        "Q06": "A debt of 0 flags and blocks",
        "Q07": "Every paid product is suspended, whichever invoice is unpaid",
        "Q08": "Every segment is flagged and blocked alike, at once",
        "Q31": "A further write-off dates the block anew",
    },
    "webhook.invoice_payment_succeeded": {
        "Q09": "Paying a consolidated invoice lifts holds of every reason",
        "Q10": "Paying a consolidated invoice leaves products suspended",
        "Q11": "A payment at face is taken from a debt that is not at face",
        "Q12": "Paying an invoice leaves the flag, since and the block",
        "Q13": "A payment of 0 forgets the failed attempts",
        "Q14": "An active subscription gives its products back, whatever is owed",
        "Q15": "The next payment wipes an amount that cannot be read",
        "Q16": "A payment out of band is never seen",
    },
    "webhook.invoice_voided": {
        "Q17": "Uncollectible invoices do not count as unpaid",
        "Q18": "Voiding the last invoice forgets since and nothing else",
    },
    "api.pay_bad_debt": {
        "Q19": "Paying through Pay Now leaves the flag, since and the block",
        "Q20": "Pay Now pays the oldest open invoice, never the one in bad debt",
        "Q21": "Pay Now needs a payment method on file",
        "Q22": "The secret to confirm a payment is dropped",
        "Q23": "A payment that is still processing counts as paid",
        "Q24": "Pay Now finds no debt in an amount that cannot be read",
        "Q25": "A consolidated invoice that is void or paid is still paid",
        "Q26": "Paying one invoice deletes the debt of all",
    },
    "api.billing_state": {
        "Q27": "The page never offers an uncollectible invoice",
        "Q28": "The page hides Pay Now for an amount that cannot be read",
        "Q29": "The amount shown is not what the invoice charges",
        "Q30": "Pay Now is shown or hidden by stale flags",
    },
}

_CRASHES: Mapping[str, str] = {"Q01": "ValueError"}

ENGINE = Engine(
    name="legacy_replica",
    handlers={
        trigger: (Handler(path=path, call=_refusing(call)),)
        for path, call, trigger, *_ in _REGISTRY
    },
    refusals=(Refused,),
    paths={
        path: Path(
            id=path,
            module=call.__module__,
            triggers=(trigger,),
            origin=origin,
            reads=tuple(reads.split()),
            writes=tuple(writes.split()),
        )
        for path, call, trigger, origin, reads, writes in _REGISTRY
    },
    quirks={
        id_: Quirk(id=id_, title=title, path=path, crash=_CRASHES.get(id_))
        for id_, path, title in sorted(
            (id_, path, title) for path, titles in _QUIRKS.items() for id_, title in titles.items()
        )
    },
)
