"""A claim: that so few accounts of a stratum are wrong on a path, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final, NamedTuple

from harness.reason import Reason
from harness.sampling.bound import Bound, Found, Method, bound_of, drawn_for
from harness.sampling.ledger import Count, Results, Size
from harness.sampling.tally import found_of

WRONG_MAX: Final = Fraction(1, 1000)
CONFIDENCE: Final = Fraction(19, 20)
"""What holds where the policy does not say: at level production, and for `shadow sample`."""


class Asked(NamedTuple):
    """What a bound has to be: at most `wrong_max`, with this confidence over the ledger's life."""

    wrong_max: Fraction = WRONG_MAX
    confidence: Fraction = CONFIDENCE

    def alpha(self, number: int) -> Fraction:
        """The part of the error that the draw of a number may spend.

        1/2, 1/6, 1/12, … of the whole: the sum over any number of draws stays below the whole, so
        that drawing again until it is green opens nothing (docs/decisions/0037).
        """
        return (1 - self.confidence) / (number * (number + 1))


def asked_of(section: Mapping[str, Fraction] | None) -> Asked:
    """What a policy's section asks; without one what is built in."""
    section = section or {}
    return Asked(
        wrong_max=section.get("wrong_max", WRONG_MAX),
        confidence=section.get("confidence", CONFIDENCE),
    )


class Claim(NamedTuple):
    """What is claimed of a path in a stratum.

    Attributes:
        raw: the bound where rulings are not counted as agreement.
        at_once: the bound where all paths are claimed at the same time, alpha over their number.
        enough: accounts that would have to be drawn with so many wrong; None: none are enough.
    """

    path: str
    stratum: str
    counts: Count
    found: Found
    bound: Bound
    raw: Bound
    at_once: Bound
    enough: int | None

    @property
    def empty(self) -> bool:
        return self.bound.method is Method.NONE

    def met(self, wrong_max: Fraction) -> bool:
        return not self.empty and self.bound.share <= wrong_max


@dataclass(frozen=True, kw_only=True)
class Claims:
    """All claims of a sample, each computed when it is asked for."""

    results: Results
    strata: Mapping[str, Size]
    asked: Asked
    number: int

    @property
    def alpha(self) -> Fraction:
        return self.asked.alpha(self.number)

    @property
    def alpha_at_once(self) -> Fraction:
        """Each claim's part where all paths are claimed at once.

        Strata are not split: a path is claimed only where all of them are bounded, and then one
        that is not would have to deceive by itself (intersection-union).
        """
        return self.alpha / max(len(self.results), 1)

    @cached_property
    def every(self) -> tuple[Claim, ...]:
        """By path and stratum; SciPy is imported here and nowhere before.

        Raises:
            InputError: `sampling-missing`.
        """
        return tuple(
            self._claim(path, name, count)
            for path, strata in sorted(self.results.items())
            for name, count in sorted(strata.items())
        )

    def _claim(self, path: str, name: str, count: Count) -> Claim:
        found = found_of(count, self.strata[name])
        raw = Found(
            accounts=found.accounts,
            apart=found.apart,
            drawn=found.drawn,
            wrong=found.wrong + count.ruled,
            wrong_apart=found.wrong_apart,
        )
        return Claim(
            path=path,
            stratum=name,
            counts=count,
            found=found,
            bound=bound_of(found, alpha=self.alpha),
            raw=bound_of(raw, alpha=self.alpha),
            at_once=bound_of(found, alpha=self.alpha_at_once),
            enough=drawn_for(
                self.asked.wrong_max,
                accounts=found.accounts,
                alpha=self.alpha,
                wrong=found.wrong,
                apart=found.apart,
                wrong_apart=found.wrong_apart,
            ),
        )


def too_wide(claim: Claim, claims: Claims) -> Reason | None:
    """What is missing to a bound; None where it holds."""
    wrong_max = claims.asked.wrong_max
    if claim.met(wrong_max):
        return None
    return Reason(
        slug="bound-too-wide",
        found=f"{claim.stratum}: {told(claim)}, {method_told(claim, claims.alpha)}",
        needed=f"{share_told(claim.bound.share)} <= {share_told(wrong_max)}; {_enough(claim)}",
    )


def told(claim: Claim) -> str:
    """What was found, in exact numbers."""
    found = claim.found
    text = f"wrong {found.wrong} of {found.drawn:,} drawn, of {found.accounts:,} accounts"
    if found.apart:
        text += f" ({found.wrong_apart} wrong of {found.apart} burned)"
    return text


def method_told(claim: Claim, alpha: Fraction) -> str:
    """How the bound was come by."""
    method = claim.bound.method
    return str(method) if method is Method.CENSUS else f"{method} at confidence {1 - alpha}"


def share_told(share: Fraction) -> str:
    """An exact share as people read it: `7/41210`, billionths as a decimal."""
    whole, parts = divmod(share * 10**9, 1)
    if not parts and share.denominator > 10**4:
        return f"0.{int(whole):09d}"
    return str(share)


def _enough(claim: Claim) -> str:
    if claim.enough is None:
        return "no draw is enough: too many are wrong already"
    return f"with {claim.found.wrong} wrong, drawn {claim.found.drawn:,} >= {claim.enough:,}"
