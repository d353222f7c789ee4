"""Links inside the page, and places in files as anybody may read them."""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import quote, urlencode

from harness.text import visible


def link(**view: str) -> str:
    """A view of the page as a URL fragment: filters, opened scenarios, the place to go to."""
    asked = {key: visible(value, lines=True) for key, value in view.items() if value}
    return "#" + urlencode(asked, quote_via=quote)


def place(where: str) -> str:
    """`file:line` without the folders of whose machine it was."""
    return PurePath(where).name if PurePath(where).is_absolute() else where
