"""What the guard tells: text, JSON, and annotations at the lines of files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from rich.console import RenderableType

from harness.guarding.judgement import Judgement
from harness.guarding.refusal import Refusal
from harness.report.annotations import Annotation
from harness.report.places import Spot
from harness.report.terminal import Look, blank, grid, heading, printed, words

SCHEMA: Final = "shadow.guard/1"
NOTES: Final = 12
"""Plain edits that the text lists before it counts the rest."""

MOST: Final = 10
"""Annotations that GitHub shows of one step."""

FEW: Final = 3
"""Paths that the next command names one by one."""

PLAIN: Final = re.compile(r"\w[\w.-]*", re.ASCII)
"""Names of paths that a shell takes as they are."""

REHEARSAL: Final = (
    "REHEARSAL: clearances count behind which no recording stands; delete nothing real"
)


def text(judgement: Judgement, look: Look) -> str:
    """The judgement for people."""
    parts = (_head, _refused, _losses, _renewed, _edited, _end)
    return printed(look, [one for part in parts for one in part(judgement)])


def _head(judgement: Judgement) -> Iterator[RenderableType]:
    found = judgement.range
    count = len(judgement.refusals)
    reasons = f"{count} reason{'' if count == 1 else 's'}"
    verdict = f"refused, {reasons}" if count else "nothing is refused"
    commits = len(found.commits)
    yield heading(f"Guard: {verdict}, level {judgement.level}")
    if judgement.level == "rehearsal":
        yield words(REHEARSAL, "closed", indent=2)
    ends = f"{found.before.tree.commit[:12]}..{found.after.tree.commit[:12]}"
    counted = f"{commits} commit{'' if commits == 1 else 's'}, {len(judgement.changes)} files"
    told = [
        ("range", f"{ends}, {counted}"),
        ("control", f"{found.before.project.table['control']}, as the merge base names it"),
        ("today", judgement.now.told),
    ]
    yield grid(told)


def _refused(judgement: Judgement) -> Iterator[RenderableType]:
    for one in judgement.refusals:
        yield blank()
        yield words(f"{one.reason.slug}  {one.where}".rstrip(), "closed")
        yield words(one.reason.found, indent=2)
        yield words(f"needed: {one.reason.needed}", indent=2)


def _losses(judgement: Judgement) -> Iterator[RenderableType]:
    allowed = [loss for loss, paths in judgement.losses.items() if paths is not None]
    if allowed:
        yield blank()
        yield heading(f"Deleted as cleared: {', '.join(sorted(judgement.retired)) or 'all of it'}")
        yield grid((loss.name, loss.said) for loss in allowed)


def _renewed(judgement: Judgement) -> Iterator[RenderableType]:
    renewed = judgement.signatures.renewed
    if renewed:
        yield blank()
        yield heading("Signed again, to run longer and say the same")
        told = (f"until {one.until}, was {one.was}, {one.signed.file}" for one in renewed)
        yield grid(zip((one.signed.name for one in renewed), told, strict=True))


def _edited(judgement: Judgement) -> Iterator[RenderableType]:
    notes = judgement.notes
    if notes:
        yield blank()
        counted = Counter(note.said for note in notes)
        summed = ", ".join(f"{number} {said}" for said, number in sorted(counted.items()))
        yield heading(f"Plain edits of the control: {summed}")
        yield words("they void clearances, and the gate judges them", indent=2)
        yield grid((note.name, f"{note.said}, {note.file}:{note.line}") for note in notes[:NOTES])
        if len(notes) > NOTES:
            yield words(f"and {len(notes) - NOTES} more", indent=2)


def _end(judgement: Judgement) -> Iterator[RenderableType]:
    yield blank()
    yield words(f"Next: {step(judgement)}")


def step(judgement: Judgement) -> str:
    """What to type next."""
    wanting = sorted(judgement.wanting)
    if wanting and len(wanting) <= FEW and all(map(PLAIN.fullmatch, wanting)):
        return f"shadow clear {' '.join(wanting)}"
    return "shadow gate"


def document(judgement: Judgement) -> dict[str, Any]:
    """The judgement as plain data of schema `shadow.guard/1`."""
    found = judgement.range
    return {
        "schema": SCHEMA,
        "guard": "refused" if judgement.refusals else "passed",
        "level": judgement.level,
        "range": {
            "base": found.before.tree.commit,
            "head": found.after.tree.commit,
            "commits": [one.id for one in found.commits],
            "files": len(judgement.changes),
        },
        "control": found.before.project.table["control"],
        "today": str(judgement.now.today),
        "refusals": [_refusal(one) for one in judgement.refusals],
        "losses": [
            {
                "kind": str(loss.kind),
                "rule": loss.rule,
                "name": loss.name,
                "file": loss.file,
                "line": loss.line,
                "said": loss.said,
                "parts": list(loss.parts),
                "cleared": paths is not None,
                "paths": sorted(paths or ()),
            }
            for loss, paths in judgement.losses.items()
        ],
        "retired": sorted(judgement.retired),
        "renewed": [
            {"name": one.signed.name, "file": one.signed.file, "was": one.was, "until": one.until}
            for one in judgement.signatures.renewed
        ],
        "notes": [
            {"name": note.name, "file": note.file, "line": note.line, "said": note.said}
            for note in judgement.notes
        ],
    }


def _refusal(one: Refusal) -> dict[str, Any]:
    reason = one.reason
    return {
        "slug": reason.slug,
        "found": reason.found,
        "needed": reason.needed,
        "file": one.file,
        "line": one.line,
    }


def to_runner(judgement: Judgement) -> Iterator[str]:
    """GitHub's workflow commands, one a refusal; the last counts those that it would drop."""
    for one in judgement.refusals[:MOST]:
        message = f"{one.reason.found}; needed: {one.reason.needed}"
        spot = Spot(one.file, one.line or 1) if one.file else Spot()
        yield str(Annotation("error", spot, f"Guard: {one.reason.slug}", message))
    rest = len(judgement.refusals) - MOST
    if rest > 0:
        yield str(Annotation("notice", Spot(), f"{rest} more", "shadow guard tells all of them"))
