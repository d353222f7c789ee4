"""Options that several commands have, and what a shell offers for an argument."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

CONFIG = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="TOML file with the table [tool.shadow]; else the nearest pyproject.toml.",
)
JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: stable, sorted, versioned."
)
PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")


FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
NAMED = click.Path(dir_okay=False)  # a file, or a URL of one
JUNIT = click.option("--junit", type=FILE, metavar="FILE", help="Write JUnit XML as well.")
MARKDOWN = click.option(
    "--markdown", type=FILE, metavar="FILE", help="Write a comment for a pull request as well."
)
BASELINE = click.option(
    "--baseline",
    type=FILE,
    metavar="FILE",
    help="With --markdown: an earlier `shadow run --json`; what is new, changed, resolved.",
)


def common(command: Command) -> Command:
    """The options that every command has."""
    return CONFIG(JSON(command))


def offered(what: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """What a shell offers for an argument: a function of `harness.completion`, by name."""

    def offer(context: click.Context, _: click.Parameter, begun: str) -> list[Any]:
        from harness import completion

        found: list[Any] = getattr(completion, what)(context.params.get("config"), begun)
        return found

    return offer


def written(command: Callable[..., Any]) -> Callable[..., Any]:
    """The files that a command can write beside what it prints."""

    @wraps(command)
    def checked(*args: Any, **options: Any) -> Any:
        if options["baseline"] and not options["markdown"]:
            raise click.UsageError("--baseline needs --markdown")
        named = {key: options.get(key) for key in ("html", "junit", "markdown", "baseline")}
        first: dict[str, str] = {}
        for key, file in named.items():
            other = first.setdefault(os.path.realpath(file), key) if file else key
            if other != key:
                raise click.UsageError(f"--{other} and --{key} are one file")
        return command(*args, **options)

    return JUNIT(MARKDOWN(BASELINE(checked)))
