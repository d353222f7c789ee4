"""Signed statements of people about what nobody can tell from the code alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from harness.audit.items import Item
from harness.document import Document, Place
from harness.names import hint
from harness.policy import LIFETIME_DAYS
from harness.schema import Strict
from harness.text import quoted

TEXTS: Final = ("what", "reason", "approver", "expires")


class AcknowledgementShape(Strict, frozen=True, kw_only=True):
    where: str | tuple[str, ...]
    what: str
    reason: str
    approver: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """One statement.

    Attributes:
        where, what: the items it is about, exactly as the audit names them.
        reason, approver: who says why that is well.
        expires: the last day on which it holds.
        at: `file:line`.
    """

    where: tuple[str, ...]
    what: str
    reason: str
    approver: str
    expires: date
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A statement that does not hold: `kind` says why, `detail` in words."""

    kind: str
    about: str
    detail: str
    at: str


def acknowledgements(
    document: Document,
    place: Place,
    shapes: Sequence[AcknowledgementShape],
    approvers: Sequence[str],
) -> tuple[Acknowledgement, ...]:
    """Check and read statements.

    Raises:
        InputError: one is blank, malformed, doubled, or signed by nobody who may sign.
    """
    found: list[Acknowledgement] = []
    known: dict[tuple[str, str], str] = {}
    for number, shape in enumerate(shapes):
        here = (*place, number)
        one = _acknowledgement(document, here, shape, approvers)
        for where in one.where:
            if (where, one.what) in known:
                message = f"{quoted(where)} is acknowledged in {known[where, one.what]} too"
                raise document.error("surface-doubled", (*here, "where"), message, "keep one")
            known[where, one.what] = one.at
        found.append(one)
    return tuple(found)


def _acknowledgement(
    document: Document, place: Place, shape: AcknowledgementShape, approvers: Sequence[str]
) -> Acknowledgement:
    where = (shape.where,) if isinstance(shape.where, str) else shape.where
    blank = [key for key in TEXTS if not getattr(shape, key).strip()]
    if not where or not all(one.strip() for one in where):
        blank.insert(0, "where")
    if blank:
        message = f"blank: {', '.join(blank)}"
        hint_ = "a person says what was looked at, and why it is well"
        raise document.error("surface-blank", (*place, blank[0]), message, hint_)
    if shape.approver not in approvers:
        message = f"{quoted(shape.approver)} is not listed as approver"
        at = (*place, "approver")
        raise document.error("surface-approver", at, message, hint(shape.approver, approvers))
    return Acknowledgement(
        where=where,
        what=shape.what,
        reason=shape.reason,
        approver=shape.approver,
        expires=_day(document, (*place, "expires"), shape.expires),
        at=document.where((*place, "where")),
    )


def _day(document: Document, place: Place, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        message = f"{quoted(text)} is no date"
        raise document.error("surface-date", place, message, "write 2026-03-02")
    return day


def weighed(
    items: Iterable[Item], signed: Sequence[Acknowledgement], today: date
) -> tuple[dict[Item, Acknowledgement], tuple[Fault, ...]]:
    """Which items are acknowledged, and which statements do not hold."""
    left = {(item.where, item.what): item for item in items}
    good: dict[Item, Acknowledgement] = {}
    faults: list[Fault] = []
    for one in signed:
        out = list(_out(one, today))
        faults.extend(out)
        for where in one.where:
            item = left.get((where, one.what))
            if item is None:
                detail = f"{where}: {one.what}: there is no such thing, or it needs nobody"
                faults.append(
                    Fault(kind="acknowledgement-unused", about=where, detail=detail, at=one.at)
                )
            elif not out:
                good[item] = one
    return good, tuple(faults)


def _out(one: Acknowledgement, today: date) -> Iterator[Fault]:
    """Why a statement's time is not as it must be."""
    about = one.where[0]
    if one.expires < today:
        detail = f"{about}: ran out on {one.expires}"
        yield Fault(kind="acknowledgement-expired", about=about, detail=detail, at=one.at)
    elif one.expires > today + timedelta(days=LIFETIME_DAYS):
        detail = f"{about}: holds until {one.expires}, more than {LIFETIME_DAYS} days from today"
        yield Fault(kind="acknowledgement-lifetime", about=about, detail=detail, at=one.at)
