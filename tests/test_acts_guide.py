"""The guide to scenario files names every act with its arguments, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from fixtures.acts import ACTS

GUIDE = (Path(__file__).parents[1] / "scenarios" / "README.md").read_text()
TABLES = GUIDE[GUIDE.index("## Acts") :]


def _rows(text: str) -> dict[str, set[str]]:
    """Return the arguments of each act, as the tables write them: `name`, or `name?`."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        cells = line.split("|")
        if len(cells) < 4:
            continue
        for name in re.findall(r"`([a-z]+(?:\.[a-z_]+)?)`", cells[1]):
            found[name] = set(re.findall(r"`([a-z_]+\??)`", cells[2]))
    return found


def _arguments(schema: type[msgspec.Struct]) -> set[str]:
    fields = msgspec.structs.fields(schema)
    return {field.name if field.required else f"{field.name}?" for field in fields}


def test_every_act_is_listed_and_nothing_else() -> None:
    assert set(_rows(TABLES)) == set(ACTS)


@pytest.mark.parametrize("name", sorted(ACTS))
def test_each_act_is_listed_with_its_arguments(name: str) -> None:
    assert _rows(TABLES)[name] == _arguments(ACTS[name].args)


def test_a_row_without_an_argument_is_seen() -> None:
    row = "| `stripe.void` | | by the dashboard |"
    assert _rows(row)["stripe.void"] != _arguments(ACTS["stripe.void"].args)
