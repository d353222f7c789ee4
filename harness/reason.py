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
    "path-removed": "A pinned path is neither registered nor buried.",
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

MUTANTS: Final[Mapping[str, str]] = {
    "mutants-unmeasured": "Nobody measured whether small changes of this code would be noticed.",
    "mutants-stale": "What the measurement by mutants rests on is not what it was any more.",
    "mutants-survived": "Too many small changes of this code are noticed by nobody.",
    "mutants-hidden": "A small change of this code showed, and a ruling let it pass.",
    "mutants-lost": "Some mutants have no result, so nobody knows what came of them.",
    "mutants-no-answer": "Too many mutants crashed, ran out of time or could not be imported.",
    "mutants-waived": "Rulings call too many mutants equivalent.",
    "branch-unpinned": "No mutant was told apart on a branch: it is taken, and nothing pins it.",
    "waiver-unknown": "A ruling waives a mutant that there is not.",
    "waiver-stale": "A ruling waives a mutant of code that has changed since.",
    "waiver-unused": "A ruling waives a mutant that did not survive.",
    "waiver-refuted": "A generated state shows what a waived mutant changes.",
    "waiver-thin": "Too few generated states reached a waived mutant.",
}
"""Reasons of the measurement by mutants; those of one path's code close that path alone."""

POLICY: Final[Mapping[str, str]] = {
    "policy-shape": "A part of the policy has the wrong type, or is missing or empty.",
    "policy-unknown-key": "The policy has a key that nobody reads.",
    "policy-threshold": "A threshold is null, missing, zero, negative, above one or not exact.",
    "policy-fixed": "A condition that is part of the gate itself cannot be configured.",
    "policy-looser": "A threshold is looser than the built-in one and no relaxation says why.",
    "policy-relaxation-unused": "A relaxation names what is not looser, than built in or before.",
    "policy-date": "A date is malformed.",
    "policy-approver": "A statement is signed by somebody who is not listed as approver.",
}
"""Errors in the policy file; they end with exit code 4, not with a closed gate."""

CONDITION: Final[Mapping[str, str]] = {
    "surface-empty": "Not one function of the control was found, so nobody can say who writes.",
    "surface-unowned": "A function of the control writes, and no path reaches it.",
    "surface-unread": "A file of the control's folder is no Python that can be read.",
    "surface-unexplained": "A dispatch, table, schedule or trigger that nobody has signed for.",
    "surface-undeclared": "A path touches a store that it does not declare, or the other way.",
    "surface-acknowledgement": "An acknowledgement of the surface is not needed or has run out.",
    "surface-unreplayed": "The control could not be replayed alone, so what it does is not known.",
    "level-unproven": "A path ran in no recording that holds all stores, which production needs.",
    "clock-behind": "This machine's clock is more than a day behind the newest commit.",
    "recording-to-come": "A recording names a day that has not come.",
    "recording-missing": "The path ran in no recording.",
    "recording-stale": "Every recording in which the path ran is older than the policy allows.",
    "recording-undated": "Nobody wrote of what day a recording is, so it counts as too old.",
    "fidelity-unmeasured": "No recording that counts shows what production did with the path.",
    "fidelity-low": "Production showed too few of the fields that are compared.",
    "fidelity-written-low": "Production showed too few of the fields that the control wrote.",
    "fidelity-drifts": "The control does otherwise than a recording shows; the fields are named.",
    "frame-missing": "Nothing says which accounts a sample is drawn from and speaks for.",
    "ledger-broken": "A line of the ledger of samples was rewritten, or is gone.",
    "ledger-missing-evaluation": "The ledger does not hold what the gate counts in the sample.",
    "sample-missing": "No sample was drawn from the present frame.",
    "sample-not-as-drawn": "The drawn accounts are not those that chance draws from the frame.",
    "sample-asserted": "The frame's lists of ids are not there, so no draw can be made again.",
    "sample-reused": "The drawn accounts were evaluated before, or drawn for something else.",
    "sample-burned": "Somebody looked at a drawn account while debugging.",
    "stratum-empty": "No account of a stratum was drawn, so nothing can be said of it.",
    "bound-too-wide": "More accounts of a stratum can be wrong on the path than are allowed.",
    "bound-path-not-run": "The path ran in no account of the sample.",
}
"""Reasons of further evidence (`harness.condition`); each closes where the policy asks for it."""

CLEARANCE: Final[Mapping[str, str]] = {
    "tree-not-clean": "Files differ from the newest commit; what is cleared is what others get.",
    "tree-not-committed": "What would be replayed is not what is committed, though git sees none.",
    "tree-changed": "Something that a clearance is bound to changed while the gate ran.",
    "level-rehearsal": "The policy's level is rehearsal, which permits no deletion.",
    "path-not-open": "A path that is to be cleared is closed.",
    "gate-not-open": "The gate is closed; a path is cleared only where all of it is open.",
    "relaxation-young": "A threshold was loosened too short a time ago to clear anything with it.",
    "clearance-void": "Something that a clearance is bound to is not what it was then.",
    "clearance-expired": "A clearance has run out.",
    "clearance-from-the-future": "A clearance was created after today.",
    "clearance-edited": "A clearance is not what was written: its digest is another one's.",
    "clearance-level": "A clearance is of a lower level than is needed.",
}
"""Reasons that keep a clearance from being written, or from permitting anything."""

GUARD: Final[Mapping[str, str]] = {
    "control-removed": "A symbol, row or file of the control is gone, and nobody cleared it.",
    "control-moved": "Code of the control stands under another name or in another file.",
    "control-gutted": "A name of the control still stands, and what it did is gone.",
    "control-unreachable": "Code of the control stands as it was, and nothing gets to it.",
    "control-switched": "The configuration names another control, or its recording changed.",
    "clearance-missing": "The merge base has no clearance of a path that loses something.",
    "clearance-in-range": "A clearance comes, or is edited, with what it is to permit.",
    "clearance-unusable": "A clearance of the merge base cannot be read.",
    "deleted-with-its-judge": "What judges a deletion changes in the range that deletes.",
    "path-not-buried": "A path is deleted, and no tombstone says so.",
    "tombstone-unfounded": "A tombstone tells of a deletion otherwise than the range makes it.",
    "tombstone-removed": "A tombstone is gone, or says something else.",
    "manifest-line-removed": "A pinned scenario is gone, and no tombstone says why.",
    "policy-loosened": "The policy asks less than before, and no record of the range says why.",
    "ruling-mass-renewal": "Several rulings were only made to run longer, in one range.",
    "ruling-approved-by-author": "A ruling's approver wrote or committed it.",
    "ruling-approver-added": "A ruling is approved by somebody who was no approver before.",
    "history-rewritten": "A file that only grows lost a line, or a clearance was edited.",
    "owners-loosened": "Somebody else, or nobody, has to approve a guarded file.",
}
"""Reasons to refuse a range of commits."""

SLUGS: Final[Mapping[str, str]] = {
    **WHOLE, **PATH, **MUTANTS, **POLICY, **CLEARANCE, **CONDITION, **GUARD,
}  # fmt: skip
"""Every slug of policy and gate with its sentence; rulings and manifest name their own."""
