"""A look: gather, assess, plan, perform; again until nothing is left to do."""

from __future__ import annotations

import re
from typing import NamedTuple

from brain.assess import Assessment, assess
from brain.effects import Effect
from brain.gather import gather
from brain.mode import Mode
from brain.perform import CALLS, Moved, TryLater, perform
from brain.plan import plan
from brain.ports import Ports

DOES = {kind: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower() for kind in CALLS}
"""What each effect does, in words: CancelSubscription is to cancel a subscription."""

ROUNDS = 8
"""How often a look starts again before it leaves the account to the next one."""


class Decision(NamedTuple):
    """What was assessed, and the effects that follow from it, in the safe order."""

    view: Assessment
    effects: tuple[Effect, ...]


def decide(ports: Ports, mode: Mode, *, forgive: bool = False) -> Decision | None:
    """Read the account and decide; None where there is no account. Writes nothing."""
    snapshot = gather(ports)
    if snapshot is None:
        return None
    decides = mode.decides_all
    view = assess(snapshot, writes_off=decides, ends_unpaid=decides, forgive=forgive)
    return Decision(view, plan(view))


def settle(ports: Ports, mode: Mode, *, forgive: bool = False) -> None:
    """Bring the account to where it stands; call it inside the account's lock.

    Looking again afterwards finds nothing to do. Raises TryLater where the account keeps moving,
    and what Stripe answers where it cannot be read; every effect made by then leaves the account
    safe.
    """
    for _ in range(ROUNDS):
        decision = decide(ports, mode, forgive=forgive)
        if decision is None or not _round(ports, mode, decision):
            return
    raise TryLater("account-keeps-moving")


def _round(ports: Ports, mode: Mode, decision: Decision) -> bool:
    """Say why, and carry out what the mode allows; False where that is nothing."""
    say(ports, mode, decision)
    allowed = [effect for effect in decision.effects if effect.place in mode.places]
    try:
        for effect in allowed:
            perform(ports, effect)
    except Moved:
        pass  # the next round reads it again
    return bool(allowed)


def say(ports: Ports, mode: Mode, decision: Decision) -> None:
    """Report the rules that fired, then every effect, made or not."""
    for reason in decision.view.reasons:
        ports.reason(reason.rule, **reason.figures)
    for case in decision.view.cases:
        ports.reason("case", kind=case.kind, object=case.object)
    for effect in decision.effects:
        ports.reason(
            "step" if effect.place in mode.places else "not-this-mode",
            does=DOES[type(effect)],
        )
