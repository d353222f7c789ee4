"""What a control asks of the ports, as a file keeps it: the port, and what it is handed.

What is handed over is plain data, or something that a port answered earlier in the same call (a
row that a control expects to find unchanged): that is kept as the place where it was answered.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from harness.replayed.answer import NotPlain

LARGEST: Final = 1 << 63
"""What no whole number in a file comes up to."""

TUPLE: Final = "$tuple"
EARLIER: Final = "$answered"
Step = str | int


class Question(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One thing asked of a port.

    Attributes:
        port: its name from the ports on, as in `stripe.invoices.pay`.
        how: a call; a name that is read; a block (`with`) that is entered, or left.
        given: what is handed over in order.
        named: what is handed over by name.
    """

    port: str
    how: Literal["call", "read", "enter", "leave"] = "call"
    given: tuple[Any, ...] = ()
    named: dict[str, Any] = {}

    def __str__(self) -> str:
        said = [*map(_shown, self.given), *(f"{k}={_shown(v)}" for k, v in self.named.items())]
        return {
            "call": f"{self.port}({', '.join(said)})",
            "read": self.port,
            "enter": f"with {self.port}",
            "leave": f"the end of with {self.port}",
        }[self.how]


def _shown(value: Any) -> str:
    return repr(value)


def kept(value: Any, answers: Sequence[Any]) -> Any:
    """What is handed over, as a file keeps it.

    Args:
        value: what the control hands over.
        answers: what it was answered so far, in order.

    Raises:
        NotPlain: it is neither plain data nor a part of an answer.
    """
    kind = type(value)
    if value is None or kind is bool or _fits(kind, value):
        return value
    if kind is list:
        return [kept(item, answers) for item in value]
    if kind is tuple:
        return {TUPLE: [kept(item, answers) for item in value]}
    if kind is dict and all(type(key) is str and not key.startswith("$") for key in value):
        return {key: kept(item, answers) for key, item in value.items()}
    for number, answer in enumerate(answers):
        place = next(_places(value, answer), None)
        if place is not None:
            return {EARLIER: [number, *place]}
    raise NotPlain(f"a {kind.__name__} that no port answered")


def _fits(kind: type, value: Any) -> bool:
    """Whether a file can hold a scalar exactly."""
    if kind is str:
        return is_unicode(value)
    if kind is float:
        return math.isfinite(value)
    return kind is int and abs(value) < LARGEST


def is_unicode(text: str) -> bool:
    """Whether a text is made of characters, and of no halves of one."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def handed(data: Any, answers: Sequence[Any]) -> Any:
    """What a file keeps, as it is handed over once more.

    Raises:
        LookupError, AttributeError, TypeError: an earlier answer has no such part.
    """
    if isinstance(data, list):
        return [handed(item, answers) for item in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {TUPLE}:
        return tuple(handed(item, answers) for item in data[TUPLE])
    if data.keys() == {EARLIER}:
        number, *place = data[EARLIER]
        found = answers[number]
        for step in place:
            named = isinstance(step, str) and not isinstance(found, Mapping)
            found = getattr(found, step) if named else found[step]
        return found
    return {key: handed(item, answers) for key, item in data.items()}


def _places(wanted: Any, answer: Any) -> Iterator[tuple[Step, ...]]:
    """Steps from an answer to the very thing that is looked for."""
    if answer is wanted:
        yield ()
    elif isinstance(answer, (list, tuple)):
        for number, item in enumerate(answer):
            yield from ((number, *rest) for rest in _places(wanted, item))
    elif isinstance(answer, Mapping):
        for key, item in answer.items():
            yield from ((key, *rest) for rest in _places(wanted, item))
    elif isinstance(answer, msgspec.Struct):
        for name in answer.__struct_fields__:
            item = getattr(answer, name)
            yield from ((name, *rest) for rest in _places(wanted, item))
