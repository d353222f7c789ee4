"""A condition of the gate: what evidence of one sort says, and what it closes if asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.origin import Source
from harness.policy import Policy
from harness.ports import Data
from harness.reason import Reason

NONE_YET: Final = "no evidence yet"

CONDITIONS: Final[Mapping[str, str]] = {
    "races": "races explored",
    "mutants": "mutants told apart, none hidden by a ruling",
    "surface": "every writer and handler owned by a path or signed for",
    "bounds": "bounds from sampled recordings",
    "fidelity": "fidelity of the control to what production showed",
    "freshness": "freshness of the recordings",
}
"""Conditions that the policy asks for by a section of that name, and all of them at production."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Evidence of one sort, weighed.

    Attributes:
        key: its section in the policy.
        what: in words, for reports.
        asked: whether the policy has the section; a gate at level production asks for all.
        evidence: one line with exact figures: measured or asserted, when, from what; empty where
            there is none.
        whole: what closes every path.
        paths: path → what closes it.
        detail: the figures as plain data, for JSON.
        source: where the evidence comes from, if not from the run itself.
    """

    key: str
    what: str
    asked: bool
    evidence: str = ""
    whole: tuple[Reason, ...] = ()
    paths: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    detail: Mapping[str, Data] = field(default_factory=dict)
    source: Source | None = None

    @property
    def told(self) -> str:
        """The condition with its evidence, in a line."""
        return f"{self.what}: {self.evidence or NONE_YET}"

    def closing(self) -> tuple[Reason, ...]:
        """What closes every path: nothing where it is not asked; what has no evidence does."""
        if not self.asked:
            return ()
        if not self.evidence and not self.whole:
            return (Reason(slug="evidence-required", found=self.told, needed="evidence of it"),)
        return self.whole

    def closing_path(self, path: str) -> tuple[Reason, ...]:
        """What closes one path."""
        return self.paths.get(path, ()) if self.asked else ()


def every(policy: Policy, given: Iterable[Condition]) -> tuple[Condition, ...]:
    """All conditions in their order; one that nobody weighed has no evidence."""
    weighed = {condition.key: condition for condition in given}
    return tuple(
        weighed.get(key) or Condition(key=key, what=what, asked=policy.asks(key))
        for key, what in CONDITIONS.items()
    )
