"""What a measurement by mutants says, as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import RenderableType

from harness.condition import Condition
from harness.mutate.mutant import Mutant
from harness.mutate.score import Score, added
from harness.mutate.trial import Fate, Result
from harness.report.terminal import Look, blank, grid, heading, printed, words

SHOWN = 40
"""Mutants that are listed before the rest is counted."""

HEAD = ("", "mutants", "told apart", "hidden", "survived", "unreached", "no answer", "waived")


def mutants_text(
    scores: Mapping[str, Sequence[Score]],
    left: Sequence[tuple[Mutant, Result]],
    condition: Condition,
    *,
    after: Sequence[str],
    look: Look | None = None,
) -> str:
    """Every unit's figures, the mutants that nobody told apart, and what is still asked for.

    Args:
        scores: title → units.
        left: mutants that count against the code.
        condition: what the gate would make of it.
        after: the last lines.
        look: width and colour.
    """
    parts: list[RenderableType] = []
    for title, units in scores.items():
        rows = [_row(unit) for unit in (*units, added("all", units))]
        parts.extend((heading(title), grid(rows, head=HEAD), blank()))
    parts.extend(_left(left))
    reasons = [*condition.whole, *(one for path in condition.paths.values() for one in path)]
    parts.append(heading(f"What the gate asks for: {'met' if not reasons else 'not met'}"))
    for text in dict.fromkeys(f"{one.slug}: {one.found}; needed: {one.needed}" for one in reasons):
        parts.append(words(text, indent=2))
    parts.append(blank())
    parts.extend(words(line) for line in after)
    return printed(look or Look(), parts)


def _row(score: Score) -> Iterator[str]:
    yield score.unit
    yield str(score.mutants)
    yield str(score.told_apart)
    for fate in (Fate.HIDDEN, Fate.SURVIVED, Fate.UNREACHED):
        yield str(len(score.of(fate)))
    yield str(score.no_answer.n)
    yield str(len(score.waived))


def _left(left: Iterable[tuple[Mutant, Result]]) -> Iterator[RenderableType]:
    """The mutants themselves: where, what became what, and what was seen of it."""
    listed = sorted(left, key=lambda one: one[0].id)
    if not listed:
        return
    yield heading(f"Not told apart: {len(listed)}")
    for mutant, result in listed[:SHOWN]:
        yield words(f"{mutant.id} ({result.fate})", indent=2)
        where = f"line {mutant.line}: `{mutant.before}` became `{mutant.after or 'nothing'}`"
        yield words(where, indent=6)
        if result.where or result.why:
            yield words(f"seen in {result.where or 'no cell'} {result.why}".rstrip(), indent=6)
    if len(listed) > SHOWN:
        yield words(f"and {len(listed) - SHOWN} more; --json lists them all", indent=2)
    yield blank()
