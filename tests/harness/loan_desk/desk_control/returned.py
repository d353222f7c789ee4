"""Control path `webhook.loan_returned`: a late book is fined and its borrower blocked."""

from __future__ import annotations

from typing import Any

DAY = 86_400


def loan_returned(ports: Any, trigger: Any) -> None:
    """Fine a late return once: 25 cents a whole day."""
    returned = trigger.event["data"]["object"]
    loan = ports.loans.get(returned["id"])
    if loan is None or loan.fined:
        return
    days = (returned["returned_at"] - loan.due) // DAY
    if days > 0:
        member = ports.member.get()
        ports.member.update(fine=member.fine + days * 25, blocked=True)
        ports.loans.mark_fined(loan.id)
        ports.notifier.send("fined", days=days)
        ports.reason("late", days=days)
