"""The page that reports are printed on: how wide, in colour or not, and nothing obeyed.

Words carry every meaning; colour only repeats it. Reports are made as text, so the same report is
what a terminal, a log and a golden file hold.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.text import visible

NARROWEST: Final = 80
PLAIN: Final = 100
"""Columns where nobody says how many there are: a log, a file, a pipe."""

WIDEST: Final = 160

NEXT: Final = "Next: "
"""How the line begins that says what to type next."""

STYLES: Final[Mapping[str, str]] = {
    "heading": "bold",
    "open": "bold green",
    "closed": "bold red",
    "first cause": "bold red",
    "new cause": "bold red",
    "no ruling": "bold red",
    "AGREE": "green",
    "KEPT": "green",
    "RULED": "yellow",
    "quiet": "dim",
    "repeat": "dim",
    "follows": "dim",
    "both": "dim",
}
"""What a word looks like where there is colour; a word without an entry looks like any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a report is laid out. Width is in columns."""

    width: int = PLAIN
    colour: bool = False


def look(environ: Mapping[str, str], *, terminal: bool, columns: int | None = None) -> Look:
    """Decide the look.

    Args:
        environ: `NO_COLOR` (any value) and `TERM=dumb` take colour away, `COLUMNS` sets the width.
        terminal: whether somebody looks at a terminal; a log gets no colour.
        columns: the terminal's width, where it is known.
    """
    colour = terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    told = environ.get("COLUMNS", "")
    width = int(told) if told.isascii() and told.isdigit() else (columns if terminal else None)
    return Look(width=min(max(width or PLAIN, NARROWEST), WIDEST), colour=colour)


def printed(look: Look, parts: Iterable[RenderableType]) -> str:
    """The report as text: lines without trailing blanks, colour codes only where wanted."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=look.width,
        color_system="standard" if look.colour else None,
        force_terminal=look.colour,
        no_color=not look.colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text) and bool(part.no_wrap))
    lines = [_said(line.rstrip()) for line in out.getvalue().split("\n")]
    return "\n".join(lines).rstrip("\n")


def _said(line: str) -> str:
    """The line, which no program that runs this one may take for a command to itself.

    Continuous integration obeys a line of output that begins with `::` or `##[`, and text from a
    scenario can come to stand first where a long line is wrapped.
    """
    text = line.lstrip()
    return line.replace(text, f"\\{text}", 1) if text.startswith(("::", "##[")) else line


def words(text: str, style: str = "", *, indent: int = 0) -> RenderableType:
    """One line of text, whatever is in it; `style` is a word of STYLES. Wrapped lines hang.

    A line that says what to type next stays whole, however long: it is there to be copied.
    """
    if text.startswith(NEXT):
        return Text(visible(text), style=STYLES.get(style, ""), no_wrap=True)
    line = Text(visible(text), style=STYLES.get(style, ""), overflow="fold")
    return Padding(line, (0, 0, 0, indent)) if indent else line


def heading(text: str) -> RenderableType:
    """A line that begins a part of a report."""
    return words(text, "heading")


def blank() -> RenderableType:
    """An empty line between two parts."""
    return Text("")


def styled(word: str, text: str | None = None) -> Text:
    """Text that looks like `word` and, unless told otherwise, says it."""
    told = word if text is None else text
    return Text(visible(told), style=STYLES.get(word, ""), overflow="fold")


def grid(
    rows: Iterable[Iterable[str | Text]],
    *,
    head: Iterable[str] = (),
    indent: int = 2,
    ids: bool = False,
) -> RenderableType:
    """Columns without lines between them; a head is read first, in each table anew.

    With `ids`, the first column holds what is there to be copied, and is never broken.
    """
    titles = list(head)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=bool(titles),
                  header_style=STYLES["quiet"])  # fmt: skip
    listed = [[cell if isinstance(cell, Text) else styled("", cell) for cell in r] for r in rows]
    for number in range(max((len(row) for row in listed), default=0)):
        title = titles[number] if number < len(titles) else ""
        table.add_column(title, overflow="fold", no_wrap=ids and number == 0)
    for row in listed:
        table.add_row(*row)
    return Padding(table, (0, 0, 0, indent))
