"""What each of the six stores claims about dunning, from the books alone.

A claim is a set of standings, 0 clear to 4 banned, with which the store can live. The stores agree
where the six sets have a standing in common; a store that shows nonsense claims nothing at all.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from brain.money import minimum

Books = Mapping[str, Any]
Claim = frozenset[int]

ANY: Claim = frozenset(range(5))
FREE: Claim = frozenset((0, 1))
BAD: Claim = frozenset((2, 3, 4))
NONE: Claim = frozenset()


def claims(
    books: Books, now: int, *, segment: str | None, owing: Container[str]
) -> Iterator[Claim]:
    """The claims of stores 1 to 6 at `now`, UTC epoch seconds, each read when it is asked for.

    owing: invoices on which something is owed; only asked of what a paid consolidated invoice
    stands for, to tell whether it covers it.
    """
    bad = _bad_invoices(books, owing)
    yield _billing_db(books)
    yield _customer(books, now)
    yield _metadata(books, bad)
    yield _invoices(books, now, bad)
    yield _entitlements(books, bad, segment)
    yield _enforcement(books)


def _billing_db(books: Books) -> Claim:
    return BAD if books["billing_db"].get("bad_debt") else FREE


def _customer(books: Books, now: int) -> Claim:
    since = books["customer"].get("bad_debt_since")
    if since is None:
        return FREE
    return BAD if since <= now else NONE


def _metadata(books: Books, bad: frozenset[str]) -> Claim:
    """An amount without a mark is nonsense, unless it notes the debt of an invoice written off."""
    metadata = books["stripe_metadata"]
    mark = metadata.get("bad_debt", "")
    if mark == "true":
        return BAD
    amount = metadata.get("bad_debt_amount", "0")
    noted = int(amount) if amount.isascii() and amount.isdigit() else 0
    billed = max((books["invoices"][name]["total"] for name in bad), default=0)
    return FREE if mark in ("", "false") and noted <= billed else NONE


def _bad_invoices(books: Books, owing: Container[str]) -> frozenset[str]:
    """Uncollectible invoices that count: not consolidated, not covered, not named by a case."""
    covered = {
        original
        for invoice in books["invoices"].values()
        if invoice["metadata"].get("consolidated") == "true" and invoice["status"] == "paid"
        for original in _originals(invoice)
        if original not in owing
    }
    return frozenset(
        name
        for name, invoice in books["invoices"].items()
        if invoice["status"] == "uncollectible"
        and _asks(invoice)
        and invoice.get("uncollectible_reason") != "user_forgiven"
        and not (invoice["metadata"].get("consolidated") == "true" and _originals(invoice))
        and name not in covered
        and f"cannot-zero-uncollectible:{name}" not in books["cases"]
    )


def _originals(invoice: Mapping[str, Any]) -> list[str]:
    return str(invoice["metadata"].get("originals", "")).replace(",", " ").split()


def _asks(invoice: Mapping[str, Any]) -> bool:
    least = minimum(invoice["currency"])
    return least is not None and invoice["amount_remaining"] >= least


def _invoices(books: Books, now: int, bad: frozenset[str]) -> Claim:
    sums: dict[str, int] = {}
    for name in bad:
        invoice = books["invoices"][name]
        currency = invoice["currency"]
        sums[currency] = sums.get(currency, 0) + invoice["amount_remaining"]
    for currency, amount in sums.items():
        if amount - books["credit_balance"].get(currency, 0) >= (minimum(currency) or amount + 1):
            return BAD
    due = any(
        invoice["status"] == "open"
        and _asks(invoice)
        and (invoice["due_date"] is None or invoice["due_date"] <= now)
        for invoice in books["invoices"].values()
    )
    return frozenset((1,)) if due else frozenset((0,))


def _entitlements(books: Books, bad: frozenset[str], segment: str | None) -> Claim:
    grants = books["entitlements"].values()
    if any(g["status"] == "suspended" and g["reason"] == "dunning" for g in grants):
        return BAD
    owing = {books["invoices"][name].get("subscription") for name in bad} | {
        name for name, row in books["subscriptions"].items() if row["latest_invoice"] in bad
    }
    usable = any(
        grant["status"] == "active" and grant["plan"] != "free" and grant["subscription"] in owing
        for grant in grants
        if grant["subscription"] is not None
    )
    return FREE if usable and segment != "enterprise" and not books["enforcement"]["ban"] else ANY


def _enforcement(books: Books) -> Claim:
    enforcement = books["enforcement"]
    if "dunning" in enforcement["ban"]:
        return frozenset((4,))
    return frozenset((3,)) if "dunning" in enforcement["block"] else frozenset((0, 1, 2))
