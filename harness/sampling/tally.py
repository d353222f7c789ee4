"""The tally of a sample: accounts counted per path and stratum, never pooled, never weighted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.sampling.account import Account, Recorded, Standing
from harness.sampling.bound import Found
from harness.sampling.draw import Draw
from harness.sampling.ledger import Count, Results, Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came of a sample.

    Attributes:
        recorded: stratum → drawn accounts that have a scenario.
        results: path → stratum → counts.
        troubles: drawn account → why it is wrong on every path.
        wrong: path → drawn accounts that are wrong on it for what they did.
    """

    recorded: Mapping[str, int]
    results: Results
    troubles: Mapping[str, str]
    wrong: Mapping[str, tuple[str, ...]]


def tally(draw: Draw, recorded: Recorded, paths: Iterable[str]) -> Tally:
    """Count; every path that is named is counted, and every one that ran in a drawn account."""
    drawn = {
        name: [recorded.account(one, name) for one in part.drawn] for name, part in draw.items()
    }
    apart = {
        name: [recorded.account(one, name) for one in part.burned] for name, part in draw.items()
    }
    everyone = [one for accounts in drawn.values() for one in accounts]
    known = {*paths, *(path for one in everyone for path in one.own)}
    return Tally(
        recorded={name: sum(one in recorded for one in part.drawn) for name, part in draw.items()},
        results={
            path: {name: _count(path, drawn[name], apart[name]) for name in sorted(draw)}
            for path in sorted(known)
        },
        troubles={one.id: one.trouble for one in everyone if one.trouble},
        wrong={path: _wrong(path, everyone) for path in sorted(known)},
    )


def found_of(count: Count, size: Size) -> Found:
    """What was found in a stratum on a path, for a bound."""
    return Found(
        accounts=size.accounts,
        apart=size.burned,
        drawn=size.drawn,
        wrong=count.wrong,
        wrong_apart=count.wrong_apart,
    )


def _count(path: str, drawn: Iterable[Account], apart: Iterable[Account]) -> Count:
    drawn = list(drawn)
    standings = Counter(one.standing(path) for one in drawn)
    return Count(
        ran=sum(one.ran(path) for one in drawn),
        agree=standings[Standing.AGREE],
        ruled=standings[Standing.RULED],
        wrong=standings[Standing.WRONG],
        wrong_apart=sum(one.standing(path) is Standing.WRONG for one in apart),
    )


def _wrong(path: str, accounts: Iterable[Account]) -> tuple[str, ...]:
    return tuple(
        one.id for one in accounts if not one.trouble and one.standing(path) is Standing.WRONG
    )
