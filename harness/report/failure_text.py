"""A scenario that failed as a test: in one line, and in full."""

from __future__ import annotations

from collections.abc import Mapping

from harness.court import Heard
from harness.leak import Leak
from harness.model import Free
from harness.report.run_text import GOOD, needs_a_look
from harness.report.show_text import show_text
from harness.report.terminal import Look
from harness.ruling import Ruling
from harness.text import quoted, visible


def fails(heard: Heard) -> bool:
    """Whether anything is left that no ruling covers, or a ruling let a wrong value through."""
    return needs_a_look(heard.cells, heard.free) or bool(heard.leaks.leaks)


def in_short(heard: Heard) -> str:
    """What is wrong with a scenario, in a few words."""
    cells = [f"{c.episode.id} {c.outcome}" for c in heard.cells if c.outcome not in GOOD]
    leaks = [f"{leak.cell} leaks" for leak in heard.leaks.leaks]
    free = [] if heard.free.outcome is Free.KEPT else [f"free run {heard.free.outcome}"]
    return ", ".join((*cells, *leaks, *free)) or "no cell"


def failure_text(heard: Heard, rulings: Mapping[str, Ruling], level: str, look: Look) -> str:
    """What `shadow show` shows of the scenario, below the leaks of its rulings."""
    shown = show_text(
        heard.scenario, heard.cells, heard.free, rulings=rulings, level=level, look=look
    )
    return "\n".join((*map(leak_text, heard.leaks.leaks), shown))


def leak_text(leak: Leak) -> str:
    """A wrong value that rulings let through, in one line."""
    rulings = visible(", ".join(leak.rulings))
    return f"Leak: {rulings} let {visible(leak.path)} of {leak.cell} be {quoted(leak.value)}"
