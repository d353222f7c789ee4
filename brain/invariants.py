"""What must hold of an account whoever acted on it: invariants as objects with one check each.

They see books, truth and outcome as plain data, and the calls of one episode. They compute no
debt: what is owed comes from the truth they are given. A breach is a sentence; it names what would
change if the breach were another one, so that two looks at one breach are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from brain.claims import Claim, claims
from brain.facts import Facts
from brain.money import minimum
from brain.policy import SEGMENTS

MOVING = ("invoices.pay", "credit_notes.create")
"""Calls that change what remains to be paid of an invoice."""

OUT_OF_SCOPE = "out_of_scope"
"""The standing of an account on probation, or without a row: nothing is promised of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A property of an account.

    Attributes:
        every_effect: it holds after each single effect too.
        broken_by, kept_by: facts that break it, and facts as near to them that do not: what it is
            tried on before anybody relies on it.
    """

    id: str
    title: str
    source: str
    every_effect: bool
    breaches: Callable[[Facts], Iterator[str]]
    broken_by: Mapping[str, Any]
    kept_by: Mapping[str, Any]

    def check(self, facts: Facts) -> tuple[str, ...]:
        """Every breach, as sentences; empty where it holds, or the account is out of scope."""
        if facts.truth["standing"] == OUT_OF_SCOPE:
            return ()
        return tuple(self.breaches(facts))


def _has_case(facts: Facts, invoice: str) -> bool:
    return any(key.partition(":")[2] == invoice for key in facts.books["cases"])


def _owed_bounds(facts: Facts, currency: str) -> tuple[int, int]:
    owes: int = facts.truth["owes"].get(currency, 0)
    low, high = facts.truth["owes_bounds"].get(currency, (owes, owes))
    return low, high


# --- I1, I2, I3, I5 -----------------------------------------------------------------------------


def _uncovered(facts: Facts) -> Iterator[str]:
    for product in facts.outcome["usable"]:
        if not product["covered"]:
            yield f"{product['product']} is usable and nobody paid for it"


def _lying(facts: Facts) -> Iterator[str]:
    for name, invoice in facts.books["invoices"].items():
        if invoice["status"] != "uncollectible" or _has_case(facts, name):
            continue
        asks, owed = invoice["amount_remaining"], facts.truth["owed"].get(name, 0)
        if name in facts.truth["owed_bounds"]:
            yield f"{name} is uncollectible, nobody knows what is owed, and there is no case"
        elif asks != owed:
            yield f"{name} is uncollectible and asks for {asks} where {owed} is owed"


def _dunned(facts: Facts) -> Iterator[str]:
    outcome = facts.outcome
    shown = {
        "flagged": outcome["flagged"],
        "blocked": outcome["blocked_for_dunning"],
        "banned": outcome["banned_for_dunning"],
    }
    return (name for name, holds in shown.items() if holds)


def _unrecoverable(facts: Facts) -> Iterator[str]:
    """No way back for whoever owes, or was left behind.

    Between a payment that settles everything and the lift that follows it there is nothing to pay
    and nothing to recover from; whether dunning ended with the debt is asked by H2 and I5.
    """
    if _just_settled(facts):
        return
    payable = any(invoice["has_secret"] for invoice in facts.outcome["payable"])
    processing = any(invoice["processing"] for invoice in facts.books["invoices"].values())
    if not payable and not processing:
        for name in _dunned(facts):
            yield f"the customer is {name} and has nothing to pay"


def _just_settled(facts: Facts) -> bool:
    paid = any(call.op == "invoices.pay" and call.result == "ok" for call in facts.calls)
    return paid and not facts.truth["owes"]


def _claims(facts: Facts) -> Iterator[Claim]:
    segment = facts.truth.get("segment") or facts.books["customer"].get("segment")
    owing = {name for name, amount in facts.truth["owed"].items() if amount > 0}
    return claims(facts.books, facts.now, segment=segment, owing=owing)


def _disagreeing(facts: Facts) -> Iterator[str]:
    if not frozenset.intersection(*_claims(facts)):
        yield "the six stores disagree"


def _disagreeing_triple(facts: Facts) -> Iterator[str]:
    if not frozenset.intersection(*islice(_claims(facts), 3)):
        yield "flag, timestamp and metadata disagree"


# --- H1 to H4 -----------------------------------------------------------------------------------


def _charged_twice(facts: Facts) -> Iterator[str]:
    """More captured than was owed just before, on an invoice or on it and one that covers it.

    Where service was cut or something credited after the payment, what was owed before it can no
    longer be seen.
    """
    ends = [to for grant in facts.books["entitlements"].values() for _, to in grant["intervals"]]
    ends += [row["ended_at"] for row in facts.books["subscriptions"].values()]
    last = {call.object: call.op for call in facts.calls if call.op in MOVING}
    for name, invoice in facts.books["invoices"].items():
        earned, at = facts.truth["earned"].get(name), invoice["paid_at"]
        if earned is None or at is None or invoice["currency"] not in facts.outcome["overcharged"]:
            continue
        if last.get(name) == "credit_notes.create" or "settled_by" in invoice["metadata"]:
            continue
        beyond = facts.truth["settled"].get(name, 0) - earned
        if beyond > 0 and not any(to is not None and to >= at for to in ends):
            yield f"{beyond} {invoice['currency']} was charged on {name} beyond what was owed"
    paid: set[str] = set()
    covered: set[str] = set()
    for call in facts.calls:
        if call.op != "invoices.pay" or call.result != "ok" or call.params.get("paid_out_of_band"):
            continue
        invoice = facts.books["invoices"].get(call.object, {"metadata": {}})
        originals = set(str(invoice["metadata"].get("originals", "")).replace(",", " ").split())
        for name in sorted((originals & paid) | ({call.object} & covered)):
            yield f"{name} was paid itself and by a consolidated invoice"
        paid.add(call.object)
        covered |= originals


def _dunned_for_nothing(facts: Facts) -> Iterator[str]:
    least = {
        "flagged": 1,
        "blocked": min(rules.block_minimum for rules in SEGMENTS.values()),
        "banned": min(rules.ban_minimum for rules in SEGMENTS.values()),
    }
    for name in _dunned(facts):
        bound = 1 if name == "flagged" else 0
        if not any(
            _owed_bounds(facts, currency)[bound] >= least[name] * (minimum(currency) or 0) > 0
            for currency in facts.truth["owes"]
        ):
            yield f"the customer is {name} and owes too little for it"


def _forgotten(facts: Facts) -> Iterator[str]:
    payable = {row["id"] for row in facts.outcome["payable"] if row["has_secret"]}
    for name, invoice in facts.books["invoices"].items():
        if _has_case(facts, name):
            continue
        owed = facts.truth["owed"].get(name, 0)
        if owed > 0 and name not in payable and not invoice["processing"]:
            yield f"{owed} {invoice['currency']} is owed on {name}, which cannot be paid"
        given_away = _earned_and_credited(facts, name)
        if given_away >= (minimum(invoice["currency"]) or given_away + 1):
            yield f"{given_away} {invoice['currency']} was earned on {name} and credited"


def _earned_and_credited(facts: Facts, name: str) -> int:
    """What nobody forgave and a credit note took away all the same, minor units.

    Without this an engine that credits everything would be perfect.
    """
    invoice, truth = facts.books["invoices"][name], facts.truth
    notes = [c for c in facts.calls if c.object == name and c.op == "credit_notes.create"]
    notes = [call for call in notes if call.result == "ok"]
    if not notes or invoice.get("uncollectible_reason") == "user_forgiven":
        return 0
    if any(call.actor.endswith("support.clear_bad_debt") for call in notes):
        return 0
    earned: int = truth["earned"].get(name, 0)
    kept: int = truth["settled"].get(name, 0) + truth["owed"].get(name, 0)
    credited: int = sum(call.params["amount"] for call in notes)
    return min(earned - kept, credited)


def _undone_blindly(facts: Facts) -> Iterator[str]:
    """A void or credit note that meets a payment, or follows a try to pay nobody looked at."""
    tried: set[str] = set()
    for call in facts.calls:
        if call.op == "invoices.pay" and not call.params.get("paid_out_of_band"):
            tried.add(call.object)
        elif call.op == "invoices.list":
            tried.clear()
        elif call.op == "invoices.retrieve":
            tried.discard(call.object)
        elif call.op in ("invoices.void_invoice", "credit_notes.create"):
            if call.object in tried:
                yield f"{call.op} on {call.object} after a try to pay it that nobody looked at"
            just_now = call is facts.calls[-1] and call.result == "ok"
            if just_now and _is_processing(facts, call.object):
                yield f"{call.op} on {call.object} while a payment is on its way"


def _is_processing(facts: Facts, invoice: str) -> bool:
    row = facts.books["invoices"].get(invoice)
    return row is not None and bool(row["processing"])


# --- what they are tried on ---------------------------------------------------------------------


class _Call(NamedTuple):
    op: str
    object: str = "in_1"
    actor: str = "brain"
    params: Mapping[str, Any] = {}
    result: str = "ok"


_PAY, _LOOK, _VOID = map(_Call, ("invoices.pay", "invoices.retrieve", "invoices.void_invoice"))
_BUTTON = {"id": "in_1", "has_secret": True}
_BAD = {
    "status": "uncollectible", "amount_remaining": 5000, "currency": "usd", "processing": False,
    "metadata": {}, "paid_at": None,
}  # fmt: skip
_PAID = {**_BAD, "status": "paid", "amount_remaining": 0, "paid_at": 1}
_SETTLED = {"earned": {"in_1": 4000}, "settled": {"in_1": 5000}}
_CALM: Mapping[str, Mapping[str, Any]] = {
    "books": {
        "billing_db": {"bad_debt": False}, "customer": {"bad_debt_since": None},
        "stripe_metadata": {}, "credit_balance": {}, "invoices": {}, "cases": {},
        "subscriptions": {}, "entitlements": {}, "enforcement": {"ban": [], "block": []},
    },
    "truth": {
        "standing": "clear", "segment": "pro", "owes": {}, "owes_bounds": {}, "owed": {},
        "owed_bounds": {}, "earned": {}, "settled": {},
    },
    "outcome": {
        "usable": [], "payable": [], "flagged": False, "blocked_for_dunning": False,
        "banned_for_dunning": False, "overcharged": {"usd": 0},
    },
}  # fmt: skip
"""An account of which nothing is wrong, as far as invariants look at it."""


def _account(calls: tuple[_Call, ...] = (), **other: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of that account where some of it is other."""
    facts = {part: {**calm, **other.get(part, {})} for part, calm in _CALM.items()}
    return {**facts, "calls": calls, "now": 2}


INVARIANTS = (
    Invariant(
        id="I1",
        title="No entitlement without payment",
        source="Every usable product is covered: paid for, in grace, contracted, or free.",
        every_effect=True,
        breaches=_uncovered,
        broken_by=_account(outcome={"usable": [{"product": "api", "covered": False}]}),
        kept_by=_account(outcome={"usable": [{"product": "api", "covered": True}]}),
    ),
    Invariant(
        id="I2",
        title="Every uncollectible invoice asks for what is owed",
        source="A credit note exists, amount_remaining = debt.",
        every_effect=False,
        breaches=_lying,
        broken_by=_account(books={"invoices": {"in_1": _BAD}}),
        kept_by=_account(books={"invoices": {"in_1": _BAD}}, truth={"owed": {"in_1": 5000}}),
    ),
    Invariant(
        id="I3",
        title="A blocked customer has a way back",
        source="Every bad-debt account has a payable invoice.",
        every_effect=True,
        breaches=_unrecoverable,
        broken_by=_account(outcome={"flagged": True}),
        kept_by=_account(outcome={"flagged": True, "payable": [_BUTTON]}),
    ),
    Invariant(
        id="I5",
        title="Six stores agree on dunning",
        source="Dunning state consistent: 6 stores agree on dunning status.",
        every_effect=False,
        breaches=_disagreeing,
        broken_by=_account(books={"enforcement": {"ban": ["dunning"], "block": []}}),
        kept_by=_account(books={"enforcement": {"ban": ["abuse"], "block": []}}),
    ),
    Invariant(
        id="I5T",
        title="The triple store agrees",
        source="Bad-debt state agrees across Postgres flag, customer timestamp, Stripe metadata.",
        every_effect=False,
        breaches=_disagreeing_triple,
        broken_by=_account(books={"billing_db": {"bad_debt": True}}),
        kept_by=_account(books={"billing_db": {"bad_debt": False}}),
    ),
    Invariant(
        id="H1",
        title="No money twice",
        source="No consolidated invoice means no double-charge vector.",
        every_effect=True,
        breaches=_charged_twice,
        broken_by=_account(books={"invoices": {"in_1": _PAID}}, truth=_SETTLED),
        kept_by=_account(
            books={"invoices": {"in_1": _PAID}}, truth={**_SETTLED, "earned": {"in_1": 5000}}
        ),
    ),
    Invariant(
        id="H2",
        title="No dunning at 0",
        source="Banned with $0.",
        every_effect=False,
        breaches=_dunned_for_nothing,
        broken_by=_account(outcome={"flagged": True}),
        kept_by=_account(outcome={"flagged": True}, truth={"owes": {"usd": 5000}}),
    ),
    Invariant(
        id="H3",
        title="No debt forgotten",
        source="One invoice, one button, correct amount.",
        every_effect=False,
        breaches=_forgotten,
        broken_by=_account(books={"invoices": {"in_1": _BAD}}, truth={"owed": {"in_1": 5000}}),
        kept_by=_account(
            books={"invoices": {"in_1": _BAD}},
            truth={"owed": {"in_1": 5000}},
            outcome={"payable": [_BUTTON]},
        ),
    ),
    Invariant(
        id="H4",
        title="No void after retry",
        source="Void after retry.",
        every_effect=True,
        breaches=_undone_blindly,
        broken_by=_account(calls=(_PAY, _VOID)),
        kept_by=_account(calls=(_PAY, _LOOK, _VOID)),
    ),
)
"""Every invariant; I4 (no payment-method gate rejections) belongs to the checkout endpoints."""
