"""The garbage of replays: nobody looks for it while something is replayed, and then only there.

What a replay leaves in cycles (worlds and their ports, frames that were left) is young. The
collector would look through the whole project again and again to find it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

YOUNG: Final = 0
"""The generation of what came to be since the last look."""


@contextmanager
def uncollected() -> Iterator[Callable[[], object]]:
    """Keep the collector away; call what this gives between steps, so that nothing piles up."""
    collects, tidy = gc.isenabled(), partial(gc.collect, YOUNG)
    gc.disable()
    try:
        yield tidy
    finally:
        tidy()
        if collects:
            gc.enable()
