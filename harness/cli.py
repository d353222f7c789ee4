"""The command `shadow`: options, exit codes, and what becomes of an error.

Nothing heavy is imported before a command runs, so that `shadow --help` answers at once.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.errors import ExitCode, HarnessError
from harness.text import visible

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


@click.group(
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 98},
    epilog="Exit codes: 0 open, 1 closed or differences, 2 interrupted, 3 internal error, "
    "4 usage or input error, 5 nothing compared, 6 self-test failed.",
)
def shadow() -> None:
    """Replay scenarios through two engines and keep the deletion gate closed until they agree."""


def _common(command: Command) -> Command:
    """The options that every command has."""
    return CONFIG(JSON(command))


@shadow.command()
@PATHS
@_common
def run(config: Path | None, paths: tuple[Path, ...], as_json: bool) -> ExitCode:  # noqa: FBT001  # click passes it by name
    """Replay scenarios and show every difference that no ruling covers.

    PATH: files or folders in place of the configured scenarios.
    """
    from harness import command

    return command.run(config, paths, as_json=as_json, say=say, complain=complain)


@shadow.command()
@PATHS
@_common
def gate(config: Path | None, paths: tuple[Path, ...], as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Say for every path whether it may be deleted, with every reason why not.

    PATH: files or folders in place of the configured scenarios; such a gate is never open.
    """
    from harness import command

    return command.gate(config, paths, as_json=as_json, say=say, complain=complain)


@shadow.command()
@click.argument("name", metavar="ID")
@_common
def show(config: Path | None, name: str, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Show what both engines did in one scenario, episode by episode.

    ID: a scenario (pay-now) or one of its cells (pay-now#1).
    """
    from harness import command

    return command.show(config, name, as_json=as_json, say=say)


@shadow.command()
@_common
def paths(config: Path | None, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """List the control's paths: what each is triggered by, reads and writes."""
    from harness import command

    return command.paths(config, as_json=as_json, say=say)


@shadow.command()
@click.argument("cell", metavar="ID")
@_common
def rule(config: Path | None, cell: str, as_json: bool) -> ExitCode:  # noqa: FBT001  # as above
    """Draft a ruling from a cell's own differences, for a person to complete and sign.

    ID: the cell (pay-now#1).
    """
    from harness import command

    return command.rule(config, cell, as_json=as_json, say=say)


@shadow.command()
@PATHS
@click.option("--write", is_flag=True, help="Write the manifest: pin what there is.")
@click.option(
    "--tombstone",
    "tombstones",
    nargs=2,
    multiple=True,
    metavar="ID REASON",
    help="With --write: a pinned scenario that was taken out, and why.",
)
@_common
def lint(
    config: Path | None,
    paths: tuple[Path, ...],
    write: bool,  # noqa: FBT001  # as above
    tombstones: tuple[tuple[str, str], ...],
    as_json: bool,  # noqa: FBT001  # as above
) -> ExitCode:
    """Check scenario files and the manifest without judging anything.

    PATH: files or folders in place of the configured scenarios.
    """
    if tombstones and not write:
        raise click.UsageError("--tombstone needs --write")
    if write and paths:
        raise click.UsageError("--write pins the whole set: name no PATH")
    from harness import lint as linting

    return linting.lint(
        config, paths, write=write, tombstones=tombstones, as_json=as_json,
        say=say, complain=complain,
    )  # fmt: skip


def say(text: str) -> None:
    """Print to standard output; whoever stopped reading changes neither verdict nor exit code."""
    try:
        click.echo(text)
    except BrokenPipeError:
        _drop(sys.stdout)


def complain(error: HarnessError) -> None:
    """Print an expected error to standard error, without a traceback."""
    _tell(f"error: {error}")


def main(args: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code; the console script passes it to `sys.exit`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = _run(args)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            _drop(stream)
    return int(code)


def _run(args: Sequence[str] | None) -> int:
    try:
        code = shadow.main(args=args, prog_name="shadow", standalone_mode=False)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        name = context.command_path if context else "shadow"
        _tell(f"error: {error.format_message()} [usage]\n  {name} --help")
        return ExitCode.INPUT
    except (click.Abort, KeyboardInterrupt):
        _tell("error: interrupted, nothing was decided [interrupted]")
        return ExitCode.INTERRUPTED
    except HarnessError as error:
        complain(error)
        return error.exit_code
    except BrokenPipeError:
        _drop(sys.stdout)
        return ExitCode.INTERRUPTED
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # click ends so where a reader left
            return ExitCode.INTERRUPTED
        _bug()  # an engine that ends the process must not choose what the exit code says
        return ExitCode.INTERNAL
    except Exception:  # noqa: BLE001  # a bug of the harness: shown whole, with its own exit code
        _bug()
        return ExitCode.INTERNAL
    return int(code) if code is not None else ExitCode.OPEN


def _bug() -> None:
    _tell(f"{traceback.format_exc()}error: this is a bug of the harness [internal]")


def _tell(text: str) -> None:
    try:
        click.echo(visible(text, lines=True), err=True)
    except BrokenPipeError:
        _drop(sys.stderr)


def _drop(stream: Any) -> None:
    """Send what is still to come to nowhere, so that Python's exit has nothing to complain of."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
