"""Accounts so rare that a law over generated ones met them once in thousands, made small."""

from __future__ import annotations

from typing import Any

import pytest
from debtor import (
    MONTH,
    ask,
    at,
    end,
    grant,
    invoice,
    invoice_of,
    look,
    made,
    served,
    shows,
    uncollectible,
    world,
)
from msgspec.structs import replace

from brain.assess import assess
from brain.gather import gather
from brain.plan import plan
from fixtures.journal import Access
from fixtures.world import World


def subscription(id: str, product: str = "pages", **more: Any) -> dict[str, Any]:
    return {"id": id, "product": product, "period": MONTH, **more}


def subscriptions(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"subscriptions": list(found), **more}


def service(of: World, id: str = "ent_1") -> tuple[str, str | None]:
    row = of.get("entitlements", id)
    return row.status, row.reason


def order(of: World, *starts: str) -> list[str]:
    """The first write at each of these places, in the order in which they were written."""
    places = [write.at for write in of.writes]
    firsts = {
        start: next(n for n, at in enumerate(places) if at.startswith(start)) for start in starts
    }
    return sorted(starts, key=firsts.__getitem__)


class Crash(Exception):
    """The process dies."""


def crashed(of: World, before: int) -> World | None:
    """Die before the write of this number, look again; None where there is no such write."""
    seen = 0

    def access(call: Access) -> None:
        nonlocal seen
        seen += call.write and call.table != "lock"
        if seen == before:
            raise Crash

    again = of.fork()
    again.on_port = access
    try:
        look(again)
    except Crash:
        again.on_port = None
        return look(again)
    return None


def ends_alike_wherever_it_crashes(of: World) -> World:
    """Crash before each write in turn; return the account after an undisturbed look."""
    whole, number = look(of.fork()), 1
    while (again := crashed(of, number)) is not None:
        assert end(again) == end(whole), number
        number += 1
    assert number > 1
    return whole


# --- what stops in a look is not owed for in it -------------------------------------------------


def test_service_that_a_falling_ban_hid_ends_and_is_not_owed_for() -> None:
    """The credit covers what is owed once it ends, so one note says it all."""
    of = world(
        20,
        uncollectible(
            0, amount=20_000, lines=[{"amount": 10_000}, {"amount": 10_000, "product": "mail"}]
        ),
        grants=(grant(), served(9, id="ent_2", product="mail")),
        stripe={"credit": 20_000},
        enforcement={"banned": True},
    )
    of = ends_alike_wherever_it_crashes(of)
    assert [name for name in made(of) if name.startswith("credit_notes")] == [
        "credit_notes.create in_1"
    ]
    assert invoice_of(of).amount_remaining == 6_666 + 3_000
    assert service(of) == ("ended", None)
    assert shows(of) == (False, None, None, ())


def test_a_free_plan_that_ends_with_its_subscription_is_not_owed_for() -> None:
    """Nobody is flagged and blocked in between for what is not owed in the end."""
    free = grant(id="ent_2", plan="free", product="pages")
    of = world(20, invoice(), grants=(free,))
    of.put("invoices", "in_1", _settled_by_balance(of, 8_000))
    of = ends_alike_wherever_it_crashes(of)
    assert service(of, "ent_2") == ("ended", None)
    assert invoice_of(of).amount_remaining == 0
    assert {write.at for write in of.writes}.isdisjoint({"billing_db.bad_debt"})
    assert not [write for write in of.writes if write.at.startswith("enforcement")]


def _settled_by_balance(of: World, amount: int) -> Any:
    row = invoice_of(of)
    rest = row.total - amount
    return replace(row, starting_balance=-amount, amount_due=rest, amount_remaining=rest)


def test_service_that_only_the_grace_of_a_cleared_invoice_covered_stops_first() -> None:
    """Another product of the paused subscription has no line of its own."""
    of = world(
        10,
        invoice(),
        grants=(
            served(0, status="ended", reason=None, intervals=[[at(-9), at(-1)]]),
            grant(id="ent_2", product="mail"),
        ),
        stripe=subscriptions(subscription("sub_1", status="paused")),
    )
    look(of)
    assert invoice_of(of).amount_remaining == 0
    assert service(of, "ent_2") == ("suspended", "unpaid")
    assert order(of, "entitlements.ent_2.status", "credit_notes") == [
        "entitlements.ent_2.status",
        "credit_notes",
    ]


# --- nobody makes up a record of service --------------------------------------------------------


def test_no_subscription_ends_while_an_invoice_asks_for_what_nobody_wrote_down() -> None:
    """The end would say how long it was served, were the process to die just then."""
    unrecorded = uncollectible(0, id="in_2", amount=651, product="mail")
    of = world(
        20,
        invoice(lines=[{"amount": 551, "one_off": True}], amount=551),
        unrecorded,
        grants=(),
        stripe={"metadata": {"bad_debt_amount": "0"}},
    )
    of = ends_alike_wherever_it_crashes(of)
    assert invoice_of(of, "in_2").amount_remaining == 0
    assert of.get("subscriptions", "sub_1").status == "canceled"


def test_service_given_back_begins_no_record_that_says_there_was_none_before() -> None:
    """A contract covers it, but what is owed for the time before is for a person to find out."""
    of = world(
        40,
        uncollectible(30),
        grants=(served(0, intervals=[]),),
        segment="enterprise",
    )
    look(of)
    assert service(of) == ("suspended", "dunning")
    assert invoice_of(of).amount_remaining == 10_000
    assert shows(of)[0]
    assert "service-unknown:in_1" in of.tables["cases"]


# --- payments on their way ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "becomes"),
    [("xaf", ("active", None)), ("usd", ("suspended", "dunning"))],
)
def test_service_waits_for_a_payment_only_where_more_could_be_owed(
    currency: str, becomes: tuple[str, str | None]
) -> None:
    """Nobody enforces a currency without a least amount, so nothing is held up for it."""
    of = world(
        40,
        uncollectible(14, currency=currency, processing=True),
        grants=(served(0, intervals=[[at(-9), at(-1)]]),),
        stripe=subscriptions(subscription("sub_1", status="trialing")),
    )
    look(of)
    assert service(of) == becomes


# --- what is handed over ------------------------------------------------------------------------


def handing_over() -> World:
    """A trial is written off; its mail is given by another subscription that waits."""
    return world(
        20,
        uncollectible(0),
        grants=(
            grant(),
            grant(id="ent_2", product="mail"),
            served(5, id="ent_3", product="mail", subscription="sub_2"),
        ),
        stripe=subscriptions(
            subscription("sub_1", status="trialing"),
            subscription("sub_2", "mail", status="trialing"),
        ),
    )


def test_a_trial_is_canceled_once_its_service_is_handed_over() -> None:
    of = look(handing_over())
    assert order(
        of, "subscriptions.sub_1.status", "entitlements.ent_3.status", "entitlements.ent_2.status"
    ) == ["entitlements.ent_3.status", "entitlements.ent_2.status", "subscriptions.sub_1.status"]


def test_what_covers_service_is_cleared_once_that_is_handed_over() -> None:
    """Pages run on in the grace of a contract until the other subscription gives them again."""
    long = {"start": at(0), "end": at(365)}
    of = world(
        20,
        invoice(
            amount=99,
            lines=[{"amount": 99, "metered": True, "period": long}],
            paid=60,
            period=long,
        ),
        invoice(id="in_2", subscription="sub_2", period=long),
        grants=(grant(intervals=[]), served(9, id="ent_2", subscription="sub_2")),
        segment="enterprise",
        stripe=subscriptions(
            subscription("sub_1", status="canceled", ended_at=at(-3)), subscription("sub_2")
        ),
    )
    look(of)
    assert invoice_of(of).amount_remaining == 0
    assert order(of, "entitlements.ent_2.status", "entitlements.ent_1.status", "credit_notes") == [
        "entitlements.ent_2.status",
        "entitlements.ent_1.status",
        "credit_notes",
    ]


# --- time is over and nothing is owed -----------------------------------------------------------


def over() -> World:
    """Pages ended before their period began; mail, that was billed for long ago, runs."""
    past = {"start": at(-60), "end": at(-30)}
    return world(
        20,
        invoice(
            lines=[{"amount": 10_000}, {"amount": 40, "product": "mail", "period": past}],
            amount=10_040,
        ),
        grants=(
            served(0, intervals=[[at(-9), at(-1)]]),
            grant(id="ent_2", product="mail", intervals=[[at(0), None]]),
        ),
        stripe=subscriptions(subscription("sub_1", status="trialing")),
    )


def test_what_nobody_owes_is_cleared_before_the_trial_brings_service_back() -> None:
    """Service for a line whose period has passed keeps nothing asking."""
    of = look(over())
    assert invoice_of(of).amount_remaining == 0
    assert service(of) == ("active", None)
    assert of.get("subscriptions", "sub_1").status == "trialing"


def test_nobody_pays_by_name_what_is_over_and_not_owed() -> None:
    of = over()
    assert ask(of, "api.pay_invoice", invoice="in_1") == {
        "status": 409,
        "code": "invoice_not_payable",
    }
    assert not of.rows("charges")


# --- voided is billed ---------------------------------------------------------------------------


def test_what_was_billed_and_voided_is_not_yet_billed_no_longer() -> None:
    """A contract covers what nobody has billed so far, and this was."""
    of = world(
        10,
        invoice(status="void"),
        grants=(grant(granted_by="contract"),),
        account={"net_days": 30},
    )
    assert service(look(of)) == ("suspended", "unpaid")


def test_credit_beside_what_is_written_off_before_it_is_due_is_a_case() -> None:
    of = world(
        10,
        uncollectible(5, collection_method="send_invoice", due_date=at(60)),
        grants=(grant(),),
        stripe={"credit": 5_000},
    )
    assert "unapplied-credit:cus_1" in look(of).tables["cases"]


@pytest.mark.parametrize("start", [handing_over, over])
def test_a_rare_account_is_settled_by_one_look(start: Any) -> None:
    of = ends_alike_wherever_it_crashes(start())
    snapshot = gather(of.ports)
    assert snapshot is not None
    assert plan(assess(snapshot, writes_off=True, ends_unpaid=True)) == ()
