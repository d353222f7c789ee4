"""A run as a comment on a pull request: what became of every difference, money first.

GitHub takes at most 65,536 characters. The comment stays below LIMIT; what does not fit is counted
and named with the command that shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from harness.evidence import COMPARED, own_outcomes, together, weighed
from harness.figures import Figures
from harness.gate import Gate, Verdict
from harness.model import Free
from harness.report.block import Section, code, fitted, row, size, span
from harness.report.changes import GOOD, Change, Changes, Kind, Seen
from harness.report.figures_text import counts, figure_rows
from harness.report.gate_text import next_command
from harness.report.notes import notes
from harness.report.places import Places
from harness.report.told import Told
from harness.values import brief, explained, last_name

LIMIT: Final = 60_000
"""Bytes of a comment; GitHub refuses one of more than 65,536 characters."""

MARKER: Final = "<!-- shadow-report -->"
"""The first line: by it a bot finds the comment that it is to replace."""

TITLES: Final = {
    Kind.NEW: "New",
    Kind.CHANGED: "Changed",
    Kind.RESOLVED: "Resolved",
    Kind.STANDING: "Standing",
    Kind.LOST: "Not compared any more",
}
"""What is listed, in this order; what stands under a ruling is only counted."""

ALL: Final = code("shadow run --json")
LEAVES: Final = 3
"""Places inside a list or mapping that are shown before the rest is counted."""

LONGEST: Final = 160
"""Characters of a value that are shown."""

RANKS: Final = ("files", "new", "changed", "besides", "reasons", "standing", "lost", "resolved",
                "notes")  # fmt: skip
"""Who is given room first where there is too little: the order in which a reviewer needs it."""


def comment(told: Told, changes: Changes) -> str:
    """The comment's text, which ends with the next command and a newline."""
    head = [MARKER, f"## {_title(told, changes)}", _summary(told), _figures(told),
            _compared(changes)]  # fmt: skip
    last = f"Next: {span(_next(told, changes))}"
    room = LIMIT - size("\n\n".join((*head, last))) - 4
    parts = (*head, *fitted([*_sections(told, changes)], room=room), last)
    return "\n\n".join(parts) + "\n"


def _title(told: Told, changes: Changes) -> str:
    verdict = told.verdict
    if verdict is not None:
        return f"Gate {verdict.gate}, level {verdict.level}, {verdict.counted}"
    if not any(told.totals.get(outcome) for outcome in COMPARED):
        return f"Nothing was compared, level {told.level}"
    bare = _counted(sum(not one.ruled for one in changes.all if _now(one)), "difference")
    look = told.totals.get("expected", 0) - sum(told.totals.get(one, 0) for one in GOOD)
    ends = told.free_totals.get("expected", 0) - told.free_totals.get(Free.KEPT, 0)
    besides = f"{_counted(look, 'cell')} and {_counted(ends, 'free run')} that need a look"
    return f"{bare} without a ruling, {besides}, level {told.level}"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _now(one: Change) -> bool:
    return one.kind not in (Kind.RESOLVED, Kind.LOST)


def _summary(told: Told) -> str:
    """Totals of what was expected, never of what ran."""
    verdict = told.verdict
    totals = told.totals if verdict is None else verdict.totals
    ends = told.free_totals if verdict is None else verdict.free
    lines = [f"- cells: {counts(totals)}", f"- free runs: {counts(ends)}"]
    if verdict is not None and verdict.partial:
        lines.append("- partial: a gate on less than the whole set never opens")
    return "\n".join(lines)


def _figures(told: Told) -> str:
    """The four figures, each on its own."""
    verdict = told.verdict
    found = _folded(told) if verdict is None else verdict.figures
    lines = [f"{number}. {name}: **{value}**" for number, name, value in figure_rows(found)]
    if verdict is not None:
        leak = "not measured" if verdict.leak is None else str(verdict.leak)
        lines.append(f"\nWrong values that rulings let through: **{leak}**")
    return "\n".join(lines)


def _folded(told: Told) -> Figures:
    """The figures of a run that no verdict was asked for, counted as the gate counts them."""
    classes = {name: str(ruling.klass) for name, ruling in told.rulings.items()}
    return weighed([together(own_outcomes(cell)) for cell in told.cells], classes)


def _compared(changes: Changes) -> str:
    tally = Counter(one.kind for one in changes.all)
    ruled = f"{_counted(tally[Kind.RULED], 'more difference')} under a ruling that stands"
    if changes.baseline is None:
        without = "No baseline was given, so nobody can say what is new"
        bare = _counted(tally[Kind.STANDING], "difference")
        return f"<p>{without}: {bare} without a ruling; {ruled}.</p>"
    told = ", ".join(f"{tally[kind]} {title.lower()}" for kind, title in TITLES.items())
    return f"<p>Differences against {code(changes.baseline)}: {told}; {ruled}.</p>"


def _sections(told: Told, changes: Changes) -> Iterator[Section]:
    places = Places(told.scenarios)
    if told.verdict is not None:
        yield from _reasons(told.verdict)
    if told.failures:
        yield _files(told, places)
    for kind, title in TITLES.items():
        found = changes.of(kind)
        if found:
            yield _changes(kind, title, found, changes, places)
        if kind is Kind.CHANGED and changes.remarks:
            yield _besides(changes)
    if told.verdict is not None:
        yield from _notes(told.verdict)


def _reasons(verdict: Verdict) -> Iterator[Section]:
    """Closed paths; those that only the whole gate closes are named on one line."""
    closed = {name: path for name, path in verdict.paths.items() if path.gate is not Gate.OPEN}
    rows = [_reason("the whole gate", one.slug, one.found, one.needed) for one in verdict.reasons]
    alone = []
    for name, path in closed.items():
        own = [one for one in path.reasons if one.slug != "whole-gate"]
        rows.extend(_reason(name, one.slug, one.found, one.needed) for one in own)
        if not own:
            alone.append(name)
    if not rows and not closed:
        return
    listed = ", ".join(code(name) for name in _some(alone, 30))
    notes = (f"Closed by the reasons for the whole gate alone: {listed}",) if alone else ()
    title = f"<b>Closed paths</b>: {len(closed)} of {len(verdict.census.every(verdict.paths))}"
    yield Section(title, ("path", "reason", "found", "needed"), tuple(rows),
                  RANKS.index("reasons"), code("shadow gate"), notes)  # fmt: skip


def _reason(name: str, slug: str, found: str, needed: str) -> str:
    return row((code(name), code(slug), code(found, longest=300), code(needed)))


def _files(told: Told, places: Places) -> Section:
    rows = []
    for one in told.failures:
        where = str(places.named(one.where)) or one.where
        rows.append(row((code(where), code(one.slug), code(one.message, longest=300),
                         code(one.hint))))  # fmt: skip
    title = f"<b>Files that could not be used</b>: {len(rows)}"
    head = ("file", "error", "what", "what to do")
    rank = RANKS.index("files")
    return Section(title, head, tuple(rows), rank, code("shadow lint"), unfolded=True)


def _changes(
    kind: Kind, title: str, found: Sequence[Change], changes: Changes, places: Places
) -> Section:
    own = [one for one in found if not one.seen.repeat]
    repeats = len(found) - len(own)
    rest = ALL if kind not in (Kind.RESOLVED, Kind.LOST) else code(changes.baseline)
    notes = []
    if repeats:
        notes.append(f"{repeats} more repeat an earlier one of their scenario: {rest}")
    if kind is Kind.LOST:
        notes.append("Their cells were not compared, or ask something else: nothing is resolved.")
    bare = sum(not one.ruled for one in found)
    past = "" if _now(found[0]) else " then"
    first = kind in (Kind.NEW, Kind.CHANGED) or changes.baseline is None
    return Section(
        title=f"<b>{title}</b>: {len(found)}, {bare} of them{past} without a ruling",
        head=("cell", "field", "control", "candidate", "ruling", "harm, loss"),
        rows=tuple(_change(one, places) for one in own),
        rank=RANKS.index(str(kind) if changes.baseline is not None else "new"),
        rest=rest,
        notes=tuple(notes),
        unfolded=first,
    )


def _change(one: Change, places: Places) -> str:
    seen, was = one.seen, one.was if one.kind is Kind.CHANGED else None
    file = places.cell(seen.cell)
    cell = code(seen.cell) + (f"<br>{code(file)}" if file.file else "")
    control, candidate = _sides(seen)
    ruling = _ruling(seen.ruling)
    if was is not None:
        earlier, pairs = _sides(was), zip(seen.values, was.values, strict=True)
        moved = [now != then for now, then in pairs]
        control += f"<br>was {earlier[0]}" if moved[0] else ""
        candidate += f"<br>was {earlier[1]}" if moved[1] else ""
    if was is not None and was.ruling != seen.ruling:
        ruling = f"{ruling}<br>was {_ruling(was.ruling)}"
    return row((cell, code(seen.path), control, candidate, ruling, _against(seen)))


def _ruling(ruling: str) -> str:
    return code(ruling) if ruling else "<b>no ruling</b>"


def _against(seen: Seen) -> str:
    """Harm to the customer and loss of the company, minor units per currency."""
    told = [f"harm {text}" for text in seen.harm]
    told.extend(f"loss {currency} {amount}" for currency, amount in sorted(seen.loss.items()))
    return "<br>".join(code(text) for text in _some(told))


def _some(texts: Sequence[str], most: int = 3) -> list[str]:
    """The first texts, and how many more there are."""
    rest = len(texts) - most
    return [*texts[:most], *([f"and {rest} more"] if rest > 0 else [])]


def _sides(seen: Seen) -> tuple[str, str]:
    """Both values; of two lists or mappings, the places in which they differ."""
    leaves = explained(seen.control, seen.candidate)
    texts = [
        "; ".join(
            f"{leaf.at} {brief(side, name=last_name(seen.at + leaf.at))}"
            for leaf, side in ((one, one[place]) for one in leaves[:LEAVES])
        )
        for place in (1, 2)
    ]
    more = f" and {len(leaves) - LEAVES} more" if len(leaves) > LEAVES else ""
    if not leaves:
        name = last_name(seen.at)
        texts = [brief(side, name=name) for side in (seen.control, seen.candidate)]
    control, candidate = (code(text + more, longest=LONGEST) for text in texts)
    if control == candidate:  # `brief` counts what it leaves out, and the difference is there
        control, candidate = (code(text, longest=LONGEST) for text in seen.values)
    return control, candidate


def _besides(changes: Changes) -> Section:
    """What no difference tells: broken invariants, errors, free runs that did not end well."""
    head = ["cell", "outcome", "what", "detail"]
    words = {True: "<b>new</b>", False: "standing"}
    rows = []
    for one, new in sorted(changes.remarks, key=lambda pair: pair[1] is False):
        cells = [code(one.cell), code(one.outcome), code(one.what), code(one.detail, longest=300)]
        rows.append(row(cells if new is None else [*cells, words[new]]))
    if changes.baseline is not None:
        head.append("since")
    title = f"<b>Found besides differences</b>: {len(rows)}"
    rank = RANKS.index("besides")
    return Section(title, tuple(head), tuple(rows), rank, ALL, unfolded=True)


def _notes(verdict: Verdict) -> Iterator[Section]:
    told = ((note.title, text) for note in notes(verdict) for text in note.texts)
    rows = tuple(row((title, code(text, longest=300))) for title, text in told)
    if rows:
        title = f"What this verdict does not rest on: {len(rows)}"
        yield Section(title, ("", ""), rows, RANKS.index("notes"), code("shadow gate"))


def _next(told: Told, changes: Changes) -> str:
    """What to type next: about what is new before what stands."""
    if told.verdict is not None:
        return next_command(told.verdict)
    if told.failures or not told.cells:
        return "shadow lint"
    open_ = (one for kind in (Kind.NEW, Kind.CHANGED, Kind.STANDING) for one in changes.of(kind))
    for change in open_:
        if not change.ruled:
            return f"shadow show {change.seen.cell}"
    for remark, _ in changes.remarks:
        return f"shadow show {remark.cell.removesuffix(' free run')}"
    return "shadow gate"
