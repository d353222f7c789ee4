"""Small worlds: rows with dull defaults, and a readable that is nothing but its tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fixtures import rows
from fixtures.journal import Call, Write

DAY = 86_400
START = 1_772_323_200  # 2026-03-01T00:00:00Z
MONTH = (START, START + 30 * DAY)
TABLES = {
    rows.Account: "accounts",
    rows.BillingDb: "billing_db",
    rows.Customer: "customer",
    rows.Enforcement: "enforcement",
    rows.StripeCustomer: "stripe_customer",
    rows.Grant: "entitlements",
    rows.Case: "cases",
    rows.Invoice: "invoices",
    rows.PaymentIntent: "payment_intents",
    rows.Charge: "charges",
    rows.CreditNote: "credit_notes",
    rows.Refund: "refunds",
    rows.Dispute: "disputes",
    rows.Subscription: "subscriptions",
}
SINGLE = (rows.Account, rows.BillingDb, rows.Customer, rows.Enforcement, rows.StripeCustomer)


@dataclass
class SmallWorld:
    now: int
    given_at: int
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[tuple[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    def memo(self, made_from: frozenset[str]) -> dict[str, Any]:
        """Tests change these tables in place, so nothing is remembered."""
        return {}


def world(now: int, *found: Any, given_at: int = START) -> SmallWorld:
    made = SmallWorld(now=now, given_at=given_at, tables={name: {} for name in TABLES.values()})
    defaults = (
        rows.Account(id="acc_1", segment="pro", currency="usd"),
        rows.BillingDb(),
        rows.Customer(),
        rows.Enforcement(),
        rows.StripeCustomer(id="cus_1"),
        subscription(),
    )
    for row in (*defaults, *found):
        if isinstance(row, tuple):
            raise TypeError("unpack rows before handing them over")
        if isinstance(row, SINGLE):
            key = ""
        elif isinstance(row, rows.Case):
            key = f"{row.kind}:{row.object}"
        else:
            key = row.id
        made.tables[TABLES[type(row)]][key] = row
    return made


def account(segment: Any = "pro", **more: Any) -> rows.Account:
    return rows.Account(id="acc_1", segment=segment, currency=more.pop("currency", "usd"), **more)


def subscription(id: str = "sub_1", status: Any = "active", **more: Any) -> rows.Subscription:
    return rows.Subscription(id=id, customer="cus_1", status=status, **more)


def grant(*spans: tuple[int, int | None], **more: Any) -> rows.Grant:
    named = {"id": "ent_1", "product": "pages", "plan": "pro", "subscription": "sub_1"}
    return rows.Grant(intervals=spans, **{**named, **more})


def served(days: int, *, start: int = START, **more: Any) -> rows.Grant:
    return grant((start, start + days * DAY), **{"status": "ended", **more})


def line(
    amount: int = 10_000,
    *,
    id: str = "il_1",
    currency: str = "usd",
    period: tuple[int, int] = MONTH,
    subscription: str | None = "sub_1",
    product: str = "pages",
    discount: int = 0,
    tax: int = 0,
    inclusive: int = 0,
    metered: bool = False,
) -> rows.LineItem:
    usage: Any = "metered" if metered else "licensed"
    price = rows.Price(id="price_1", recurring=rows.Recurring(usage_type=usage))
    details = rows.PriceDetails(price=price, product=product)
    taxes = (rows.LineTax(amount=tax), rows.LineTax(amount=inclusive, tax_behavior="inclusive"))
    return rows.LineItem(
        id=id,
        amount=amount,
        currency=currency,
        period=rows.Period(start=period[0], end=period[1]),
        pricing=rows.Pricing(price_details=details),
        subscription=subscription,
        discount_amounts=(rows.DiscountAmount(amount=discount),) if discount else (),
        taxes=tuple(t for t in taxes if t.amount),
    )


def one_off(amount: int, **more: Any) -> rows.LineItem:
    return line(amount, **{"subscription": None, "period": (START, START), **more})


def invoice(
    *lines: rows.LineItem,
    id: str = "in_1",
    status: Any = "uncollectible",
    paid: int = 0,
    out_of_band: int = 0,
    balance: int = 0,
    credited: int = 0,
    finalized: int = START,
    marked: int | None = None,
    why: str | None = None,
    secret: bool = True,
    **more: Any,
) -> rows.Invoice:
    lines = lines or (line(),)
    total = sum(
        item.amount
        - sum(d.amount for d in item.discount_amounts)
        + sum(t.amount for t in item.taxes if t.tax_behavior == "exclusive")
        for item in lines
    )
    due = total - balance - credited
    currency = lines[0].currency
    kinds: tuple[tuple[Any, int], ...] = (
        ("payment_intent", paid),
        ("payment_record", out_of_band),
    )
    payments = tuple(
        rows.InvoicePayment(
            id=f"inpay_{id}_{n}",
            status="paid",
            amount_requested=amount,
            amount_paid=amount,
            currency=currency,
            payment=rows.Payment(
                type=kind, payment_intent=f"pi_{id}" if kind == "payment_intent" else None
            ),
        )
        for n, (kind, amount) in enumerate(kinds)
        if amount
    )
    mark = marked if marked is not None or status != "uncollectible" else START
    shown: dict[str, Any] = {
        "created": START,
        "subtotal": total,
        "total": total,
        "amount_due": due,
        "amount_paid": paid + out_of_band,
        "amount_remaining": due - paid - out_of_band,
        "pre_payment_credit_notes_amount": credited,
        "lines": rows.Lines(data=lines),
        "payments": rows.Payments(data=payments),
        "status_transitions": rows.StatusTransitions(
            finalized_at=finalized, marked_uncollectible_at=mark
        ),
        "status_details": rows.StatusDetails(uncollectible=rows.UncollectibleDetails(reason=why))
        if why
        else None,
        "confirmation_secret": rows.ConfirmationSecret(client_secret=f"{id}_secret")
        if secret
        else None,
        "parent": rows.InvoiceParent(
            subscription_details=rows.SubscriptionDetails(subscription="sub_1")
        ),
        **more,
    }
    return rows.Invoice(id=id, customer="cus_1", currency=currency, status=status, **shown)


def consolidated(*originals: str, amount: int, **more: Any) -> rows.Invoice:
    metadata = rows.FrozenDict(consolidated="true", originals=",".join(originals))
    asked = {"id": "in_c", "metadata": metadata, "billing_reason": "manual", **more}
    return invoice(one_off(amount), **asked)


def charge(amount: int, *, of: str = "in_1", at: int = START, **more: Any) -> rows.Charge:
    return rows.Charge(
        id=f"ch_{of}",
        payment_intent=f"pi_{of}",
        amount=amount,
        amount_captured=amount,
        currency=more.pop("currency", "usd"),
        created=at,
        **more,
    )


def processing(of: str, amount: int = 10_000) -> tuple[rows.PaymentIntent, rows.Payments]:
    """A payment in progress: the intent, and the payments to give to the invoice."""
    intent = rows.PaymentIntent(id=f"pi_{of}", amount=amount, currency="usd", status="processing")
    payment = rows.InvoicePayment(
        id=f"inpay_{of}",
        amount_requested=amount,
        currency="usd",
        payment=rows.Payment(payment_intent=intent.id),
    )
    return intent, rows.Payments(data=(payment,))


def refund(amount: int, *, of: str = "in_1", **more: Any) -> rows.Refund:
    shown = {"id": "re_1", "charge": f"ch_{of}", "currency": "usd", **more}
    return rows.Refund(amount=amount, **shown)


def dispute(amount: int, status: str, *, of: str = "in_1") -> rows.Dispute:
    return rows.Dispute(id="dp_1", charge=f"ch_{of}", amount=amount, currency="usd", status=status)


def credit_note(amount: int, *, of: str = "in_1", after: bool, **more: Any) -> rows.CreditNote:
    return rows.CreditNote(
        id="cn_1",
        invoice=of,
        customer="cus_1",
        currency="usd",
        amount=amount,
        pre_payment_amount=0 if after else amount,
        post_payment_amount=amount if after else 0,
        **more,
    )


def stripe_customer(balance: int = 0, **metadata: str) -> rows.StripeCustomer:
    return rows.StripeCustomer(
        id="cus_1", currency="usd", balance=balance, metadata=rows.FrozenDict(metadata)
    )


def holds(*found: tuple[Any, str], since: int = START, until: int | None = None) -> Any:
    return rows.Enforcement(
        holds=tuple(rows.Hold(kind=k, reason=r, by="billing", since=since) for k, r in found),
        override=None if until is None else rows.Override(until=until, by="support"),
    )


def told(flag: bool = True, since: int | None = START) -> tuple[Any, ...]:
    """The triple store saying bad debt."""
    return (
        rows.BillingDb(bad_debt=flag),
        rows.Customer(bad_debt_since=since if flag else None),
        stripe_customer(**({"bad_debt": "true"} if flag else {})),
    )
