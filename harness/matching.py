"""Which bundles match a cell, and why one that has to does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from harness.bundle import Bundle, Pin, Trial
from harness.canonical import same
from harness.clause import RACE
from harness.model import ABSENT, Difference, Episode
from harness.ownership import value_at
from harness.ports import Data
from harness.reason import some
from harness.ruling import RulingClass
from harness.values import brief, last_name


def matching(
    episode: Episode, tried: Iterable[Trial]
) -> tuple[tuple[Bundle, ...], tuple[str, ...]]:
    """The bundles that match, and a text for each ruling that has to match and does not.

    A ruling has to match in every cell that it lists, for every object that its scope holds for;
    and in any cell in which the control does all that it says the control does.
    """
    if episode.control is None or episode.candidate is None:
        return (), ()
    sides = _Sides(episode, episode.control.facets, episode.candidate.facets)
    matched: list[Bundle] = []
    missed: list[str] = []
    for trial in tried:
        reasons = [trial.outside] if trial.listed and trial.outside else []
        for bundle in trial.bundles:
            reason = sides.why_not(bundle, listed=trial.listed)
            if not reason:
                matched.append(bundle)
            elif sides.demanded(trial, bundle):
                reasons.append(f"{reason} ({bundle.each})" if bundle.each else reason)
        if reasons:
            missed.append(f"{trial.ruling.id}: {some(reasons)}")
    return tuple(matched), tuple(missed)


def appeared(difference: Difference) -> bool:
    """Whether this is an end of a race that only the candidate comes to."""
    return difference.facet == RACE and difference.control is ABSENT


class _Sides:
    """Both sides' values of any field of one episode."""

    def __init__(
        self, episode: Episode, control: Mapping[str, Data], candidate: Mapping[str, Data]
    ) -> None:
        self.control, self.candidate = control, candidate
        self.different = {one.path: one for one in episode.differences}
        self.appeared = tuple(one for one in episode.differences if appeared(one))

    def of(self, pin: Pin) -> tuple[Data, Data]:
        """Control's and candidate's value of a pinned field."""
        one = self.different.get(pin.path)
        if one is not None:
            return one.control, one.candidate
        return (
            value_at(self.control, pin.facet, pin.keys),
            value_at(self.candidate, pin.facet, pin.keys),
        )

    def why_not(self, bundle: Bundle, *, listed: bool) -> str:
        """Why a bundle does not match; empty where it does.

        In a listed cell both sides have exactly the values of every clause, also where they do not
        differ: a control that shows only a part of its fault is not what people ruled on. In bulk
        the control's value counts where the two differ (docs/decisions/0038).
        """
        if bundle.fault:
            return bundle.fault
        own = False
        for pin in bundle.pins:
            control, candidate = self.of(pin)
            told = partial(brief, name=last_name(pin.path))
            if not _candidate_fits(pin, candidate):
                has, wanted = told(candidate), told(pin.candidate)
                return f"{pin.path}: the candidate has {has}, not {wanted}"
            asked = listed or not same(control, candidate)
            if asked and not same(control, pin.control):
                return f"{pin.path}: the control has {told(control)}, not {told(pin.control)}"
            one = self.different.get(pin.path)
            own = own or (one is not None and not one.repeat)
        if not own:
            return "none of its fields differs here of its own"
        if bundle.ruling.klass is RulingClass.RACE_REMOVED:
            return self.why_not_removed(bundle)
        return ""

    def why_not_removed(self, bundle: Bundle) -> str:
        """Why a race's lost ends are no removed race: one is good, or another end appeared."""
        if self.appeared:
            return f"{self.appeared[0].path} appeared"
        for pin in bundle.pins:
            end = pin.control if isinstance(pin.control, Mapping) else {}
            if not end.get("broken") and end.get("serial") is not False:
                return f"{pin.path} breaks nothing and equals a serial order"
        return ""

    def demanded(self, trial: Trial, bundle: Bundle) -> bool:
        """Whether the bundle has to match: its ruling lists the cell, or the control shows it."""
        return trial.listed or self.control_shows(bundle)

    def control_shows(self, bundle: Bundle) -> bool:
        """Whether the control does all that the bundle says it does, so the candidate has to."""
        pins = bundle.pins
        return bool(pins) and all(same(self.of(pin)[0], pin.control) for pin in pins)


def _candidate_fits(pin: Pin, candidate: Data) -> bool:
    """Whether the candidate's value is the one that is pinned."""
    return same(candidate, pin.candidate)


class Demands:
    """What the rulings that have to match one episode demand of the candidate, field by field.

    That a ruling has to match depends on the cell and on the control alone, so it still has to
    where the candidate has another value.
    """

    def __init__(self, episode: Episode, tried: Iterable[Trial]) -> None:
        self._pins: dict[str, list[Pin]] = {}
        if episode.control is None or episode.candidate is None:
            return
        sides = _Sides(episode, episode.control.facets, episode.candidate.facets)
        for trial in tried:
            for bundle in trial.bundles:
                if sides.demanded(trial, bundle):
                    for pin in bundle.pins:
                        self._pins.setdefault(pin.path, []).append(pin)

    def refuse(self, path: str, value: Data) -> bool:
        """Whether `matching` would miss a ruling if the candidate had this value of the field."""
        return not all(_candidate_fits(pin, value) for pin in self._pins.get(path, ()))
