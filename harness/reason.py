"""Why a gate is closed: one record a reason, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

SHOWN = 5
"""How many names a reason lists before it counts the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What was found and what is needed instead; `needed` states the inequality."""

    slug: str
    found: str
    needed: str


def some(names: Iterable[str], *, most: int = SHOWN) -> str:
    """The first names, and in words how many more there are."""
    listed = list(names)
    rest = len(listed) - most
    head = ", ".join(listed[:most])
    return f"{head} and {rest} more" if rest > 0 else head


WHOLE: Final[Mapping[str, str]] = {
    "partial-set": "Only a part of the scenarios was asked for; a gate needs the whole set.",
    "nothing-compared": "No cell was compared, and nothing compared is never success.",
    "no-paths": "The control names no path, so there is nothing that could be cleared.",
    "manifest-empty": "The manifest pins no cell, so nobody can say that the set is complete.",
    "cells-missing": "Cells that the manifest pins have no result.",
    "cells-unexpected": "Cells have a result that the manifest does not pin.",
    "cells-doubled": "A cell id came back more than once.",
    "paths-changed": "Other control paths ran in a cell than the manifest pins for it.",
    "totals-unequal": "The outcomes do not add up to the cells that the manifest pins.",
    "cells-not-run": "A cell was not run; what it would have shown is unknown for every path.",
    "cell-without-control": "The control gave no result, so no one knows which paths it concerns.",
    "free-empty": "The manifest pins no free run.",
    "free-missing": "A scenario of the manifest has no free run, or one that nobody pinned.",
    "free-doubled": "A scenario came back with more than one free run.",
    "branch-unknown": "The control took a branch that is not among the pinned totals.",
    "dead-branch-unknown": "A ruling calls a branch dead that the control's code does not have.",
    "leak-unmeasured": "It was not measured whether a ruling lets a wrong value through.",
    "ruling-leaks": "A ruling let a wrong value of the candidate pass.",
    "no-sound-case-unused": "A signed statement that a path has no sound case is not needed.",
    "evidence-required": "At level production every condition needs evidence, and one has none.",
    "path-closed": "At least one path, real or pseudo, is closed.",
    "cell-unanswered": "A cell diverges by repeats alone, so it is no path's own difference.",
}
"""Reasons that close the whole gate."""

PATH: Final[Mapping[str, str]] = {
    "no-cells": "No cell ran this path.",
    "path-unknown": "Cells name a path that the control does not register.",
    "cell-diverges": "A cell has a difference of this path that no ruling covers.",
    "cell-drifts": "The control differs from what was observed, or does not show a listed fault.",
    "cell-unstable": "An engine differs from itself in a cell of this path.",
    "cell-timeout": "A cell of this path ran over its budget.",
    "cell-error": "The harness, the world or an engine failed in a cell of this path.",
    "cell-not-run": "A cell of this path was not run.",
    "too-few-cells": "Too few distinct (state, act) cells of one kind of evidence.",
    "no-sound-case": "Too few cells in which the control was right and the candidate agreed.",
    "no-sound-case-expired": "The signed statement that no sound case exists has run out.",
    "no-sound-case-lifetime": "The signed statement that no sound case exists runs too long.",
    "agreement-where-sound": "Where the control was right, the candidate did not agree.",
    "intended-change-share": "Too large a share of sound cells is changed on purpose.",
    "repairs-unproven": "The control was at fault and the candidate did not put it right.",
    "made-worse": "The candidate broke an invariant, wronged the customer or lost money unasked.",
    "left-to-a-person": "The candidate left a decision to a person where truth could be decided.",
    "no-branches": "The path's own code has no counted branches.",
    "branch-not-taken": "A branch of the path's own code was taken in no credited cell.",
    "shared-branch-not-taken": "Shared code that the path reaches has a branch nobody took.",
    "dead-branch-revived": "A branch that a ruling calls dead was taken.",
    "dead-branch-limit": "Rulings call too many branches of one path dead.",
    "free-not-kept": "A free run of a scenario that runs this path was not kept to its end.",
    "whole-gate": "Reasons for the whole gate close this path too.",
}
"""Reasons that close one path."""

POLICY: Final[Mapping[str, str]] = {
    "policy-shape": "A part of the policy has the wrong type, or is missing or empty.",
    "policy-unknown-key": "The policy has a key that nobody reads.",
    "policy-threshold": "A threshold is null, missing, zero, negative, above one or not exact.",
    "policy-fixed": "A condition that is part of the gate itself cannot be configured.",
    "policy-looser": "A threshold is looser than the built-in one and no relaxation says why.",
    "policy-relaxation-unused": "A relaxation names a threshold that is not looser.",
    "policy-date": "A date is malformed.",
    "policy-approver": "A statement is signed by somebody who is not listed as approver.",
}
"""Errors in the policy file; they end with exit code 4, not with a closed gate."""

SLUGS: Final[Mapping[str, str]] = {**WHOLE, **PATH, **POLICY}
"""Every slug of policy and gate with its sentence; rulings and manifest name their own."""
