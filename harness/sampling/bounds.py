"""The condition `bounds`: what recorded traffic, sampled, allows to be said of each path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from harness.condition import CONDITIONS, Condition
from harness.model import Cell
from harness.ownership import GIVEN, UNHANDLED
from harness.ports import Data
from harness.reason import Reason
from harness.sampling.account import Recorded
from harness.sampling.claim import Claim, Claims, asked_of, share_told, too_wide
from harness.sampling.credit import SHORT, objections
from harness.sampling.sampled import Counted, Sampling
from harness.sampling.tally import Tally, tally
from harness.scenario import Scenario

KEY: Final = "bounds"


def bounds(
    sampling: Sampling | None,
    *,
    scenarios: Iterable[Scenario],
    cells: Iterable[Cell],
    paths: Iterable[str],
    section: Mapping[str, Fraction] | None,
    production: bool,
) -> Condition:
    """Weigh a sample of recorded accounts.

    Args:
        sampling: what there is of a sample; None where there is no frame.
        scenarios: of the run that the gate weighs.
        cells: of that run.
        paths: that the control registers.
        section: the policy's section `bounds`; None where it has none.
        production: whether the gate's level is production, at which everything is asked for.

    Raises:
        InputError: `sampling-missing`, where a bound is asked for and SciPy is missing.
    """
    asked = production or section is not None
    what = CONDITIONS[KEY]
    if sampling is None:
        reason = Reason(slug="frame-missing", found="no scenarios/frame.yaml", needed="a frame")
        return Condition(key=KEY, what=what, asked=asked, whole=(reason,))
    counted = tally(sampling.draw, Recorded(scenarios, cells), paths)
    whole = objections(sampling, counted, production=production)
    claims = None
    if asked and sampling.entry is not None and sampling.draw:
        claims = Claims(
            results=counted.results,
            strata=sampling.entry.strata,
            asked=asked_of(section),
            number=sampling.number,
        )
    return Condition(
        key=KEY,
        what=what,
        asked=asked,
        evidence=_evidence(sampling, counted, claims, whole),
        whole=whole,
        paths={} if claims is None else _by_path(claims),
        detail=detail(sampling, claims, counted),
    )


# --- what closes a path -------------------------------------------------------------------


def _by_path(claims: Claims) -> dict[str, tuple[Reason, ...]]:
    found: dict[str, tuple[Reason, ...]] = {}
    for path in claims.results:
        own = [claim for claim in claims.every if claim.path == path]
        reasons = [too_wide(claim, claims) for claim in own if not claim.empty]
        if not any(claim.counts.ran for claim in own) and path not in (GIVEN, UNHANDLED):
            found_text = "0 drawn accounts in which the path ran"
            reasons.append(
                Reason(slug="bound-path-not-run", found=found_text, needed="0 >= 1 accounts")
            )
        found[path] = tuple(reason for reason in reasons if reason is not None)
    return found


# --- what is told -------------------------------------------------------------------------


def _evidence(
    sampling: Sampling, counted: Tally, claims: Claims | None, whole: Sequence[Reason]
) -> str:
    """One line: what was drawn, from what, how that is known, and how wide the bounds are."""
    entry = sampling.entry
    if entry is None:
        return ""
    drawn = sum(size.drawn for size in entry.strata.values())
    worst = max((sum(c.wrong for c in s.values()) for s in counted.results.values()), default=0)
    parts = [
        f"{sampling.draught}, draw {sampling.number} of {entry.date}",
        f"{drawn:,} of {sampling.frame.accounts:,} accounts in {len(entry.strata)} strata",
        f"frame {sampling.frame.sha256[:SHORT]}",
        f"wrong on the worst path {worst}",
    ]
    if claims is not None and claims.every:
        widest = max(claims.every, key=lambda claim: claim.bound.share)
        parts.append(
            f"widest bound {share_told(widest.bound.share)} ({widest.path}, {widest.stratum}), "
            f"asked {share_told(claims.asked.wrong_max)}"
        )
    if whole:
        slugs = dict.fromkeys(reason.slug for reason in whole)
        parts.append(f"no credit: {', '.join(slugs)}")
    return "; ".join(parts)


def detail(sampling: Sampling, claims: Claims | None, counted: Counted | None) -> dict[str, Data]:
    """The figures as plain data; shares are exact, as text."""
    entry = sampling.entry
    figures: dict[str, Data] = {
        "frame": sampling.frame.sha256,
        "candidate": sampling.candidate,
        "acceptances": sampling.acceptances,
        "sample": entry.sample if entry else None,
        "draught": str(sampling.draught) if entry else None,
        "draw": sampling.number if entry else None,
        "strata": {
            name: {
                "accounts": size.accounts,
                "burned": size.burned,
                "drawn": size.drawn,
                "recorded": counted.recorded.get(name, 0) if counted else 0,
            }
            for name, size in sorted(entry.strata.items() if entry else ())
        },
    }
    if isinstance(counted, Tally):
        figures["troubles"] = dict(sorted(counted.troubles.items()))
        figures["wrong"] = {path: list(ids) for path, ids in counted.wrong.items() if ids}
    if claims is not None:
        figures["alpha"] = str(claims.alpha)
        figures["alpha_at_once"] = str(claims.alpha_at_once)
        figures["wrong_max"] = str(claims.asked.wrong_max)
        figures["claims"] = [_row(claim, claims.asked.wrong_max) for claim in claims.every]
    return figures


def _row(claim: Claim, wrong_max: Fraction) -> dict[str, Data]:
    return {
        "path": claim.path,
        "stratum": claim.stratum,
        "method": str(claim.bound.method),
        "ran": claim.counts.ran,
        "agree": claim.counts.agree,
        "ruled": claim.counts.ruled,
        "wrong": claim.counts.wrong,
        "wrong_burned": claim.counts.wrong_apart,
        "bound": None if claim.empty else str(claim.bound.share),
        "bound_raw": None if claim.empty else str(claim.raw.share),
        "bound_at_once": None if claim.empty else str(claim.at_once.share),
        "met": claim.met(wrong_max),
        "met_at_once": not claim.empty and claim.at_once.share <= wrong_max,
        "enough": claim.enough,
    }
