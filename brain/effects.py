"""What a plan is made of: one frozen value for each change, with its place in the safe order.

Milder changes of the stores come before the changes of invoices, harsher ones after them, so that
a crash between two effects leaves the customer better off and never worse:

    cases · service that nobody will owe for, or that only a ban hid, ends · hold, flag, since,
    metadata milder · service ends · subscription ends · consolidated retired · invoices
    credited or cleared, then written off · metadata, since, flag, hold harsher · service that only
    a ban stops ends · grants given back · service of the same products ends
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto
from hashlib import sha256

from brain.rows import BillingDb, Customer
from brain.stripe_rows import Invoice


class Place(IntEnum):
    """Places, in the safe order."""

    CASE = auto()
    CANCEL_WORTHLESS = auto()
    SERVICE_BEHIND_BAN = auto()
    HOLD_OFF = auto()
    FLAG_OFF = auto()
    SINCE_OFF = auto()
    METADATA_OFF = auto()
    SERVICE_OFF = auto()
    CANCEL = auto()
    RETIRE = auto()
    INVOICE = auto()
    WRITE_OFF = auto()
    METADATA_ON = auto()
    SINCE_ON = auto()
    FLAG_ON = auto()
    HOLD_ON = auto()
    HOLD_REPLACED = auto()
    SERVICE_BANNED = auto()
    SERVICE_ON = auto()
    SERVICE_HANDED_OVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One change."""

    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase(Effect):
    kind: str
    object: str
    detail: tuple[tuple[str, int | str | bool | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBillingDb(Effect):
    expect: BillingDb | None
    bad_debt: bool
    failed_attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSince(Effect):
    expect: Customer | None
    since: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMetadata(Effect):
    """`pairs` merge into the Stripe customer's metadata; the value "" deletes a key."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Effect):
    """A change of an invoice."""

    invoice: Invoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire(Change):
    """Make a consolidated invoice ask for nothing."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit(Change):
    """Credit an invoice down to what is owed; amounts in minor units."""

    amount: int
    owed: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkUncollectible(Change):
    """Write an open invoice off; it must ask for exactly `owed` by then."""

    owed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear(Change):
    """Make an invoice on which nothing is owed ask for nothing.

    settled_by: the consolidated invoice that truly paid for it.
    """

    settled_by: str | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGrant(Effect):
    grant: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSubscription(Effect):
    subscription: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutHold(Effect):
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveHold(Effect):
    kind: str


def idempotency_key(*wish: str | int | None) -> str:
    """A key that is the same for the same wish and another once the wish came true.

    Stripe forgets keys after a day, so state is always read again before a key is used again.
    """
    return sha256("|".join(map(str, wish)).encode()).hexdigest()
