"""The rows of the stores that are not Stripe, as Protocols: whatever has these fields will do.

Times are UTC epoch seconds, money is an integer of the minor unit beside a lower-case currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Account(Protocol):
    """Read-only truth about the account."""

    @property
    def id(self) -> str: ...
    @property
    def segment(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def net_days(self) -> int | None: ...
    @property
    def probation(self) -> bool: ...


class BillingDb(Protocol):
    """Store 1."""

    @property
    def bad_debt(self) -> bool: ...
    @property
    def bad_debt_amount(self) -> int | None: ...
    @property
    def failed_attempts(self) -> int: ...


class Customer(Protocol):
    """Store 2."""

    @property
    def bad_debt_since(self) -> int | None: ...


class Grant(Protocol):
    """Store 5, one entitlement with the ledger of service given."""

    @property
    def id(self) -> str: ...
    @property
    def product(self) -> str: ...
    @property
    def plan(self) -> str: ...
    @property
    def subscription(self) -> str | None: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def granted_by(self) -> str: ...
    @property
    def intervals(self) -> Sequence[tuple[int, int | None]]: ...


class Hold(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def since(self) -> int: ...


class Override(Protocol):
    @property
    def until(self) -> int: ...


class Enforcement(Protocol):
    """Store 6."""

    @property
    def holds(self) -> Sequence[Hold]: ...
    @property
    def override(self) -> Override | None: ...


class Case(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def object(self) -> str: ...
