"""The brain on its way into production: modes in which it does less than it decides.

The engine that is compared does all (`brain.engine:ENGINE`), and what is proven of it says nothing
of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from brain.effects import Place
from brain.engine import Engine, Handler, handlers_of
from brain.intents import INTENTS
from brain.mode import FULL, Mode
from brain.perform import TryLater
from brain.ports import Ports, Trigger


class NotInThisMode(Exception):
    """A refusal: the brain only watches, another engine answers this request."""

    kind = "not-in-this-mode"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


HARSH = frozenset(
    (
        Place.CANCEL_WORTHLESS,
        Place.SERVICE_BEHIND_BAN,
        Place.SERVICE_OFF,
        Place.CANCEL,
        Place.METADATA_ON,
        Place.SINCE_ON,
        Place.FLAG_ON,
        Place.HOLD_ON,
        Place.SERVICE_BANNED,
        Place.SERVICE_HANDED_OVER,
    )
)
"""Places of changes that may leave the customer worse off."""

RECONCILED = frozenset(
    (
        Place.CASE,
        Place.FLAG_OFF,
        Place.SINCE_OFF,
        Place.METADATA_OFF,
        Place.METADATA_ON,
        Place.SINCE_ON,
        Place.FLAG_ON,
    )
)
"""Places of cases and of stores 1 to 3, which only say what the others do."""

OBSERVE = Mode(name="observe", places=frozenset(), decides_all=True)
RECONCILE = Mode(name="reconcile", places=RECONCILED, decides_all=False)
LIFT = Mode(name="lift", places=RECONCILED | FULL.places - HARSH, decides_all=False)

MODES: Mapping[str, Mode] = {one.name: one for one in (OBSERVE, RECONCILE, LIFT, FULL)}

ANSWERING = frozenset((LIFT.name, FULL.name))
"""Modes in which requests of people are carried out."""


ACTING = frozenset(INTENTS) - {"api.billing_state"}
"""Requests that change more than a look does."""


def engine(name: str) -> Engine:
    """The brain at a mode; KeyError for a mode that does not exist."""
    mode = MODES[name]
    handlers = handlers_of(mode)
    if name not in ANSWERING:
        refusing = Handler(path="brain.rollout", call=partial(_refuse, name))
        handlers = {**handlers, **dict.fromkeys(ACTING, (refusing,))}
    return Engine(name="brain", mode=mode, handlers=handlers, refusals=(TryLater, NotInThisMode))


def _refuse(name: str, _: Ports, __: Trigger) -> dict[str, Any] | None:
    raise NotInThisMode(name)
