"""The ports as the replica uses them: only what these paths call, nothing more.

Rows and Stripe objects are `Any`, as they were in the original, which read them untyped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Clock(Protocol):
    def now(self) -> int: ...


class Accounts(Protocol):
    def get(self) -> Any: ...


class Rows(Protocol):
    """One row of a database: PostgreSQL's billing row or the customer service's."""

    def get(self) -> Any: ...
    def update(self, **fields: Any) -> Any: ...


class StripeCustomers(Protocol):
    def retrieve(self) -> Any: ...
    def update(self, *, metadata: dict[str, str]) -> Any: ...


class StripeInvoices(Protocol):
    def list(self, *, status: str) -> tuple[Any, ...]: ...
    def retrieve(self, id: str) -> Any: ...
    def pay(self, id: str, *, payment_method: str) -> Any: ...


class StripeSubscriptions(Protocol):
    def retrieve(self, id: str) -> Any: ...


class Stripe(Protocol):
    """`CardError` and `StripeError` are the exception types that the calls raise."""

    CardError: Any
    StripeError: Any

    @property
    def customers(self) -> StripeCustomers: ...
    @property
    def invoices(self) -> StripeInvoices: ...
    @property
    def subscriptions(self) -> StripeSubscriptions: ...


class Entitlements(Protocol):
    def list(self) -> tuple[Any, ...]: ...
    def set_status(self, id: str, status: str, *, reason: str | None = None) -> Any: ...


class Enforcement(Protocol):
    def put_hold(self, kind: str, reason: str) -> Any: ...
    def clear_holds(self) -> Any: ...


class Ports(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def billing_db(self) -> Rows: ...
    @property
    def customer(self) -> Rows: ...
    @property
    def stripe(self) -> Stripe: ...
    @property
    def entitlements(self) -> Entitlements: ...
    @property
    def enforcement(self) -> Enforcement: ...


class Trigger(Protocol):
    """`event` is a Stripe event as a plain dict, None for whatever is no webhook."""

    @property
    def name(self) -> str: ...
    @property
    def args(self) -> Mapping[str, Any]: ...
    @property
    def event(self) -> Any: ...
