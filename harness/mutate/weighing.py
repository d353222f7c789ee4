"""What a measurement by mutants closes: per path, for the candidate, and as a whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from harness.branches import Unit
from harness.condition import CONDITIONS, Condition
from harness.mutate.measurement import NAME, Measurement
from harness.mutate.score import Score, added
from harness.mutate.trial import Fate
from harness.mutate.waiver import FAULTS
from harness.origin import Source
from harness.policy import SECTIONS
from harness.reason import Reason, some

KEY: Final = "mutants"
DEFAULTS: Final[Mapping[str, Fraction]] = {
    threshold.key.partition(".")[2]: threshold.default for threshold in SECTIONS[KEY]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of mutants.

    Attributes:
        needed: name of a threshold → its value.
        units: the control's code, by module.
        reaches: path → modules that its code may run.
        dead: branches, in the words of their unit, that rulings call dead.
    """

    needed: Mapping[str, Fraction]
    units: Mapping[str, Unit]
    reaches: Mapping[str, Collection[str]]
    dead: Collection[str] = ()


def unmeasured(*, required: bool) -> Condition:
    """There is no measurement; `required` tells whether the policy asks for one."""
    found = Reason(slug="mutants-unmeasured", found=f"no {NAME}", needed="shadow mutate --write")
    return Condition(key=KEY, what=CONDITIONS[KEY], asked=required, whole=(found,))


def weigh(
    measurement: Measurement, asked: Asked, *, required: bool, stale: Collection[str] = ()
) -> Condition:
    """Weigh a measurement.

    Args:
        measurement: as it was read.
        asked: what is asked.
        required: whether the policy asks at all.
        stale: what it rests on and is not what it was any more.
    """
    control, candidate = measurement.scores("control"), measurement.scores("candidate")
    whole = added("the candidate", candidate.values())
    return Condition(
        key=KEY,
        what=CONDITIONS[KEY],
        asked=required,
        evidence=_evidence(added("the control", control.values()), whole)
        + ("; what it rests on has changed since" if stale else ""),
        whole=(
            *_stale(stale),
            *(Reason(slug=FAULTS[what], found=f, needed=n) for what, f, n in measurement.waivers),
            *_score(whole, {**asked.needed, "told_apart": asked.needed["candidate"]}),
        ),
        paths={
            path: reasons
            for path, modules in sorted(asked.reaches.items())
            if (reasons := tuple(_path(path, modules, control, asked)))
        },
        detail=_detail(measurement, asked),
        source=Source(measured=False, when=measurement.day, what=NAME),
    )


def _stale(stale: Collection[str]) -> Iterator[Reason]:
    if stale:
        needed = "what was measured is what there is: shadow mutate --write"
        yield Reason(slug="mutants-stale", found=some(stale), needed=needed)


def _path(
    path: str, modules: Collection[str], control: Mapping[str, Score], asked: Asked
) -> Iterator[Reason]:
    """A path's own code, and all that it shares with others."""
    for name in sorted(modules):
        unit = asked.units.get(name)
        if unit is None or unit.path not in ("", path):
            continue
        score = control.get(name)
        if score is None:
            yield Reason(slug="mutants-unmeasured", found=f"{name}: none", needed="mutants >= 1")
            continue
        yield from _score(score, asked.needed)
        if missing := _unpinned(score, unit, asked.dead):
            found = f"{name}: {len(missing)} of {len(unit.arcs)} branches: {some(missing)}"
            needed = "a mutant told apart on every branch"
            yield Reason(slug="branch-unpinned", found=found, needed=needed)


def _unpinned(score: Score, unit: Unit, dead: Collection[str]) -> tuple[str, ...]:
    """Branches on which no mutant was told apart, in words; rows of tables count likewise."""
    return tuple(
        words
        for number, words in sorted(unit.arcs.items())
        if number not in score.pinned and number not in unit.at_import and words not in dead
    )


def _score(score: Score, needed: Mapping[str, Fraction]) -> Iterator[Reason]:
    """One unit's figures held against what is needed."""
    name = score.unit
    if not score.mutants:
        yield Reason(slug="mutants-unmeasured", found=f"{name}: none", needed="mutants >= 1")
        return
    if not score.told_apart.at_least(needed["told_apart"]):
        yield Reason(
            slug="mutants-survived",
            found=f"{name}: {score.told_apart} told apart, not {some(score.untold)}",
            needed=f"{score.told_apart} >= {needed['told_apart']}",
        )
    if hidden := score.of(Fate.HIDDEN):
        found = f"{name}: {len(hidden)}: {some(hidden)}"
        yield Reason(slug="mutants-hidden", found=found, needed="mutants hidden by a ruling = 0")
    if lost := score.of(Fate.LOST):
        found = f"{name}: {len(lost)}: {some(lost)}"
        yield Reason(slug="mutants-lost", found=found, needed="every mutant has a result")
    for slug, share, key in (
        ("mutants-no-answer", score.no_answer, "crash_max"),
        ("mutants-waived", score.waived_share, "waived_max"),
    ):
        if not share.at_most(needed[key]):
            found = f"{name}: {share} of the mutants"
            yield Reason(slug=slug, found=found, needed=f"{share} <= {needed[key]}")


def _evidence(control: Score, candidate: Score) -> str:
    hidden = len(control.of(Fate.HIDDEN)) + len(candidate.of(Fate.HIDDEN))
    return (
        f"control {control.told_apart}, candidate {candidate.told_apart} told apart, "
        f"{hidden} hidden"
    )


def _detail(measurement: Measurement, asked: Asked) -> dict[str, object]:
    """The figures as plain data."""
    scores = {
        "control": measurement.scores("control"),
        "candidate": measurement.scores("candidate"),
    }
    return {
        "measured": measurement.measured,
        "needed": {key: str(value) for key, value in sorted(asked.needed.items())},
        **{
            role: {name: plain(one) for name, one in sorted(found.items())}
            for role, found in scores.items()
        },
    }


def plain(score: Score) -> dict[str, object]:
    """A score as plain data."""
    return {
        "mutants": score.mutants,
        "told_apart": str(score.told_apart),
        "waived": len(score.waived),
        "fates": {str(fate): len(ids) for fate, ids in sorted(score.fates.items())},
    }
