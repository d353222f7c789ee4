"""A progress bar, only where somebody looks at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def progress(stream: TextIO, what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show how far long work is; yields the function to call after each step.

    Args:
        stream: standard error, so that the report itself stays clean; a log gets nothing.
        what: what is being done, in a word or two.
        total: how many steps there are.
    """
    if not stream.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
