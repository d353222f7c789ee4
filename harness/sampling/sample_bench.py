"""What the commands of `shadow sample` share: the project, its sample, and what is told of it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, partial
from typing import Any, Final

from harness import run as running
from harness.command import here
from harness.compose import Composition
from harness.errors import InputError, NothingCompared
from harness.moment import today
from harness.reason import Reason
from harness.report.json_report import dumped
from harness.report.progress import progress
from harness.sampling import frame as framing
from harness.sampling.account import Recorded
from harness.sampling.bounds import KEY, detail
from harness.sampling.claim import Asked, Claims, asked_of
from harness.sampling.credit import objections
from harness.sampling.draw import unlisted
from harness.sampling.ledger import Evaluated
from harness.sampling.sample_text import Told, sample_text
from harness.sampling.sampled import Counted, Sampling, read_sampling
from harness.sampling.tally import Tally, tally
from harness.scenario import Scenario
from harness.text import shown_path

SCHEMA: Final = "shadow.sample/1"

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=False)
class Bench:
    """A project with its sample; what is read is read once."""

    composition: Composition

    @cached_property
    def sampling(self) -> Sampling | None:
        return read_sampling(self.composition)

    @cached_property
    def today(self) -> date:
        return today(self.composition.config.root)

    @cached_property
    def asked(self) -> Asked:
        return asked_of(self.composition.policy.sections.get(KEY))

    @property
    def production(self) -> bool:
        return self.composition.policy.level == "production"

    @property
    def paths(self) -> Iterable[str]:
        return tuple(self.composition.control.engine.paths)

    @cached_property
    def result(self) -> running.RunResult:
        """Everything replayed, as the gate does it."""
        bar = partial(progress, sys.stderr, "replaying")
        return running.run(self.composition, today=self.today, progress=bar)

    @property
    def failures(self) -> tuple[InputError, ...]:
        return self.result.failures

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """All scenarios; whoever draws may have recorded none yet."""
        try:
            return self.composition.loaded.scenarios
        except NothingCompared:
            return ()

    @property
    def recorded(self) -> set[str]:
        """Accounts that have a recorded scenario."""
        return {one.id for one in self.scenarios if one.provenance.kind == "recorded"}

    def framed(self) -> Sampling:
        """What there is of a sample.

        Raises:
            InputError: there is no frame.
        """
        if self.sampling is None:
            file = shown_path(self.composition.config.scenarios / framing.NAME)
            fix = "write one: which accounts, of which strata, and who listed them"
            raise InputError("frame-none", "there is no frame to draw from", file, fix)
        return self.sampling

    def evaluated(self, sampling: Sampling) -> Tally:
        recorded = Recorded(self.result.scenarios, self.result.cells)
        return tally(sampling.draw, recorded, self.paths)


def latest(sampling: Sampling) -> Evaluated | None:
    """What the ledger last says of the sample, of what is judged now before any other."""
    if sampling.entry is None:
        return None
    every = sampling.ledger.evaluations(sampling.entry.sample)
    own = [one for one in every if one.subject == sampling.subject]
    return next(iter([*reversed(own), *reversed(every)]), None)


def tell(
    bench: Bench,
    command: str,
    *,
    counted: Counted | None,
    as_json: bool,
    say: Say,
    did: str = "",
) -> tuple[Reason, ...]:
    """Print what there is; the reasons why it gives no credit."""
    sampling = bench.sampling
    told = told_of(bench, sampling, counted, did)
    if as_json:
        say(dumped(document_of(told, command)))
    else:
        say(sample_text(told, look=here()))
    return tuple(told.reasons)


def told_of(bench: Bench, sampling: Sampling | None, counted: Counted | None, did: str) -> Told:
    """What there is to tell of a sample, and what a run or the ledger says came of it."""
    kinds = Counter(one.evidence for one in bench.scenarios if one.evidence != "recorded")
    told = Told(sampling=sampling, kinds=kinds, did=did, wrong_max=str(bench.asked.wrong_max))
    if sampling is None:
        return replace(told, undrawn=len(bench.recorded))
    drawn = {one for part in sampling.draw.values() for one in (*part.drawn, *part.burned)}
    undrawn = bench.recorded - drawn
    strangers = sorted(unlisted(sampling.frame, undrawn)) if sampling.frame.listed else None
    claims = None
    if counted is not None and sampling.entry is not None:
        claims = Claims(
            results=counted.results,
            strata=sampling.entry.strata,
            asked=bench.asked,
            number=sampling.number,
        )
    return replace(
        told,
        counted=counted,
        claims=claims,
        reasons=objections(sampling, counted, production=bench.production),
        undrawn=len(undrawn) - len(strangers or ()),
        strangers=strangers,
    )


def document_of(told: Told, command: str) -> dict[str, Any]:
    """The same as `shadow.sample/1`; absent keys never mean that all is well."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "command": command,
        "frame": None,
        "kinds": dict(sorted(told.kinds.items())),
        "recorded_not_drawn": told.undrawn,
        "recorded_not_in_frame": told.strangers
        if told.strangers is None
        else list(told.strangers),
        "reasons": [
            {"slug": one.slug, "found": one.found, "needed": one.needed} for one in told.reasons
        ],
        "next": told.next,
    }
    if told.sampling is not None:
        ledger = told.sampling.ledger
        document |= detail(told.sampling, told.claims, told.counted)
        document["draws"] = len(ledger.draws())
        document["evaluations"] = len(ledger.entries) - len(ledger.draws())
        document["burned"] = len(told.sampling.burned.accounts)
    return document
