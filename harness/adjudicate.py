"""Judging a cell: its differences, the rulings that may cover them, and one verdict.

All differences are there before the first ruling is tried. A clause holds if the candidate has
exactly its value, difference or not, and the control has its own wherever the two differ. A ruling
matches if all its clauses hold and at least one of them is a difference of this cell's own; a cell
is RULED if every difference is covered exactly once. Nothing covers what is worse than truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from harness.bundle import Bundle, Trial, trials
from harness.clause import BOOKS
from harness.matching import appeared, matching
from harness.model import Cell, Difference, Episode, Finding, Outcome
from harness.outcome import first, in_order
from harness.ownership import GIVEN, UNHANDLED
from harness.reason import some
from harness.ruling import Ruling, Rulings

FOLLOWS: Final = "follows"
"""The ruling of a customer difference that follows from covered books and money."""

CUSTOMER: Final = "customer"
CAUSES: Final = frozenset({BOOKS, "money"})
"""Facets that the customer's outcome is a function of."""


class Fault(NamedTuple):
    """A finding and the paths it burdens."""

    finding: Finding
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """What a cell is judged by; none of it depends on what the candidate did.

    Attributes:
        trials: rulings tried on the cell.
        signed: id → ruling, for those that a repeat inherits.
        earlier: id → cell of the same scenario, judged before this one.
    """

    trials: tuple[Trial, ...]
    signed: Mapping[str, Ruling]
    earlier: Mapping[str, Cell]


def adjudicate(
    episode: Episode, rulings: Sequence[Ruling], earlier: Mapping[str, Cell] | None = None
) -> Cell:
    """Judge an episode.

    Args:
        episode: what was replayed.
        rulings: those in force; one that has expired must not be among them.
        earlier: id → cell, the earlier cells of the same scenario (origins of repeats).
    """
    if not episode.paths:
        episode = replace(episode, paths=(GIVEN if is_look(episode) else UNHANDLED,))
    return decide(episode, docket(episode, rulings, earlier or {}))


def docket(episode: Episode, rulings: Sequence[Ruling], earlier: Mapping[str, Cell]) -> Docket:
    """Prepare what an episode is judged by."""
    known = Rulings.of(rulings)
    return Docket(trials=trials(episode, known), signed=known.by_id, earlier=earlier)


def is_look(episode: Episode) -> bool:
    """Whether this is episode 0, in which the candidate alone looks at what was given."""
    return episode.id.endswith("#0")


def decide(episode: Episode, docket: Docket) -> Cell:
    """Judge an episode by a docket made for it."""
    faults, differences = _heard(episode, docket)
    covering = {one.ruling for one in differences} - {"", FOLLOWS, GIVEN}
    return Cell(
        episode=episode,
        outcome=_outcome((fault.finding for fault in faults), differences),
        own={path: _own(path, faults, differences) for path in episode.paths},
        differences=differences,
        findings=in_order(fault.finding for fault in faults),
        rulings=tuple(sorted(covering)),
    )


def outcome_of(episode: Episode, docket: Docket) -> Outcome:
    """The outcome of the cell that `decide` would make, for whoever asks for no more."""
    faults, differences = _heard(episode, docket)
    return _outcome((fault.finding for fault in faults), differences)


def _heard(episode: Episode, docket: Docket) -> tuple[list[Fault], tuple[Difference, ...]]:
    """Everything found about an episode, and its differences with the rulings that cover them."""
    faults = [Fault(finding, episode.paths) for finding in episode.findings]
    if episode.control is None or episode.candidate is None:
        faults.append(_fault(Outcome.NOT_RUN, "no-result", "a side gave none", episode.paths))
    if is_look(episode):
        faults.extend(_wrong_at_first_look(episode))
        return faults, tuple(one.under(GIVEN) for one in episode.differences)
    matched, missed = matching(episode, docket.trials)
    faults.extend(
        _fault(Outcome.DIVERGE, "ruling-undershoot", text, episode.paths) for text in missed
    )
    differences = _covered(episode, matched, docket)
    faults.extend(_unruled(episode, differences, matched))
    faults.extend(_never_rulable(episode))
    faults.extend(_unacknowledged(episode, differences, docket.signed))
    return faults, differences


def _outcome(findings: Iterable[Finding], differences: Sequence[Difference]) -> Outcome:
    none_found = Outcome.RULED if differences else Outcome.AGREE
    return first([*(finding.outcome for finding in findings), none_found])


def _own(path: str, faults: Iterable[Fault], differences: Sequence[Difference]) -> Outcome:
    """The outcome of one path alone: without repeats, and without what belongs to other paths."""
    burdens = (fault.finding for fault in faults if path in fault.paths)
    mine = [one for one in differences if not one.repeat and path in (one.owners or (path,))]
    return _outcome(burdens, mine)


def _covered(
    episode: Episode, matched: Iterable[Bundle], docket: Docket
) -> tuple[Difference, ...]:
    """The differences with the ruling that covers each; empty where none or several do."""
    covers = _covers(matched)
    ruled = [_with_ruling(one, covers, docket.earlier) for one in episode.differences]
    causes = [one for one in ruled if one.facet in CAUSES]
    acknowledged = not episode.harm or _harm_acknowledged(ruled, docket.signed)
    if causes and all(one.ruling for one in causes) and acknowledged:
        ruled = [_following(one, covers) for one in ruled]
    return tuple(ruled)


def _covers(matched: Iterable[Bundle]) -> dict[str, set[str]]:
    """Field → ids of the rulings that pin it."""
    covers: dict[str, set[str]] = {}
    for bundle in matched:
        for pin in bundle.pins:
            covers.setdefault(pin.path, set()).add(bundle.ruling.id)
    return covers


def _with_ruling(
    one: Difference, covers: Mapping[str, set[str]], earlier: Mapping[str, Cell]
) -> Difference:
    if one.repeat:
        return one.under(_inherited(one, earlier))
    ids = covers.get(one.path, ())
    return one.under(next(iter(ids))) if len(ids) == 1 else one


def _inherited(one: Difference, earlier: Mapping[str, Cell]) -> str:
    """The ruling of the difference's origin; what was given needs none."""
    if one.origin.endswith("#0"):
        return GIVEN
    cell = earlier.get(one.origin)
    found = (other.ruling for other in cell.differences if other.path == one.path) if cell else ()
    return next(iter(found), "")


def _following(one: Difference, covers: Mapping[str, set[str]]) -> Difference:
    follows = one.facet == CUSTOMER and not one.repeat and one.path not in covers
    return one.under(FOLLOWS) if follows else one


def _wrong_at_first_look(episode: Episode) -> Iterator[Fault]:
    for slug, texts in (
        ("invariant-broken", episode.candidate_broken),
        ("truth-unmet", episode.unmet or ()),
        ("worse-than-truth", episode.wrongs),
    ):
        if texts:
            yield _fault(Outcome.DIVERGE, slug, some(texts), episode.paths)


def _unruled(
    episode: Episode, differences: Sequence[Difference], matched: Iterable[Bundle]
) -> Iterator[Fault]:
    """Differences without a ruling: of the cell's own, pinned by several, or inherited."""
    covers = _covers(matched)
    bare = [one for one in differences if not one.ruling]
    own = [one for one in bare if not one.repeat]
    for slug, ones in (
        ("no-ruling", [one for one in own if one.path not in covers]),
        ("ruling-overlap", [one for one in own if one.path in covers]),
    ):
        if ones:
            owners = tuple({who for one in ones for who in one.owners or episode.paths})
            texts = [_named(one, covers) for one in ones]
            yield _fault(Outcome.DIVERGE, slug, some(texts), owners)
    repeated = [f"{one.path} of {one.origin}" for one in bare if one.repeat]
    if repeated:
        yield _fault(Outcome.DIVERGE, "repeat-of-unruled", some(repeated), ())


def _named(one: Difference, covers: Mapping[str, set[str]]) -> str:
    ids = sorted(covers.get(one.path, ()))
    return f"{one.path} ({' and '.join(ids)})" if ids else one.path


def _never_rulable(episode: Episode) -> Iterator[Fault]:
    """What no ruling covers: worse than truth, an invariant that only the candidate breaks."""
    broken = [text for text in episode.candidate_broken if text not in episode.control_broken]
    ends = [one.path for one in episode.differences if appeared(one) and _breaks(one)]
    for slug, texts in (
        ("worse-than-truth", episode.wrongs),
        ("invariant-broken", broken),
        ("race-appeared-broken", ends),
    ):
        if texts:
            yield _fault(Outcome.DIVERGE, slug, some(texts), guilty(episode))


def _breaks(one: Difference) -> bool:
    return bool(isinstance(one.candidate, Mapping) and one.candidate.get("broken"))


def _unacknowledged(
    episode: Episode, differences: Sequence[Difference], signed: Mapping[str, Ruling]
) -> Iterator[Fault]:
    """Harm to the customer or loss to the company that no covering ruling acknowledges."""
    if episode.harm and not _harm_acknowledged(differences, signed):
        detail = some(episode.harm)
        yield _fault(Outcome.DIVERGE, "harm-unacknowledged", detail, guilty(episode))
    ids = {one.ruling for one in differences}
    for currency, amount in sorted(episode.loss.items()):
        most = sum(signed[one].max_loss.get(currency, 0) for one in ids if one in signed)
        if amount > most:
            detail = f"{currency} {amount}, at most {most} is acknowledged"
            yield _fault(Outcome.DIVERGE, "loss-unacknowledged", detail, guilty(episode))


def _harm_acknowledged(differences: Iterable[Difference], signed: Mapping[str, Ruling]) -> bool:
    ids = {one.ruling for one in differences}
    return any(signed[one].harm for one in ids if one in signed)


def guilty(episode: Episode) -> tuple[str, ...]:
    """Paths with differences of their own; all of the cell where there is no difference at all."""
    if not episode.differences:
        return episode.paths
    own = [one for one in episode.differences if not one.repeat]
    return tuple({who for one in own for who in one.owners or episode.paths})


def _fault(outcome: Outcome, slug: str, detail: str, paths: tuple[str, ...]) -> Fault:
    return Fault(Finding(outcome=outcome, slug=slug, detail=detail), paths)
