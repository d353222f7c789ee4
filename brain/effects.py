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
from enum import IntEnum
from hashlib import sha256
from typing import ClassVar

from brain.rows import BillingDb, Customer
from brain.stripe_rows import Invoice


class Place(IntEnum):
    """Places in the safe order."""

    CASE = 0
    CANCEL_WORTHLESS = 1
    SERVICE_BEHIND_BAN = 2
    HOLD_OFF = 3
    FLAG_OFF = 4
    SINCE_OFF = 5
    METADATA_OFF = 6
    SERVICE_OFF = 7
    CANCEL = 8
    RETIRE = 9
    INVOICE = 10
    WRITE_OFF = 11
    METADATA_ON = 12
    SINCE_ON = 13
    FLAG_ON = 14
    HOLD_ON = 15
    HOLD_REPLACED = 16
    SERVICE_BANNED = 17
    SERVICE_ON = 18
    SERVICE_HANDED_OVER = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One change. `store`: 1 to 6, 0 for cases. `turn`: order among effects of the same place."""

    place: Place
    turn: int = 0
    store: ClassVar[int] = 0

    @property
    def is_harsh(self) -> bool:
        """True where the change may leave the customer worse off."""
        return self.place in HARSH


HARSH = frozenset(
    (
        Place.CANCEL_WORTHLESS,
        Place.SERVICE_BEHIND_BAN,
        Place.SERVICE_OFF,
        Place.CANCEL,
        Place.METADATA_ON,
        Place.SINCE_ON,
        Place.FLAG_ON,
        Place.HOLD_ON,
        Place.SERVICE_BANNED,
        Place.SERVICE_HANDED_OVER,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase(Effect):
    kind: str
    object: str
    detail: tuple[tuple[str, int | str | bool | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBillingDb(Effect):
    store: ClassVar[int] = 1
    expect: BillingDb | None
    bad_debt: bool
    failed_attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSince(Effect):
    store: ClassVar[int] = 2
    expect: Customer | None
    since: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMetadata(Effect):
    """`pairs` merge into the Stripe customer's metadata; the value "" deletes a key."""

    store: ClassVar[int] = 3
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire(Effect):
    """Make a consolidated invoice ask for nothing."""

    store: ClassVar[int] = 4
    invoice: Invoice
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit(Effect):
    """Credit an invoice down to what is owed; amounts in minor units."""

    store: ClassVar[int] = 4
    invoice: Invoice
    amount: int
    owed: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkUncollectible(Effect):
    """Write an open invoice off; it must ask for exactly `owed` by then."""

    store: ClassVar[int] = 4
    invoice: Invoice
    owed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear(Effect):
    """Make an invoice on which nothing is owed ask for nothing.

    settled_by: the consolidated invoice that truly paid for it.
    """

    store: ClassVar[int] = 4
    invoice: Invoice
    settled_by: str | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGrant(Effect):
    store: ClassVar[int] = 5
    grant: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSubscription(Effect):
    store: ClassVar[int] = 5
    subscription: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutHold(Effect):
    store: ClassVar[int] = 6
    kind: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveHold(Effect):
    store: ClassVar[int] = 6
    kind: str


def idempotency_key(account: str, kind: str, object: str, target: str, generation: int) -> str:
    """A key that is the same for the same wish and another once the wish came true.

    Stripe forgets keys after a day, so state is always read again before a key is used again.
    """
    return sha256(f"{account}|{kind}|{object}|{target}|{generation}".encode()).hexdigest()
