"""The timeline of a scenario: one block an episode, its cells of the stores, its first cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rich.console import RenderableType
from rich.text import Text

from harness.canonical import same
from harness.difference import differences, keys_of
from harness.model import ABSENT, Cell, Difference, Episode, Outcome
from harness.moment import iso
from harness.ownership import GIVEN, value_at
from harness.ports import Data
from harness.report.deeds import deeds, reasons
from harness.report.terminal import blank, grid, styled, words
from harness.values import brief, explained, last_name

CONSEQUENCES: Final = ("customer", "effects")
"""Facets in which a difference of another facet shows once more."""

CAUSES: Final = ("books", "money", "response")


class Row(NamedTuple):
    """One small cell of a store, or one field of another facet.

    Attributes:
        mark: what the difference is, in a word; `both` where the two sides agree.
        at: the field.
        told: what became of it, in a sentence.
        ruling: the ruling, or `no ruling`; empty where nothing differs.
    """

    mark: str
    at: str
    told: str
    ruling: str

    @property
    def quiet(self) -> bool:
        """Whether it is a consequence or a repeat rather than a cause."""
        return self.mark not in ("first cause", "new cause")


def timeline(
    cells: Sequence[Cell], *, shown: Sequence[Cell] | None = None
) -> list[RenderableType]:
    """Blocks for the cells that are shown; all cells are needed to tell the first cause."""
    first = first_cause(cells)
    parts: list[RenderableType] = []
    for cell in cells if shown is None else shown:
        parts.extend((*_block(cell, first), blank()))
    return parts


def first_cause(cells: Iterable[Cell]) -> str:
    """Id of the first cell with a difference of its own that is no given damage."""
    for cell in cells:
        if any(_own(difference) for difference in cell.differences):
            return cell.episode.id
    return ""


def _own(difference: Difference) -> bool:
    return not difference.repeat and difference.ruling != GIVEN


def mark(difference: Difference, cell: Cell, first: str) -> str:
    """What a difference is, in a word: colour never says it alone."""
    if difference.repeat:
        return f"repeat of #{difference.origin.partition('#')[2]}"
    if difference.ruling == GIVEN:
        return "given damage"
    caused = any(_own(other) and other.facet in CAUSES for other in cell.differences)
    if difference.ruling == "follows" or (difference.facet in CONSEQUENCES and caused):
        return "follows"
    return "first cause" if cell.episode.id == first else "new cause"


def rows(cell: Cell, first: str) -> list[Row]:
    """Differences, causes first, then store fields that both sides changed alike."""
    found = [row for difference in cell.differences for row in _rows(difference, cell, first)]
    order = {"first cause": 0, "new cause": 1, "given damage": 2, "follows": 3}
    found.sort(key=lambda row: order.get(row.mark, 4))
    return found + list(_agreed(cell))


def _rows(difference: Difference, cell: Cell, first: str) -> Iterator[Row]:
    word = mark(difference, cell, first)
    books = difference.facet == "books"
    at = difference.at if books else difference.path
    ruling = difference.ruling or "no ruling"
    leaves = explained(difference.control, difference.candidate)
    for leaf in leaves:
        yield Row(word, at + leaf.at, sides(leaf.control, leaf.candidate, at + leaf.at), ruling)
    if leaves:
        return
    if books:
        keys = keys_of(difference.at)
        before = value_at({"books": cell.episode.before}, "books", keys)
        told = turned(before, difference.control, difference.candidate, at)
    else:
        told = sides(difference.control, difference.candidate, at)
    yield Row(word, at, told, ruling)


def sides(control: Data, candidate: Data, at: str) -> str:
    """What each side has."""
    name = last_name(at)
    return f"control {brief(control, name=name)}, candidate {brief(candidate, name=name)}"


def turned(before: Data, control: Data, candidate: Data, at: str) -> str:
    """What each side made of a field, against what it was."""
    name = last_name(at)
    kept = same(before, control) or same(before, candidate)
    was = "" if kept or before is ABSENT else f"was {brief(before, name=name)}, "
    done = (_done(before, after, name) for after in (control, candidate))
    return was + ", ".join(f"{who} {what}" for who, what in zip(SIDES, done, strict=True))


SIDES: Final = ("control", "candidate")


def _done(before: Data, after: Data, name: str) -> str:
    value = brief(after, name=name)
    if same(before, after):
        return f"keeps {value}" if after is not ABSENT else "adds nothing"
    if after is ABSENT:
        return "removes it"
    return f"adds {value}" if before is ABSENT else f"makes it {value}"


def _agreed(cell: Cell) -> Iterator[Row]:
    for change in changed_alike(cell):
        name = last_name(change.at)
        was = "" if change.control is ABSENT else f", was {brief(change.control, name=name)}"
        done = _done(change.control, change.candidate, name).replace("s ", " ", 1)
        yield Row("both", change.at, f"both {done}{was}", "")


def changed_alike(cell: Cell) -> Iterator[Difference]:
    """Fields of the books that the control changed and that are no difference.

    `control` of each is the value before the act, `candidate` the one after it.
    """
    if cell.episode.control is None:
        return
    different = {difference.path for difference in cell.differences}
    after = {"books": cell.episode.control.facets.get("books", {})}
    for change in differences({"books": cell.episode.before}, after):
        if not any(_touches(change.path, path) for path in different):
            yield change


def _touches(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _block(cell: Cell, first: str) -> Iterator[RenderableType]:
    """When, act, outcome; which paths ran; what each did; the fields; what is to be said of it."""
    episode = cell.episode
    number = episode.id.partition("#")[2]
    title = Text(no_wrap=False, overflow="fold")
    title.append_text(styled("heading", f"#{number}  {iso(episode.at)}  {episode.act}  "))
    title.append_text(styled(cell.outcome if cell.outcome in _GOOD else "closed", cell.outcome))
    title.append_text(styled("", f"  class {episode.klass}"))
    yield title
    yield grid(_did(episode))
    listed = rows(cell, first)
    if listed:
        yield grid((styled("quiet" if row.quiet else row.mark, row.mark), sentence(row))
                   for row in listed)  # fmt: skip
    for text in remarks(cell):
        yield words(text, indent=2)


_GOOD: Final = (Outcome.AGREE, Outcome.RULED)


def _did(episode: Episode) -> Iterator[tuple[str | Text, str | Text]]:
    ran = ", ".join(_ran(episode)) or ", ".join(episode.paths)
    yield "paths", styled("", ran)
    for side, observation in (("control", episode.control), ("candidate", episode.candidate)):
        for number, deed in enumerate(deeds(observation)):
            yield ("" if number else side), styled("", deed)
    for number, reason in enumerate(reasons(episode.candidate)):
        yield ("" if number else "its reasons"), styled("", reason)


def _ran(episode: Episode) -> Iterator[str]:
    handlers = episode.control.handlers if episode.control is not None else ()
    for path, trigger in handlers:
        yield f"{path} (on {trigger})"


def sentence(row: Row) -> Text:
    """The field, what became of it, and the ruling or the words `no ruling`."""
    quiet = "quiet" if row.quiet else ""
    text = styled(quiet or "heading", row.at)
    text.append_text(styled(quiet, f": {row.told}"))
    if row.ruling == "no ruling":
        text.append_text(styled(quiet, "; ")).append_text(styled(quiet or "no ruling", row.ruling))
    elif row.ruling and row.ruling != row.mark:
        text.append_text(styled(quiet, f"; {row.ruling}"))
    return text


def remarks(cell: Cell) -> Iterator[str]:
    """What else is to be said of a cell; findings are all kept."""
    episode = cell.episode
    for label, texts in (
        ("control breaks", episode.control_broken),
        ("candidate breaks", episode.candidate_broken),
        ("truth is not met", episode.unmet or ()),
        ("worse than truth", episode.wrongs),
        ("harm against the control", episode.harm),
        ("loss of the company", tuple(f"{c} {n}" for c, n in sorted(episode.loss.items()))),
        ("left to a person", episode.deferrals),
    ):
        for text in texts:
            yield f"{label}: {text}"
    if episode.unmet is None:
        yield "truth cannot be decided here"
    for finding in cell.findings:
        yield f"finding {finding.outcome} {finding.slug}: {finding.detail}"
