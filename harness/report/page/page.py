"""The page for reviewers: one file that holds everything and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import resources
from typing import Any, Final

from harness.model import Outcome
from harness.report.json_report import Json
from harness.report.page.rulings import ruling_documents
from harness.report.page.scenarios import (
    GROUPS,
    Entry,
    detail_document,
    entries,
    index_document,
    row_document,
)
from harness.report.page.verdict import verdict_document
from harness.report.page.words import WORDS
from harness.report.told import Told
from harness.text import visible

NEEDS_A_LOOK: Final = "needs a look"
CHUNK: Final = 50
"""Scenarios that a browser lays out together, or skips together while they are off the screen."""

TEMPLATES: Final = "templates"
ESCAPES: Final[Mapping[str, str]] = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""Characters that could end a script element; everything beyond ASCII is escaped by `json`."""


def page(told: Told) -> str:
    """The page's text: the same for the same run, without a clock and without a folder's name.

    Raises:
        ValueError: no verdict was asked for.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = entries(told)
    documents = shown(
        {
            "verdict": verdict_document(told),
            "rulings": ruling_documents(told.rulings, told.cells),
            "groups": _groups(found),
            "index": [index_document(entry) for entry in found],
            "filters": _filters(found),
        }
    )
    index = documents.pop("index")
    style, script = _file("page.css"), _file("page.js")
    environment = Environment(
        loader=PackageLoader(__package__, TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["breakable"] = breakable
    return environment.get_template("page.html.j2").render(
        **documents,
        words=WORDS,
        style=style,
        script=script,
        policy=_policy(style, script),
        chunk_size=CHUNK,
        index=embedded(index),
        details=[embedded(shown(detail_document(entry, told.level))) for entry in found],
    )


def shown(value: Any) -> Any:
    """Plain data in which every text is safe to show: what is invisible is written out."""
    if isinstance(value, str):
        return visible(value, lines=True)
    if isinstance(value, Mapping):
        return {visible(str(key)): shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return value


def embedded(document: Any) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element."""
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for char, escape in ESCAPES.items():
        text = text.replace(char, escape)
    return text


def breakable(text: str) -> str:
    """Markup of a long name that breaks after a dot, slash or underscore where it must break."""
    from markupsafe import Markup

    return Markup("<wbr>").join(re.findall(r"[^._/]*[._/]|[^._/]+", text))


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(TEMPLATES, name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """A content security policy that allows this style and this script, and no request at all."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _groups(found: Iterable[Entry]) -> list[Json]:
    """The list's headings with their scenarios, numbered through."""
    groups: dict[str, list[Json]] = {name: [] for name in GROUPS}
    for number, entry in enumerate(found):
        groups[entry.group].append({"number": number, **row_document(entry)})
    return [{"title": name, "rows": rows} for name, rows in groups.items()]


def _filters(found: Iterable[Entry]) -> list[Json]:
    """What the list can be filtered by: each value with how many scenarios have it."""
    counted: dict[str, Counter[str]] = {name: Counter() for name in FILTERS}
    for entry in found:
        row = index_document(entry)
        for name, values in FILTERS.items():
            counted[name].update(set(values(row)))
        # a path's own outcome can be asked for, though no whole cell has it
        counted["outcome"].update(dict.fromkeys(_owned(row), 0))
    return [
        {"name": name, "values": [{"value": value, "n": n} for value, n in _sorted(values)]}
        for name, values in counted.items()
    ]


def _sorted(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    """By name; outcomes the worst first, below those that ask for a look."""
    ranks = {NEEDS_A_LOOK: -1, **{str(one): rank for rank, one in enumerate(Outcome)}}
    return sorted(counted.items(), key=lambda item: (ranks.get(item[0], len(ranks)), item[0]))


def _outcomes(row: Json) -> Iterator[str]:
    if row["look"]:
        yield NEEDS_A_LOOK
    yield from (cell["outcome"] for cell in row["cells"])
    yield f"free run {row['free']}"


def _owned(row: Json) -> Iterator[str]:
    return (own for cell in row["cells"] for own in cell["own"].values())


def _of_cells(name: str) -> Callable[[Json], Iterable[str]]:
    return lambda row: [value for cell in row["cells"] for value in cell[name]]


FILTERS: Final[Mapping[str, Callable[[Json], Iterable[str]]]] = {
    "path": _of_cells("own"),
    "segment": lambda row: [cell["segment"] for cell in row["cells"]],
    "ticket": lambda row: [row["ticket"]],
    "fault": lambda row: row["faults"],
    "outcome": _outcomes,
    "ruling": _of_cells("rulings"),
    "provenance": lambda row: [row["provenance"]],
}
"""Name of a filter → the values that a row of the index has for it."""
