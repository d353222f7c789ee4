"""Waivers: mutants that a ruling calls equivalent, held against states that nobody wrote.

A waiver names a mutant together with the code that it changes; when that code changes, the waiver
is void. It holds only as long as ten thousand generated states show no difference.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from harness.clearance.normal_form import form
from harness.mutate.generated import Donors, generated
from harness.mutate.ground import Start, printed
from harness.mutate.mutant import Mutant
from harness.mutate.subject import Subject
from harness.mutate.trial import Fate, Result
from harness.ruling import Ruling, RulingClass
from harness.setup import Setup

STATES: Final = 10_000
"""States that have to reach the changed code and show no difference."""

TRIES: Final = 4 * STATES
"""States that are made to find so many."""

FAULTS: Final[Mapping[str, str]] = {
    "unknown": "waiver-unknown",
    "stale": "waiver-stale",
    "unused": "waiver-unused",
    "refuted": "waiver-refuted",
    "thin": "waiver-thin",
}
"""What can be wrong with a waiver, and the slug that says so."""

MARK: Final = "@"
DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One subject of a ruling: `mutant@digest` of the statement of the module that it changes."""

    ruling: str
    mutant: str
    mark: str


def waivers(rulings: Iterable[Ruling]) -> tuple[Waiver, ...]:
    """What rulings of the class `equivalent-mutant` name."""
    return tuple(
        Waiver(ruling=ruling.id, mutant=name, mark=mark)
        for ruling in rulings
        if ruling.klass is RulingClass.EQUIVALENT_MUTANT
        for name, _, mark in (subject.rpartition(MARK) for subject in ruling.subjects)
    )


def subject_of(mutant: Mutant, module: ast.Module) -> str:
    """The mutant as a ruling names it."""
    return f"{mutant.id}{MARK}{form(module.body[mutant.top])[:DIGITS]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a waiver; `what` is a key of `FAULTS`."""

    what: str
    found: str
    needed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What became of the waivers.

    Attributes:
        mutants: those that are waived.
        faults: why others are not.
    """

    mutants: frozenset[str]
    faults: tuple[Fault, ...]


def sorted_out(
    given: Sequence[Waiver], subjects: Mapping[str, str], results: Mapping[str, Result]
) -> tuple[tuple[Waiver, ...], tuple[Fault, ...]]:
    """Waivers that may hold, and what is wrong with the others.

    Args:
        given: all of them.
        subjects: mutant → as a ruling has to name it.
        results: mutant → what came of it.
    """
    good: list[Waiver] = []
    wrong: list[Fault] = []
    for waiver in given:
        named = f"{waiver.ruling}: {waiver.mutant}"
        wanted = subjects.get(waiver.mutant)
        if wanted is None:
            wrong.append(_fault("unknown", named, "a mutant that there is"))
        elif wanted != f"{waiver.mutant}{MARK}{waiver.mark}":
            wrong.append(_fault("stale", named, f"made of this code: {wanted}"))
        elif results[waiver.mutant].fate is not Fate.SURVIVED:
            found = f"{named} is {results[waiver.mutant].fate}"
            wrong.append(_fault("unused", found, "a mutant that survived"))
        else:
            good.append(waiver)
    return tuple(good), tuple(wrong)


@dataclass(slots=True)
class Doubt:
    """A waived mutant while states are tried.

    Attributes:
        reached: states in which the changed code ran.
        refuted: the state that shows a difference, empty where none did.
    """

    mutant: Mutant
    reached: int = 0
    refuted: str = ""

    @property
    def settled(self) -> bool:
        return bool(self.refuted) or self.reached >= STATES


def doubted(
    setup: Setup,
    subject: Subject,
    mutants: Sequence[Mutant],
    starts: Collection[Start],
    donors: Donors,
) -> tuple[Doubt, ...]:
    """Try mutants of one function on states that nobody wrote.

    Args:
        setup: both engines with probes that somebody reads.
        subject: the engine that is changed.
        mutants: those that are said to change nothing.
        starts: the cells that reach the function.
        donors: where other values come from.
    """
    side = setup.control if subject.role == "control" else setup.candidate
    doubts = tuple(Doubt(mutant) for mutant in mutants)
    if not starts:
        return doubts
    seed = f"{mutants[0].module}:{mutants[0].qualname}"
    for number, state in enumerate(
        generated(setup, tuple(starts), donors, seed=seed, tries=TRIES)
    ):
        was = printed(setup, side, state)
        arcs = side.taken_arcs()
        for doubt in doubts:
            mutant = doubt.mutant
            if doubt.settled or mutant.arcs.isdisjoint(arcs.get(mutant.module, ())):
                continue
            doubt.reached += 1
            with subject.mutated(mutant):
                if printed(setup, side, state) != was:
                    doubt.refuted = f"state {number} of {seed}, from {state.id}"
        if all(doubt.settled for doubt in doubts):
            break
    return doubts


def held(doubts: Iterable[Doubt]) -> Held:
    """What holds after all states were tried."""
    doubts = tuple(doubts)
    return Held(
        mutants=frozenset(one.mutant.id for one in doubts if one.settled and not one.refuted),
        faults=tuple(_against(doubts)),
    )


def _against(doubts: Iterable[Doubt]) -> Iterator[Fault]:
    for doubt in doubts:
        name = doubt.mutant.id
        if doubt.refuted:
            yield _fault("refuted", f"{name}: {doubt.refuted}", "no state that differs")
        elif not doubt.settled:
            found = f"{name}: {doubt.reached} states reached it"
            yield _fault("thin", found, f"{doubt.reached} >= {STATES}")


def _fault(what: str, found: str, needed: str) -> Fault:
    return Fault(what=what, found=found, needed=needed)
