"""A ruling drafted from a cell's own differences, for a person to complete and sign.

The draft pins what both sides did and leaves blank whatever needs a judgement: why, whose fault,
who answers for it and until when. A draft with a blank is refused by the reader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from harness.adjudicate import CUSTOMER, FOLLOWS, is_look
from harness.canonical import same
from harness.clause import BOOKS, OPERATORS, Context
from harness.difference import keys_of
from harness.errors import InputError
from harness.model import ABSENT, Cell, Difference
from harness.ports import Data
from harness.ruling import Ruling
from harness.ruling_files import MOST_CLAUSES
from harness.text import visible

_SLUG: Final = re.compile(r"[^a-z0-9]+")
_UNPRINTED: Final = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")


def draft(cell: Cell, existing: Sequence[Ruling] = ()) -> str:
    """Write the YAML of a ruling for one cell.

    A customer difference is left out where books or money differ, since it follows from them.

    Args:
        cell: what was judged.
        existing: rulings that exist, so that the draft's id is new.

    Raises:
        InputError: the cell has no difference of its own that is still without a ruling.
    """
    episode = cell.episode
    bare = [one for one in cell.differences if not one.repeat and one.ruling in ("", FOLLOWS)]
    causes = [one for one in bare if one.facet != CUSTOMER]
    pinned = causes or [one for one in bare if not one.ruling]
    if not pinned or is_look(episode):
        message = f"{episode.id} has no difference of its own without a ruling"
        raise InputError("nothing-to-rule", message, hint="shadow show " + episode.scenario)
    lines = [
        f"# Drafted from {visible(episode.id)}. Complete every blank; a draft rules nothing.",
        f"id: {_text(_new_id(episode.scenario, existing))}",
        'class: ""            # control-bug, intended-change, race-removed, retired-field',
        "# quirk: Q00         # control-bug: the number of the fault",
        "# decision: docs/decisions/0000-what.md   # intended-change: its record",
        *(f'{key}: ""' for key in ("title", "reason", "ticket", "owner", "approver")),
        'created: ""',
        'expires: ""          # at most 180 days later',
        "scope:",
        f"  paths: [{', '.join(map(_text, episode.paths))}]",
        f"  segments: [{_text(str(episode.stratum.get('segment', '')))}]",
        "  when: []           # what makes this case this case, over before, trigger, truth, now",
        *_too_many(pinned),
        "expect:",
        *(_clause(one, episode.before) for one in pinned),
        *(f"# {visible(one.path)} follows from the books" for one in bare if one not in pinned),
        f"cells: [{_text(episode.id)}]",
        *_harm(episode.harm),
        *_loss(episode.loss),
        "# Completed and signed, it belongs in rulings/ beside the scenarios.",
        "# Next: shadow run",
    ]
    return "\n".join(lines) + "\n"


def _new_id(scenario: str, existing: Iterable[Ruling]) -> str:
    taken = {ruling.id for ruling in existing}
    stem = f"R-{_SLUG.sub('-', scenario.lower()).strip('-')[:70]}"
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return name


def _too_many(pinned: Sequence[Difference]) -> Iterator[str]:
    if len(pinned) > MOST_CLAUSES:
        yield f"# {len(pinned)} differences: more than one cause. Split this, one ruling a cause."


def _clause(one: Difference, before: Mapping[str, Data]) -> str:
    values = (f"{side}: {_value(one, getattr(one, side), before)}" for side in SIDES)
    return f"  - {{at: {_text(one.path)}, {', '.join(values)}}}"


SIDES: Final = ("control", "candidate")


def _value(one: Difference, value: Data, before: Mapping[str, Data]) -> str:
    if value is ABSENT:
        return "{absent: true}"
    if one.facet == BOOKS and same(Context({}, before).was(keys_of(one.at)), value):
        return "{is: before}"
    return _flow(value)


def _flow(value: Any) -> str:
    """Data as YAML on one line; what looks like an operator is marked as literal."""
    if isinstance(value, Mapping):
        body = ", ".join(f"{_text(key)}: {_flow(item)}" for key, item in value.items())
        looks = len(value) == 1 and next(iter(value)) in OPERATORS
        return f"{{literal: {_flow_literal(value)}}}" if looks else f"{{{body}}}"
    return _flow_literal(value) if not isinstance(value, list | tuple) else _flow_list(value)


def _flow_list(value: Sequence[Any]) -> str:
    return f"[{', '.join(_flow(item) for item in value)}]"


def _flow_literal(value: Any) -> str:
    return (
        _text(value) if isinstance(value, str) else _escaped(json.dumps(value, ensure_ascii=False))
    )


def _text(text: str) -> str:
    """Text in double quotes, or bare where no reader could take it for anything else."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]*", text) and text not in ("true", "false", "null"):
        return text
    return _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(text: str) -> str:
    return _UNPRINTED.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _harm(harm: Sequence[str]) -> Iterator[str]:
    if not harm:
        yield "harm: none"
        return
    yield from (f"# harm: {visible(text)}" for text in harm)
    yield 'harm: {acknowledged: ""}'


def _loss(loss: Mapping[str, int]) -> Iterator[str]:
    if not loss:
        yield "loss: none"
        return
    most = ", ".join(f"{_text(currency)}: {amount}" for currency, amount in sorted(loss.items()))
    yield f'loss: {{acknowledged: "", max: {{{most}}}}}'
