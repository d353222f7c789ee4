"""What a customer is told whose card was not charged."""

from __future__ import annotations

from typing import Any

REQUIRES_ACTION = "invoice_payment_intent_requires_action"


def card_refusal(error: Any) -> dict[str, Any]:
    """Answer Stripe's card error with 402 and its codes."""
    if error.code == REQUIRES_ACTION:
        # QUIRK Q22: the client secret, with which the customer could go on, is dropped
        # QUIRK Q84: likewise where a named invoice is paid
        return {"status": 402, "code": REQUIRES_ACTION}
    return {"status": 402, "code": error.code, "decline_code": error.decline_code}
