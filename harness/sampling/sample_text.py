"""What there is of a sample, for people: population, draw, counts, and what may be claimed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from rich.console import RenderableType

from harness.reason import Reason, some
from harness.report.terminal import Look, blank, grid, heading, printed, words
from harness.sampling.bound import Found
from harness.sampling.claim import Claim, Claims, share_told, too_wide
from harness.sampling.credit import SHORT
from harness.sampling.ledger import Size
from harness.sampling.sampled import Counted, Draught, Sampling
from harness.sampling.tally import Tally
from harness.text import visible

DRAW: Final = "shadow sample draw --for-bound {wrong_max}"
EVALUATE: Final = "shadow sample evaluate"
GATE: Final = "shadow gate"
HOW: Final[Mapping[Draught, str]] = {
    Draught.VERIFIED: "verified: drawn again from the lists of ids, and equal",
    Draught.ASSERTED: "asserted: the lists of ids are not here, nobody drew again",
    Draught.CHANGED: "not as drawn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What there is to tell of a sample.

    Attributes:
        sampling: None where there is no frame.
        counted: what came of the sample; None where nobody evaluated it.
        claims: what may be claimed of it; None where nothing was counted.
        reasons: why it gives no credit.
        kinds: evidence that is not sampled: kind → scenarios.
        undrawn: recorded scenarios of accounts that were not drawn.
        strangers: recorded scenarios of accounts in no list of the frame; None where the lists
            are not there.
        did: what the command did, in a sentence.
        wrong_max: the bound that is asked, as text.
    """

    sampling: Sampling | None
    counted: Counted | None = None
    claims: Claims | None = None
    reasons: Sequence[Reason] = ()
    kinds: Mapping[str, int]
    undrawn: int = 0
    strangers: Sequence[str] | None = None
    did: str = ""
    wrong_max: str

    @property
    def next(self) -> str:
        """What to type next."""
        slugs = {reason.slug for reason in self.reasons}
        if self.sampling is None or "ledger-broken" in slugs:
            return GATE
        if slugs & {"sample-missing", "sample-burned", "sample-reused", "sample-not-as-drawn"}:
            return DRAW.format(wrong_max=self.wrong_max)
        return EVALUATE if "ledger-missing-evaluation" in slugs else GATE


def sample_text(told: Told, *, look: Look | None = None) -> str:
    """The sample as text."""
    parts: list[RenderableType] = []
    if told.did:
        parts += [words(told.did), blank()]
    if told.sampling is None:
        parts += [heading("No frame"), words(_NO_FRAME, indent=2), blank()]
    else:
        parts += _frame(told.sampling, told.counted)
        if told.reasons:
            parts.append(heading("No credit: nothing may be claimed from this sample"))
            rows = [(one.slug, f"{one.found}; needed: {one.needed}") for one in told.reasons]
            parts += [grid(rows), blank()]
        if told.claims is not None and told.claims.results:
            parts += _claims(told.claims)
        if isinstance(told.counted, Tally):
            parts += _wrong(told.counted)
    parts += _others(told)
    parts.append(words(f"Next: {told.next}"))
    return printed(look or Look(), parts)


_NO_FRAME: Final = (
    "scenarios/frame.yaml says which accounts a sample is drawn from and speaks for; without it"
    " recordings are counted, and nothing is claimed of accounts that were not recorded."
)


def _frame(sampling: Sampling, counted: Counted | None) -> Iterator[RenderableType]:
    frame, entry = sampling.frame, sampling.entry
    yield heading("Population")
    yield grid(
        [
            ("what", frame.what),
            ("window", f"{frame.begins} to {frame.ends}"),
            ("counted from", frame.source),
            ("ids made by", frame.made),
            ("accounts", f"{frame.accounts:,}, strata {len(frame.strata)}"),
            ("frame", frame.sha256[:SHORT]),
            ("burned", f"{len(sampling.burned.accounts)} accounts, none of them is drawn again"),
        ]
    )
    yield blank()
    yield heading("Sample" if entry else "Sample: none is drawn")
    if entry is not None:
        doubt = f": {sampling.doubt}" if sampling.doubt else ""
        yield words(f"draw {sampling.number} of the ledger, {entry.date}", indent=2)
        yield words(HOW[sampling.draught] + doubt, indent=2)
        rows = [
            (
                name,
                f"{size.accounts:,}",
                f"{size.burned:,}",
                f"{size.drawn:,}",
                f"{counted.recorded.get(name, 0):,}" if counted else "?",
                _how(size),
            )
            for name, size in sorted(entry.strata.items())
        ]
        yield grid(rows, head=("stratum", "accounts", "burned", "drawn", "recorded", ""))
    yield blank()


def _how(size: Size) -> str:
    """How a stratum of this size is bounded."""
    return str(Found(accounts=size.accounts, apart=size.burned, drawn=size.drawn, wrong=0).method)


def _claims(claims: Claims) -> Iterator[RenderableType]:
    wrong_max = claims.asked.wrong_max
    yield heading(f"At most so many wrong, of all accounts (asked: {share_told(wrong_max)})")
    spent = f"draw {claims.number} spends {claims.alpha} of {1 - claims.asked.confidence}"
    yield words(
        f"each path alone, in every stratum at confidence {1 - claims.alpha}: {spent}", indent=2
    )
    rows: list[Sequence[str]] = []
    for path in sorted(claims.results):
        own = [claim for claim in claims.every if claim.path == path]
        ran = any(claim.counts.ran for claim in own)
        rows.append((path if ran else f"{path}: ran in no drawn account",))
        rows += [_row(claim, wrong_max) for claim in own]
    yield grid(rows, head=("path, stratum", "ran", "agree", "ruled", "wrong", "at most", ""))
    met = sum(one.at_once.share <= wrong_max and not one.empty for one in claims.every)
    yield words(
        f"all {len(claims.results)} paths at once need confidence {1 - claims.alpha_at_once}:"
        f" {met} of {len(claims.every)} claims hold",
        indent=2,
    )
    for claim in claims.every:
        reason = None if claim.empty else too_wide(claim, claims)
        if reason is not None:
            yield words(f"{claim.path}, {reason.found}; needed: {reason.needed}", indent=2)
    yield blank()


def _row(claim: Claim, wrong_max: Fraction) -> Sequence[str]:
    counts = claim.counts
    numbers = (counts.ran, counts.agree, counts.ruled, counts.wrong)
    told = ("no claim", "")
    if not claim.empty:
        told = (share_told(claim.bound.share), "met" if claim.met(wrong_max) else "not met")
    return (f"  {claim.stratum}", *(f"{number:,}" for number in numbers), *told)


def _wrong(counted: Tally) -> Iterator[RenderableType]:
    """Accounts that are wrong, each by its name: first those that prove nothing at all."""
    troubles: defaultdict[str, list[str]] = defaultdict(list)
    for account, trouble in sorted(counted.troubles.items()):
        kind, _, rest = trouble.partition(" ")
        known = trouble if not rest.startswith(account) else kind
        troubles[known].append(account)
    wrong = {path: ids for path, ids in counted.wrong.items() if ids}
    if not troubles and not wrong:
        return
    yield heading("Wrong accounts (who looks at one burns it: shadow sample burn ID REASON)")
    rows = [(f"on every path: {why}", str(len(ids)), some(ids)) for why, ids in troubles.items()]
    rows += [(f"on {path}", str(len(ids)), some(ids)) for path, ids in wrong.items()]
    yield grid([(visible(what), count, ids) for what, count, ids in rows])
    yield blank()


def _others(told: Told) -> Iterator[RenderableType]:
    """What is counted and never bounded."""
    rows = [(kind, f"{count:,} scenarios") for kind, count in sorted(told.kinds.items())]
    if told.undrawn:
        rows.append(("recorded, not drawn", f"{told.undrawn:,} scenarios"))
    if told.strangers:
        listed = f"{len(told.strangers):,} scenarios: {some(told.strangers)}"
        rows.append(("recorded, in no list of the frame", listed))
    if rows:
        yield heading("Counted, and nothing is claimed from it")
        yield grid(rows)
        yield blank()
