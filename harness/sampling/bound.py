"""Bounds: how many accounts of a stratum can be wrong, given how many of a sample are.

SciPy computes probabilities and quantiles (Clopper and Pearson 1934 by the beta distribution, the
exact hypergeometric distribution function). It is imported when a bound is asked for, never
before. What it gives is a float; each is rounded away from what one would like to hear, and a
probability that lies on the line is computed again with whole numbers.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Final, NamedTuple

from harness.errors import InputError

FINITE: Final = Fraction(1, 20)
"""The part of a stratum from which on that the stratum is finite counts (hypergeometric)."""
MARGIN: Final = Fraction(1, 10**9)
"""How far, in parts of itself, a float of SciPy's may be from the truth; it is far less."""
GRID: Final = 10**9
"""A bound is a whole number of billionths, rounded up, where it is not a share of accounts."""


class Method(enum.StrEnum):
    """How a bound was come by."""

    NONE = "nothing drawn"
    CENSUS = "census"
    HYPERGEOMETRIC = "hypergeometric"
    BINOMIAL = "Clopper-Pearson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found in a stratum.

    Attributes:
        accounts: how many the stratum has.
        apart: of them, those that were burned when it was drawn: never drawn, all looked at.
        drawn: how many of the others were drawn.
        wrong: of the drawn ones.
        wrong_apart: of the burned ones.
    """

    accounts: int
    drawn: int
    wrong: int
    apart: int = 0
    wrong_apart: int = 0

    @property
    def drawable(self) -> int:
        return self.accounts - self.apart

    @property
    def method(self) -> Method:
        """Census where nobody is left out; hypergeometric beyond 5 % of those to draw from."""
        if self.drawn == self.drawable:
            return Method.CENSUS if self.accounts else Method.NONE
        if not self.drawn:
            return Method.NONE
        finite = self.drawn > FINITE * self.drawable
        return Method.HYPERGEOMETRIC if finite else Method.BINOMIAL


class Bound(NamedTuple):
    """The largest share of accounts that can be wrong.

    `share` is exact: that of a whole number of accounts, or billionths, rounded up. At a census
    it is no bound but what is.
    """

    share: Fraction
    method: Method


def bound_of(found: Found, *, alpha: Fraction) -> Bound:
    """The one-sided upper bound; it is below the truth with a probability of at most `alpha`.

    Burned accounts add what was found of them: of those nothing is inferred.

    Raises:
        InputError: `sampling-missing`, where a bound has to be computed and SciPy is missing.
    """
    method = found.method
    if method is Method.NONE:
        return Bound(Fraction(1), method)
    if method is Method.CENSUS:
        wrong = found.wrong + found.wrong_apart
        return Bound(Fraction(wrong, found.accounts), method)
    if method is Method.HYPERGEOMETRIC:
        most = most_wrong(found.drawable, found.drawn, found.wrong, alpha)
        return Bound(Fraction(most + found.wrong_apart, found.accounts), method)
    share = highest_rate(found.drawn, found.wrong, alpha)
    return Bound(_up((share * found.drawable + found.wrong_apart) / found.accounts), method)


@cache
def highest_rate(drawn: int, wrong: int, alpha: Fraction) -> Fraction:
    """Clopper and Pearson's upper limit: the rate p with P(wrong or fewer of drawn) = alpha."""
    if wrong >= drawn:
        return Fraction(1)
    beta, _ = _distributions()
    limit = Fraction(float(beta.isf(float(alpha), wrong + 1, drawn - wrong)))
    return _up(limit * (1 + MARGIN))


@cache
def most_wrong(accounts: int, drawn: int, wrong: int, alpha: Fraction) -> int:
    """The largest number of wrong accounts under which so few are drawn by more than alpha."""

    def possible(number: int) -> bool:
        return _exceeds(accounts, number, drawn, wrong, alpha)

    return _last(wrong, accounts - (drawn - wrong), possible)


def drawn_for(
    wrong_max: Fraction, *, accounts: int, alpha: Fraction, wrong: int = 0, apart: int = 0,
    wrong_apart: int = 0,
) -> int | None:  # fmt: skip
    """The fewest accounts to draw for a bound of at most `wrong_max`, with so many wrong in them.

    None where none are enough: too many are wrong already.

    Raises:
        InputError: as `bound_of`.
    """

    def short(drawn: int) -> bool:
        """Whether a draw of this size does not yet bound it."""
        found = Found(
            accounts=accounts, drawn=drawn, wrong=wrong, apart=apart, wrong_apart=wrong_apart
        )
        return bound_of(found, alpha=alpha).share > wrong_max

    everybody = accounts - apart
    if not accounts or wrong > everybody or short(everybody):
        return None
    if everybody == wrong or not short(wrong):
        return wrong
    most = wrong + 1
    while most < everybody and short(most):  # what is needed is mostly few of very many
        most = min(2 * most, everybody)
    return _last(wrong, most - 1, short) + 1


def _last(first: int, last: int, holds: Callable[[int], bool]) -> int:
    """The last number for which something holds that holds up to there and from `first` on."""
    while first < last:
        middle = (first + last + 1) // 2
        if holds(middle):
            first = middle
        else:
            last = middle - 1
    return first


def _exceeds(accounts: int, number: int, drawn: int, wrong: int, alpha: Fraction) -> bool:
    """Whether, `number` accounts being wrong, `wrong` or fewer are drawn by more than alpha."""
    _, hypergeom = _distributions()
    chance = Fraction(float(hypergeom.cdf(wrong, accounts, number, drawn)))
    if abs(chance - alpha) > MARGIN * alpha:
        return chance > alpha
    ways = sum(
        math.comb(number, one) * math.comb(accounts - number, drawn - one)
        for one in range(min(wrong, drawn) + 1)
    )
    return Fraction(ways, math.comb(accounts, drawn)) > alpha


def _up(share: Fraction) -> Fraction:
    return min(Fraction(math.ceil(share * GRID), GRID), Fraction(1))


@cache
def _distributions() -> tuple[Any, Any]:
    try:
        from scipy.stats import beta, hypergeom
    except ImportError:
        message = "a bound needs SciPy, which is not installed"
        hint = "install the extra `sampling`, or take `bounds` out of the policy"
        raise InputError("sampling-missing", message, hint=hint) from None
    return beta, hypergeom
