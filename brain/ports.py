"""What the brain asks of the outside: one Protocol a port. Adapters live elsewhere.

A port raises; it never answers "maybe". Exceptions are attributes of the port, as PEP 249 has it,
so that the brain needs no import of an adapter or of Stripe's SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from brain import rows, stripe_rows


class StripeFailure(Exception):
    """The shape of Stripe's errors; only for typing, nothing raises it."""

    message: str
    code: str | None
    decline_code: str | None
    http_status: int | None
    payment_intent: stripe_rows.PaymentIntent | None


class Clock(Protocol):
    def now(self) -> int:
        """UTC epoch seconds."""


class Accounts(Protocol):
    def get(self) -> rows.Account | None: ...


class BillingDbPort(Protocol):
    def get(self) -> rows.BillingDb | None: ...
    def update(self, *, expect: Any = None, **fields: Any) -> rows.BillingDb: ...


class CustomerPort(Protocol):
    def get(self) -> rows.Customer | None: ...
    def update(self, *, expect: Any = None, **fields: Any) -> rows.Customer: ...


class StripeCustomers(Protocol):
    def retrieve(self) -> stripe_rows.StripeCustomer: ...
    def update(self, *, metadata: dict[str, str] | None = None) -> stripe_rows.StripeCustomer: ...


class Invoices(Protocol):
    def list(self) -> tuple[stripe_rows.Invoice, ...]: ...
    def retrieve(self, id: str) -> stripe_rows.Invoice: ...
    def pay(
        self,
        id: str,
        *,
        payment_method: str | None = None,
        paid_out_of_band: bool = False,
        metadata: dict[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> stripe_rows.Invoice: ...
    def void_invoice(self, id: str) -> stripe_rows.Invoice: ...
    def mark_uncollectible(self, id: str) -> stripe_rows.Invoice: ...


class CreditNotes(Protocol):
    def create(
        self,
        *,
        invoice: str,
        amount: int,
        memo: str | None = None,
        metadata: dict[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> stripe_rows.CreditNote: ...
    def list(self) -> tuple[stripe_rows.CreditNote, ...]: ...


class Subscriptions(Protocol):
    def list(self) -> tuple[stripe_rows.Subscription, ...]: ...
    def retrieve(self, id: str) -> stripe_rows.Subscription: ...
    def cancel(
        self,
        id: str,
        *,
        prorate: bool = False,
        invoice_now: bool = False,
        idempotency_key: str | None = None,
    ) -> stripe_rows.Subscription: ...


class PaymentIntents(Protocol):
    def list(self) -> tuple[stripe_rows.PaymentIntent, ...]: ...
    def retrieve(self, id: str) -> stripe_rows.PaymentIntent: ...


class Charges(Protocol):
    def list(self) -> tuple[stripe_rows.Charge, ...]: ...


class Refunds(Protocol):
    def list(self) -> tuple[stripe_rows.Refund, ...]: ...


class Disputes(Protocol):
    def list(self) -> tuple[stripe_rows.Dispute, ...]: ...


class Stripe(Protocol):
    @property
    def customers(self) -> StripeCustomers: ...
    @property
    def invoices(self) -> Invoices: ...
    @property
    def credit_notes(self) -> CreditNotes: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def payment_intents(self) -> PaymentIntents: ...
    @property
    def charges(self) -> Charges: ...
    @property
    def refunds(self) -> Refunds: ...
    @property
    def disputes(self) -> Disputes: ...
    @property
    def StripeError(self) -> type[StripeFailure]: ...
    @property
    def CardError(self) -> type[StripeFailure]: ...


class Entitlements(Protocol):
    def list(self) -> tuple[rows.Grant, ...]: ...
    def set_status(self, id: str, status: str, *, reason: str | None = None) -> rows.Grant: ...


class EnforcementPort(Protocol):
    def get(self) -> rows.Enforcement: ...
    def put_hold(self, kind: str, reason: str) -> Any: ...
    def remove_hold(self, kind: str, reason: str) -> Any: ...
    def set_override(self, until: int, *, by: str) -> Any: ...


class Cases(Protocol):
    def list(self) -> tuple[rows.Case, ...]: ...
    def open(self, kind: str, object: str, **detail: int | str | bool | None) -> Any: ...


class Ports(Protocol):
    """Everything the brain can see of one account."""

    @property
    def clock(self) -> Clock: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def billing_db(self) -> BillingDbPort: ...
    @property
    def customer(self) -> CustomerPort: ...
    @property
    def stripe(self) -> Stripe: ...
    @property
    def entitlements(self) -> Entitlements: ...
    @property
    def enforcement(self) -> EnforcementPort: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def StaleWrite(self) -> type[Exception]: ...

    def lock(self) -> AbstractContextManager[Any]:
        """The account's lock; whoever holds it is the only engine that acts."""

    def reason(self, rule: str, **figures: Any) -> Any:
        """Note a rule that fired, with its figures."""


class Trigger(Protocol):
    """Why the brain was woken: for a person's request, what was asked."""

    @property
    def name(self) -> str: ...
    @property
    def args(self) -> Mapping[str, Any]: ...
