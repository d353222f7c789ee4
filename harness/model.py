"""The values a run is made of, all frozen, flowing one way from scenario to gate."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec import structs

from harness.ports import Data


class _Absent(enum.Enum):
    ABSENT = "absent"

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent.ABSENT
"""The value of a field that one side does not have; differs from null."""

FACETS: Final = ("customer", "money", "response", "books", "effects")
"""Compared facets in the order every report shows them; `race` cells compare sets of ends."""


class Outcome(enum.StrEnum):
    """Outcome of a lockstep cell, first that applies in this order."""

    NOT_RUN = "NOT_RUN"
    ERROR = "ERROR"
    TIMEOUT = "TIMEOUT"
    UNSTABLE = "UNSTABLE"
    DRIFT = "DRIFT"
    DIVERGE = "DIVERGE"
    RULED = "RULED"
    AGREE = "AGREE"


class Free(enum.StrEnum):
    """Outcome of a scenario's free run, first that applies in this order."""

    NOT_RUN = "NOT_RUN"
    ERROR = "ERROR"
    TIMEOUT = "TIMEOUT"
    UNSTABLE = "UNSTABLE"
    MOOT = "MOOT"
    BROKEN = "BROKEN"
    THEN_FAILED = "THEN_FAILED"
    KEPT = "KEPT"


class Class(enum.StrEnum):
    """What the control did in a cell, judged by invariants and truth alone."""

    SOUND = "SOUND"
    REPAIR = "REPAIR"
    TWIST = "TWIST"
    UNDECIDABLE = "UNDECIDABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found about a cell, under the outcome it argues for; none is ever dropped.

    Attributes:
        role: whose doing it is; empty where it is neither side's alone.
    """

    outcome: Outcome
    slug: str
    detail: str
    role: str = ""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What one engine did in one episode.

    Attributes:
        facets: facet → tree of plain data (books and the rest after the episode).
        written: books paths that were effectively written, with the handlers that last did.
        reasons: the engine's own words, shown and never compared.
        handlers: paths that ran, in order, with the trigger that called them.
        told: whether anything reached the engine, handled or not: a request, an event, a look.
        refusal: `{"kind", "code"}` where the engine refused, else None.
        crash: `(path, exception type, message)` of an exception that is no declared refusal.
        traps: what the engine did that it may not (sticky).
        timeout: the budget that was exceeded, else empty.
        arcs: unit → arcs of the control's code taken in this episode.
        writes: every effective write in order, as (actor, at, before, after).
    """

    facets: Mapping[str, Data]
    written: Mapping[str, str] = msgspec.field(default_factory=dict)
    reasons: tuple[Data, ...] = ()
    handlers: tuple[tuple[str, str], ...] = ()
    told: bool = True
    refusal: Mapping[str, str] | None = None
    crash: tuple[str, str, str] | None = None
    traps: tuple[str, ...] = ()
    timeout: str = ""
    arcs: Mapping[str, frozenset[int]] = msgspec.field(default_factory=dict)
    writes: tuple[tuple[str, str, Data, Data], ...] = ()


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field that the two engines leave different; there are many, and each is made thrice.

    Attributes:
        facet: one of FACETS, or `race`.
        at: path inside the facet, without the facet's name.
        control, candidate: the two values; ABSENT where a side lacks the field.
        owners: paths of this cell that the difference belongs to.
        origin: cell id where a repeat was first seen; empty for a difference of this cell's own.
        ruling: id of the ruling that covers it, `(given)` for a repeat of damage that was given,
            `follows` for a customer difference that follows from covered books; else empty.
    """

    facet: str
    at: str
    control: Data
    candidate: Data
    owners: tuple[str, ...] = ()
    origin: str = ""
    ruling: str = ""

    @property
    def path(self) -> str:
        """`facet.at`, the name a ruling's clause pins it by."""
        return f"{self.facet}.{self.at}" if self.at else self.facet

    @property
    def repeat(self) -> bool:
        return bool(self.origin)

    def under(self, ruling: str) -> Difference:
        """The difference as a ruling covers it; itself where nothing changes."""
        return self if ruling == self.ruling else structs.replace(self, ruling=ruling)

    def of(self, owners: tuple[str, ...], origin: str = "") -> Difference:
        """The difference with its owners, and the cell that it repeats one of."""
        return structs.replace(self, owners=owners, origin=origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One lockstep episode as it was replayed, before anyone judged it.

    Attributes:
        id: `scenario#n`; episode 0 is `look`.
        scenario: the scenario's id.
        act: short text of the act (`api.pay_bad_debt`, `deliver invoice.paid`, `look`).
        at: epoch seconds.
        paths: control paths that ran, sorted; empty means `(unhandled)`.
        control, candidate: the observations; None where a side gave no result.
        before: books before the act (common to both).
        scope: names a ruling's expressions may use: before, trigger, truth, now.
        stratum: e.g. segment and currency.
        prelook: what the candidate's facets are when it looks just before the act.
        differences: all, raw, in facet order, owners and repeats filled in, rulings not yet.
        klass: SOUND, REPAIR, TWIST or UNDECIDABLE.
        control_broken, candidate_broken: invariant breaches after the episode that are new or
            still there (`I5: …`), per side.
        unmet: what truth entitles the customer to and the candidate's world lacks; None where it
            is undecidable.
        wrongs: worse than truth for the customer in the candidate's world; where the candidate
            was not called, only what was not there before.
        harm: worse than the control for the customer.
        loss: company's loss against the control, per currency, minor units.
        deferrals: cases of the candidate that leave the decision to a person.
        findings: NOT_RUN, ERROR, TIMEOUT, UNSTABLE, DRIFT found so far.
        state: digest of (state before, act): distinct cells are counted by it.
        observed: fields, as `facet.path`, that the control was held against production in.
    """

    id: str
    scenario: str
    act: str
    at: int
    paths: tuple[str, ...]
    control: Observation | None
    candidate: Observation | None
    before: Mapping[str, Data]
    scope: Mapping[str, Data]
    stratum: Mapping[str, str]
    differences: tuple[Difference, ...]
    klass: Class
    control_broken: tuple[str, ...] = ()
    candidate_broken: tuple[str, ...] = ()
    unmet: tuple[str, ...] | None = ()
    wrongs: tuple[str, ...] = ()
    harm: tuple[str, ...] = ()
    loss: Mapping[str, int] = field(default_factory=dict)
    deferrals: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    state: str = ""
    provenance: str = "curated"
    observed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An episode with its verdict.

    Attributes:
        episode: what was replayed.
        outcome: the first of the closed set that applies.
        own: path → outcome of that path alone (repeats and other paths' differences removed).
        differences: the episode's, with rulings filled in.
        findings: all findings, the deciding one first.
        rulings: ids of the rulings that covered something here.
    """

    episode: Episode
    outcome: Outcome
    own: Mapping[str, Outcome]
    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...]
    rulings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRun:
    """A scenario replayed to the end in the candidate's own world.

    Attributes:
        moot: acts that made no sense there, as `candidate act#n: reason`.
        broken: candidate's invariant breaches, `episode: I1 …`.
        then: statements of `then:` that did not hold, with both values.
        digest: of the candidate's observations, to compare with another process.
    """

    scenario: str
    outcome: Free
    moot: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    digest: str = ""
    ends: Mapping[str, Data] = field(default_factory=dict)
