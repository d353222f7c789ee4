"""Ports that remember what was called: a handful of rows, no rules of Stripe's."""

from __future__ import annotations

from types import SimpleNamespace as Row
from typing import Any

DAY = 86_400
NOW = 100 * DAY


class StripeError(Exception):
    def __init__(self, message: str, code: str | None = None, decline_code: str | None = None):
        super().__init__(message)
        self.message, self.code, self.decline_code = message, code, decline_code


class CardError(StripeError):
    pass


class InvalidRequestError(StripeError):
    pass


class Store:
    """One row; `log` gets every write."""

    def __init__(self, name: str, log: list[Any], row: Row) -> None:
        self.name, self.log, self.row = name, log, row

    def get(self) -> Row:
        return self.row

    def update(self, **fields: Any) -> None:
        self.log.append((self.name, fields))
        vars(self.row).update(fields)


class Customers:
    def __init__(self, log: list[Any], metadata: dict[str, str], method: str | None) -> None:
        self.log, self.metadata, self.method = log, metadata, method

    def retrieve(self) -> Row:
        settings = Row(default_payment_method=self.method)
        return Row(metadata=dict(self.metadata), invoice_settings=settings)

    def update(self, *, metadata: dict[str, str]) -> None:
        self.log.append(("stripe_metadata", metadata))
        merged = {**self.metadata, **metadata}
        self.metadata = {key: value for key, value in merged.items() if value}


class Invoices:
    """`error` is raised by every payment, `errors` has those of "verb id"."""

    def __init__(
        self,
        log: list[Any],
        rows: tuple[Row, ...],
        error: Exception | None,
        errors: dict[str, Exception],
    ) -> None:
        self.log, self.rows, self.error, self.errors = log, rows, error, errors

    def list(self, *, status: str | None = None) -> tuple[Row, ...]:
        rows = sorted(self.rows, key=lambda row: (getattr(row, "created", 0), row.id))
        return tuple(row for row in rows if status in (None, row.status))

    def retrieve(self, id: str) -> Row:
        for row in self.rows:
            if row.id == id:
                return row
        raise InvalidRequestError(f"No such invoice: '{id}'", code="resource_missing")

    def pay(self, id: str, *, payment_method: str | None = None) -> None:
        self._do("pay", id, payment_method=payment_method)
        if self.error is not None:
            raise self.error

    def void_invoice(self, id: str) -> None:
        self._do("void_invoice", id)

    def mark_uncollectible(self, id: str) -> None:
        self._do("mark_uncollectible", id)

    def create(self, **fields: Any) -> Row:
        self.log.append(("invoices.create", fields))
        return Row(id="in_new")

    def finalize_invoice(self, id: str) -> None:
        self._do("finalize_invoice", id)

    def _do(self, verb: str, id: str, **params: Any) -> None:
        self.log.append((f"invoices.{verb}", {"id": id, **params}))
        if f"{verb} {id}" in self.errors:
            raise self.errors[f"{verb} {id}"]


class Entitlements:
    def __init__(self, log: list[Any], grants: tuple[Row, ...]) -> None:
        self.log, self.grants = log, grants

    def list(self) -> tuple[Row, ...]:
        return self.grants

    def set_status(self, id: str, status: str, *, reason: str | None = None) -> None:
        self.log.append(("entitlements", {"id": id, "status": status, "reason": reason}))


class Enforcement:
    def __init__(self, log: list[Any], holds: tuple[Row, ...]) -> None:
        self.log, self.holds = log, holds

    def get(self) -> Row:
        return Row(holds=self.holds)

    def put_hold(self, kind: str, reason: str) -> None:
        self.log.append(("enforcement", {"hold": f"{kind}/{reason}"}))

    def clear_holds(self) -> None:
        self.log.append(("enforcement", {"hold": None}))


class FakePorts:
    """The ports of one account; `log` holds what was written, in order."""

    def __init__(
        self,
        *,
        account: bool = True,
        flag: bool = False,
        since: int | None = None,
        metadata: dict[str, str] | None = None,
        method: str | None = "pm_1",
        invoices: tuple[Row, ...] = (),
        grants: tuple[Row, ...] = (),
        subscriptions: dict[str, str] | None = None,
        pay_error: Exception | None = None,
        errors: dict[str, Exception] | None = None,
        cached: int | None = None,
        segment: str | None = "pro",
        holds: tuple[Row, ...] = (),
        attempts: int = 0,
        charges: dict[str, str | None] | None = None,
    ) -> None:
        log: list[Any] = []
        self.log = log
        self.clock = Row(now=lambda: NOW)
        truth = Row(segment="enterprise", currency="usd")
        self.accounts = Row(get=lambda: truth if account else None)
        billing = Row(bad_debt=flag, bad_debt_amount=cached, failed_attempts=attempts)
        self.billing_db = Store("billing_db", log, billing)
        self.customer = Store("customer", log, Row(bad_debt_since=since, segment=segment))
        self.entitlements = Entitlements(log, grants)
        self.enforcement = Enforcement(log, holds)
        self.stripe = Row(
            StripeError=StripeError,
            CardError=CardError,
            customers=Customers(log, metadata or {}, method),
            invoices=Invoices(log, invoices, pay_error, errors or {}),
            charges=Row(retrieve=lambda name: Row(id=name, invoice=(charges or {})[name])),
            subscriptions=Row(retrieve=lambda sub: Row(id=sub, status=(subscriptions or {})[sub])),
        )


def line(amount: int, *, start: int = 0, end: int = 0, usage: str | None = "licensed") -> Row:
    """An invoice line; `start` and `end` in days before now, `usage` None for a one-off price."""
    recurring = None if usage is None else Row(usage_type=usage)
    pricing = Row(price_details=Row(price=Row(recurring=recurring)))
    period = Row(start=NOW - start * DAY, end=NOW - end * DAY)
    return Row(amount=amount, period=period, pricing=pricing)


def invoice(
    id: str,
    *lines: Row,
    status: str = "open",
    paid: int = 0,
    created: int = 0,
    remaining: int = 0,
    attempts: int = 0,
    sub: str | None = None,
    metadata: dict[str, str] | None = None,
    payments: tuple[tuple[str, str | None], ...] = (),
) -> Row:
    """An invoice; `payments` are types and payment intents."""
    made = tuple(Row(payment=Row(type=kind, payment_intent=pi)) for kind, pi in payments)
    return Row(
        id=id,
        status=status,
        amount_paid=paid,
        amount_remaining=remaining,
        attempt_count=attempts,
        created=created,
        lines=Row(data=tuple(lines)),
        subscription=sub,
        metadata=metadata or {},
        payments=Row(data=made),
    )


def grant(id: str, *, plan: str = "pro", status: str = "active", sub: str = "sub_1") -> Row:
    return Row(id=id, plan=plan, status=status, subscription=sub)


def webhook(name: str, object: dict[str, Any], *, created: int = NOW) -> Row:
    event = {"type": name, "created": created, "data": {"object": object}}
    return Row(name=name, args={}, event=event)


def api(name: str, **args: Any) -> Row:
    return Row(name=name, args=args, event=None)
