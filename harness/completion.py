"""Completion in a shell: the script that asks, and the ids and names that are answered.

Whoever presses the tab key waits for it, so what is pinned is read from the manifest and no engine
is imported; and whatever goes wrong is no answer, never a message on somebody's command line.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import CompletionItem, get_completion_class, shell_complete

from harness.config import read_config
from harness.dotted import resolve
from harness.errors import ExitCode, InputError
from harness.text import visible

if TYPE_CHECKING:
    from harness.manifest import ScenarioPin

    Offer = CompletionItem[str]  # a word that may come next, and what some shells show beside it

PROGRAM: Final = "shadow"
VARIABLE: Final = "_SHADOW_COMPLETE"
"""The variable by which a shell asks; its value says in which shell's form."""

SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(#[0-9]+)?")
"""What is answered; a shell would take anything else for more than a word."""


def completion(command: click.Command, shell: str, *, say: Callable[[str], None]) -> ExitCode:
    """Print the script by which a shell asks.

    Raises:
        InputError: no script is known for this shell.
    """
    found = get_completion_class(shell)
    if found is None:
        message = f"there is no completion for {shell!r}"
        raise InputError("unknown-shell", message, hint="bash, zsh or fish")
    say(found(command, {}, PROGRAM, VARIABLE).source().rstrip("\n"))
    return ExitCode.OPEN


def answer(command: click.Command) -> ExitCode:
    """Answer a shell that asks what may come next; where anything fails, nothing may."""
    with contextlib.suppress(Exception, SystemExit):
        shell_complete(command, {}, PROGRAM, VARIABLE, os.environ[VARIABLE])
    return ExitCode.OPEN


def shown(config: Path | None, begun: str) -> list[Offer]:
    """What can be shown: pinned scenarios; once a `#` is typed, their cells."""
    pins = _pinned(config)
    if "#" not in begun:
        return _offers(((pin.id, f"{len(pin.cells)} cells") for pin in pins), begun)
    return _offers(((cell.id, cell.label) for pin in pins for cell in pin.cells), begun)


def ruled(config: Path | None, begun: str) -> list[Offer]:
    """What a ruling can be drafted from: pinned cells, but for the look that each begins with."""
    cells = (cell for pin in _pinned(config) for cell in pin.cells[1:])
    return _offers(((cell.id, cell.label) for cell in cells), begun)


def cleared(config: Path | None, begun: str) -> list[Offer]:
    """What can be cleared: paths of the control that run in pinned cells."""
    paths = {path for pin in _pinned(config) for cell in pin.cells for path in cell.paths}
    return _offers(((path, "") for path in sorted(paths)), begun)


def templates(config: Path | None, begun: str) -> list[Offer]:
    """The kit's templates; a kit may have none."""
    read = read_config(config)
    with contextlib.redirect_stdout(io.StringIO()):  # what a kit prints is no answer
        kit = resolve(read.world, key="world", root=read.root, where=str(read.file))
    named = getattr(kit, "templates", {})
    return _offers(((name, one.title) for name, one in sorted(named.items())), begun)


def _pinned(config: Path | None) -> tuple[ScenarioPin, ...]:
    from harness.manifest_file import NAME, read_manifest

    manifest = read_manifest(read_config(config).scenarios / NAME)
    return manifest.scenarios if manifest is not None else ()


def _offers(rows: Iterable[tuple[str, str]], begun: str) -> list[Offer]:
    return [
        CompletionItem(name, help=visible(told))
        for name, told in rows
        if name.startswith(begun) and SAFE.fullmatch(name)
    ]
