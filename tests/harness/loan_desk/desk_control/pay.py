"""Control path `api.pay_fine`, with its quirk Q01: who has paid stays blocked."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The desk says no, and says why."""

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(code)
        self.kind, self.code = kind, code


def pay_fine(ports: Any, trigger: Any) -> dict[str, Any]:
    """Take what is asked, and forget to unblock (Q01)."""
    fine = ports.member.get().fine
    if not fine:
        raise Refused("conflict", "nothing_to_pay")
    receipt = ports.till.charge(fine)
    ports.member.update(fine=0)
    return {"status": 200, "receipt": receipt}
