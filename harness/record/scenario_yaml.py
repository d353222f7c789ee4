"""A scenario as YAML that reads well in a difference, and reads back as what was written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import yaml

from harness.errors import InputError
from harness.model import ABSENT
from harness.ports import Data
from harness.text import quoted, visible

_PLAIN: Final = (str, int, bool, type(None))


class _Dumper(yaml.CSafeDumper):
    """Writes text plainly wherever the reader takes it for text, and in quotes elsewhere."""

    # a table of its own: what is not here is text to the reader, so `no` and dates stand plainly
    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012  # as PyYAML declares it

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value out wherever it stands: the reader takes no alias."""
        del data
        return True


def _text(dumper: _Dumper, data: str) -> yaml.ScalarNode:
    # one line however long: a text that is broken into lines is no longer found by searching
    style = None if data.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
_Dumper.add_representer(str, _text)
for _tag, _form, _first in (
    ("bool", re.compile(r"(?:true|false)\Z"), ["t", "f"]),
    ("null", re.compile(r"(?:null)?\Z"), ["n", ""]),
    ("int", _NUMBER, list("-0123456789")),
):
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _form, _first)


def scenario_yaml(fields: Mapping[str, Data], notes: Sequence[str] = ()) -> str:
    """A scenario's file: notes as comments, then its fields in their order.

    Raises:
        InputError: a value is no plain data, such as a fraction; its place is named.
    """
    data = _checked(fields, "")
    head = "".join(f"# {visible(note)}\n" for note in notes)
    body = yaml.dump(
        data,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=1 << 20,
    )
    return "".join(map(_seen, head + body))


def _seen(char: str) -> str:
    """What an editor would hide, as an escape; it only stands in quotes or in a comment."""
    if char == "\n" or char.isprintable():
        return char
    return f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"


def _checked(value: Data, place: str) -> Any:
    """The value with dicts and lists of its own; a field that is not there as it is written."""
    if value is ABSENT:
        return {"absent": True}
    if type(value) is str:
        return _encodable(value, place)
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {_key(key, place): _checked(one, f"{place}.{key}") for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(one, f"{place}[{number}]") for number, one in enumerate(value)]
    kind = "fraction" if isinstance(value, float | Decimal) else type(value).__name__
    message = f"{visible(place.removeprefix('.'))}: {quoted(str(value))} is a {kind}"
    raise InputError("no-plain-data", message, hint="a scenario holds text and whole numbers")


def _key(key: Any, place: str) -> str:
    if type(key) is not str:
        message = f"{visible(place.removeprefix('.'))}: the key {quoted(key)} is no text"
        raise InputError("no-plain-data", message)
    return _encodable(key, place)


def _encodable(text: str, place: str) -> str:
    """Text that a file can hold: half of a surrogate pair is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        message = f"{visible(place.removeprefix('.'))}: {quoted(text)} holds half a character"
        hint = "a lone surrogate stands for nothing: correct it where it was written"
        raise InputError("no-plain-data", message, hint=hint) from None
    return text
