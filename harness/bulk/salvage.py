"""What is left of a range that cost its workers: all of it but the accounts that end them.

It is replayed in ever smaller pieces; one that ends nobody is done, one that does is cut again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from harness.bulk.census import Counted
from harness.bulk.crew import TRIES
from harness.bulk.range_replay import Filling, not_replayed
from harness.bulk.ranges import Range, pieces
from harness.bulk.staff import Staff
from harness.errors import InputError
from harness.store.part import Part

PIECES: Final = 8
"""Pieces that a range, or a piece of one, is cut into."""

MOST: Final = 64
"""Workers that finding out may cost: where everything ends them, nothing is found by going on."""


def salvaged(crew: Staff, counted: Counted, stop: Callable[[], bool]) -> Part | None:
    """The part that a range makes all the same; None if somebody asked to stop.

    Raises:
        InputError: as `Staff.answers`.
    """
    whole = Filling(counted.piece).part()
    todo, alone, cost = pieces(counted.piece, PIECES), list[Range](), 0
    while todo and cost <= MOST:
        ended = _replayed(crew, todo, stop, whole, tries=1)
        cost += len(ended)
        smaller = [pieces(one, PIECES) for one in ended]
        alone += [found[0] for found in smaller if len(found) == 1]
        todo = tuple(one for found in smaller if len(found) > 1 for one in found)
    for one in _replayed(crew, alone, stop, whole, tries=TRIES - 1):
        whole.join(not_replayed(one, _deadly()))
    if stop():
        return None
    for one in todo:
        whole.join(not_replayed(one, _given_up(counted)))
    return whole


def _replayed(
    crew: Staff,
    todo: Sequence[Range],
    stop: Callable[[], bool],
    whole: Part,
    *,
    tries: int,
) -> list[Range]:
    """Replay pieces into the whole; those that cost their workers are left."""
    ended = []
    for piece, part in crew.answers(todo, stop, tries=tries):
        if part is None:
            ended.append(piece)
        else:
            whole.join(part)
    return ended


def _deadly() -> InputError:
    message = f"{TRIES} workers or more were lost over it, one after the other"
    hint = "replay the line alone, or give a worker more memory"
    return InputError("account-lost", message, hint=hint)


def _given_up(counted: Counted) -> InputError:
    piece = counted.piece
    message = (
        f"more than {MOST} workers were lost over bytes {piece.first} to {piece.last}: what was"
        " left of them was not run"
    )
    hint = "look for what ends processes here, or give them more memory"
    return InputError("range-lost", message, piece.source.shown, hint)
