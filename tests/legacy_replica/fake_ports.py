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
    def __init__(self, log: list[Any], rows: tuple[Row, ...], error: Exception | None) -> None:
        self.log, self.rows, self.error = log, rows, error

    def list(self, *, status: str) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.status == status)

    def retrieve(self, id: str) -> Row:
        for row in self.rows:
            if row.id == id:
                return row
        raise InvalidRequestError(f"No such invoice: '{id}'", code="resource_missing")

    def pay(self, id: str, *, payment_method: str) -> None:
        self.log.append(("invoices.pay", {"id": id, "payment_method": payment_method}))
        if self.error is not None:
            raise self.error


class Entitlements:
    def __init__(self, log: list[Any], grants: tuple[Row, ...]) -> None:
        self.log, self.grants = log, grants

    def list(self) -> tuple[Row, ...]:
        return self.grants

    def set_status(self, id: str, status: str, *, reason: str | None = None) -> None:
        self.log.append(("entitlements", {"id": id, "status": status, "reason": reason}))


class Enforcement:
    def __init__(self, log: list[Any]) -> None:
        self.log = log

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
    ) -> None:
        log: list[Any] = []
        self.log = log
        self.clock = Row(now=lambda: NOW)
        self.accounts = Row(get=lambda: Row(segment="enterprise") if account else None)
        self.billing_db = Store("billing_db", log, Row(bad_debt=flag))
        self.customer = Store("customer", log, Row(bad_debt_since=since))
        self.entitlements = Entitlements(log, grants)
        self.enforcement = Enforcement(log)
        self.stripe = Row(
            StripeError=StripeError,
            CardError=CardError,
            customers=Customers(log, metadata or {}, method),
            invoices=Invoices(log, invoices, pay_error),
            subscriptions=Row(retrieve=lambda sub: Row(id=sub, status=(subscriptions or {})[sub])),
        )


def line(amount: int, *, start: int = 0, end: int = 0, usage: str | None = "licensed") -> Row:
    """An invoice line; `start` and `end` in days before now, `usage` None for a one-off price."""
    recurring = None if usage is None else Row(usage_type=usage)
    pricing = Row(price_details=Row(price=Row(recurring=recurring)))
    period = Row(start=NOW - start * DAY, end=NOW - end * DAY)
    return Row(amount=amount, period=period, pricing=pricing)


def invoice(id: str, *lines: Row, status: str = "open", paid: int = 0, created: int = 0) -> Row:
    return Row(
        id=id, status=status, amount_paid=paid, created=created, lines=Row(data=tuple(lines))
    )


def grant(id: str, *, plan: str = "pro", status: str = "active", sub: str = "sub_1") -> Row:
    return Row(id=id, plan=plan, status=status, subscription=sub)


def webhook(name: str, object: dict[str, Any]) -> Row:
    return Row(name=name, args={}, event={"type": name, "data": {"object": object}})


def api(name: str) -> Row:
    return Row(name=name, args={}, event=None)
