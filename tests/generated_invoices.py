"""Generated invoices: any lines, amounts, payments and dates that Stripe allows, of one chance."""

from __future__ import annotations

from random import Random
from typing import Any, TypeVar

from msgspec.structs import replace

from fixtures import rows
from fixtures.currencies import minimum, unit
from fixtures.stripe.invoice import worth

T = TypeVar("T")

DAY = 86_400
NOW = 1_782_864_000  # 2026-07-01T00:00:00Z
CURRENCIES = ("usd", "usd", "eur", "jpy", "kwd", "isk", "thb")
PRODUCTS = ("pages", "mail", "store")
INVOICE_STATUSES: tuple[rows.InvoiceStatus, ...] = (
    "open",
    "open",
    "open",
    "uncollectible",
    "uncollectible",
    "uncollectible",
    "paid",
    "paid",
    "void",
    "draft",
)
DISPUTES = (
    "needs_response",
    "under_review",
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "won",
    "won",
    "won",
    "lost",
    "lost",
    "lost",
    "prevented",
)
DUE_DAYS = (0, 1, 3, 14, 14, 21, 21, 30, 30, 37, 37, 45, 60, 90)
"""Days since an invoice fell due: every end of grace, with and without a retry, and between."""
MARKED_DAYS = (0, 0, 1, 7, 14, 14, 30, 30, 60, 60, 90)
"""Days since a write-off: every beginning of a block or ban, and between."""
TOTALS = (1, 2, 9, 10, 11, 33, 99, 100, 101, 1000)
"""Totals in least chargeable amounts, some a unit more or less: every minimum, and between."""
KINDS = (*("licensed",) * 6, "metered", "once", "credit", "nothing")
CALM_KINDS = ("licensed", "licensed", "once")


class Dice:
    """Chance that is the same for the same seed and number.

    In calm accounts nothing rare happens, so that boundaries decide and not what stands before.
    """

    def __init__(self, seed: int, number: int) -> None:
        self._chance = Random((seed << 40) | number).random  # noqa: S311  # no secret is made
        self.is_calm = number % 3 == 0

    def one(self, options: tuple[T, ...]) -> T:
        """Draw one of the options."""
        return options[int(self._chance() * len(options))]

    def upto(self, most: int) -> int:
        """Draw from 0 to `most`, both included."""
        return int(self._chance() * (most + 1))

    def part(self, whole: int, step: int) -> int:
        """Draw 0, all, or a share of `whole` that is a multiple of `step`."""
        return self.one((0, whole, self.upto(whole // step) * step))

    def is_one_in(self, several: int) -> bool:
        """True once in `several` draws, and never in a calm account."""
        return self._chance() * several < 1 and not self.is_calm

    def around(self, days: int) -> int:
        """Seconds of that many days, or one second more or less."""
        return days * DAY + self.one((-1, 0, 0, 1))


class Billing:
    """What Stripe bills an account: tables that fill, from invoices to their disputes.

    products: what each subscription gives. start: when its period began, epoch seconds. begins:
    whether it waits for its first payment.
    """

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.tables: dict[str, dict[str, Any]] = {}
        self.currency = dice.one(CURRENCIES)
        self.invoices: list[rows.Invoice] = []
        self.products: dict[str, tuple[str, ...]] = {}
        self.start: dict[str, int] = {}
        self.begins: dict[str, bool] = {}

    def put(self, table: str, key: str, row: Any) -> None:
        self.tables.setdefault(table, {})[key] = row

    def keep(self, row: rows.Invoice) -> None:
        self.invoices.append(row)
        self.put("invoices", row.id, row)

    def invoice(self, name: str) -> rows.Invoice:
        dice = self.dice
        currency = dice.one(CURRENCIES) if dice.is_one_in(8) else self.currency
        subscription = dice.one(tuple(self.products)) if not dice.is_one_in(10) else None
        status = dice.one(INVOICE_STATUSES)
        earlier = 60 if status == "uncollectible" and dice.one((True, False)) else 0
        finalized = NOW - dice.around(dice.one(DUE_DAYS) + earlier)
        lines = self.lines(name, currency, subscription, min(finalized, NOW))
        reason = "subscription_cycle" if subscription else "manual"
        if subscription and dice.is_one_in(5):
            reason = dice.one(("subscription_create", "subscription_update"))
        if subscription and self.begins[subscription]:
            reason = "subscription_create"  # nothing else was ever billed
        return self.bill(
            name,
            lines,
            status=status,
            finalized=min(finalized, NOW),
            subscription=subscription,
            billing_reason=reason,
        )

    def lines(
        self, name: str, currency: str, subscription: str | None, finalized: int
    ) -> tuple[rows.LineItem, ...]:
        dice, step = self.dice, unit(currency)
        found = []
        least = minimum(currency) or 100 * step
        for number in range(1, dice.one((0, 1, 1, 1, 2, 2, 3, 4)) + 1):
            total = dice.one(TOTALS) * least + dice.one((-step, 0, 0, step))
            own = subscription if not dice.is_one_in(10) else dice.one((None, *self.products))
            begins = self.start[own] if own and dice.one((True, False)) else finalized
            length = dice.one((30, 30, 30, 31, 31, 365, 1)) * DAY
            kind = dice.one(CALM_KINDS if dice.is_calm else KINDS)
            if kind in ("credit", "nothing"):
                total = -dice.part(total, step) if kind == "credit" else 0
            if kind == "once" or own is None:
                length = 0
            discount = dice.part(total, step) if total > 0 and dice.is_one_in(6) else 0
            tax = dice.part(total, step) if total > 0 and dice.is_one_in(5) else 0
            ways: tuple[Any, ...] = ("exclusive", "inclusive")
            product = dice.one(self.products.get(own or "", PRODUCTS))
            found.append(
                rows.LineItem(
                    id=f"il_{name}_{number}",
                    amount=total,
                    currency=currency,
                    period=rows.Period(start=begins, end=begins + length),
                    pricing=None
                    if dice.is_one_in(20)
                    else _pricing(product, metered=kind == "metered"),
                    subscription=own,
                    discount_amounts=(rows.DiscountAmount(amount=discount),) if discount else (),
                    taxes=(rows.LineTax(amount=tax, tax_behavior=dice.one(ways)),) if tax else (),
                )
            )
        return tuple(found)

    def bill(
        self,
        name: str,
        lines: tuple[rows.LineItem, ...],
        *,
        status: rows.InvoiceStatus,
        finalized: int,
        subscription: str | None,
        **more: Any,
    ) -> rows.Invoice:
        """An invoice of these lines whose amounts add up as Stripe's do."""
        dice = self.dice
        currency = lines[0].currency if lines else self.currency
        step = unit(currency)
        total = sum(worth(line) for line in lines)
        if total > step and dice.is_one_in(30):
            total -= step  # as if not all lines had been read
        if total <= 0 and status != "draft":
            status = "paid"  # Stripe asks for nothing then, and moves a credit to the balance
        is_asked = status in ("open", "uncollectible")
        balance = credited = 0
        if status != "draft" and total > 0:
            balance = dice.part(total, step) if dice.is_one_in(8) else 0
            credited = dice.part(total - balance, step) if dice.is_one_in(5) else 0
        due = max(0, total - balance - credited)
        if status == "open" and due == 0:
            status, is_asked = "paid", False
        row = rows.Invoice(
            id=name,
            customer="cus_1",
            currency=currency,
            status=status,
            created=finalized - dice.one((0, 0, 3600)),
            subtotal=sum(line.amount for line in lines),
            total=total,
            starting_balance=-balance,
            ending_balance=None if status == "draft" else 0,
            amount_due=due,
            amount_remaining=due,
            pre_payment_credit_notes_amount=credited,
            attempt_count=dice.upto(9),
            lines=rows.Lines(data=lines),
            parent=_parent(subscription),
            **more,
        )
        self.note(row, credited, after=False)
        row = self.paid_up(row, finalized) if status == "paid" else row
        row = self.asking(row) if is_asked else row
        return self.dated(row, finalized)

    def note(self, row: rows.Invoice, amount: int, *, after: bool) -> None:
        """The credit notes that make the amount, and one that was taken back."""
        dice = self.dice
        step = unit(row.currency)
        first = dice.part(amount, step)
        more = step if dice.is_one_in(20) else 0
        parts = (("issued", first), ("issued", amount - first), ("void", more))
        for number, (status, part) in enumerate(parts):
            if part:
                name = f"cn_{row.id}_{number}{'a' if after else 'b'}"
                note = rows.CreditNote(
                    id=name,
                    invoice=row.id,
                    customer="cus_1",
                    currency=row.currency,
                    amount=part,
                    status=status,
                    type="post_payment" if after else "pre_payment",
                    pre_payment_amount=0 if after else part,
                    post_payment_amount=part if after else 0,
                )
                self.put("credit_notes", name, note)

    def paid_up(self, row: rows.Invoice, finalized: int) -> rows.Invoice:
        """Paid by money, out of band, both, or as before basil: with an amount remaining."""
        dice, due = self.dice, row.amount_due
        if due and row.pre_payment_credit_notes_amount == 0 and dice.is_one_in(12):
            return row
        captured = dice.one((due, due, due, dice.part(due, unit(row.currency))))
        payments = self.payments(row, captured, due - captured)
        back = dice.part(due, unit(row.currency)) if due and dice.is_one_in(6) else 0
        self.note(row, back, after=True)
        if captured:
            self.taken_back(row, captured)
        return replace(
            row,
            amount_paid=due,
            amount_remaining=0,
            post_payment_credit_notes_amount=back,
            payments=rows.Payments(data=payments),
        )

    def payments(
        self, row: rows.Invoice, captured: int, outside: int, *, turn: str = ""
    ) -> tuple[rows.InvoicePayment, ...]:
        """What paid the invoice, each with its PaymentIntent and charge."""
        found = []
        if captured:
            intent = f"pi_{row.id}{turn}"
            found.append(_payment(row, captured, intent, turn))
            amounts = {"amount": captured, "currency": row.currency}
            self.put(
                "payment_intents",
                intent,
                rows.PaymentIntent(
                    id=intent, amount_received=captured, status="succeeded", **amounts
                ),
            )
            self.put(
                "charges",
                f"ch_{row.id}{turn}",
                rows.Charge(
                    id=f"ch_{row.id}{turn}",
                    payment_intent=intent,
                    amount_captured=captured,
                    created=row.created,
                    **amounts,
                ),
            )
        if outside:
            found.append(_payment(row, outside, None, turn))
        return tuple(found)

    def taken_back(self, row: rows.Invoice, captured: int) -> None:
        """Refunds and disputes of a payment."""
        dice, charge = self.dice, f"ch_{row.id}"
        amount = dice.part(captured, unit(row.currency))
        if amount and dice.is_one_in(6):
            statuses: tuple[Any, ...] = ("succeeded", "succeeded", "pending", "failed")
            refund = rows.Refund(
                id=f"re_{row.id}",
                charge=charge,
                payment_intent=f"pi_{row.id}",
                amount=amount,
                currency=row.currency,
                status=dice.one(statuses),
            )
            self.put("refunds", refund.id, refund)
        if dice.is_one_in(6):
            dispute = rows.Dispute(
                id=f"dp_{row.id}",
                charge=charge,
                amount=captured,
                currency=row.currency,
                status=dice.one(DISPUTES),
            )
            self.put("disputes", dispute.id, dispute)

    def asking(self, row: rows.Invoice) -> rows.Invoice:
        """Open or uncollectible: paid in part perhaps, with a payment that waits or is made."""
        dice, step = self.dice, unit(row.currency)
        paid = dice.part(row.amount_due - step, step) if dice.is_one_in(4) else 0
        paid = max(0, paid)
        captured = dice.part(paid, step)
        payments = self.payments(row, captured, paid - captured)
        rest = row.amount_due - paid
        secret = None
        if rest:
            statuses: tuple[Any, ...] = ("requires_payment_method",) * 9 + (
                "requires_action",
                "processing",
            )
            intent = rows.PaymentIntent(
                id=f"pi_{row.id}_rest",
                amount=rest,
                currency=row.currency,
                status=dice.one(statuses),
                client_secret=f"pi_{row.id}_secret",
            )
            self.put("payment_intents", intent.id, intent)
            payments += (
                rows.InvoicePayment(
                    id=f"inpay_{row.id}_rest",
                    amount_requested=rest,
                    currency=row.currency,
                    payment=rows.Payment(payment_intent=intent.id),
                ),
            )
            if not dice.is_one_in(15):
                secret = rows.ConfirmationSecret(client_secret=f"pi_{row.id}_secret")
        return replace(
            row,
            amount_paid=paid,
            amount_remaining=rest,
            payments=rows.Payments(data=payments),
            confirmation_secret=secret,
        )

    def dated(self, row: rows.Invoice, finalized: int) -> rows.Invoice:
        """When it was finalized, written off, falls due and is charged again; who forgave it."""
        dice = self.dice
        marked = max(finalized, NOW - max(0, dice.around(dice.one(MARKED_DAYS))))
        is_marked = row.status == "uncollectible"
        changed: dict[str, Any] = {
            "status_transitions": rows.StatusTransitions(
                finalized_at=None if row.status == "draft" else finalized,
                marked_uncollectible_at=marked if is_marked else None,
                paid_at=finalized if row.status == "paid" else None,
                voided_at=NOW if row.status == "void" else None,
            )
        }
        if is_marked and dice.is_one_in(3):
            why = dice.one(("user_forgiven", "max_payment_attempts", "max_payment_attempts"))
            details = rows.UncollectibleDetails(reason=why)
            changed["status_details"] = rows.StatusDetails(uncollectible=details)
        if dice.is_one_in(6) and row.status != "draft":
            changed["collection_method"] = "send_invoice"
            changed["due_date"] = finalized + dice.one((0, 14, 30, 90)) * DAY
        elif row.status == "open" and dice.is_one_in(4):
            changed["next_payment_attempt"] = NOW + dice.one((-1, 1, 3)) * DAY
        return replace(row, **changed)

    def consolidated(self) -> None:
        """One invoice over all that is written off, as an earlier job issued it."""
        dice = self.dice
        over = [row for row in self.invoices if row.status == "uncollectible"]
        if not over:
            return
        step, currency = unit(self.currency), self.currency
        asked = sum(row.amount_remaining for row in over)  # that job added currencies up
        amount = max(minimum(currency) or step, dice.one((asked, asked // 2)) // step * step)
        statuses: tuple[Any, ...] = ("open", "paid", "paid", "paid", "uncollectible", "void")
        line = rows.LineItem(
            id="il_in_c",
            amount=amount,
            currency=currency,
            period=rows.Period(start=NOW, end=NOW),
        )
        names = [row.id for row in over] + (["in_gone"] if dice.is_one_in(10) else [])
        tags = rows.FrozenDict(consolidated="true", originals=",".join(names))
        made = self.bill(
            "in_c",
            (line,),
            status=dice.one(statuses),
            finalized=NOW,
            subscription=None,
            billing_reason="manual",
            metadata=tags,
        )
        self.keep(made)
        for row in over:
            if row.amount_remaining and dice.is_one_in(3):
                self.put("invoices", row.id, self.closed(row, made))

    def closed(self, row: rows.Invoice, over: rows.Invoice) -> rows.Invoice:
        """An original that was paid itself, credited, voided, or set to paid, after all."""
        rest = row.amount_remaining
        how = self.dice.one(("paid", "credited", "void", "settled"))
        if how == "settled" and over.status != "paid":
            how = "paid"
        made = [payment for payment in row.payments.data if payment.status == "paid"]
        if how == "void" and made:
            how = "credited"
        if how == "void":
            return replace(row, status="void", confirmation_secret=None)
        self.tables["payment_intents"].pop(f"pi_{row.id}_rest", None)
        changed: dict[str, Any] = {"amount_remaining": 0, "confirmation_secret": None}
        if how == "credited":
            self.note(row, rest, after=False)
            changed["amount_due"] = row.amount_due - rest
            changed["pre_payment_credit_notes_amount"] = row.pre_payment_credit_notes_amount + rest
        else:
            captured = rest if how == "paid" else 0
            made += self.payments(row, captured, rest - captured, turn="_later")
            changed["amount_paid"] = row.amount_paid + rest
        if how == "settled":
            changed["metadata"] = rows.FrozenDict(settled_by=over.id)
        changed["payments"] = rows.Payments(data=tuple(made))
        return replace(row, status="paid", **changed)


def _pricing(product: str, *, metered: bool) -> rows.Pricing:
    return _PRICES[product, metered]


_PRICES = {
    (product, metered): rows.Pricing(
        price_details=rows.PriceDetails(
            price=rows.Price(
                id=f"price_{product}",
                product=product,
                recurring=rows.Recurring(usage_type="metered" if metered else "licensed"),
            ),
            product=product,
        )
    )
    for product in PRODUCTS
    for metered in (False, True)
}


def _parent(subscription: str | None) -> rows.InvoiceParent | None:
    if subscription is None:
        return None
    details = rows.SubscriptionDetails(subscription=subscription)
    return rows.InvoiceParent(subscription_details=details)


def _payment(
    row: rows.Invoice, amount: int, intent: str | None, turn: str = ""
) -> rows.InvoicePayment:
    return rows.InvoicePayment(
        id=f"inpay_{row.id}_{'out' if intent is None else 'in'}{turn}",
        status="paid",
        amount_requested=amount,
        amount_paid=amount,
        currency=row.currency,
        payment=rows.Payment(
            type="payment_record" if intent is None else "payment_intent", payment_intent=intent
        ),
    )
