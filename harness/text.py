"""Text that came out of a file or an engine, made safe to show: it is shown, never obeyed."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.text import Text

_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
"""Unicode categories with no glyph of their own: controls, bidi overrides, joiners, separators."""

LONGEST: Final = 80
"""How many characters of a value a one-line message shows."""


def visible(text: str, *, lines: bool = False) -> str:
    r"""Show what a terminal would obey or hide: `ESC[2J` becomes `\x1b[2J`.

    Escapes, control characters, bidirectional overrides and invisible characters are written as
    Python escapes. A newline stays only with `lines`; a backslash of the text itself stays one.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char, lines=lines) for char in text)


def quoted(value: object, *, longest: int = LONGEST) -> str:
    """A value inside a message: as its repr, safe and cut to `longest` characters."""
    text = visible(repr(value))
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def shown_path(path: Path) -> str:
    """A file's name as messages show it: short where it is below the current folder."""
    here = Path.cwd()
    return visible(str(path.relative_to(here) if path.is_relative_to(here) else path))


def unmarked(text: str, style: str = "", *, lines: bool = False) -> Text:
    """`visible` text for a rich console, in which it finds no markup: `[red]` stays as it is.

    Escaping markup inside a string depends on what follows it; a Text does not.
    """
    from rich.text import Text

    return Text(visible(text, lines=lines), style)


def _shown(char: str, *, lines: bool) -> str:
    if (lines and char == "\n") or unicodedata.category(char) not in _UNSEEN:
        return char
    return char.encode("unicode_escape").decode("ascii")
