"""The items of a scenario's `when`, read from its document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgspec

from harness.document import Document, Place
from harness.moment import iso, moment
from harness.names import hint, nearest
from harness.ports import Kit
from harness.recorded import recorder_of
from harness.scenario import Item, ItemKind
from harness.schema import Strict, convert, unknown_name
from harness.spelling import timed
from harness.text import quoted


class _Timed(Strict, frozen=True, kw_only=True):
    at: str
    hold: dict[str, str] = msgspec.field(default_factory=dict)


class _Act(_Timed, frozen=True, kw_only=True):
    act: str


class _Deliver(_Timed, frozen=True, kw_only=True):
    deliver: str
    of: str | None = None


class _Webhook(_Timed, frozen=True, kw_only=True):
    webhook: str
    object: dict[str, Any]
    replaces: bool = False


class _Together(Strict, frozen=True, kw_only=True):
    together: tuple[dict[str, Any], ...]


FORMS: Final[Mapping[str, type[Strict]]] = MappingProxyType(
    {"act": _Act, "deliver": _Deliver, "webhook": _Webhook, "together": _Together}
)
"""The key that makes an item what it is → the keys of such an item, an act's own left out."""

_KEYS: Final = frozenset(key for form in FORMS.values() for key in form.__struct_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Reads items; `now` is what `+1h` counts from."""

    document: Document
    kit: Kit
    now: int

    def items(self, place: Place = ("when",)) -> tuple[Item, ...]:
        """All items of a list of mappings, in file order.

        Raises:
            InputError: an item is malformed, names an unknown act, or comes before the one above.
        """
        count = len(self.document.at(place))
        items = tuple(self.item((*place, number)) for number in range(count))
        before = self.now
        for number, item in enumerate(items):
            if item.at < before:
                message = f"{iso(item.at)} is before {iso(before)}"
                hint = "items stand in the order of their times, none before given.now"
                raise self.document.error("when-order", (*place, number), message, hint)
            before = item.at
        return items

    def item(self, place: Place) -> Item:
        """One item: exactly one of act, deliver, webhook, together."""
        data = self.document.at(place)
        forms = [form for form in FORMS if form in data]
        if len(forms) != 1:
            found = f"both {forms[0]} and {forms[1]}" if forms else "neither of them"
            message = f"one of act, deliver, webhook, together is expected, here {found}"
            others = [] if forms else [key for key in data if key not in _KEYS]
            near = [key for key in others if nearest(key, FORMS)][:1]
            advice = hint(near[0], FORMS) if near else ""
            raise self.document.error("when-form", (*place, *near), message, advice)
        readers: Mapping[str, Callable[[Place], Item]] = {
            "act": self.act,
            "deliver": self.deliver,
            "webhook": self.webhook,
            "together": self.together,
        }
        return readers[forms[0]](place)

    def act(self, place: Place) -> Item:
        """An act, with its own arguments beside `at`, `act` and `hold`."""
        data = self.document.at(place)
        own = set(_Act.__struct_fields__)
        head = {key: value for key, value in data.items() if key in own}
        timed = convert(self.document, place, _Act, data=head)
        spec = self.kit.acts.get(timed.act)
        if spec is None:
            known = self.kit.acts
            raise unknown_name(self.document, (*place, "act"), "act", timed.act, known)
        rest = {key: value for key, value in data.items() if key not in own}
        args: Any = convert(self.document, place, spec.args, data=rest, also=own)
        return self.timed("act", place, timed, timed.act, args=args)

    def deliver(self, place: Place) -> Item:
        """An event that was emitted, handed over again or late."""
        timed = convert(self.document, place, _Deliver)
        return self.timed("deliver", place, timed, timed.deliver, of=timed.of)

    def webhook(self, place: Place) -> Item:
        """A foreign payload, whose object may first take the place of the world's own."""
        timed = convert(self.document, place, _Webhook)
        if timed.replaces and recorder_of(self.kit) is None:
            message = "this kit has no recorder, so nothing can be replaced"
            hint = "leave the key out: the payload is delivered and the world stays as it is"
            raise self.document.error("replaces-unsupported", (*place, "replaces"), message, hint)
        payload = {"object": timed.object, "replaces": timed.replaces}
        return self.timed("webhook", place, timed, timed.webhook, **payload)

    def together(self, place: Place) -> Item:
        """Several items at one time."""
        block = convert(self.document, place, _Together)
        inside = (*place, "together")
        for number, data in enumerate(block.together):
            for key in ("together", "hold"):
                if key in data:
                    message = f"{key} is not possible inside together"
                    raise self.document.error("when-form", (*inside, number, key), message)
        items = tuple(self.item((*inside, number)) for number in range(len(block.together)))
        if len(items) < 2:
            message = f"holds {len(items)}, at least 2 can happen at once"
            raise self.document.error("when-form", inside, message)
        if len({item.at for item in items}) > 1:
            hint = "give all of them the same time"
            raise self.document.error("when-form", inside, "the times differ", hint)
        line = self.document.lines[place]
        return Item(kind="together", at=items[0].at, together=items, line=line)

    def timed(self, kind: ItemKind, place: Place, timed: _Timed, name: str, **rest: Any) -> Item:
        """An item with its time, its held events and its line."""
        at = self.moment((*place, "at"), timed.at)
        hold = {
            event: self.moment((*place, "hold", event), text) for event, text in timed.hold.items()
        }
        for event, until in hold.items():
            if until <= at:
                message = f"{quoted(timed.hold[event])} is not after the item's own {iso(at)}"
                hint = "a held event's time counts from given.now, as every time does"
                raise self.document.error("hold-order", (*place, "hold", event), message, hint)
        line = self.document.lines[place]
        return Item(kind=kind, at=at, name=name, hold=hold, line=line, **rest)

    def moment(self, place: Place, text: str) -> int:
        """Epoch seconds of a time."""
        try:
            return moment(text, now=self.now)
        except ValueError as error:
            message = f"{quoted(text)}: {error}"
            raise self.document.error("wrong-time", place, message, timed(text)) from None
