"""Whole accounts by seed and number: any state that rows, Stripe's amounts and history allow.

Plain rows in a world, made of one `random.Random`, so that a million of them can be compared and
any one of them made again. Rows are placed without the checks of `World.put`, for speed; a test
admits a sample of them.
"""

from __future__ import annotations

from typing import Any

from generated_invoices import DAY, MARKED_DAYS, NOW, PRODUCTS, Billing, Dice

from fixtures import rows
from fixtures.currencies import minimum, unit
from fixtures.world import SELF, World

SEGMENTS: tuple[rows.Segment, ...] = ("free", "pro", "business", "enterprise")
SUBSCRIPTION_STATUSES: tuple[rows.SubscriptionStatus, ...] = (
    "active",
    "active",
    "active",
    "past_due",
    "unpaid",
    "canceled",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "trialing",
    "paused",
)
GOOD_TEXTS = ("true", "true", "false")
BAD_TEXTS = ("", "True", "yes", "1,250", "12.50", "-5", "٣٠٠", "0", "300")
STOPPING = ("stripe-refused", "cannot-credit-uncollectible")


def account(seed: int, number: int) -> World:
    """Return the account of this number; its clock stands, and nothing was written or called."""
    return _Account(Dice(seed, number)).world()


class _Account(Billing):
    """An account in the making: from the account itself to the cases."""

    def __init__(self, dice: Dice) -> None:
        super().__init__(dice)
        self.segment = dice.one(SEGMENTS)

    def world(self) -> World:
        """Draw everything, in an order in which each can refer to what came before."""
        self.account()
        self.subscriptions()
        self.grants()
        for number in range(1, self.dice.upto(4) + 1):
            self.keep(self.invoice(f"in_{number}"))
        if self.dice.is_one_in(4):
            self.consolidated()
        self.stripe_customer()
        self.stores()
        self.cases()
        made = World(NOW)
        for name, found in self.tables.items():
            made.tables[name].update(found)
        made.actor = "brain"
        return made

    # --- account, subscriptions, service ------------------------------------------------------

    def account(self) -> None:
        dice = self.dice
        self.put(
            "accounts",
            SELF,
            rows.Account(
                id="acc_1",
                segment=self.segment,
                currency=self.currency,
                net_days=dice.one((None, None, 30)),
                probation=dice.is_one_in(25),
            ),
        )
        switch: tuple[Any, ...] = ("accept", "accept", "reject")
        left: tuple[Any, ...] = ("uncollectible", "paid")
        settings = rows.Settings(
            credit_note_on_uncollectible=dice.one(switch),
            void_on_uncollectible=dice.one(switch),
            zeroed_uncollectible=dice.one(left),
        )
        self.put("settings", SELF, settings)
        answers: tuple[Any, ...] = ("succeeds", "declines", "requires_action", "processing")
        method = rows.PaymentMethod(id="pm_1", customer="cus_1", on_charge=dice.one(answers))
        self.put("payment_methods", "pm_1", method)

    def subscriptions(self) -> None:
        dice = self.dice
        for number in range(1, dice.upto(2) + 2):
            name = f"sub_{number}"
            status = dice.one(SUBSCRIPTION_STATUSES)
            gone = status in ("canceled", "incomplete_expired")
            ended = NOW - dice.around(dice.one((1, 10, 30, 60))) if gone else None
            wish = NOW - 9 * DAY if not gone and dice.is_one_in(8) else None
            self.products[name] = PRODUCTS[: dice.one((1, 1, 2))]
            self.begins[name] = status in ("incomplete", "incomplete_expired")
            self.start[name] = NOW - dice.around(dice.one((3, 14, 25, 30, 40, 60, 90)))
            row = rows.Subscription(
                id=name,
                customer="cus_1",
                status=status,
                created=self.start[name] - 60 * DAY,
                currency=self.currency,
                cancel_at_period_end=wish is not None,
                canceled_at=ended if gone else wish,
                ended_at=ended,
            )
            self.put("subscriptions", name, row)

    def grants(self) -> None:
        number = 0
        for name, products in self.products.items():
            for product in products:
                for _ in range(self.dice.one((0, 1, 1, 1, 1, 2))):
                    number += 1
                    self.grant(f"ent_{number}", product, name)
        if self.dice.is_one_in(8):
            self.grant("ent_0", self.dice.one(PRODUCTS), None)

    def grant(self, name: str, product: str, subscription: str | None) -> None:
        dice = self.dice
        since = self.start.get(subscription or "", NOW - 20 * DAY) + dice.one((0, 0, -5, 4)) * DAY
        since = min(since, NOW - 3600)
        statuses: tuple[rows.GrantStatus, ...] = ("active", "active", "suspended", "ended")
        status = dice.one(statuses)
        upto = min(NOW, since + dice.around(dice.one((1, 10, 14, 18, 30, 45))))
        spans: tuple[tuple[int, int | None], ...] = ((since, upto),) if upto > since else ()
        if status == "active":
            again = min(NOW, upto + dice.one((1, 5)) * DAY)
            running = ((since, None),)
            spans = running if dice.one((True, True, False)) else (*spans, (again, None))
        if dice.is_one_in(8):
            spans = ()
        givers: tuple[Any, ...] = ("invoice",) * 6 + ("contract", "free")
        given_by = dice.one(givers)
        reasons = ("dunning", "dunning", "dunning", "abuse")
        is_free = given_by == "free" or dice.is_one_in(12)
        row = rows.Grant(
            id=name,
            product="free" if is_free else product,
            plan="free" if is_free else "pro",
            subscription=subscription,
            status=status,
            reason=dice.one(reasons) if status == "suspended" else None,
            granted_by=given_by,
            granted_at=since,
            intervals=spans,
        )
        self.put("entitlements", name, row)

    # --- the other stores ---------------------------------------------------------------------

    def stripe_customer(self) -> None:
        dice, step = self.dice, unit(self.currency)
        least = minimum(self.currency) or step
        credit = dice.one((0, 0, 0, 0, 0, -1, -10, -100, 5)) * least
        tags = {}
        if dice.one((True, False)):
            tags["bad_debt"] = dice.one(GOOD_TEXTS if dice.upto(7) else BAD_TEXTS)
        if dice.is_one_in(3):
            asked = tuple(str(row.amount_remaining) for row in self.invoices)
            halves = tuple(str(row.amount_remaining // 2) for row in self.invoices)
            tags["bad_debt_amount"] = dice.one((*BAD_TEXTS, *asked, *asked, *halves))
        if dice.is_one_in(4):
            tags["consolidated_invoice"] = dice.one(("in_c", "in_c", "in_1", "in_gone"))
        if dice.is_one_in(3):
            tags["plan_note"] = "keep me"
        row = rows.StripeCustomer(
            id="cus_1",
            currency=self.currency if dice.upto(9) else None,
            balance=credit,
            metadata=rows.FrozenDict(tags),
            invoice_settings=rows.InvoiceSettings(
                default_payment_method=dice.one(("pm_1", "pm_1", None))
            ),
        )
        self.put("stripe_customer", SELF, row)

    def stores(self) -> None:
        """Stores 1, 2 and 6, agreeing or not."""
        dice = self.dice
        if dice.upto(19):
            amount = dice.one((None, None, 0, 5000))
            flag = dice.one((True, False))
            billing = rows.BillingDb(
                bad_debt=flag, bad_debt_amount=amount, failed_attempts=dice.upto(3)
            )
            self.put("billing_db", SELF, billing)
        if dice.upto(19):
            since = NOW - max(0, dice.around(dice.one(MARKED_DAYS)))
            lagging = dice.one(SEGMENTS) if dice.is_one_in(6) else self.segment
            told = dice.one((None, since))
            self.put("customer", SELF, rows.Customer(bad_debt_since=told, segment=lagging))
        kinds: tuple[tuple[Any, str, int], ...] = (
            ("ban", "abuse", 30),
            ("ban", "dunning", 5),
            ("ban", "fraud", 15),
            ("block", "dunning", 4),
            ("block", "fraud", 20),
        )
        holds = tuple(
            rows.Hold(kind=kind, reason=reason, by="billing", since=NOW - 3 * DAY)
            for kind, reason, rarity in kinds
            if dice.is_one_in(rarity)
        )
        until = NOW + dice.one((-1, 0, 1, 9 * DAY))
        override = rows.Override(until=until, by="support") if dice.is_one_in(8) else None
        self.put("enforcement", SELF, rows.Enforcement(holds=holds, override=override))

    def cases(self) -> None:
        """Cases that are open; what could not be cleared is only ever what nobody owed."""
        dice = self.dice
        for row in self.invoices:
            why = row.status_details.uncollectible if row.status_details else None
            if why is not None and why.reason == "user_forgiven" and dice.is_one_in(3):
                self.case("cannot-zero-uncollectible", row.id)
            if dice.is_one_in(25):
                self.case(dice.one((*STOPPING, "payment-stuck", "service-unknown")), row.id)
        if dice.is_one_in(25):
            self.case(dice.one(("metadata-disagrees", "unapplied-credit")), "cus_1")

    def case(self, kind: str, object: str) -> None:
        row = rows.Case(kind=kind, object=object, opened_at=NOW - DAY)
        self.put("cases", f"{kind}:{object}", row)
