"""`shadow new`: a scenario's file, begun from a template and complete but for its `then`.

Nobody but a person writes `then`: a truth that is made by a tool proves nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from harness.command import here
from harness.compose import Composition, compose
from harness.document import parse_document
from harness.errors import ExitCode, InputError
from harness.loading import OTHER_FILES, SUFFIX
from harness.names import hint
from harness.ports import Template
from harness.report.json_report import dumped
from harness.report.terminal import blank, grid, printed, words
from harness.scenario_file import ID, ID_FORM
from harness.text import quoted, shown_path, visible
from harness.whole_file import beside_of, unwritable

SCHEMA: Final = "shadow.new/1"

Say = Callable[[str], None]
Templates = Mapping[str, Template]


def new(
    config: Path | None,
    template: str | None,
    name: str | None,
    *,
    title: str | None,
    as_json: bool,
    say: Say,
) -> ExitCode:
    """List the templates, or those of a family with several; or write a scenario's file.

    Raises:
        InputError: there is no such template, the id cannot be used, or its file.
    """
    composition = compose(config, ())
    known = templates_of(composition)
    if template is None or name is None:
        _list(known, as_json=as_json, say=say)
        return ExitCode.OPEN
    found = named(known, template)
    if len(found) > 1:
        _list(found, as_json=as_json, say=say)
        message = f"the family {quoted(template)} has {len(found)} templates, listed above"
        first = min(found)
        raise InputError("several-templates", message, hint=f"shadow new {first} {visible(name)}")
    ((chosen, begun),) = found.items()
    file = _free_file(composition, begun.folder, name)
    _write(file, filled(begun, name, title))
    shown = shown_path(file)
    if as_json:
        said = {"schema": SCHEMA, "template": chosen, "id": name, "file": shown}
        say(dumped(said))
    else:
        said_of_it = f"{shown}: begun from {chosen} ({begun.family}), its then is left to you"
        say(f"{said_of_it}\nNext: write what is true at the end, then shadow lint {shown}")
    return ExitCode.OPEN


def templates_of(composition: Composition) -> Templates:
    """The kit's templates.

    Raises:
        InputError: the kit has none.
    """
    found: Templates = getattr(composition.kit, "templates", {})
    if not found:
        fix = "copy a scenario that is near, and write its then anew"
        raise InputError("no-templates", "this kit has no templates", hint=fix)
    return found


def named(known: Templates, name: str) -> Templates:
    """The template of a name, or all of a family.

    Raises:
        InputError: there is neither.
    """
    if name in known:
        return {name: known[name]}
    family = {key: one for key, one in known.items() if one.family == name}
    if family:
        return family
    message = f"there is no template {quoted(name)}"
    names = {*known, *(one.family for one in known.values())}
    raise InputError("unknown-template", message, hint=f"{hint(name, names)}; all: shadow new")


def filled(template: Template, name: str, title: str | None) -> str:
    """The template's text with its id and title.

    Raises:
        InputError: the title is blank.
    """
    chosen = template.title if title is None else title
    if not chosen.strip():
        fix = "one sentence: what happens, and what goes wrong"
        raise InputError("blank-title", "the title is blank", hint=fix)
    # the title comes last: what stands in it is a person's, and nothing in it is filled in
    return template.text.replace("$id", name).replace("$title", _scalar(chosen))


def _scalar(text: str) -> str:
    """A text as YAML: as it is where it reads so, else in quotes."""
    try:
        if parse_document(f"title: {text}".encode(), "title").data == {"title": text}:
            return text
    except InputError:
        pass
    return json.dumps(text)


def _list(known: Templates, *, as_json: bool, say: Say) -> None:
    rows = [
        {"name": name, "family": one.family, "title": one.title, "folder": one.folder}
        for name, one in sorted(known.items(), key=lambda each: (each[1].family, each[0]))
    ]
    if as_json:
        listed: dict[str, Any] = {"schema": SCHEMA, "templates": rows}
        say(dumped(listed))
        return
    table = grid(([row["family"], row["name"], row["title"]] for row in rows), indent=0)
    say(printed(here(), [table, blank(), words("Next: shadow new TEMPLATE ID")]))


def _free_file(composition: Composition, folder: str, name: str) -> Path:
    """Where a scenario of this id is to stand.

    Raises:
        InputError: it is no id, or a file has it already.
    """
    if not ID.fullmatch(name):
        raise InputError("scenario-id", f"{quoted(name)} is no id", hint=ID_FORM)
    if f"{name}{SUFFIX}" in OTHER_FILES:
        message = f"{quoted(name)} is the name of another kind of file"
        raise InputError("scenario-id", message, hint="choose another id")
    scenarios = composition.config.scenarios
    for taken in scenarios.rglob(f"{name}{SUFFIX}"):  # a file's name is its scenario's id
        message = f"the id {quoted(name)} is taken"
        raise InputError("id-taken", message, shown_path(taken), "choose another id")
    stones = composition.manifest.tombstones if composition.manifest else ()
    for stone in stones:
        if stone.id == name:
            message = f"a scenario {quoted(name)} was taken out: {visible(stone.reason)}"
            raise InputError("id-taken", message, hint="choose another id")
    return scenarios / folder / f"{name}{SUFFIX}"


def _write(file: Path, text: str) -> None:
    """Write a new file whole or not at all, and never over another.

    Raises:
        InputError: it exists meanwhile, or cannot be written.
    """
    beside = beside_of(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise unwritable(file, error) from error
    try:
        os.link(beside, file)  # unlike a rename, it refuses where something stands
    except FileExistsError:
        fix = "choose another id"
        raise InputError("id-taken", "exists already", shown_path(file), fix) from None
    except OSError as error:
        raise unwritable(file, error) from error
    finally:
        beside.unlink()
