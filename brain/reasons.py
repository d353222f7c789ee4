"""The rules that may fire in a decision, each with the sentence a person reads.

A decision names its rules in the order in which they fired, with the figures it used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RULES: Mapping[str, str] = {
    "out-of-scope": "The account is on probation, which is another team's process.",
    "owes": "What is owed on an invoice, by the service given and what was settled.",
    "owes-within": "What is owed is not known exactly; nothing harsher than the lower bound acts.",
    "owes-as-noted": "Nobody wrote down the service; the customer's metadata notes the debt.",
    "credit-counts": "The customer's credit balance is counted against the debt.",
    "grace-over": "The invoice was due so long ago that it is written off.",
    "waits-for-payment": "A payment is on its way; nothing is done to the invoice until it lands.",
    "no-way-to-pay": "Nothing that is owed could be paid, so nobody is blocked for it.",
    "clear": "Nothing is owed that was due.",
    "past-due": "Something is due and its grace still runs.",
    "bad-debt": "Something was written off, or has to be, and is owed.",
    "held": "Perhaps something is owed: only what the invoices show is enforced.",
    "blocked": "Bad debt is old and large enough for a block.",
    "banned": "Bad debt is old and large enough for a ban.",
    "override": "Support promised that neither ban nor block falls.",
    "dispute-freezes": "A dispute is open; neither ban nor block falls.",
    "case": "Something needs a person.",
    "nobody-pays": "Nobody pays for a product, so its service ends, or waits for a payment.",
    "step": "Something is changed.",
    "refused": "Stripe refused a change; the account is read again.",
    "paid": "An invoice was paid.",
    "declined": "A payment was declined.",
    "not-this-mode": "The change is not made in this mode.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A rule that fired, and its figures by name."""

    rule: str
    figures: Mapping[str, int | str | bool | None]


def because(rule: str, **figures: int | str | bool | None) -> Reason:
    """A reason; KeyError for a rule without a sentence."""
    RULES[rule]
    return Reason(rule=rule, figures=figures)
