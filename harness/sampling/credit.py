"""Whether a sample gives credit: drawn by chance, entered, seen by nobody before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from harness.reason import Reason, some
from harness.sampling.ledger import Size
from harness.sampling.sampled import Counted, Draught, Sampling

TIMES: Final = "\u00d7"
SHORT: Final = 12
"""Digits of a digest that are shown."""


def objections(
    sampling: Sampling, counted: Counted | None, *, production: bool
) -> tuple[Reason, ...]:
    """What closes every path: why nothing may be claimed from this sample.

    Args:
        sampling: what there is of a sample.
        counted: what came of it; None where nobody has evaluated it yet.
        production: whether the gate's level is production.
    """
    chain = _of_chain(sampling.ledger.broken)
    if sampling.entry is None:
        found = f"{len(sampling.ledger.draws())} draws, none from the frame "
        found += sampling.frame.sha256[:SHORT]
        missing = Reason(slug="sample-missing", found=found, needed="draws of this frame >= 1")
        return (*chain, missing)
    return (
        *chain,
        *_of_draw(sampling, production=production),
        *_of_evaluation(sampling, counted),
        *(_of_strata(sampling.entry.strata) if production else ()),
    )


def _of_chain(broken: str) -> Iterator[Reason]:
    if broken:
        needed = "every line follows the one before"
        yield Reason(slug="ledger-broken", found=broken, needed=needed)


def _of_draw(sampling: Sampling, *, production: bool) -> Iterator[Reason]:
    """Whether the accounts are those that chance drew, and nobody looked at them since."""
    if sampling.draught is Draught.CHANGED:
        needed = "the list that is drawn from the frame's ids"
        yield Reason(slug="sample-not-as-drawn", found=sampling.doubt, needed=needed)
    elif production and sampling.draught is Draught.ASSERTED:
        found = "the frame's lists of ids are not there, so nobody can draw again and compare"
        yield Reason(slug="sample-asserted", found=found, needed="a draw that was made again")
    late = sampling.burned_since
    if late:
        found = f"drawn accounts burned since = {len(late)}: {some(late)}"
        yield Reason(slug="sample-burned", found=found, needed="burned since = 0")


def _of_evaluation(sampling: Sampling, counted: Counted | None) -> Iterator[Reason]:
    """Whether what came of the sample stands in the ledger, and nobody had seen it before."""
    entry = sampling.entry
    own = sampling.entered(counted) if counted is not None else None
    if own is None:
        before = len(sampling.ledger.evaluations(entry.sample)) if entry else 0
        yield Reason(
            slug="ledger-missing-evaluation",
            found=f"evaluations of this sample entered: {before}, with what is counted now: 0",
            needed="an entry of this candidate with the same counts: shadow sample evaluate",
        )
    reused = sampling.reused(counted, own)
    other = entry is not None and entry.subject != sampling.subject and not sampling.census
    if reused or other:
        found = f"reused {len(reused)}{TIMES}"
        found += "; drawn for another candidate or other rulings" if other else ""
        yield Reason(
            slug="sample-reused",
            found=found,
            needed=f"reused 0{TIMES}, drawn for this candidate and these rulings",
        )


def _of_strata(strata: Mapping[str, Size]) -> Iterator[Reason]:
    for name, size in sorted(strata.items()):
        if not size.drawn and not (size.census and size.accounts):
            found = f"{name}: 0 of {size.accounts:,} accounts drawn"
            yield Reason(slug="stratum-empty", found=found, needed="accounts drawn >= 1")
