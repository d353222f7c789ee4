"""The process around a command: its streams, its exit code, and what becomes of an error."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from harness.errors import ExitCode, HarnessError, InputError, os_reason
from harness.text import visible


def say(text: str) -> None:
    """Print to standard output; whoever stopped reading changes neither verdict nor exit code."""
    try:
        click.echo(text)
    except BrokenPipeError:
        _drop(sys.stdout)
    except OSError as error:  # half a report must not end like a whole one
        reason = os_reason(error)
        raise InputError("unwritable", f"standard output cannot be written: {reason}") from error


def complain(error: HarnessError) -> None:
    """Print an expected error to standard error, without a traceback."""
    _tell(f"error: {error}")


def run_command(commands: click.Command, args: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; whatever was printed is flushed."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = _run(commands, args)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            _drop(stream)
    return int(code)


def _run(commands: click.Command, args: Sequence[str] | None) -> int:
    try:
        code = commands.main(args=args, prog_name="shadow", standalone_mode=False)
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


def tell_runner(line: str) -> None:
    """Print a line that is meant for the program that runs this one, on standard error."""
    try:
        click.echo(line, err=True)
    except BrokenPipeError:
        _drop(sys.stderr)
