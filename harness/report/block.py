"""Blocks of HTML inside markdown, in which text of strangers is shown and never obeyed.

Markdown is not read inside a block of HTML, and GitHub and GitLab make no mention, no link to an
issue, no link and no emoji of what stands in `<code>`. A block ends at the first empty line, so
none is ever in it: `visible` writes line ends out.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from harness.text import visible

FAIR: Final = 5_000
"""Bytes that every section may take before the first one takes all that is left."""


def code(text: object, *, longest: int = 200) -> str:
    """Text of whatever origin; what is left out is counted, and told apart by its digest."""
    shown = visible(str(text))
    if len(shown) > longest:
        mark = hashlib.sha256(shown.encode()).hexdigest()[:8]
        rest = len(shown) - longest
        kept = html.escape(shown[:longest], quote=False)
        return f"<code>{kept}…</code> <i>({rest} more characters, sha256 {mark})</i>"
    return f"<code>{html.escape(shown, quote=False)}</code>"


def span(command: str) -> str:
    """A command of ours in backticks, whatever an id in it is made of."""
    shown = visible(command)
    fence = "`"
    while fence in shown:
        fence += "`"
    inside = f" {shown} " if len(fence) > 1 else shown
    return f"{fence}{inside}{fence}"


def row(cells: Iterable[str]) -> str:
    """A row of a table; its cells are HTML already."""
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


class Section(NamedTuple):
    """A part of a comment that can be folded.

    Attributes:
        title: HTML.
        head: titles of the columns.
        rows: made by `row`, the most important first.
        rank: who is given room first.
        rest: HTML that says where rows stand that did not fit.
        notes: HTML below the table.
        unfolded: whether it is shown without a click.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[str, ...]
    rank: int
    rest: str
    notes: tuple[str, ...] = ()
    unfolded: bool = False

    def html(self, shown: int) -> str:
        """The section with its first rows; the others are counted."""
        lines = [f"<details{' open' if self.unfolded else ''}><summary>{self.title}</summary>"]
        if shown:
            titles = "".join(f"<th>{name}</th>" for name in self.head)
            lines.extend(("<table>", f"<tr>{titles}</tr>", *self.rows[:shown], "</table>"))
        left = len(self.rows) - shown
        told = (f"{left} more do not fit here: {self.rest}",) if left else ()
        lines.extend(f"<p>{text}</p>" for text in (*told, *self.notes))
        return "\n".join((*lines, "</details>"))


def fitted(sections: Sequence[Section], *, room: int) -> tuple[str, ...]:
    """The sections as HTML that takes at most `room` bytes, if their frames alone do.

    Each section has its share first; what is left over goes to the lowest `rank`, then the next.
    A longer row is never passed over for a shorter one further down: rows are in order.
    """
    shown = [0] * len(sections)
    left = room - sum(_frame(section) for section in sections)
    order = sorted(range(len(sections)), key=lambda number: sections[number].rank)
    for share in (FAIR, room):
        for number in order:
            taken = _taken(sections[number].rows, shown[number], min(share, left))
            shown[number] += taken.rows
            left -= taken.bytes
    return tuple(section.html(n) for section, n in zip(sections, shown, strict=True))


class _Taken(NamedTuple):
    rows: int
    bytes: int


def _taken(rows: Sequence[str], start: int, room: int) -> _Taken:
    """How many rows from `start` on fit."""
    used, count = 0, 0
    for one in rows[start:]:
        cost = size(one) + 1
        if used + cost > room:
            break
        used, count = used + cost, count + 1
    return _Taken(count, used)


def _frame(section: Section) -> int:
    """Bytes of a section without rows but with everything around them, and a gap below."""
    table = section._replace(rows=("",)).html(1)
    counted = f"{len(section.rows)} more do not fit here: {section.rest}"
    return size(table) + size(f"<p>{counted}</p>\n") + 2


def size(text: str) -> int:
    """Bytes of UTF-8, of which there are never fewer than characters by any count."""
    return len(text.encode())
