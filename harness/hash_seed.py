"""The hash seed: in which order sets of text are walked, another one in every process.

Code that walks a set unsorted comes out by it, and a mutant of such code is told apart in one
process and not in another. What is measured once and looked at again needs the same order.
"""

from __future__ import annotations

import os
import sys
from typing import Final

NAME: Final = "PYTHONHASHSEED"
FIXED: Final = "0"


def fix() -> None:
    """Start this program once more with a fixed seed; return where one is fixed already."""
    if os.environ.get(NAME, "random") == "random":
        os.environ[NAME] = FIXED
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # ourselves
